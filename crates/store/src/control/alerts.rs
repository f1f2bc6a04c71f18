//! Alerts: the rules, the incidents they found, and the notices of them.

use forecourt_model::alert::{AlertRule, Figures, Finding};

use super::{AccountError, Control, secrets};
use crate::{Row, StoreError, Value};

/// A rule as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptRule {
    pub id: String,
    pub rule: AlertRule,
    pub enabled: bool,
}

/// Something that was wrong for a while, or is.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    pub id: String,
    pub rule_id: String,
    /// [`AlertRule::kind`], kept for when the rule is gone.
    pub kind: String,
    /// Id of what it is about; empty where there is only one.
    pub subject: String,
    pub name: String,
    /// As of the last round that found it.
    pub figures: Figures,
    pub opened_us: i64,
    pub updated_us: i64,
    pub closed_us: Option<i64>,
}

/// What becomes of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeState {
    Pending,
    /// On its way; found so at a start, nobody knows whether it arrived.
    Sending,
    Sent,
    Failed,
    Unknown,
}

impl NoticeState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        let known =
            [Self::Pending, Self::Sending, Self::Sent, Self::Failed, Self::Unknown].into_iter().find(|state| state.as_str() == text);
        known.ok_or_else(|| StoreError::Unreadable(format!("state of a notice `{text}`")))
    }
}

/// A word to somebody about an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The same at each attempt: receivers tell repeats by it.
    pub id: String,
    /// `None` for a test.
    pub incident_id: Option<String>,
    /// `opened`, `closed`, `test`.
    pub kind: String,
    /// `email`, `webhook`.
    pub way: String,
    /// Address of the mailbox or of the webhook.
    pub target: String,
    pub subject: String,
    pub body: String,
    pub state: NoticeState,
    pub attempts: u32,
    pub created_us: i64,
    pub updated_us: i64,
    /// What the other side, or the failure, said.
    pub told: Option<String>,
}

/// A notice that is to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeWish {
    pub incident_id: Option<String>,
    pub kind: &'static str,
    pub way: &'static str,
    pub target: String,
    pub subject: String,
    pub body: String,
}

const INCIDENT: &str = "id, rule_id, kind, subject, name, figures, opened_us, updated_us, closed_us";
const NOTICE: &str = "id, incident_id, kind, way, target, subject, body, state, attempts, created_us, updated_us, told";

impl KeptRule {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let rule = serde_json::from_str(&row.text(1)?).map_err(|error| StoreError::Unreadable(format!("an alert rule: {error}")))?;
        Ok(Self { id: row.text(0)?, rule, enabled: row.int(2)? != 0 })
    }
}

impl Incident {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(0)?,
            rule_id: row.text(1)?,
            kind: row.text(2)?,
            subject: row.text(3)?,
            name: row.text(4)?,
            figures: serde_json::from_str(&row.text(5)?).map_err(|error| StoreError::Unreadable(format!("an incident: {error}")))?,
            opened_us: row.int(6)?,
            updated_us: row.int(7)?,
            closed_us: row.maybe_int(8)?,
        })
    }
}

impl Notice {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(0)?,
            incident_id: row.maybe_text(1)?,
            kind: row.text(2)?,
            way: row.text(3)?,
            target: row.text(4)?,
            subject: row.text(5)?,
            body: row.text(6)?,
            state: NoticeState::read(&row.text(7)?)?,
            attempts: row.int(8)? as u32,
            created_us: row.int(9)?,
            updated_us: row.int(10)?,
            told: row.maybe_text(11)?,
        })
    }
}

fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_string(value).unwrap_or_default().into()
}

impl Control {
    /// In the order in which they were made.
    pub async fn alert_rules(&self) -> Result<Vec<KeptRule>, StoreError> {
        let rows = self.database.query("SELECT id, rule, enabled FROM alert_rules ORDER BY created_us, id", vec![]).await?;
        rows.iter().map(KeptRule::read).collect()
    }

    /// Errors: [`AccountError::Invalid`] for figures that make no sense.
    pub async fn add_alert_rule(&self, rule: &AlertRule, enabled: bool, now_us: i64) -> Result<KeptRule, AccountError> {
        rule.check().map_err(AccountError::Invalid)?;
        let kept = KeptRule { id: secrets::new_id("rule"), rule: rule.clone(), enabled };
        let sql = "INSERT INTO alert_rules (id, rule, enabled, created_us, updated_us) VALUES ($1, $2, $3, $4, $4)";
        self.database.execute(sql, vec![kept.id.as_str().into(), json(rule), enabled.into(), now_us.into()]).await?;
        Ok(kept)
    }

    /// Gives a new installation its first rules, once.
    pub async fn begin_alert_rules(&self, now_us: i64) -> Result<(), AccountError> {
        const SCORES_BEGUN: &str = "alert_rules_scores_begun";
        let knows_scores = self.setting::<bool>(SCORES_BEGUN).await? == Some(true);
        if self.setting::<bool>("alert_rules_begun").await? == Some(true) {
            // An installation that began before there were learned scores watches them too from now on.
            if !knows_scores {
                self.add_alert_rule(&AlertRule::ScoreDrifts {}, true, now_us).await?;
                self.put_setting(SCORES_BEGUN, &true).await?;
            }
            return Ok(());
        }
        for (at_us, rule) in (now_us..).zip(AlertRule::usual()) {
            self.add_alert_rule(&rule, true, at_us).await?;
        }
        self.put_setting("alert_rules_begun", &true).await?;
        self.put_setting(SCORES_BEGUN, &true).await?;
        Ok(())
    }

    /// `None` when there is no such rule.
    pub async fn update_alert_rule(
        &self,
        id: &str,
        rule: &AlertRule,
        enabled: bool,
        now_us: i64,
    ) -> Result<Option<KeptRule>, AccountError> {
        rule.check().map_err(AccountError::Invalid)?;
        let sql = "UPDATE alert_rules SET rule = $2, enabled = $3, updated_us = $4 WHERE id = $1";
        let changed = self.database.execute(sql, vec![id.into(), json(rule), enabled.into(), now_us.into()]).await?;
        Ok((changed != 0).then(|| KeptRule { id: id.to_owned(), rule: rule.clone(), enabled }))
    }

    pub async fn remove_alert_rule(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self.database.execute("DELETE FROM alert_rules WHERE id = $1", vec![id.into()]).await? != 0)
    }

    pub async fn open_incidents(&self) -> Result<Vec<Incident>, StoreError> {
        let sql = format!("SELECT {INCIDENT} FROM incidents WHERE closed_us IS NULL ORDER BY opened_us DESC, id");
        self.database.query(&sql, vec![]).await?.iter().map(Incident::read).collect()
    }

    /// The newest first, closed ones too.
    pub async fn incidents(&self, limit: u32) -> Result<Vec<Incident>, StoreError> {
        let sql = format!("SELECT {INCIDENT} FROM incidents ORDER BY opened_us DESC, id LIMIT $1");
        self.database.query(&sql, vec![i64::from(limit).into()]).await?.iter().map(Incident::read).collect()
    }

    /// Opens an incident and writes its notices down, both or neither.
    ///
    /// * `notices`: what is to be said, given the incident.
    pub async fn open_incident(
        &self,
        kept: &KeptRule,
        finding: &Finding,
        notices: impl FnOnce(&Incident) -> Vec<NoticeWish>,
        now_us: i64,
    ) -> Result<Incident, StoreError> {
        let incident = Incident {
            id: secrets::new_id("inc"),
            rule_id: kept.id.clone(),
            kind: kept.rule.kind().to_owned(),
            subject: finding.subject.clone(),
            name: finding.name.clone(),
            figures: finding.figures.clone(),
            opened_us: now_us,
            updated_us: now_us,
            closed_us: None,
        };
        let values = vec![
            incident.id.as_str().into(),
            incident.rule_id.as_str().into(),
            incident.kind.as_str().into(),
            incident.subject.as_str().into(),
            incident.name.as_str().into(),
            json(&incident.figures),
            now_us.into(),
        ];
        let mut tx = self.database.begin().await?;
        let sql = format!("INSERT INTO incidents ({INCIDENT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, NULL)");
        tx.execute(&sql, values).await?;
        insert_notices(&mut tx, notices(&incident), now_us).await?;
        tx.commit().await?;
        Ok(incident)
    }

    /// Notes the latest figures of an open incident.
    pub async fn note_incident(&self, id: &str, figures: &Figures, now_us: i64) -> Result<(), StoreError> {
        let sql = "UPDATE incidents SET figures = $2, updated_us = $3 WHERE id = $1 AND closed_us IS NULL";
        self.database.execute(sql, vec![id.into(), json(figures), now_us.into()]).await?;
        Ok(())
    }

    /// Closes an incident and writes its notices down, both or neither. One that is closed already is left alone.
    pub async fn close_incident(&self, id: &str, notices: Vec<NoticeWish>, now_us: i64) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let sql = "UPDATE incidents SET closed_us = $2, updated_us = $2 WHERE id = $1 AND closed_us IS NULL";
        if tx.execute(sql, vec![id.into(), now_us.into()]).await? != 0 {
            insert_notices(&mut tx, notices, now_us).await?;
        }
        tx.commit().await
    }

    pub async fn add_notices(&self, notices: Vec<NoticeWish>, now_us: i64) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        insert_notices(&mut tx, notices, now_us).await?;
        tx.commit().await
    }

    /// The newest first.
    pub async fn notices(&self, limit: u32) -> Result<Vec<Notice>, StoreError> {
        let sql = format!("SELECT {NOTICE} FROM notices ORDER BY created_us DESC, id LIMIT $1");
        self.database.query(&sql, vec![i64::from(limit).into()]).await?.iter().map(Notice::read).collect()
    }

    /// Takes the next notice that is due, marked as on its way before anything is sent.
    pub async fn take_notice(&self, now_us: i64) -> Result<Option<Notice>, StoreError> {
        let due = "SELECT id FROM notices WHERE state = 'pending' AND next_us <= $1 ORDER BY next_us, id LIMIT 1";
        // Nearly always there is none: then nothing is written.
        if self.database.query(due, vec![now_us.into()]).await?.is_empty() {
            return Ok(None);
        }
        let sql = format!(
            "UPDATE notices SET state = 'sending', attempts = attempts + 1, updated_us = $1 WHERE state = 'pending' AND id = ({due})
             RETURNING {NOTICE}"
        );
        let mut tx = self.database.begin().await?;
        let rows = tx.query(&sql, vec![now_us.into()]).await?;
        tx.commit().await?;
        rows.first().map(Notice::read).transpose()
    }

    /// Notes what became of an attempt.
    ///
    /// * `next_us`: when a pending one is tried again.
    pub async fn settle_notice(
        &self,
        id: &str,
        state: NoticeState,
        told: Option<&str>,
        next_us: i64,
        now_us: i64,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE notices SET state = $2, told = $3, next_us = $4, updated_us = $5 WHERE id = $1";
        let values = vec![id.into(), state.as_str().into(), Value::Text(told.map(str::to_owned)), next_us.into(), now_us.into()];
        self.database.execute(sql, values).await?;
        Ok(())
    }

    /// Owns up to the notices that were on their way when the server last stopped.
    pub async fn interrupt_notices(&self, now_us: i64) -> Result<u64, StoreError> {
        let sql = "UPDATE notices SET state = 'unknown', told = 'the server stopped while it was sending', updated_us = $1
            WHERE state = 'sending'";
        self.database.execute(sql, vec![now_us.into()]).await
    }

    /// Lets go of what nobody looks at any more.
    pub async fn drop_incidents_before(&self, at_us: i64) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute("DELETE FROM notices WHERE created_us < $1 AND state <> 'pending'", vec![at_us.into()]).await?;
        tx.execute("DELETE FROM incidents WHERE closed_us < $1", vec![at_us.into()]).await?;
        tx.commit().await
    }
}

pub(super) async fn insert_notices(tx: &mut crate::Tx, notices: Vec<NoticeWish>, now_us: i64) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO notices (id, incident_id, kind, way, target, subject, body, state, attempts, next_us, created_us, updated_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', 0, $8, $8, $8)";
    for notice in notices {
        let values = vec![
            secrets::new_id("msg").into(),
            Value::Text(notice.incident_id),
            notice.kind.into(),
            notice.way.into(),
            notice.target.into(),
            notice.subject.into(),
            notice.body.into(),
            now_us.into(),
        ];
        tx.execute(SQL, values).await?;
    }
    Ok(())
}
