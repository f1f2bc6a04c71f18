//! Leads, orders, calls and costs, and what each counts for in the daily totals.

use forecourt_model::{
    FragmentId, Touch,
    entity::{AdCost, Dimensions, Lead, Order, Told},
    time,
};

use crate::state::{State, Tracked};

/// Folds what an event told into the entities it named.
///
/// * `touch`: how the person came, for the entities that do not say.
pub(crate) fn tell(state: &mut State<'_>, told: &Told, fragment_id: FragmentId, touch: Option<&Touch>) {
    if let Some(given) = &told.lead {
        let given = Lead { fragment_id, dimensions: with_touch(&given.dimensions, touch), ..given.clone() };
        // An order's or a call's mention of a lead does not make one.
        let is_lead_event = !given.stage.is_empty() || (told.order.is_none() && told.call.is_none());
        let tracked = state.leads.entry(given.lead_id.clone()).or_insert_with(Tracked::absent);
        match &mut tracked.now {
            Some(lead) => {
                lead.tell(&given);
                state.touch_version("leads_version");
            }
            None if is_lead_event => {
                let stage = if given.stage.is_empty() { "captured".to_owned() } else { given.stage.clone() };
                tracked.now = Some(Lead { stage, ..given });
                state.touch_version("leads_version");
            }
            None => {}
        }
    }
    if let Some(given) = &told.order {
        let lead = given.lead_id.as_ref().and_then(|id| state.leads.get(id)).and_then(|tracked| tracked.now.as_ref());
        let mut dimensions = with_touch(&given.dimensions, touch);
        if let Some(lead) = lead {
            // A sale came the way its lead came.
            let came = &lead.dimensions;
            if came.channel.is_some() {
                (dimensions.channel, dimensions.utm_source, dimensions.campaign, dimensions.touch) =
                    (came.channel.clone(), came.utm_source.clone(), came.campaign.clone(), came.touch.clone());
            }
            dimensions.model = dimensions.model.or_else(|| came.model.clone());
            dimensions.dealer = dimensions.dealer.or_else(|| came.dealer.clone());
            dimensions.region = dimensions.region.or_else(|| came.region.clone());
        }
        let given = Order { fragment_id, dimensions, ..given.clone() };
        let tracked = state.orders.entry(given.order_id.clone()).or_insert_with(Tracked::absent);
        match &mut tracked.now {
            Some(order) => order.tell(&given),
            None => tracked.now = Some(given),
        }
        state.touch_version("orders_version");
    }
    if let Some(given) = &told.call {
        let mut given = given.clone();
        given.fragment_id = fragment_id;
        given.dimensions = with_touch(&given.dimensions, touch);
        let tracked = state.calls.entry(given.call_id.clone()).or_insert_with(Tracked::absent);
        match &mut tracked.now {
            Some(call) => call.tell(&given),
            None => tracked.now = Some(given),
        }
        state.touch_version("calls_version");
    }
}

/// One day's cost replaces what was told before of the same key.
pub(crate) fn cost(state: &mut State<'_>, given: &AdCost) {
    let tracked = state.costs.entry(given.key()).or_insert_with(Tracked::absent);
    if tracked.now.as_ref() != Some(given) {
        tracked.now = Some(given.clone());
        state.touch_version("costs_version");
    }
}

/// Puts into the totals what the batch changed: what each entity counts for now, less what it counted for before.
pub(crate) fn count(state: &mut State<'_>) {
    let totals = &mut state.totals;
    for tracked in state.leads.values() {
        for (sign, lead) in [(-1, &tracked.before), (1, &tracked.now)] {
            if let Some(lead) = lead {
                totals.add("leads", time::day(lead.created_us), lead.dimensions.channel.as_deref().unwrap_or_default(), sign, 0);
            }
        }
    }
    for tracked in state.orders.values() {
        for (sign, order) in [(-1, &tracked.before), (1, &tracked.now)] {
            if let Some(order) = order.as_ref().filter(|order| order.status == "confirmed") {
                let amount = hundredths(order.revenue.unwrap_or(0.0));
                let channel = order.dimensions.channel.as_deref().unwrap_or_default();
                totals.add("sales", time::day(order.at_us), channel, sign, sign * amount);
            }
        }
    }
    for tracked in state.costs.values() {
        for (sign, cost) in [(-1, &tracked.before), (1, &tracked.now)] {
            if let Some(cost) = cost {
                let day = time::day(time::parse_us(&cost.day).unwrap_or(0));
                totals.add("cost", day, &cost.channel, 0, sign * hundredths(cost.cost));
                totals.add("impressions", day, &cost.channel, sign * cost.impressions, 0);
                totals.add("clicks", day, &cost.channel, sign * cost.clicks, 0);
            }
        }
    }
}

fn with_touch(own: &Dimensions, touch: Option<&Touch>) -> Dimensions {
    let mut dimensions = own.clone();
    if let Some(touch) = touch.filter(|_| own.channel.is_none()) {
        dimensions.come_by(touch);
    }
    dimensions
}

fn hundredths(amount: f64) -> i64 {
    (amount * 100.0).round() as i64
}
