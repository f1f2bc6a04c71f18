//! Looks at each region and channel that has ad costs: what is known, and what its gate becomes.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::{
    Scope,
    ad_gate::{self, AdGateRules, Evidence, Gate, GateReason, MONEY_DAYS},
    lead::scorecard::Share,
    network::Network,
    time::{DAY_US, day_text, iso, local_day},
};
use forecourt_query::{PivotSpec, Query};
use forecourt_store::{
    Store,
    control::{Control, GateSwitch, KeptGate, NoticeWish},
};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::{InstallationKeeper, error::ApiError, leads::reports::Looked, pivot};

/// Where the rules are kept; the webhook's secret is in the vault.
pub const RULES_SETTING: &str = "ad_gate_rules";
pub const AD_GATE_SECRET: &str = "ad_gate/webhook_secret";
/// Notices of switches are of this kind.
pub const AD_GATE_NOTICE: &str = "ad_gate";
/// A lead that came in so long before may be answered, or lapse, in the days that are looked at.
const OPEN_DAYS: i32 = 60;
/// Days that one question of the pivot covers: its answers are limited.
const DAYS_A_QUESTION: i32 = 30;

/// A region and a channel.
pub type Place = (String, String);

/// What is known of each place, as of the end of a day.
pub struct Known {
    pub by_place: BTreeMap<Place, Evidence>,
    /// The day that it is, by the installation's clock.
    pub today: i32,
}

/// Looks at gates. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct AdGates {
    pub control: Control,
    pub store: Store,
    pub query: Query,
    pub installation: InstallationKeeper,
}

impl AdGates {
    pub async fn rules(&self) -> Result<AdGateRules, ApiError> {
        Ok(self.control.setting(RULES_SETTING).await?.unwrap_or_default())
    }

    /// Looks once, and keeps what changed with its notices. Does nothing while the gate is off.
    pub async fn look(&self, now_us: i64) -> Result<(), ApiError> {
        if self.rules().await?.is_on {
            let known = self.known(now_us, 0).await?;
            self.judge(&known, now_us).await?;
        }
        Ok(())
    }

    /// Judges by what is known, and keeps what changed with its notices. Does nothing while the gate is off.
    pub async fn judge(&self, known: &Known, now_us: i64) -> Result<(), ApiError> {
        let rules = self.rules().await?;
        if !rules.is_on {
            return Ok(());
        }
        let held: BTreeMap<Place, Gate> =
            self.control.ad_gates().await?.into_iter().map(|kept| ((kept.region, kept.channel), kept.gate)).collect();
        let (mut gates, mut switches, mut notices) = (Vec::new(), Vec::new(), Vec::new());
        for (place, evidence) in &known.by_place {
            let was = held.get(place);
            let gate = ad_gate::evaluate(&rules, evidence, was, known.today);
            if was == Some(&gate) {
                continue;
            }
            let kept = KeptGate { region: place.0.clone(), channel: place.1.clone(), gate };
            let before = was.map(|was| was.state);
            // That a gate is there, and open, is no news.
            if before.is_some_and(|before| before != kept.gate.state) || (before.is_none() && kept.gate.reason != GateReason::New) {
                let switch = GateSwitch::new(&kept, before, now_us, "", "");
                notices.extend(self.notice(&rules, &switch));
                switches.push(switch);
            }
            gates.push(kept);
        }
        self.control.keep_ad_gates(&gates, &switches, notices, now_us).await?;
        Ok(())
    }

    /// Tells whoever runs the advertising.
    pub fn notice(&self, rules: &AdGateRules, switch: &GateSwitch) -> Option<NoticeWish> {
        let body = json!({
            "type": "ad_gate.switched",
            "timestamp": iso(switch.at_us),
            "data": {
                "region": switch.region,
                "channel": switch.channel,
                "state": switch.gate.state.as_str(),
                "was": switch.was.map(|was| was.as_str()),
                "reason": switch.gate.reason.as_str(),
                "figures": switch.gate.figures,
                "budget_per_day": (switch.gate.state == ad_gate::GateState::Probe).then_some(rules.probe_budget),
                "currency": self.installation.now().currency,
                "actor": switch.actor,
                "note": switch.note,
            },
        });
        let subject = format!("{} × {}: {}", switch.region, switch.channel, switch.gate.state.as_str());
        (!rules.webhook_url.is_empty()).then(|| NoticeWish {
            incident_id: None,
            kind: AD_GATE_NOTICE,
            way: "webhook",
            target: rules.webhook_url.clone(),
            subject,
            body: body.to_string(),
        })
    }

    /// What is known of each region and channel that had ad costs.
    ///
    /// * `back`: so many days more than a look needs.
    pub async fn known(&self, now_us: i64, back: i32) -> Result<Known, ApiError> {
        let installation = self.installation.now();
        let zone = TimeZone::get(&installation.time_zone).unwrap_or(TimeZone::UTC);
        let today = local_day(now_us, &zone);
        let answered = self.answered(now_us, back, &zone).await?;
        let mut by_place: BTreeMap<Place, Evidence> = BTreeMap::new();
        let terms = pivot::terms(&self.control, &installation).await?;
        let (mut sales, mut revenue) = (0.0, 0.0);
        let mut from = today - MONEY_DAYS - back + 1;
        while from <= today {
            let to = (from + DAYS_A_QUESTION).min(today + 1);
            let spec = PivotSpec {
                rows: vec!["region".to_owned(), "channel".to_owned()],
                columns: vec!["day".to_owned()],
                measures: ["cost", "sales", "revenue"].map(str::to_owned).to_vec(),
                filters: Vec::new(),
                from: Some(day_text(from)),
                to: Some(day_text(to)),
                tz: None,
                currency: None,
                margin: None,
            };
            let report = self.query.pivot(&Scope::Everything, &spec, &terms).await?;
            let days: Vec<Option<i32>> = report
                .column_keys
                .iter()
                .map(|key| key.first().cloned().flatten().and_then(|text| forecourt_model::time::date_day(&text, &TimeZone::UTC)))
                .collect();
            let number = |cells: &[Option<f64>], at: usize| cells.get(at).copied().flatten().unwrap_or(0.0);
            sales += number(&report.total.total, 1);
            revenue += number(&report.total.total, 2);
            for line in &report.lines {
                let [Some(region), Some(channel)] = line.key.as_slice() else { continue };
                let evidence = by_place.entry((region.clone(), channel.clone())).or_default();
                for (day, cells) in days.iter().zip(&line.cells) {
                    let Some(day) = day else { continue };
                    let held = evidence.money.entry(*day).or_default();
                    held.cost += number(cells, 0);
                    held.sales += number(cells, 1) as u64;
                    held.revenue += number(cells, 2);
                }
            }
            from = to;
        }
        // Where nothing was ever paid there is nothing to open or close.
        by_place.retain(|_, evidence| evidence.money.values().any(|day| 0.0 < day.cost));
        for ((region, _), evidence) in &mut by_place {
            evidence.average_sale = if 0.0 < sales { revenue / sales } else { 0.0 };
            evidence.answered = answered.get(region).cloned().unwrap_or_default();
        }
        Ok(Known { by_place, today })
    }

    /// By region and day: leads of its dealers that a person answered in time, of those that were answered or lapsed that day.
    async fn answered(&self, now_us: i64, back: i32, zone: &TimeZone) -> Result<BTreeMap<String, BTreeMap<i32, Share>>, ApiError> {
        let from_us = now_us - i64::from(MONEY_DAYS + back + OPEN_DAYS) * DAY_US;
        let looked = Looked::between(&self.store, &Scope::Everything, from_us, now_us + 1, None).await?;
        let network = Network::of(self.store.dealers().await?.into_iter().map(|held| held.body));
        let mut answered: BTreeMap<String, BTreeMap<i32, Share>> = BTreeMap::new();
        for stay in looked.stays(&Scope::Everything) {
            let Some(region) = network.get(&stay.dealer_id).map(|ready| ready.dealer.region.as_str()).filter(|region| !region.is_empty())
            else {
                continue;
            };
            // When it was known how it ended, which need not be the day on which it came.
            let known_us = [stay.contacted_us, stay.until_us].into_iter().flatten().min();
            if let Some(at_us) = known_us {
                let day = answered.entry(region.to_owned()).or_default().entry(local_day(at_us, zone)).or_default();
                day.add(stay.contacted_us.is_some_and(|contacted| contacted <= at_us) && !stay.has_expired);
            }
        }
        Ok(answered)
    }
}

/// A switch that would have been.
pub struct Simulated {
    pub place: Place,
    pub day: i32,
    pub was: ad_gate::GateState,
    pub gate: Gate,
}

/// Goes through the last days with other rules. Returns the switches, and for how many days each place would not have been open.
pub fn simulate(known: &Known, rules: &AdGateRules, days: i32) -> (Vec<Simulated>, BTreeMap<Place, u32>) {
    let (mut switches, mut shut) = (Vec::new(), BTreeMap::new());
    for (place, evidence) in &known.by_place {
        let mut gate: Option<Gate> = None;
        let paid: BTreeSet<i32> = evidence.money.iter().filter(|(_, day)| 0.0 < day.cost).map(|(day, _)| *day).collect();
        for day in known.today - days + 1..=known.today {
            // As of that day: nothing that came later.
            let as_of = Evidence {
                answered: evidence.answered.range(..=day).map(|(day, held)| (*day, *held)).collect(),
                money: evidence.money.range(..=day).map(|(day, held)| (*day, *held)).collect(),
                average_sale: evidence.average_sale,
            };
            if paid.range(..=day).next().is_none() {
                continue;
            }
            let next = ad_gate::evaluate(rules, &as_of, gate.as_ref(), day);
            let was = gate.as_ref().map_or(ad_gate::GateState::Open, |gate| gate.state);
            if was != next.state {
                switches.push(Simulated { place: place.clone(), day, was, gate: next.clone() });
            }
            if next.state != ad_gate::GateState::Open {
                *shut.entry(place.clone()).or_default() += 1;
            }
            gate = Some(next);
        }
    }
    switches.sort_by(|a, b| (b.day, &a.place).cmp(&(a.day, &b.place)));
    (switches, shut)
}
