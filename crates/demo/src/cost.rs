//! What advertising costs: by day, campaign and region.

use forecourt_model::{entity::AdCost, time};

use crate::{
    person::VISITORS_SHARE,
    season::Season,
    world::{Domain, World},
};

/// Clicks paid for each first visit that the site counts; the rest come again, or leave before the page is there.
const CLICKS_PER_ARRIVAL: f64 = 3.0;

/// The costs of one day, in euros: a line for each region and paid campaign that runs.
pub fn costs(world: &World, day: i32) -> Vec<AdCost> {
    let season: &Season = &world.season;
    let share = season.share(day);
    let running: Vec<_> = world.group.campaigns.iter().filter(|campaign| campaign.runs(share)).collect();
    let weights: f64 = running.iter().map(|campaign| campaign.weight).sum();
    let regions: f64 = world.group.regions.iter().map(|region| region.weight).sum();
    let visitors = f64::from(world.plan.profiles) * VISITORS_SHARE * season.arrivals(day);
    let day_text = time::day_text(day);
    let mut dice = world.dice(Domain::Cost, day as u64);
    let mut lines = Vec::with_capacity(running.len() * world.group.regions.len());
    for campaign in running.into_iter().filter(|campaign| campaign.is_paid()) {
        for region in &world.group.regions {
            let of_region = region.weight / regions;
            let expected = visitors * campaign.weight / weights * of_region * CLICKS_PER_ARRIVAL * dice.factor(0.8, 1.2);
            let clicks = if 0.0 < campaign.click_eur { expected.round() } else { 0.0 };
            let cost = clicks * campaign.click_eur * dice.factor(0.9, 1.1) + campaign.day_eur * of_region;
            lines.push(AdCost {
                day: day_text.clone(),
                channel: campaign.channel.to_owned(),
                utm_source: campaign.utm_source.to_owned(),
                campaign: campaign.name.to_owned(),
                region: region.name.to_owned(),
                cost: (cost * 100.0).round() / 100.0,
                impressions: (clicks * dice.factor(28.0, 75.0)) as i64,
                clicks: clicks as i64,
                currency: "EUR".to_owned(),
            });
        }
    }
    lines
}
