//! Exclusions of a window, and what they change.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use slo_core::{
    BudgetReport, BudgetingMethod, EventCounts, Exclusion, ExclusionMode, Minute, Ratio, SliceWidth, Stamp,
};

use super::cases::{Case, cases, cases_of, methods};
use super::oracle::{self, Span};
use super::{config, filled, name, report};

const MODES: [ExclusionMode; 2] = [ExclusionMode::Remove, ExclusionMode::CountAsGood];
const MINUTE: i64 = 60_000_000_000;

pub(crate) fn exclusion(from: Timestamp, to: Timestamp, mode: ExclusionMode) -> Exclusion {
    let reason = "maintenance".to_owned().try_into().expect("a reason");
    let created = Stamp { at: from, by: None };
    Exclusion { id: name("e"), from, to, mode, reason, recurrence: None, zone: None, created }
}

/// From a minute and some nanoseconds on, for so many nanoseconds.
fn from_to((start, later, length): (Minute, i64, i64)) -> (Timestamp, Timestamp) {
    let from = start.timestamp() + SignedDuration::from_nanos(later);
    (from, from + SignedDuration::from_nanos(length))
}

/// Up to five of either mode: at the end, anywhere, or still to come; of moments, hours, days or everything;
/// on a minute, an hour or a day, or not.
pub(crate) fn exclusions(span: Span) -> impl Strategy<Value = Vec<Exclusion>> {
    let Span { start, end, full_end } = span;
    let later = full_end.max(end + 60) - end;
    let minutes = prop_oneof![
        3 => (-10_i64..130).prop_map(move |ago| end - ago),
        3 => (-90..end - start).prop_map(move |on| start + on),
        1 => (0..later + 90).prop_map(move |on| end + on),
        2 => (0..full_end - start).prop_map(move |on| (start + on).hour()),
        1 => (0..full_end - start).prop_map(move |on| (start + on).on_grid(1_440)),
    ];
    let offsets = prop_oneof![3 => Just(0), 1 => 1..MINUTE, 1 => Just(1), 1 => Just(MINUTE - 1)];
    let lengths = prop_oneof![
        2 => 0..3 * MINUTE,
        4 => (1_i64..180).prop_map(|minutes| minutes * MINUTE),
        2 => (1_i64..7).prop_map(|hours| hours * 60 * MINUTE),
        1 => (1_i64..4).prop_map(|days| days * 1_440 * MINUTE),
        1 => Just((full_end - start) * MINUTE),
    ];
    let spans = (minutes, offsets, lengths).prop_map(from_to);
    let one =
        (spans, proptest::sample::select(MODES.to_vec())).prop_map(|((from, to), mode)| exclusion(from, to, mode));
    prop_oneof![2 => Just(Vec::new()), 3 => proptest::collection::vec(one, 1..=5)]
}

/// Minute by minute, with these exclusions.
fn with(case: &Case, exclusions: Vec<Exclusion>) -> BudgetReport {
    let case = Case { exclusions, ..case.clone() };
    report(&filled(&case.stored()), &case, true)
}

/// Some minutes, most of them of the period.
fn places() -> impl Strategy<Value = (i64, i64)> {
    (prop_oneof![3 => 0_i64..150, 1 => 0_i64..3_000], prop_oneof![1_i64..8, 1_i64..180])
}

fn minutes(case: &Case, (ago, length): (i64, i64)) -> (Minute, Minute) {
    (case.end - 1 - ago, case.end - 1 - ago + length)
}

proptest! {
    #![proptest_config(config(40))]

    /// What covers no minute of the window and its look-backs changes nothing, and neither does a correction
    /// that is taken back.
    #[test]
    fn an_exclusion_of_nothing_changes_nothing(
        case in cases_of(methods(), 3_000), ago in -100..5_000_i64, later in 1..MINUTE, length in 1..MINUTE, mode in 0..2_usize,
    ) {
        let before = report(&filled(&case.stored()), &case, false);
        let span = oracle::period(case.rule, case.end);
        let oldest = span.start.min(case.end - 4_320);
        let nothing = [
            // Within a minute; or ends before it begins.
            from_to((case.end - ago, later, length.min(MINUTE - later))),
            from_to((case.end - ago, 0, -length * ago.abs())),
            from_to((oldest - ago.abs(), 0, ago.abs() * MINUTE)),
            from_to((span.full_end, 0, length * (1 + ago.abs()))),
            from_to((span.full_end - 1, later, length * (1 + ago.abs()))),
        ];
        for (from, to) in nothing {
            let mut after = case.clone();
            after.exclusions.push(exclusion(from, to, MODES[mode]));
            prop_assert_eq!(&before, &report(&filled(&after.stored()), &after, false), "{}..{}", from, to);
        }
        let mut corrected = case.clone();
        corrected.exclusions.push(exclusion(oldest.timestamp(), case.at(), MODES[mode]));
        report(&filled(&corrected.stored()), &corrected, false);
        corrected.exclusions.pop();
        prop_assert_eq!(before, report(&filled(&corrected.stored()), &corrected, false));
    }

    /// Minutes are excluded, not exclusions: in any order, twice, in two parts or both ways, where remove
    /// wins.
    #[test]
    fn it_does_not_matter_how_minutes_are_excluded(case in cases_of(methods(), 3_000), part in 0..=100_i64, turn in 0..5_usize) {
        let wanted = with(&case, case.exclusions.clone());
        let mut said = Vec::new();
        for one in &case.exclusions {
            let length = one.to.duration_since(one.from).as_secs();
            let middle = one.from + SignedDuration::from_secs(length / 100 * part);
            said.extend([exclusion(one.from, middle, one.mode), exclusion(middle, one.to, one.mode)]);
            if one.mode == ExclusionMode::Remove {
                said.push(exclusion(one.from, middle, ExclusionMode::CountAsGood));
            }
            said.push(one.clone());
        }
        let turn = turn.min(said.len());
        said.rotate_left(turn);
        prop_assert_eq!(wanted, with(&case, said));
    }

    /// For Occurrences, removed minutes are as if never measured.
    #[test]
    fn removed_events_never_happened(case in cases_of(Just(BudgetingMethod::Occurrences), 3_000), place in places()) {
        let (from, to) = minutes(&case, place);
        let removed = exclusion(from.timestamp(), to.timestamp(), ExclusionMode::Remove);
        let all = case.exclusions.iter().cloned().chain([removed]).collect();
        let mut never = case.seen_from(case.end);
        never.early = case.early;
        never.sparse.retain(|(_, start), _| !(from..to).contains(start));
        let (got, mut wanted) = (with(&case, all), with(&never, never.exclusions.clone()));
        (wanted.coverage, wanted.watermark) = (got.coverage, got.watermark);
        prop_assert_eq!(got, wanted);
    }

    /// Where nothing was bad, counting as good changes coverage at most, and not even that where only some
    /// of a slice's minutes count as good.
    #[test]
    fn good_minutes_counted_as_good_stay_what_they_are(case in cases_of(methods(), 3_000), place in places()) {
        let (from, to) = minutes(&case, place);
        let mut case = Case { early: case.early, ..case.seen_from(case.end) };
        for minute in (0..to - from).map(|i| from + i) {
            case.sparse.insert((0, minute), (1, 1));
        }
        for ((_, start), (good, total)) in &mut case.sparse {
            if (from..to).contains(start) {
                *good = *total;
            }
        }
        let good = |to: Minute| case.exclusions.iter().cloned()
            .chain([exclusion(from.timestamp(), to.timestamp(), ExclusionMode::CountAsGood)]).collect();
        let mut wanted = with(&case, case.exclusions.clone());
        let width = case.objective.method.slice_width().map_or(1, SliceWidth::minutes);
        if width > 1 && case.exclusions.is_empty() && from + 1 < case.end {
            // Either the minute before or the one after is of the same slice.
            prop_assert_eq!(&wanted, &with(&case, good(from + 1)));
        }
        let got = with(&case, good(to));
        wanted.coverage = got.coverage;
        prop_assert_eq!(got, wanted);
    }

    /// Of both modes, counting as good is the kinder: never is less left, nor is the level lower.
    #[test]
    fn counting_as_good_is_kinder(case in cases(), place in places()) {
        let (from, to) = minutes(&case, place);
        let [removed, good] = MODES.map(|mode| with(&case, case.exclusions.iter().cloned()
            .chain([exclusion(from.timestamp(), to.timestamp(), mode)]).collect()));
        prop_assert!(good.budget.remaining >= removed.budget.remaining);
        prop_assert!(good.sli >= removed.sli);
        prop_assert_eq!(good.watermark, removed.watermark);
        if case.objective.method.slice_width().is_none_or(|width| width == SliceWidth::MINUTE) {
            // What is left of a slice may have no data.
            prop_assert_eq!(good.coverage, removed.coverage);
        }
    }
}

/// A day of seven removed leaves six days' slices, in the future too; counted as good it leaves all seven.
#[test]
fn the_whole_period_loses_only_what_is_removed() {
    use jiff::civil::Weekday;
    use slo_core::{NoData, PartsPerBillion, Unit};

    let mut case = super::edges::case(super::cases::Rule::Calendar(Unit::Week, "Etc/UTC", Weekday::Monday), "0.9");
    case.objective.method =
        BudgetingMethod::Timeslices { target: PartsPerBillion::ONE, width: super::cases::width(60) };
    case.objective.no_data = NoData::Bad;
    case.end = super::DAY + 90;
    case.sparse.insert((0, case.end - 1), (3, 4));
    let sunday = super::DAY + 2 * 1_440;
    for (mode, slices) in [(ExclusionMode::Remove, 144_u64), (ExclusionMode::CountAsGood, 168)] {
        // A second less: the last minute still begins inside. And the slice that goes on, all but one minute.
        let spans = [(sunday, sunday + 1_440), (super::DAY + 60, case.end - 1)];
        let seconds = |minute: Minute| minute.timestamp() - SignedDuration::from_secs(1);
        case.exclusions = spans.map(|(from, to)| exclusion(from.timestamp(), seconds(to), mode)).to_vec();
        let report = report(&filled(&case.stored()), &case, true);
        oracle::Expected::new(&case).assert_figures(&report);
        assert_eq!(Some(report.budget.total), Ratio::new(i128::from(slices) * 360, 1));
        assert_eq!(report.counts, EventCounts::new(3, 4).expect("counts"));
    }
}
