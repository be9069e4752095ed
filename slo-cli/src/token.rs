//! `slo token`: what lets users in.

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use slo_core::{Json, Scope, Shorthand};

use crate::client::Client;
use crate::error::Result;
use crate::output::{Format, Items, complain, print};
use crate::resource::{Kind, Name};
use crate::table::Table;

/// Make, list and revoke the tokens that let users in
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slo token create ana --expires 90d
  slo token list ana
  slo token revoke ana slo_ana_1f0a22c94b7e")]
pub(crate) struct Token {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Create),
    List(List),
    Revoke(Revoke),
}

/// Make a token and print it: it is shown this once
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slo token create ana --expires 90d
  SLO_TOKEN=$(slo token create collector --scope ingest:checkout-requests --description 'eu-west-1')")]
struct Create {
    /// Whose token: it may do what this user may
    user: Name,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// When it ends (RFC 3339), or in how long (90d) [default: when it is revoked]
    #[arg(long, value_name = "TIME", value_parser = end)]
    expires: Option<Timestamp>,
    /// Limit it to this: ingest:INDICATOR, or ingest for all of them; may be given several times
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<Scope>,
}

/// List the tokens of a user, without their secrets
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  slo token list ana")]
struct List {
    /// Whose tokens
    user: Name,
}

/// Revoke a token: nobody gets in with it any more
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  slo token revoke ana slo_ana_1f0a22c94b7e")]
struct Revoke {
    /// Whose token
    user: Name,
    /// Its identifier, or how it begins: slo_ana_1f0a22c94b7e
    id: String,
}

/// The body of a request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wanted<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    scopes: &'a [Scope],
}

/// Runs the command.
pub(crate) fn run(args: &Token, client: &Client, format: Format) -> Result {
    match &args.command {
        Command::Create(args) => create(args, client, format),
        Command::List(args) => list(args, client, format),
        Command::Revoke(args) => revoke(args, client, format),
    }
}

fn create(args: &Create, client: &Client, format: Format) -> Result {
    let wanted = Wanted { description: args.description.as_deref(), expires_at: args.expires, scopes: &args.scope };
    let body = serde_json::to_string(&wanted).map_err(|error| crate::error::Error::Output(error.into()))?;
    let answer = client.post(&path(&args.user), &body)?;
    if format == Format::Json {
        return print(answer.body.trim_end());
    }
    let made = client.read(&answer)?;
    let Some(token) = made.get("token").and_then(Json::text) else {
        return Err(client.nonsense("a token without its text"));
    };
    print(token)?;
    let until = made.get("expiresAt").and_then(Json::text);
    let until = until.map_or_else(|| "it is revoked".to_owned(), str::to_owned);
    complain(&format!("this token of {} is shown this once; keep it safe. It is valid until {until}", args.user));
    Ok(())
}

fn list(args: &List, client: &Client, format: Format) -> Result {
    let items = client.list(&path(&args.user), &[])?;
    let table = || {
        let mut table = Table::with_header(["ID", "DESCRIPTION", "SCOPES", "CREATED", "LAST USED", "EXPIRES"]);
        for item in &items {
            let text = |name: &str| item.get(name).and_then(Json::text).unwrap_or_default().to_owned();
            let scopes = match item.get("scopes") {
                Some(Json::Array(scopes)) => scopes.iter().filter_map(Json::text).collect::<Vec<_>>().join(" "),
                _ => String::new(),
            };
            let [created, used, expires] = ["createdAt", "lastUsedAt", "expiresAt"].map(text);
            table.row([text("id"), text("description"), scopes, created, used, expires]);
        }
        table.render()
    };
    format.print(table, || Items { items: &items })
}

fn revoke(args: &Revoke, client: &Client, format: Format) -> Result {
    // A whole token would do, too, and must not be sent in a URL.
    let id: Name = args.id.split('_').nth(2).unwrap_or(&args.id).parse()?;
    client.delete(&format!("{}/{id}", path(&args.user)), None)?;
    let (user, id) = (args.user.to_string(), id.to_string());
    format.print(
        || format!("token {id} of {user}: revoked"),
        || serde_json::json!({ "kind": "token", "user": user, "id": id, "action": "revoked" }),
    )
}

fn path(user: &Name) -> String {
    format!("{}/tokens", Kind::User.item(user))
}

/// A time, or how long from now.
fn end(text: &str) -> Result<Timestamp, String> {
    let after = || {
        let minutes = text.parse::<Shorthand>().ok()?.minutes()?;
        let length = SignedDuration::try_from_mins(i64::try_from(minutes).ok()?)?;
        Timestamp::now().checked_add(length).ok()
    };
    let end = text.parse().ok().or_else(after);
    end.ok_or_else(|| "write a time such as 2027-01-01T00:00:00Z, or a duration such as 90d".to_owned())
}
