//! Budgets the slow way: minute by minute, in rationals without limits.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};
use slo_core::{BudgetReport, Minute, Ratio, Status};

use super::Case;

/// Good and total of one minute over all sources.
type Minutes = BTreeMap<Minute, (BigInt, BigInt)>;

/// What the domain says of a case.
pub(crate) struct Expected<'a> {
    case: &'a Case,
    minutes: Minutes,
    /// 1 - T.
    allowed: BigRational,
    length: i64,
}

pub(crate) fn exact(ratio: Ratio) -> BigRational {
    BigRational::new(ratio.numerator().into(), ratio.denominator().into())
}

fn maybe(ratio: Option<Ratio>) -> Option<BigRational> {
    ratio.map(exact)
}

fn over(numerator: &BigRational, denominator: &BigRational) -> Option<BigRational> {
    (!denominator.is_zero()).then(|| numerator / denominator)
}

fn whole(n: impl Into<BigInt>) -> BigRational {
    BigRational::from(n.into())
}

impl<'a> Expected<'a> {
    pub(crate) fn new(case: &'a Case) -> Self {
        let mut minutes = Minutes::new();
        for ((_, start), (good, total)) in &case.stored {
            let sums = minutes.entry(*start).or_default();
            sums.0 += *good;
            sums.1 += *total;
        }
        let billion = BigInt::from(1_000_000_000);
        let allowed = BigRational::new(&billion - case.objective.target.parts_per_billion(), billion);
        Self { case, minutes, allowed, length: i64::from(case.length) }
    }

    /// Bad and total events of the last so many minutes, and how many of them had any.
    fn last(&self, minutes: i64) -> (BigRational, BigRational, u32) {
        let (mut bad, mut total, mut with_data) = (BigInt::zero(), BigInt::zero(), 0);
        for ago in 1..=minutes {
            if let Some((good, all)) = self.minutes.get(&(self.case.end - ago)) {
                bad += all - good;
                total += all;
                with_data += u32::from(!all.is_zero());
            }
        }
        (whole(bad), whole(total), with_data)
    }

    /// The burn rate of the last so many minutes.
    fn burn(&self, minutes: i64) -> Option<BigRational> {
        let (bad, total, _) = self.last(minutes);
        over(&bad, &(total * &self.allowed))
    }

    /// Every figure but the forecast.
    pub(crate) fn assert_figures(&self, report: &BudgetReport) {
        let (consumed, events, with_data) = self.last(self.length);
        let total = &events * &self.allowed;
        let remaining = &total - &consumed;
        let remaining_ratio = over(&remaining, &total);
        assert_eq!(report.counts.total(), events.to_integer().to_u128().expect("sums fit"));
        assert_eq!(report.counts.bad(), consumed.to_integer().to_u128().expect("sums fit"));
        assert_eq!(maybe(report.sli), over(&(&events - &consumed), &events));
        assert_eq!(exact(report.budget.total), total);
        assert_eq!(exact(report.budget.consumed), consumed);
        assert_eq!(exact(report.budget.remaining), remaining);
        assert_eq!(maybe(report.budget.consumed_ratio), over(&consumed, &total));
        assert_eq!(maybe(report.budget.remaining_ratio), remaining_ratio);

        let no_data = events.is_zero();
        let target = BigRational::one() - &self.allowed;
        assert_eq!(report.met, over(&(&events - &consumed), &events).map(|sli| sli >= target));
        assert_eq!(report.exhausted, !no_data && remaining <= BigRational::zero());
        let warning = BigRational::new(self.case.objective.warning_threshold.get().into(), 1_000_000_000.into());
        let status = match &remaining_ratio {
            None => Status::NoData,
            Some(ratio) if *ratio <= BigRational::zero() => Status::Exhausted,
            Some(ratio) if *ratio <= warning => Status::Warning,
            Some(_) => Status::Ok,
        };
        assert_eq!(report.status, status);
        assert_eq!(maybe(report.coverage), Some(BigRational::new(with_data.into(), self.length.into())));
        let newest = (1..=self.length).map(|ago| self.case.end - ago).find(|minute| {
            let counts = self.minutes.get(minute);
            counts.is_some_and(|(_, total)| !total.is_zero())
        });
        assert_eq!(report.watermark, newest.map(|minute| minute + 1));

        let known = [5, 30, 60, 120, 360, 1_440, 4_320].into_iter().filter(|minutes| *minutes <= self.length);
        assert_eq!(
            report.burn_rates.iter().map(|b| b.lookback.minutes()).collect::<Vec<_>>(),
            known.collect::<Vec<_>>()
        );
        for got in &report.burn_rates {
            let (bad, _, _) = self.last(got.lookback.minutes());
            let rate = self.burn(got.lookback.minutes());
            let seconds = match (&remaining_ratio, &rate) {
                (None, _) => None,
                (Some(ratio), _) if *ratio <= BigRational::zero() => Some(0),
                (Some(_), None) => None,
                (Some(_), Some(rate)) if rate.is_zero() => None,
                // Longer than 2^64 seconds is never.
                (Some(ratio), Some(rate)) => (whole(60 * self.length) * ratio / rate).floor().to_integer().to_u64(),
            };
            assert_eq!(maybe(got.rate), rate, "{}", got.lookback.name());
            assert_eq!(maybe(got.budget_consumed), rate.and(over(&bad, &total)), "{}", got.lookback.name());
            assert_eq!(got.time_to_exhaustion, seconds, "{}", got.lookback.name());
        }
    }

    /// Walks the future: each minute spends at the rate and gives back the minute that leaves.
    pub(crate) fn assert_forecast(&self, report: &BudgetReport) {
        let (consumed, events, _) = self.last(self.length);
        let total = &events * &self.allowed;
        let remaining = &total - &consumed;
        let longest = [1_440, 360, 120, 60].into_iter().find(|minutes| *minutes <= self.length);
        let rate = longest.and_then(|minutes| self.burn(minutes));
        assert_eq!(maybe(report.forecast.burn_rate), rate);

        let end = self.case.end;
        let per_minute = rate.unwrap_or_default() * &total / whole(self.length);
        let (mut left, mut unspent) = (remaining.clone(), remaining.clone());
        let already = !events.is_zero() && remaining <= BigRational::zero();
        let mut exhausted = already.then(|| self.case.at());
        let mut recovers = Vec::new();
        let at = [self.length / 2, 1_440, 10_080];
        for later in 1..=self.length {
            // The window that ends there begins one minute later than the one before.
            let leaving = self.minutes.get(&(end - self.length + later - 1));
            let back = leaving.map(|(good, total)| whole(total - good)).unwrap_or_default();
            left += &back;
            unspent += &back;
            if !per_minute.is_zero() {
                left -= &per_minute;
                if exhausted.is_none() && left <= BigRational::zero() && later < self.length {
                    exhausted = Some((end + later).timestamp());
                }
            }
            if at.contains(&later) {
                recovers.push((end + later, over(&unspent, &total)));
            }
        }
        assert_eq!(report.forecast.exhausted_at, exhausted);
        let got: Vec<_> = report.forecast.recovers.iter().map(|(at, left)| (*at, maybe(*left))).collect();
        assert_eq!(got, recovers);
    }
}
