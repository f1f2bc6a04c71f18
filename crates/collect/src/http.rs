//! What the wire format needs of HTTP: who sends, the body within its limits, the answers that SDKs understand.

pub(crate) mod answer;
pub(crate) mod base64;
pub(crate) mod body;
pub(crate) mod cors;
pub(crate) mod inflate;
pub(crate) mod query;
pub mod reach;
pub(crate) mod rejection;
pub(crate) mod write_key;
