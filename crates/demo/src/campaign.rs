//! How people come: nine channels, and the campaigns in them.

use crate::group::{LAUNCH_DIONE, LAUNCH_GALENE};

/// As the channel rules of `model` name them.
pub const CHANNELS: [&str; 9] = ["organic", "direct", "cpc", "paid_social", "display", "email", "messenger", "referral", "offline"];

/// One way of coming to the site; those without a campaign name are unpaid.
#[derive(Debug, Clone, PartialEq)]
pub struct Campaign {
    /// `utm_campaign`; empty where the visit only has a referrer, or nothing.
    pub name: &'static str,
    pub channel: &'static str,
    pub utm_source: &'static str,
    pub utm_medium: &'static str,
    pub referrer: &'static str,
    /// When it runs, as shares of the history; an end of 1 or more runs on.
    pub from: f64,
    pub to: f64,
    /// Share of first visits while it runs, against the others.
    pub weight: f64,
    /// Index into the models, where it advertises one.
    pub model: Option<usize>,
    /// How often its visitors become leads: 1 is usual.
    pub yield_factor: f64,
    /// Money for each click; 0 where clicks are free.
    pub click_eur: f64,
    /// Money for each day over all regions, whatever it brings.
    pub day_eur: f64,
}

impl Campaign {
    /// Whether it runs at `share` of the history (above 1: in live).
    pub fn runs(&self, share: f64) -> bool {
        self.from <= share && (share < self.to || 1.0 <= self.to)
    }

    pub fn is_paid(&self) -> bool {
        0.0 < self.click_eur || 0.0 < self.day_eur
    }

    /// The one that buys crowds who leave at once.
    pub(crate) fn fails(&self) -> bool {
        self.yield_factor < 0.1
    }
}

const ASTER: usize = 0;
const DIONE: usize = 3;
const GALENE: usize = 6;

pub(crate) fn campaigns() -> Vec<Campaign> {
    let search = |referrer, weight| unpaid("organic", referrer, weight, 1.15);
    vec![
        // The importer pays an agency for its texts; the cost has no utm, as the visits have none.
        Campaign { day_eur: 640.0, name: "", ..search("https://www.google.com/", 11.0) },
        search("https://yandex.ru/", 7.0),
        search("https://www.baidu.com/", 2.0),
        unpaid("direct", "", 13.0, 1.30),
        unpaid("referral", "https://autoforum.example.org/thread/218", 3.0, 1.45),
        paid("cpc", "brand-search", "search-ads", "cpc", 8.0, 1.35, 2.4),
        paid("cpc", "model-search", "search-ads", "cpc", 9.0, 0.95, 4.6),
        run(0.15, 0.32, ASTER, paid("cpc", "aster-offer", "search-ads", "cpc", 6.0, 1.30, 3.9)),
        run(LAUNCH_GALENE, 0.45, GALENE, paid("cpc", "galene-search", "search-ads", "cpc", 4.0, 0.80, 6.2)),
        run(LAUNCH_DIONE, 0.86, DIONE, paid("cpc", "dione-launch", "search-ads", "cpc", 7.0, 1.20, 4.8)),
        paid("paid_social", "stories", "feed-ads", "paid_social", 7.0, 0.55, 1.7),
        run(LAUNCH_DIONE - 0.03, 0.82, DIONE, paid("paid_social", "dione-teaser", "feed-ads", "paid_social", 6.0, 0.75, 1.9)),
        run(LAUNCH_GALENE - 0.02, 0.42, GALENE, paid("paid_social", "galene-reveal", "feed-ads", "paid_social", 4.0, 0.40, 2.2)),
        paid("display", "always-on", "banner-net", "display", 4.0, 0.35, 0.9),
        Campaign { from: 0.54, to: 0.61, ..paid("display", "summer-drive", "banner-net", "display", 24.0, 0.05, 2.7) },
        paid("email", "monthly-news", "newsletter", "email", 4.0, 1.60, 0.3),
        Campaign { from: 0.4, ..paid("email", "drive-invite", "newsletter", "email", 2.5, 2.10, 0.3) },
        paid("messenger", "bot-offers", "bot", "push", 3.0, 1.25, 0.6),
        paid("referral", "partner-portal", "partner-cars", "partner", 3.0, 1.20, 3.6),
        Campaign { day_eur: 1_400.0, from: 0.45, to: 0.58, ..paid("offline", "radio-spring", "radio", "radio", 2.0, 0.80, 0.0) },
        Campaign { day_eur: 760.0, ..paid("offline", "showroom", "print", "qr", 1.5, 1.10, 0.0) },
    ]
}

// Ways that the story sends people on purpose: indices into [`campaigns`].
pub(crate) const SEARCH: u8 = 0;
pub(crate) const DIRECT: u8 = 3;
pub(crate) const NEWSLETTER: u8 = 15;
/// Where the CRM books people who walk in.
pub(crate) const SHOWROOM: u8 = 20;

fn unpaid(channel: &'static str, referrer: &'static str, weight: f64, yield_factor: f64) -> Campaign {
    Campaign { referrer, utm_source: "", utm_medium: "", name: "", ..paid(channel, "", "", "", weight, yield_factor, 0.0) }
}

fn paid(
    channel: &'static str,
    name: &'static str,
    utm_source: &'static str,
    utm_medium: &'static str,
    weight: f64,
    yield_factor: f64,
    click_eur: f64,
) -> Campaign {
    let (referrer, from, to, model, day_eur) = ("", 0.0, 1.0, None, 0.0);
    Campaign { name, channel, utm_source, utm_medium, referrer, from, to, weight, model, yield_factor, click_eur, day_eur }
}

fn run(from: f64, to: f64, model: usize, campaign: Campaign) -> Campaign {
    Campaign { from, to, model: Some(model), ..campaign }
}

#[cfg(test)]
mod tests {
    use forecourt_model::channel::{ChannelRules, Marks, Visit};

    use super::*;

    #[test]
    fn every_campaign_lands_in_its_channel() {
        let text = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        for campaign in campaigns() {
            let visit = Visit {
                utm_source: text(campaign.utm_source),
                utm_medium: text(campaign.utm_medium),
                campaign: text(campaign.name),
                url: Some("https://aurelia.example/".into()),
                referrer: text(campaign.referrer),
                is_page: true,
                ..Visit::default()
            };
            let marks = Marks::of(&visit).unwrap_or_default();
            assert_eq!(ChannelRules::built_in().decide(&marks).channel, campaign.channel, "{campaign:?}");
        }
        let all = campaigns();
        let named = [SEARCH, DIRECT, NEWSLETTER, SHOWROOM].map(|index| (all[usize::from(index)].channel, all[usize::from(index)].name));
        assert_eq!(named, [("organic", ""), ("direct", ""), ("email", "monthly-news"), ("offline", "showroom")]);
        assert!(CHANNELS.iter().all(|channel| campaigns().iter().any(|campaign| campaign.channel == *channel && campaign.runs(0.9))));
    }
}
