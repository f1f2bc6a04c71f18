//! Leads, orders, calls and costs: loaded and saved by the fold, paged through by the lake.

use forecourt_model::{
    FragmentId, ProfileId, Scope, Touch,
    entity::{AdCost, Call, Dimensions, Lead, Order},
};

use crate::{Row, Store, StoreError, Value, database::rows_list, store::FoldTx};

/// An entity with the profile that its fragment belongs to today.
#[derive(Debug, Clone, PartialEq)]
pub struct Of<T> {
    pub profile_id: ProfileId,
    pub entity: T,
}

const DIMENSIONS: &str = "model, dealer, region, channel, utm_source, campaign, touch";
const LEAD: &str = "lead_id, e.fragment_id, created_us, updated_us, stage, stage_us, e.value";
const ORDER: &str = "order_id, e.fragment_id, at_us, updated_us, status, revenue, currency, lead_id";
const CALL: &str = "call_id, e.fragment_id, at_us, updated_us, direction, duration_s, result, agent";
const COST: &str = "day, channel, utm_source, campaign, region, cost, impressions, clicks, currency";

fn dimensions(row: &Row, at: usize) -> Result<Dimensions, StoreError> {
    Ok(Dimensions {
        model: row.maybe_text(at)?,
        dealer: row.maybe_text(at + 1)?,
        region: row.maybe_text(at + 2)?,
        channel: row.maybe_text(at + 3)?,
        utm_source: row.maybe_text(at + 4)?,
        campaign: row.maybe_text(at + 5)?,
        touch: row.maybe_text(at + 6)?.map(|touch| read_touch(&touch)).transpose()?,
    })
}

fn read_touch(json: &str) -> Result<Touch, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Unreadable(format!("a touch ({error})")))
}

fn dimension_values(dimensions: &Dimensions) -> [Value; 7] {
    let touch = dimensions.touch.as_ref().map(|touch| serde_json::to_string(touch).unwrap_or_default());
    let Dimensions { model, dealer, region, channel, utm_source, campaign, .. } = dimensions.clone();
    [model, dealer, region, channel, utm_source, campaign, touch].map(Value::from)
}

fn lead(row: &Row) -> Result<Lead, StoreError> {
    Ok(Lead {
        lead_id: row.text(0)?,
        fragment_id: FragmentId(row.int(1)?),
        created_us: row.int(2)?,
        updated_us: row.int(3)?,
        stage: row.text(4)?,
        stage_us: row.int(5)?,
        value: row.maybe_real(6)?,
        dimensions: dimensions(row, 7)?,
    })
}

fn order(row: &Row) -> Result<Order, StoreError> {
    Ok(Order {
        order_id: row.text(0)?,
        fragment_id: FragmentId(row.int(1)?),
        at_us: row.int(2)?,
        updated_us: row.int(3)?,
        status: row.text(4)?,
        revenue: row.maybe_real(5)?,
        currency: row.maybe_text(6)?,
        lead_id: row.maybe_text(7)?,
        dimensions: dimensions(row, 8)?,
    })
}

fn call(row: &Row) -> Result<Call, StoreError> {
    Ok(Call {
        call_id: row.text(0)?,
        fragment_id: FragmentId(row.int(1)?),
        at_us: row.int(2)?,
        updated_us: row.int(3)?,
        direction: row.maybe_text(4)?,
        duration_s: row.maybe_real(5)?,
        result: row.maybe_text(6)?,
        agent: row.maybe_text(7)?,
        dimensions: dimensions(row, 8)?,
    })
}

fn cost(row: &Row) -> Result<AdCost, StoreError> {
    Ok(AdCost {
        day: row.text(0)?,
        channel: row.text(1)?,
        utm_source: row.text(2)?,
        campaign: row.text(3)?,
        region: row.text(4)?,
        cost: row.real(5)?,
        impressions: row.int(6)?,
        clicks: row.int(7)?,
        currency: row.text(8)?,
    })
}

fn texts(ids: &[String]) -> Vec<Value> {
    ids.iter().map(|id| Value::from(id.as_str())).collect()
}

impl FoldTx {
    pub async fn leads(&mut self, ids: &[String]) -> Result<Vec<Lead>, StoreError> {
        let head = format!("SELECT {LEAD}, {DIMENSIONS} FROM leads e WHERE lead_id IN");
        self.tx.query_keys(&head, "", texts(ids)).await?.iter().map(lead).collect()
    }

    pub async fn orders(&mut self, ids: &[String]) -> Result<Vec<Order>, StoreError> {
        let head = format!("SELECT {ORDER}, {DIMENSIONS} FROM orders e WHERE order_id IN");
        self.tx.query_keys(&head, "", texts(ids)).await?.iter().map(order).collect()
    }

    pub async fn calls(&mut self, ids: &[String]) -> Result<Vec<Call>, StoreError> {
        let head = format!("SELECT {CALL}, {DIMENSIONS} FROM calls e WHERE call_id IN");
        self.tx.query_keys(&head, "", texts(ids)).await?.iter().map(call).collect()
    }

    pub async fn costs(&mut self, keys: &[String]) -> Result<Vec<AdCost>, StoreError> {
        let head = format!("SELECT {COST} FROM ad_costs WHERE cost_key IN");
        self.tx.query_keys(&head, "", texts(keys)).await?.iter().map(cost).collect()
    }

    /// Leads of a range of ids: after `after`, up to and with `until`.
    pub async fn leads_between(&mut self, after: &str, until: &str) -> Result<Vec<Lead>, StoreError> {
        self.tx.query(&between_sql(LEAD, "leads", "lead_id"), vec![after.into(), until.into()]).await?.iter().map(lead).collect()
    }

    pub async fn orders_between(&mut self, after: &str, until: &str) -> Result<Vec<Order>, StoreError> {
        self.tx.query(&between_sql(ORDER, "orders", "order_id"), vec![after.into(), until.into()]).await?.iter().map(order).collect()
    }

    pub async fn calls_between(&mut self, after: &str, until: &str) -> Result<Vec<Call>, StoreError> {
        self.tx.query(&between_sql(CALL, "calls", "call_id"), vec![after.into(), until.into()]).await?.iter().map(call).collect()
    }

    pub async fn save_leads<'a>(&mut self, leads: impl Iterator<Item = &'a Lead>) -> Result<(), StoreError> {
        let mut parameters = Vec::new();
        for lead in leads {
            parameters.extend([
                Value::from(lead.lead_id.as_str()),
                Value::from(lead.fragment_id.0),
                Value::from(lead.created_us),
                Value::from(lead.updated_us),
                Value::from(lead.stage.as_str()),
                Value::from(lead.stage_us),
                Value::from(lead.value),
            ]);
            parameters.extend(dimension_values(&lead.dimensions));
        }
        let head = format!("INSERT INTO leads ({}, {DIMENSIONS})", LEAD.replace("e.", ""));
        self.tx.execute_rows(&head, &replace("lead_id", LEAD), 14, parameters).await?;
        Ok(())
    }

    pub async fn save_orders<'a>(&mut self, orders: impl Iterator<Item = &'a Order>) -> Result<(), StoreError> {
        let mut parameters = Vec::new();
        for order in orders {
            parameters.extend([
                Value::from(order.order_id.as_str()),
                Value::from(order.fragment_id.0),
                Value::from(order.at_us),
                Value::from(order.updated_us),
                Value::from(order.status.as_str()),
                Value::from(order.revenue),
                Value::from(order.currency.clone()),
                Value::from(order.lead_id.clone()),
            ]);
            parameters.extend(dimension_values(&order.dimensions));
        }
        let head = format!("INSERT INTO orders ({}, {DIMENSIONS})", ORDER.replace("e.", ""));
        self.tx.execute_rows(&head, &replace("order_id", ORDER), 15, parameters).await?;
        Ok(())
    }

    pub async fn save_calls<'a>(&mut self, calls: impl Iterator<Item = &'a Call>) -> Result<(), StoreError> {
        let mut parameters = Vec::new();
        for call in calls {
            parameters.extend([
                Value::from(call.call_id.as_str()),
                Value::from(call.fragment_id.0),
                Value::from(call.at_us),
                Value::from(call.updated_us),
                Value::from(call.direction.clone()),
                Value::from(call.duration_s),
                Value::from(call.result.clone()),
                Value::from(call.agent.clone()),
            ]);
            parameters.extend(dimension_values(&call.dimensions));
        }
        let head = format!("INSERT INTO calls ({}, {DIMENSIONS})", CALL.replace("e.", ""));
        self.tx.execute_rows(&head, &replace("call_id", CALL), 15, parameters).await?;
        Ok(())
    }

    pub async fn save_costs<'a>(&mut self, costs: impl Iterator<Item = &'a AdCost>) -> Result<(), StoreError> {
        let mut parameters = Vec::new();
        for cost in costs {
            parameters.extend([
                Value::from(cost.key()),
                Value::from(cost.day.as_str()),
                Value::from(cost.channel.as_str()),
                Value::from(cost.utm_source.as_str()),
                Value::from(cost.campaign.as_str()),
                Value::from(cost.region.as_str()),
                Value::from(cost.cost),
                Value::from(cost.impressions),
                Value::from(cost.clicks),
                Value::from(cost.currency.as_str()),
            ]);
        }
        let tail = "ON CONFLICT (cost_key) DO UPDATE SET cost = excluded.cost, impressions = excluded.impressions,
            clicks = excluded.clicks, currency = excluded.currency";
        self.tx.execute_rows(&format!("INSERT INTO ad_costs (cost_key, {COST})"), tail, 10, parameters).await?;
        Ok(())
    }
}

/// `ON CONFLICT (key) DO UPDATE SET` every other column.
fn replace(key: &str, columns: &str) -> String {
    let columns = columns.replace("e.", "");
    let set: Vec<String> = columns
        .split(", ")
        .chain(DIMENSIONS.split(", "))
        .filter(|column| *column != key)
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    format!("ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", "))
}

/// Reads rows of an entity's own columns, [`DIMENSIONS`], and the profile's id after them.
fn with_profile<T>(rows: Vec<Row>, own: &str, read: impl Fn(&Row) -> Result<T, StoreError>) -> Result<Vec<Of<T>>, StoreError> {
    let profile_at = [own, DIMENSIONS].iter().map(|columns| columns.split(',').count()).sum();
    rows.iter().map(|row| Ok(Of { profile_id: ProfileId(row.int(profile_at)?), entity: read(row)? })).collect()
}

impl Store {
    /// Leads in the order of their ids, after `after`.
    pub async fn leads_page(&self, after: &str, limit: u32) -> Result<Vec<Of<Lead>>, StoreError> {
        let sql = page_sql(LEAD, "leads", "lead_id");
        with_profile(self.db.query(&sql, vec![after.into(), i64::from(limit).into()]).await?, LEAD, lead)
    }

    pub async fn orders_page(&self, after: &str, limit: u32) -> Result<Vec<Of<Order>>, StoreError> {
        let sql = page_sql(ORDER, "orders", "order_id");
        with_profile(self.db.query(&sql, vec![after.into(), i64::from(limit).into()]).await?, ORDER, order)
    }

    pub async fn calls_page(&self, after: &str, limit: u32) -> Result<Vec<Of<Call>>, StoreError> {
        let sql = page_sql(CALL, "calls", "call_id");
        with_profile(self.db.query(&sql, vec![after.into(), i64::from(limit).into()]).await?, CALL, call)
    }

    /// Costs in the order of their keys ([`AdCost::key`]), after `after`.
    pub async fn costs_page(&self, after: &str, limit: u32) -> Result<Vec<AdCost>, StoreError> {
        let sql = format!("SELECT {COST} FROM ad_costs WHERE cost_key > $1 ORDER BY cost_key LIMIT $2");
        self.db.query(&sql, vec![after.into(), i64::from(limit).into()]).await?.iter().map(cost).collect()
    }

    /// The costs that are held under these keys.
    pub async fn costs_held(&self, keys: &[String]) -> Result<Vec<AdCost>, StoreError> {
        let mut held = Vec::new();
        for chunk in keys.chunks(500) {
            let sql = format!("SELECT {COST} FROM ad_costs WHERE cost_key IN {}", rows_list(1, chunk.len()));
            let rows = self.db.query(&sql, chunk.iter().map(|key| key.as_str().into()).collect()).await?;
            for row in &rows {
                held.push(cost(row)?);
            }
        }
        Ok(held)
    }

    /// Leads whose ids begin so, in the order of the ids; with them the profiles that they belong to.
    pub async fn leads_by_id(&self, scope: &Scope, beginning: &str, limit: u32) -> Result<Vec<Of<Lead>>, StoreError> {
        with_profile(self.by_id(LEAD, "leads", "lead_id", scope, beginning, limit).await?, LEAD, lead)
    }

    /// Orders whose ids begin so, in the order of the ids; with them the profiles that they belong to.
    pub async fn orders_by_id(&self, scope: &Scope, beginning: &str, limit: u32) -> Result<Vec<Of<Order>>, StoreError> {
        with_profile(self.by_id(ORDER, "orders", "order_id", scope, beginning, limit).await?, ORDER, order)
    }

    async fn by_id(
        &self,
        columns: &str,
        table: &str,
        key: &str,
        scope: &Scope,
        beginning: &str,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        // Ids are compared byte by byte, so that a beginning is a range of the key.
        let sql = format!(
            "SELECT {columns}, {DIMENSIONS}, f.profile_id FROM {table} e JOIN fragments f ON f.fragment_id = e.fragment_id
             WHERE {key} >= $1 AND {key} < $2 AND ($3 = '' OR dealer = $3) ORDER BY {key} LIMIT $4"
        );
        let after = format!("{beginning}\u{10ffff}");
        let dealer = scope.dealer().unwrap_or_default();
        self.db.query(&sql, vec![beginning.into(), after.into(), dealer.into(), i64::from(limit).into()]).await
    }

    pub async fn leads_of(&self, scope: &Scope, profile: ProfileId) -> Result<Vec<Lead>, StoreError> {
        let rows = self.of_profile(LEAD, "leads", "created_us", scope, profile).await?;
        rows.iter().map(lead).collect()
    }

    pub async fn orders_of(&self, scope: &Scope, profile: ProfileId) -> Result<Vec<Order>, StoreError> {
        let rows = self.of_profile(ORDER, "orders", "at_us", scope, profile).await?;
        rows.iter().map(order).collect()
    }

    pub async fn calls_of(&self, scope: &Scope, profile: ProfileId) -> Result<Vec<Call>, StoreError> {
        let rows = self.of_profile(CALL, "calls", "at_us", scope, profile).await?;
        rows.iter().map(call).collect()
    }

    /// The newest 200.
    async fn of_profile(&self, columns: &str, table: &str, time: &str, scope: &Scope, profile: ProfileId) -> Result<Vec<Row>, StoreError> {
        let fragments = self.fragment_ids_of(profile).await?;
        let keys = rows_list(1, fragments.len());
        let at = fragments.len() + 1;
        let sql = format!(
            "SELECT {columns}, {DIMENSIONS} FROM {table} e WHERE fragment_id IN {keys} AND (${at} = '' OR dealer = ${at})
             ORDER BY {time} DESC LIMIT 200"
        );
        let mut parameters: Vec<Value> = fragments.iter().map(|id| id.0.into()).collect();
        parameters.push(scope.dealer().unwrap_or_default().into());
        self.db.query(&sql, parameters).await
    }
}

/// What is nobody's (see [`forecourt_model::erasure::nobody`]) is under its own fragment's id.
fn page_sql(columns: &str, table: &str, key: &str) -> String {
    format!(
        "SELECT {columns}, {DIMENSIONS}, COALESCE(f.profile_id, e.fragment_id) FROM {table} e
         LEFT JOIN fragments f ON f.fragment_id = e.fragment_id WHERE {key} > $1 ORDER BY {key} LIMIT $2"
    )
}

fn between_sql(columns: &str, table: &str, key: &str) -> String {
    format!("SELECT {columns}, {DIMENSIONS} FROM {table} e WHERE {key} > $1 AND {key} <= $2 ORDER BY {key}")
}
