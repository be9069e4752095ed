//! The client passes where the service is as it should be, and tells what is wrong where one thing is not.

mod lie;
mod stage;

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use stage::{Asked, Gateway, Honest, Stage, Told};

#[test]
fn what_is_as_it_should_be_passes_and_nothing_is_left() {
    let stage = Stage::serve(Honest);
    let outcome = stage.walk();
    assert_eq!(outcome.code, Some(0), "{}", outcome.said);
    for line in [
        "users: created smoke-",
        "services: the profile of smoke-",
        "of 16 who replaced the same revision, one won",
        " checks passed in ",
    ] {
        assert!(outcome.said.contains(line), "{line}: {}", outcome.said);
    }
    assert_eq!(stage.left(), 0);
}

/// Refuses now and then; or carries out what it then says it could not.
#[derive(Default)]
struct Busy {
    asked: AtomicUsize,
    lost: Mutex<HashSet<String>>,
}

impl Gateway for Busy {
    fn ask(&self, _: &mut Asked) -> Option<StatusCode> {
        let nth = self.asked.fetch_add(1, Ordering::Relaxed);
        (nth % 50 == 49).then_some(StatusCode::SERVICE_UNAVAILABLE)
    }

    fn tell(&self, asked: &Asked, told: &mut Told) {
        let racing = asked.path.ends_with("-race/measurements") && asked.records();
        let total = asked.body["measurements"][0]["total"].as_u64().unwrap_or_default();
        let status = match total % 16 {
            0 => StatusCode::BAD_GATEWAY,
            8 => StatusCode::INTERNAL_SERVER_ERROR,
            _ => return,
        };
        if racing && self.lost.lock().expect("no panic").insert(asked.body.to_string()) {
            told.status = status;
        }
    }
}

#[test]
fn a_busy_gateway_is_asked_again_and_the_counts_are_right() {
    let stage = Stage::serve(Busy::default());
    let outcome = stage.walk();
    assert_eq!(outcome.code, Some(0), "{}", outcome.said);
    assert!(outcome.said.contains("race: the totals are exactly 136001 of 136128"), "{}", outcome.said);
    assert_eq!(stage.left(), 0);
}

/// A walk through this gateway fails, says all of this, and cleans up.
#[track_caller]
fn fails(gateway: impl Gateway, wanted: &[&str]) {
    let stage = Stage::serve(gateway);
    let outcome = stage.walk();
    assert_eq!(outcome.code, Some(1), "{}", outcome.said);
    for text in ["FAILED after ", "  asked     ", "  expected  ", "  came      "].iter().chain(wanted) {
        assert!(outcome.said.contains(text), "{text}: {}", outcome.said);
    }
    assert!(!outcome.said.contains("checks passed"), "{}", outcome.said);
    assert_eq!(stage.left(), 0, "{}", outcome.said);
}
