use proptest::prelude::*;

use super::*;
use crate::Touch;

fn touch(visit: &Visit) -> Option<Touch> {
    Marks::of(visit).map(|marks| Touch::new(&marks, ChannelRules::built_in(), 0))
}

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
    assert_eq!(channel(&format!("{site}?fbclid=1"), "https://l.facebook.com/"), "paid_social");
    assert_eq!(channel(site, "https://yandex.ru/search?text=aster"), "organic");
    assert_eq!(channel(site, "https://m.facebook.com/"), "social");
    assert_eq!(channel(site, "https://forum.example.org/t/1"), "referral");
    assert_eq!(channel(site, ""), "direct");
    assert_eq!(channel(site, "https://cars.example/"), "none", "a page further on the same site");
}

#[test]
fn a_visit_that_goes_on_from_another_own_domain_is_no_touch() {
    let visit = Visit {
        url: Some("https://dealer.example/?q=1".into()),
        referrer: Some("https://brand.example/".into()),
        is_page: true,
        goes_on: true,
        ..Visit::default()
    };
    assert_eq!(touch(&visit), None);
    let with_campaign = Visit { url: Some("https://dealer.example/?utm_medium=email".into()), ..visit };
    assert_eq!(touch(&with_campaign).map(|touch| touch.channel).as_deref(), Some("email"), "a campaign counts all the same");
}

#[test]
fn campaign_names_are_decoded() {
    let visit = Visit {
        url: Some("https://c.example/?utm_source=g&utm_medium=cpc&utm_campaign=%D0%B2%D0%B5%D1%81%D0%BD%D0%B0+26".into()),
        ..Visit::default()
    };
    assert_eq!(touch(&visit).and_then(|touch| touch.campaign).as_deref(), Some("весна 26"));
}

fn rules(json: &str) -> Result<ChannelRules, String> {
    serde_json::from_str::<Vec<ChannelRule>>(json).map_err(|error| error.to_string()).and_then(ChannelRules::read)
}

#[test]
fn peoples_rules_are_checked_and_compare_without_case() {
    let own = rules(
        r#"[{"name":"Dealers' promo","channel":" promo ","conditions":[{"mark":"landing_host","test":"is","values":["Promo.Example"]},
             {"mark":"utm_campaign","test":"starts_with","values":["SPRING"]}]}]"#,
    )
    .unwrap_or_else(|reason| panic!("{reason}"));
    let marks = |campaign: &str| Marks { landing_host: Some("promo.example".into()), campaign: Some(campaign.into()), ..Marks::default() };
    assert_eq!(own.decide(&marks("Spring-26")), Decision { channel: "promo", by: DecidedBy::Rule(0) });
    assert_eq!(own.decide(&marks("autumn")), Decision { channel: OTHER, by: DecidedBy::Nothing });
    let named = Marks { channel: Some("offline".into()), ..marks("spring") };
    assert_eq!(own.decide(&named), Decision { channel: "offline", by: DecidedBy::Sender });

    let told = |json: &str| rules(json).expect_err("refused");
    assert!(told(r#"[{"channel":"a"},{"channel":" "}]"#).starts_with("rule 2: name its channel"));
    assert!(told(r#"[{"channel":"a","conditions":[{"mark":"utm_medium","test":"is"}]}]"#).contains("no value"));
    assert!(told(r#"[{"channel":"a","conditions":[{"mark":"utm_medium","test":"present","values":["x"]}]}]"#).contains("take no values"));
    assert!(told(r#"[{"channel":"a","conditions":[{"mark":"colour","test":"is","values":["x"]}]}]"#).contains("colour"));
    assert_eq!(rules("[]").map(|rules| rules.rules().len()), Ok(0));
}

#[test]
fn the_built_in_rules_pass_their_own_check() {
    let built_in = ChannelRules::built_in();
    assert_eq!(ChannelRules::read(built_in.rules().to_vec()).as_ref(), Ok(&**built_in));
}

/// The fixed rules that the built-in list took the place of, as they were.
mod before {
    use super::*;

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

    pub fn channel(marks: &Marks) -> String {
        marks
            .channel
            .clone()
            .or_else(|| of_utm(marks.utm_source.as_deref(), marks.utm_medium.as_deref()))
            .or_else(|| {
                let paid = |name: &&str| if ["fbclid", "ttclid"].contains(name) { "paid_social" } else { "cpc" };
                marks.click_ids.as_deref().and_then(|names| names.split(',').next()).map(|name| paid(&name).to_owned())
            })
            .or_else(|| marks.referrer_host.as_deref().map(of_referrer).map(str::to_owned))
            .unwrap_or_else(|| "direct".to_owned())
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
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop_oneof![2 => Just(None), 6 => proptest::sample::select(words).prop_map(|word| Some(word.to_owned())), 1 => "[a-zA-Z.]{1,12}".prop_map(Some)]
}

fn marks() -> impl Strategy<Value = Marks> {
    let sources = &["google", "FB", "vk", "Meta", "newsletter-7", "email", "yandex", "ok", "forum"][..];
    let mediums = &[
        "cpc",
        "PPC",
        "paid",
        "paidsearch",
        "sem",
        "paid_social",
        "paid-social",
        "cpm",
        "target",
        "display",
        "banner",
        "email",
        "sms",
        "push",
        "social",
        "smm",
        "organic",
        "partner",
        "qr",
        "tv",
        "strange",
    ][..];
    let hosts = &[
        "google.de",
        "news.google.com",
        "notgoogle.de",
        "ya.ru",
        "m.vk.com",
        "t.me",
        "x.com",
        "ax.com",
        "forum.example",
        "so.company",
    ][..];
    let clicks = &["gclid", "gbraid", "yclid", "fbclid", "ttclid", "gclid,fbclid", "fbclid,ttclid", "wbraid"][..];
    let click_ids = prop_oneof![Just(None), proptest::sample::select(clicks).prop_map(|word| Some(word.to_owned()))];
    (one_of(sources), one_of(mediums), one_of(&["spring", "Autumn"]), click_ids, one_of(hosts), proptest::bool::weighted(0.1)).prop_map(
        |(utm_source, utm_medium, campaign, click_ids, referrer_host, named)| {
            let referrer_host = referrer_host.map(|host| host.to_lowercase()).filter(|host| utm_source.as_ref() != Some(host));
            let channel = named.then(|| "named".to_owned());
            Marks { channel, utm_source, utm_medium, campaign, click_ids, referrer_host, landing_host: Some("cars.example".into()) }
        },
    )
}

fn any_rules() -> impl Strategy<Value = ChannelRules> {
    let mark = proptest::sample::select(
        &[Mark::UtmSource, Mark::UtmMedium, Mark::UtmCampaign, Mark::ClickId, Mark::ReferrerHost, Mark::LandingHost][..],
    );
    let test = proptest::sample::select(
        &[Test::Is, Test::IsNot, Test::Contains, Test::StartsWith, Test::EndsWith, Test::Domain, Test::Present, Test::Absent][..],
    );
    let value = proptest::sample::select(&["google", "vk", "cpc", "email", "gclid", "google.", "vk.com", ".example", "Spring", "a"][..]);
    let condition = (mark, test, proptest::collection::vec(value, 1..4)).prop_map(|(mark, test, values)| {
        let values = if matches!(test, Test::Present | Test::Absent) { vec![] } else { values.into_iter().map(str::to_owned).collect() };
        Condition { mark, test, values }
    });
    let rule = (proptest::collection::vec(condition, 0..3), 0..5u8).prop_map(|(conditions, n)| ChannelRule {
        name: String::new(),
        conditions,
        channel: format!("channel-{n}"),
    });
    proptest::collection::vec(rule, 0..6).prop_map(|rules| ChannelRules::read(rules).unwrap_or_else(|reason| panic!("{reason}")))
}

proptest! {
    #[test]
    fn the_built_in_list_decides_as_the_fixed_rules_did(marks in marks()) {
        prop_assert_eq!(ChannelRules::built_in().decide(&marks).channel, before::channel(&marks));
    }

    /// The rule that decided is the first that holds: without those before it and after it the outcome is the same.
    #[test]
    fn the_first_rule_that_holds_decides(rules in any_rules(), marks in marks()) {
        let Decision { channel, by } = rules.decide(&marks);
        match by {
            DecidedBy::Sender => prop_assert_eq!(Some(channel), marks.channel.as_deref()),
            DecidedBy::Rule(at) => {
                let alone = ChannelRules::read(vec![rules.rules()[at].clone()]).map_err(TestCaseError::fail)?;
                prop_assert_eq!(alone.decide(&marks), Decision { channel, by: DecidedBy::Rule(0) });
                let before = ChannelRules::read(rules.rules()[..at].to_vec()).map_err(TestCaseError::fail)?;
                prop_assert_eq!(before.decide(&marks).by, DecidedBy::Nothing);
            }
            DecidedBy::Nothing => prop_assert_eq!(channel, OTHER),
        }
    }

    /// A touch gives its marks back, so that rules of another day decide it as if it had come then.
    #[test]
    fn a_touch_re_decided_is_as_if_it_came_under_the_new_rules(marks in marks(), old in any_rules(), new in any_rules()) {
        let touch = Touch::new(&marks, &old, 7);
        prop_assert_eq!(touch.decided_by(&new), Touch::new(&marks, &new, 7));
        let read: Touch = serde_json::from_str(&serde_json::to_string(&touch).unwrap_or_default()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(read, touch);
    }

    /// Which of two touches counts as the first does not depend on the rules.
    #[test]
    fn the_order_of_touches_does_not_depend_on_rules(a in marks(), b in marks(), at in 0..2i64, old in any_rules(), new in any_rules()) {
        let order = |rules: &ChannelRules| Touch::new(&a, rules, 0).cmp(&Touch::new(&b, rules, at));
        prop_assert_eq!(order(&old), order(&new));
    }

    #[test]
    fn rules_read_back(rules in any_rules()) {
        let json = serde_json::to_string(rules.rules()).unwrap_or_default();
        let read: Vec<ChannelRule> = serde_json::from_str(&json).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(ChannelRules::read(read), Ok(rules));
    }
}
