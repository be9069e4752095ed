//! Prints what a Terraform module comes to, as JSON: `plan DIRECTORY [NAME=VALUE]…`. A value is JSON, or else text.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;
use slo_localstack::Module;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(directory) = arguments.next() else {
        eprintln!("usage: plan DIRECTORY [NAME=VALUE]…");
        return ExitCode::from(2);
    };
    match plan(Path::new(&directory), arguments) {
        Ok(plan) => {
            println!("{plan}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                text += &format!(": {error}");
                cause = error.source();
            }
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn plan(directory: &Path, variables: impl Iterator<Item = String>) -> Result<String, Box<dyn Error>> {
    let mut given = BTreeMap::new();
    for variable in variables {
        let (name, value) = variable.split_once('=').ok_or_else(|| format!("{variable}: write NAME=VALUE"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        given.insert(name.to_owned(), value);
    }
    Ok(serde_json::to_string_pretty(&Module::read(directory)?.plan(&given)?)?)
}
