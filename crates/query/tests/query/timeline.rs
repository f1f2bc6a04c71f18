//! One profile's events, page by page.

use forecourt_model::Scope;
use forecourt_query::TimelineKind;

use crate::rows::{event, lake, profile};

#[tokio::test]
async fn pages_run_from_the_newest_to_the_oldest_without_gap() {
    let id = profile(7, 1);
    // Three events a moment: a page may end between them.
    let mut events: Vec<_> = (0..30).map(|number| event(id, number / 3 * 1_000_000, "viewed")).collect();
    events.extend((0..20).map(|number| event(profile(7, 2), number, "viewed")));
    let small = lake(21, events, vec![]);
    let (mut cursor, mut offsets) = (None, Vec::new());
    loop {
        let page = small.query.timeline(&Scope::Everything, id, TimelineKind::All, cursor.as_deref(), 7).await.expect("a page");
        offsets.extend(page.items.into_iter().map(|item| item.offset));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(offsets, (0..30).rev().map(|offset: i64| offset.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn kinds_are_told_by_the_ids_that_events_carry() {
    let small = lake(
        22,
        vec![
            event(1, 1, "viewed").channel("cpc"),
            event(1, 2, "call_completed").properties(r#"{"call_id":"c1"}"#),
            event(1, 3, "lead_created").properties(r#"{"lead_id":"l1"}"#).dealer("north"),
            event(1, 4, "contract_signed").properties(r#"{"lead_id":"l1","order_id":7}"#).value(9.5),
        ],
        vec![],
    );
    for (kind, events) in [
        (TimelineKind::All, vec!["contract_signed", "lead_created", "call_completed", "viewed"]),
        (TimelineKind::Visits, vec!["viewed"]),
        (TimelineKind::Calls, vec!["call_completed"]),
        (TimelineKind::Leads, vec!["contract_signed", "lead_created"]),
        (TimelineKind::Orders, vec!["contract_signed"]),
    ] {
        let page = small.query.timeline(&Scope::Everything, 1, kind, None, 10).await.expect("a page");
        assert_eq!(page.items.iter().map(|item| item.event.as_str()).collect::<Vec<_>>(), events, "{kind:?}");
    }
    let orders = small.query.timeline(&Scope::Everything, 1, TimelineKind::Orders, None, 10).await.expect("a page");
    let json = serde_json::to_value(&orders.items[0]).expect("JSON");
    assert_eq!(json["properties"], serde_json::json!({"lead_id": "l1", "order_id": 7}));
    assert_eq!(
        (&json["type"], &json["value"], &json["offset"], &json["ts"]),
        (&"track".into(), &9.5.into(), &"3".into(), &"1970-01-01T00:00:00.000Z".into())
    );
}
