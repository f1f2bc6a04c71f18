//! The rules that every installation begins with.

use super::rule::{
    ChannelRule, Condition,
    Mark::{self, ClickId, ReferrerHost, UtmMedium, UtmSource},
    OTHER,
    Test::{self, Absent, Contains, Domain, Is, IsNot, Present},
};

const SEARCH: &[&str] = &[
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
const SOCIAL: &[&str] = &[
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
const SOCIAL_SOURCES: &[&str] = &[
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

/// Campaign marks decide before click ids, click ids before the referrer.
pub(super) fn rules() -> Vec<ChannelRule> {
    let medium = |values: &[&str]| condition(UtmMedium, Is, values);
    vec![
        rule(
            "Paid search",
            "cpc",
            vec![medium(&["cpc", "ppc", "paid", "paidsearch", "paid_search", "sem"]), condition(UtmSource, IsNot, SOCIAL_SOURCES)],
        ),
        rule(
            "Paid on social networks",
            "paid_social",
            vec![medium(&["cpc", "ppc", "paid", "paid_social", "paid-social", "cpm", "target"]), condition(UtmSource, Is, SOCIAL_SOURCES)],
        ),
        rule("Paid social", "paid_social", vec![medium(&["paid_social", "paid-social"])]),
        rule("Display", "display", vec![medium(&["display", "banner", "cpm", "media"])]),
        rule("E-mail", "email", vec![medium(&["email", "e-mail", "newsletter"])]),
        rule("Messengers", "messenger", vec![medium(&["sms", "viber", "whatsapp", "push"])]),
        rule("Social networks", "social", vec![medium(&["social", "social-network", "smm"])]),
        rule("Organic by campaign", "organic", vec![medium(&["organic"])]),
        rule("Partners", "referral", vec![medium(&["referral", "partner", "affiliate"])]),
        rule("Offline", "offline", vec![medium(&["offline", "qr", "print", "tv", "radio"])]),
        rule("Social networks by source", "social", vec![condition(UtmSource, Is, SOCIAL_SOURCES)]),
        rule("E-mail by source", "email", vec![condition(UtmSource, Contains, &["email", "newsletter"])]),
        rule("Any other medium", OTHER, vec![condition(UtmMedium, Present, &[])]),
        rule("Any other source", OTHER, vec![condition(UtmSource, Present, &[])]),
        rule("Clicks on search ads", "cpc", vec![condition(ClickId, Is, &["gclid", "gbraid", "wbraid", "yclid"])]),
        rule("Clicks on social ads", "paid_social", vec![condition(ClickId, Is, &["fbclid", "ttclid"])]),
        rule("Search engines", "organic", vec![condition(ReferrerHost, Domain, SEARCH)]),
        rule("Links on social networks", "social", vec![condition(ReferrerHost, Domain, SOCIAL)]),
        rule("Any other site", "referral", vec![condition(ReferrerHost, Present, &[])]),
        rule("Typed or bookmarked", "direct", vec![condition(ReferrerHost, Absent, &[])]),
    ]
}

fn rule(name: &str, channel: &str, conditions: Vec<Condition>) -> ChannelRule {
    ChannelRule { name: name.to_owned(), conditions, channel: channel.to_owned() }
}

fn condition(mark: Mark, test: Test, values: &[&str]) -> Condition {
    Condition { mark, test, values: values.iter().map(|value| (*value).to_owned()).collect() }
}
