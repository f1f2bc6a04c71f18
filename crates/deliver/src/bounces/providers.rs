//! Webhooks as providers of e-mail write them: Amazon SES by SNS, Mailgun, Postmark, SendGrid; and a plain shape of our own.

use serde_json::Value;

use super::{Back, What};

/// Where Amazon SNS wants to be told that the address is ours, if it asks.
pub(super) fn to_confirm(told: &Value) -> Option<&str> {
    (told["Type"] == "SubscriptionConfirmation").then(|| told["SubscribeURL"].as_str()).flatten()
}

/// All that a call tells; what says nothing of a mail's fate is left out.
pub(super) fn read(told: &Value) -> Vec<Back> {
    match told {
        Value::Array(items) => items.iter().flat_map(read).collect(),
        // SNS carries the notification as text, unless it is told to hand it over raw.
        _ if told["Type"] == "Notification" => {
            let inside: Value = told["Message"].as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
            ses(&inside).into_iter().collect()
        }
        _ if told["mail"].is_object() => ses(told).into_iter().collect(),
        _ if told["event-data"].is_object() => mailgun(&told["event-data"]).into_iter().collect(),
        _ if told["RecordType"].is_string() => postmark(told).into_iter().collect(),
        _ if told["sg_message_id"].is_string() || told["sg_event_id"].is_string() => sendgrid(told).into_iter().collect(),
        _ => plain(told).into_iter().collect(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Those of the ids that are there.
fn ids(values: &[&Value]) -> Vec<String> {
    values.iter().map(|value| text(value)).filter(|id| !id.is_empty()).collect()
}

fn bounced(is_permanent: bool) -> What {
    What::Bounced { is_permanent }
}

/// Ours: `{"message_id", "type": "bounce|complaint|delivered|open", "permanent": bool, "reason"}`.
fn plain(told: &Value) -> Option<Back> {
    let what = match told["type"].as_str()? {
        "bounce" => bounced(told["permanent"].as_bool().unwrap_or(false)),
        "complaint" => What::Complained,
        "delivered" => What::Delivered,
        "open" => What::Opened,
        _ => return None,
    };
    Some(Back { ids: ids(&[&told["message_id"]]), what, why: text(&told["reason"]) })
}

/// Source: docs.aws.amazon.com/ses, "Amazon SNS notification contents"; events are published with `eventType`.
fn ses(told: &Value) -> Option<Back> {
    let mail = &told["mail"];
    let headers = mail["headers"].as_array().cloned().unwrap_or_default();
    let header = headers.iter().find(|header| header["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("message-id")));
    let header = header.map_or(Value::Null, |header| header["value"].clone());
    let kind = told["notificationType"].as_str().or_else(|| told["eventType"].as_str())?;
    let bounce = &told["bounce"];
    let (what, why) = match kind {
        "Bounce" => {
            let is_permanent = bounce["bounceType"] == "Permanent" && bounce["bounceSubType"] != "Suppressed";
            let words = text(&bounce["bouncedRecipients"][0]["diagnosticCode"]);
            (bounced(is_permanent), format!("{} {} {words}", text(&bounce["bounceType"]), text(&bounce["bounceSubType"])).trim().to_owned())
        }
        "Complaint" => (What::Complained, text(&told["complaint"]["complaintFeedbackType"])),
        "Delivery" => (What::Delivered, String::new()),
        "Open" => (What::Opened, String::new()),
        _ => return None,
    };
    Some(Back { ids: ids(&[&mail["commonHeaders"]["messageId"], &header, &mail["messageId"]]), what, why })
}

/// Source: documentation.mailgun.com, "Webhooks" and "Event types".
fn mailgun(told: &Value) -> Option<Back> {
    let status = &told["delivery-status"];
    let words = if status["message"].as_str().is_some_and(|words| !words.is_empty()) { &status["message"] } else { &status["description"] };
    let what = match told["event"].as_str()? {
        // A failure that is temporary is tried again there: not the end of it.
        "failed" if told["severity"] == "permanent" => bounced(told["reason"] == "bounce"),
        "complained" => What::Complained,
        "delivered" => What::Delivered,
        "opened" => What::Opened,
        _ => return None,
    };
    Some(Back { ids: ids(&[&told["message"]["headers"]["message-id"]]), what, why: text(words) })
}

/// Source: postmarkapp.com/developer/webhooks. `Metadata` and `MessageID` are Postmark's; ours comes back where it was set.
fn postmark(told: &Value) -> Option<Back> {
    let what = match told["RecordType"].as_str()? {
        "Bounce" => match told["Type"].as_str()? {
            "HardBounce" | "BadEmailAddress" => bounced(true),
            "SpamComplaint" => What::Complained,
            "Transient" | "AutoResponder" | "Subscribe" | "Unsubscribe" | "AddressChange" | "ChallengeVerification" => return None,
            _ => bounced(false),
        },
        "SpamComplaint" => What::Complained,
        "Delivery" => What::Delivered,
        "Open" => What::Opened,
        _ => return None,
    };
    let why = [&told["Description"], &told["Details"]].map(text).join(" ").trim().to_owned();
    let ours = &told["Metadata"]["message_id"];
    Some(Back { ids: ids(&[ours, &told["Headers"]["Message-ID"], &told["MessageID"]]), what, why })
}

/// Source: docs.sendgrid.com, "Event Webhook Reference". `smtp-id` is the mail's own `Message-ID`.
fn sendgrid(told: &Value) -> Option<Back> {
    let what = match told["event"].as_str()? {
        // `blocked` is a refusal of this mail, not of the mailbox.
        "bounce" => bounced(told["type"] != "blocked"),
        "dropped" => bounced(false),
        "spamreport" => What::Complained,
        "delivered" => What::Delivered,
        "open" => What::Opened,
        _ => return None,
    };
    Some(Back { ids: ids(&[&told["message_id"], &told["smtp-id"], &told["sg_message_id"]]), what, why: text(&told["reason"]) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(told: &Value) -> (String, What) {
        let back = read(told).remove(0);
        (back.ids[0].clone(), back.what)
    }

    #[test]
    fn each_provider_is_understood() {
        let ours = "<msg_7@aurora.example>";
        let gone = (ours.to_owned(), bounced(true));
        let ses = json!({
            "notificationType": "Bounce",
            "bounce": { "bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{ "diagnosticCode": "smtp; 550 5.1.1" }] },
            "mail": { "messageId": "0100", "commonHeaders": { "messageId": ours } },
        });
        assert_eq!(one(&ses), gone);
        assert_eq!(one(&json!({ "Type": "Notification", "Message": ses.to_string() })), gone);
        let confirm = json!({ "Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?x" });
        assert_eq!(to_confirm(&confirm), Some("https://sns.eu-west-1.amazonaws.com/?x"));
        let mailgun = |event: &str, severity: &str, reason: &str| {
            json!({ "signature": {}, "event-data": { "event": event, "severity": severity, "reason": reason,
                "message": { "headers": { "message-id": "msg_7@aurora.example" } }, "delivery-status": { "message": "550 no" } } })
        };
        assert_eq!(one(&mailgun("failed", "permanent", "bounce")), ("msg_7@aurora.example".to_owned(), bounced(true)));
        assert!(read(&mailgun("failed", "temporary", "generic")).is_empty());
        let postmark = json!({ "RecordType": "Bounce", "Type": "HardBounce", "MessageID": "b7bc2f4a", "Metadata": { "message_id": ours } });
        assert_eq!(one(&postmark), gone);
        let complaint = json!({ "RecordType": "SpamComplaint", "Type": "SpamComplaint", "MessageID": "b7bc2f4a" });
        assert_eq!(one(&complaint), ("b7bc2f4a".to_owned(), What::Complained));
        let sendgrid = json!([
            { "event": "processed", "sg_message_id": "x", "smtp-id": ours },
            { "event": "bounce", "type": "bounce", "sg_message_id": "x", "smtp-id": ours, "reason": "550" },
            { "event": "bounce", "type": "blocked", "sg_message_id": "x", "smtp-id": ours },
            { "event": "spamreport", "sg_message_id": "x" },
        ]);
        let read = read(&sendgrid);
        assert_eq!(read.iter().map(|back| back.what).collect::<Vec<_>>(), [bounced(true), bounced(false), What::Complained]);
        assert_eq!(one(&json!({ "message_id": ours, "type": "bounce", "permanent": true, "reason": "gone" })), gone);
    }
}
