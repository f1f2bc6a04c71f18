//! What became of a lead, from what was recorded.

use super::{LeadMove, Moved, Verified, is_beyond_contact, scorecard};

/// Reasons that say that the person bought, and not here.
pub const BOUGHT_ELSEWHERE: [&str; 2] = ["bought_other_brand", "bought_elsewhere"];

/// What became of one lead. Of several stays at dealers all count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    pub was_at_dealer: bool,
    /// When a dealer's person first reached out.
    pub contacted_us: Option<i64>,
    pub had_test_drive: bool,
    pub has_contract: bool,
    /// The contact centre spoke with the person before any dealer had the lead.
    pub was_called_first: bool,
    /// The contact centre found it worth a dealer's time, or a dealer came to an appointment or further.
    pub is_qualified: bool,
    /// Why it is lost, where it is lost in the end; empty where nobody said why.
    pub lost_reason: Option<String>,
    pub has_come_back: bool,
    /// After it came back, a person spoke with the person, or they signed.
    pub contacted_again: bool,
    pub contract_again: bool,
}

impl Outcome {
    /// Bought, and not here.
    pub fn is_lost_elsewhere(&self) -> bool {
        self.lost_reason.as_deref().is_some_and(|reason| BOUGHT_ELSEWHERE.contains(&reason))
    }
}

/// Reads one lead's moves, in their order.
pub fn outcome(moves: &[LeadMove]) -> Outcome {
    let stays = scorecard::stays(0, moves);
    let mut found = Outcome {
        was_at_dealer: !stays.is_empty(),
        contacted_us: stays.iter().filter_map(|stay| stay.contacted_us).min(),
        had_test_drive: stays.iter().any(|stay| stay.had_test_drive),
        has_contract: stays.iter().any(|stay| stay.has_contract),
        ..Outcome::default()
    };
    let mut was_dispatched = false;
    for held in moves {
        was_dispatched |= held.to.starts_with("dealer:");
        let is_contact = match held.act {
            Moved::Contacted => held.to == "reached",
            Moved::Appointment => true,
            Moved::Stage => is_beyond_contact(&held.to),
            _ => false,
        };
        let is_contract = held.act == Moved::Stage && matches!(held.to.as_str(), "contract" | "delivered");
        let is_further = held.act == Moved::Appointment
            || held.act == Moved::Stage && matches!(held.to.as_str(), "appointment" | "test_drive" | "offer" | "contract" | "delivered");
        found.is_qualified |= is_further || held.act == Moved::Verified && held.to == Verified::Qualified.as_str();
        found.was_called_first |= held.act == Moved::Verified && !was_dispatched && held.to != Verified::NoAnswer.as_str();
        found.contacted_again |= found.has_come_back && is_contact;
        found.contract_again |= found.has_come_back && is_contract;
        match held.act {
            Moved::Lost => found.lost_reason = Some(held.reason.clone()),
            Moved::Reappeared => (found.has_come_back, found.lost_reason) = (true, None),
            _ if is_contact || held.to.starts_with("dealer:") => found.lost_reason = None,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(steps: &[(Moved, &str, &str)]) -> Vec<LeadMove> {
        let made = |(number, (act, to, reason)): (usize, &(Moved, &str, &str))| LeadMove {
            lead_id: "L".into(),
            number: number as u32,
            at_us: number as i64 * 60_000_000,
            act: *act,
            actor: String::new(),
            from: String::new(),
            to: (*to).into(),
            reason: (*reason).into(),
            note: String::new(),
        };
        steps.iter().enumerate().map(made).collect()
    }

    #[test]
    fn a_lead_that_was_called_first_and_lost_to_another_brand() {
        let found = outcome(&moves(&[
            (Moved::Opened, "captured", ""),
            (Moved::Verified, "qualified", ""),
            (Moved::Dispatched, "dealer:north", "best"),
            (Moved::Contacted, "reached", ""),
            (Moved::Lost, "nurture", "bought_other_brand"),
        ]));
        assert!(found.was_called_first && found.is_qualified && found.is_lost_elsewhere() && !found.has_contract, "{found:?}");
        assert_eq!(found.contacted_us, Some(180_000_000));
    }

    #[test]
    fn a_lead_that_came_back_is_not_lost_any_more() {
        let steps = [
            (Moved::Opened, "captured", ""),
            (Moved::Dispatched, "dealer:north", "best"),
            (Moved::Lost, "nurture", "not_now"),
            (Moved::Reappeared, "verification", "viewed"),
            (Moved::Dispatched, "dealer:south", "best"),
            (Moved::Contacted, "reached", ""),
            (Moved::Stage, "contract", ""),
        ];
        assert_eq!(outcome(&moves(&steps[..3])).lost_reason.as_deref(), Some("not_now"));
        let found = outcome(&moves(&steps));
        assert!(found.has_come_back && found.contacted_again && found.contract_again && found.is_qualified, "{found:?}");
        assert_eq!((found.lost_reason, found.was_called_first), (None, false));
        // A contract before it came back is none of the return's.
        let found = outcome(&moves(&[steps[1], steps[6], (Moved::Reappeared, "dealer:north", "viewed")]));
        assert!(found.has_contract && found.has_come_back && !found.contract_again, "{found:?}");
    }

    #[test]
    fn a_call_after_the_dealer_is_no_call_before() {
        let found = outcome(&moves(&[
            (Moved::Dispatched, "dealer:north", "best"),
            (Moved::Lost, "verification", "no_answer"),
            (Moved::Verified, "qualified", ""),
        ]));
        assert!(!found.was_called_first && found.is_qualified, "{found:?}");
        assert!(!outcome(&moves(&[(Moved::Verified, "no_answer", "")])).was_called_first);
    }
}
