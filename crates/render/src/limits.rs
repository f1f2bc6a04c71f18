//! How much a template may take.

/// How deep lists may lie in lists, in variables and in what a template builds.
pub(crate) const DEPTH_MAX: usize = 32;

/// Bytes of text that the variables of one message may hold.
pub(crate) const VARIABLES_BYTES_MAX: usize = 1 << 20;

/// Bytes that a template may make or look through while it is filled, all pieces together. Above what any honest message
/// needs, and below what hurts when many are filled at once.
pub(crate) const WORK_BYTES_MAX: usize = 24 << 20;

/// Words and signs between `{{` and `}}`, or `{%` and `%}`. The engine's parser recurses over them.
pub(crate) const TAG_TOKENS_MAX: usize = 300;

/// Branches `elif` in one template: they nest for the engine's compiler.
pub(crate) const ELIF_MAX: usize = 100;

/// What one template may take. Where it asks for more, filling it is refused with the line named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps of the template engine; a loop takes about ten for each round.
    pub fuel: u64,
    /// Bytes of the filled text.
    pub output_bytes: usize,
    /// Bytes of the template.
    pub template_bytes: usize,
}

impl Limits {
    /// For the parts of an e-mail.
    pub const EMAIL: Limits = Limits { fuel: 200_000, output_bytes: 1 << 20, template_bytes: 256 << 10 };

    /// For SMS, messengers and lines of subject.
    pub const TEXT: Limits = Limits { fuel: 20_000, output_bytes: 4 << 10, template_bytes: 16 << 10 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::EMAIL
    }
}
