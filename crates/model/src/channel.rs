//! From a visit's marks to its traffic channel, by an ordered list of rules that people edit.
//!
//! [`Marks`] are what a visit says; [`ChannelRules`] decide. A touch keeps its marks, so that changed rules can be
//! applied to it again (decision 0007).

mod built_in;
mod marks;
mod rule;

pub use marks::{CLICK_IDS, Marks, Visit};
pub use rule::{ChannelRule, ChannelRules, Condition, DecidedBy, Decision, Mark, OTHER, Test};

#[cfg(test)]
mod tests;
