//! How well dealers handle leads, and what became of all of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::{Json, extract::State};
use forecourt_model::{
    Scope,
    lead::{
        LeadMove, Moved, Queue,
        outcome::{Outcome, outcome},
        ring::LineWork,
        scorecard::{self, Scorecard as ModelScorecard, Share as ModelShare, Stay},
    },
    network::Network,
    time::{DAY_US, SECOND_US, parse_us},
};
use forecourt_store::{
    Store,
    handling::{HandledLead, HandlingListing},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Caller, Clock,
    error::{ApiError, ErrorBody},
    input::Asked,
};

/// Leads that a report looks at, at most.
const LEADS_MAX: u32 = 500_000;
/// Minutes to the first answer, as they are told apart.
const ANSWERED_MIN: [i64; 6] = [5, 15, 30, 60, 240, 1_440];
/// A year: all that were answered later than the last of them.
const LATER_MIN: i64 = 525_600;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LeadsBetween {
    /// Leads that came in from then on; 30 days back unless told.
    pub(super) from: Option<String>,
    /// Exclusive; now unless told.
    pub(super) to: Option<String>,
    pub(super) region: Option<String>,
}

/// A part of a whole; `low` and `high` hold the true share in 95 of 100 cases.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadShare {
    count: u64,
    of: u64,
    #[schema(required)]
    rate: Option<f64>,
    #[schema(required)]
    low: Option<f64>,
    #[schema(required)]
    high: Option<f64>,
}

/// How a dealer handled leads. Times are in seconds from the dispatch to a person's act; a program's answer is none.
#[derive(Debug, Serialize, ToSchema)]
pub struct Scorecard {
    #[schema(required)]
    dealer_id: Option<String>,
    name: String,
    region: String,
    leads: u64,
    accepted: u64,
    /// Taken away, for a clock ran out.
    expired: u64,
    #[schema(required)]
    accept_median_s: Option<i64>,
    #[schema(required)]
    accept_p90_s: Option<i64>,
    #[schema(required)]
    contact_median_s: Option<i64>,
    #[schema(required)]
    contact_p90_s: Option<i64>,
    /// In the dealer's opening hours.
    #[schema(required)]
    contact_median_open_s: Option<i64>,
    #[schema(required)]
    contact_p90_open_s: Option<i64>,
    never_contacted: u64,
    /// Answered by a person before a clock ran out: what the rank goes by.
    in_time_rate: LeadShare,
    contact_rate: LeadShare,
    test_drive_rate: LeadShare,
    contract_rate: LeadShare,
    /// As it would be with leads of the average mix of scores.
    #[schema(required)]
    contract_rate_adjusted: Option<f64>,
    lost: u64,
    /// Lost without a word with the person, or for a reason that is not believed.
    lost_early: u64,
    /// 1, and how many are certainly better.
    #[schema(required)]
    rank: Option<u64>,
    /// How many cannot be told apart from it.
    ties: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Scorecards {
    dealers: Vec<Scorecard>,
    all: Scorecard,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadFlow {
    from: String,
    to: String,
    count: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LostFor {
    reason: String,
    count: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BandResult {
    band: String,
    leads: u64,
    contracts: u64,
    #[schema(required)]
    rate: Option<f64>,
}

/// Leads by the time to a person's first answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnsweredWithin {
    /// At most; absent for those that nobody answered.
    #[schema(required)]
    minutes_to: Option<i64>,
    leads: u64,
    test_drives: u64,
    contracts: u64,
    /// Lost, for the person bought another brand or at somebody else's.
    lost_elsewhere: u64,
}

/// What came of some leads that reached a dealer.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadsSold {
    leads: u64,
    contact_rate: LeadShare,
    contract_rate: LeadShare,
}

/// What a call before the dealer is worth.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalledFirst {
    /// The contact centre spoke with the person before a dealer had the lead.
    called: LeadsSold,
    straight: LeadsSold,
}

/// Leads whose person came back after silence or a loss.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct CameBack {
    leads: u64,
    /// Somebody spoke with the person again.
    contacted: u64,
    contracts: u64,
}

/// What the contact centre did.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct VerificationWork {
    claimed: u64,
    calls: u64,
    qualified: u64,
    /// Leads that went their way without a call.
    calls_saved: u64,
}

/// What a line of the contact centre did for the leads that came to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineResult {
    line: String,
    leads: u64,
    /// Times that it rang at somebody.
    rings: u64,
    not_taken: u64,
    declined: u64,
    /// Times that it rang at everybody, and nobody took it.
    nobody: u64,
    /// From the first ring to somebody's taking it.
    #[schema(required)]
    taken_median_s: Option<i64>,
    /// Spoken with to an end, and not given on; of those that came to an end there.
    solved: LeadShare,
    transferred: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadDeskReport {
    flow: Vec<LeadFlow>,
    lost: Vec<LostFor>,
    bands: Vec<BandResult>,
    by_answer: Vec<AnsweredWithin>,
    verification: VerificationWork,
    called_first: CalledFirst,
    came_back: CameBack,
    lines: Vec<LineResult>,
}

/// What a report is made of.
pub struct Looked {
    pub from_us: i64,
    pub until_us: i64,
    leads: Vec<HandledLead>,
    moves: HashMap<String, Vec<LeadMove>>,
}

impl Looked {
    pub async fn at(store: &Store, scope: &Scope, now_us: i64, asked: &LeadsBetween) -> Result<Self, ApiError> {
        let read = |text: &Option<String>| match text.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => parse_us(text)
                .map(Some)
                .ok_or_else(|| ApiError::invalid(format!("`{text}` is no time: write it as 2026-03-01 or 2026-03-01T09:00:00Z"))),
            None => Ok(None),
        };
        let until_us = read(&asked.to)?.unwrap_or(now_us);
        let from_us = read(&asked.from)?.unwrap_or(until_us - 30 * DAY_US);
        if until_us <= from_us {
            return Err(ApiError::invalid("`from` is before `to`"));
        }
        let region = asked.region.as_deref().filter(|region| !region.is_empty());
        Self::between(store, scope, from_us, until_us, region).await
    }

    /// Leads that came in from one moment until another.
    pub async fn between(store: &Store, scope: &Scope, from_us: i64, until_us: i64, region: Option<&str>) -> Result<Self, ApiError> {
        let listing =
            HandlingListing { opened_from_us: from_us, opened_until_us: until_us, limit: LEADS_MAX, ..HandlingListing::default() };
        let mut leads = store.list_handlings(scope, &listing).await?;
        leads.retain(|lead| region.is_none_or(|region| lead.region.as_deref() == Some(region)));
        let mut moves: HashMap<String, Vec<LeadMove>> = HashMap::new();
        for held in store.lead_moves_between(scope, from_us, until_us).await? {
            moves.entry(held.lead_id.clone()).or_default().push(held);
        }
        Ok(Self { from_us, until_us, leads, moves })
    }

    /// Leads that repeat none, each with what became of it.
    pub fn outcomes(&self) -> impl Iterator<Item = (&HandledLead, Outcome)> {
        let firsts = self.leads.iter().filter(|lead| lead.handling.body.duplicate_of.is_none());
        firsts.map(|lead| (lead, outcome(self.moves_of(lead))))
    }

    fn moves_of(&self, lead: &HandledLead) -> &[LeadMove] {
        self.moves.get(&lead.handling.lead_id).map_or(&[], Vec::as_slice)
    }

    /// Stays at dealers, of those that the caller may look at.
    pub fn stays(&self, scope: &Scope) -> Vec<Stay> {
        let all = self.leads.iter().flat_map(|lead| scorecard::stays(lead.handling.score, self.moves_of(lead)));
        all.filter(|stay| scope.dealer().is_none_or(|own| own == stay.dealer_id)).collect()
    }
}

/// How well dealers handle leads. A dealer's people see that dealer's.
#[utoipa::path(get, path = "/api/reports/scorecards", tag = "leads", params(LeadsBetween),
    responses((status = 200, body = Scorecards), (status = 400, body = ErrorBody)))]
pub async fn scorecards(
    caller: Caller,
    State(store): State<Store>,
    State(clock): State<Clock>,
    Asked(asked): Asked<LeadsBetween>,
) -> Result<Json<Scorecards>, ApiError> {
    // All that the dealer ever had, the leads that left too; of others nothing is counted.
    let looked = Looked::at(&store, &Scope::Everything, clock.now_us(), &asked).await?;
    let network = Network::of(store.dealers().await?.into_iter().map(|held| held.body));
    let stays = looked.stays(&caller.scope);
    let (cards, all) = scorecard::scorecards(&stays, |id| network.get(id).map(|ready| &ready.calendar));
    let ranks = scorecard::ranks(&cards);
    let dealers = cards.iter().map(|(id, card)| {
        let dealer = network.get(id).map(|ready| &ready.dealer);
        let named = (dealer.map_or(id.as_str(), |dealer| &dealer.name), dealer.map_or("", |dealer| &dealer.region));
        let place = ranks.get(id.as_str()).copied().filter(|_| caller.scope.dealer().is_none());
        Scorecard::new(Some(id), named, card, all.contract, place)
    });
    let mut dealers: Vec<Scorecard> = dealers.collect();
    dealers.sort_by(|a, b| (a.rank.unwrap_or(u64::MAX), &a.name).cmp(&(b.rank.unwrap_or(u64::MAX), &b.name)));
    Ok(Json(Scorecards { dealers, all: Scorecard::new(None, ("", ""), &all, all.contract, None) }))
}

/// What became of leads: where they went, why they were lost, what a fast answer is worth.
#[utoipa::path(get, path = "/api/reports/lead-desk", tag = "leads", params(LeadsBetween),
    responses((status = 200, body = LeadDeskReport), (status = 400, body = ErrorBody)))]
pub async fn lead_desk(
    caller: Caller,
    State(store): State<Store>,
    State(clock): State<Clock>,
    Asked(asked): Asked<LeadsBetween>,
) -> Result<Json<LeadDeskReport>, ApiError> {
    let looked = Looked::at(&store, &caller.scope, clock.now_us(), &asked).await?;
    let mut flow: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut lost: BTreeMap<String, u64> = BTreeMap::new();
    let mut bands: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut answers: BTreeMap<i64, AnsweredWithin> = BTreeMap::new();
    let mut verification = VerificationWork::default();
    let mut came_back = CameBack::default();
    let mut lines: BTreeMap<String, LineWork> = BTreeMap::new();
    // By whether the contact centre called first: contacted, and sold.
    let mut sold: BTreeMap<bool, (ModelShare, ModelShare)> = BTreeMap::new();
    for (lead, became) in looked.outcomes() {
        let moves = looked.moves_of(lead);
        for step in steps(moves).windows(2) {
            *flow.entry((step[0].clone(), step[1].clone())).or_default() += 1;
        }
        for held in moves.iter().filter(|held| held.act == Moved::Lost) {
            *lost.entry(held.reason.clone()).or_default() += 1;
        }
        let band = bands.entry(lead.handling.band.clone()).or_default();
        (band.0, band.1) = (band.0 + 1, band.1 + u64::from(became.has_contract));
        if became.was_at_dealer {
            let minutes = became.contacted_us.map(|us| (us - lead.handling.opened_us) / (60 * SECOND_US));
            let within = minutes.map_or(i64::MAX, |minutes| ANSWERED_MIN.into_iter().find(|most| minutes < *most).unwrap_or(LATER_MIN));
            answers.entry(within).or_insert_with(|| AnsweredWithin::new(within)).add(&became);
            let (contact, contract) = sold.entry(became.was_called_first).or_default();
            contact.add(became.contacted_us.is_some());
            contract.add(became.has_contract);
        }
        if became.has_come_back {
            came_back.leads += 1;
            came_back.contacted += u64::from(became.contacted_again || became.contract_again);
            came_back.contracts += u64::from(became.contract_again);
        }
        LineWork::add(&mut lines, moves);
        let count = |act: Moved| moves.iter().filter(|held| held.act == act).count() as u64;
        verification.claimed += count(Moved::Claimed);
        verification.calls += count(Moved::Verified);
        verification.qualified += moves.iter().filter(|held| held.act == Moved::Verified && held.to == "qualified").count() as u64;
        verification.calls_saved += u64::from(count(Moved::Verified) == 0 && lead.handling.queue != Queue::Verification);
    }
    let rate = |(leads, contracts): (u64, u64)| (0 < leads).then(|| contracts as f64 / leads as f64);
    Ok(Json(LeadDeskReport {
        flow: flow.into_iter().map(|((from, to), count)| LeadFlow { from, to, count }).collect(),
        lost: lost.into_iter().map(|(reason, count)| LostFor { reason, count }).collect(),
        bands: bands.into_iter().map(|(band, of)| BandResult { band, leads: of.0, contracts: of.1, rate: rate(of) }).collect(),
        by_answer: answers.into_values().collect(),
        verification,
        called_first: CalledFirst { called: LeadsSold::new(sold.get(&true)), straight: LeadsSold::new(sold.get(&false)) },
        came_back,
        lines: lines.into_iter().map(|(line, work)| LineResult::new(line, &work)).collect(),
    }))
}

/// The places that a lead went through, each once: a circle would be drawn over itself.
fn steps(moves: &[LeadMove]) -> Vec<String> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut steps: Vec<String> = Vec::new();
    let mut step = |word: &str| {
        if seen.insert(word.to_owned()) {
            steps.push(word.to_owned());
        }
    };
    step("captured");
    for held in moves {
        match held.act {
            Moved::Scored | Moved::Promoted => step(&format!("band:{}", held.to)),
            Moved::Dispatched | Moved::Assigned | Moved::Reappeared => {
                step(if held.to.starts_with("dealer:") { "dealer" } else { held.to.as_str() });
            }
            Moved::Verified => step("verification"),
            Moved::Contacted if held.to == "reached" => step("contacted"),
            Moved::Stage if matches!(held.to.as_str(), "contacted" | "appointment" | "test_drive" | "offer" | "contract" | "delivered") => {
                step(&held.to)
            }
            Moved::Appointment => step("appointment"),
            Moved::Lost => step("lost"),
            Moved::TakenBack => step("taken_back"),
            _ => {}
        }
    }
    steps
}

impl AnsweredWithin {
    /// * `minutes`: the most; `i64::MAX` for those that nobody answered.
    fn new(minutes: i64) -> Self {
        Self { minutes_to: (minutes < i64::MAX).then_some(minutes), leads: 0, test_drives: 0, contracts: 0, lost_elsewhere: 0 }
    }

    fn add(&mut self, became: &Outcome) {
        self.leads += 1;
        self.test_drives += u64::from(became.had_test_drive);
        self.contracts += u64::from(became.has_contract);
        self.lost_elsewhere += u64::from(became.is_lost_elsewhere());
    }
}

impl LeadsSold {
    fn new(shares: Option<&(ModelShare, ModelShare)>) -> Self {
        let (contact, contract) = shares.copied().unwrap_or_default();
        Self { leads: contract.of, contact_rate: LeadShare::new(contact), contract_rate: LeadShare::new(contract) }
    }
}

impl LineResult {
    fn new(line: String, work: &LineWork) -> Self {
        Self {
            line,
            leads: work.leads,
            rings: work.rings,
            not_taken: work.not_taken,
            declined: work.declined,
            nobody: work.nobody,
            taken_median_s: work.taken_median_us().map(|us| us / SECOND_US),
            solved: LeadShare::new(ModelShare { count: work.solved, of: work.solved + work.transferred }),
            transferred: work.transferred,
        }
    }
}

impl LeadShare {
    pub fn percent(&self) -> Option<f64> {
        self.rate.map(|rate| rate * 100.0)
    }

    pub fn new(share: ModelShare) -> Self {
        let (low, high) = share.interval().unzip();
        Self { count: share.count, of: share.of, rate: share.rate(), low, high }
    }
}

impl Scorecard {
    fn new(
        dealer_id: Option<&String>,
        (name, region): (&str, &str),
        card: &ModelScorecard,
        all: ModelShare,
        place: Option<(u64, u64)>,
    ) -> Self {
        let seconds = |us: Option<i64>| us.map(|us| us / SECOND_US);
        Self {
            dealer_id: dealer_id.cloned(),
            name: name.to_owned(),
            region: region.to_owned(),
            leads: card.leads,
            accepted: card.accepted,
            expired: card.expired,
            accept_median_s: seconds(card.accept(0.5)),
            accept_p90_s: seconds(card.accept(0.9)),
            contact_median_s: seconds(card.answer(0.5)),
            contact_p90_s: seconds(card.answer(0.9)),
            contact_median_open_s: seconds(card.answer_open(0.5)),
            contact_p90_open_s: seconds(card.answer_open(0.9)),
            never_contacted: card.never_contacted,
            in_time_rate: LeadShare::new(card.in_time),
            contact_rate: LeadShare::new(card.contact),
            test_drive_rate: LeadShare::new(card.test_drive),
            contract_rate: LeadShare::new(card.contract),
            contract_rate_adjusted: card.adjusted(all),
            lost: card.lost,
            lost_early: card.lost_early,
            rank: place.map(|(rank, _)| rank),
            ties: place.map_or(0, |(_, ties)| ties),
        }
    }
}
