//! Which store a command works on, and opening it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use slo_core::Service;
use slo_dynamo::embedded::{EmbeddedError, Engine};
use slo_dynamo::table::{TableNames, create_tables};
use slo_dynamo::{Store, client};
use ureq::http::Uri;

use crate::chain;
use crate::error::{Error, Result};

/// Where the embedded store is kept when nothing is said.
const DEFAULT_DATA: &str = "./slo-data";
/// Says in which layout the items beside it are.
const LAYOUT_FILE: &str = "layout";
/// Raised when older items can no longer be read.
const LAYOUT: &str = "2";

/// Where measurements and definitions are stored.
#[derive(Debug, Args)]
pub(crate) struct Storage {
    /// Directory of the embedded, durable store [default: ./slo-data]
    #[arg(long, value_name = "DIRECTORY", conflicts_with_all = ["endpoint", "table_prefix"])]
    data: Option<PathBuf>,
    /// Store in the DynamoDB-compatible server at this address
    #[arg(long, value_name = "URL", value_parser = address)]
    endpoint: Option<String>,
    /// Beginning of the names of the tables; without --endpoint, those of the real DynamoDB
    #[arg(long, value_name = "PREFIX")]
    table_prefix: Option<String>,
}

/// What to do about a store that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    /// Make it where that is harmless: not on AWS.
    Create,
    /// Say so: a mistyped name would make an empty one.
    Refuse,
}

/// An open store.
pub(crate) struct Opened {
    pub(crate) service: Service,
    /// Where it is, in words.
    pub(crate) kept: String,
    /// When it is in this process.
    pub(crate) embedded: Option<Engine>,
}

impl Storage {
    /// Opens the store that the arguments name. Tables of a server that are not there may be noticed at the
    /// first request only.
    pub(crate) async fn open(&self, absent: Absent) -> Result<Opened> {
        let failed =
            |what: &'static str| move |source: Box<dyn std::error::Error + Send + Sync>| Error::Start { what, source };
        let names = self.table_prefix.as_deref().map_or_else(|| Ok(TableNames::default()), TableNames::with_prefix);
        let names = names.map_err(|e| failed("the names of the tables")(e.into()))?;
        if let Some(kept) = self.tables() {
            let client = client::connect(self.endpoint.as_deref()).await;
            if self.endpoint.is_some() && absent == Absent::Create {
                create_tables(&client, &names).await.map_err(|e| self.unusable(e))?;
            }
            let service = Store::builder(client).tables(names).build().service();
            return Ok(Opened { service, kept, embedded: None });
        }
        let directory = self.data.as_deref().unwrap_or_else(|| Path::new(DEFAULT_DATA));
        let kept = format!("in {}", directory.display());
        if !Engine::holds_data(directory) {
            if absent == Absent::Refuse {
                let text = format!("there are no data {kept}; say with --data where `slo serve` keeps them");
                return Err(Error::Failed(text));
            }
            // First, so that there are no data without it, wherever the process dies.
            let written = fs::create_dir_all(directory).and_then(|()| fs::write(directory.join(LAYOUT_FILE), LAYOUT));
            written.map_err(|source| failed("the embedded store")(at(directory, &source)))?;
        }
        let engine = Engine::open(directory).map_err(|error| match error {
            EmbeddedError::InUse(directory) => Error::InUse { directory },
            error => failed("the embedded store")(error.into()),
        })?;
        layout(directory)?;
        let client = engine.client();
        create_tables(&client, &names).await.map_err(|e| failed("the tables")(e.into()))?;
        let service = Store::builder(client).tables(names).build().service();
        Ok(Opened { service, kept, embedded: Some(engine) })
    }

    /// Where the tables are, in words, unless they are in this process.
    fn tables(&self) -> Option<String> {
        match &self.endpoint {
            Some(url) => Some(format!("in the DynamoDB at {url}")),
            None => self.table_prefix.is_some().then(|| "in DynamoDB on AWS".to_owned()),
        }
    }

    /// A request to the store failed for good.
    pub(crate) fn unusable(&self, source: impl std::error::Error + Send + Sync + 'static) -> Error {
        let advice = match self.endpoint {
            Some(_) => "look whether it runs there, and at --endpoint and --table-prefix",
            None => "look at --table-prefix, the region and the credentials",
        };
        match self.tables() {
            Some(kept) => Error::Tables { kept, advice, source: Box::new(source) },
            None => Error::Failed(chain(&source)),
        }
    }
}

/// An address that requests can be sent to.
fn address(text: &str) -> Result<String, &'static str> {
    let complete = |uri: Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
    if text.parse().is_ok_and(complete) { Ok(text.to_owned()) } else { Err("write it as in http://localhost:8000") }
}

/// Refuses items that this version would not find.
fn layout(directory: &Path) -> Result {
    match fs::read_to_string(directory.join(LAYOUT_FILE)) {
        Ok(layout) if layout == LAYOUT => Ok(()),
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(Error::Start { what: "the embedded store", source: at(directory, &source) })
        }
        _ => Err(Error::Failed(format!(
            "the data in {} was written by another version in a layout that this one does not read; \
             use that version, or another --data directory and ingest again",
            directory.display()
        ))),
    }
}

/// An error of the file system with its place.
fn at(directory: &Path, source: &std::io::Error) -> Box<dyn std::error::Error + Send + Sync> {
    format!("cannot use {}: {source}", directory.display()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn data_of_another_layout_is_refused_and_left_as_it_is() {
        let directory = tempfile::tempdir().expect("a directory");
        let storage = Storage { data: Some(directory.path().join("data")), endpoint: None, table_prefix: None };
        // Fresh, then known.
        for _ in 0..2 {
            storage.open(Absent::Create).await.map(drop).expect("it opens");
        }
        let file = directory.path().join("data/layout");
        for other in [Some("1"), None] {
            match other {
                Some(layout) => std::fs::write(&file, layout).expect("written"),
                None => std::fs::remove_file(&file).expect("removed"),
            }
            let refused = storage.open(Absent::Create).await.map(drop).expect_err("another layout").to_string();
            assert!(refused.contains("ingest again"), "{refused}");
        }
        assert!(!file.exists());
    }
}
