//! Batches as the API takes them.

use super::measurement::Measurement;
use crate::resource::Name;

/// Measurements a batch may hold.
const MAX_MEASUREMENTS: usize = 1440;
/// Bytes its measurements may take; the API's limit is 1 MiB for the whole body.
const MAX_BYTES: usize = 1_000_000;

/// Measurements that are sent together.
#[derive(Debug, Default)]
pub(super) struct Batch<'a> {
    /// What it holds, in the order of time.
    pub(super) measurements: Vec<&'a Measurement>,
    entries: Vec<String>,
    bytes: usize,
}

impl<'a> Batch<'a> {
    /// The body of the request.
    pub(super) fn body(&self, source: &Name) -> String {
        format!(r#"{{"source":"{source}","measurements":[{}]}}"#, self.entries.join(","))
    }

    fn has_room_for(&self, hour: &Batch<'_>) -> bool {
        self.entries.len() + hour.entries.len() <= MAX_MEASUREMENTS && self.bytes + hour.bytes <= MAX_BYTES
    }

    fn push(&mut self, measurement: &'a Measurement, entry: String) {
        self.bytes += entry.len() + 1;
        self.measurements.push(measurement);
        self.entries.push(entry);
    }

    fn append(&mut self, mut other: Self) {
        self.bytes += other.bytes;
        self.measurements.append(&mut other.measurements);
        self.entries.append(&mut other.entries);
    }
}

/// Splits measurements, sorted by minute, so that an hour stays in one batch: the service
/// writes hours. Only an hour that is too long for any batch is split.
pub(super) fn batches(measurements: &[Measurement]) -> Result<Vec<Batch<'_>>, String> {
    let mut batches: Vec<Batch<'_>> = Vec::new();
    for hour in measurements.chunk_by(|a, b| a.minute.hour() == b.minute.hour()) {
        for part in split(hour)? {
            match batches.last_mut() {
                Some(last) if last.has_room_for(&part) => last.append(part),
                _ => batches.push(part),
            }
        }
    }
    Ok(batches)
}

fn split(hour: &[Measurement]) -> Result<Vec<Batch<'_>>, String> {
    let mut parts = Vec::new();
    let mut part = Batch::default();
    for measurement in hour {
        let entry = measurement.json();
        if entry.len() >= MAX_BYTES {
            return Err(format!(
                "{} holds {}, more than a request can carry; split the files and send each part with a --source of its own",
                measurement.minute.start(),
                measurement.told()
            ));
        }
        if part.bytes + entry.len() >= MAX_BYTES {
            parts.push(std::mem::take(&mut part));
        }
        part.push(measurement, entry);
    }
    parts.push(part);
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::value::RawValue;

    use super::super::measurement::{Content, Minute};
    use super::*;

    fn minute(index: i64) -> Minute {
        Minute::of(Timestamp::from_second(index * 60).expect("in range"))
    }

    fn counts(minutes: impl IntoIterator<Item = i64>) -> Vec<Measurement> {
        let one =
            |index| Measurement { minute: minute(index), content: Content::Counts { good: 1, total: 1 }, revision: 0 };
        minutes.into_iter().map(one).collect()
    }

    fn values(index: i64, length: usize) -> Measurement {
        let value = RawValue::from_string(format!("0.{}", "1".repeat(98))).expect("a number");
        let content = Content::Values { values: vec![value; length / 101] };
        Measurement { minute: minute(index), content, revision: 0 }
    }

    fn sizes(measurements: &[Measurement]) -> Vec<usize> {
        batches(measurements).expect("batches").iter().map(|batch| batch.measurements.len()).collect()
    }

    #[test]
    fn a_full_day_is_one_batch() {
        assert_eq!(sizes(&counts(0..1440)), [1440]);
        assert_eq!(sizes(&counts(0..1441)), [1440, 1]);
    }

    #[test]
    fn hours_stay_together() {
        // Half an hour first: the 24th full hour no longer fits.
        assert_eq!(sizes(&counts(30..1500)), [30 + 23 * 60, 60]);
        assert_eq!(sizes(&[]), [0_usize; 0]);
    }

    #[test]
    fn every_measurement_is_in_exactly_one_batch() {
        let measurements = counts((0..20_000).filter(|minute| minute % 7 != 0));
        let batches = batches(&measurements).expect("batches");
        let together: Vec<_> = batches.iter().flat_map(|batch| &batch.measurements).map(|m| m.minute).collect();
        assert_eq!(together, measurements.iter().map(|m| m.minute).collect::<Vec<_>>());
        assert!(batches.iter().all(|batch| batch.measurements.len() <= MAX_MEASUREMENTS));
        let hours: Vec<_> = batches
            .iter()
            .map(|batch| (batch.measurements[0].minute.hour(), batch.measurements.last().map(|m| m.minute.hour())))
            .collect();
        assert!(hours.windows(2).all(|pair| pair[0].1 < Some(pair[1].0)), "{hours:?}");
    }

    #[test]
    fn bodies_stay_below_the_limit() {
        let many = [values(0, 600_000), values(1, 600_000), values(60, 300_000), values(61, 300_000)];
        assert_eq!(sizes(&many), [1, 1, 2]);
        let source = "default".parse().expect("a name");
        assert!(batches(&many).expect("batches").iter().all(|batch| batch.body(&source).len() < 1_048_576));
        assert!(batches(&[values(0, 2_000_000)]).expect_err("too long").contains("--source"));
    }

    #[test]
    fn the_body_is_what_the_api_takes() {
        let measurements = counts([0]);
        let batches = batches(&measurements).expect("batches");
        assert_eq!(
            batches[0].body(&"web1".parse().expect("a name")),
            r#"{"source":"web1","measurements":[{"start":"1970-01-01T00:00:00Z","good":1,"total":1,"revision":0}]}"#
        );
    }
}
