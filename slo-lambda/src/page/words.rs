//! Figures as people read them. Nothing is computed here that decides anything.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use slo_core::{
    BudgetReport, BudgetingMethod, ExclusionMode, Minute, Objective, Period, Ratio, Shorthand, Status, Target,
    TimeWindow, Unit, Verdict,
};

/// A status in words.
pub(super) const fn status(status: Status) -> &'static str {
    match status {
        Status::Ok => "On track",
        Status::Warning => "Running low",
        Status::Exhausted => "Exhausted",
        Status::NoData => "No data",
    }
}

/// What a verdict means for a feature.
pub(super) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ship => "Ship",
        Verdict::Caution => "Think twice",
        Verdict::Hold => "Hold",
    }
}

/// What becomes of excluded minutes.
pub(super) const fn exclusion(mode: ExclusionMode) -> &'static str {
    match mode {
        ExclusionMode::Remove => "not counted",
        ExclusionMode::CountAsGood => "counted as good",
    }
}

/// `ratio * per`, rounded down.
pub(super) fn scaled(ratio: Ratio, per: i128) -> i128 {
    ratio.times_down(per)
}

/// A whole number of tenths to the power of `decimals`, without trailing zeros.
fn decimal(value: i128, decimals: u32) -> String {
    let one = 10_i128.pow(decimals);
    let (sign, value) = (if value < 0 { "-" } else { "" }, value.abs());
    let fraction = format!("{:0width$}", value % one, width = usize::try_from(decimals).unwrap_or(0));
    let fraction = if decimals == 0 { "" } else { fraction.trim_end_matches('0') };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", grouped(value / one))
}

/// `1,234`
pub(super) fn grouped(count: i128) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::from(if count < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share in per cent, rounded down to so many decimals; however little it is, it is not nothing.
pub(super) fn percent(ratio: Ratio, decimals: u32) -> String {
    match scaled(ratio, 100 * 10_i128.pow(decimals)) {
        0 if !ratio.is_zero_or_less() => format!("below {} %", decimal(1, decimals)),
        whole => format!("{} %", decimal(whole, decimals)),
    }
}

/// Likewise, or a dash.
pub(super) fn percent_or_dash(ratio: Option<Ratio>, decimals: u32) -> String {
    ratio.map_or_else(|| "–".to_owned(), |ratio| percent(ratio, decimals))
}

/// A share of a budget in per cent, rounded up to a tenth: what an incident took.
pub(super) fn share(ratio: Option<Ratio>) -> String {
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{} %", decimal(ratio.times_up(1_000), 1)))
}

/// `24 % left`, `199.1 % used`: nobody has less than nothing.
pub(super) fn left_or_used(left: Ratio) -> String {
    if left.is_zero_or_less() {
        format!("{} used", share(Some(left.complement())))
    } else {
        format!("{} left", percent(left, 0))
    }
}

/// What is left of a budget, for where its name stands already.
pub(super) fn remains(left: Ratio) -> String {
    if left.is_zero_or_less() {
        format!("has used {} of its budget", share(Some(left.complement())))
    } else {
        format!("has {} of its budget left", percent(left, 0))
    }
}

/// That little was measured, where it was: what is said of the rest is said of what nobody has seen.
pub(super) fn unmeasured(report: &BudgetReport) -> Option<String> {
    let most = Ratio::new(9, 10).expect("above zero");
    let coverage = report.coverage.filter(|coverage| report.status != Status::NoData && *coverage < most)?;
    let share =
        if scaled(coverage, 100) == 0 { "less than 1 %".to_owned() } else { format!("only {}", percent(coverage, 0)) };
    Some(format!("measured {share} of the time"))
}

/// A target in per cent, all of it.
pub(super) fn target(target: Target) -> String {
    percent(target.into(), 7)
}

/// A level in per cent, two decimals finer than its target.
pub(super) fn sli(sli: Option<Ratio>, goal: Target) -> String {
    let shown = target(goal);
    let decimals = shown.split_once('.').map_or(0, |(_, rest)| rest.len().saturating_sub(" %".len()));
    percent_or_dash(sli, u32::try_from(decimals + 2).unwrap_or(9).min(9))
}

/// A burn rate to two decimals.
pub(super) fn rate(rate: Option<Ratio>) -> String {
    let Some(rate) = rate else { return "–".to_owned() };
    match scaled(rate, 100) {
        0 if !rate.is_zero_or_less() => "below 0.01".to_owned(),
        hundredths => decimal(hundredths, 2),
    }
}

/// `23 Nov 14:00`, with its year when that is another one than `now`'s.
pub(super) fn time(at: Timestamp, now: Timestamp) -> String {
    written(at, now, " %H:%M")
}

/// `23 Nov`, likewise.
pub(super) fn day(at: Timestamp, now: Timestamp) -> String {
    written(at, now, "")
}

fn written(at: Timestamp, now: Timestamp, clock: &str) -> String {
    let utc = |at: Timestamp| TimeZone::UTC.to_datetime(at);
    let year = if utc(at).year() == utc(now).year() { "" } else { " %Y" };
    utc(at).strftime(&format!("%-d %b{year}{clock}")).to_string()
}

/// A time as an element that machines can read too.
pub(super) fn stamp(at: Timestamp, now: Timestamp) -> Markup {
    html! { time datetime=(at.to_string()) { (time(at, now)) } }
}

/// Minutes as `45 min`, `2 h 5 min`, `3 d 4 h`.
pub(super) fn minutes(minutes: u64) -> String {
    let two = |first: u64, one: &str, second: u64, other: &str| {
        if second == 0 { format!("{first} {one}") } else { format!("{first} {one} {second} {other}") }
    };
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2_880 => two(minutes / 60, "h", minutes % 60, "min"),
        _ => two(minutes / 1_440, "d", minutes / 60 % 24, "h"),
    }
}

/// A text as a sentence: a capital first, a full stop last.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    let stop = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{}{}{stop}", first.collect::<String>(), letters.as_str())
}

/// `1 objective`, `2 objectives`.
pub(super) fn counted(count: usize, one: &str) -> String {
    format!("{} {one}{}", grouped(i128::try_from(count).unwrap_or(i128::MAX)), if count == 1 { "" } else { "s" })
}

/// A window in words.
pub(super) fn window(window: &TimeWindow) -> String {
    let length = window.duration();
    match window {
        TimeWindow::Rolling(_) => format!("the last {}", span(length)),
        TimeWindow::Calendar(calendar) => {
            format!("each {} in {}", span(length).trim_start_matches("1 "), calendar.zone().name())
        }
    }
}

/// What counts at a time, by the window.
pub(super) fn until(window: &TimeWindow) -> String {
    let length = span(window.duration());
    match window {
        TimeWindow::Rolling(_) => format!("counted over the {length} before it"),
        TimeWindow::Calendar(calendar) => {
            format!("counted since its {} began ({})", length.trim_start_matches("1 "), calendar.zone().name())
        }
    }
}

fn span(length: Shorthand) -> String {
    let unit = match length.unit() {
        Unit::Minute => "minute",
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
        Unit::Quarter => "quarter",
        Unit::Year => "year",
    };
    counted(usize::try_from(length.number()).unwrap_or(usize::MAX), unit)
}

/// What is promised, for a sentence that begins so.
pub(super) fn promise(objective: &Objective) -> String {
    let (goal, window) = (target(objective.target), window(&objective.time_window));
    match objective.method {
        BudgetingMethod::Occurrences => format!("at least {goal} of events good over {window}"),
        BudgetingMethod::Timeslices { target, width } => {
            let good = percent(target.into(), 7);
            let width = minutes(width.minutes().unsigned_abs());
            format!("at least {goal} of slices of {width} at least {good} good over {window}")
        }
        BudgetingMethod::RatioTimeslices { width } => {
            let width = minutes(width.minutes().unsigned_abs());
            format!("slices of {width} at least {goal} good on average over {window}")
        }
    }
}

/// When the budget runs out, or comes back, without a final stop.
pub(super) fn outlook(objective: &Objective, report: &BudgetReport) -> String {
    let now = report.at;
    let full_end = report.period.full_end.timestamp();
    if report.status == Status::NoData {
        return "Nothing was measured".to_owned();
    }
    if !report.exhausted {
        return match report.forecast.exhausted_at {
            Some(at) => format!("Runs out {} at the pace of the last {}", time(at, now), pace(report)),
            None => "Not in sight".to_owned(),
        };
    }
    if matches!(objective.time_window, TimeWindow::Calendar(_)) {
        return format!("Resets {}", time(full_end, now));
    }
    let back = report.forecast.recovers.iter().find(|(_, left)| left.is_some_and(|left| !left.is_zero_or_less()));
    match (back, report.forecast.recovers.last()) {
        (Some((at, _)), _) => {
            let at = at.timestamp();
            let soon = at.duration_since(now) < SignedDuration::from_hours(48);
            let when = if soon { time(at, now) } else { format!("on {}", day(at, now)) };
            format!("Back {when} if nothing more fails")
        }
        (None, Some((at, _))) => format!("Not back before {}", day(at.timestamp(), now)),
        (None, None) => "Not back soon".to_owned(),
    }
}

/// The look-back whose rate a forecast goes on with.
fn pace(report: &BudgetReport) -> String {
    let length = report.forecast.lookback.map(|lookback| lookback.name().parse().expect("look-backs are durations"));
    length.map_or_else(String::new, |length| span(length).trim_start_matches("1 ").to_owned())
}

/// When a page was made, for who reads it on paper.
pub(super) fn as_of(now: Timestamp) -> Markup {
    let at = TimeZone::UTC.to_datetime(now).strftime("%-d %b %Y %H:%M UTC").to_string();
    html! { p.note { "As of " time datetime=(now.to_string()) { (at) } "." } }
}

/// A span of minutes as people read it; its day is said once.
pub(super) fn period(period: Period, now: Timestamp) -> Markup {
    let (start, end) = (period.start.timestamp(), period.end.timestamp());
    let clock = |at: Timestamp| TimeZone::UTC.to_datetime(at).strftime("%H:%M").to_string();
    html! {
        (stamp(start, now)) " to "
        @if day(start, now) == day(end, now) { time datetime=(end.to_string()) { (clock(end)) } } @else { (stamp(end, now)) }
    }
}

/// A minute, likewise.
pub(super) fn minute(minute: Minute, now: Timestamp) -> String {
    time(minute.timestamp(), now)
}

/// For a URL's query.
pub(super) fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(n: i128, d: i128) -> Ratio {
        Ratio::new(n, d).expect("a ratio")
    }

    #[test]
    fn shares_are_rounded_so_that_they_promise_nothing() {
        assert_eq!(percent(ratio(99_999, 100_000), 2), "99.99 %");
        assert_eq!(percent(ratio(-1, 300), 1), "-0.4 %");
        assert_eq!(percent(ratio(12_345, 1), 0), "1,234,500 %");
        assert_eq!([-123, -1_234, 999].map(grouped), ["-123", "-1,234", "999"]);
        assert_eq!(percent(ratio(i128::MAX, i128::MAX - 1), 1), "100 %");
        // Wide parts are not shortened: that would be one off.
        assert_eq!(percent(ratio(-i128::MAX / 2, i128::MAX / 2), 0), "-100 %");
        assert_eq!(share(Some(ratio(i128::MAX / 2 * 2, i128::MAX / 2))), "200 %");
        assert_eq!([percent(ratio(1, 1_001), 1), percent(ratio(1, 101), 0)], ["below 0.1 %", "below 1 %"]);
        assert_eq!([percent(ratio(0, 7), 1), percent(ratio(1, 1_000), 1)], ["0 %", "0.1 %"]);
        let remains = [ratio(-99_051, 100_000), ratio(0, 1), ratio(249, 1_000)].map(remains);
        assert_eq!(remains[0], "has used 199.1 % of its budget");
        assert_eq!([&remains[1], &remains[2]], ["has used 100 % of its budget", "has 24 % of its budget left"]);
        assert_eq!([share(Some(ratio(1, 3))), share(None)], ["33.4 %", "–"]);
        assert_eq!(sli(Some(ratio(99_998_765, 100_000_000)), "0.999".parse().expect("a target")), "99.998 %");
        assert_eq!([rate(Some(ratio(1, 1_000))), rate(Some(ratio(149, 10))), rate(None)], ["below 0.01", "14.9", "–"]);
    }

    #[test]
    fn times_name_another_year_only() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let now = at("2026-11-20T12:00:00Z");
        assert_eq!(time(at("2026-11-23T14:05:59Z"), now), "23 Nov 14:05");
        assert_eq!(day(at("2027-01-01T00:00:00Z"), now), "1 Jan 2027");
        assert_eq!([minutes(45), minutes(125), minutes(4_560)], ["45 min", "2 h 5 min", "3 d 4 h"]);
    }

    #[test]
    fn a_sentence_begins_and_ends() {
        assert_eq!(sentence("nothing left"), "Nothing left.");
        assert_eq!(sentence(""), ".");
    }
}
