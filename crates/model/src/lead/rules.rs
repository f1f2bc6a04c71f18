//! What leads are dealt with by.

use serde::{Deserialize, Serialize};

use super::{Points, RingLine};

const POINTS_MAX: usize = 200;
const BANDS_MAX: usize = 20;
const SLAS_MAX: usize = 50;
const REASONS_MAX: usize = 50;
const EVENTS_MAX: usize = 50;
const LINES_MAX: usize = 50;
const MINUTES_MAX: u32 = 60 * 24 * 60;
const TEXT_CHARS_MAX: usize = 4_000;
const NAME_CHARS_MAX: usize = 100;

/// What a lead of a band goes to first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Nurture,
    Verification,
    Dealer,
}

/// A range of scores, perhaps of some channels only, and its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    pub band: String,
    /// The least score of it.
    pub from: i64,
    /// Traffic channels; all where there are none.
    #[serde(default)]
    pub channels: Vec<String>,
    pub way: Way,
}

/// What a dealer's points are worth, each 0 to 100.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Routing {
    /// The person lives in the dealer's postcodes, or region.
    pub area: u32,
    pub distance: u32,
    /// The car stands there.
    pub stock: u32,
    pub quality: u32,
    pub language: u32,
    /// The person named the dealer.
    pub preferred: u32,
    pub open_now: u32,
    /// Few leads in work for what the dealer can take.
    pub load: u32,
    /// No dealer further away than that is asked, where both places are known.
    pub distance_max_km: u32,
    /// Dealers so close to the best in points take turns by their weights.
    pub tie_points: u32,
}

/// By when a dealer is to answer, in minutes of the dealer's opening hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sla {
    /// All where there are none.
    #[serde(default)]
    pub bands: Vec<String>,
    /// All where there are none.
    #[serde(default)]
    pub channels: Vec<String>,
    #[serde(default)]
    pub accept_min: Option<u32>,
    /// From the dispatch on, by a person.
    #[serde(default)]
    pub contact_min: Option<u32>,
    /// So long before the end; 0 for no warning.
    #[serde(default)]
    pub warn_min: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duplicates {
    /// A second lead of the same person within so many days is the first one's; 0 for never.
    pub window_days: u32,
    /// Only where both are about the same model.
    pub same_model: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    pub tries_max: u32,
    /// From one call that reached nobody to the next.
    pub gap_min: u32,
    /// How long a lead is one operator's who took it up.
    pub claim_min: u32,
    /// What to say.
    #[serde(default)]
    pub script: String,
    /// Who is rung, and in which order; the first line that takes a lead gets it. Without any, leads wait for who takes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<RingLine>,
}

/// Why a lead can be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LostReason {
    pub reason: String,
    /// Whether a dealer's word is enough; else the contact centre asks the person.
    pub is_believed: bool,
}

/// When a person who was quiet counts as having come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reappear {
    pub events: Vec<String>,
    /// Nothing happened with the lead for so long.
    pub quiet_h: u32,
}

/// What leads are dealt with by; one for the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadRules {
    /// Leads that come in while it is off are only counted.
    pub is_on: bool,
    pub duplicates: Duplicates,
    #[serde(default)]
    pub points: Vec<Points>,
    /// What every lead begins with.
    pub base_points: i64,
    pub bands: Vec<Band>,
    pub routing: Routing,
    #[serde(default)]
    pub sla: Vec<Sla>,
    /// So often a lead is taken from one dealer for the next; then a person decides.
    pub hops_max: u32,
    pub verification: Verification,
    pub lost_reasons: Vec<LostReason>,
    /// A lead that a dealer does nothing with for so long after the first contact is taken back; 0 for never.
    pub silent_days: u32,
    pub reappear: Reappear,
}

impl Default for LeadRules {
    fn default() -> Self {
        let band = |band: &str, from, way| Band { band: band.to_owned(), from, channels: Vec::new(), way };
        let reason = |reason: &str, is_believed| LostReason { reason: reason.to_owned(), is_believed };
        let points = |says: &str, when, points| Points { says: says.to_owned(), when, points };
        use super::PointsWhen::{Channel, Event, Known};
        Self {
            is_on: false,
            duplicates: Duplicates { window_days: 30, same_model: false },
            points: vec![
                points("A phone number is known", Known { field: "phone".to_owned() }, 15),
                points("A car to trade in", Known { field: "trade_in".to_owned() }, 10),
                points("Viewed cars this week", Event { event: "car_viewed".to_owned(), within_days: 7 }, 15),
                points("Configured a car", Event { event: "configurator_completed".to_owned(), within_days: 30 }, 15),
                points("Asked for a test drive", Event { event: "test_drive_requested".to_owned(), within_days: 30 }, 25),
                points("Came by advertising on display", Channel { channel: "display".to_owned() }, -10),
            ],
            base_points: 30,
            bands: vec![band("hot", 60, Way::Dealer), band("warm", 35, Way::Verification), band("cold", 0, Way::Nurture)],
            routing: Routing {
                area: 30,
                distance: 25,
                stock: 20,
                quality: 20,
                language: 10,
                preferred: 60,
                open_now: 10,
                load: 10,
                distance_max_km: 300,
                tie_points: 5,
            },
            sla: vec![
                Sla { bands: vec!["hot".to_owned()], channels: Vec::new(), accept_min: Some(15), contact_min: Some(60), warn_min: 5 },
                Sla { bands: Vec::new(), channels: Vec::new(), accept_min: Some(60), contact_min: Some(240), warn_min: 10 },
            ],
            hops_max: 3,
            verification: Verification { tries_max: 4, gap_min: 90, claim_min: 15, script: String::new(), lines: Vec::new() },
            lost_reasons: vec![
                reason("bought_other_brand", false),
                reason("bought_elsewhere", false),
                reason("no_answer", false),
                reason("too_expensive", true),
                reason("not_now", true),
                reason("no_stock", true),
                reason("wrong_contact", false),
            ],
            silent_days: 14,
            reappear: Reappear { events: vec!["car_viewed".to_owned(), "configurator_completed".to_owned()], quiet_h: 24 },
        }
    }
}

impl LeadRules {
    /// The band of a score, for leads of a channel.
    pub fn band(&self, score: i64, channel: Option<&str>) -> Option<&Band> {
        let fits = |band: &&Band| {
            band.from <= score
                && (band.channels.is_empty() || channel.is_some_and(|channel| band.channels.iter().any(|held| held == channel)))
        };
        self.bands.iter().filter(fits).max_by_key(|band| (band.from, !band.channels.is_empty()))
    }

    /// The line that rings for leads of a channel.
    pub fn line_for(&self, channel: Option<&str>) -> Option<&RingLine> {
        self.verification.lines.iter().find(|line| line.takes(channel))
    }

    pub fn line(&self, name: &str) -> Option<&RingLine> {
        self.verification.lines.iter().find(|held| held.line == name)
    }

    /// The first that fits.
    pub fn sla(&self, band: &str, channel: Option<&str>) -> Option<&Sla> {
        let fits =
            |list: &[String], value: Option<&str>| list.is_empty() || value.is_some_and(|value| list.iter().any(|held| held == value));
        self.sla.iter().find(|sla| fits(&sla.bands, Some(band)) && fits(&sla.channels, channel))
    }

    /// Whether a dealer's word that a lead is lost for this reason is enough.
    pub fn believes(&self, reason: &str) -> bool {
        self.lost_reasons.iter().any(|held| held.reason == reason && held.is_believed)
    }

    /// Looks the whole of it over, or says what to mend.
    pub fn check(&self) -> Result<(), String> {
        let too_long = |text: &str, most: usize| most < text.chars().count();
        if POINTS_MAX < self.points.len() || BANDS_MAX < self.bands.len() || SLAS_MAX < self.sla.len() {
            return Err(format!("at most {POINTS_MAX} rules of points, {BANDS_MAX} bands and {SLAS_MAX} clocks"));
        }
        for points in &self.points {
            points.check()?;
        }
        if !(0..=100).contains(&self.base_points) {
            return Err("every lead begins with 0 to 100 points".to_owned());
        }
        if !self.bands.iter().any(|band| band.from == 0 && band.channels.is_empty()) {
            return Err("one band begins at 0 for all channels: without it a lead could have no way".to_owned());
        }
        for band in &self.bands {
            if band.band.trim().is_empty() || too_long(&band.band, NAME_CHARS_MAX) || !(0..=100).contains(&band.from) {
                return Err("a band has a name, and begins at a score of 0 to 100".to_owned());
            }
        }
        let Routing { area, distance, stock, quality, language, preferred, open_now, load, distance_max_km, tie_points } = self.routing;
        if [area, distance, stock, quality, language, preferred, open_now, load].iter().any(|weight| 100 < *weight) {
            return Err("a weight of the routing is 0 to 100".to_owned());
        }
        if 20_000 < distance_max_km || 100 < tie_points {
            return Err("the greatest distance is at most 20,000 km, and dealers within 0 to 100 points take turns".to_owned());
        }
        for sla in &self.sla {
            let minutes = [sla.accept_min.unwrap_or(1), sla.contact_min.unwrap_or(1)];
            if minutes.iter().any(|minutes| !(1..=MINUTES_MAX).contains(minutes)) || MINUTES_MAX < sla.warn_min {
                return Err(format!("a clock has 1 to {MINUTES_MAX} minutes"));
            }
            if let Some(unknown) = sla.bands.iter().find(|name| !self.bands.iter().any(|band| band.band == **name)) {
                return Err(format!("a clock is for the band `{unknown}`, which there is not"));
            }
        }
        let Verification { tries_max, gap_min, claim_min, script, lines } = &self.verification;
        if !(1..=50).contains(tries_max) || MINUTES_MAX < *gap_min || !(1..=24 * 60).contains(claim_min) || too_long(script, TEXT_CHARS_MAX)
        {
            return Err(
                "verification has 1 to 50 calls, a claim of 1 to 1,440 minutes, and a script of at most 4,000 characters".to_owned()
            );
        }
        lines.iter().try_for_each(RingLine::check)?;
        let is_twice = |at: usize| lines[..at].iter().any(|held| held.line == lines[at].line);
        if LINES_MAX < lines.len() || (0..lines.len()).any(is_twice) {
            return Err(format!("the contact centre has at most {LINES_MAX} lines, each with a name of its own"));
        }
        let is_name = |name: &String| !name.trim().is_empty() && !too_long(name, NAME_CHARS_MAX);
        if REASONS_MAX < self.lost_reasons.len() || !self.lost_reasons.iter().all(|held| is_name(&held.reason)) {
            return Err(format!("at most {REASONS_MAX} reasons why a lead is lost, none of them empty"));
        }
        if EVENTS_MAX < self.reappear.events.len() || !self.reappear.events.iter().all(is_name) {
            return Err(format!("at most {EVENTS_MAX} events by which a person comes back, none of them empty"));
        }
        if 50 < self.hops_max || 3_650 < self.silent_days || 3_650 < self.duplicates.window_days || 24 * 3_650 < self.reappear.quiet_h {
            return Err("at most 50 dealers one after another, and at most ten years".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_has_its_band_and_its_clock() {
        let mut rules = LeadRules::default();
        assert_eq!(rules.check(), Ok(()));
        let band = |rules: &LeadRules, score, channel| rules.band(score, channel).unwrap().band.clone();
        assert_eq!([0, 34, 35, 59, 60, 100].map(|score| band(&rules, score, None)), ["cold", "cold", "warm", "warm", "hot", "hot"]);
        rules.bands.push(Band { band: "cpc".into(), from: 60, channels: vec!["cpc".into()], way: Way::Verification });
        assert_eq!(
            (band(&rules, 70, Some("cpc")), band(&rules, 70, Some("email")), band(&rules, 70, None)),
            ("cpc".into(), "hot".into(), "hot".into())
        );
        assert_eq!(rules.sla("hot", None).unwrap().accept_min, Some(15));
        assert_eq!(rules.sla("cold", None).unwrap().accept_min, Some(60));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong: [fn(&mut LeadRules); 7] = [
            |rules| rules.bands.retain(|band| band.from != 0),
            |rules| rules.bands[0].from = 101,
            |rules| rules.sla[0].bands = vec!["none".into()],
            |rules| rules.sla[0].accept_min = Some(0),
            |rules| rules.routing.stock = 101,
            |rules| rules.verification.tries_max = 0,
            |rules| rules.points[0].points = 101,
        ];
        for spoil in wrong {
            let mut rules = LeadRules::default();
            spoil(&mut rules);
            assert!(rules.check().is_err(), "{rules:?}");
        }
    }
}
