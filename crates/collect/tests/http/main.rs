//! The border as senders see it: raw HTTP in, and the log read back.

mod bad_input;
mod faulty_disk;
mod forms;
mod limits;
mod pages;
mod receiver;
mod sdks;
mod senders;
