//! What the numbers of operations stand for.

use jiff::SignedDuration;
use jiff::civil::date;
use slo_core::testing::Sample as _;
use slo_core::{
    Batch, BudgetingMethod, CalendarWindow, EventCounts, Exclusion, ExclusionMode, Filter, Indicator, Measurement,
    Minute, Name, NoData, Objective, PartsPerBillion, Revision, RollingWindow, Series, Shorthand, SliceWidth, Stamp,
    TimeWindow, Zone,
};

use super::operation::{Content, NAMES, NOW, Run, Wanted};
use crate::common::name;

pub(crate) fn nth(number: usize) -> Name {
    name(NAMES[number])
}

pub(crate) fn shorthand(text: &str) -> Shorthand {
    text.parse().expect("a duration")
}

pub(crate) fn window(number: usize) -> TimeWindow {
    let (length, zone) = [
        ("1h", None),
        ("1d", None),
        ("28d", None),
        ("1d", Some("Europe/Berlin")),
        ("1M", Some("UTC")),
        ("3d", None),
        ("30d", None),
        ("1w", Some("America/New_York")),
        ("1Q", Some("Asia/Kathmandu")),
    ][number];
    let length = shorthand(length);
    match zone {
        None => TimeWindow::Rolling(RollingWindow::new(length).expect("an hour to 366 days")),
        Some(zone) => {
            let zone = Zone::new(zone).expect("a zone of the bundled database");
            let wednesday = date(2024, 1, 3).at(0, 0, 0, 0);
            TimeWindow::Calendar(CalendarWindow::new(length, wednesday, zone).expect("a civil unit"))
        }
    }
}

pub(crate) fn method(number: usize) -> BudgetingMethod {
    let width = SliceWidth::new([1, 1, 1, 5, 60, 1_440, 15][number]).expect("a divisor of the day");
    let target = PartsPerBillion::new(990_000_000).expect("a ratio");
    match number {
        0 | 1 => BudgetingMethod::Occurrences,
        2..=4 => BudgetingMethod::Timeslices { target, width },
        _ => BudgetingMethod::RatioTimeslices { width },
    }
}

pub(crate) fn no_data(number: usize) -> NoData {
    NoData::ALL[number % NoData::ALL.len()].1
}

pub(crate) fn indicator(name: Name, content: &Content) -> Indicator {
    Indicator {
        service: nth(content.service),
        owner: content.owners.first().copied().map(nth),
        ..Indicator::sample(name, content.number)
    }
}

pub(crate) fn objective(name: Name, content: &Content) -> Objective {
    let mut objective = Objective::sample(name, content.number);
    objective.service = nth(content.service);
    objective.owners = content.owners.iter().copied().map(nth).collect();
    objective.series = Series { indicator: nth(content.indicator), born: Revision::FIRST };
    objective.time_window = window(content.window);
    objective.method = method(content.method);
    objective.no_data = no_data(content.number);
    if !content.policy {
        objective.alert_policy = None;
    }
    objective
}

pub(crate) fn filter(wanted: &Wanted) -> Filter {
    Filter {
        service: wanted.service.map(nth),
        owner: wanted.owner.map(nth),
        label: wanted.label.map(|tier| ("team/tier".to_owned(), format!("tier {tier}"))),
        indicator: wanted.indicator.map(nth),
    }
}

pub(crate) fn exclusion(id: usize, from: Minute, length: i64, rule: usize, stamp: &Stamp) -> Exclusion {
    let (rule, zone) = [
        (None, None),
        (None, None),
        (Some("FREQ=DAILY;COUNT=5"), None),
        (Some("FREQ=DAILY;INTERVAL=2"), Some("Europe/Berlin")),
        (Some("FREQ=WEEKLY"), Some("America/New_York")),
    ][rule];
    // An end on a minute and one that is not.
    let to = (from + length).timestamp() + SignedDuration::from_millis(i64::from(length % 2 == 0));
    Exclusion {
        id: name(&format!("e{id}")),
        from: from.timestamp(),
        to,
        mode: ExclusionMode::ALL[id % 2].1,
        reason: format!("№{id}").try_into().expect("a reason"),
        recurrence: rule.map(|rule| rule.parse().expect("a rule")),
        zone: zone.map(|zone| Zone::new(zone).expect("a zone of the bundled database")),
        created: stamp.clone(),
    }
}

/// The minutes of all runs, each once: of two that meet the later one counts. None when the clock says
/// so of all.
pub(crate) fn batch(runs: &[Run]) -> Option<Batch> {
    let mut minutes = std::collections::BTreeMap::new();
    for run in runs {
        let counts = EventCounts::new(run.total - run.bad, run.total).expect("valid counts");
        for i in (0..run.step.saturating_mul(i64::try_from(run.length).expect("few")))
            .step_by(usize::try_from(run.step).expect("forward"))
        {
            let start = run.start.minute() + i;
            minutes.insert(start, Measurement { start, counts, revision: run.revision });
        }
    }
    minutes.retain(|start, _| *start <= NOW + slo_core::CLOCK_SKEW_MINUTES);
    let minutes: Vec<_> = minutes.into_values().take(slo_core::MAX_BATCH).collect();
    (!minutes.is_empty()).then(|| Batch::new(minutes, NOW.timestamp()).expect("a valid batch"))
}
