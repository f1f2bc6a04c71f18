//! What happens in a life, small enough to keep many; `wire` writes it out in full.

/// One event to come. Its order is that of the stream: time, then person, then what came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    pub at_us: i64,
    pub person: u32,
    /// 0 for the person's life as planned; a comeback in live has the second it began.
    pub chapter: u32,
    /// Counts within the chapter.
    pub number: u16,
    pub what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Page { visit: Visit, page: Page },
    Screen { visit: Visit, page: Page },
    CarViewed { visit: Visit, model: u8 },
    ConfiguratorOpened { visit: Visit, model: u8 },
    BrochureDownloaded { visit: Visit, model: u8 },
    CallbackRequested { visit: Visit, model: u8 },
    FormSubmitted { visit: Visit, form: Form, model: u8 },
    FormFailed { visit: Visit, form: Form, model: u8 },
    Identified { visit: Visit, told: Told, model: u8 },
    Lead { sale: Sale, step: Step },
    Call { inbound: bool, result: CallResult, duration_s: u16, agent: u8, about: Option<Sale> },
    ServiceVisit { dealer: u8, value_eur: u16 },
    TrialViewed { visit: Visit, model: u8, on_top: bool },
}

/// A sitting at one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Visit {
    pub began_s: u32,
    /// Of the person's devices; [`SHARED`] is another household member's.
    pub device: u8,
    pub signed_in: bool,
    /// Index of the campaign that brought it; only the landing page shows it.
    pub campaign: u8,
    pub is_landing: bool,
}

pub const SHARED: u8 = u8::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Page {
    Home,
    Models,
    Model(u8),
    Offers,
    Dealers,
    Finance,
    Cabinet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    TestDrive,
    Offer,
    Callback,
    Service,
}

/// How much a person says of themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// For a brochure: e-mail and consent.
    Email,
    /// In a form: name, phone, city, mostly an e-mail.
    Contact,
    /// Signing in to the cabinet: everything, under a user id.
    Account,
}

/// One lead on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sale {
    /// Counts the leads of the chapter.
    pub number: u8,
    pub model: u8,
    pub dealer: u8,
    /// Index of the campaign that the CRM books it under.
    pub campaign: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Created,
    Qualified,
    Dispatched,
    Accepted,
    Contacted,
    TestDriveBooked,
    TestDriveDone,
    OfferMade { value_eur: u32 },
    ContractSigned { value_eur: u32 },
    OrderCancelled,
    Delivered,
    Lost(Reason),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    Unreachable,
    NotInterested,
    DealerSilent,
    Price,
    BoughtElsewhere,
    Postponed,
    OrderCancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallResult {
    Answered,
    Missed,
    Busy,
}
