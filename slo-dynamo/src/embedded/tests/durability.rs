use std::env;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use super::*;
use crate::embedded::EmbeddedError;

const DATA: &str = "SLO_DYNAMO_TEST_DATA";

async fn open(dir: &Path) -> Result<Client, Box<dyn Error>> {
    let client = Engine::open(dir)?.client();
    create_tables(&client, &TableNames::default()).await?;
    Ok(client)
}

async fn increment(client: &Client) -> Checked {
    client
        .update_item()
        .table_name(COUNTS)
        .set_key(Some(key("I#a#b", "H#1")))
        .update_expression("ADD n :one")
        .expression_attribute_values(":one", n(1))
        .send()
        .await?;
    Ok(())
}

async fn counted(client: &Client) -> Result<u64, Box<dyn Error>> {
    let get = client.get_item().table_name(COUNTS);
    let answer = get.set_key(Some(key("I#a#b", "H#1"))).send().await?;
    match answer.item().and_then(|i| i.get("n")) {
        Some(AttributeValue::N(n)) => Ok(n.parse()?),
        _ => Ok(0),
    }
}

#[tokio::test]
async fn data_survive_closing_and_reopening() -> Checked {
    let dir = tempfile::tempdir()?;
    let nested = dir.path().join("not/there/yet");
    increment(&open(&nested).await?).await?;
    assert_eq!(counted(&open(&nested).await?).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_directory_has_one_engine_until_its_last_client_is_gone() -> Checked {
    let dir = tempfile::tempdir()?;
    let client = Engine::open(dir.path())?.client();
    let second = Engine::open(dir.path()).err().ok_or("opened twice")?;
    assert!(matches!(second, EmbeddedError::InUse(_)));
    assert_eq!(
        second.to_string(),
        format!("another process uses {}; stop it or choose another --data", dir.path().display())
    );
    drop(client);
    Engine::open(dir.path())?;
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_with_its_path() -> Checked {
    let dir = tempfile::tempdir()?;
    std::fs::write(dir.path().join("dynamo.sqlite"), "not a database, but long enough to read")?;
    let error = Engine::open(dir.path()).err().ok_or("was opened")?;
    assert!(matches!(error, EmbeddedError::Database { .. }), "{error}");
    assert!(error.to_string().contains("dynamo.sqlite"), "{error}");
    assert!(error.source().is_some());
    Ok(())
}

/// The other half of the next test, in a process that can be killed.
#[tokio::test]
#[ignore = "started by acknowledged_writes_survive_kill_9"]
async fn write_until_killed() -> Checked {
    let Some(dir) = env::var_os(DATA) else {
        return Ok(());
    };
    let client = open(Path::new(&dir)).await?;
    for acknowledged in 1.. {
        increment(&client).await?;
        // Not println!, which the test harness would hold back.
        writeln!(io::stdout(), "acknowledged {acknowledged}")?;
    }
    Ok(())
}

#[tokio::test]
async fn acknowledged_writes_survive_kill_9() -> Checked {
    let dir = tempfile::tempdir()?;
    let mut writer = Command::new(env::current_exe()?)
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("embedded::tests::durability::write_until_killed")
        .env(DATA, dir.path())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = writer.stdout.take().ok_or("no output")?;
    let mut acknowledged = 0;
    for line in BufReader::new(output).lines() {
        if let Some(number) = line?.strip_prefix("acknowledged ") {
            acknowledged = number.parse()?;
        }
        if acknowledged == 100 {
            writer.kill()?;
        }
    }
    writer.wait()?;

    assert!(acknowledged >= 100, "the writer stopped by itself");
    let found = counted(&open(dir.path()).await?).await?;
    // One more may have been applied without its acknowledgement.
    assert!((acknowledged..=acknowledged + 1).contains(&found), "{found} of {acknowledged}");
    Ok(())
}
