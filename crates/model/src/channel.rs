//! From a visit's marks to its traffic channel.

use crate::Touch;

/// What a visit says of how it came.
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
    pub at_us: i64,
}

const SEARCH: [&str; 12] = [
    "google.",
    "yandex.",
    "ya.ru",
    "bing.com",
    "baidu.com",
    "duckduckgo.com",
    "yahoo.",
    "sogou.com",
    "so.com",
    "mail.ru",
    "rambler.ru",
    "ecosia.org",
];
const SOCIAL: [&str; 16] = [
    "facebook.",
    "instagram.",
    "vk.com",
    "ok.ru",
    "t.me",
    "telegram",
    "twitter.",
    "x.com",
    "linkedin.",
    "tiktok.",
    "youtube.",
    "weibo.",
    "wechat",
    "pinterest.",
    "reddit.",
    "douyin.",
];
const SOCIAL_SOURCES: [&str; 16] = [
    "facebook",
    "fb",
    "instagram",
    "ig",
    "vk",
    "vkontakte",
    "ok",
    "telegram",
    "tg",
    "twitter",
    "linkedin",
    "tiktok",
    "youtube",
    "weibo",
    "wechat",
    "meta",
];

/// The touch that the visit is, or `None` where it says nothing: a page further on the same site, a call from a server.
pub fn touch(visit: &Visit) -> Option<Touch> {
    let query = visit.url.as_deref().map(Query::of).unwrap_or_default();
    let utm_source = visit.utm_source.clone().or_else(|| query.get("utm_source"));
    let utm_medium = visit.utm_medium.clone().or_else(|| query.get("utm_medium"));
    let campaign = visit.campaign.clone().or_else(|| query.get("utm_campaign"));
    let referrer = visit.referrer.as_deref().and_then(host).filter(|from| visit.url.as_deref().and_then(host).as_ref() != Some(from));

    let channel = visit
        .channel
        .clone()
        .or_else(|| of_utm(utm_source.as_deref(), utm_medium.as_deref()))
        .or_else(|| query.click_id_channel().map(str::to_owned))
        .or_else(|| referrer.as_deref().map(of_referrer).map(str::to_owned));
    let channel = match channel {
        Some(channel) => channel,
        // A page with an outside address and nobody who sent it: typed, or from a bookmark. With an inside referrer the visit goes on.
        None if visit.is_page && visit.referrer.as_deref().is_none_or(str::is_empty) => "direct".to_owned(),
        None => return None,
    };
    Some(Touch { channel, utm_source: utm_source.or(referrer), utm_medium, campaign, at_us: visit.at_us })
}

fn of_utm(source: Option<&str>, medium: Option<&str>) -> Option<String> {
    let source = source.unwrap_or_default().to_lowercase();
    let medium = medium.unwrap_or_default().to_lowercase();
    if source.is_empty() && medium.is_empty() {
        return None;
    }
    let social = SOCIAL_SOURCES.contains(&source.as_str());
    let channel = match medium.as_str() {
        "cpc" | "ppc" | "paid" | "paidsearch" | "paid_search" | "sem" if !social => "cpc",
        "cpc" | "ppc" | "paid" | "paid_social" | "paid-social" | "cpm" | "target" if social => "paid_social",
        "paid_social" | "paid-social" => "paid_social",
        "display" | "banner" | "cpm" | "media" => "display",
        "email" | "e-mail" | "newsletter" => "email",
        "sms" | "viber" | "whatsapp" | "push" => "messenger",
        "social" | "social-network" | "smm" => "social",
        "organic" => "organic",
        "referral" | "partner" | "affiliate" => "referral",
        "offline" | "qr" | "print" | "tv" | "radio" => "offline",
        _ if social => "social",
        _ if source.contains("email") || source.contains("newsletter") => "email",
        "" => "other",
        _ => "other",
    };
    Some(channel.to_owned())
}

fn of_referrer(host: &str) -> &'static str {
    if SEARCH.iter().any(|engine| host.starts_with(engine) || host.contains(&format!(".{engine}"))) {
        "organic"
    } else if SOCIAL.iter().any(|network| host.starts_with(network) || host.contains(&format!(".{network}"))) {
        "social"
    } else {
        "referral"
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

    fn click_id_channel(&self) -> Option<&'static str> {
        const CLICK_IDS: [(&str, &str); 6] = [
            ("gclid", "cpc"),
            ("gbraid", "cpc"),
            ("wbraid", "cpc"),
            ("yclid", "cpc"),
            ("fbclid", "paid_social"),
            ("ttclid", "paid_social"),
        ];
        CLICK_IDS.iter().find(|(name, _)| self.get(name).is_some()).map(|(_, channel)| *channel)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(url: &str, referrer: &str) -> String {
        let visit = Visit { url: Some(url.into()), referrer: Some(referrer.into()), is_page: true, ..Visit::default() };
        touch(&visit).map_or("none".into(), |touch| touch.channel)
    }

    #[test]
    fn marks_decide_in_order_campaign_click_id_referrer() {
        let site = "https://cars.example/models";
        assert_eq!(channel(&format!("{site}?utm_source=google&utm_medium=cpc"), "https://www.google.com/"), "cpc");
        assert_eq!(channel(&format!("{site}?utm_source=vk&utm_medium=cpc"), ""), "paid_social");
        assert_eq!(channel(&format!("{site}?yclid=1"), "https://yandex.ru/"), "cpc");
        assert_eq!(channel(site, "https://yandex.ru/search?text=aster"), "organic");
        assert_eq!(channel(site, "https://m.facebook.com/"), "social");
        assert_eq!(channel(site, "https://forum.example.org/t/1"), "referral");
        assert_eq!(channel(site, ""), "direct");
        assert_eq!(channel(site, "https://cars.example/"), "none", "a page further on the same site");
    }

    #[test]
    fn campaign_names_are_decoded() {
        let visit = Visit {
            url: Some("https://c.example/?utm_source=g&utm_medium=cpc&utm_campaign=%D0%B2%D0%B5%D1%81%D0%BD%D0%B0+26".into()),
            ..Visit::default()
        };
        assert_eq!(touch(&visit).and_then(|touch| touch.campaign).as_deref(), Some("весна 26"));
    }
}
