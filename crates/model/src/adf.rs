//! Leads as ADF/XML 1.0, written strictly: every required element, in the order of the format, and nothing that is not XML.
//!
//! Readers of ADF differ in what they forgive, so nothing is left to be forgiven. Reading is `collect`'s, and forgives much.

use crate::{lead::Vehicle, markup};

/// A lead for a dealer's own system.
#[derive(Debug, Clone, Default)]
pub struct Prospect<'a> {
    pub lead_id: &'a str,
    /// ISO 8601 with its zone.
    pub requested_at: String,
    pub vehicles: &'a [Vehicle],
    /// Of the lead, where no vehicle is named.
    pub model: Option<&'a str>,
    pub brand: Option<&'a str>,
    pub name: Option<&'a str>,
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub postcode: Option<&'a str>,
    pub comments: Option<&'a str>,
    pub dealer_id: &'a str,
    pub dealer_name: &'a str,
    pub dealer_email: &'a str,
}

/// Who sends it, as the format asks.
const PROVIDER: &str = "Forecourt";

/// Text between tags or quotes; what no XML may hold is left out.
fn escaped(text: &str) -> String {
    let may_be = |c: &char| matches!(c, '\t' | '\n') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'));
    markup::escaped(&text.chars().filter(may_be).collect::<String>())
}

fn element(out: &mut String, name: &str, text: &str) {
    out.push_str(&format!("<{name}>{}</{name}>", escaped(text.trim())));
}

fn maybe(out: &mut String, name: &str, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
        element(out, name, text);
    }
}

fn contact(out: &mut String, (name, kind): (&str, &str), email: Option<&str>, phone: Option<&str>, postcode: Option<&str>) {
    out.push_str(&format!("<contact><name part=\"full\" type=\"{kind}\">{}</name>", escaped(name.trim())));
    // One of both there has to be.
    if email.is_some() || phone.is_none() {
        element(out, "email", email.unwrap_or_default());
    }
    if let Some(phone) = phone {
        out.push_str(&format!("<phone type=\"voice\" time=\"nopreference\">{}</phone>", escaped(phone)));
    }
    if let Some(postcode) = postcode {
        out.push_str(&format!(
            "<address type=\"home\"><street line=\"1\"></street><postalcode>{}</postalcode></address>",
            escaped(postcode)
        ));
    }
    out.push_str("</contact>");
}

fn vehicle(out: &mut String, vehicle: &Vehicle, brand: Option<&str>) {
    let interest = match vehicle.interest.replace('_', "-").as_str() {
        known @ ("lease" | "sell" | "trade-in" | "test-drive") => known.to_owned(),
        _ => "buy".to_owned(),
    };
    let status = if matches!(interest.as_str(), "trade-in" | "sell") { "used" } else { "new" };
    out.push_str(&format!("<vehicle interest=\"{interest}\" status=\"{status}\">"));
    element(out, "year", &vehicle.year.map(|year| year.to_string()).unwrap_or_default());
    // Whose a car to be traded in is, the lead's brand does not say.
    let brand = vehicle.brand.as_deref().or(brand.filter(|_| status == "new"));
    element(out, "make", brand.unwrap_or_default());
    element(out, "model", &vehicle.model);
    maybe(out, "vin", vehicle.vin.as_deref());
    maybe(out, "comments", vehicle.comments.as_deref());
    out.push_str("</vehicle>");
}

/// Writes a document of one prospect.
pub fn write(prospect: &Prospect<'_>) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<?adf version=\"1.0\"?>\n<adf><prospect status=\"new\">");
    out.push_str(&format!("<id sequence=\"1\" source=\"{PROVIDER}\">{}</id>", escaped(prospect.lead_id)));
    element(&mut out, "requestdate", &prospect.requested_at);
    for held in prospect.vehicles {
        vehicle(&mut out, held, prospect.brand);
    }
    if prospect.vehicles.is_empty() {
        let wanted = Vehicle { model: prospect.model.unwrap_or_default().to_owned(), ..Vehicle::default() };
        vehicle(&mut out, &wanted, prospect.brand);
    }
    let said = |text: Option<&'_ str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let (email, phone, postcode) = (said(prospect.email), said(prospect.phone), said(prospect.postcode));
    out.push_str("<customer>");
    let name = prospect.name.map(str::trim).filter(|name| !name.is_empty()).unwrap_or("-");
    contact(&mut out, (name, "individual"), email.as_deref(), phone.as_deref(), postcode.as_deref());
    maybe(&mut out, "comments", prospect.comments);
    out.push_str("</customer><vendor>");
    out.push_str(&format!("<id source=\"{PROVIDER}\">{}</id>", escaped(prospect.dealer_id)));
    element(&mut out, "vendorname", prospect.dealer_name);
    contact(&mut out, (prospect.dealer_name, "business"), said(Some(prospect.dealer_email)).as_deref(), None, None);
    out.push_str("</vendor><provider>");
    element(&mut out, "name", PROVIDER);
    out.push_str("</provider></prospect></adf>\n");
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Elements that may stand in one, in their order; `+` at least one, `*` any number, `?` at most one.
    const CONTENT: &[(&str, &[&str])] = &[
        ("adf", &["prospect+"]),
        ("prospect", &["id*", "requestdate", "vehicle+", "customer", "vendor", "provider?"]),
        ("vehicle", &["id*", "year", "make", "model", "vin?", "stock?", "trim?", "odometer?", "price?", "finance?", "comments?"]),
        ("customer", &["contact", "id*", "timeframe?", "comments?"]),
        ("vendor", &["id*", "vendorname", "url?", "contact"]),
        ("provider", &["id*", "name", "service?", "url?", "email?", "phone?", "contact?"]),
        ("contact", &["name+", "email?", "phone*", "address?"]),
        ("address", &["street+", "apartment?", "city?", "regioncode?", "postalcode?", "country?"]),
    ];
    const ATTRIBUTES: &[(&str, &str, &[&str])] = &[
        ("prospect", "status", &["new", "resend"]),
        ("vehicle", "interest", &["buy", "lease", "sell", "trade-in", "test-drive"]),
        ("vehicle", "status", &["new", "used"]),
        ("name", "part", &["surname", "first", "middle", "last", "full"]),
        ("name", "type", &["business", "individual"]),
        ("phone", "type", &["voice", "fax", "cellphone", "pager"]),
        ("phone", "time", &["morning", "afternoon", "evening", "nopreference", "day"]),
        ("address", "type", &["work", "home", "delivery"]),
    ];

    #[derive(Debug, Default)]
    struct Node {
        name: String,
        attributes: Vec<(String, String)>,
        children: Vec<Node>,
        text: String,
    }

    /// Reads what is well-formed XML without anything optional; the rest is an error.
    fn parse(text: &str) -> Result<Node, String> {
        let body = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<?adf version=\"1.0\"?>\n").ok_or("no prolog")?;
        let mut open: Vec<Node> = vec![Node::default()];
        let mut rest = body.trim_end();
        while !rest.is_empty() {
            let Some(tag) = rest.strip_prefix('<') else {
                let until = rest.find('<').ok_or("text behind the end")?;
                let text = &rest[..until];
                if text.contains('>') || text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
                    return Err(format!("text {text:?}"));
                }
                for part in text.split('&').skip(1) {
                    if !["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|known| part.starts_with(known)) {
                        return Err(format!("an entity in {text:?}"));
                    }
                }
                open.last_mut().ok_or("text outside")?.text.push_str(text);
                rest = &rest[until..];
                continue;
            };
            let until = tag.find('>').ok_or("a tag without an end")?;
            let (inside, after) = (&tag[..until], &tag[until + 1..]);
            rest = after;
            if let Some(name) = inside.strip_prefix('/') {
                let node = open.pop().ok_or("too many ends")?;
                if node.name != name {
                    return Err(format!("{name} ends {}", node.name));
                }
                open.last_mut().ok_or("an end outside")?.children.push(node);
                continue;
            }
            let (name, mut attributes) = inside.split_once(' ').unwrap_or((inside, ""));
            let mut node = Node { name: name.to_owned(), ..Node::default() };
            while !attributes.is_empty() {
                let (key, value) = attributes.split_once("=\"").ok_or("an attribute")?;
                let (value, more) = value.split_once('"').ok_or("an attribute's end")?;
                node.attributes.push((key.trim().to_owned(), value.to_owned()));
                attributes = more.trim_start();
            }
            open.push(node);
        }
        let mut top = open.pop().filter(|_| open.is_empty()).ok_or("not all is closed")?;
        if top.children.len() != 1 { Err("one document".to_owned()) } else { Ok(top.children.remove(0)) }
    }

    fn check(node: &Node) -> Result<(), String> {
        for (key, value) in &node.attributes {
            let known = ATTRIBUTES.iter().find(|(of, name, _)| *of == node.name && name == key);
            match known {
                Some((_, _, values)) if !values.contains(&value.as_str()) => return Err(format!("{} {key}={value}", node.name)),
                None if !(["id"].contains(&node.name.as_str()) || (node.name == "street" && key == "line")) => {
                    return Err(format!("{} has {key}", node.name));
                }
                _ => {}
            }
        }
        let Some((_, model)) = CONTENT.iter().find(|(name, _)| *name == node.name) else {
            return if node.children.is_empty() { Ok(()) } else { Err(format!("{} has children", node.name)) };
        };
        if !node.text.trim().is_empty() {
            return Err(format!("text in {}", node.name));
        }
        let mut left = node.children.iter().peekable();
        for part in *model {
            let name = part.trim_end_matches(['+', '*', '?']);
            let mut count = 0;
            while left.next_if(|child| child.name == name).is_some() {
                count += 1;
            }
            let holds = match part.chars().last() {
                Some('+') => 1 <= count,
                Some('*') => true,
                Some('?') => count <= 1,
                _ => count == 1,
            };
            if !holds {
                return Err(format!("{count} times {name} in {}", node.name));
            }
        }
        if let Some(more) = left.next() {
            return Err(format!("{} is not in its place in {}", more.name, node.name));
        }
        if node.name == "contact" && !node.children.iter().any(|child| child.name == "email" || child.name == "phone") {
            return Err("a contact without e-mail and phone".to_owned());
        }
        node.children.iter().try_for_each(check)
    }

    fn strict(text: &str) -> Node {
        let node = parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        check(&node).unwrap_or_else(|error| panic!("{error}: {text}"));
        node
    }

    fn prospect<'a>() -> Prospect<'a> {
        Prospect {
            lead_id: "L1",
            requested_at: "2026-03-02T09:00:00Z".into(),
            dealer_id: "north",
            dealer_name: "North Motors",
            ..Prospect::default()
        }
    }

    #[test]
    fn a_document_holds_what_the_format_asks_for_in_its_order() {
        let vehicles = [
            Vehicle { model: "Aster".into(), interest: "test_drive".into(), year: Some(2026), ..Vehicle::default() },
            Vehicle {
                model: "Old".into(),
                brand: Some("Other".into()),
                interest: "trade_in".into(),
                vin: Some("V1".into()),
                ..Vehicle::default()
            },
        ];
        let text = write(&Prospect {
            vehicles: &vehicles,
            brand: Some("Aurelia"),
            name: Some("Ana <Berg> & \"sons\""),
            email: Some("ana@example.com"),
            phone: Some("+4930123456"),
            postcode: Some("10115"),
            comments: Some("after six\u{0}\u{7} o'clock"),
            ..prospect()
        });
        let top = strict(&text);
        let vehicle = &top.children[0].children[2];
        assert_eq!((vehicle.attributes[0].1.as_str(), vehicle.children[1].text.as_str()), ("test-drive", "Aurelia"));
        assert!(text.contains("Ana &lt;Berg&gt; &amp; &quot;sons&quot;") && text.contains("after six o&#39;clock"), "{text}");
        strict(&write(&prospect()));
        for wrong in [
            text.replace("<year>2026</year>", ""),
            text.replace("<vendorname>North Motors</vendorname>", ""),
            text.replace("test-drive", "look"),
            text.replace("&lt;", "<"),
            text.replace("<requestdate>", "<comments></comments><requestdate>"),
        ] {
            assert!(parse(&wrong).and_then(|node| check(&node)).is_err(), "the check has to fail for {wrong}");
        }
    }

    proptest! {
        #[test]
        fn whatever_people_wrote_it_is_strict(texts in prop::collection::vec(".{0,30}", 9), with in any::<[bool; 5]>(), year in prop::option::of(1900i64..2100)) {
            let of = |at: usize| with[at].then(|| texts[at].as_str());
            let vehicles = [Vehicle { model: texts[5].clone(), interest: texts[6].clone(), comments: Some(texts[7].clone()), year, ..Vehicle::default() }];
            let text = write(&Prospect {
                vehicles: if with[4] { &vehicles } else { &[] },
                name: of(0), email: of(1), phone: of(2), postcode: of(3), comments: Some(&texts[8]),
                lead_id: &texts[4], ..prospect()
            });
            let top = strict(&text);
            prop_assert_eq!(top.name, "adf");
        }
    }
}
