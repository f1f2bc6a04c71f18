//! The dealer network: who sells what, where, when, and how much they can take on.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::hours::{Calendar, OpeningHours};

/// As many dealers as the largest makers have, twice.
pub const DEALERS_MAX: usize = 20_000;
const LIST_MAX: usize = 500;
const STOCK_MAX: usize = 1_000;
const TEXT_CHARS_MAX: usize = 200;

fn usual_weight() -> u32 {
    100
}

fn middling() -> u32 {
    50
}

fn yes() -> bool {
    true
}

/// Somebody who answers leads at a dealer's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Salesperson {
    /// The one they sign in with.
    pub email: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub is_away: bool,
}

/// A place on the map, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub lat: f64,
    pub lon: f64,
}

impl Place {
    fn is_on_earth(self) -> bool {
        (-90.0..=90.0).contains(&self.lat) && (-180.0..=180.0).contains(&self.lon)
    }

    /// Kilometres over the ground, on a globe.
    pub fn distance_km(self, other: Self) -> f64 {
        const EARTH_KM: f64 = 6_371.0;
        let [lat_a, lat_b] = [self.lat, other.lat].map(f64::to_radians);
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let a = half(other.lat - self.lat) + lat_a.cos() * lat_b.cos() * half(other.lon - self.lon);
        2.0 * EARTH_KM * a.sqrt().min(1.0).asin()
    }
}

/// How a dealer's own system is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookFormat {
    /// Each thing that happens to a lead, as JSON.
    #[default]
    Json,
    /// Each lead that comes, as ADF/XML; the format has no words for the rest.
    Adf,
}

/// A business that sells cars under a franchise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dealer {
    /// As events, orders and accounts name the dealer.
    pub dealer_id: String,
    pub name: String,
    #[serde(default)]
    pub region: String,
    /// The dealer group it belongs to.
    #[serde(default)]
    pub group: String,
    /// Brands of the franchise; all where there are none.
    #[serde(default)]
    pub brands: Vec<String>,
    /// Models of the franchise; all where there are none.
    #[serde(default)]
    pub models: Vec<String>,
    /// Beginnings of the postcodes of its area.
    #[serde(default)]
    pub postcodes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    #[serde(default)]
    pub languages: Vec<String>,
    #[serde(default)]
    pub hours: OpeningHours,
    /// Leads in work at once; no limit where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_leads_max: Option<u32>,
    /// Leads a day, by the clock there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leads_a_day_max: Option<u32>,
    /// Its share among equals; 100 is usual.
    #[serde(default = "usual_weight")]
    pub weight: u32,
    /// How well it handles leads, 0 to 100.
    #[serde(default = "middling")]
    pub quality: u32,
    #[serde(default = "yes")]
    pub takes_leads: bool,
    /// Cars at the dealer's by model.
    #[serde(default)]
    pub stock: BTreeMap<String, u32>,
    #[serde(default)]
    pub people: Vec<Salesperson>,
    #[serde(default)]
    pub manager_email: String,
    /// Told of each lead that comes, and is taken back: an address of the dealer's own system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    #[serde(default)]
    pub webhook_format: WebhookFormat,
}

impl Dealer {
    /// Looks the whole of it over, or says what to mend.
    pub fn check(&self) -> Result<(), String> {
        let id = self.dealer_id.trim();
        if id.is_empty() || id != self.dealer_id || TEXT_CHARS_MAX < id.chars().count() || id.contains(['/', '\n', '\r', '\t']) {
            return Err(format!("a dealer's id has 1 to {TEXT_CHARS_MAX} characters, without `/` and without spaces at its ends"));
        }
        if self.name.trim().is_empty() {
            return Err("a dealer has a name".to_owned());
        }
        let texts = [&self.name, &self.region, &self.group, &self.manager_email];
        if texts.iter().any(|text| TEXT_CHARS_MAX < text.chars().count()) {
            return Err(format!("a dealer's name, region, group and manager have at most {TEXT_CHARS_MAX} characters"));
        }
        for (of, list) in
            [("brands", &self.brands), ("models", &self.models), ("postcodes", &self.postcodes), ("languages", &self.languages)]
        {
            if LIST_MAX < list.len() || list.iter().any(|text| text.trim().is_empty() || TEXT_CHARS_MAX < text.chars().count()) {
                return Err(format!("{of}: at most {LIST_MAX}, none of them empty"));
            }
        }
        if STOCK_MAX < self.stock.len() || LIST_MAX < self.people.len() {
            return Err(format!("a dealer has at most {STOCK_MAX} models in stock and {LIST_MAX} people"));
        }
        if self.people.iter().any(|person| !person.email.contains('@')) {
            return Err("each of a dealer's people has an e-mail address".to_owned());
        }
        if !(1..=1_000).contains(&self.weight) || 100 < self.quality {
            return Err("a dealer's weight is 1 to 1,000, its quality 0 to 100".to_owned());
        }
        if self.place.is_some_and(|place| !place.is_on_earth()) {
            return Err("a place has a latitude of -90 to 90 and a longitude of -180 to 180 degrees".to_owned());
        }
        if self.webhook.as_ref().is_some_and(|address| !(address.starts_with("https://") || address.starts_with("http://"))) {
            return Err("a webhook's address begins with https://".to_owned());
        }
        self.hours.calendar().map(drop)
    }

    /// Whether the franchise has the brand and the model, of those that are named.
    pub fn sells(&self, brand: Option<&str>, model: Option<&str>) -> bool {
        let has = |list: &[String], wanted: Option<&str>| {
            list.is_empty() || wanted.is_none_or(|wanted| list.iter().any(|held| same(held, wanted)))
        };
        has(&self.brands, brand) && has(&self.models, model)
    }

    /// Cars of a model at the dealer's; of all models where none is named.
    pub fn in_stock(&self, model: Option<&str>) -> u32 {
        let counted = self.stock.iter().filter(|(held, _)| model.is_none_or(|model| same(held, model)));
        counted.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }
}

/// Whether two names are one, whatever the case.
pub fn same(a: &str, b: &str) -> bool {
    a == b || (a.len() == b.len() && a.eq_ignore_ascii_case(b)) || (!a.is_ascii() && a.to_lowercase() == b.to_lowercase())
}

/// A dealer with the hours made ready.
#[derive(Debug, Clone)]
pub struct Ready {
    pub dealer: Dealer,
    pub calendar: Calendar,
}

/// All dealers.
#[derive(Debug, Clone, Default)]
pub struct Network {
    dealers: BTreeMap<String, Arc<Ready>>,
}

impl Network {
    /// Dealers that do not read are left out: they were looked over when they were set.
    pub fn of(dealers: impl IntoIterator<Item = Dealer>) -> Self {
        let mut all = Self::default();
        dealers.into_iter().for_each(|dealer| all.set(dealer));
        all
    }

    pub fn set(&mut self, dealer: Dealer) {
        let calendar = dealer.hours.calendar().unwrap_or_default();
        self.dealers.insert(dealer.dealer_id.clone(), Arc::new(Ready { dealer, calendar }));
    }

    pub fn remove(&mut self, dealer_id: &str) -> bool {
        self.dealers.remove(dealer_id).is_some()
    }

    pub fn get(&self, dealer_id: &str) -> Option<&Arc<Ready>> {
        self.dealers.get(dealer_id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Ready>> {
        self.dealers.values()
    }

    pub fn len(&self) -> usize {
        self.dealers.len()
    }

    pub fn is_empty(&self) -> bool {
        self.dealers.is_empty()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A dealer of nothing but an id.
    pub fn dealer(id: &str) -> Dealer {
        serde_json::from_value(serde_json::json!({ "dealer_id": id, "name": id })).unwrap()
    }

    #[test]
    fn a_franchise_is_of_brands_and_models() {
        let of = Dealer { brands: vec!["Aurora".into()], models: vec!["A1".into(), "Ёлка".into()], ..dealer("d") };
        assert!(of.sells(Some("aurora"), Some("a1")) && of.sells(None, Some("ёлка")) && of.sells(None, None));
        assert!(!of.sells(Some("Boreal"), Some("A1")) && !of.sells(None, Some("B2")));
    }

    #[test]
    fn distances_are_those_of_the_globe() {
        let (berlin, munich) = (Place { lat: 52.52, lon: 13.405 }, Place { lat: 48.137, lon: 11.575 });
        assert!((berlin.distance_km(munich) - 504.0).abs() < 3.0, "{}", berlin.distance_km(munich));
        assert_eq!(berlin.distance_km(berlin), 0.0);
    }

    #[test]
    fn what_is_wrong_with_a_dealer_is_said() {
        assert_eq!(dealer("d1").check(), Ok(()));
        let wrong = [
            Dealer { dealer_id: "a/b".into(), ..dealer("d") },
            Dealer { name: " ".into(), ..dealer("d") },
            Dealer { weight: 0, ..dealer("d") },
            Dealer { quality: 101, ..dealer("d") },
            Dealer { place: Some(Place { lat: f64::NAN, lon: 0.0 }), ..dealer("d") },
            Dealer { webhook: Some("ftp://x".into()), ..dealer("d") },
            Dealer { models: vec![String::new()], ..dealer("d") },
            Dealer { hours: OpeningHours { tz: "Nowhere".into(), ..Default::default() }, ..dealer("d") },
        ];
        wrong.iter().for_each(|dealer| assert!(dealer.check().is_err(), "{dealer:?}"));
    }
}
