//! What the documentation tells a newcomer to type is typed here, and what it says comes of it must come.
//!
//! Every `sh` block of the files below runs, in order, in a fresh directory with `examples/` in it and `slo` on the path.
//! A `text` block directly after one is what it writes to standard output; `…` stands for anything, also for lines.
//! What cannot run here has a comment before it, `<!-- not run by tests/docs: WHY -->`, and stands in `apart`.

mod apart;
mod links;
mod markdown;
mod session;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use markdown::Document;
use session::Session;

/// Where the project is.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

/// The files that people are told to follow.
fn followed() -> Vec<Document> {
    let mut paths = vec![
        "README.md".to_owned(),
        "examples/guessing-game/README.md".to_owned(),
        "localstack/README.md".to_owned(),
        "slo-lambda/README.md".to_owned(),
        "terraform/README.md".to_owned(),
    ];
    for entry in std::fs::read_dir(root().join("docs")).expect("docs") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
            paths.push(format!("docs/{name}"));
        }
    }
    paths.sort();
    paths.iter().map(|path| Document::read(&root(), path)).collect()
}

#[test]
fn every_block_runs_as_it_is_written() {
    let documents = followed();
    // Two at once, because most of the time is spent waiting for a service.
    let (waiting, failures) = (Mutex::new(documents.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(document) = waiting.lock().expect("no panic under the lock").next() else { break };
                    let found = Session::follow(document);
                    failures.lock().expect("no panic under the lock").extend(found);
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic under the lock");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let ran = documents.iter().flat_map(Document::runnable).count();
    assert!(ran >= 30, "only {ran} blocks were found");
}

#[test]
fn what_is_not_run_is_known() {
    let documents = followed();
    apart::compare(&documents);
    for document in &documents {
        for (block, _) in document.blocks.iter().filter_map(|block| Some((block, block.apart.as_ref()?))) {
            let fault = session::syntax(&block.text);
            assert!(fault.is_none(), "{}:{}: {}", document.path, block.line, fault.unwrap_or_default());
        }
    }
}

#[test]
fn the_other_blocks_are_what_they_say() {
    let mut read = 0;
    for document in followed() {
        for block in &document.blocks {
            let place = format!("{}:{}", document.path, block.line);
            match block.language.as_str() {
                "yaml" => {
                    let fault = saphyr_parser::Parser::new_from_str(&block.text).find_map(Result::err);
                    assert!(fault.is_none(), "{place}: {fault:?}");
                }
                "json" if !block.text.contains('…') => {
                    let fault = serde_json::from_str::<serde_json::Value>(&block.text).err();
                    assert!(fault.is_none(), "{place}: {fault:?}");
                }
                // Run, compared with what ran, compiled by doctests, or read by `terraform validate` and people.
                "sh" | "text" | "console" | "rust" | "toml" | "json" | "csv" | "hcl" | "promql" => continue,
                other => panic!("{place}: a block of {other:?}; name one of the languages that are tested"),
            }
            read += 1;
        }
    }
    assert!(read >= 2, "{read}");
}

#[test]
fn links_lead_somewhere() {
    let faults = links::faults(&root());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
