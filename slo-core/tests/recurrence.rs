//! Exclusions that come back, against an oracle that walks the calendar day by day.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use slo_core::{Exclusion, ExclusionMode, Minute, Period, Recurrence, Stamp, Zone};

const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// Zones, and an instant about which each changed its clocks: by an hour or half of one, at midnight,
/// around it, and by a day.
const ZONES: [(&str, &str); 15] = [
    ("UTC", "2026-03-01T00:00Z"),
    ("America/New_York", "2026-03-08T07:00Z"),
    ("America/New_York", "2026-11-01T06:00Z"),
    ("Europe/Berlin", "2026-03-29T01:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
    ("Asia/Beirut", "2022-03-26T22:00Z"),
    ("Asia/Beirut", "2022-10-29T21:00Z"),
    ("Atlantic/Azores", "2026-03-29T01:00Z"),
    ("America/Havana", "2026-03-08T05:00Z"),
    ("America/Havana", "2026-11-01T05:00Z"),
    ("America/St_Johns", "2010-11-07T02:31Z"),
    ("Pacific/Apia", "2011-12-30T10:00Z"),
    ("Asia/Kathmandu", "2026-11-01T00:00Z"),
];

/// What rules are made of, in any order.
const PARTS: &str = "(RRULE:)?\
    (FREQ=(DAILY|WEEKLY|MONTHLY|X)|;|(COUNT|INTERVAL|UNTIL|BYDAY)=|[0-9TZ,+é-]{0,9}|MO|SU){0,8}";

#[derive(Clone, Copy, Debug)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Never,
    Count(usize),
    Utc(DateTime),
    Local(DateTime),
    Day(Date),
}

#[derive(Clone, Debug)]
struct Rule {
    frequency: Frequency,
    interval: i64,
    end: End,
    /// Ordinals, 0 for every one, and days from Monday.
    days: Vec<(i8, usize)>,
}

#[derive(Clone, Debug)]
struct Case {
    zone: &'static str,
    first: Timestamp,
    lasts: SignedDuration,
    rule: Rule,
    span: (i64, i64),
}

impl Rule {
    fn text(&self) -> String {
        let frequency = match self.frequency {
            Frequency::Daily => "DAILY",
            Frequency::Weekly => "WEEKLY",
            Frequency::Monthly => "MONTHLY",
        };
        let mut text = format!("FREQ={frequency};INTERVAL={}", self.interval);
        if !self.days.is_empty() {
            let numbered = |n: i8| if n == 0 { String::new() } else { n.to_string() };
            let days: Vec<_> = self.days.iter().map(|(n, day)| numbered(*n) + WEEKDAYS[*day]).collect();
            text += &format!(";BYDAY={}", days.join(","));
        }
        text += &match self.end {
            End::Never => String::new(),
            End::Count(count) => format!(";COUNT={count}"),
            End::Utc(at) => format!(";UNTIL={}", at.strftime("%Y%m%dT%H%M%SZ")),
            End::Local(at) => format!(";UNTIL={}", at.strftime("%Y%m%dT%H%M%S")),
            End::Day(date) => format!(";UNTIL={}", date.strftime("%Y%m%d")),
        };
        text
    }

    /// Whether BYDAY has it, counting the same weekdays of the month up to it and down to it.
    fn has(&self, date: Date) -> bool {
        let (mut up, mut down) = (1, 1);
        let (mut before, mut after) = (date, date);
        for _ in 0..5 {
            before = before.checked_sub(SignedDuration::from_hours(7 * 24)).expect("a date");
            after = after.checked_add(SignedDuration::from_hours(7 * 24)).expect("a date");
            up += i8::from(before.month() == date.month());
            down += i8::from(after.month() == date.month());
        }
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).expect("0 to 6");
        self.days.iter().any(|(n, day)| *day == weekday && (*n == 0 || *n == up || *n == -down))
    }

    /// The dates up to `last`: each day is asked, with the days, weeks and months since the first at hand.
    fn dates(&self, first: Date, last: Date) -> Vec<Date> {
        let (mut dates, mut date) = (Vec::new(), first);
        let (mut days, mut weeks, mut months) = (0, 0, 0);
        while date <= last {
            let since = match self.frequency {
                Frequency::Daily => days,
                Frequency::Weekly => weeks,
                Frequency::Monthly => months,
            };
            let usual = match self.frequency {
                Frequency::Daily => true,
                Frequency::Weekly => date.weekday() == first.weekday(),
                Frequency::Monthly => date.day() == first.day(),
            };
            if since % self.interval == 0 && if self.days.is_empty() { usual } else { self.has(date) } {
                dates.push(date);
            }
            date = date.tomorrow().expect("a date");
            days += 1;
            weeks += i64::from(date.weekday() == Weekday::Monday);
            months += i64::from(date.day() == 1);
        }
        dates
    }
}

/// The first instant that shows the local time under the offset before or after any change near it; the later
/// of the two instants when none does.
fn instant(zone: &TimeZone, local: DateTime) -> Timestamp {
    let utc = TimeZone::UTC.to_timestamp(local).expect("a time");
    let around = [-26, 26].map(|hours| zone.to_offset(utc + SignedDuration::from_hours(hours)));
    let [one, other] = around.map(|offset| utc - SignedDuration::from_secs(offset.seconds().into()));
    let showing = [one.min(other), one.max(other)].into_iter().find(|at| zone.to_datetime(*at) == local);
    showing.unwrap_or(one.max(other))
}

impl Case {
    fn time_zone(&self) -> TimeZone {
        TimeZone::get(self.zone).expect("a zone")
    }

    fn local(&self) -> DateTime {
        self.time_zone().to_datetime(self.first)
    }

    fn exclusion(&self) -> Exclusion {
        Exclusion {
            id: "maintenance".parse().expect("a name"),
            from: self.first,
            to: self.first + self.lasts,
            mode: ExclusionMode::Remove,
            reason: "Maintenance".to_owned().try_into().expect("a reason"),
            recurrence: Some(self.rule.text().parse().expect("a rule")),
            zone: Some(Zone::new(self.zone).expect("a zone")),
            created: Stamp { at: Timestamp::UNIX_EPOCH, by: None },
        }
    }

    fn is_over(&self, local: DateTime, at: Timestamp) -> bool {
        match self.rule.end {
            End::Never | End::Count(_) => false,
            End::Utc(until) => TimeZone::UTC.to_timestamp(until).expect("a time") < at,
            End::Local(until) => until < local,
            End::Day(date) => date < local.date(),
        }
    }

    fn faults(&self) -> Vec<&'static str> {
        let first = self.local();
        let mut faults = Vec::new();
        if self.rule.dates(first.date(), first.date()).is_empty() {
            faults.push("notTheFirst");
        }
        if self.is_over(first, self.first) {
            faults.push("endsBeforeFrom");
        }
        faults
    }

    /// The minutes of the span of each occurrence whose start is not that of the one before.
    fn periods(&self) -> Vec<(i64, i64)> {
        let (zone, first) = (self.time_zone(), self.local());
        let last = Minute::new(self.span.1).timestamp() + SignedDuration::from_hours(72);
        let dates = self.rule.dates(first.date(), zone.to_datetime(last).date());
        let mut starts: Vec<Timestamp> = Vec::new();
        for (i, date) in dates.into_iter().enumerate() {
            let local = date.to_datetime(first.time());
            let at = if i == 0 { self.first } else { instant(&zone, local) };
            if self.is_over(local, at) || matches!(self.rule.end, End::Count(count) if i >= count) {
                break;
            }
            if starts.last() != Some(&at) {
                starts.push(at);
            }
        }
        let mut periods = Vec::new();
        for start in starts {
            let (from, to) = (start.as_nanosecond(), (start + self.lasts).as_nanosecond());
            let excluded = |minute: &i64| (from..to).contains(&(i128::from(*minute) * 60_000_000_000));
            // Where it can be: asking all minutes of the span takes too long.
            let near = (from.max(0) / 60_000_000_000 - 2).try_into().expect("a minute");
            let far = (to.max(0) / 60_000_000_000 + 2).try_into().expect("a minute");
            let minutes: Vec<i64> = (self.span.0.max(near)..self.span.1.min(far)).filter(excluded).collect();
            if let (Some(from), Some(to)) = (minutes.first(), minutes.last()) {
                periods.push((*from, *to + 1));
            }
        }
        periods
    }
}

fn days_of(frequency: Frequency, first: DateTime) -> BoxedStrategy<Vec<(i8, usize)>> {
    let ordinals = match frequency {
        Frequency::Monthly => prop_oneof![1 => Just(0), 2 => 1..=5_i8, 2 => -5..=-1_i8].boxed(),
        Frequency::Daily | Frequency::Weekly => Just(0).boxed(),
    };
    let own = usize::try_from(first.weekday().to_monday_zero_offset()).expect("0 to 6");
    let (up, down) = ((first.day() - 1) / 7 + 1, -((first.days_in_month() - first.day()) / 7 + 1));
    // Most rules have the day of the first occurrence.
    let mine = match frequency {
        Frequency::Monthly => proptest::sample::select(vec![Some(0), Some(up), Some(up), Some(down), Some(down), None]),
        Frequency::Daily | Frequency::Weekly => proptest::sample::select(vec![Some(0), Some(0), Some(0), None]),
    };
    let some = (proptest::collection::vec((ordinals, 0..7_usize), 0..4), mine).prop_map(move |(mut days, mine)| {
        days.extend(mine.map(|n| (n, own)));
        days
    });
    prop_oneof![2 => Just(Vec::new()), 3 => some].boxed()
}

fn ends(first: Timestamp, local: DateTime) -> BoxedStrategy<End> {
    // On a start, just before one, and anywhere.
    let off = prop_oneof![3 => Just(0_i64), 1 => Just(-1), 1 => Just(3_600), 1 => -90_000_i64..90_000];
    let after = prop_oneof![1 => -2_i64..0, 6 => 0_i64..60, 2 => 0_i64..800];
    let later = (after, off).prop_map(|(days, off)| SignedDuration::from_secs(days * 86_400 + off));
    // UNTIL has no fractions.
    let whole = |at: DateTime| at.with().subsec_nanosecond(0).build().expect("a time");
    prop_oneof![
        3 => Just(End::Never),
        2 => prop_oneof![1..20_usize, 1..1_000_usize].prop_map(End::Count),
        1 => later.clone().prop_map(move |by| End::Utc(whole(TimeZone::UTC.to_datetime(first + by)))),
        1 => later.clone().prop_map(move |by| End::Local(whole(local + by))),
        1 => later.prop_map(move |by| End::Day((local + by).date())),
    ]
    .boxed()
}

fn cases() -> BoxedStrategy<Case> {
    // Back from the change of clocks to the first occurrence, at nearly the same time of day.
    let back = prop_oneof![1 => Just(0_i64), 5 => 0_i64..70, 3 => 0_i64..1_500, 1 => 0_i64..12_000];
    let moved = prop_oneof![2 => (-8_i64..8).prop_map(|n| n * 900), 2 => -8_000_i64..8_000, 1 => -86_400_i64..86_400];
    let fraction = prop_oneof![3 => Just(0_i32), 1 => 0..1_000_000_000_i32];
    let first = (proptest::sample::select(ZONES.to_vec()), back, moved, fraction, any::<bool>(), 0..4_u8);
    let first = first.prop_map(|((zone, changed), back, moved, fraction, later, whole)| {
        let time_zone = TimeZone::get(zone).expect("a zone");
        let changed: Timestamp = changed.parse().expect("a timestamp");
        // Three of four on a minute.
        let moved = if whole > 0 { moved / 60 * 60 } else { moved };
        let local = time_zone.to_datetime(changed) + SignedDuration::new(moved - back * 86_400, 0);
        let first = time_zone.to_ambiguous_zoned(local);
        let first = if later { first.later() } else { first.compatible() }.expect("a time").timestamp();
        let fraction = if whole > 0 { 0 } else { fraction };
        (zone, changed, first + SignedDuration::new(0, fraction))
    });
    first
        .prop_flat_map(|(zone, changed, first)| {
            let local = TimeZone::get(zone).expect("a zone").to_datetime(first);
            let rule = proptest::sample::select(vec![Frequency::Daily, Frequency::Weekly, Frequency::Monthly])
                .prop_flat_map(move |frequency| {
                    let interval = prop_oneof![4 => Just(1_i64), 4 => 1_i64..5, 1 => 1_i64..40];
                    (Just(frequency), interval, ends(first, local), days_of(frequency, local))
                });
            let rule = rule.prop_map(|(frequency, interval, end, days)| Rule { frequency, interval, end, days });
            let lasts = prop_oneof![4 => (1_i64..200).prop_map(|n| n * 60), 2 => 1_i64..10_000, 2 => 1_i64..400_000];
            let lasts = prop_oneof![9 => lasts, 1 => 1_i64..6_000_000];
            let start = prop_oneof![3 => -3_000_i64..3_000, 2 => -3_000_i64..90_000, 1 => -90_000_i64..3_000_000];
            let minutes = prop_oneof![1 => 0_i64..120, 4 => 0_i64..5_000, 2 => 0_i64..130_000];
            (rule, lasts, start, minutes, 0..8_u8).prop_map(move |(rule, lasts, start, minutes, of_first)| {
                // One in eight spans lies about the first occurrence.
                let around = if of_first == 0 { first } else { changed };
                let start = Minute::floor(around).get() + start;
                Case { zone, first, lasts: SignedDuration::from_secs(lasts), rule, span: (start, start + minutes) }
            })
        })
        .boxed()
}

/// So many cases, unless `PROPTEST_CASES` says how many.
fn config(cases: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { usual.cases } else { cases };
    ProptestConfig { cases, failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(config(3_000))]

    #[test]
    fn the_excluded_minutes_are_those_of_a_walk_over_the_calendar(case in cases()) {
        let exclusion = case.exclusion();
        let faults = case.faults();
        prop_assert_eq!(exclusion.faults().iter().map(|fault| fault.code).collect::<Vec<_>>(), faults.clone());
        if faults.is_empty() {
            let span = Period::new(Minute::new(case.span.0), Minute::new(case.span.1));
            let periods = exclusion.periods(span).into_iter().map(|p| (p.start.get(), p.end.get()));
            let got: Vec<_> = periods.collect();
            prop_assert_eq!(got, case.periods());
        }
    }

    #[test]
    fn a_rule_is_read_as_it_was_written(case in cases()) {
        let rule: Recurrence = case.rule.text().parse().expect("a rule");
        prop_assert_eq!(rule.to_string(), case.rule.text());
        prop_assert_eq!(rule.to_string().parse(), Ok(rule));
    }

    #[test]
    fn any_text_has_an_answer(text in PARTS) {
        if let Ok(rule) = text.parse::<Recurrence>() {
            prop_assert_eq!(rule.to_string().parse(), Ok(rule));
        }
    }
}

proptest! {
    #![proptest_config(config(200))]

    /// Two spans have together what the whole has.
    #[test]
    fn a_span_may_be_cut_anywhere(case in cases(), thousandth in 0_i64..=1_000) {
        let exclusion = case.exclusion();
        let (start, end) = case.span;
        let cut = start + (end - start) * thousandth / 1_000;
        let minutes = |start, end| -> Vec<i64> {
            let periods = exclusion.periods(Period::new(Minute::new(start), Minute::new(end)));
            let mut minutes: Vec<_> = periods.iter().flat_map(|p| p.start.get()..p.end.get()).collect();
            minutes.sort_unstable();
            minutes
        };
        prop_assert_eq!([minutes(start, cut), minutes(cut, end)].concat(), minutes(start, end));
    }
}
