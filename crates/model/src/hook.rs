//! Bodies of other programs' webhooks, read by a mapping that a person made: this field is the phone, that one the model.
//!
//! A body is flattened to paths with texts; the lists of names and values that form builders love are read by their names. A mapping
//! says which path goes where; what it does not name is left out, so nothing comes in that nobody asked for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::time::{iso, parse_us};

const FIELDS_MAX: usize = 100;
const ITEMS_MAX: usize = 500;
/// Paths that one body may have.
const PATHS_MAX: usize = 2_000;
const DEPTH_MAX: usize = 12;
const NAME_CHARS_MAX: usize = 200;
/// How lists call a member's name, and its value.
const NAMES: [&str; 7] = ["name", "key", "label", "field", "column_id", "title", "ref"];
const VALUES: [&str; 6] = ["value", "values", "string_value", "answer", "text", "response"];

/// Which paths of a body go where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookMapping {
    /// The event that each body becomes; `lead_created` makes a lead.
    pub event: String,
    pub fields: Vec<HookField>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookField {
    /// A path: `contact.phone`; or a text that holds for all bodies: `=facebook`.
    pub from: String,
    /// One of [`TARGETS`], `property:<name>` or `trait:<name>`.
    pub to: String,
}

/// Where a field may go.
pub const TARGETS: [&str; 22] = [
    "email",
    "phone",
    "name",
    "first_name",
    "last_name",
    "user_id",
    "lead_id",
    "message_id",
    "timestamp",
    "model",
    "brand",
    "dealer",
    "region",
    "postcode",
    "language",
    "comments",
    "value",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "page_url",
    "city",
];

/// A path of a body with what it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct HookPath {
    pub path: String,
    /// A text, a number, or yes or no.
    pub value: Value,
    /// The target that the path's name suggests.
    pub suggested: Option<&'static str>,
}

/// What a mapping makes of one item of a body.
#[derive(Debug, Clone, PartialEq)]
pub struct HookEvent {
    /// A call in Segment's wire format.
    pub call: Value,
    pub message_id: String,
}

impl HookMapping {
    pub fn check(&self) -> Result<(), String> {
        if self.event.trim().is_empty() || NAME_CHARS_MAX < self.event.chars().count() {
            return Err("say which event a body becomes, such as `lead_created`".to_owned());
        }
        if self.fields.is_empty() || FIELDS_MAX < self.fields.len() {
            return Err(format!("map 1 to {FIELDS_MAX} fields"));
        }
        for HookField { from, to } in &self.fields {
            if from.is_empty() || NAME_CHARS_MAX < from.chars().count() {
                return Err("a field is named by its path in the body, of at most 200 characters".to_owned());
            }
            let own = to.strip_prefix("property:").or_else(|| to.strip_prefix("trait:"));
            let is_own = own.is_some_and(|name| !name.trim().is_empty() && name.chars().count() <= NAME_CHARS_MAX);
            if !TARGETS.contains(&to.as_str()) && !is_own {
                return Err(format!(
                    "`{to}` is nothing that a field can become: use one of {}, `property:<name>` or `trait:<name>`",
                    TARGETS.join(", ")
                ));
            }
        }
        let mut targets: Vec<&str> = self.fields.iter().map(|field| field.to.as_str()).collect();
        targets.sort_unstable();
        if let Some(pair) = targets.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("two fields become `{}`: map one of them", pair[0]));
        }
        if !self.fields.iter().any(|field| ["email", "phone", "user_id"].contains(&field.to.as_str())) {
            return Err("map an e-mail, a phone or a user id: without one nobody knows whose it is".to_owned());
        }
        Ok(())
    }

    /// Reads a body into its events, or says why it does not read.
    pub fn read(&self, body: &[u8]) -> Result<Vec<HookEvent>, String> {
        items(body)?.iter().map(|item| self.event(item)).collect()
    }

    fn event(&self, item: &Value) -> Result<HookEvent, String> {
        let paths: BTreeMap<String, Value> = paths(item)?.into_iter().map(|held| (held.path, held.value)).collect();
        let (mut properties, mut traits, mut campaign) = (Map::new(), Map::new(), Map::new());
        let mut call = Map::new();
        // The same body sent again is the same lead.
        let digest = blake3::hash(item.to_string().as_bytes()).to_hex();
        let digest = &digest[..20];
        let mut message_id = format!("hook:{digest}");
        let (mut first, mut last) = (None, None);
        for HookField { from, to } in &self.fields {
            let constant = from.strip_prefix('=').map(|text| json!(text.trim()));
            let Some(value) =
                constant.as_ref().or_else(|| paths.get(from)).filter(|value| !value.as_str().is_some_and(|text| text.trim().is_empty()))
            else {
                continue;
            };
            let text = text_of(value);
            match to.as_str() {
                "email" | "phone" => {
                    traits.insert(to.clone(), json!(text));
                    properties.insert(to.clone(), json!(text));
                }
                "name" | "city" => drop(traits.insert(to.clone(), json!(text))),
                "first_name" => first = Some(text),
                "last_name" => last = Some(text),
                "user_id" => drop(call.insert("userId".to_owned(), json!(text))),
                "message_id" => message_id = format!("hook:{text}"),
                "timestamp" => drop(call.insert("timestamp".to_owned(), json!(time(value)?))),
                "utm_source" => drop(campaign.insert("source".to_owned(), json!(text))),
                "utm_medium" => drop(campaign.insert("medium".to_owned(), json!(text))),
                "utm_campaign" => drop(campaign.insert("name".to_owned(), json!(text))),
                "page_url" => drop(call.insert("page".to_owned(), json!({ "url": text }))),
                "value" => drop(properties.insert("value".to_owned(), value.clone())),
                "lead_id" | "model" | "brand" | "dealer" | "region" | "postcode" | "language" | "comments" => {
                    properties.insert(to.clone(), json!(text));
                }
                own => {
                    if let Some(name) = own.strip_prefix("trait:") {
                        traits.insert(name.trim().to_owned(), value.clone());
                    } else if let Some(name) = own.strip_prefix("property:") {
                        properties.insert(name.trim().to_owned(), value.clone());
                    }
                }
            }
        }
        let whole = [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ");
        if !whole.is_empty() && !traits.contains_key("name") {
            traits.insert("name".to_owned(), json!(whole));
        }
        if self.event == "lead_created" && !properties.contains_key("lead_id") {
            properties.insert("lead_id".to_owned(), json!(format!("hook-{digest}")));
        }
        let mut context = Map::new();
        context.insert("traits".to_owned(), Value::Object(traits));
        if !campaign.is_empty() {
            context.insert("campaign".to_owned(), Value::Object(campaign));
        }
        if let Some(page) = call.remove("page") {
            context.insert("page".to_owned(), page);
        }
        call.insert("type".to_owned(), json!("track"));
        call.insert("event".to_owned(), json!(self.event));
        call.insert("messageId".to_owned(), json!(message_id));
        call.insert("properties".to_owned(), Value::Object(properties));
        call.insert("context".to_owned(), Value::Object(context));
        Ok(HookEvent { call: Value::Object(call), message_id })
    }
}

/// The items of a body: an object, a list of objects, or a form's fields.
pub fn items(body: &[u8]) -> Result<Vec<Value>, String> {
    const TOLD: &str = "the body is neither a JSON object, a list of them, nor a form's fields: see what the other program sends";
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8: send JSON in UTF-8".to_owned())?.trim();
    let items = match text.chars().next() {
        Some('{') => vec![serde_json::from_str::<Value>(text).map_err(|error| format!("the body is no JSON ({error})"))?],
        Some('[') => serde_json::from_str::<Vec<Value>>(text).map_err(|error| format!("the body is no JSON ({error})"))?,
        Some(_) if text.contains('=') && !text.contains(['\n', '<']) => vec![form(text)],
        _ => return Err(TOLD.to_owned()),
    };
    if items.is_empty() || !items.iter().all(Value::is_object) {
        return Err(TOLD.to_owned());
    }
    if ITEMS_MAX < items.len() {
        return Err(format!("the body has over {ITEMS_MAX} items: send several"));
    }
    Ok(items)
}

/// `name=Ana+Berg&phone=%2B49…`
fn form(text: &str) -> Value {
    let decoded = |part: &str| {
        let spaced = part.replace('+', " ");
        let (mut bytes, mut rest) = (Vec::new(), spaced.as_bytes());
        while let [byte, tail @ ..] = rest {
            let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok()).and_then(|two| u8::from_str_radix(two, 16).ok());
            match hex.filter(|_| *byte == b'%') {
                Some(read) => {
                    bytes.push(read);
                    rest = &tail[2..];
                }
                None => {
                    bytes.push(*byte);
                    rest = tail;
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let pairs = text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (decoded(name), json!(decoded(value))));
    Value::Object(pairs.collect())
}

/// The paths of an item, in their order.
pub fn paths(item: &Value) -> Result<Vec<HookPath>, String> {
    let mut found = Vec::new();
    walk(item, "", 0, &mut found)?;
    Ok(found)
}

fn walk(value: &Value, at: &str, depth: usize, found: &mut Vec<HookPath>) -> Result<(), String> {
    if DEPTH_MAX < depth || PATHS_MAX < found.len() {
        return Err("the body is too large or too deep for a lead".to_owned());
    }
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match value {
        Value::Object(members) => members.iter().try_for_each(|(name, value)| walk(value, &below(name), depth + 1, found)),
        Value::Array(list) => {
            for (at, member) in list.iter().enumerate() {
                // `[{"name": "phone", "values": ["+49…"]}]` is a phone, wherever it stands in the list.
                match named(member) {
                    Some((name, value)) => walk(value, &below(&name), depth + 1, found)?,
                    None => walk(member, &below(&at.to_string()), depth + 1, found)?,
                }
            }
            Ok(())
        }
        Value::Null => Ok(()),
        scalar => {
            let suggested = suggested(at);
            found.push(HookPath { path: at.to_owned(), value: scalar.clone(), suggested });
            Ok(())
        }
    }
}

/// A member of a list that has a name and a value.
fn named(member: &Value) -> Option<(String, &Value)> {
    let members = member.as_object()?;
    let name = NAMES.iter().find_map(|name| members.get(*name)?.as_str()).map(str::trim).filter(|name| !name.is_empty())?;
    let value = VALUES.iter().find_map(|value| members.get(*value))?;
    // One value in a list of its own is that value.
    let value = match value.as_array().map(Vec::as_slice) {
        Some([only]) if !only.is_object() => only,
        _ => value,
    };
    Some((name.to_owned(), value))
}

/// What a path's last name says that it is.
fn suggested(path: &str) -> Option<&'static str> {
    let last = path.rsplit('.').next().unwrap_or(path);
    let plain: String = last.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
    let known: [(&str, &[&str]); 17] = [
        ("email", &["email", "mail", "emailaddress", "useremail", "почта", "邮箱"]),
        ("phone", &["phone", "tel", "telephone", "mobile", "phonenumber", "userphone", "телефон", "电话", "手机"]),
        ("first_name", &["firstname", "givenname", "имя"]),
        ("last_name", &["lastname", "surname", "familyname", "фамилия"]),
        ("name", &["name", "fullname", "contactname", "фио", "姓名"]),
        ("lead_id", &["leadid", "leadgenid", "requestid", "tranid", "id"]),
        ("timestamp", &["createdat", "createdtime", "submittedat", "timestamp", "date"]),
        ("model", &["model", "carmodel", "vehiclemodel", "модель", "车型"]),
        ("brand", &["brand", "make"]),
        ("region", &["region", "state"]),
        ("city", &["city", "город"]),
        ("postcode", &["postcode", "postalcode", "zip", "zipcode"]),
        ("comments", &["comments", "comment", "message", "комментарий"]),
        ("utm_source", &["utmsource"]),
        ("utm_medium", &["utmmedium"]),
        ("utm_campaign", &["utmcampaign", "campaignname"]),
        ("page_url", &["pageurl", "url", "referer", "landingpage"]),
    ];
    // A question has the word in it: `which_model?`.
    let within = || ["email", "phone", "model"].into_iter().find(|word| plain.contains(word));
    known.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(target, _)| *target).or_else(within)
}

/// A mapping that the names of an item suggest; the first of each kind counts.
pub fn suggestion(item: &Value) -> Result<HookMapping, String> {
    let mut fields: Vec<HookField> = Vec::new();
    for HookPath { path, suggested, .. } in paths(item)? {
        let Some(target) = suggested.filter(|target| !fields.iter().any(|held| held.to == *target)) else { continue };
        fields.push(HookField { from: path, to: target.to_owned() });
    }
    Ok(HookMapping { event: "lead_created".to_owned(), fields })
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}

/// ISO 8601, or seconds or milliseconds since 1970.
fn time(value: &Value) -> Result<String, String> {
    let text = text_of(value);
    // Some write the offset without a colon.
    let with_colon = |text: &str| match text.len().checked_sub(5).and_then(|at| text.split_at_checked(at)) {
        Some((head, offset)) if offset.starts_with(['+', '-']) && offset[1..].bytes().all(|digit| digit.is_ascii_digit()) => {
            format!("{head}{}:{}", &offset[..3], &offset[3..])
        }
        _ => text.to_owned(),
    };
    let told = || format!("`{text}` is no time: map a field with a time in ISO 8601, or in seconds since 1970");
    parse_us(&with_colon(&text)).map(iso).ok_or_else(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(fields: &[(&str, &str)]) -> HookMapping {
        let fields = fields.iter().map(|(from, to)| HookField { from: (*from).to_owned(), to: (*to).to_owned() });
        HookMapping { event: "lead_created".to_owned(), fields: fields.collect() }
    }

    fn one(mapping: &HookMapping, body: &str) -> Value {
        let events = mapping.read(body.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].call["messageId"], json!(events[0].message_id));
        events[0].call.clone()
    }

    #[test]
    fn a_form_builder_s_list_of_answers_is_read_by_their_names() {
        let body = r#"{"id":"444","created_time":"2026-03-02T09:00:00+0000","field_data":[
            {"name":"phone_number","values":["+49 30 123456"]},{"name":"full_name","values":["Ana Berg"]},
            {"name":"which_model?","values":["Aster"]}],"campaign":{"campaign_name":"spring"}}"#;
        let item: Value = serde_json::from_str(body).unwrap_or_default();
        let suggested = suggestion(&item).unwrap_or_else(|error| panic!("{error}"));
        let pairs: Vec<(&str, &str)> = suggested.fields.iter().map(|field| (field.from.as_str(), field.to.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("campaign.campaign_name", "utm_campaign"),
                ("created_time", "timestamp"),
                ("field_data.phone_number", "phone"),
                ("field_data.full_name", "name"),
                ("field_data.which_model?", "model"),
                ("id", "lead_id"),
            ]
        );
        let mut mapping = suggested;
        mapping.fields.push(HookField { from: "=social".into(), to: "utm_source".into() });
        assert_eq!(mapping.check(), Ok(()));
        let call = one(&mapping, body);
        assert_eq!(call["context"]["traits"], json!({ "phone": "+49 30 123456", "name": "Ana Berg" }));
        assert_eq!((&call["properties"]["lead_id"], &call["properties"]["model"]), (&json!("444"), &json!("Aster")));
        assert_eq!((&call["timestamp"], &call["context"]["campaign"]["name"]), (&json!("2026-03-02T09:00:00.000Z"), &json!("spring")));
        assert_eq!(call["context"]["campaign"]["source"], json!("social"), "of all bodies");
    }

    #[test]
    fn forms_and_lists_read_too_and_the_same_body_is_the_same_lead() {
        let mapping = mapping(&[("Phone", "phone"), ("Name", "first_name"), ("tranid", "property:form"), ("price", "value")]);
        let body = "Name=%D0%90%D0%BD%D0%B0&Phone=%2B49+30+1&tranid=7%2&empty=";
        let call = one(&mapping, body);
        assert_eq!(call["context"]["traits"], json!({ "phone": "+49 30 1", "name": "Ана" }));
        assert_eq!(call["properties"]["form"], json!("7%2"));
        assert_eq!(call, one(&mapping, body));
        let both = mapping.read(br#"[{"Phone":"1","price":9.5},{"Phone":"2"}]"#).unwrap_or_default();
        assert_eq!(both.len(), 2);
        assert!(both[0].message_id != both[1].message_id && both[0].call["properties"]["value"] == json!(9.5));
    }

    #[test]
    fn times_are_taken_as_they_are_written() {
        for (given, read) in [
            ("1772442000", "2026-03-02T09:00:00.000Z"),
            ("1772442000000", "2026-03-02T09:00:00.000Z"),
            ("\"2026-03-02T10:00:00+0100\"", "2026-03-02T09:00:00.000Z"),
        ] {
            let call = one(&mapping(&[("p", "phone"), ("at", "timestamp")]), &format!(r#"{{"p":"1","at":{given}}}"#));
            assert_eq!(call["timestamp"], json!(read), "{given}");
        }
        assert!(mapping(&[("p", "phone"), ("at", "timestamp")]).read(br#"{"p":"1","at":"yesterday"}"#).is_err());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (fields, says) in [
            (vec![], "map 1 to"),
            (vec![("a", "model")], "whose it is"),
            (vec![("a", "phone"), ("b", "phone")], "two fields become `phone`"),
            (vec![("a", "phone"), ("b", "password")], "`password` is nothing"),
            (vec![("", "phone")], "path"),
        ] {
            let told = mapping(&fields).check();
            assert!(told.as_ref().is_err_and(|told| told.contains(says)), "{told:?}");
        }
        for body in ["", "null", "[]", "[1]", "<xml a=\"b\">", "{\"a\":", "\u{0}"] {
            assert!(mapping(&[("a", "phone")]).read(body.as_bytes()).is_err(), "{body}");
        }
        let deep = "{\"a\":".repeat(20) + "1" + &"}".repeat(20);
        assert!(mapping(&[("a", "phone")]).read(deep.as_bytes()).is_err());
    }
}
