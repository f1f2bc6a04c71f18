//! Questions to a small lake, through the crate's public face.

mod attribution;
mod errors;
mod experiment;
mod flow;
mod functions;
mod funnel;
mod naive;
mod paths;
mod pivot;
mod retention;
mod rows;
mod scope;
mod sql;
mod timeline;
