//! The dealer network and the rules that leads are dealt with by, as they are now.

use std::sync::Arc;

use forecourt_model::{
    lead::{LeadRules, LearnedScore},
    network::{DEALERS_MAX, Dealer, Network},
    owner::OwnerRules,
};
use forecourt_store::{
    FoldTx, StoreError,
    definition::{DEALER, LEAD_RULES, LEAD_SCORE},
};

use super::owner;
use crate::{definition, state::State};

type Verdict = Result<(), String>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Desk {
    pub rules: LeadRules,
    pub network: Network,
    /// In the place of the rules' points.
    pub learned: Option<Arc<LearnedScore>>,
    pub owners: OwnerRules,
}

impl Desk {
    pub async fn read(tx: &mut FoldTx) -> Result<Self, StoreError> {
        let learned = tx.lead_score().await?.map(Arc::new);
        let (rules, owners) = (tx.lead_rules().await?, tx.owner_rules().await?.ready());
        Ok(Self { rules, network: Network::of(tx.dealers().await?), learned, owners })
    }

    pub fn is_on(&self) -> bool {
        self.rules.is_on
    }

    pub fn opens_for_owners(&self) -> bool {
        self.rules.is_on && self.owners.is_on
    }

    /// Whether an event of this name may move a lead of its person.
    pub fn minds(&self, event: &str) -> bool {
        self.rules.is_on && (self.scores_by(event) || self.comes_back_by(event) || self.owners.minds(event))
    }

    /// Whether an event of this name can change scores.
    pub fn scores_by(&self, event: &str) -> bool {
        match &self.learned {
            Some(learned) => learned.looks_at(event),
            None => self.rules.scores_by(event),
        }
    }

    pub fn scores_by_segment(&self, segment_id: &str) -> bool {
        self.learned.is_none() && self.rules.scores_by_segment(segment_id)
    }

    pub fn comes_back_by(&self, event: &str) -> bool {
        self.rules.reappear.events.iter().any(|held| held == event)
    }
}

pub(crate) fn set_dealer(state: &mut State<'_>, dealer: &Dealer, actor: &str) -> Verdict {
    dealer.check()?;
    let network = &state.desk.network;
    if network.get(&dealer.dealer_id).is_none() && DEALERS_MAX <= network.len() {
        return Err(format!("there are {DEALERS_MAX} dealers already"));
    }
    Arc::make_mut(&mut state.desk).network.set(dealer.clone());
    definition::note(state, DEALER, &dealer.dealer_id, dealer, actor);
    Ok(())
}

pub(crate) fn remove_dealer(state: &mut State<'_>, dealer_id: &str, actor: &str) -> Verdict {
    if state.loads.of.get(dealer_id).is_some_and(|load| 0 < load.open) {
        return Err("the dealer has leads in work: assign them to others first, or have the dealer take no more".to_owned());
    }
    if !Arc::make_mut(&mut state.desk).network.remove(dealer_id) {
        return Err(format!("there is no dealer `{dealer_id}`"));
    }
    definition::note_removal(state, DEALER, dealer_id, actor);
    Ok(())
}

pub(crate) async fn set_rules(tx: &mut FoldTx, state: &mut State<'_>, rules: &LeadRules, actor: &str) -> Result<Verdict, StoreError> {
    if let Err(reason) = rules.check() {
        return Ok(Err(reason));
    }
    let was_on = state.desk.is_on();
    Arc::make_mut(&mut state.desk).rules = rules.clone();
    definition::note(state, LEAD_RULES, "", rules, actor);
    if was_on != rules.is_on {
        owner::look_at_all(tx, state).await?;
    }
    Ok(Ok(()))
}

/// From now on leads are scored by this, or by points.
pub(crate) fn publish_score(state: &mut State<'_>, score: Option<&LearnedScore>, actor: &str) -> Verdict {
    if let Some(score) = score {
        score.check()?;
        definition::note(state, LEAD_SCORE, "", score, actor);
    } else {
        definition::note_removal(state, LEAD_SCORE, "", actor);
    }
    Arc::make_mut(&mut state.desk).learned = score.cloned().map(Arc::new);
    Ok(())
}
