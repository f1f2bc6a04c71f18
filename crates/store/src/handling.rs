//! Leads at work: how each is dealt with, and how it came there; and what dealers have on their hands.

use forecourt_model::{
    FragmentId, ProfileId, Scope,
    lead::{Handling, LeadMove, Load, Loads, Moved, Operator, Operators, Queue},
};

use crate::{Row, Store, StoreError, Value, store::FoldTx};

const COLUMNS: &str = "lead_id, fragment_id, queue, dealer_id, owner, band, score, opened_us, changed_us, dispatched_us, accepted_us,
    contacted_us, due_us, clock_us, prompt_us, body";
const COLUMNS_COUNT: usize = 16;
const MOVE_COLUMNS: &str = "lead_id, number, at_us, act, actor, from_word, to_word, reason, note";

fn handling(row: &Row) -> Result<Handling, StoreError> {
    let queue = row.text(2)?;
    Ok(Handling {
        lead_id: row.text(0)?,
        fragment_id: row.int(1)?,
        queue: Queue::parse(&queue).ok_or_else(|| StoreError::Unreadable(format!("a lead's queue `{queue}`")))?,
        dealer_id: row.text(3)?,
        owner: row.text(4)?,
        band: row.text(5)?,
        score: row.int(6)?,
        opened_us: row.int(7)?,
        changed_us: row.int(8)?,
        dispatched_us: some_us(row.int(9)?),
        accepted_us: some_us(row.int(10)?),
        contacted_us: some_us(row.int(11)?),
        due_us: some_us(row.int(12)?),
        body: serde_json::from_str(&row.text(15)?).map_err(|error| StoreError::Unreadable(format!("a lead's handling: {error}")))?,
    })
}

/// Zero stands for none, so that indexes leave those out.
fn some_us(us: i64) -> Option<i64> {
    Some(us).filter(|us| *us != 0)
}

fn lead_move(row: &Row) -> Result<LeadMove, StoreError> {
    let act = row.text(3)?;
    Ok(LeadMove {
        lead_id: row.text(0)?,
        number: row.int(1)? as u32,
        at_us: row.int(2)?,
        act: Moved::parse(&act).ok_or_else(|| StoreError::Unreadable(format!("a lead's move `{act}`")))?,
        actor: row.text(4)?,
        from: row.text(5)?,
        to: row.text(6)?,
        reason: row.text(7)?,
        note: row.text(8)?,
    })
}

/// Which leads to list. Empty and `None` ask for everything.
#[derive(Debug, Clone, Default)]
pub struct HandlingListing {
    pub queue: Option<Queue>,
    pub dealer_id: Option<String>,
    pub band: Option<String>,
    pub stage: Option<String>,
    pub owner: Option<String>,
    /// A lead's id, or people of these fragments' profiles.
    pub lead_id: Option<String>,
    pub profiles: Option<Vec<ProfileId>>,
    /// Those that came in so long ago at most; 0 for all.
    pub opened_from_us: i64,
    pub opened_until_us: i64,
    pub offset: u32,
    pub limit: u32,
}

/// A lead at work with its person and its stage.
#[derive(Debug, Clone, PartialEq)]
pub struct HandledLead {
    pub profile_id: ProfileId,
    pub handling: Handling,
    pub stage: String,
    pub stage_us: i64,
    pub model: Option<String>,
    pub region: Option<String>,
    pub channel: Option<String>,
    pub utm_source: Option<String>,
    pub campaign: Option<String>,
    pub value: Option<f64>,
}

impl FoldTx {
    pub async fn handlings(&mut self, lead_ids: &[String]) -> Result<Vec<Handling>, StoreError> {
        let keys = lead_ids.iter().map(|id| Value::from(id.as_str())).collect();
        let rows = self.tx.query_keys(&format!("SELECT {COLUMNS} FROM handlings WHERE lead_id IN"), "", keys).await?;
        rows.iter().map(handling).collect()
    }

    /// All leads at work that came in with any of these fragments.
    pub async fn handlings_of(&mut self, fragments: &[FragmentId]) -> Result<Vec<Handling>, StoreError> {
        let keys = fragments.iter().map(|id| id.0.into()).collect();
        let rows = self.tx.query_keys(&format!("SELECT {COLUMNS} FROM handlings WHERE fragment_id IN"), "", keys).await?;
        rows.iter().map(handling).collect()
    }

    /// Leads for which something happens by itself by then, in the order of their times.
    pub async fn handlings_due(&mut self, until_us: i64, limit: usize) -> Result<Vec<Handling>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM handlings WHERE due_us <> 0 AND due_us <= $1 ORDER BY due_us, lead_id LIMIT $2");
        self.tx.query(&sql, vec![until_us.into(), (limit as i64).into()]).await?.iter().map(handling).collect()
    }

    /// Leads that wait for the contact centre or are nurtured, of a range of ids: after `after`, up to and with `until`.
    pub async fn handlings_waiting(&mut self, after: &str, until: &str) -> Result<Vec<Handling>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM handlings WHERE lead_id > $1 AND lead_id <= $2 AND queue IN ('verification', 'nurture') ORDER BY lead_id"
        );
        self.tx.query(&sql, vec![after.into(), until.into()]).await?.iter().map(handling).collect()
    }

    pub async fn save_handlings(&mut self, handlings: impl Iterator<Item = &Handling>) -> Result<(), StoreError> {
        const TAIL: &str = "ON CONFLICT (lead_id) DO UPDATE SET queue = excluded.queue, dealer_id = excluded.dealer_id, owner = excluded.owner,
            band = excluded.band, score = excluded.score, changed_us = excluded.changed_us, dispatched_us = excluded.dispatched_us,
            accepted_us = excluded.accepted_us, contacted_us = excluded.contacted_us, due_us = excluded.due_us, clock_us = excluded.clock_us,
            prompt_us = excluded.prompt_us, body = excluded.body";
        let parameters = handlings
            .flat_map(|held| {
                let body = serde_json::to_string(&held.body).unwrap_or_default();
                [
                    Value::from(held.lead_id.as_str()),
                    Value::from(held.fragment_id),
                    Value::from(held.queue.as_str()),
                    Value::from(held.dealer_id.as_str()),
                    Value::from(held.owner.as_str()),
                    Value::from(held.band.as_str()),
                    Value::from(held.score),
                    Value::from(held.opened_us),
                    Value::from(held.changed_us),
                    Value::from(held.dispatched_us.unwrap_or(0)),
                    Value::from(held.accepted_us.unwrap_or(0)),
                    Value::from(held.contacted_us.unwrap_or(0)),
                    Value::from(held.due_us.unwrap_or(0)),
                    // What lists are in the order of: those with a deadline first.
                    Value::from(held.clock().map_or(i64::MAX, |clock| clock.due_us)),
                    Value::from(held.body.prompt.as_ref().map_or(0, |prompt| prompt.at_us)),
                    Value::from(body.as_str()),
                ]
            })
            .collect();
        self.tx.execute_rows(&format!("INSERT INTO handlings ({COLUMNS})"), TAIL, COLUMNS_COUNT, parameters).await?;
        Ok(())
    }

    pub async fn save_lead_moves(&mut self, moves: &[LeadMove]) -> Result<(), StoreError> {
        let parameters = moves
            .iter()
            .flat_map(|held| {
                [
                    Value::from(held.lead_id.as_str()),
                    Value::from(i64::from(held.number)),
                    Value::from(held.at_us),
                    Value::from(held.act.as_str()),
                    Value::from(held.actor.as_str()),
                    Value::from(held.from.as_str()),
                    Value::from(held.to.as_str()),
                    Value::from(held.reason.as_str()),
                    Value::from(held.note.as_str()),
                ]
            })
            .collect();
        self.tx.execute_rows(&format!("INSERT INTO lead_moves ({MOVE_COLUMNS})"), "", 9, parameters).await?;
        Ok(())
    }

    /// The ways of an erased person's leads: what was noted on them was about the person.
    pub async fn erase_lead_moves(&mut self, lead_ids: &[String]) -> Result<(), StoreError> {
        for lead_id in lead_ids {
            self.tx.execute("DELETE FROM lead_moves WHERE lead_id = $1", vec![lead_id.as_str().into()]).await?;
        }
        Ok(())
    }

    pub async fn loads(&mut self) -> Result<Loads, StoreError> {
        let mut loads = Loads::default();
        for row in self.tx.query("SELECT dealer_id, is_region, open, day, today, turn FROM dealer_loads", vec![]).await? {
            let (id, turn) = (row.text(0)?, row.int(5)?);
            if row.int(1)? == 0 {
                loads.of.insert(id, Load { open: row.int(2)?, day: row.int(3)? as i32, today: row.int(4)?, turn });
            } else {
                loads.turns.insert(id.trim_start_matches(REGION).to_owned(), turn);
            }
        }
        Ok(loads)
    }

    /// Saves what of the dealers' loads changed.
    pub async fn save_loads(&mut self, loads: &mut Loads) -> Result<(), StoreError> {
        const TAIL: &str = "ON CONFLICT (dealer_id) DO UPDATE SET open = excluded.open, day = excluded.day, today = excluded.today,
            turn = excluded.turn";
        let (dealers, regions) = loads.take_changed();
        let of_dealers = dealers.iter().filter_map(|id| Some((id, loads.of.get(id)?))).flat_map(|(id, load)| {
            let Load { open, day, today, turn } = load;
            [Value::from(id.as_str()), 0_i64.into(), (*open).into(), i64::from(*day).into(), (*today).into(), (*turn).into()]
        });
        let of_regions = regions.iter().filter_map(|region| Some((region, loads.turns.get(region)?))).flat_map(|(region, turn)| {
            [Value::from(format!("{REGION}{region}").as_str()), 1_i64.into(), 0_i64.into(), 0_i64.into(), 0_i64.into(), (*turn).into()]
        });
        let parameters: Vec<Value> = of_dealers.chain(of_regions).collect();
        let head = "INSERT INTO dealer_loads (dealer_id, is_region, open, day, today, turn)";
        self.tx.execute_rows(head, TAIL, 6, parameters).await?;
        Ok(())
    }

    pub async fn operators(&mut self) -> Result<Operators, StoreError> {
        let rows = self.tx.query("SELECT email, body FROM operators", vec![]).await?;
        let mut operators = Operators::default();
        operators.of = rows.iter().map(operator).collect::<Result<_, _>>()?;
        Ok(operators)
    }

    /// Saves who of the contact centre changed.
    pub async fn save_operators(&mut self, operators: &mut Operators) -> Result<(), StoreError> {
        const TAIL: &str = "ON CONFLICT (email) DO UPDATE SET body = excluded.body";
        let changed = operators.take_changed();
        let rows = changed.iter().filter_map(|email| Some((email, operators.of.get(email)?)));
        let parameters =
            rows.flat_map(|(email, held)| [email.as_str().into(), serde_json::to_string(held).unwrap_or_default().as_str().into()]);
        let parameters: Vec<Value> = parameters.collect();
        self.tx.execute_rows("INSERT INTO operators (email, body)", TAIL, 2, parameters).await?;
        Ok(())
    }
}

fn operator(row: &Row) -> Result<(String, Operator), StoreError> {
    let body = serde_json::from_str(&row.text(1)?).map_err(|error| StoreError::Unreadable(format!("an operator: {error}")))?;
    Ok((row.text(0)?, body))
}

/// Before the names of regions among the dealers' ids.
const REGION: char = '\u{1f}';

impl Store {
    pub async fn handling(&self, scope: &Scope, lead_id: &str) -> Result<Option<HandledLead>, StoreError> {
        let listing = HandlingListing { lead_id: Some(lead_id.to_owned()), limit: 1, ..HandlingListing::default() };
        Ok(self.list_handlings(scope, &listing).await?.into_iter().next())
    }

    /// The nearest deadline first, then the latest; of the verification queue the highest score first.
    pub async fn list_handlings(&self, scope: &Scope, listing: &HandlingListing) -> Result<Vec<HandledLead>, StoreError> {
        let columns = COLUMNS.split(',').map(|column| format!("h.{}", column.trim())).collect::<Vec<_>>().join(", ");
        let order = match listing.queue {
            Some(Queue::Verification) => "h.score DESC, h.opened_us, h.lead_id",
            _ => "h.clock_us, h.changed_us DESC, h.lead_id",
        };
        let (wanted, parameters) = conditions(scope, listing);
        let sql = format!(
            "SELECT {columns}, f.profile_id, l.stage, l.stage_us, l.model, l.region, l.channel, l.utm_source, l.campaign, l.value
             FROM handlings h JOIN leads l ON l.lead_id = h.lead_id JOIN fragments f ON f.fragment_id = h.fragment_id
             WHERE {wanted} ORDER BY {order} LIMIT {} OFFSET {}",
            listing.limit, listing.offset
        );
        let rows = self.db.query(&sql, parameters).await?;
        let handled = |row: &Row| {
            Ok(HandledLead {
                handling: handling(row)?,
                profile_id: ProfileId(row.int(COLUMNS_COUNT)?),
                stage: row.text(COLUMNS_COUNT + 1)?,
                stage_us: row.int(COLUMNS_COUNT + 2)?,
                model: row.maybe_text(COLUMNS_COUNT + 3)?,
                region: row.maybe_text(COLUMNS_COUNT + 4)?,
                channel: row.maybe_text(COLUMNS_COUNT + 5)?,
                utm_source: row.maybe_text(COLUMNS_COUNT + 6)?,
                campaign: row.maybe_text(COLUMNS_COUNT + 7)?,
                value: row.maybe_real(COLUMNS_COUNT + 8)?,
            })
        };
        rows.iter().map(handled).collect()
    }

    /// Ids of leads that wait for the contact centre or are nurtured, after one, in the order of [`FoldTx::handlings_waiting`].
    pub async fn waiting_leads(&self, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        const SQL: &str =
            "SELECT lead_id FROM handlings WHERE lead_id > $1 AND queue IN ('verification', 'nurture') ORDER BY lead_id LIMIT $2";
        self.db.query(SQL, vec![after.into(), i64::from(limit).into()]).await?.iter().map(|row| row.text(0)).collect()
    }

    /// How many are in each queue, how many clocks have run out by `now_us`, and how many people came back.
    pub async fn handling_counts(&self, scope: &Scope, now_us: i64) -> Result<HandlingCounts, StoreError> {
        let (wanted, parameters) = conditions(scope, &HandlingListing::default());
        let sql = format!(
            "SELECT h.queue, COUNT(*), SUM(CASE WHEN h.clock_us <= {now_us} THEN 1 ELSE 0 END), SUM(CASE WHEN h.prompt_us <> 0 THEN 1 ELSE 0 END)
             FROM handlings h WHERE {wanted} GROUP BY h.queue"
        );
        let mut counts = HandlingCounts::default();
        for row in self.db.query(&sql, parameters).await? {
            let Some(queue) = Queue::parse(&row.text(0)?) else { continue };
            counts.of.push((queue, row.int(1)?));
            counts.overdue += row.int(2)?;
            counts.prompts += row.int(3)?;
        }
        Ok(counts)
    }

    /// A lead's way, the latest first.
    pub async fn lead_moves(&self, lead_id: &str) -> Result<Vec<LeadMove>, StoreError> {
        let sql = format!("SELECT {MOVE_COLUMNS} FROM lead_moves WHERE lead_id = $1 ORDER BY number DESC");
        self.db.query(&sql, vec![lead_id.into()]).await?.iter().map(lead_move).collect()
    }

    /// All moves of the leads that came in between two times, by lead and in their order; of one dealer's leads for who sees only those.
    pub async fn lead_moves_between(&self, scope: &Scope, from_us: i64, until_us: i64) -> Result<Vec<LeadMove>, StoreError> {
        let columns = MOVE_COLUMNS.split(',').map(|column| format!("m.{}", column.trim())).collect::<Vec<_>>().join(", ");
        let listing = HandlingListing { opened_from_us: from_us, opened_until_us: until_us, ..HandlingListing::default() };
        let (wanted, parameters) = conditions(scope, &listing);
        let sql = format!(
            "SELECT {columns} FROM lead_moves m JOIN handlings h ON h.lead_id = m.lead_id WHERE {wanted} ORDER BY m.lead_id, m.number"
        );
        self.db.query(&sql, parameters).await?.iter().map(lead_move).collect()
    }

    /// Ids of leads that were taken for one and the same as this.
    pub async fn duplicates_of(&self, lead_id: &str) -> Result<Vec<String>, StoreError> {
        const SQL: &str = "SELECT lead_id FROM lead_moves WHERE act = 'duplicate' AND to_word = $1 ORDER BY at_us, lead_id LIMIT 50";
        self.db.query(SQL, vec![lead_id.into()]).await?.iter().map(|row| row.text(0)).collect()
    }

    /// Everybody of the contact centre who ever said that they take calls, or was rung.
    pub async fn operators(&self) -> Result<Vec<(String, Operator)>, StoreError> {
        self.db.query("SELECT email, body FROM operators ORDER BY email", vec![]).await?.iter().map(operator).collect()
    }

    /// What dealers have in work, and how many came today.
    pub async fn dealer_loads(&self) -> Result<Vec<(String, Load)>, StoreError> {
        const SQL: &str = "SELECT dealer_id, open, day, today, turn FROM dealer_loads WHERE is_region = 0 ORDER BY dealer_id";
        let load = |row: &Row| {
            let load = Load { open: row.int(1)?, day: row.int(2)? as i32, today: row.int(3)?, turn: row.int(4)? };
            Ok((row.text(0)?, load))
        };
        self.db.query(SQL, vec![]).await?.iter().map(load).collect()
    }
}

/// How many leads are where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandlingCounts {
    pub of: Vec<(Queue, i64)>,
    pub overdue: i64,
    pub prompts: i64,
}

/// What a listing asks for, as a condition over `h` and its parameters. A dealer's scope comes first, and is in every one.
fn conditions(scope: &Scope, listing: &HandlingListing) -> (String, Vec<Value>) {
    let mut wanted = vec!["1 = 1".to_owned()];
    let mut parameters: Vec<Value> = Vec::new();
    let mut equals = |column: &str, value: Option<&str>| {
        if let Some(value) = value {
            parameters.push(value.into());
            wanted.push(format!("{column} = ${}", parameters.len()));
        }
    };
    equals("h.dealer_id", scope.dealer());
    let is_own = scope.dealer().map(|_| "h.queue IN ('dealer', 'closed')".to_owned());
    equals("h.dealer_id", listing.dealer_id.as_deref());
    equals("h.queue", listing.queue.map(Queue::as_str));
    equals("h.band", listing.band.as_deref());
    equals("l.stage", listing.stage.as_deref());
    equals("h.owner", listing.owner.as_deref());
    equals("h.lead_id", listing.lead_id.as_deref());
    // What is with the contact centre, or nurtured, is not the dealer's who had it.
    wanted.extend(is_own);
    if let Some(profiles) = &listing.profiles {
        let ids = profiles.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(", ");
        wanted.push(if ids.is_empty() { "1 = 0".to_owned() } else { format!("f.profile_id IN ({ids})") });
    }
    if listing.opened_until_us != 0 {
        wanted.push(format!("h.opened_us >= {} AND h.opened_us < {}", listing.opened_from_us, listing.opened_until_us));
    }
    (wanted.join(" AND "), parameters)
}
