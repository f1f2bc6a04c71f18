//! Leads as ADF/XML, the way sites and portals have told dealers of them since 2000: read liberally.
//!
//! Order, case, unknown elements and attributes, absent vendors and impossible dates are all taken; what nobody could answer (no phone, no
//! e-mail, no id) is refused like any event without an identifier.

use bytes::Bytes;
use quick_xml::{Reader, events::Event as Xml};
use serde_json::{Map, Value, json};

use crate::Item;

const DEPTH_MAX: usize = 32;
const NODES_MAX: usize = 20_000;
const PROSPECTS_MAX: usize = 500;
const TEXT_CHARS_MAX: usize = 4_000;

/// An element with what is in it.
#[derive(Debug, Default)]
struct Node {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Node>,
}

impl Node {
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The first of this name at any depth.
    fn within(&self, name: &str) -> Option<&Self> {
        self.children.iter().find_map(|child| if child.name == name { Some(child) } else { child.within(name) })
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(held, _)| held == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    fn said(&self) -> Option<String> {
        let text = self.text.trim();
        (!text.is_empty()).then(|| text.chars().take(TEXT_CHARS_MAX).collect())
    }

    fn text_of(&self, name: &str) -> Option<String> {
        self.all(name).find_map(Self::said)
    }
}

/// Reads a document into one item a prospect, or says why it does not read.
pub(crate) fn read(document: &[u8]) -> Result<Vec<Item>, String> {
    let root = tree(document)?;
    let mut prospects = Vec::new();
    gather(&root, &mut prospects);
    if prospects.is_empty() {
        return Err("the document has no `prospect`: send ADF/XML, `<adf><prospect>…</prospect></adf>`".to_owned());
    }
    if PROSPECTS_MAX < prospects.len() {
        return Err(format!("the document has over {PROSPECTS_MAX} prospects: send several"));
    }
    // The same document sent again is the same leads.
    let digest = blake3::hash(document).to_hex();
    Ok(prospects.into_iter().enumerate().map(|(at, prospect)| item(prospect, &format!("{}-{at}", &digest[..20]))).collect())
}

fn gather<'a>(node: &'a Node, out: &mut Vec<&'a Node>) {
    for child in &node.children {
        if child.name == "prospect" {
            out.push(child);
        } else {
            gather(child, out);
        }
    }
}

fn tree(document: &[u8]) -> Result<Node, String> {
    let text = String::from_utf8_lossy(document);
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
    reader.config_mut().check_end_names = false;
    let wrong = |error: &dyn std::fmt::Display| format!("the body is no XML ({error}): send ADF/XML");
    let name_of = |name: &str| name.to_lowercase().rsplit(':').next().unwrap_or_default().to_owned();
    let mut open = vec![Node::default()];
    let mut nodes = 0;
    loop {
        let event = reader.read_event().map_err(|error| wrong(&error))?;
        match event {
            Xml::Start(ref start) | Xml::Empty(ref start) => {
                nodes += 1;
                if NODES_MAX < nodes || DEPTH_MAX < open.len() {
                    return Err("the document is too large or too deep for a lead".to_owned());
                }
                let mut read = start.html_attributes();
                let attributes = read.with_checks(false).flatten().map(|held| {
                    let value = held.value.into_owned();
                    let value = quick_xml::escape::unescape(&value).map(|value| value.into_owned()).unwrap_or(value);
                    (name_of(held.key.as_ref()), value)
                });
                let node = Node { name: name_of(start.name().as_ref()), attributes: attributes.collect(), ..Node::default() };
                if matches!(event, Xml::Empty(_)) {
                    if let Some(parent) = open.last_mut() {
                        parent.children.push(node);
                    }
                } else {
                    open.push(node);
                }
            }
            Xml::End(_) => close(&mut open),
            Xml::Text(text) => {
                let text = text.to_string();
                add_text(&mut open, &quick_xml::escape::unescape(&text).map(|text| text.into_owned()).unwrap_or(text));
            }
            Xml::CData(text) => add_text(&mut open, &text),
            Xml::GeneralRef(reference) => {
                let whole = format!("&{};", &*reference);
                add_text(&mut open, &quick_xml::escape::unescape(&whole).map(|text| text.into_owned()).unwrap_or(whole.clone()));
            }
            Xml::Eof => break,
            Xml::Comment(_) | Xml::Decl(_) | Xml::PI(_) | Xml::DocType(_) => {}
        }
    }
    // What was never closed is taken as far as it came.
    while 1 < open.len() {
        close(&mut open);
    }
    open.pop().ok_or_else(|| wrong(&"it is empty"))
}

fn close(open: &mut Vec<Node>) {
    if 1 < open.len()
        && let Some(node) = open.pop()
        && let Some(parent) = open.last_mut()
    {
        parent.children.push(node);
    }
}

fn add_text(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut().filter(|node| node.text.len() < 4 * TEXT_CHARS_MAX) {
        node.text.push_str(text);
    }
}

/// The event of one prospect.
fn item(prospect: &Node, digest: &str) -> Item {
    let empty = Node::default();
    let customer = prospect.child("customer").unwrap_or(&empty);
    // Some senders leave the contact out.
    let contact = customer.within("contact").unwrap_or(customer);
    let mut traits = Map::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            traits.insert(name.to_owned(), json!(value));
        }
    };
    put("name", name(contact));
    put("email", contact.text_of("email").filter(|email| email.contains('@')));
    put("phone", phone(contact));
    let address = contact.child("address").unwrap_or(&empty);
    put("city", address.text_of("city"));
    let mut properties = Map::new();
    let own_id = prospect.all("id").find_map(|id| id.said().or_else(|| id.attribute("sequence").map(str::to_owned)).map(|text| (id, text)));
    let lead_id = own_id
        .as_ref()
        .map_or_else(|| format!("adf-{digest}"), |(id, text)| format!("adf-{}-{text}", id.attribute("source").unwrap_or("id")));
    properties.insert("lead_id".to_owned(), json!(lead_id));
    let vehicles: Vec<Value> = prospect.all("vehicle").take(20).map(vehicle).collect();
    if let Some(wanted) = vehicles.iter().find(|vehicle| vehicle["interest"] != "trade_in" && vehicle["interest"] != "sell") {
        for (of, name) in [("model", "model"), ("brand", "brand")] {
            if let Some(text) = wanted.get(of).filter(|text| text.is_string()) {
                properties.insert(name.to_owned(), text.clone());
            }
        }
    }
    if !vehicles.is_empty() {
        properties.insert("vehicles".to_owned(), Value::Array(vehicles));
    }
    let vendor = prospect.child("vendor").unwrap_or(&empty);
    let vendor_name = vendor.text_of("vendorname").or_else(|| vendor.within("contact").and_then(name));
    let vendor_id = vendor.all("id").find_map(Node::said);
    let preferred: Vec<String> = [vendor_id, vendor_name].into_iter().flatten().collect();
    if !preferred.is_empty() {
        properties.insert("preferred_dealers".to_owned(), json!(preferred));
    }
    let provider = prospect.child("provider").unwrap_or(&empty);
    let comments: Vec<String> =
        [customer.text_of("comments"), customer.within("timeframe").and_then(|time| time.text_of("description").or_else(|| time.said()))]
            .into_iter()
            .flatten()
            .collect();
    let more = [
        ("comments", Some(comments.join("\n")).filter(|text| !text.is_empty())),
        ("postcode", address.text_of("postalcode")),
        ("region_code", address.text_of("regioncode")),
        ("country", address.text_of("country")),
        ("provider", provider.text_of("name").or_else(|| own_id.as_ref().and_then(|(id, _)| id.attribute("source").map(str::to_owned)))),
        ("requested_at", prospect.text_of("requestdate")),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            properties.insert(name.to_owned(), json!(value));
        }
    }
    for of in ["email", "phone"] {
        if let Some(value) = traits.get(of) {
            properties.insert(of.to_owned(), value.clone());
        }
    }
    let message_id = format!("adf:{digest}");
    let event = json!({
        "type": "track", "event": "lead_created", "messageId": message_id, "properties": properties, "context": { "traits": traits },
    });
    Item { json: Bytes::from(event.to_string()), message_id: Some(message_id) }
}

fn name(contact: &Node) -> Option<String> {
    let part = |wanted: &str| {
        contact.all("name").find(|name| name.attribute("part").unwrap_or("full").eq_ignore_ascii_case(wanted)).and_then(Node::said)
    };
    let parts: Vec<String> = ["first", "middle", "last", "surname"].into_iter().filter_map(part).collect();
    if parts.is_empty() { part("full").or_else(|| contact.text_of("name")) } else { Some(parts.join(" ")) }
}

/// The one that the person would rather be called on; never a fax.
fn phone(contact: &Node) -> Option<String> {
    let is_fax = |phone: &&Node| phone.attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("fax"));
    let phones: Vec<&Node> = contact.all("phone").filter(|phone| phone.said().is_some() && !is_fax(phone)).collect();
    let kind = |phone: &&&Node, wanted: &[&str]| phone.attribute("type").is_some_and(|kind| wanted.contains(&kind.to_lowercase().as_str()));
    let preferred = phones.iter().find(|phone| phone.attribute("preferredcontact") == Some("1"));
    let mobile = || phones.iter().find(|phone| kind(phone, &["cellphone", "cell", "mobile"]));
    preferred.or_else(mobile).or(phones.first()).and_then(|phone| phone.said())
}

fn vehicle(node: &Node) -> Value {
    let mut vehicle = Map::new();
    let interest = node.attribute("interest").unwrap_or("buy").to_lowercase().replace('-', "_");
    vehicle.insert("interest".to_owned(), json!(interest));
    vehicle.insert("status".to_owned(), json!(node.attribute("status").unwrap_or("new").to_lowercase()));
    for (of, name) in
        [("model", "model"), ("make", "brand"), ("vin", "vin"), ("trim", "trim"), ("stock", "stock"), ("comments", "comments")]
    {
        if let Some(text) = node.text_of(of) {
            vehicle.insert(name.to_owned(), json!(text));
        }
    }
    if let Some(year) = node.text_of("year").and_then(|year| year.parse::<i64>().ok()) {
        vehicle.insert("year".to_owned(), json!(year));
    }
    Value::Object(vehicle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(document: &str) -> Value {
        let items = read(document.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(items.len(), 1);
        serde_json::from_slice(&items[0].json).unwrap_or_default()
    }

    /// The form of the encyclopaedia's example: no vendor's name, phone before e-mail, an impossible time zone.
    #[test]
    fn the_encyclopaedia_s_form_is_taken() {
        let event = one(r#"<?xml version="1.0" encoding="UTF-8"?><?adf version="1.0"?><adf><prospect>
            <requestdate>2000-03-30T15:30:20-08:0</requestdate>
            <vehicle><year>2008</year><make>Make</make><model>Model</model></vehicle>
            <customer><contact><name part="first">First</name><name part="last">Last</name><phone>323-223-3322</phone><email>a@example.com</email></contact></customer>
            <vendor><contact><name part="full">Dealer Name</name></contact></vendor></prospect></adf>"#);
        assert_eq!(event["context"]["traits"], json!({ "name": "First Last", "email": "a@example.com", "phone": "323-223-3322" }));
        assert_eq!((&event["properties"]["model"], &event["properties"]["brand"]), (&json!("Model"), &json!("Make")));
        assert_eq!(event["properties"]["preferred_dealers"], json!(["Dealer Name"]));
    }

    /// Two vehicles, names of elements in any case, a provider.
    #[test]
    fn a_library_s_form_is_taken() {
        let event = one(
            r#"<?ADF version="1.0"?><?xml version="1.0"?><adf><prospect status="new"><requestdate>2026-03-02T09:00:00+01:00</requestdate>
            <vehicle interest="trade-in" status="used"><year>1995</year><make>DODGE</make><model>Viper</model><vin>1B3BR65EXSV201546</vin></vehicle>
            <vehicle interest="buy" status="new"><VIN>JN1AR5EF9LM100439</VIN><Make>NISSAN</Make><Model>GT-R</Model><Year>2020</Year></vehicle>
            <customer><contact><name part="first">John</name><name part="last">Doe</name><email>jdoe@example.com</email><phone type="voice" time="morning">393-999-3922</phone></contact></customer>
            <vendor><vendorname>Hudson Valley Automotive</vendorname><contact><name part="full">Jane Smith</name><email>jsmith@example.com</email></contact></vendor>
            <provider><contact><name part="full">Portal</name></contact></provider></prospect></adf>"#,
        );
        assert_eq!(event["properties"]["model"], "GT-R");
        assert_eq!(event["properties"]["vehicles"][0]["interest"], "trade_in");
        assert_eq!(event["properties"]["vehicles"][1]["year"], 2020);
        assert_eq!(event["properties"]["preferred_dealers"][0], "Hudson Valley Automotive");
    }

    /// Mail of a lead service: an id in attributes, the chassis number first, kinds of phones that the format does not know.
    #[test]
    fn a_lead_service_s_form_is_taken() {
        let event = one(r#"<?xml version="1.0" encoding="UTF-8"?><?ADF VERSION="1.0"?><adf><prospect>
            <id sequence="lead-77" source="spring"></id><requestdate>2008-06-25T8:47:50</requestdate>
            <vehicle interest="buy" status="used"><vin>2G4WF52L6S1472882</vin><year>1995</year><make>BUICK</make><model>Regal</model><stock>12886</stock></vehicle>
            <customer><contact><name part="first" type="individual">Johnny</name><name part="last" type="individual">Customer</name><email>johnny@example.com</email>
            <phone type="home">857-485-7485</phone><phone type="work">867-586-7584</phone><phone type="mobile">979-685-9685</phone></contact>
            <comments>What is your best price? 5 &lt; 6 &amp; more</comments></customer>
            <vendor><contact><name part="full">Web-site</name><phone type="business">857-485-7485</phone></contact></vendor></prospect></adf>"#);
        assert_eq!(event["properties"]["lead_id"], "adf-spring-lead-77");
        assert_eq!(event["context"]["traits"]["phone"], "979-685-9685");
        assert_eq!(event["properties"]["comments"], "What is your best price? 5 < 6 & more");
        assert_eq!((&event["properties"]["vehicles"][0]["stock"], &event["properties"]["provider"]), (&json!("12886"), &json!("spring")));
    }

    /// What goes out to a dealer's system comes in as the same lead.
    #[test]
    fn our_own_form_is_taken() {
        use forecourt_model::{adf, lead::Vehicle};

        let vehicles = [
            Vehicle { model: "Aster".into(), interest: "test_drive".into(), year: Some(2026), ..Vehicle::default() },
            Vehicle { model: "Old".into(), brand: Some("Other".into()), interest: "trade_in".into(), ..Vehicle::default() },
        ];
        let event = one(&adf::write(&adf::Prospect {
            lead_id: "L1",
            requested_at: "2026-03-02T09:00:00.000Z".into(),
            vehicles: &vehicles,
            brand: Some("Aurelia"),
            name: Some("Ana <Berg>"),
            email: Some("ana@example.com"),
            phone: Some("+4930123456"),
            postcode: Some("10115"),
            comments: Some("after six & not before"),
            dealer_id: "north",
            dealer_name: "North Motors",
            ..adf::Prospect::default()
        }));
        let properties = &event["properties"];
        assert_eq!(event["context"]["traits"]["name"], "Ana <Berg>");
        assert_eq!(
            (&properties["email"], &properties["phone"], &properties["postcode"]),
            (&json!("ana@example.com"), &json!("+4930123456"), &json!("10115"))
        );
        assert_eq!(
            (&properties["lead_id"], &properties["model"], &properties["brand"]),
            (&json!("adf-Forecourt-L1"), &json!("Aster"), &json!("Aurelia"))
        );
        assert_eq!((&properties["vehicles"][0]["interest"], &properties["vehicles"][0]["year"]), (&json!("test_drive"), &json!(2026)));
        assert_eq!((&properties["vehicles"][1]["interest"], &properties["vehicles"][1]["brand"]), (&json!("trade_in"), &json!("Other")));
        assert_eq!((&properties["preferred_dealers"][0], &properties["comments"]), (&json!("north"), &json!("after six & not before")));
    }

    #[test]
    fn what_is_broken_is_taken_as_far_as_it_reads() {
        // Attributes without quotes, an element that is never closed, text as it came.
        let event = one(
            "<adf><prospect><id sequence=1 source=x>7</id><customer><contact><name>Solo</name><email>s@example.com</email><comments><![CDATA[a <b> c]]></comments>",
        );
        assert_eq!((&event["properties"]["lead_id"], &event["context"]["traits"]["name"]), (&json!("adf-x-7"), &json!("Solo")));
        let twice = |document: &str| read(document.as_bytes()).map(|items| items[0].message_id.clone());
        assert_eq!(twice("<adf><prospect/></adf>"), twice("<adf><prospect/></adf>"));
        for wrong in ["", "hello", "{}", "<html></html>", "<adf></adf>"] {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(read("<a>".repeat(100).as_bytes()).is_err());
    }
}
