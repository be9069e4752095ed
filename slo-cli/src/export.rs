//! `slo export`: definitions as documents of OpenSLO.

use clap::Args;

use crate::client::Client;
use crate::error::Result;
use crate::output::{Format, complain, print};

/// Print services, indicators and objectives as OpenSLO v1
///
/// The documents are YAML (JSON with `--output json`), in the same order each time,
/// and `slo apply` of them changes nothing. What OpenSLO has no member for stands in
/// annotations below `slo/`. Users, exclusions, the policy and measurements are not
/// OpenSLO's and are not printed.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  slo export > slo.yaml
  slo export --service shop | slo apply -f - --dry-run"
)]
pub(crate) struct Export {
    /// Only what belongs to this service, and the indicators that its objectives use
    #[arg(long)]
    service: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Export, client: Client, format: Format) -> Result {
    let client = match format {
        Format::Table => client.taking_yaml(),
        Format::Json => client,
    };
    let service = args.service.as_deref().map(|service| ("service", service));
    let answer = client.get("/openslo", service.as_slice())?;
    match answer.body.strip_suffix('\n').unwrap_or(&answer.body) {
        "" => {
            complain("there is nothing to export; `slo get objectives` shows what there is, with its services");
            Ok(())
        }
        text => print(text),
    }
}
