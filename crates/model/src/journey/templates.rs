//! Journeys to begin from: the ways that dealers ask for first. Their messages are chosen by whoever takes one.

use serde_json::{Value, json};

/// Id, name, what it is for, and the journey.
pub type Template = (&'static str, &'static str, &'static str, Value);

pub fn all() -> Vec<Template> {
    vec![
        welcome(),
        stage_chain(),
        call_back(),
        test_drive(),
        car_on_its_way(),
        nurture(),
        abandoned_configuration(),
        reactivation(),
        service_due(),
        review(),
        looked_and_left(),
    ]
}

fn journey(id: &str, name: &str, entry: Value, more: Value, steps: Vec<Value>) -> Value {
    let mut whole = json!({ "journey_id": id, "name": name, "entry": entry, "first": steps[0]["step_id"], "steps": laid_out(steps) });
    if let (Some(whole), Some(more)) = (whole.as_object_mut(), more.as_object()) {
        whole.extend(more.clone());
    }
    whole
}

/// One under the other; the canvas lays them out better.
fn laid_out(steps: Vec<Value>) -> Vec<Value> {
    let place = |(at, mut step): (usize, Value)| {
        step["x"] = json!(0);
        step["y"] = json!(at * 140);
        step
    };
    steps.into_iter().enumerate().map(place).collect()
}

fn on(event: &str, key: Option<&str>) -> Value {
    match key {
        Some(key) => json!({ "by": "event", "event": event, "key": format!("properties.{key}") }),
        None => json!({ "by": "event", "event": event }),
    }
}

fn step(id: &str, name: &str, does: Value) -> Value {
    json!({ "step_id": id, "name": name, "does": does })
}

fn send(id: &str, name: &str, purpose: &str, next: Option<&str>) -> Value {
    step(id, name, json!({ "do": "send", "purpose": purpose, "chain": [{ "template_id": "" }], "next": next }))
}

fn wait(id: &str, span: &str, next: &str) -> Value {
    step(id, "", json!({ "do": "wait", "wait": { "lasting": span }, "next": next }))
}

fn wait_for(id: &str, event: &str, key: Option<&str>, within: &str, next: Option<&str>, otherwise: Option<&str>) -> Value {
    let what = match key {
        Some(key) => json!({ "for": "event", "event": event, "key": format!("properties.{key}"), "since_entry": true }),
        None => json!({ "for": "event", "event": event, "since_entry": true }),
    };
    step(id, "", json!({ "do": "wait_for", "what": what, "within": within, "next": next, "otherwise": otherwise }))
}

fn until_read(id: &str, sent: &str, within: &str, next: Option<&str>, otherwise: Option<&str>) -> Value {
    let what = json!({ "for": "message", "step_id": sent, "came": "read" });
    step(id, "", json!({ "do": "wait_for", "what": what, "within": within, "next": next, "otherwise": otherwise }))
}

fn call(id: &str, title: &str, tries: u32, gap: &str, within: &str, next: Option<&str>, otherwise: Option<&str>) -> Value {
    let does =
        json!({ "do": "call_task", "title": title, "tries": tries, "gap": gap, "within": within, "next": next, "otherwise": otherwise });
    step(id, title, does)
}

fn date(id: &str, field: &str, days: i32, at: &str, next: &str, otherwise: Option<&str>) -> Value {
    let date = json!({ "field": field, "days": days, "at": at });
    step(id, "", json!({ "do": "wait", "wait": { "date": date }, "next": next, "otherwise": otherwise }))
}

fn welcome() -> Template {
    let steps = vec![
        send("welcome", "Welcome", "service", Some("read")),
        until_read("read", "welcome", "1d", Some("pause"), Some("remind")),
        send("remind", "By another way", "service", Some("pause")),
        wait("pause", "3d", "offer"),
        send("offer", "Invitation to a test drive", "marketing", None),
    ];
    let goal = json!({ "goal": { "event": "test_drive_booked", "within": "30d" } });
    let says = "Greets whoever left a lead, by another way where the first is not read, and invites to a test drive.";
    ("welcome", "Welcome after a lead", says, journey("welcome", "Welcome after a lead", on("lead_created", None), goal, steps))
}

fn stage_chain() -> Template {
    let steps = vec![
        send("first", "About the car", "service", Some("drive")),
        wait_for("drive", "test_drive_done", Some("lead_id"), "14d", Some("terms"), Some("nudge")),
        send("nudge", "Shall we book a drive?", "marketing", None),
        send("terms", "Terms and trade-in", "service", Some("contract")),
        wait_for("contract", "contract_signed", Some("lead_id"), "30d", Some("thanks"), Some("talk")),
        send("thanks", "Thank you", "service", None),
        call("talk", "Ask what is missing", 2, "1d", "5d", None, None),
    ];
    let says = "A chain for each stage: what comes next depends on how far the lead has come.";
    (
        "funnel-stages",
        "Chains by stage",
        says,
        journey("funnel-stages", "Chains by stage", on("lead_created", Some("lead_id")), json!({}), steps),
    )
}

fn call_back() -> Template {
    let steps = vec![
        call("call", "Call back", 3, "30m", "1d", Some("spoke"), Some("sorry")),
        send("spoke", "What we agreed", "service", None),
        send("sorry", "We could not reach you", "service", None),
    ];
    let says = "A task to call back, tried again while nobody answers, and a message where nobody was reached.";
    (
        "call-back",
        "Call back, more than once",
        says,
        journey("call-back", "Call back, more than once", on("form_submitted", None), json!({}), steps),
    )
}

fn test_drive() -> Template {
    let steps = vec![
        send("confirm", "Confirmation with the date", "service", Some("day")),
        date("day", "properties.test_drive_at", -1, "", "tomorrow", Some("done")),
        send("tomorrow", "Tomorrow", "service", Some("morning")),
        date("morning", "properties.test_drive_at", 0, "09:00", "today", Some("done")),
        send("today", "Today: how to find us", "service", Some("done")),
        wait_for("done", "test_drive_done", Some("lead_id"), "3d", Some("follow"), Some("missed")),
        send("follow", "How was it?", "service", None),
        call("missed", "Missed the test drive: find another date", 3, "3h", "2d", None, None),
    ];
    let says = "Confirms, reminds a day before and on the day, follows up, and has those called who did not come.";
    ("test-drive", "Test drive", says, journey("test-drive", "Test drive", on("test_drive_booked", Some("lead_id")), json!({}), steps))
}

fn car_on_its_way() -> Template {
    let notice = |id: &str, name: &str, next: Option<&str>| {
        let chain = json!([
            { "template_id": "", "wait_s": 14_400, "until": "read" }, { "template_id": "", "wait_s": 1_800, "until": "delivered" }, { "template_id": "" }]);
        step(id, name, json!({ "do": "send", "purpose": "service", "chain": chain, "next": next }))
    };
    let steps = vec![
        notice("ordered", "Your car is ordered", Some("built")),
        wait_for("built", "car_built", Some("order_id"), "200d", Some("built_notice"), None),
        notice("built_notice", "Your car is built", Some("shipped")),
        wait_for("shipped", "car_shipped", Some("order_id"), "90d", Some("shipped_notice"), None),
        notice("shipped_notice", "Your car is on its way", Some("arrived")),
        wait_for("arrived", "car_arrived", Some("order_id"), "90d", Some("arrived_notice"), None),
        notice("arrived_notice", "Your car is here", None),
    ];
    let more = json!({ "exits": [{ "on": "event", "event": "order_cancelled", "key": "properties.order_id" }] });
    let says = "News of an ordered car, by e-mail, then Viber, then SMS, until it is there.";
    (
        "car-on-its-way",
        "A car on its way",
        says,
        journey("car-on-its-way", "A car on its way", on("contract_signed", Some("order_id")), more, steps),
    )
}

fn nurture() -> Template {
    let steps = vec![
        send("story", "What others chose", "marketing", Some("weeks")),
        wait("weeks", "3w", "compare"),
        send("compare", "A comparison", "marketing", Some("months")),
        wait("months", "6w", "near"),
        step(
            "near",
            "Looks again?",
            json!({ "do": "branch", "arms": [{ "name": "Seen lately", "when": { "on": "person", "rule": { "if": "seen", "which": "latest", "within": "7d" } }, "next": "offer" }], "otherwise": "calm" }),
        ),
        send("offer", "A stronger offer", "marketing", None),
        send("calm", "A reminder of the model", "marketing", Some("rest")),
        wait("rest", "8w", "offer"),
    ];
    let more = json!({ "goal": { "event": "contract_signed", "within": "180d" }, "holdout": 100 });
    let says = "Months of patience: content first, and a stronger offer once somebody looks again.";
    ("nurture", "Long-cycle nurture", says, journey("nurture", "Long-cycle nurture", on("lead_created", None), more, steps))
}

fn abandoned_configuration() -> Template {
    let steps = vec![
        wait_for("finished", "lead_created", None, "2h", None, Some("yours")),
        send("yours", "Your configuration is kept", "marketing", Some("back")),
        wait_for("back", "configurator_opened", None, "3d", None, Some("help")),
        send("help", "Shall we help?", "marketing", None),
    ];
    let more = json!({ "goal": { "event": "lead_created", "within": "14d" }, "again": { "after": "14d" } });
    let says = "Whoever configured a car and left is reminded of it, and offered help.";
    let name = "Abandoned configurator";
    ("abandoned-configurator", name, says, journey("abandoned-configurator", name, on("configuration_saved", None), more, steps))
}

fn reactivation() -> Template {
    let steps = vec![
        wait("rest", "30d", "ask"),
        send("ask", "Still thinking of a car?", "marketing", Some("answer")),
        wait_for("answer", "car_viewed", None, "14d", Some("call"), Some("last")),
        call("call", "Looks at cars again", 2, "4h", "2d", None, None),
        send("last", "May we write again in spring?", "marketing", None),
    ];
    let more = json!({ "goal": { "event": "lead_created", "within": "90d" }, "again": { "after": "180d" } });
    let says = "Lost or silent leads are asked once more, and called when they look at cars again.";
    ("reactivation", "Silent and lost", says, journey("reactivation", "Silent and lost", on("lead_lost", None), more, steps))
}

fn service_due() -> Template {
    let steps = vec![
        date("due", "service_due", -30, "10:00", "remind", None),
        send("remind", "Service is due in a month", "service", Some("booked")),
        wait_for("booked", "service_booked", None, "3w", None, Some("call")),
        call("call", "Book the service", 2, "1d", "5d", None, None),
    ];
    let says = "A month before the service is due: a reminder, and a call where nothing was booked.";
    (
        "service-due",
        "Service due",
        says,
        journey("service-due", "Service due", on("service_date_set", None), json!({ "again": "always" }), steps),
    )
}

fn review() -> Template {
    let steps = vec![
        wait("days", "10d", "ask"),
        send("ask", "How is your car?", "service", Some("answer")),
        wait_for("answer", "survey_answered", None, "7d", Some("sort"), Some("again")),
        send("again", "A minute for us?", "service", None),
        step(
            "sort",
            "Content?",
            json!({ "do": "branch", "arms": [{ "name": "Not content", "when": { "on": "person", "rule": { "if": "trait", "name": "csi", "is": { "op": "at_most", "values": ["6"] } } }, "next": "talk" }], "otherwise": "review" }),
        ),
        call("talk", "Not content: call before anybody else does", 3, "2h", "1d", None, None),
        send("review", "Would you write a review?", "marketing", None),
    ];
    let says = "Ten days after delivery: a survey, a call to whoever is not content, and a wish for a review to the others.";
    (
        "review",
        "Review after delivery",
        says,
        journey("review", "Review after delivery", on("car_delivered", Some("order_id")), json!({}), steps),
    )
}

fn looked_and_left() -> Template {
    let steps = vec![
        wait_for("bought", "lead_created", None, "1d", None, Some("offer")),
        send("offer", "The cars you looked at", "marketing", Some("read")),
        until_read("read", "offer", "2d", None, Some("sms")),
        send("sms", "By another way", "marketing", None),
    ];
    let more = json!({ "goal": { "event": "lead_created", "within": "14d" }, "again": { "after": "30d" }, "holdout": 100 });
    let says = "Whoever looked at cars and left no lead gets an offer for those very cars.";
    ("looked-and-left", "Looked and left", says, journey("looked-and-left", "Looked and left", on("car_viewed", None), more, steps))
}

#[cfg(test)]
mod tests {
    use crate::journey::Journey;

    /// What is left to do is to choose the messages.
    #[test]
    fn each_reads_and_lacks_nothing_but_its_messages() {
        for (id, name, says, journey) in super::all() {
            let journey: Journey = serde_json::from_value(journey).unwrap_or_else(|error| panic!("{id}: {error}"));
            assert_eq!((journey.journey_id.as_str(), journey.name.as_str()), (id, name));
            assert!(!says.is_empty());
            let problems = journey.problems();
            assert!(problems.iter().all(|problem| problem.says.contains("has no template")), "{id}: {problems:?}");
        }
    }
}
