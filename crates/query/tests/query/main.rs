//! Questions to a small lake, through the crate's public face.

mod errors;
mod funnel;
mod naive;
mod pivot;
mod rows;
mod scope;
mod sql;
mod timeline;
