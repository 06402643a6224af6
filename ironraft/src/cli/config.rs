//! `ironraft config view`: which cluster commands talk to and how they print, and where each of it is said: an argument, before
//! the environment, before the profile, before what is usual.

use clap::{Args, Subcommand};

use model::secret::HIDDEN;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::ConnectionArguments;
use crate::cli::output::{OutputArguments, Sheet};
use crate::cli::profile::content::Profile;
use crate::cli::profile::{self, Origin, base_url};

/// The commands on what commands are told.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show what commands go by; the key is hidden
    #[command(after_help = "Example:\n  ironraft config view --show-origin")]
    View(ViewArguments),
}

/// What is shown.
#[derive(Debug, Args)]
pub(crate) struct ViewArguments {
    /// Also where each of it is said
    #[arg(long)]
    show_origin: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
    #[command(flatten)]
    output: OutputArguments,
}

/// Carries it out.
///
/// # Errors
/// Nobody is logged in.
pub(crate) async fn run(command: ConfigCommand) -> Result<(), Failure> {
    let ConfigCommand::View(arguments) = command;
    let found = profile::found(arguments.connection.profile.as_ref()).await?;
    let rows = rows(&arguments.connection.endpoint, &found);
    let width = if arguments.show_origin { 3 } else { 2 };
    let rows = rows.into_iter().map(|row| row.into_iter().take(width).collect()).collect();
    arguments.output.print_sheet(&Sheet::new(&["NAME", "VALUE", "ORIGIN"][..width], rows))
}

fn rows(asked: &[String], (profile, origin): &(Profile, Origin)) -> Vec<Vec<String>> {
    let of_profile = match origin {
        Origin::Environment => "environment".to_owned(),
        Origin::File(path) => path.display().to_string(),
        Origin::LocalNode => "the region node on this host".to_owned(),
    };
    let endpoints: Vec<String> = if asked.is_empty() {
        profile.endpoints.clone()
    } else {
        asked.iter().map(|url| base_url(url)).collect()
    };
    let of_endpoints = if asked.is_empty() { of_profile.clone() } else { "--endpoint".to_owned() };
    let trusted = if profile.trusted.is_some() { "own certificates" } else { "those of the host" };
    let row =
        |name: &str, value: &str, origin: &str| [name, value, origin].map(str::to_owned).to_vec();
    vec![
        row("endpoints", &endpoints.join(","), &of_endpoints),
        row("api_key", HIDDEN, &of_profile),
        row("trusted", trusted, &of_profile),
    ]
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn an_argument_comes_before_the_profile_and_no_key_is_shown() {
        let profile = Profile {
            endpoints: vec!["http://r1:5240".to_owned()],
            api_key: "a:b:hidden".into(),
            trusted: None,
        };
        let found = (profile, Origin::File(PathBuf::from("/home/a/profile.toml")));
        let of_profile = rows(&[], &found);
        assert_eq!(of_profile[0], ["endpoints", "http://r1:5240", "/home/a/profile.toml"]);
        assert!(!format!("{of_profile:?}").contains("hidden"));
        let asked = rows(&["r2:5240/MAAS".to_owned()], &found);
        assert_eq!(asked[0], ["endpoints", "http://r2:5240", "--endpoint"]);
    }
}
