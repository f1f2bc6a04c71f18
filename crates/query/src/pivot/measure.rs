//! The measures of a pivot: quantities that are added up, and formulas over their sums.
//!
//! A ratio is always one of sums: of a row's cost and a row's leads, never a sum or an average of the cells' ratios.
//! Definitions: docs/pivot.md.

use forecourt_model::conversion::{Conversion, ConversionKind};
use serde::{Deserialize, Serialize};

use crate::QueryError;

/// What a formula is made of. Places are those of the definitions in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quantity {
    Cost,
    /// Rows of cost that were imported.
    CostLines,
    Impressions,
    Clicks,
    Leads,
    /// Profiles with a lead.
    LeadPeople,
    /// Confirmed orders.
    Sales,
    /// Profiles with a confirmed order.
    Buyers,
    /// Confirmed orders that are their profile's first.
    NewCustomers,
    Revenue,
    Conversions(usize),
    /// Profiles with the conversion.
    ConversionPeople(usize),
    /// Sum of the events' own values.
    ConversionValue(usize),
}

/// The table that a quantity is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    AdCosts,
    Leads,
    Orders,
    Events,
}

impl Origin {
    pub fn table(self) -> &'static str {
        match self {
            Self::AdCosts => "ad_costs",
            Self::Leads => "leads",
            Self::Orders => "orders",
            Self::Events => "events",
        }
    }
}

impl Quantity {
    pub fn origin(self) -> Origin {
        match self {
            Self::Cost | Self::CostLines | Self::Impressions | Self::Clicks => Origin::AdCosts,
            Self::Leads | Self::LeadPeople => Origin::Leads,
            Self::Sales | Self::Buyers | Self::NewCustomers | Self::Revenue => Origin::Orders,
            Self::Conversions(_) | Self::ConversionPeople(_) | Self::ConversionValue(_) => Origin::Events,
        }
    }

    /// Whether it counts each profile once: the total of such is less than the sum of its parts.
    pub fn is_of_people(self) -> bool {
        matches!(self, Self::LeadPeople | Self::Buyers | Self::ConversionPeople(_))
    }

    /// Whether sums are in millionths of the currency.
    pub fn is_money(self) -> bool {
        matches!(self, Self::Cost | Self::Revenue | Self::ConversionValue(_))
    }
}

/// How a measure's numbers are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Count,
    Money,
    /// A part of 1, or more than 1.
    Share,
}

type Terms = Vec<(f64, Quantity)>;

/// A measure, as a formula: the sum of `terms`, divided by the sum of `over` where there is any.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// As the spec says it.
    pub name: String,
    /// The definition's name, of a conversion's measure.
    pub title: Option<String>,
    pub unit: Unit,
    pub terms: Terms,
    pub over: Option<Terms>,
}

/// Measures by name, without those of single conversions.
pub const NAMES: [&str; 28] = [
    "cost",
    "impressions",
    "clicks",
    "micro_conversions",
    "macro_conversions",
    "leads",
    "lead_people",
    "sales",
    "buyers",
    "new_customers",
    "revenue",
    "profit",
    "average_sale",
    "ctr",
    "cpc",
    "cpm",
    "cost_per_micro",
    "cost_per_macro",
    "cpl",
    "cac",
    "cost_per_sale",
    "click_to_lead",
    "lead_to_sale",
    "drr",
    "romi",
    "romi_margin",
    "cost_lines",
    "click_to_micro",
];

/// The definitions that a pivot counts, each once.
#[derive(Debug, Clone, Default)]
pub struct InUse {
    pub conversions: Vec<Conversion>,
}

impl InUse {
    fn place(&mut self, conversion: &Conversion) -> usize {
        match self.conversions.iter().position(|held| held.id == conversion.id) {
            Some(at) => at,
            None => {
                self.conversions.push(conversion.clone());
                self.conversions.len() - 1
            }
        }
    }

    /// All definitions of a kind, each counted once.
    fn all(&mut self, known: &[Conversion], kind: ConversionKind) -> Terms {
        let of_kind = known.iter().filter(|conversion| conversion.kind == kind);
        of_kind.map(|conversion| (1.0, Quantity::Conversions(self.place(conversion)))).collect()
    }
}

impl Measure {
    /// Reads a measure's name; the definitions that it counts are put among those in use.
    ///
    /// * `margin`: share of revenue that is profit before advertising, for `romi_margin`.
    pub fn read(name: &str, known: &[Conversion], margin: Option<f64>, in_use: &mut InUse) -> Result<Self, QueryError> {
        use Quantity::*;
        let one = |quantity| vec![(1.0, quantity)];
        let (unit, terms, over) = match name {
            "cost" => (Unit::Money, one(Cost), None),
            "cost_lines" => (Unit::Count, one(CostLines), None),
            "impressions" => (Unit::Count, one(Impressions), None),
            "clicks" => (Unit::Count, one(Clicks), None),
            "micro_conversions" => (Unit::Count, in_use.all(known, ConversionKind::Micro), None),
            "macro_conversions" => (Unit::Count, in_use.all(known, ConversionKind::Macro), None),
            "leads" => (Unit::Count, one(Leads), None),
            "lead_people" => (Unit::Count, one(LeadPeople), None),
            "sales" => (Unit::Count, one(Sales), None),
            "buyers" => (Unit::Count, one(Buyers), None),
            "new_customers" => (Unit::Count, one(NewCustomers), None),
            "revenue" => (Unit::Money, one(Revenue), None),
            "profit" => (Unit::Money, vec![(1.0, Revenue), (-1.0, Cost)], None),
            "average_sale" => (Unit::Money, one(Revenue), Some(one(Sales))),
            "ctr" => (Unit::Share, one(Clicks), Some(one(Impressions))),
            "cpc" => (Unit::Money, one(Cost), Some(one(Clicks))),
            "cpm" => (Unit::Money, vec![(1000.0, Cost)], Some(one(Impressions))),
            "cost_per_micro" => (Unit::Money, one(Cost), Some(in_use.all(known, ConversionKind::Micro))),
            "cost_per_macro" => (Unit::Money, one(Cost), Some(in_use.all(known, ConversionKind::Macro))),
            "cpl" => (Unit::Money, one(Cost), Some(one(Leads))),
            "cac" => (Unit::Money, one(Cost), Some(one(NewCustomers))),
            "cost_per_sale" => (Unit::Money, one(Cost), Some(one(Sales))),
            "click_to_micro" => (Unit::Share, in_use.all(known, ConversionKind::Micro), Some(one(Clicks))),
            "click_to_lead" => (Unit::Share, one(Leads), Some(one(Clicks))),
            "lead_to_sale" => (Unit::Share, one(Sales), Some(one(Leads))),
            "drr" => (Unit::Share, one(Cost), Some(one(Revenue))),
            "romi" => (Unit::Share, vec![(1.0, Revenue), (-1.0, Cost)], Some(one(Cost))),
            "romi_margin" => {
                let margin =
                    margin.ok_or_else(|| QueryError::invalid("`measures` names \"romi_margin\": set `margin` too, such as 0.15"))?;
                (Unit::Share, vec![(margin, Revenue), (-1.0, Cost)], Some(one(Cost)))
            }
            _ => return Self::of_conversion(name, known, in_use),
        };
        Ok(Self { name: name.to_owned(), title: None, unit, terms, over })
    }

    fn of_conversion(name: &str, known: &[Conversion], in_use: &mut InUse) -> Result<Self, QueryError> {
        const KINDS: [&str; 4] = ["conversion", "conversion_people", "conversion_value", "conversion_cost"];
        let Some((kind, id)) = name.split_once(':').filter(|(kind, _)| KINDS.contains(kind)) else {
            return Err(QueryError::Invalid(format!(
                "`measures` names {name:?}: use {}, or {} with the id of a conversion behind a colon",
                NAMES.join(", "),
                KINDS.join(", ")
            )));
        };
        let Some(conversion) = known.iter().find(|conversion| conversion.id == id) else {
            let ids: Vec<&str> = known.iter().map(|conversion| conversion.id.as_str()).collect();
            let there = if ids.is_empty() { "none is defined yet".to_owned() } else { format!("there are {}", ids.join(", ")) };
            return Err(QueryError::Invalid(format!("`measures` names {name:?}, which is no conversion: {there}")));
        };
        let at = in_use.place(conversion);
        let count = (1.0, Quantity::Conversions(at));
        let (unit, terms, over) = match (kind, conversion.value) {
            ("conversion_people", _) => (Unit::Count, vec![(1.0, Quantity::ConversionPeople(at))], None),
            ("conversion_value", Some(value)) => (Unit::Money, vec![(value, Quantity::Conversions(at))], None),
            ("conversion_value", None) => (Unit::Money, vec![(1.0, Quantity::ConversionValue(at))], None),
            ("conversion_cost", _) => (Unit::Money, vec![(1.0, Quantity::Cost)], Some(vec![count])),
            _ => (Unit::Count, vec![count], None),
        };
        Ok(Self { name: name.to_owned(), title: Some(conversion.name.clone()), unit, terms, over })
    }

    pub fn quantities(&self) -> impl Iterator<Item = Quantity> + '_ {
        self.terms.iter().chain(self.over.iter().flatten()).map(|(_, quantity)| *quantity)
    }

    /// Works the formula out.
    ///
    /// * `sum`: of a quantity; `None` where it cannot be told.
    /// * Returns `None` where a part cannot be told, where nothing is defined to be counted, and for a division by zero.
    pub fn value(&self, sum: impl Fn(Quantity) -> Option<f64>) -> Option<f64> {
        let add = |terms: &Terms| {
            let parts = terms.iter().map(|(factor, quantity)| sum(*quantity).map(|sum| factor * sum));
            if terms.is_empty() { None } else { parts.sum::<Option<f64>>() }
        };
        let top = add(&self.terms)?;
        match &self.over {
            None => Some(top),
            Some(over) => add(over).filter(|bottom| *bottom != 0.0).map(|bottom| top / bottom),
        }
    }

    /// Whose people are behind the number: those of what it divides by, or of what it counts; nobody is behind a cost.
    pub fn people(&self) -> Option<Vec<Quantity>> {
        let over = self.over.iter().flatten().map(|(_, quantity)| *quantity);
        let of_people = |quantity: &Quantity| quantity.origin() != Origin::AdCosts;
        let found: Vec<Quantity> = over.filter(of_people).collect();
        let found = if found.is_empty() { self.terms.iter().map(|(_, quantity)| *quantity).filter(of_people).collect() } else { found };
        (!found.is_empty()).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversion(id: &str, kind: ConversionKind, value: Option<f64>) -> Conversion {
        Conversion { id: id.into(), name: id.to_uppercase(), kind, event: id.into(), condition: None, value }
    }

    fn value(name: &str, sums: &[(Quantity, f64)]) -> Option<f64> {
        let known = [
            conversion("view", ConversionKind::Micro, None),
            conversion("brochure", ConversionKind::Micro, Some(3.0)),
            conversion("drive", ConversionKind::Macro, None),
        ];
        let measure = Measure::read(name, &known, Some(0.2), &mut InUse::default()).expect(name);
        measure.value(|quantity| sums.iter().find(|(of, _)| *of == quantity).map(|(_, sum)| *sum))
    }

    #[test]
    fn formulas_are_those_of_the_documentation() {
        use Quantity::*;
        // An advertising budget of 100,000 that brought 400,000: DRR 25 %, ROMI 300 %.
        let sums = [
            (Cost, 100_000.0),
            (Impressions, 2_000_000.0),
            (Clicks, 20_000.0),
            (Leads, 500.0),
            (Sales, 50.0),
            (NewCustomers, 40.0),
            (Revenue, 400_000.0),
            (Conversions(0), 5_000.0),
        ];
        for (name, expected) in [
            ("ctr", 0.01),
            ("cpc", 5.0),
            ("cpm", 50.0),
            ("cpl", 200.0),
            ("cac", 2_500.0),
            ("cost_per_sale", 2_000.0),
            ("drr", 0.25),
            ("romi", 3.0),
            ("romi_margin", -0.2),
            ("profit", 300_000.0),
            ("average_sale", 8_000.0),
            ("click_to_lead", 0.025),
            ("lead_to_sale", 0.1),
            ("conversion:view", 5_000.0),
            ("conversion_cost:view", 20.0),
            ("conversion_value:brochure", 15_000.0),
            ("macro_conversions", 5_000.0),
        ] {
            assert_eq!(value(name, &sums), Some(expected), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_nothing_and_not_zero() {
        use Quantity::*;
        assert_eq!(value("cpl", &[(Cost, 5.0), (Leads, 0.0)]), None, "a division by zero");
        assert_eq!(value("cpl", &[(Leads, 1.0)]), None, "a cost that is not known");
        assert_eq!(value("leads", &[(Leads, 0.0)]), Some(0.0));
        assert_eq!(value("romi", &[(Cost, 0.0), (Revenue, 9.0)]), None);
        let none = Measure::read("micro_conversions", &[], None, &mut InUse::default()).expect("a measure");
        assert_eq!(none.value(|_| Some(1.0)), None, "nothing is defined to be counted");
    }

    #[test]
    fn every_name_is_read_and_others_are_refused_with_what_there_is() {
        for name in NAMES {
            assert!(Measure::read(name, &[], Some(0.1), &mut InUse::default()).is_ok(), "{name}");
        }
        let refused = |name: &str| Measure::read(name, &[conversion("view", ConversionKind::Micro, None)], None, &mut InUse::default());
        assert!(refused("profitability").expect_err("no measure").to_string().contains("`measures` names \"profitability\": use cost"));
        assert!(refused("conversion:sale").expect_err("no conversion").to_string().contains("there are view"));
        assert!(refused("romi_margin").expect_err("no margin").to_string().contains("set `margin` too"));
    }

    #[test]
    fn people_are_behind_what_is_counted() {
        let people = |name: &str| Measure::read(name, &[], None, &mut InUse::default()).expect(name).people();
        assert_eq!(people("cpl"), Some(vec![Quantity::Leads]));
        assert_eq!(people("drr"), Some(vec![Quantity::Revenue]));
        assert_eq!(people("romi"), Some(vec![Quantity::Revenue]));
        assert_eq!(people("ctr"), None);
        assert_eq!(people("cost"), None);
    }
}
