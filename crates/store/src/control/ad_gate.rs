//! Gates of advertising as they stand, and each switch with its reason.

use forecourt_model::ad_gate::{Gate, GateState};

use super::{Control, NoticeWish, alerts::insert_notices, secrets};
use crate::{Row, StoreError, Value};

/// The gate of one region and channel.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptGate {
    pub region: String,
    pub channel: String,
    pub gate: Gate,
}

/// A gate that became another.
#[derive(Debug, Clone, PartialEq)]
pub struct GateSwitch {
    pub id: String,
    pub region: String,
    pub channel: String,
    pub at_us: i64,
    /// None where there was no gate before.
    pub was: Option<GateState>,
    pub gate: Gate,
    /// E-mail of who did it by hand; empty for the rules.
    pub actor: String,
    /// What that person wrote.
    pub note: String,
}

impl GateSwitch {
    /// A switch with an id of its own.
    pub fn new(kept: &KeptGate, was: Option<GateState>, at_us: i64, actor: &str, note: &str) -> Self {
        Self {
            id: secrets::new_id("gate"),
            region: kept.region.clone(),
            channel: kept.channel.clone(),
            at_us,
            was,
            gate: kept.gate.clone(),
            actor: actor.to_owned(),
            note: note.to_owned(),
        }
    }
}

fn gate(text: &str) -> Result<Gate, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Unreadable(format!("a gate of advertising: {error}")))
}

fn switch(row: &Row) -> Result<GateSwitch, StoreError> {
    Ok(GateSwitch {
        id: row.text(0)?,
        region: row.text(1)?,
        channel: row.text(2)?,
        at_us: row.int(3)?,
        was: row.maybe_text(4)?.and_then(|text| GateState::parse(&text)),
        gate: gate(&row.text(5)?)?,
        actor: row.text(6)?,
        note: row.text(7)?,
    })
}

impl Control {
    /// By region and channel.
    pub async fn ad_gates(&self) -> Result<Vec<KeptGate>, StoreError> {
        let rows = self.database.query("SELECT region, channel, gate FROM ad_gates ORDER BY region, channel", vec![]).await?;
        rows.iter().map(|row| Ok(KeptGate { region: row.text(0)?, channel: row.text(1)?, gate: gate(&row.text(2)?)? })).collect()
    }

    /// Keeps gates as they are now, with the switches that led there and the notices of them: all of it, or nothing.
    pub async fn keep_ad_gates(
        &self,
        gates: &[KeptGate],
        switches: &[GateSwitch],
        notices: Vec<NoticeWish>,
        now_us: i64,
    ) -> Result<(), StoreError> {
        let json = |gate: &Gate| Value::from(serde_json::to_string(gate).unwrap_or_default());
        let mut tx = self.database.begin().await?;
        for kept in gates {
            let sql = "INSERT INTO ad_gates (region, channel, gate, updated_us) VALUES ($1, $2, $3, $4)
                ON CONFLICT (region, channel) DO UPDATE SET gate = excluded.gate, updated_us = excluded.updated_us";
            tx.execute(sql, vec![kept.region.as_str().into(), kept.channel.as_str().into(), json(&kept.gate), now_us.into()]).await?;
        }
        for held in switches {
            let values = vec![
                held.id.as_str().into(),
                held.region.as_str().into(),
                held.channel.as_str().into(),
                held.at_us.into(),
                Value::Text(held.was.map(|was| was.as_str().to_owned())),
                json(&held.gate),
                held.actor.as_str().into(),
                held.note.as_str().into(),
            ];
            let sql = "INSERT INTO ad_gate_switches (id, region, channel, at_us, was, gate, actor, note)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
            tx.execute(sql, values).await?;
        }
        insert_notices(&mut tx, notices, now_us).await?;
        tx.commit().await
    }

    /// The newest first.
    pub async fn ad_gate_switches(&self, limit: u32) -> Result<Vec<GateSwitch>, StoreError> {
        let sql = "SELECT id, region, channel, at_us, was, gate, actor, note FROM ad_gate_switches ORDER BY at_us DESC, id LIMIT $1";
        self.database.query(sql, vec![i64::from(limit).into()]).await?.iter().map(switch).collect()
    }
}
