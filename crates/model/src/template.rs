//! Texts with places to fill in: `{name}, we will call you.`

/// Fills each `{place}`; what `value` does not know is left as it stands, so that braces of other meaning survive.
pub fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        let close = from.find('}');
        match close.and_then(|close| value(&from[1..close]).map(|text| (text, close))) {
            Some((text, close)) => {
                out.push_str(&text);
                rest = &from[close + 1..];
            }
            None => {
                out.push('{');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The places that a template names, in order, with repeats.
pub fn places(template: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        rest = &rest[open + 1..];
        let Some(close) = rest.find(['{', '}']) else { break };
        let is_name = !rest[..close].is_empty() && rest[..close].bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if rest[close..].starts_with('}') && is_name {
            found.push(&rest[..close]);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_places_are_filled_once_and_the_rest_stays() {
        let value = |place: &str| match place {
            "name" => Some("{phone}".to_owned()),
            "phone" => Some("+7912".to_owned()),
            _ => None,
        };
        assert_eq!(fill("Hi {name}: {phone}{", value), "Hi {phone}: +7912{");
        assert_eq!(fill(r#"{"to":"{phone}","x":{}}"#, value), r#"{"to":"+7912","x":{}}"#);
        assert_eq!(fill("{other}", value), "{other}");
        assert_eq!(places(r#"{"to":"{phone}","t":"{text}"} {Name}"#), ["phone", "text"]);
    }
}
