//! The built pages of the UI (`web/dist`), packed into the program by `build.rs`.
//!
//! A crate of their own, below the binary alone: a change of a page compiles nothing but them.

/// A file of the built pages.
pub struct PageFile {
    /// Its path below the site's root, such as `assets/index-1a2b.js`.
    pub name: &'static str,
    /// Whether `bytes` are gzipped: what would not shrink is kept as it is.
    pub gzipped: bool,
    pub bytes: &'static [u8],
}

/// All of them; where the pages were not built, one `index.html` that says how.
pub const FILES: &[PageFile] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));
