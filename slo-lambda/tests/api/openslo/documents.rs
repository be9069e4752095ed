//! The documents in `tests/openslo`: what is taken, and every refusal with its line and pointer.

use std::path::PathBuf;

use slo_core::Json;

use super::{apply, definition, told, with_users};
use crate::common::Api;

/// The files of a folder by their names.
fn files(folder: &str) -> Vec<(String, PathBuf)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/openslo").join(folder);
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut yaml: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), path))
        .collect();
    yaml.sort();
    yaml
}

/// Each file of `taken` makes the definitions of the JSON beside it (where `is` is an indicator's kind), in that order.
#[tokio::test]
async fn what_is_taken_becomes_definitions() {
    let all = files("taken");
    assert!(all.len() >= 6, "{all:?}");
    for (name, path) in all {
        let api = with_users(Api::new()).await;
        let text = std::fs::read_to_string(&path).expect("a file");
        let wanted = std::fs::read(path.with_extension("json")).expect("what it makes");
        let Ok(Json::Array(wanted)) = Json::parse(&wanted) else { panic!("{name}: an array of definitions") };
        let words =
            |json: &Json| ["kind", "name"].map(|word| json.get(word).and_then(Json::text).expect("a word").to_owned());
        let created: Vec<String> = wanted.iter().map(|json| format!("{} created", words(json).join(" "))).collect();
        assert_eq!(told(&apply(&api, &text).await), created, "{name}");
        for json in wanted {
            let [kind, definition_name] = words(&json);
            let Json::Object(members) = json else { panic!("an object") };
            let members = members.into_iter().filter(|(name, _)| name != "kind");
            let members =
                members.map(|(name, value)| if name == "is" { ("kind".to_owned(), value) } else { (name, value) });
            let wanted = Json::Object(members.collect());
            assert_eq!(definition(&api, &kind, &definition_name).await.to_string(), wanted.to_string(), "{name}");
        }
    }
}

/// `# refused: CODE POINTER; …` stands in the line that the fault names; there are no others.
#[tokio::test]
async fn what_is_refused_is_told_in_its_line() {
    let all = files("refused");
    assert!(all.len() >= 15, "{all:?}");
    let mut differ = Vec::new();
    for (name, path) in all {
        let api = with_users(Api::new()).await;
        let text = std::fs::read_to_string(&path).expect("a file");
        let mut wanted = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let Some((_, said)) = line.split_once("# refused: ") else { continue };
            wanted.extend(said.split("; ").map(|one| format!("{} {one}", i + 1)));
        }
        let problem = apply(&api, &text).await.problem(422);
        let errors = problem["errors"].as_array().expect("errors");
        let mut found: Vec<String> = errors
            .iter()
            .map(|error| {
                format!(
                    "{} {} {}",
                    error["line"],
                    error["code"].as_str().unwrap_or("?"),
                    error["pointer"].as_str().unwrap_or("?")
                )
            })
            .collect();
        let lines: Vec<_> = errors.iter().map(|error| error["line"].as_u64()).collect();
        assert!(lines.is_sorted(), "{name}: faults come in the order of the documents: {lines:?}");
        assert!(
            errors.iter().all(|error| error["detail"].as_str().is_some_and(|detail| detail.len() > 10)),
            "{problem}"
        );
        wanted.sort();
        found.sort();
        let unexpected: Vec<_> = found.iter().filter(|one| !wanted.contains(one)).collect();
        let absent: Vec<_> = wanted.iter().filter(|one| !found.contains(one)).collect();
        if found != wanted {
            differ.push(format!("{name}: unexpected {unexpected:#?}, absent {absent:#?}"));
        }
        let stored = super::export(&api, "").await;
        assert_eq!(stored, "", "{name}: nothing is stored");
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
