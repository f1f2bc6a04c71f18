//! What a visit says of how it came, before any rule has its say.

use serde::{Deserialize, Serialize};

/// What the wire says of a visit.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// Named outright by the sender (imports, offline touches).
    pub channel: Option<String>,
    pub utm_source: Option<String>,
    pub utm_medium: Option<String>,
    pub campaign: Option<String>,
    pub url: Option<String>,
    pub referrer: Option<String>,
    pub is_page: bool,
    /// The sender knows that the visit only goes on: the page before was another of its own domains.
    pub goes_on: bool,
}

/// What channel rules look at. Hosts are in lower case, without `www.` and port.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// Named outright by the sender: no rule is asked.
    pub channel: Option<String>,
    pub utm_source: Option<String>,
    pub utm_medium: Option<String>,
    pub campaign: Option<String>,
    /// Names of the click ids in the landing address, in the order of [`CLICK_IDS`], with commas between.
    pub click_ids: Option<String>,
    /// The page before, where it was on another host.
    pub referrer_host: Option<String>,
    pub landing_host: Option<String>,
}

/// Parameters that ad systems add to an address when somebody clicks.
pub const CLICK_IDS: [&str; 6] = ["gclid", "gbraid", "wbraid", "yclid", "fbclid", "ttclid"];

impl Marks {
    /// The marks of a visit, or `None` where it says nothing: a page further on the same site, a call from a server.
    pub fn of(visit: &Visit) -> Option<Self> {
        let query = visit.url.as_deref().map(Query::of).unwrap_or_default();
        let landing_host = visit.url.as_deref().and_then(host);
        let utm_source = visit.utm_source.clone().or_else(|| query.get("utm_source"));
        let referrer_host =
            visit.referrer.as_deref().filter(|_| !visit.goes_on).and_then(host).filter(|from| landing_host.as_ref() != Some(from));
        let marks = Self {
            channel: visit.channel.clone(),
            utm_medium: visit.utm_medium.clone().or_else(|| query.get("utm_medium")),
            campaign: visit.campaign.clone().or_else(|| query.get("utm_campaign")),
            click_ids: query.click_ids(),
            // A touch shows the referrer where there is no `utm_source`; one that repeats the referrer makes it say nothing new.
            referrer_host: referrer_host.filter(|from| utm_source.as_ref() != Some(from)),
            utm_source,
            landing_host,
        };
        // A page with an outside address and nobody who sent it: typed, or from a bookmark. With an inside referrer the visit goes on.
        let is_typed = visit.is_page && !visit.goes_on && visit.referrer.as_deref().is_none_or(str::is_empty);
        let says = [&marks.channel, &marks.utm_source, &marks.utm_medium, &marks.click_ids, &marks.referrer_host];
        (is_typed || says.iter().any(|mark| mark.is_some())).then_some(marks)
    }
}

fn host(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
    let host = host.split(':').next()?.trim_start_matches("www.").to_lowercase();
    (!host.is_empty()).then_some(host)
}

/// The query string of an address.
#[derive(Default)]
struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    fn of(url: &'a str) -> Self {
        Self(url.split_once('?').map_or("", |(_, query)| query.split('#').next().unwrap_or_default()))
    }

    fn get(&self, name: &str) -> Option<String> {
        let value = self.0.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))?.1;
        (!value.is_empty()).then(|| percent_decoded(value))
    }

    fn click_ids(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let present: Vec<&str> = CLICK_IDS.into_iter().filter(|name| self.get(name).is_some()).collect();
        (!present.is_empty()).then(|| present.join(","))
    }
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex =
            bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok()).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
