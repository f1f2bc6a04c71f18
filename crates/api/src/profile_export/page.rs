//! The export as a page for people: no scripts, nothing from elsewhere, every value written as text.

use forecourt_model::markup::escaped;
use serde_json::Value;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1a1a1a}\
    h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #ccc}\
    table{border-collapse:collapse;width:100%;margin:.5rem 0}th,td{text-align:left;vertical-align:top;padding:.25rem .6rem;\
    border-bottom:1px solid #e5e5e5;overflow-wrap:anywhere}th{font-weight:600}p{color:#555}";

/// Sections in the order they are read, with their titles.
const OF_PROFILE: [(&str, &str); 8] = [
    ("identifiers", "Identifiers, and why they belong together"),
    ("traits", "What is known"),
    ("counts", "Events by name"),
    ("leads", "Leads"),
    ("orders", "Orders"),
    ("calls", "Calls"),
    ("vehicles", "Vehicles"),
    ("households", "Households"),
];

pub fn page(export: &Value) -> String {
    let profile = &export["profile"];
    let mut out = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">",
    );
    out.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
    out.push_str(&format!("<title>Personal data</title><style>{STYLE}</style></head><body><h1>Personal data</h1>"));
    out.push_str(&format!("<p>{}, {}</p>", text(&export["by"]), text(&export["exported_at"])));
    section(&mut out, "Profile", &summary(profile));
    for (name, title) in OF_PROFILE {
        section(&mut out, title, &profile[name]);
    }
    section(&mut out, "Consent", &export["consent"]);
    section(&mut out, "Messages", &export["messages"]);
    section(&mut out, "Everything that happened", &export["events"]);
    out.push_str("</body></html>\n");
    out
}

/// The profile without what has a section of its own.
fn summary(profile: &Value) -> Value {
    let fields = profile.as_object().into_iter().flatten();
    Value::Object(fields.filter(|(_, value)| !value.is_array()).map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn section(out: &mut String, title: &str, value: &Value) {
    out.push_str(&format!("<h2>{title}</h2>"));
    match value {
        Value::Array(rows) if rows.is_empty() => out.push_str("<p>–</p>"),
        Value::Array(rows) => {
            for row in rows {
                out.push_str(&shown(row));
            }
        }
        other => out.push_str(&shown(other)),
    }
}

/// A value as HTML: objects as tables of name and value, lists below each other.
fn shown(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let present = fields.iter().filter(|(_, value)| !is_empty(value));
            let rows: String =
                present.map(|(name, value)| format!("<tr><th>{}</th><td>{}</td></tr>", escaped(name), shown(value))).collect();
            format!("<table>{rows}</table>")
        }
        Value::Array(values) => values.iter().map(shown).collect(),
        other => text(other),
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => escaped(text),
        other => escaped(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_value_is_text_and_nothing_runs() {
        let bad = "<script>alert('x')</script>\"&";
        let export = json!({
            "by": bad, "exported_at": "2026-01-01",
            "profile": { "name": bad, "identifiers": [{ "kind": bad, "value": bad }], "traits": [{ "name": bad, "value": { bad: [bad] } }], "leads": [] },
            "events": [{ "properties": { bad: bad } }], "messages": [], "consent": [],
        });
        let page = page(&export);
        assert!(!page.contains("<script") && !page.contains("src=\"") && !page.contains("href"), "{page}");
        assert_eq!(page.matches("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;").count(), 9);
    }
}
