//! Alert conditions at an instant: which fire, and since when.

use jiff::Timestamp;

use crate::alert_policy::{AlertCondition, AlertPolicy, Severity};
use crate::budget::BILLION;
use crate::burn_rate::share;
use crate::counts::Bucket;
use crate::decimal::PartsPerBillion;
use crate::duration::Shorthand;
use crate::evaluation::{Evaluation, Reading};
use crate::excluded::Excluded;
use crate::ledger::Ledger;
use crate::ratio::Ratio;
use crate::repository::Resolution;
use crate::time::{Minute, Period};
use crate::window::WindowPeriod;

/// One condition of an objective at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Whom it wakes.
    pub severity: Severity,
    /// The window that shows it matters.
    pub long_window: Shorthand,
    /// The window that shows it goes on.
    pub short_window: Shorthand,
    /// The burn rate of the long window; `None` when nothing is counted in it.
    pub long_burn_rate: Option<Ratio>,
    /// The burn rate of the short window, likewise.
    pub short_burn_rate: Option<Ratio>,
    /// k: both burn rates must exceed it.
    pub threshold: Ratio,
    /// Whether it fires.
    pub firing: bool,
    /// The first minute of the unbroken spell of firing, a kept state included.
    pub since: Option<Timestamp>,
    /// Why it does not follow its burn rates.
    pub held_back: Option<HeldBack>,
}

/// Why a condition does not follow its burn rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBack {
    /// The long window has fewer events than the condition asks for.
    MinimumEvents,
    /// Too few of the minutes that had data a week earlier have data: the last state is kept.
    Coverage,
    /// No burn rate can exceed the threshold: the highest there can be is 1/b.
    Unreachable,
}

impl HeldBack {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MinimumEvents => "minimumEvents",
            Self::Coverage => "coverage",
            Self::Unreachable => "unreachable",
        }
    }
}

/// The conditions of an objective at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alerts {
    /// In the order of the policy.
    pub items: Vec<Alert>,
    /// Whether a state or the start of a spell lies further back than was read: ask again with more.
    pub further: bool,
    /// Whether it is not even known of every condition if it fires: a kept state lies further back.
    pub open: bool,
}

/// Looking so many minutes back, the hours between the ends of the windows are read whole.
const FEW: i64 = 600;
/// The minute that shows whether this one is expected to have data.
const WEEK: i64 = 7 * 1_440;

/// A condition with its windows in minutes.
struct Rule {
    condition: AlertCondition,
    long: i64,
    short: i64,
    k: Ratio,
}

impl Evaluation<'_> {
    /// The conditions that apply to a period: those whose long window is no longer than P.
    fn rules(&self, period: &WindowPeriod) -> (Vec<Rule>, AlertPolicy) {
        let length = period.whole().minutes();
        let policy = self.objective.alert_policy.clone().unwrap_or_else(|| AlertPolicy::default_for(length));
        let rule = |condition: &AlertCondition| {
            let (long, short) = (condition.long_window.minutes()?, condition.short_window.minutes()?);
            let k = condition.threshold.factor(long, length)?;
            let minutes = |n: u64| i64::try_from(n).ok();
            (long <= length).then_some(())?;
            Some(Rule { condition: condition.clone(), long: minutes(long)?, short: minutes(short)?, k })
        };
        (policy.conditions.iter().filter_map(rule).collect(), policy)
    }

    /// The longest window of the conditions that apply at an instant, in minutes.
    pub(crate) fn longest_alert_window(&self, at: Timestamp) -> u32 {
        let (rules, _) = self.rules(&self.objective.time_window.period_at(at));
        rules.iter().filter_map(|rule| u32::try_from(rule.long).ok()).max().unwrap_or(0)
    }

    /// What [`Evaluation::alerts`] needs to judge an instant, and each of the `back` minutes before it. Further parts come later in time.
    #[must_use]
    pub fn alerts_reading(&self, at: Timestamp, back: u32) -> Vec<Reading> {
        let period = self.objective.time_window.period_at(at);
        let (end, back) = (period.elapsed.end, i64::from(back));
        let (rules, policy) = self.rules(&period);
        let Some(longest) = rules.iter().map(|rule| rule.long).max() else { return Vec::new() };
        let recent = if back <= FEW {
            let windows = || rules.iter().flat_map(|rule| [rule.long, rule.short]).chain([0]);
            self.reading_cut_at((0..=back).flat_map(|i| windows().map(move |window| end - i - window)).collect())
        } else {
            Reading { period: Period::new(end - longest - back, end), resolution: Resolution::Minutes }
        };
        if policy.coverage_floor.get() == 0 {
            return vec![recent];
        }
        let span = recent.period;
        let earlier = Period::new(span.start - WEEK, (span.end - WEEK).min(span.start));
        // Only which minutes had data matters here.
        vec![Reading { period: earlier, resolution: Resolution::Hours { cuts: Vec::new() } }, recent]
    }

    /// What [`Evaluation::may_fire`] needs, if anything may ever fire.
    pub(crate) fn may_fire_reading(&self, at: Timestamp) -> Option<Reading> {
        let period = self.objective.time_window.period_at(at);
        let (end, (rules, _)) = (period.elapsed.end, self.rules(&period));
        let cuts = rules.iter().map(|rule| end - rule.short).chain([end]).collect();
        (!rules.is_empty()).then(|| self.reading_cut_at(cuts))
    }

    /// Whether the burn rate of some short window exceeds k: otherwise no condition fires by its burn rates,
    /// whatever is in the long ones.
    pub(crate) fn may_fire(&self, at: Timestamp, buckets: &[Bucket]) -> bool {
        let period = self.objective.time_window.period_at(at);
        let (end, (rules, _)) = (period.elapsed.end, self.rules(&period));
        let shorts = rules.iter().map(|rule| rule.short);
        let Some(oldest) = shorts.max().map(|short| end - short) else { return false };
        let excluded = self.excluded(Period::new(oldest, end));
        let ledger = Ledger::new(self.objective, &excluded, buckets);
        rules.iter().any(|rule| self.exceeds(&ledger, Period::new(end - rule.short, end), rule.k))
    }

    /// Whether the burn rate of a period exceeds k: failed / counted / b > k.
    fn exceeds(&self, ledger: &Ledger<'_>, period: Period, k: Ratio) -> bool {
        let tally = ledger.tally(period);
        let allowed = tally.counted * i128::from(self.target.allowed_failure());
        tally.failed.compare(k, allowed).is_gt()
    }

    /// The state of every condition at an instant, from the counts of its [`Evaluation::alerts_reading`].
    ///
    /// A condition fires when the burn rates of both its windows exceed k. Source: SRE Workbook, chapter
    /// 5, "Multiwindow, Multi-Burn-Rate Alerts".
    #[must_use]
    pub fn alerts(&self, at: Timestamp, back: u32, buckets: &[Bucket]) -> Alerts {
        let period = self.objective.time_window.period_at(at);
        let (end, back) = (period.elapsed.end, i64::from(back));
        let (rules, policy) = self.rules(&period);
        let longest = rules.iter().map(|rule| rule.long).max().unwrap_or(0);
        let span = Period::new(end - longest - back, end);
        let excluded = self.excluded(span);
        let recent = &buckets[buckets.partition_point(|bucket| bucket.start < span.start)..];
        let ledger = Ledger::new(self.objective, &excluded, recent);
        let expected = Expected::new(span, buckets, &excluded);
        let (mut further, mut open) = (false, false);
        let items = rules.into_iter().map(|rule| {
            let covered = expected.covered(end - back, end, rule.long, policy.coverage_floor);
            let look = Look { evaluation: self, rule: &rule, ledger: &ledger, oldest: end - back, covered };
            let (mut alert, more) = look.alert(end);
            // The end of the period may be some seconds ahead.
            alert.since = alert.since.map(|since| since.min(at));
            further |= more;
            open |= more && !alert.firing;
            alert
        });
        Alerts { items: items.collect(), further, open }
    }
}

/// How many of the minutes that had data a week earlier have data, as running sums.
struct Expected {
    start: Minute,
    /// Expected, and expected with data, in the minutes before each.
    before: Vec<(u32, u32)>,
}

impl Expected {
    fn new(span: Period, buckets: &[Bucket], excluded: &Excluded) -> Self {
        let first = span.start - WEEK;
        let length = usize::try_from(span.end - first).unwrap_or(0);
        let mut with_data = vec![false; length];
        for bucket in buckets.iter().filter(|bucket| bucket.period().end > first) {
            for i in (0..bucket.width.minutes()).filter(|i| bucket.with_data >> i & 1 == 1) {
                if let Some(minute) = usize::try_from(bucket.start + i - first).ok().and_then(|i| with_data.get_mut(i))
                {
                    *minute = true;
                }
            }
        }
        let week = usize::try_from(WEEK).expect("a week has minutes");
        let mut sums = (0, 0);
        let mut before = vec![sums];
        for (i, earlier) in with_data.iter().enumerate().take(length.saturating_sub(week)) {
            let minute = span.start + i64::try_from(i).unwrap_or(0);
            if *earlier && (excluded.is_empty() || !excluded.either.contains(minute)) {
                sums.0 += 1;
                sums.1 += u32::from(with_data[i + week]);
            }
            before.push(sums);
        }
        Self { start: span.start, before }
    }

    /// Expected, and expected with data, in a period of the span.
    fn within(&self, period: Period) -> (u32, u32) {
        let until = |minute: Minute| self.before[usize::try_from(minute - self.start).expect("inside the span")];
        let (until_end, until_start) = (until(period.end), until(period.start));
        (until_end.0 - until_start.0, until_end.1 - until_start.1)
    }

    /// For each end from `oldest` on, the newest one up to it before which enough of the expected minutes of
    /// a long window have data; without any expected there is no floor.
    fn covered(&self, oldest: Minute, end: Minute, long: i64, floor: PartsPerBillion) -> Vec<Option<Minute>> {
        let is_covered = |end: Minute| {
            let (expected, with_data) = self.within(Period::new(end - long, end));
            u64::from(with_data) * 1_000_000_000 >= u64::from(expected) * u64::from(floor.get())
        };
        let mut last = None;
        let ends = (0..=end - oldest).map(|i| oldest + i);
        ends.map(|end| {
            last = is_covered(end).then_some(end).or(last);
            last
        })
        .collect()
    }
}

/// A look at one condition.
struct Look<'l> {
    evaluation: &'l Evaluation<'l>,
    rule: &'l Rule,
    ledger: &'l Ledger<'l>,
    /// The first end that can be judged.
    oldest: Minute,
    /// See [`Expected::covered`].
    covered: Vec<Option<Minute>>,
}

impl Look<'_> {
    /// The condition at `end`, and whether what matters lies before the first end that can be judged.
    fn alert(&self, end: Minute) -> (Alert, bool) {
        let rule = self.rule;
        let b = i128::from(self.evaluation.target.allowed_failure());
        let rate = |length: i64| {
            let tally = self.ledger.tally(Period::new(end - length, end));
            share(&tally.failed, tally.counted * b)
        };
        let held_back = if self.is_unreachable() {
            Some(HeldBack::Unreachable)
        } else if self.covered(end) != Some(end) {
            Some(HeldBack::Coverage)
        } else {
            (!self.has_events(end)).then_some(HeldBack::MinimumEvents)
        };
        let since = self.since(end);
        let alert = Alert {
            severity: rule.condition.severity,
            long_window: rule.condition.long_window,
            short_window: rule.condition.short_window,
            long_burn_rate: rate(rule.long),
            short_burn_rate: rate(rule.short),
            threshold: rule.k,
            firing: since.0.is_some(),
            since: since.0.map(Minute::timestamp),
            held_back,
        };
        (alert, since.1)
    }

    /// The first end of the unbroken spell of firing up to `end`, if it fires there, and whether the spell
    /// may have begun before the first end that can be judged.
    ///
    /// Where coverage is below the floor the last state is kept, for the length of the long window at most.
    fn since(&self, end: Minute) -> (Option<Minute>, bool) {
        let mut since = None;
        if self.is_unreachable() {
            return (since, false);
        }
        // The last state looked at: many ends keep the same.
        let mut known: Option<(Minute, bool)> = None;
        let mut then = end;
        while then >= self.oldest {
            let fires = match self.covered(then) {
                Some(covered) if then - covered > self.rule.long => false,
                Some(covered) => match known {
                    Some((looked, fires)) if looked == covered => fires,
                    _ => self.fires(covered),
                },
                // Nothing that is known is enough; what came before may be.
                None if then - self.oldest < self.rule.long => return (since, true),
                None => false,
            };
            known = self.covered(then).map(|covered| (covered, fires));
            if !fires {
                return (since, false);
            }
            since = Some(then);
            then = then - 1;
        }
        (since, true)
    }

    fn covered(&self, end: Minute) -> Option<Minute> {
        self.covered[usize::try_from(end - self.oldest).expect("not before the oldest")]
    }

    fn fires(&self, end: Minute) -> bool {
        self.exceeds(end, self.rule.short) && self.exceeds(end, self.rule.long) && self.has_events(end)
    }

    fn exceeds(&self, end: Minute, length: i64) -> bool {
        self.evaluation.exceeds(self.ledger, Period::new(end - length, end), self.rule.k)
    }

    fn has_events(&self, end: Minute) -> bool {
        let wanted = self.rule.condition.minimum_events.map_or(0, u128::from);
        wanted == 0 || self.ledger.events(Period::new(end - self.rule.long, end)).total() >= wanted
    }

    /// No burn rate is above 1/b.
    fn is_unreachable(&self) -> bool {
        let b = i128::from(self.evaluation.target.allowed_failure());
        self.rule.k >= Ratio::new(BILLION, b).expect("b is above zero")
    }
}
