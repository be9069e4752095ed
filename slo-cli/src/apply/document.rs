//! The documents in the files of `slo apply`.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::openslo::{Source, is_openslo};
use crate::error::{Error, Result};
use crate::resource::{Kind, Name};
use slo_core::Json;
use slo_lambda::{Located, MADE_BY_THE_SERVICE};

/// A resource as a file describes it.
#[derive(Debug)]
pub(super) struct Document {
    /// What it describes.
    pub(super) kind: Kind,
    /// Its name.
    pub(super) name: Name,
    /// Where it stands, for messages.
    pub(super) place: String,
    members: Vec<(String, Json)>,
}

impl Document {
    /// What is sent: without the name, which is in the path, and what the service makes itself.
    pub(super) fn body(&self) -> Json {
        // `kind` tells a service from nothing else; the service itself has no such member.
        let told = |name: &str| self.kind == Kind::Service && name == "kind";
        let ours = |name: &str| name != "name" && !told(name) && !MADE_BY_THE_SERVICE.contains(&name);
        Json::Object(self.members.iter().filter(|(name, _)| ours(name)).cloned().collect())
    }

    fn of(json: Json, place: String) -> Result<Self> {
        let refuse = |fault: String| Error::Document { place: place.clone(), fault };
        if let Some(name) = json.repeated().first() {
            return Err(refuse(format!("the member `{name}` stands there twice; keep one")));
        }
        let kind = kind(&json).map_err(refuse)?;
        let name = match json.get("name") {
            Some(Json::String(name)) => name.parse::<Name>().map_err(|error| refuse(error.to_string()))?,
            _ => return Err(refuse(format!("this {kind} has no name; add the member `name`"))),
        };
        let Json::Object(members) = json else {
            return Err(refuse("not an object".to_owned()));
        };
        Ok(Self { kind, name, place, members })
    }
}

/// What files hold.
#[derive(Debug)]
pub(super) struct Files {
    /// Documents of ours, each after those it refers to.
    pub(super) documents: Vec<Document>,
    /// Documents of OpenSLO, in their order.
    pub(super) openslo: Vec<Source>,
}

/// What one file holds.
#[derive(Debug)]
enum Read {
    Ours(Vec<Document>),
    OpenSlo(Vec<Source>),
}

/// Reads all files, and sorts the documents of ours.
pub(super) fn read_all(files: &[PathBuf]) -> Result<Files> {
    let (mut documents, mut openslo) = (Vec::new(), Vec::new());
    for file in files {
        match read(file, &contents(file)?)? {
            Read::Ours(ours) => documents.extend(ours),
            Read::OpenSlo(sources) => openslo.extend(sources),
        }
    }
    let mut places = HashMap::new();
    for Document { kind, name, place, .. } in &documents {
        if let Some(first) = places.insert((*kind, name.to_string()), place.clone()) {
            return Err(twice(*kind, name, place, &first));
        }
    }
    for source in &openslo {
        if let Some((kind, name)) = source.defines()
            && let Some(first) = places.get(&(kind, name.to_owned()))
        {
            return Err(twice(kind, name, &source.place(""), first));
        }
    }
    documents.sort_by_key(|document| document.kind);
    Ok(Files { documents, openslo })
}

fn twice(kind: Kind, name: impl std::fmt::Display, place: &str, first: &str) -> Error {
    let fault = format!("{kind} {name} is described in {first} already; keep one of the two");
    Error::Document { place: place.to_owned(), fault }
}

fn contents(file: &Path) -> Result<String> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    text.map_err(|source| Error::File { file: file.to_owned(), source })
}

fn read(file: &Path, text: &str) -> Result<Read> {
    let text = text.trim_start_matches('\u{feff}');
    let shown = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let is_yaml = match file.extension().and_then(|extension| extension.to_str()) {
        Some("yaml" | "yml") => true,
        Some("json") => false,
        _ => !text.trim_start().starts_with(['{', '[']),
    };
    let values = if is_yaml { Located::parse_yaml(text) } else { Located::parse_json(text) };
    let refuse = |fault: String| Error::Document { place: shown.clone(), fault };
    let values = values.map_err(|malformed| refuse(malformed.to_string()))?;
    let found: Vec<Located> = values.into_iter().flat_map(Located::flattened).collect();
    if found.is_empty() {
        return Err(refuse("there is no document in it".to_owned()));
    }
    match found.iter().filter(|document| is_openslo(&document.json)).count() {
        0 => {}
        all if all == found.len() => {
            let source = |document| Source { file: shown.clone(), document };
            return Ok(Read::OpenSlo(found.into_iter().map(source).collect()));
        }
        _ => {
            let why =
                "documents of OpenSLO and of the API itself stand in it together; put each kind into a file of its own";
            return Err(refuse(why.to_owned()));
        }
    }
    let several = found.len() > 1;
    let place = |index| if several { format!("{shown}, document {}", index + 1) } else { shown.clone() };
    let ours = found.into_iter().enumerate().map(|(index, document)| Document::of(document.json, place(index)));
    ours.collect::<Result<_>>().map(Read::Ours)
}

fn kind(json: &Json) -> std::result::Result<Kind, String> {
    let has = |name| json.get(name).is_some();
    if let Some(version) = json.get("apiVersion").and_then(Json::text) {
        return Err(format!(
            "documents with apiVersion {version:?} are not known; see `slo apply --help` for those that are"
        ));
    }
    if has("metadata") && has("spec") {
        return Err("this looks like OpenSLO, whose documents say `apiVersion: openslo/v1`; add that".to_owned());
    }
    let kinds = [
        (Kind::Objective, has("indicator") && has("target")),
        (Kind::Indicator, matches!(json.get("kind").and_then(Json::text), Some("ratio" | "threshold"))),
        (Kind::User, has("role") && has("access")),
        (Kind::Service, json.get("kind").and_then(Json::text) == Some("service") || is_printed_service(json)),
    ];
    let mut fitting = kinds.iter().filter(|(_, fits)| *fits).map(|(kind, _)| *kind);
    match (fitting.next(), fitting.next()) {
        (Some(kind), None) => Ok(kind),
        (None, _) => Err("cannot tell what this is: an objective has `indicator` and `target`, an indicator `kind` ratio or threshold, a user `role` and `access`, a service `kind: service`".to_owned()),
        (Some(one), Some(other)) => Err(format!("this could be a document of kind {one} or {other}; remove the members of the other")),
    }
}

/// Whether the service printed this as a service: all other members may be absent, so that only its links tell.
fn is_printed_service(json: &Json) -> bool {
    let path = |name: &str| format!("/api/v1{}/{name}", Kind::Service.path());
    let own = json.at(&["links", "self", "href"]).and_then(Json::text);
    let name = json.get("name").and_then(Json::text);
    own.zip(name).is_some_and(|(own, name)| own.ends_with(&path(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECTIVE: &str = r#"{"name":"o","indicator":"i","target":0.9990,"revision":4,"links":{}}"#;
    const INDICATOR: &str = r#"{"name":"i","kind":"ratio","service":"s"}"#;
    const SERVICE: &str = r#"{"name":"s","kind":"service","displayName":"The shop"}"#;
    const PRINTED: &str =
        r#"{"name":"s","revision":1,"links":{"self":{"method":"GET","href":"/stage/api/v1/services/s"}}}"#;
    const USER: &str = r#"{"name":"u","role":"engineer","access":"editor"}"#;

    fn ours(file: &str, text: &str) -> Vec<Document> {
        let Read::Ours(documents) = read(Path::new(file), text).expect(text) else { panic!("OpenSLO: {text}") };
        documents
    }

    fn names(file: &str, text: &str) -> Vec<String> {
        ours(file, text).iter().map(|document| format!("{} {}", document.kind, document.name)).collect()
    }

    fn fault(text: &str) -> String {
        read(Path::new("f.json"), text).expect_err(text).to_string()
    }

    #[test]
    fn documents_come_in_many_wrappings() {
        let all = ["objective o", "indicator i", "user u"];
        for text in [
            format!("{OBJECTIVE}\n{INDICATOR} {USER}"),
            format!("[{OBJECTIVE},{INDICATOR},{USER}]"),
            format!(r#"{{"items":[{OBJECTIVE},{INDICATOR}],"next":"x"}} {USER}"#),
        ] {
            assert_eq!(names("f", &text), all, "{text}");
            assert_eq!(names("f.json", &text), all, "{text}");
        }
        let yaml = "name: o\nindicator: i\ntarget: 0.9990\n---\nitems:\n- {name: i, kind: ratio}\n- name: u\n  role: engineer\n  access: editor\n";
        assert_eq!(names("f", yaml), all);
    }

    #[test]
    fn the_body_is_what_the_user_wrote() {
        let [document] = &ours("f", OBJECTIVE)[..] else { panic!("one") };
        assert_eq!(document.body().to_string(), r#"{"indicator":"i","target":0.9990}"#);
        let yaml = "name: o\nindicator: i\ntarget: 0.9990\n";
        let [document] = &ours("f.yml", yaml)[..] else { panic!("one") };
        assert_eq!(document.body().to_string(), r#"{"indicator":"i","target":0.9990}"#);
    }

    #[test]
    fn a_service_says_so_or_came_from_there() {
        for (text, body) in [(SERVICE, r#"{"displayName":"The shop"}"#), (PRINTED, "{}")] {
            let [document] = &ours("f", text)[..] else { panic!("one") };
            assert_eq!((document.kind, document.body().to_string().as_str()), (Kind::Service, body));
        }
        assert!(fault(&PRINTED.replace("services/s", "services/t")).contains("cannot tell"));
        assert!(fault(&PRINTED.replace("services/s", "users/s")).contains("cannot tell"));
        assert!(
            fault(&SERVICE.replace("displayName", "role").replace('}', r#","access":"admin"}"#)).contains("user or")
        );
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        assert!(fault(r#"{"apiVersion":"v1","kind":"Pod"}"#).contains("not known"));
        assert!(fault(r#"{"kind":"SLO","metadata":{},"spec":{}}"#).contains("add that"));
        let mixed = format!(r#"{{"apiVersion":"openslo/v1","kind":"SLO"}} {USER}"#);
        assert!(fault(&mixed).contains("a file of its own"));
        assert!(fault(r#"{"name":"x"}"#).contains("cannot tell"));
        assert!(fault(r#"{"kind":"ratio","role":"engineer","access":"admin"}"#).contains("indicator or user"));
        assert!(fault(r#"{"kind":"ratio"}"#).contains("add the member `name`"));
        assert!(fault(r#"{"kind":"ratio","name":"../x"}"#).contains("no name"));
        assert!(fault("[]").contains("no document"));
        assert!(fault("{").contains("line 1"));
        assert!(fault(&format!("{USER} {{\"name\":\"x\"}}")).contains("document 2"));
    }

    #[test]
    fn order_and_uniqueness_hold_over_all_files() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs::write(&path, text).expect("written");
            path
        };
        let files =
            [file("1.json", OBJECTIVE), file("2.json", INDICATOR), file("3.json", USER), file("4.json", SERVICE)];
        let kinds: Vec<_> = read_all(&files).expect("read").documents.iter().map(|document| document.kind).collect();
        assert_eq!(kinds, [Kind::Service, Kind::User, Kind::Indicator, Kind::Objective]);
        let twice = [file("1.json", OBJECTIVE), file("2.json", OBJECTIVE)];
        assert!(read_all(&twice).expect_err("twice").to_string().contains("already"));
        let sli = "# one\napiVersion: openslo/v1\nkind: SLI\nmetadata: {name: i}\n";
        let both = [file("2.json", INDICATOR), file("5.yaml", sli)];
        let error = read_all(&both).expect_err("twice").to_string();
        assert!(error.contains("5.yaml:2: indicator i is described in") && error.contains("2.json already"), "{error}");
        let missing = read_all(&[directory.path().join("none.json")]).expect_err("missing");
        assert!(missing.to_string().contains("none.json"));
    }
}
