//! The vocabulary of Forecourt and its pure rules.
//!
//! Nothing here does IO, knows SQL or reads a clock: time comes in with the record.

pub mod ad_gate;
pub mod adf;
pub mod alert;
pub mod audit;
pub mod block;
pub mod broadcast;
pub mod channel;
pub mod command;
pub mod consent;
pub mod conversion;
pub mod currency;
pub mod entity;
pub mod erasure;
pub mod event;
pub mod event_names;
pub mod form;
pub mod formula;
pub mod fragment;
pub mod gate;
pub mod gateway;
pub mod handover;
pub mod hook;
pub mod hours;
pub mod identifier;
pub mod identity;
pub mod journey;
pub mod lead;
pub mod markup;
pub mod mask;
pub mod measure;
pub mod message;
pub mod message_template;
pub mod network;
pub mod owner;
pub mod phone;
pub mod reach;
pub mod record;
pub mod refusal;
pub mod retention;
pub mod role;
pub mod row;
pub mod rule;
pub mod score;
pub mod segment;
pub mod sender;
pub mod task;
pub mod template;
pub mod time;
pub mod vehicle;

pub use block::{Block, Derived, EventAttribution, Move};
pub use channel::ChannelRules;
pub use event::{Event, EventType};
pub use event_names::EventNames;
pub use fragment::{ChannelBy, FragmentState, Touch};
pub use handover::{HandedOver, Handover};
pub use identifier::{FragmentId, HashKey, Identifier, IdentifierKind, ProfileId};
pub use identity::{IdentitySettings, Trust, Why};
pub use record::{Origin, RecordKind, Stamp};
pub use refusal::{Refusal, RefusalCode};
pub use role::{Role, Scope};
pub use row::EventRow;

/// How many ranges of profile ids the lake is cut into; fixed for the life of an installation.
pub const BUCKETS: u16 = 16;
