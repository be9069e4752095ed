//! What the use cases cost, as DynamoDB would bill them: calls, thousandths of read units,
//! thousandths of write units. Strongly consistent throughout.

mod common;

use async_trait::async_trait;
use common::{Checked, DAY, client, cost, measurement, name, series, stamp, store, write};
use slo_core::testing::Sample as _;
use slo_core::{
    AlertChange, AuditAction, Batch, Deed, DefinitionRepository, EventCounts, Exclusion, Filter, Indicator,
    IndicatorKind, Measurement, MeasurementRepository as _, Minute, Notifier, Objective, Period, Precondition,
    RepositoryError, Resolution, Revision, RollingWindow, Series, Source, StateRepository as _, TimeWindow,
};
use slo_dynamo::{DynamoDefinitions, DynamoMeasurements, Store};

const DAYS: i64 = 1_440;

fn minutes(from: Minute, count: i64) -> Vec<Measurement> {
    (0..count).map(|minute| measurement(from + minute)).collect()
}

/// So many times as many events.
fn times(counts: EventCounts, times: u64) -> EventCounts {
    let count = |count: u128| u64::try_from(count).expect("few") * times;
    EventCounts::new(count(counts.good()), count(counts.total())).expect("counts")
}

/// What reading the `days` before `end` costs, as for an error budget.
async fn read(measurements: &DynamoMeasurements, end: Minute, days: i64, thousands: u64) -> (u64, u64, u64) {
    let period = Period::new(end - days * DAYS, end);
    let resolution = Resolution::Hours { cuts: Vec::new() };
    let (buckets, cost) = cost(measurements.read(&series(), period, &resolution)).await;
    let total: u128 = buckets.expect("a read succeeds").iter().map(|bucket| bucket.counts.total()).sum();
    assert_eq!(total, 1_000 * u128::from(thousands * period.minutes()));
    cost
}

#[tokio::test]
async fn an_hour_of_one_source_costs_two_units_whatever_is_in_it() -> Checked {
    let measurements = store().await.measurements();
    // The first time of a day, source and process: whether there are sums that do not tell of it.
    assert_eq!(cost(write(&measurements, "default", minutes(DAY, 1))).await.1, (3, 1_000, 2_000));
    for count in [1_i64, 2, 59, 60] {
        // Correct what is there: all are written.
        let corrected = |m| Measurement { revision: count.unsigned_abs(), ..m };
        let batch: Vec<_> = minutes(DAY, count).into_iter().map(corrected).collect();
        let (receipt, cost_of) = cost(write(&measurements, "default", batch.clone())).await;
        assert_eq!((receipt?.accepted, cost_of), (batch.len(), (2, 0, 2_000)), "{count} minutes");

        let (receipt, cost_of) = cost(write(&measurements, "default", batch.clone())).await;
        assert_eq!((receipt?.replayed, cost_of), (batch.len(), (2, 0, 2_000)), "{count} minutes again");
    }
    // Half known, half new: refused, written, then the day.
    let (receipt, cost_of) = cost(write(&measurements, "default", minutes(DAY + 30, 60))).await;
    let receipt = receipt?;
    assert_eq!((receipt.accepted, receipt.stale, cost_of), (30, 30, (4, 0, 4_000)));
    // A day: 24 hours at two calls, and a look.
    let (receipt, cost_of) = cost(write(&measurements, "default", minutes(DAY + DAYS, 1_440))).await;
    assert_eq!((receipt?.accepted, cost_of), (1_440, (49, 1_000, 48_000)));
    Ok(())
}

#[tokio::test]
async fn a_budget_costs_by_its_days() -> Checked {
    // A thousand events a minute, and a million.
    for (thousands, month) in [(1, 2_000), (1_000, 2_000)] {
        let client = client().await;
        let store = Store::builder(client.clone()).build();
        let measurements = store.measurements();
        for day in 0..91 {
            let many = |m: Measurement| Measurement { counts: times(m.counts, thousands), ..m };
            let day = minutes(DAY + day * DAYS, 1_440).into_iter().map(many).collect();
            write(&measurements, "default", day).await?;
        }
        let end = DAY + 91 * DAYS;
        let read = async |end, days| read(&measurements, end, days, thousands).await;
        // The days; then half a read unit for each hour that an end cuts.
        assert_eq!(read(end, 28).await, (1, month, 0));
        assert_eq!(read(end - 300, 28).await, (1, month, 0));
        assert_eq!(read(end - 23, 28).await, (2, month + 1_000, 0));
        assert_eq!(read(end - 23, 30).await, (2, month + 1_000, 0));
        // A quarter: longer numbers make longer days.
        let quarter = if thousands == 1 { 5_000 } else { 6_000 };
        assert_eq!(read(end, 90).await, (1, quarter, 0));
        assert_eq!(read(end - 23, 90).await, (2, quarter + 1_000, 0));
        // By the minute, as time slices need, by who has not written them: the days, and an hour 0.3 KB or 0.4 KB at
        // half the price, after a look for packed days.
        let period = Period::new(end - 28 * DAYS, end);
        let by_minute = async |process: &Store| {
            let (buckets, cost) = cost(process.measurements().read(&series(), period, &Resolution::Minutes)).await;
            assert_eq!(buckets.expect("a read succeeds").len(), usize::try_from(28 * DAYS).expect("positive"));
            cost
        };
        let process = || Store::builder(client.clone()).build();
        let hours = if thousands == 1 { 29_500 } else { 38_000 };
        assert_eq!(by_minute(&process()).await, (4, month + hours, 0));
        for day in 60..90 {
            measurements.reconcile(&series(), DAY + day * DAYS, true, (DAY + 400 * DAYS).timestamp()).await?;
        }
        // Packed: a day 4.4 KB or 7 KB, and the hours of the last one.
        let packed = if thousands == 1 { 16_500 } else { 25_000 };
        let reader = process();
        assert_eq!(by_minute(&reader).await, (3, month + packed, 0));
        // Again in the same process: the days, and the two hours that may still be written.
        assert_eq!(by_minute(&reader).await, (2, month + 500, 0));
        assert_eq!(by_minute(&store).await, (2, month + 500, 0));
        // An hour and a half, from two hours in a range.
        let period = Period::new(end - 90, end);
        let hours = Resolution::Hours { cuts: Vec::new() };
        assert_eq!(cost(measurements.read(&series(), period, &hours)).await.1, (2, 1_500, 0));
        // Look-backs of an alert policy: seven hours have a cut, four of them near each other.
        let cuts = [4_325, 1_445, 365, 125, 65, 30, 5].map(|minutes| end - 7 - minutes).to_vec();
        let policy = Resolution::Hours { cuts };
        let period = Period::new(end - 7 - 28 * DAYS, end - 7);
        assert_eq!(cost(measurements.read(&series(), period, &policy)).await.1, (3, month + 2_000, 0));
    }
    Ok(())
}

async fn put(
    objectives: &DynamoDefinitions<Objective>,
    value: Objective,
    precondition: Precondition,
) -> (u64, u64, u64) {
    let (put, cost) = cost(objectives.put(value, precondition, stamp())).await;
    put.expect("a put succeeds");
    cost
}

#[tokio::test]
async fn a_definition_costs_a_read_and_a_transaction() -> Checked {
    let objectives = store().await.definitions::<Objective>();
    let mut objective = Objective::bare(name("site"));
    // Current, version, reference and entry of the audit at two units each; the index by service one.
    assert_eq!(put(&objectives, objective.clone(), Precondition::Absent).await, (1, 0, 9_000));
    assert_eq!(put(&objectives, objective.clone(), Precondition::Revision(Revision::FIRST)).await, (2, 1_000, 7_000));
    // An owner: the other index. A second owner: an item of its own and its entry in the index.
    objective.owners = vec![name("ann")];
    assert_eq!(put(&objectives, objective.clone(), Precondition::Present).await, (2, 1_000, 8_000));
    objective.owners.push(name("bob"));
    assert_eq!(put(&objectives, objective.clone(), Precondition::Present).await, (2, 1_000, 11_000));
    // Refused by its precondition: a read; what is there already, after a transaction that came to nothing.
    let other = Precondition::Revision(Revision::FIRST);
    let refused = cost(objectives.put(objective.clone(), other, stamp())).await;
    assert_eq!((refused.0.is_err(), refused.1), (true, (1, 1_000, 0)));
    let refused = cost(objectives.put(objective.clone(), Precondition::Absent, stamp())).await;
    assert_eq!((refused.0.is_err(), refused.1.0), (true, 2));
    assert_eq!(cost(objectives.get(&objective.name)).await.1, (1, 1_000, 0));
    assert_eq!(cost(objectives.changes(&objective.name, None, 10)).await.1, (1, 1_000, 0));
    Ok(())
}

async fn annex(objectives: &DynamoDefinitions<Objective>, annex: Vec<Exclusion>) -> (u64, u64, u64) {
    let before = objectives.get(&name("site")).await.expect("a read succeeds").expect("it is there");
    let deed = Deed { stamp: stamp(), action: AuditAction::ExclusionAdded, part: name("part") };
    let (written, cost) = cost(objectives.annex(&before.value.name, annex, before.seen(), Some(deed))).await;
    written.expect("it is written");
    cost
}

#[tokio::test]
async fn an_annex_costs_a_read_and_a_transaction_and_nothing_to_read() -> Checked {
    let objectives = store().await.definitions::<Objective>();
    let mut objective = Objective::bare(name("site"));
    put(&objectives, objective.clone(), Precondition::Absent).await;
    // The current version and the entry of the audit at two units; the index by service one. No version, no reference.
    assert_eq!(annex(&objectives, Objective::annex(0)).await, (2, 1_000, 5_000));
    assert_eq!(cost(objectives.get(&objective.name)).await.1, (1, 1_000, 0));
    // A version costs what it does without.
    assert_eq!(put(&objectives, objective.clone(), Precondition::Present).await, (2, 1_000, 7_000));
    // The other index; a second owner's item and its entry in the index.
    objective.owners = vec![name("ann"), name("bob")];
    put(&objectives, objective.clone(), Precondition::Present).await;
    assert_eq!(annex(&objectives, Vec::new()).await, (2, 1_000, 9_000));
    // Not as it was seen: a read.
    let seen = slo_core::Annexed { born: Revision::FIRST, annexed: 1 };
    let refused = cost(objectives.annex(&objective.name, Vec::new(), seen, None)).await;
    assert_eq!((refused.0.is_err(), refused.1), (true, (1, 1_000, 0)));
    // A hundred ordinary ones of 0.2 KB: by size, like everything.
    let ordinary = |i: usize| Exclusion { id: name(&format!("e{i}")), ..Objective::annex(1).swap_remove(0) };
    annex(&objectives, (0..100).map(ordinary).collect()).await;
    assert_eq!(cost(objectives.get(&objective.name)).await.1, (1, 6_000, 0));
    Ok(())
}

#[tokio::test]
async fn a_list_is_one_query() -> Checked {
    let objectives = store().await.definitions::<Objective>();
    for i in 0..120 {
        let mut objective = Objective::bare(name(&format!("objective-{i:03}")));
        objective.owners = vec![name("ann"), name("bob")];
        objectives.put(objective, Precondition::Absent, stamp()).await?;
    }
    let list = async |filter: Filter| {
        let (page, cost) = cost(objectives.list(&filter, None, 50)).await;
        let page = page.expect("a list succeeds");
        assert_eq!((page.items.len(), page.next.is_some()), (50, true));
        cost
    };
    // 51 items of 0.7 KB.
    assert_eq!(list(Filter::default()).await, (1, 6_000, 0));
    // Of an index, eventually consistent: half.
    assert_eq!(list(Filter { owner: Some(name("ann")), ..Filter::default() }).await, (1, 3_000, 0));
    assert_eq!(list(Filter { owner: Some(name("bob")), ..Filter::default() }).await, (1, 3_000, 0));
    assert_eq!(list(Filter { service: Some(name("bare-0")), ..Filter::default() }).await, (1, 3_000, 0));
    // The names, then each by its key.
    assert_eq!(list(Filter { indicator: Some(name("bare-0")), ..Filter::default() }).await, (2, 52_000, 0));
    Ok(())
}

#[tokio::test]
async fn a_state_costs_by_its_size() -> Checked {
    let states = store().await.states();
    let key = name("alerts");
    assert_eq!(cost(states.read(&key)).await.1, (1, 1_000, 0));
    let (first, written) = cost(states.write(&key, None, vec![1; 900])).await;
    let first = first?;
    assert_eq!((written, cost(states.read(&key)).await.1), ((1, 0, 1_000), (1, 1_000, 0)));
    // Refused: the attempt, and a look at what there is.
    let (refused, cost_of) = cost(states.write(&key, None, vec![1; 900])).await;
    assert!(matches!(refused, Err(RepositoryError::Precondition { .. })), "{refused:?}");
    assert_eq!(cost_of, (2, 1_000, 1_000));
    // 256 KB, and the key beside it.
    let (second, written) = cost(states.write(&key, Some(first), vec![1; slo_core::MAX_STATE])).await;
    assert!(second? > first);
    assert_eq!((written, cost(states.read(&key)).await.1), ((1, 0, 257_000), (1, 65_000, 0)));
    Ok(())
}

/// Hears everything.
struct People;

#[async_trait]
impl Notifier for People {
    async fn notify(&self, _: &AlertChange) -> Result<(), Source> {
        Ok(())
    }
}

/// So many objectives with the default alerts; the first is of an indicator of its own. Traffic is ordinary.
async fn promised(objectives: usize) -> Result<Store, Box<dyn std::error::Error>> {
    let store = store().await;
    let (service, measurements) = (store.service(), store.measurements());
    let of = |text: &str| Series { indicator: name(text), born: Revision::FIRST };
    for series in [of("site"), of("other")] {
        let indicator = Indicator::new(series.indicator.clone(), name("web"), IndicatorKind::Ratio);
        service.create(indicator, stamp()).await?;
        for day in 0..12 {
            let now = (DAY + day * DAYS).timestamp();
            let batch = Batch::new(minutes(DAY + day * DAYS, 1_440), (DAY + 400 * DAYS).timestamp());
            measurements.write(&series, &name("default"), &batch.expect("a valid batch"), now).await?;
        }
    }
    let month = TimeWindow::Rolling(RollingWindow::new("30d".parse()?)?);
    for i in 0..objectives {
        let series = of(if i == 0 { "site" } else { "other" });
        let name = name(&format!("objective-{i}"));
        let objective = Objective::new(name, "web".parse()?, series, "0.99".parse()?, month.clone());
        service.create(objective, stamp()).await?;
    }
    Ok(store)
}

#[tokio::test]
async fn a_round_of_alerts_costs_by_its_objectives() -> Checked {
    for objectives in [1, 10] {
        let store = promised(objectives).await?;
        let service = store.service();
        let round = async |at: Minute| {
            let (round, cost) = cost(service.evaluate_alerts(Some(&People), at.timestamp())).await;
            let round = round.expect("a round");
            assert_eq!((round.objectives, round.failed.len(), round.undelivered), (objectives, 0, 0));
            ((round.firing, round.changed), cost)
        };
        let at = DAY + 12 * DAYS - 23;
        // What sources there are is found out by the first.
        round(at).await;
        // The state and the list; of each objective a day and the newest hours.
        let many = objectives as u64;
        let (calls, read) = (2 + 2 * many, 2_000 + 1_500 * many);
        assert_eq!(round(at).await, ((0, 0), (calls, read, 0)));

        let bad = |m: Measurement| Measurement { counts: EventCounts::new(0, 1_000).expect("counts"), ..m };
        let bad: Vec<_> = minutes(DAY + 12 * DAYS, 15).into_iter().map(bad).collect();
        let batch = Batch::new(bad, (DAY + 400 * DAYS).timestamp()).expect("a valid batch");
        let series = Series { indicator: name("site"), born: Revision::FIRST };
        store.measurements().write(&series, &name("default"), &batch, at.timestamp()).await?;
        let at = DAY + 12 * DAYS + 15;
        // It begins: all windows, then since when; kept, told and recorded.
        assert_eq!(round(at).await, ((1, 1), (calls + 13, read + 9_000, 2_000)));
        // It goes on: all windows, and nothing to write.
        assert_eq!(round(at).await, ((1, 0), (calls + 3, read + 3_000, 0)));
    }
    Ok(())
}
