//! `ironraft profile`: which clusters there are to talk to, and which of them commands do. It asks nobody.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::output::{Columns, OutputArguments, say};
use crate::cli::profile::kept::{Kept, ProfileName, unknown};

/// The commands on profiles.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// List the clusters that were logged in to, and which of them is in use
    #[command(after_help = "Example:\n  ironraft profile list")]
    List(ListArguments),
    /// Have commands talk to the cluster of a profile
    #[command(after_help = "Example:\n  ironraft profile use lab")]
    Use {
        /// The profile, as `login --profile` named it; `default` is the one without a name
        name: ProfileName,
    },
    /// Forget a cluster and the key for it; the key stays valid
    #[command(after_help = "Example:\n  ironraft profile remove lab")]
    Remove {
        /// The profile
        name: ProfileName,
    },
}

/// How they are printed.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    output: OutputArguments,
}

const COLUMNS: Columns<'_> = Columns {
    usual: &[("NAME", "name"), ("IN-USE", "in_use"), ("REGIONS", "regions")],
    more: &[("FILE", "file")],
};

/// Carries it out.
///
/// # Errors
/// There is no such profile, or a file cannot be read or written.
pub(crate) fn run(command: ProfileCommand) -> Result<(), Failure> {
    let kept = Kept::at_home()?;
    match command {
        ProfileCommand::List(arguments) => {
            let rows = rows(&kept)?;
            let answer = Value::from(rows.clone());
            arguments.output.print_list(COLUMNS, &rows, &answer)
        }
        ProfileCommand::Use { name } => {
            kept.read(&name)?.ok_or_else(|| unknown(&name))?;
            kept.set_used(&name)?;
            say(format_args!("profile {name} is in use"));
            Ok(())
        }
        ProfileCommand::Remove { name } => {
            if !kept.remove(&name)? {
                return Err(unknown(&name));
            }
            say(format_args!("profile {name} is removed"));
            Ok(())
        }
    }
}

/// A row for each, without its key.
fn rows(kept: &Kept) -> Result<Vec<Value>, Failure> {
    let used = kept.used()?;
    let mut rows = Vec::new();
    for name in kept.names()? {
        let Some(profile) = kept.read(&name)? else { continue };
        rows.push(json!({
            "name": name.to_string(),
            "in_use": name == used,
            "regions": profile.endpoints,
            "file": kept.file(&name).display().to_string(),
        }));
    }
    Ok(rows)
}
