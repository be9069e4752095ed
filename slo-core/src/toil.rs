//! What consumed most.

use jiff::tz::TimeZone;

use crate::amount::grouped;
use crate::budget::BudgetUnit;
use crate::incident::Incident;
use crate::name::Name;
use crate::plan::{Plan, day};
use crate::ratio::Ratio;

/// The most incidents of one objective that are named.
pub const MAX_TOIL_INCIDENTS: usize = 3;

/// What an objective's budget went into, in its current window.
///
/// Source: SRE Workbook, chapter 6: toil is worth naming where it takes most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toil {
    /// What `consumed` counts.
    pub unit: BudgetUnit,
    /// What failed.
    pub consumed: Ratio,
    /// `consumed / total`; `None` when nothing may fail.
    pub consumed_ratio: Option<Ratio>,
    /// The incidents that took the largest shares, the largest first, at most [`MAX_TOIL_INCIDENTS`].
    pub incidents: Vec<Incident>,
    /// The year in which it is told.
    year: i16,
}

impl Toil {
    /// From the plan of an objective and the incidents of its current window, those of the largest share first.
    #[must_use]
    pub fn new(plan: &Plan, mut incidents: Vec<Incident>) -> Self {
        incidents.truncate(MAX_TOIL_INCIDENTS);
        let year = TimeZone::UTC.to_datetime(plan.at).year();
        let budget = &plan.budget;
        let (unit, consumed, consumed_ratio) = (budget.unit, budget.consumed, budget.consumed_ratio);
        Self { unit, consumed, consumed_ratio, incidents, year }
    }

    /// Those objectives that consumed anything, by the share of their budget that they consumed, the largest first;
    /// undefined ones last, equal ones by name.
    #[must_use]
    pub fn ranked<'t>(all: impl IntoIterator<Item = (&'t Name, &'t Self)>) -> Vec<(&'t Name, &'t Self)> {
        let mut ranked: Vec<_> = all.into_iter().filter(|(_, toil)| !toil.consumed.is_zero_or_less()).collect();
        ranked.sort_by(|(a, one), (b, other)| other.consumed_ratio.cmp(&one.consumed_ratio).then(a.cmp(b)));
        ranked
    }

    /// It in a sentence, without its final stop; shares are rounded up to a tenth, days are UTC.
    ///
    /// `77.1 % of the budget is consumed; the largest incident, on 12 November, took 45 %`
    #[must_use]
    pub fn summary(&self) -> String {
        let said = |share: Option<Ratio>| share.map(percent);
        let Some(consumed) = said(self.consumed_ratio) else {
            return "the budget is consumed, and nothing may fail".to_owned();
        };
        let mut sentence = format!("{consumed} of the budget is consumed");
        if let Some((first, share)) = self.incidents.first().and_then(|first| Some((first, said(first.share)?))) {
            let date = TimeZone::UTC.to_datetime(first.period.start.timestamp()).date();
            let day = day(date.at(0, 0, 0, 0), self.year);
            sentence.push_str(&format!("; the largest incident, on {day}, took {share}"));
        } else {
            sentence.push_str(", by no incident");
        }
        match self.incidents.iter().filter(|incident| incident.postmortem_required).count() {
            0 => {}
            1 => sentence.push_str("; a postmortem is due"),
            n => sentence.push_str(&format!("; {n} postmortems are due")),
        }
        sentence
    }
}

/// `1,234.5 %`
fn percent(share: Ratio) -> String {
    let tenths = share.times_up(1_000);
    let fraction = if tenths % 10 == 0 { String::new() } else { format!(".{}", tenths % 10) };
    format!("{}{fraction} %", grouped(tenths / 10))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::EventCounts;
    use crate::time::{Minute, Period};

    fn toil(consumed: i128, ratio: Option<(i128, i128)>) -> Toil {
        Toil {
            unit: BudgetUnit::Events,
            consumed: Ratio::new(consumed, 1).expect("a ratio"),
            consumed_ratio: ratio.and_then(|(n, d)| Ratio::new(n, d)),
            incidents: Vec::new(),
            year: 2026,
        }
    }

    fn incident(day: &str, share: i128) -> Incident {
        let start = Minute::floor(day.parse().expect("a time"));
        Incident {
            period: Period::new(start, start + 1),
            counts: EventCounts::default(),
            unit: BudgetUnit::Events,
            consumed: Ratio::ONE,
            share: Ratio::new(share, 1_000),
            postmortem_required: share > 200,
        }
    }

    #[test]
    fn what_consumed_most_of_its_budget_comes_first() {
        let names: Vec<Name> = ["a", "b", "c", "d", "e"].iter().map(|name| name.parse().expect("a name")).collect();
        let all =
            [toil(5, Some((1, 2))), toil(0, Some((0, 1))), toil(3, Some((3, 2))), toil(1, None), toil(1, Some((2, 4)))];
        let ranked = Toil::ranked(names.iter().zip(&all));
        assert_eq!(ranked.iter().map(|(name, _)| name.as_str()).collect::<String>(), "caed");
    }

    #[test]
    fn it_names_the_largest_incident() {
        let mut said = toil(5, Some((7_701, 10_000)));
        assert_eq!(said.summary(), "77.1 % of the budget is consumed, by no incident");
        said.incidents = vec![incident("2026-11-12T23:59Z", 450), incident("2026-11-11T00:00Z", 200)];
        assert_eq!(
            said.summary(),
            "77.1 % of the budget is consumed; the largest incident, on 12 November, took 45 %; a postmortem is due"
        );
        said.incidents = vec![incident("2025-12-31T23:59Z", 15_001), incident("2026-01-01T00:00Z", 300)];
        assert_eq!(
            said.summary(),
            "77.1 % of the budget is consumed; the largest incident, on 31 December 2025, took 1,500.1 %; 2 postmortems are due"
        );
        assert_eq!(toil(5, None).summary(), "the budget is consumed, and nothing may fail");
    }
}
