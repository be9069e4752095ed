//! `timeWindow` of an objective.

use serde::Serialize;
use slo_core::{CalendarWindow, Fault, RollingWindow, Shorthand, TimeWindow, Zone};
use utoipa::ToSchema;

use crate::edge::fields::{At, Faults, Fields, boolean, text};

/// OpenSLO's time window.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TimeWindow)]
pub(super) struct TimeWindowDto {
    /// 1h to 366d when rolling; 1d, 1w, 1M, 1Q or 1Y when not.
    #[schema(value_type = String, example = "28d")]
    duration: Shorthand,
    /// Whether it moves with the clock or follows the calendar.
    #[schema(example = true)]
    is_rolling: bool,
    /// Needed when isRolling is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar: Option<CalendarDto>,
}

/// Whose calendar.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Calendar)]
struct CalendarDto {
    /// Sets the weekday on which weeks begin; local to timeZone.
    #[schema(example = "2026-01-05 00:00:00")]
    start_time: String,
    /// An IANA time zone.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
}

impl TimeWindowDto {
    pub(super) fn show(window: &TimeWindow) -> Self {
        let calendar = match window {
            TimeWindow::Rolling(_) => None,
            TimeWindow::Calendar(window) => Some(CalendarDto {
                start_time: window.anchor().strftime("%Y-%m-%d %H:%M:%S").to_string(),
                time_zone: window.zone().name().to_owned(),
            }),
        };
        Self { duration: window.duration(), is_rolling: calendar.is_none(), calendar }
    }
}

pub(super) fn time_window(at: At<'_>, faults: &mut Faults) -> Option<TimeWindow> {
    let mut fields = Fields::open(at, faults)?;
    let duration = fields.required("duration", faults, text::<Shorthand>);
    let is_rolling = fields.required("isRolling", faults, boolean);
    let calendar = fields.optional("calendar", faults, calendar);
    fields.close(faults);
    let calendar = calendar?;
    let window = match (is_rolling?, calendar) {
        (true, None) => RollingWindow::new(duration?).map(TimeWindow::Rolling),
        (false, Some((anchor, zone))) => CalendarWindow::new(duration?, anchor, zone).map(TimeWindow::Calendar),
        (true, Some(_)) => {
            faults.push(Fault::new(
                at.child("calendar"),
                "notAllowed",
                "a rolling window has no calendar; leave it out or set isRolling to false",
            ));
            return None;
        }
        (false, None) => {
            faults.push(Fault::new(
                at.child("calendar"),
                "required",
                "a calendar window says where and from which day: startTime and timeZone",
            ));
            return None;
        }
    };
    window.map_err(|error| faults.push(Fault::new(at.child("duration"), "invalid", error))).ok()
}

fn calendar(at: At<'_>, faults: &mut Faults) -> Option<(jiff::civil::DateTime, Zone)> {
    let mut fields = Fields::open(at, faults)?;
    let start = fields.required("startTime", faults, |at, faults| {
        let text: String = text(at, faults)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            faults.push(Fault::new(at.pointer, "invalid", "write a local time such as 2026-01-05 00:00:00"));
        }
        parsed
    });
    let zone = fields.required("timeZone", faults, zone);
    fields.close(faults);
    Some((start?, zone?))
}

/// An IANA time zone.
pub(super) fn zone(at: At<'_>, faults: &mut Faults) -> Option<Zone> {
    let zone = Zone::new(&text::<String>(at, faults)?);
    if zone.is_none() {
        faults.push(Fault::new(at.pointer, "invalid", "write an IANA time zone such as Europe/Berlin or UTC"));
    }
    zone
}
