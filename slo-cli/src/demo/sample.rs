//! What the sample holds: bodies as the API takes them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::traffic::{Spell, Traffic, What};

const fn spell(days_ago: i64, from: i64, minutes: i64, what: What) -> Spell {
    Spell { days_ago, from, minutes, what }
}

/// The afternoon on which checkout failed: what one should find.
const OUTAGE: (i64, i64, i64) = (3, 13 * 60 + 20, 47);
/// The night in which the payment provider was replaced, as announced.
const MAINTENANCE: Spell = spell(9, 2 * 60, 120, What::Failing(1_000_000));

/// What is measured. The last one is not, yet.
pub(super) const INDICATORS: &[Traffic] = &[
    Traffic {
        name: "storefront-requests",
        events: 400,
        failing: 300,
        spells: &[spell(12, 9 * 60 + 5, 20, What::Failing(50_000))],
    },
    Traffic { name: "storefront-speed", events: 400, failing: 5_500, spells: &[] },
    Traffic {
        name: "checkout-requests",
        events: 120,
        failing: 150,
        spells: &[spell(OUTAGE.0, OUTAGE.1, OUTAGE.2, What::Failing(450_000))],
    },
    Traffic {
        name: "checkout-speed",
        events: 120,
        failing: 4_000,
        spells: &[spell(OUTAGE.0, OUTAGE.1, OUTAGE.2, What::Failing(600_000))],
    },
    Traffic {
        name: "search-requests",
        events: 900,
        failing: 1_800,
        spells: &[spell(6, 4 * 60, 9 * 60, What::Silence)],
    },
    Traffic { name: "search-speed", events: 900, failing: 41_000, spells: &[] },
    Traffic { name: "payments-requests", events: 60, failing: 100, spells: &[MAINTENANCE] },
    Traffic { name: "payments-speed", events: 60, failing: 6_500, spells: &[] },
    Traffic { name: "payments-settlement", events: 0, failing: 0, spells: &[] },
];

/// Everything but the measurements, in the order of its making.
pub(super) struct Sample {
    pub(super) users: Vec<String>,
    pub(super) indicators: Vec<String>,
    pub(super) objectives: Vec<String>,
    /// With the objective of each.
    pub(super) exclusions: Vec<(&'static str, String)>,
    pub(super) decisions: Vec<Decided>,
}

/// A question, and why somebody knew better than the answer.
pub(super) struct Decided {
    pub(super) question: String,
    pub(super) overridden: Option<&'static str>,
}

impl Sample {
    /// The sample that ends then.
    pub(super) fn until(end: Timestamp) -> Self {
        let texts = |bodies: Vec<Value>| bodies.iter().map(Value::to_string).collect();
        Self {
            users: texts(users()),
            indicators: INDICATORS.iter().map(|traffic| indicator(traffic.name).to_string()).collect(),
            objectives: texts(objectives()),
            exclusions: ["payments-availability", "payments-uptime"]
                .map(|objective| (objective, maintenance(end).to_string()))
                .into(),
            decisions: decisions(),
        }
    }
}

fn users() -> Vec<Value> {
    let user = |name: &str, called: &str, role: &str, access: &str| json!({"name": name, "displayName": called, "email": format!("{name}@example.org"), "role": role, "access": access});
    vec![
        user("ana", "Ana Lima", "productManager", "approver"),
        user("bela", "Bela Novak", "productManager", "editor"),
        user("chen", "Chen Wu", "engineer", "editor"),
        user("dora", "Dora Weiss", "engineer", "admin"),
    ]
}

fn indicator(name: &str) -> Value {
    let (service, what) = name.split_once('-').unwrap_or((name, ""));
    let description = match what {
        "speed" => "Requests answered within 300 ms, of all that were answered",
        "settlement" => "Settlements that reached the bank the same day; to be measured from next month on",
        _ => "Requests answered without a fault of ours",
    };
    json!({"name": name, "service": service, "kind": "ratio", "description": description})
}

/// Which owners answer for a service.
fn owners(service: &str) -> [&'static str; 2] {
    if matches!(service, "storefront" | "checkout") { ["ana", "chen"] } else { ["bela", "dora"] }
}

fn rolling(days: &str) -> Value {
    json!({"duration": days, "isRolling": true})
}

fn month() -> Value {
    json!({"duration": "1M", "isRolling": false,
        "calendar": {"startTime": "2025-01-01 00:00:00", "timeZone": "Europe/Berlin"}})
}

fn objectives() -> Vec<Value> {
    let promise = |name: &str, called: &str, indicator: &str, target: &str, window: Value, more: Value| {
        let service = name.split('-').next().unwrap_or(name);
        let mut body = json!({"name": name, "displayName": called, "service": service, "indicator": indicator,
            "target": target, "timeWindow": window, "budgetingMethod": "Occurrences", "owners": owners(service)});
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        body
    };
    let (none, four_weeks) = (Value::Null, || rolling("28d"));
    let slices =
        |target: &str| json!({"budgetingMethod": "Timeslices", "timeSliceTarget": target, "timeSliceWindow": "1m"});
    let sla = |target: &str, text: &str| json!({"sla": {"target": target, "description": text}});
    vec![
        promise(
            "storefront-availability",
            "Storefront availability",
            "storefront-requests",
            "0.999",
            four_weeks(),
            json!({"publicBadge": true, "description": "Visitors see the shop."}),
        ),
        promise("storefront-latency", "Storefront latency", "storefront-speed", "0.99", four_weeks(), none.clone()),
        promise("storefront-uptime", "Storefront uptime", "storefront-requests", "0.999", four_weeks(), slices("0.98")),
        promise(
            "storefront-month",
            "Storefront, calendar month",
            "storefront-requests",
            "0.995",
            month(),
            none.clone(),
        ),
        promise(
            "checkout-availability",
            "Checkout availability",
            "checkout-requests",
            "0.9995",
            four_weeks(),
            json!({"description": "Whoever wants to pay, can."}),
        ),
        promise("checkout-latency", "Checkout latency", "checkout-speed", "0.99", four_weeks(), none.clone()),
        promise(
            "checkout-contract",
            "Checkout, as agreed with partners",
            "checkout-requests",
            "0.998",
            four_weeks(),
            sla("0.995", "Partners are refunded below this"),
        ),
        promise("search-availability", "Search availability", "search-requests", "0.995", rolling("7d"), none.clone()),
        promise("search-latency", "Search latency", "search-speed", "0.95", four_weeks(), none.clone()),
        promise(
            "search-dream",
            "Search, as we would like it",
            "search-requests",
            "0.9999",
            four_weeks(),
            json!({"aspirational": true}),
        ),
        promise(
            "payments-availability",
            "Payments availability",
            "payments-requests",
            "0.9995",
            four_weeks(),
            sla("0.999", "The contract with the payment provider"),
        ),
        promise(
            "payments-uptime",
            "Payments uptime, calendar month",
            "payments-requests",
            "0.999",
            month(),
            slices("0.95"),
        ),
        promise(
            "payments-latency",
            "Payments latency",
            "payments-speed",
            "0.99",
            four_weeks(),
            json!({"budgetingMethod": "RatioTimeslices", "timeSliceWindow": "5m"}),
        ),
        promise("payments-settlement", "Settlement on the same day", "payments-settlement", "0.99", four_weeks(), none),
    ]
}

fn maintenance(end: Timestamp) -> Value {
    let (from, to) = MAINTENANCE.span(end);
    json!({"from": from, "to": to, "mode": "remove", "reason": "The payment provider is replaced, announced to all shops"})
}

fn decisions() -> Vec<Decided> {
    let ask = |service: &str, description: &str, overridden| Decided {
        question: json!({"service": service, "change": {"kind": "feature", "description": description}}).to_string(),
        overridden,
    };
    vec![
        ask("checkout", "One-page checkout", Some("The cause is fixed; it goes to 1 % of visitors first")),
        ask("search", "Search forgives typing errors", None),
    ]
}
