//! What people and programs did, as the audit log names it.

/// A closed list: a route names what it does by one of these, and the pages have words for each in every language.
macro_rules! actions {
    ($($variant:ident = $text:literal),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $($variant),*
        }

        impl Action {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),*
                }
            }
        }
    };
}

actions! {
    // Coming in.
    SignIn = "sign_in",
    SignOut = "sign_out",
    SetUp = "set_up",
    PasswordChanged = "password_changed",
    PasswordResetAsked = "password_reset_asked",
    SecondFactorChanged = "second_factor_changed",
    SessionsEnded = "sessions_ended",
    AccessRefused = "access_refused",
    // Looking at people.
    ProfileOpened = "profile_opened",
    PeopleListed = "people_listed",
    PeopleSearched = "people_searched",
    EventsWatched = "events_watched",
    DeadLettersSeen = "dead_letters_seen",
    MessagesSeen = "messages_seen",
    SqlRun = "sql_run",
    Exported = "exported",
    AuditRead = "audit_read",
    // Changing what is known.
    ProfileChanged = "profile_changed",
    ProfileErased = "profile_erased",
    DeadLetterRetried = "dead_letter_retried",
    DeadLetterDiscarded = "dead_letter_discarded",
    MessageRetried = "message_retried",
    MessageSent = "message_sent",
    BroadcastSwitched = "broadcast_switched",
    JourneySwitched = "journey_switched",
    TaskAnswered = "task_answered",
    LeadRegistered = "lead_registered",
    LeadWorked = "lead_worked",
    FileUploaded = "file_uploaded",
    ImportChanged = "import_changed",
    RecordsImported = "records_imported",
    RetentionRun = "retention_run",
    // Changing how the installation works.
    AccountAdded = "account_added",
    AccountChanged = "account_changed",
    AccountRemoved = "account_removed",
    TokenAdded = "token_added",
    TokenChanged = "token_changed",
    TokenRemoved = "token_removed",
    SourceAdded = "source_added",
    SourceChanged = "source_changed",
    WriteKeyRotated = "write_key_rotated",
    SettingChanged = "setting_changed",
    SafeModeSwitched = "safe_mode_switched",
    SendingSwitched = "sending_switched",
    DefinitionChanged = "definition_changed",
    DefinitionRemoved = "definition_removed",
    ViewChanged = "view_changed",
    LinkShared = "link_shared",
    TestSent = "test_sent",
    JobChanged = "job_changed",
}

impl Action {
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == text)
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Not allowed, not there, or not well formed: nothing was shown or changed.
    Refused,
    Failed,
    /// Whoever asked went away before the answer.
    Interrupted,
}

impl Outcome {
    pub const ALL: [Self; 4] = [Self::Done, Self::Refused, Self::Failed, Self::Interrupted];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Id and e-mail.
    User { id: String, email: String },
    /// Id and name.
    Token { id: String, name: String },
    /// Whoever commands on the machine itself.
    Machine,
    /// Not known to us: by the e-mail that was typed, which may be nobody's, or nothing.
    Unknown { shown: String },
}

impl Actor {
    /// `user`, `token`, `machine`, `unknown`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::Token { .. } => "token",
            Self::Machine => "machine",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// Empty where there is none.
    pub fn id(&self) -> &str {
        match self {
            Self::User { id, .. } | Self::Token { id, .. } => id,
            Self::Machine | Self::Unknown { .. } => "",
        }
    }

    /// E-mail or name.
    pub fn name(&self) -> &str {
        match self {
            Self::User { email, .. } => email,
            Self::Token { name, .. } => name,
            Self::Machine => "command line",
            Self::Unknown { shown } => shown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(names.len(), Action::ALL.len());
        assert!(Action::ALL.iter().all(|action| Action::parse(action.as_str()) == Some(*action)));
    }
}
