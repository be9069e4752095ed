//! The items of both tables, literally: who changes them changes what other versions read.

mod common;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use common::{Checked, DAY, client, name, series, stamp};
use slo_core::testing::{Sample as _, decision, override_of};
use slo_core::{
    AuditAction, Batch, DecisionRepository as _, Deed, DefinitionRepository as _, EventCounts, Exclusion,
    ExclusionMode, Measurement, MeasurementRepository as _, Minute, Objective, Precondition, Reconciled, Revision,
    ServiceProfile, Stamp, StateRepository as _,
};
use slo_dynamo::Store;

/// Everything in a table: `pk sk` and the other attributes in order of their names.
async fn dump(client: &Client, table: &str) -> Result<BTreeMap<String, String>, Box<dyn std::error::Error>> {
    let items = client.scan().table_name(table).limit(100).send().await?.items.unwrap_or_default();
    let show = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.clone(),
        AttributeValue::N(number) => format!("N {number}"),
        AttributeValue::B(bytes) => format!("{:?}", bytes.as_ref()),
        AttributeValue::Ss(texts) => format!("SS {texts:?}"),
        other => format!("{other:?}"),
    };
    let line = |item: &std::collections::HashMap<String, AttributeValue>| {
        let rest: BTreeMap<_, _> = item.iter().filter(|(name, _)| !["pk", "sk"].contains(&name.as_str())).collect();
        let rest: Vec<String> = rest.into_iter().map(|(name, value)| format!("{name}={}", show(value))).collect();
        (format!("{} {}", show(&item["pk"]), show(&item["sk"])), rest.join("; "))
    };
    Ok(items.iter().map(line).collect())
}

/// Whether it is an entry of the audit.
fn is_told(key: &str) -> bool {
    key.starts_with("audit ")
}

fn lines(items: &[(&str, &str)]) -> BTreeMap<String, String> {
    items.iter().map(|(key, rest)| ((*key).to_owned(), (*rest).to_owned())).collect()
}

#[tokio::test]
async fn measurements() -> Checked {
    let client = client().await;
    let measurements = Store::builder(client.clone()).retention_days(10).build().measurements();
    let at = |minute: i64, good, total, revision| Measurement {
        start: DAY + minute,
        counts: EventCounts::new(good, total).expect("counts"),
        revision,
    };
    // Written at noon of the 3rd, kept for ten days after it.
    let now = (DAY + 1_440 + 720).timestamp();
    let full = (60..120).map(|minute| at(minute, 999, 1_000, 0));
    let mut minutes = vec![at(0, 990, 1_000, 0), at(59, 0, 0, 0), at(1_439, 100_000, 100_000, 300)];
    minutes.extend(full);
    let batch = Batch::new(minutes, now).map_err(|faults| format!("{faults:?}"))?;
    measurements.write(&series(), &name("default"), &batch, now).await?;
    measurements.write(&series(), &name("eu-1"), &Batch::new(vec![at(0, 1, 1, 0)], now).expect("valid"), now).await?;
    measurements
        .write(&series(), &name("default"), &Batch::new(vec![at(0, 0, 1, 1)], now).expect("valid"), now)
        .await?;

    let letters = "0123456789ACDEFGHIJKOPQRTUVWXYZabcdefghijklmnopqrstuvwxyz+-=".chars();
    let mut full: Vec<String> = letters.map(|minute| format!("{minute}=[0, 232, 7, 1]")).collect();
    full.extend(["_=N 1".to_owned(), "ttl=N 1794614400".to_owned()]);
    full.sort_by(|a, b| a.chars().next().cmp(&b.chars().next()).then(a.cmp(b)));
    let full = full.join("; ");
    let expected = [
        (
            "I#site#1 D#20261102#default",
            "0=[2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1]; 1=[1, 224, 212, 3, 60]; \
             R=[1, 160, 141, 6, 0, 8, 0, 0, 0, 0, 0, 0, 0]; ttl=N 1794614400",
        ),
        ("I#site#1 H#2026110200#default", "0=[1, 1, 1]; ==[0, 0, 0]; _=N 2; ttl=N 1794614400"),
        ("I#site#1 H#2026110201#default", &full),
        ("I#site#1 H#2026110223#default", "==[241, 60, 160, 141, 6, 0]; _=N 1; ttl=N 1794614400"),
        ("I#site#1 D#20261102#eu-1", "0=[1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]; ttl=N 1794614400"),
        ("I#site#1 H#2026110200#eu-1", "0=[0, 1, 0]; _=N 1; ttl=N 1794614400"),
    ];
    assert_eq!(dump(&client, "counts").await?, lines(&expected));
    let expiry = Minute::new(1_794_614_400 / 60);
    assert_eq!(expiry, DAY + 1_440 + 11 * 1_440, "the end of the tenth day after that of writing");

    // Packed, by the source: of one hour there is nothing to pack.
    assert_eq!(measurements.reconcile(&series(), DAY, true, now).await?, Reconciled { hours: 0, days: 1 });
    let stored = dump(&client, "counts").await?;
    assert_eq!(stored.len(), expected.len() + 1);
    let packed = &stored["I#site#1 M#20261102#default"];
    assert!(packed.starts_with("hours=[0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 129, 1, 232, 7, 1, 232"), "{packed}");
    assert!(packed.ends_with(", 1, 23, 1, 8, 0, 0, 0, 0, 0, 0, 0, 160, 141, 6, 0]; ttl=N 1794614400"), "{packed}");

    // Sealed, with a third source; and its sums taken back.
    let third = Batch::new(vec![at(1, 1, 2, 0)], now).map_err(|faults| format!("{faults:?}"))?;
    measurements.write(&series(), &name("eu-2"), &third, now).await?;
    let sealed = measurements.reconcile(&series(), DAY, true, now).await?;
    assert_eq!(sealed, Reconciled { hours: 0, days: 1 });
    let stored = dump(&client, "counts").await?;
    for source in ["default", "eu-1", "eu-2"] {
        assert!(stored[&format!("I#site#1 D#20261102#{source}")].contains("; m=N 1; "), "{source}");
    }
    assert_eq!(
        stored["I#site#1 S#20261102"],
        "gen=N 1; sums=[0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 3, 129, 224, 212, 3, 60, \
         23, 160, 141, 6, 0, 8, 0, 0, 0, 0, 0, 0, 0]; ttl=N 1794614400"
    );
    let minutes = &stored["I#site#1 P#20261102"];
    assert!(minutes.starts_with("gen=N 1; minutes=[2, 1, 2, 1, 0, 0, 0, 0"), "{minutes}");
    assert!(minutes.ends_with("0, 0, 160, 141, 6, 0]; ttl=N 1794614400"), "{minutes}");
    let late = Batch::new(vec![at(2, 1, 1, 0)], now).map_err(|faults| format!("{faults:?}"))?;
    measurements.write(&series(), &name("eu-2"), &late, now).await?;
    let stored = dump(&client, "counts").await?;
    assert_eq!(stored["I#site#1 S#20261102"], "gen=N 2; ttl=N 1794614400");
    assert!(!stored["I#site#1 D#20261102#eu-2"].contains("m=N"));
    Ok(())
}

#[tokio::test]
async fn definitions() -> Checked {
    let client = client().await;
    let objectives = Store::builder(client.clone()).build().definitions::<Objective>();
    let mut objective = Objective::bare(name("fast"));
    objective.owners = ["ann", "bob", "cy"].map(name).to_vec();
    let first = objectives.put(objective.clone(), Precondition::Absent, stamp()).await?;

    let version = serde_json::to_string(&first)?;
    let value = serde_json::to_string(&objective)?;
    let created = format!(r#"{{"revision":1,"stamp":{{"at":"2026-11-02T00:00:00Z","by":null}},"value":{value}}}"#);
    let expected = [
        r#"{"value":"#,
        &value,
        r#","revision":1,"born":1,"created_at":"2026-11-02T00:00:00Z","#,
        r#""updated":{"at":"2026-11-02T00:00:00Z","by":null}}"#,
    ];
    assert_eq!(version, expected.concat());
    assert_eq!(
        dump(&client, "slo").await?,
        lines(&[
            (
                "audit 2026-11-02T00:00:00.000000000Z#objective#fast#00000000000000000001-00000000000000000000",
                concat!(
                    r#"doc={"stamp":{"at":"2026-11-02T00:00:00Z","by":null},"action":"created","#,
                    r#""kind":"objective","name":"fast","revision":1}"#,
                ),
            ),
            (
                "objective fast",
                &format!("doc={version}; owner_key=objective#ann; rev=N 1; service_key=objective#bare-0")
            ),
            ("objective#fast R#00000000000000000001", &format!("doc={created}")),
            ("objective@bob fast", &format!("doc={version}; owner_key=objective#bob")),
            ("objective@cy fast", &format!("doc={version}; owner_key=objective#cy")),
            ("uses#bare-0 fast", ""),
        ])
    );

    // Other owners, another service and another indicator: what is no longer so is gone.
    objective.owners = ["bob", "ann"].map(name).to_vec();
    objective.service = name("web");
    objective.series.indicator = name("other");
    let second = objectives.put(objective, Precondition::Revision(Revision::FIRST), stamp()).await?;
    let version = serde_json::to_string(&second)?;
    let stored = dump(&client, "slo").await?;
    let (told, keys): (Vec<&str>, Vec<&str>) = stored.keys().map(String::as_str).partition(|key| is_told(key));
    assert_eq!(told.len(), 2);
    let history = ["objective#fast R#00000000000000000001", "objective#fast R#00000000000000000002"];
    assert_eq!(keys, [&["objective fast"], &history[..], &["objective@ann fast", "uses#other fast"]].concat());
    let current = format!("doc={version}; owner_key=objective#bob; rev=N 2; service_key=objective#web");
    assert_eq!(stored["objective fast"], current);

    objectives.delete(&name("fast"), Precondition::Present, stamp()).await?;
    let stored = dump(&client, "slo").await?;
    let tombstone = "objective#fast R#00000000000000000003";
    let (told, keys): (Vec<&str>, Vec<&str>) = stored.keys().map(String::as_str).partition(|key| is_told(key));
    assert_eq!(keys, [history[0], history[1], tombstone]);
    assert_eq!(
        told.iter().map(|key| &key[52..]).collect::<Vec<_>>(),
        [1, 2, 3].map(|revision| format!("{revision:020}-00000000000000000000"))
    );
    assert!(stored[told[2]].contains(r#""action":"deleted","kind":"objective","name":"fast","revision":3}"#));
    let deleted = r#"doc={"revision":3,"stamp":{"at":"2026-11-02T00:00:00Z","by":null},"value":null}"#;
    assert_eq!(stored[tombstone], deleted);
    Ok(())
}

/// A profile is in a partition of its own and in no index: nothing finds it by service or owner.
#[tokio::test]
async fn services() -> Checked {
    let client = client().await;
    let services = Store::builder(client.clone()).build().definitions::<ServiceProfile>();
    services.put(ServiceProfile::new(name("web")), Precondition::Absent, stamp()).await?;
    let version = concat!(
        r#"{"value":{"name":"web","labels":{}},"revision":1,"born":1,"created_at":"2026-11-02T00:00:00Z","#,
        r#""updated":{"at":"2026-11-02T00:00:00Z","by":null}}"#,
    );
    let created =
        r#"{"revision":1,"stamp":{"at":"2026-11-02T00:00:00Z","by":null},"value":{"name":"web","labels":{}}}"#;
    assert_eq!(
        dump(&client, "slo").await?,
        lines(&[
            (
                "audit 2026-11-02T00:00:00.000000000Z#service#web#00000000000000000001-00000000000000000000",
                concat!(
                    r#"doc={"stamp":{"at":"2026-11-02T00:00:00Z","by":null},"action":"created","#,
                    r#""kind":"service","name":"web","revision":1}"#,
                ),
            ),
            ("service web", &format!("doc={version}; rev=N 1")),
            ("service#web R#00000000000000000001", &format!("doc={created}")),
        ])
    );
    Ok(())
}

#[tokio::test]
async fn exclusions() -> Checked {
    let client = client().await;
    let objectives = Store::builder(client.clone()).build().definitions::<Objective>();
    let mut objective = Objective::bare(name("fast"));
    objective.owners = ["ann", "bob"].map(name).to_vec();
    let value = serde_json::to_string(&objective)?;
    let first = objectives.put(objective, Precondition::Absent, stamp()).await?;
    let before = dump(&client, "slo").await?;

    let exclusion = Exclusion {
        id: name("move"),
        from: stamp().at,
        to: (DAY + 60).timestamp(),
        mode: ExclusionMode::Remove,
        reason: "new disks".to_owned().try_into()?,
        recurrence: None,
        zone: None,
        created: stamp(),
    };
    let (action, part) = (AuditAction::ExclusionAdded, name("move"));
    let deed = Deed { stamp: Stamp { by: Some(name("ann")), ..stamp() }, action, part };
    let annexed = objectives.annex(&name("fast"), vec![exclusion], first.seen(), Some(deed)).await?;
    let version = [
        r#"{"value":"#,
        &value,
        r#","revision":1,"born":1,"created_at":"2026-11-02T00:00:00Z","#,
        r#""updated":{"at":"2026-11-02T00:00:00Z","by":null},"annex":[{"id":"move","from":"2026-11-02T00:00:00Z","#,
        r#""to":"2026-11-02T01:00:00Z","mode":"remove","reason":"new disks","#,
        r#""created":{"at":"2026-11-02T00:00:00Z","by":null}}],"annexed":1}"#,
    ]
    .concat();
    let current = "ann=N 1; doc={doc}; owner_key=objective#ann; rev=N 1; service_key=objective#bare-0";
    let mut expected = before.clone();
    expected.insert("objective fast".to_owned(), current.replace("{doc}", &version));
    expected.insert("objective@bob fast".to_owned(), format!("doc={version}; owner_key=objective#bob"));
    let entry = concat!(
        r#"doc={"stamp":{"at":"2026-11-02T00:00:00Z","by":"ann"},"action":"exclusionAdded","#,
        r#""kind":"objective","name":"fast","part":"move","revision":1,"annexed":1}"#,
    );
    let place = "2026-11-02T00:00:00.000000000Z#objective#fast#00000000000000000001-00000000000000000001";
    expected.insert(format!("audit {place}"), entry.to_owned());
    assert_eq!(dump(&client, "slo").await?, expected);

    // Emptied: the count stays.
    objectives.annex(&name("fast"), Vec::new(), annexed.seen(), None).await?;
    let emptied = dump(&client, "slo").await?.remove("objective fast").unwrap_or_default();
    assert!(
        emptied.starts_with("ann=N 2; doc={") && emptied.contains(r#""by":null},"annexed":2}; owner"#),
        "{emptied}"
    );

    // A new life says nothing of it.
    objectives.delete(&name("fast"), Precondition::Present, stamp()).await?;
    let again = objectives.put(first.value, Precondition::Absent, stamp()).await?;
    let stored = dump(&client, "slo").await?.remove("objective fast").unwrap_or_default();
    let current = "doc={doc}; owner_key=objective#ann; rev=N 3; service_key=objective#bare-0";
    let doc = before["objective fast"].replace(r#""revision":1,"born":1"#, r#""revision":3,"born":3"#);
    assert_eq!(stored, doc.replace("rev=N 1", "rev=N 3"));
    assert_eq!(stored, current.replace("{doc}", &serde_json::to_string(&again)?));
    Ok(())
}

#[tokio::test]
async fn states() -> Checked {
    let client = client().await;
    let states = Store::builder(client.clone()).build().states();
    let first = states.write(&name("alerts"), None, b"one".to_vec()).await?;
    states.write(&name("alerts"), Some(first), b"two".to_vec()).await?;
    states.write(&name("cursor-key"), None, vec![0, 255]).await?;
    let mut stored = dump(&client, "slo").await?;
    // What is random is as long as ever.
    for value in stored.values_mut() {
        let mark = value.split("; ").find(|part| part.starts_with("mark=")).unwrap_or_default().to_owned();
        assert!(mark.len() == 37 && mark[5..].bytes().all(|byte| byte.is_ascii_hexdigit()), "{value}");
        *value = value.replace(&mark, "mark");
    }
    let expected = [
        ("state alerts", "mark; rev=N 2; value=[116, 119, 111]"),
        ("state cursor-key", "mark; rev=N 1; value=[0, 255]"),
    ];
    assert_eq!(stored, lines(&expected));
    Ok(())
}

#[tokio::test]
async fn decisions() -> Checked {
    let client = client().await;
    let decisions = Store::builder(client.clone()).build().decisions();
    let first = decision(1);
    let granted = override_of(&first, 2);
    decisions.append(first.clone()).await?;
    decisions.append_override(first.id, granted.clone()).await?;
    let doc = concat!(
        r#"{"id":"01a1f8d4-d4db-7101-8101-010101010101","service":"web","change":{"kind":"feature","#,
        r#""description":"№1: \"checkout\"\n🚀"},"at":"2026-11-20T11:01:00.123456789Z","#,
        r#""decided":{"at":"2026-11-20T12:01:00.123456789Z","by":"ann"},"policyRevision":0,"evidence":["#,
    );
    let stored = dump(&client, "slo").await?;
    let keys: Vec<&str> = stored.keys().map(String::as_str).collect();
    let id = first.id;
    let (one, other) = (format!("decision#2026-11 {id}"), format!("decision#2026-11 {id}#{}", granted.id));
    let told = [
        (format!("audit 2026-11-20T12:01:00.123456789Z#decision#{id}#"), "12:01", "\"ann\"", "decided", String::new()),
        (
            format!("audit 2026-11-20T12:03:00.123456789Z#decision#{id}#{}", granted.id),
            "12:03",
            "null",
            "overridden",
            format!(r#","part":"{}""#, granted.id),
        ),
    ];
    assert_eq!(keys, [&told[0].0, &told[1].0, "decision 2026-11", &one, &other]);
    for (key, at, by, action, part) in &told {
        let stamp = format!(r#"{{"at":"2026-11-20T{at}:00.123456789Z","by":{by}}}"#);
        let entry = format!(r#"doc={{"stamp":{stamp},"action":"{action}","kind":"decision","name":"{id}"{part}}}"#);
        assert_eq!(stored[key], entry);
    }
    assert_eq!(stored["decision 2026-11"], "");
    assert!(stored[&one].starts_with(&format!("doc={doc}")), "{}", stored[&one]);
    // What the rules saw, exactly; then what they said.
    for part in [
        concat!(
            r#"{"objective":"objective-1","revision":1,"status":"warning","remainingRatio":"0/1","#,
            r#""coverage":"170141183460469231731687303715884105726/170141183460469231731687303715884105727","#,
            r#""burnRates":[{"lookback":"5m","rate":null},"#,
            r#"{"lookback":"1h","rate":"1/3","secondsToExhaustion":18446744073709551615}],"#,
            r#""alerts":[{"severity":"page","longWindow":"1h","longBurnRate":"1/3","threshold":"72/5","firing":false}],"#,
            r#""incidents":[{"start":"2026-11-20T12:01:00.123456789Z","end":"2026-11-20T12:01:00.123456789Z","#,
            r#""share":"1/4","postmortemRequired":true}]}"#,
        ),
        concat!(
            r#""judgement":{"verdict":"caution","reasons":[{"objective":"objective-1","rule":"warning","#,
            r#""verdict":"caution","observed":{"word":"warning"},"limit":{"word":"warning"},"#,
            r#""detail":"objective-1 has 0 % of its budget left, which its objective warns of"}],"#,
            r#""postmortemRequired":[{"objective":"objective-1","incident":{"start":"#,
        ),
    ] {
        assert!(stored[&one].contains(part), "{part} in {}", stored[&one]);
    }
    assert_eq!(
        stored[&other],
        format!(
            r#"doc={{"id":"{}","verdict":"hold","reason":"because of 💩 2","expiresAt":"2026-11-20T13:03:00.123456789Z","granted":{{"at":"2026-11-20T12:03:00.123456789Z","by":null}}}}"#,
            granted.id
        )
    );
    Ok(())
}
