//! The lines of the README that embed the library: run here, and the same there.

// README {
use std::sync::Arc;

use axum::{Router, routing::get};
use jiff::Timestamp;
use slo_core::{
    Indicator, IndicatorKind, Objective, Recorder, RollingWindow, Series, Service, Stamp, TimeWindow, WhatIf,
};
use slo_recorder::RecordLayer;
// }

#[tokio::test]
async fn the_lines_of_the_readme_embed_the_library() -> Result<(), Box<dyn std::error::Error>> {
    // README {
    // On DynamoDB: slo_dynamo::Store::builder(slo_dynamo::client::connect(None).await).build().service()
    let service = Service::in_memory();

    // What is measured, and what is promised of it: of all requests of 28 days, 99.9 % are answered.
    let stamp = Stamp { at: Timestamp::now(), by: None };
    let site = Indicator::new("site".parse()?, "web".parse()?, IndicatorKind::Ratio);
    let series = Series { indicator: "site".parse()?, born: service.create(site, stamp.clone()).await?.born };
    let window = TimeWindow::Rolling(RollingWindow::new("28d".parse()?)?);
    let shop = Objective::new("shop".parse()?, "web".parse()?, series, "0.999".parse()?, window);
    let shop = service.create(shop, stamp).await?;

    // Each answer is recorded; each start of the process is a source of its own.
    let source = uuid::Uuid::new_v4().to_string();
    let recorder = Arc::new(Recorder::new("site".parse()?, source.parse()?));
    let router = Router::new().route("/", get(async || "hello")).layer(RecordLayer::new(recorder.clone()));
    // }
    let request = http::Request::builder().uri("/").body(axum::body::Body::empty())?;
    assert_eq!(tower::ServiceExt::oneshot(router, request).await?.status(), 200);
    // README {
    recorder.flush(&service, Timestamp::now()).await?;

    let now = Timestamp::now();
    let report = service.error_budget(&shop, now, WhatIf::default(), now).await?;
    println!("{}: {} of {} were good", report.status.name(), report.counts.good(), report.counts.total());
    // }
    assert_eq!((report.status.name(), report.counts.good(), report.counts.total()), ("ok", 1, 1));
    Ok(())
}

#[test]
fn the_readme_has_these_lines() {
    let readme = include_str!("../../README.md");
    let regions = include_str!("embed.rs").split("// README {\n").skip(1);
    let regions: Vec<String> = regions
        .map(|rest| {
            let (region, _) = rest.split_once("// }").expect("its end");
            let indent = &region[..region.len() - region.trim_start_matches(' ').len()];
            let lines = region.trim_end().lines().map(|line| line.strip_prefix(indent).unwrap_or(line));
            lines.collect::<Vec<_>>().join("\n")
        })
        // Of those that are here, and not of this function.
        .take(3)
        .collect();
    assert!(readme.contains(&format!("```rust\n{}\n\n{}\n```", regions[0], regions[1])), "the first lines differ");
    assert!(readme.contains(&format!("```rust\n{}\n```", regions[2])), "the last lines differ");
    let lines = regions.iter().flat_map(|region| region.lines()).filter(|line| !line.is_empty());
    assert!(lines.filter(|line| !line.starts_with("use ") && !line.starts_with("//")).count() <= 20);
}
