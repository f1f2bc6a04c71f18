//! The importer: its regions, dealers and models. All invented.

use crate::{
    campaign::{self, CHANNELS, Campaign},
    dice::Dice,
};

pub const MAKER: &str = "Aurelia Motors";

#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    pub name: &'static str,
    pub cities: [&'static str; 3],
    /// Hours that local time is ahead of UTC.
    pub utc_offset_hours: i64,
    /// Share of the group's people, against the other regions.
    pub weight: f64,
    /// How readily people ask for an offer: 1 is usual.
    pub demand: f64,
    /// How well its dealers work: 1 is usual. One region is the problem child.
    pub service: f64,
    pub(crate) tongue: Tongue,
    pub(crate) phone: PhonePlan,
}

/// The language that most people of a region write their names in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tongue {
    Cyrillic,
    Latin,
    Chinese,
}

/// Whose numbering plan a region's phones follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PhonePlan {
    Ru,
    Kz,
    Ua,
    By,
    Cn,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Dealer {
    pub name: String,
    /// Index into [`Group::regions`].
    pub region: usize,
    pub city: &'static str,
    /// How well it follows up: 1 is usual, 0.4 loses most of its leads.
    pub skill: f64,
    /// Share of the region's people, against its other dealers.
    pub weight: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub name: &'static str,
    pub slug: &'static str,
    pub price_eur: u32,
    pub weight: f64,
    /// How readily interest becomes a lead, and an offer a contract: 1 is usual.
    pub appeal: f64,
    /// When it came to market, as a share of the history; 0 was always there.
    pub launch: f64,
}

/// Who and what the story is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub maker: &'static str,
    pub regions: Vec<Region>,
    pub dealers: Vec<Dealer>,
    pub models: Vec<Model>,
    pub channels: Vec<&'static str>,
    pub campaigns: Vec<Campaign>,
}

const DEALERS_BY_REGION: [usize; 8] = [11, 10, 9, 8, 7, 6, 5, 4];
const PLACES: [&str; 4] = ["Centre", "North", "Ring", "Harbour"];
const DICE_DOMAIN: u64 = 1;

/// The group of a seed: names and numbers are fixed, what differs is how well each dealer works.
pub fn group(seed: u64) -> Group {
    let regions = regions();
    let mut dice = Dice::of(seed, DICE_DOMAIN, 0);
    let dealers = regions
        .iter()
        .zip(DEALERS_BY_REGION)
        .enumerate()
        .flat_map(|(index, (region, count))| dealers(index, region, count, &mut dice))
        .collect();
    Group { maker: MAKER, regions, dealers, models: models(), channels: CHANNELS.to_vec(), campaigns: campaign::campaigns() }
}

fn dealers(index: usize, region: &Region, count: usize, dice: &mut Dice) -> Vec<Dealer> {
    let dealer = |place: usize| {
        let city = region.cities[place % 3];
        let skill = (region.service * dice.factor(0.72, 1.28)).min(1.25);
        Dealer {
            name: format!("Aurelia {city} {}", PLACES[place / 3]),
            region: index,
            city,
            skill,
            weight: 1.0 / (1.0 + place as f64 * 0.15),
        }
    };
    (0..count).map(dealer).collect()
}

fn regions() -> Vec<Region> {
    use PhonePlan::{By, Cn, Kz, Ru, Ua};
    use Tongue::{Chinese, Cyrillic, Latin};
    let region = |name, cities, utc_offset_hours, weight, demand, service, tongue, phone| Region {
        name,
        cities,
        utc_offset_hours,
        weight,
        demand,
        service,
        tongue,
        phone,
    };
    vec![
        region("Norvia", ["Norvigrad", "Belmora", "Port Varen"], 3, 24.0, 1.10, 1.05, Cyrillic, Ru),
        region("Kastria", ["Kastrov", "Zelenogor", "Ust-Lada"], 3, 18.0, 1.00, 1.00, Cyrillic, Ru),
        region("Velmora", ["Velmir", "Dubrava", "Sosnia"], 2, 15.0, 1.05, 1.10, Cyrillic, Ua),
        region("Sudria", ["Sudrin", "Marisol", "Costavela"], 2, 13.0, 0.90, 1.00, Latin, By),
        region("Tarsk", ["Tarsk", "Verkhotar", "Kedrova"], 5, 11.0, 0.95, 0.55, Cyrillic, Ru),
        region("Altamir", ["Altamir", "Sarytau", "Besagash"], 5, 8.0, 1.20, 0.95, Cyrillic, Kz),
        region("Estwald", ["Estwald", "Lindhaven", "Orrin"], 2, 6.0, 0.80, 1.15, Latin, By),
        region("Lanhai", ["Lanhai", "Xinyue", "Baisong"], 8, 5.0, 1.30, 1.10, Chinese, Cn),
    ]
}

fn models() -> Vec<Model> {
    let model = |name, slug, price_eur, weight, appeal, launch| Model { name, slug, price_eur, weight, appeal, launch };
    vec![
        model("Aster", "aster", 21_900, 26.0, 1.15, 0.0),
        model("Belva", "belva", 26_500, 22.0, 1.05, 0.0),
        model("Calyx", "calyx", 31_900, 18.0, 1.00, 0.0),
        model("Dione", "dione", 37_500, 24.0, 1.25, LAUNCH_DIONE),
        model("Elara", "elara", 44_900, 10.0, 0.80, 0.0),
        model("Ferrin", "ferrin", 29_800, 7.0, 0.90, 0.0),
        model("Galene", "galene", 58_900, 9.0, 0.60, LAUNCH_GALENE),
    ]
}

/// The two launches, as a share of the history.
pub(crate) const LAUNCH_GALENE: f64 = 0.34;
pub(crate) const LAUNCH_DIONE: f64 = 0.71;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_group_has_the_size_of_an_importer() {
        let group = group(1);
        let names: BTreeSet<&str> = group.dealers.iter().map(|dealer| dealer.name.as_str()).collect();
        assert_eq!((group.regions.len(), names.len(), group.models.len(), group.channels.len()), (8, 60, 7, 9));
        let mean = |region: usize| {
            let of: Vec<f64> = group.dealers.iter().filter(|dealer| dealer.region == region).map(|dealer| dealer.skill).collect();
            of.iter().sum::<f64>() / of.len() as f64
        };
        assert!((0..8).filter(|region| *region != 4).all(|region| mean(4) < 0.8 * mean(region)), "Tarsk's dealers are the weak ones");
    }
}
