//! What people and programs want changed: appended to the log, decided by the fold.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    FragmentId, Identifier, IdentitySettings, ProfileId,
    broadcast::{Broadcast, BroadcastStep, ChainStep},
    channel::ChannelRule,
    form::Form,
    gate::Gate,
    journey::{Journey, JourneyStep},
    lead::{LeadAct, LeadRules, LearnedScore},
    message::{MessageChannel, Sending},
    message_template::MessageTemplate,
    network::Dealer,
    owner::OwnerRules,
    segment::Segment,
    task::Answer,
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// E-mail of the user, or the token's name.
    pub actor: String,
    #[serde(flatten)]
    pub action: Action,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "commands are few, and none waits in memory")]
pub enum Action {
    /// Sets a trait by hand; `null` clears it.
    SetTrait { profile_id: ProfileId, name: String, value: Value },
    /// Moves a lead to a stage by hand.
    SetStage { lead_id: String, stage: String },
    /// The outcome of a person's look at a dead letter.
    SettleDeadLetter { offset: u64, state: DeadLetterState },
    /// Makes a form, or changes it as a whole.
    SetForm { form: Form },
    /// Sets the switches over all sending.
    SetSending { sending: Sending },
    /// Has messages sent again that were held, failed, suppressed or whose outcome is unknown.
    RetryMessages { message_ids: Vec<String> },
    /// Says that two profiles are one person.
    MergeProfiles {
        one: ProfileId,
        other: ProfileId,
        /// Of a program that compared the two, in thousandths; `None` for a person's word.
        #[serde(default)]
        probability: Option<u16>,
    },
    /// Says that two fragments, named by their ids, are not one person's, now and from then on; whatever is nearer to the one
    /// goes with it.
    PartProfiles { one: FragmentId, other: FragmentId },
    /// From this record on, who is who is decided by these settings.
    SetIdentity { settings: IdentitySettings },
    /// Decides anew who is who among the profiles of a range of fragment ids: after `after`, up to and with `until`.
    DecideIdentity { after: i64, until: i64 },
    /// From this record on, visits get their channel by these rules.
    SetChannelRules { rules: Vec<ChannelRule> },
    /// Decides channels anew by the rules in force at this record: of a range of one table's rows, in the order of their keys.
    DecideChannels {
        of: ChannelsOf,
        /// Exclusive; a fragment's id in decimal, or an entity's id.
        after: String,
        /// Inclusive.
        until: String,
    },
    /// Erases everything that is known of a person.
    EraseProfile { profile_id: ProfileId },
    /// Makes a segment, or the next version of its rule.
    SetSegment { segment: Segment },
    /// Takes a segment away.
    RemoveSegment { segment_id: String },
    /// Begins to bring in a version's past anew.
    RefillSegment { number: u32 },
    /// Brings in a part of what a version's measures need of the past.
    FillSegment {
        number: u32,
        chunk: u32,
        is_last: bool,
        /// JSON of [`crate::segment::Filled`]; as text, for its maps have numbers as keys.
        rows: String,
    },
    /// Decides who belongs to a version among the profiles of a range of ids: after `after`, up to and with `until`.
    DecideSegment { number: u32, after: i64, until: i64 },
    /// Makes a template, or the next version of it.
    SetTemplate { template: MessageTemplate },
    /// Sets what messages are admitted by.
    SetGate { gate: Gate },
    /// Makes a broadcast, or changes one that has not started.
    SetBroadcast { broadcast: Broadcast },
    /// Starts a broadcast, pauses it, lets it go on, or ends it.
    StepBroadcast { broadcast_id: String, step: BroadcastStep },
    /// Decides on a broadcast's messages to the profiles of a range of ids: after `after`, up to and with `until`.
    SendBroadcast { broadcast_id: String, after: i64, until: i64 },
    /// Sends a message to one person.
    SendMessage { message: Box<MessageWish> },
    /// Puts addresses on the list of those that nothing is sent to.
    SuppressAddresses { message_channel: MessageChannel, addresses: Vec<String>, reason: String },
    /// Takes addresses off that list.
    ReleaseAddresses { message_channel: MessageChannel, addresses: Vec<String> },
    /// Draws a journey, or draws it anew. Nobody goes by it before it is published.
    SetJourney { journey: Box<Journey> },
    /// Publishes a journey's draft, closes it, reopens it, or stops it.
    StepJourney { journey_id: String, step: JourneyStep },
    /// Takes a journey away that was never published.
    RemoveJourney { journey_id: String },
    /// Has somebody enter a journey.
    EnterJourney { entry: Box<JourneyEntry> },
    /// Tells what came of a task.
    AnswerTask { task_id: String, answer: Answer, note: String },
    /// Makes a dealer, or changes one as a whole.
    SetDealer { dealer: Box<Dealer> },
    /// Takes a dealer out of the network.
    RemoveDealer { dealer_id: String },
    /// Sets what leads are dealt with by.
    SetLeadRules { rules: Box<LeadRules> },
    /// From this record on, leads are scored by this, or by points.
    PublishScore { score: Option<Box<LearnedScore>> },
    /// Scores waiting leads anew by what is in force: of a range of ids, after `after`, up to and with `until`.
    RescoreLeads { after: String, until: String },
    /// Somebody of the contact centre takes calls from now on, or does not.
    SetPresence { email: String, is_present: bool },
    /// Sets what opens leads for owners of vehicles.
    SetOwnerRules { rules: Box<OwnerRules> },
    /// Does something with a lead.
    WorkLead {
        lead_id: String,
        /// Done by somebody at this dealer: refused where the lead is not there any more.
        #[serde(default)]
        dealer_id: Option<String>,
        act: LeadAct,
    },
    /// Says that the log's records of erased people that came in again below `until` are overwritten.
    ForgetSuppressed { until: u64 },
}

/// A message to one person, as a program or a person asks for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageWish {
    /// The same wish told twice sends one message.
    pub idempotency_key: String,
    pub to: Recipient,
    pub purpose: String,
    /// One step sends one message; more are a chain.
    pub chain: Vec<ChainStep>,
    /// A JSON object: what the template reads as `vars`.
    #[serde(default)]
    pub variables: Value,
    /// How long it may be postponed, in seconds.
    #[serde(default)]
    pub postpone_s: i64,
}

/// Somebody to enter a journey, as a program or a person asks for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JourneyEntry {
    /// The same told twice enters once.
    pub idempotency_key: String,
    pub journey_id: String,
    pub who: Recipient,
    /// What the run is about beside the person, such as a lead's id; empty for nothing.
    #[serde(default)]
    pub key: String,
    /// A JSON object: what templates read as `vars.event`.
    #[serde(default)]
    pub properties: Value,
}

/// To whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    Profile(ProfileId),
    /// Somebody known by it; where nobody is, there is nobody to write to.
    Identifier(Identifier),
}

/// Tables of the state that hold channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelsOf {
    Fragments,
    Leads,
    Orders,
    Calls,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterState {
    Open,
    Retried,
    Discarded,
}

impl DeadLetterState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Retried => "retried",
            Self::Discarded => "discarded",
        }
    }
}

/// The fold's word on a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    Done,
    Refused { reason: String },
}
