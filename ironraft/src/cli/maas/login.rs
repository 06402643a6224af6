//! `login`, `logout`, `list` and `refresh`: which clusters are known, and by whose keys.

use std::fs;

use anyhow::anyhow;
use api::describe::Description;
use client::key::ApiKey;
use client::{Body, Client, Exchange};
use http::{Method, StatusCode};
use model::secret::Secret;

use crate::cli::maas::end::End;
use crate::cli::maas::layout::wrapped;
use crate::cli::maas::parser::{Count, Given, Opt, Parser};
use crate::cli::maas::profiles::{Profile, Profiles, api_url};
use crate::cli::output::say;
use crate::cli::terminal;

/// How wide MAAS's command writes what it tells.
const TOLD_COLUMNS: usize = 70;

/// What is asked where no key is given.
const QUESTION: &str = "API key (leave empty for anonymous access): ";

/// The commands on profiles with what they do, in the order in which they are listed.
pub(crate) const COMMANDS: [(&str, &str); 4] = [
    ("login", "Log in to a remote API, and remember its description and credentials."),
    ("logout", "Log out of a remote API, purging any stored credentials."),
    ("list", "List remote APIs that have been logged-in to."),
    ("refresh", "Refresh the API descriptions of all profiles."),
];

/// What one of them takes.
pub(crate) fn parser(program: &str, name: &str) -> Parser {
    let about = COMMANDS.iter().find(|(own, _)| *own == name).map_or("", |(_, about)| about);
    let mut parser = Parser::new(format!("{program} {name}"), about);
    let profile = "The name of the profile.";
    match name {
        "login" => {
            parser = parser
                .with("profile-name", Count::One, "The name by which the cluster and the key are called later.")
                .with(
                    "url",
                    Count::One,
                    "The URL of the API, e.g. http://10.0.0.1:5240/MAAS/; several regions are separated by commas.",
                )
                .with(
                    "credentials",
                    Count::Optional,
                    "The API key, three parts separated by colons; - reads it from standard input. `ironraft apikey` \
                     on the host of a region prints it.",
                );
            parser.options.push(Opt {
                flags: vec!["--cacerts"],
                value: Some("CACERTS"),
                help: "Certificate CA file in PEM format",
            });
            parser.options.push(Opt::flag(&["-k", "--insecure"], "Disable SSL certificate check"));
            parser.epilog =
                "Where no key is given on the command line, it is asked for.".to_owned();
        }
        "logout" => {
            parser = parser.with("profile-name", Count::One, profile);
            parser.epilog = "The profile is forgotten. Log in again to have it back.".to_owned();
        }
        "refresh" => {
            parser.epilog = "The commands of profiles come from the description of the regions' API. It is refreshed\n\
                             by itself when a region answers that it has another."
                .to_owned();
        }
        _ => {}
    }
    parser
}

/// Remembers a cluster and a key after both were tried.
pub(crate) async fn login(given: &Given) -> Result<(), End> {
    let is_insecure = given.has("--insecure");
    let cacerts = given.value("--cacerts").map(certificates).transpose()?;
    if is_insecure && cacerts.is_some() {
        return Err(End::said("You cannot use both cacerts and insecure arguments."));
    }
    let [name, urls, rest @ ..] = given.positionals.as_slice() else {
        return Err(End::said("a profile and a URL are needed"));
    };
    let api_key = credentials(rest.first().map(String::as_str))?;
    let urls = urls.split(',').map(api_url).collect();
    let mut profile = Profile { urls, api_key, cacerts, hash: String::new() };
    let client = profile.client(is_insecure)?;
    if profile.api_key.is_some() {
        check_key(&client, &profile).await?;
    }
    let description = describe(&client, &profile).await?;
    profile.hash.clone_from(&description.hash);
    let mut profiles = Profiles::read()?;
    profiles.keep(&description)?;
    tell_what_is_next(name, &profile);
    profiles.profiles.insert(name.clone(), profile);
    Ok(profiles.write()?)
}

/// Forgets a profile.
pub(crate) fn logout(given: &Given) -> Result<(), End> {
    let mut profiles = Profiles::read()?;
    if let Some(name) = given.positionals.first() {
        profiles.profiles.remove(name);
    }
    Ok(profiles.write()?)
}

/// Prints the profiles with their keys.
pub(crate) fn list() -> Result<(), End> {
    for (name, profile) in &Profiles::read()?.profiles {
        match &profile.api_key {
            Some(key) => say(format_args!("{name} {} {}", profile.url(), key.expose())),
            None => say(format_args!("{name} {}", profile.url())),
        }
    }
    Ok(())
}

/// Asks anew what the regions of all profiles describe.
pub(crate) async fn refresh() -> Result<(), End> {
    let mut profiles = Profiles::read()?;
    let names: Vec<String> = profiles.profiles.keys().cloned().collect();
    for name in names {
        refresh_one(&mut profiles, &name, false).await?;
    }
    Ok(profiles.write()?)
}

/// Asks anew what the regions of a profile describe. The profiles have to be written then.
pub(crate) async fn refresh_one(
    profiles: &mut Profiles,
    name: &str,
    is_insecure: bool,
) -> Result<(), End> {
    let Some(profile) = profiles.profiles.get(name).cloned() else { return Ok(()) };
    let description = describe(&profile.client(is_insecure)?, &profile).await?;
    profiles.keep(&description)?;
    let hash = description.hash;
    profiles.profiles.insert(name.to_owned(), Profile { hash, ..profile });
    Ok(())
}

fn certificates(path: &str) -> Result<String, End> {
    let read = fs::read_to_string(path);
    let cannot = |error| End::Wrong(format!("argument --cacerts: can't open '{path}': {error}"));
    let pem = read.map_err(cannot)?;
    if !pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(End::said("Invalid PEM material"));
    }
    Ok(pem)
}

/// The key as it was given, read or asked for; none for somebody whom nobody knows.
fn credentials(given: Option<&str>) -> Result<Option<Secret>, End> {
    let cannot = |error| End::Failed(anyhow!("cannot read the API key: {error}"));
    let key = match given {
        Some("-") => terminal::read_secret().map_err(cannot)?,
        Some(key) => Secret::new(key.trim().to_owned()),
        None => match terminal::ask_secret(QUESTION) {
            Ok(key) => key,
            Err(_) => terminal::read_secret().map_err(cannot)?,
        },
    };
    if key.is_empty() {
        return Ok(None);
    }
    if ApiKey::parse(key.expose()).is_err() {
        let wrong = "Malformed credentials string. Expected 3 colon-separated items.";
        return Err(End::Failed(anyhow!(wrong)));
    }
    Ok(Some(key))
}

async fn check_key(client: &Client, profile: &Profile) -> Result<(), End> {
    let whoami = Exchange {
        method: Method::GET,
        path: format!("{}users/", profile.path()),
        query: vec![("op".to_owned(), "whoami".to_owned())],
        headers: Vec::new(),
        body: Body::Nothing,
    };
    match client.exchange(&whoami).await?.status {
        StatusCode::OK => Ok(()),
        StatusCode::UNAUTHORIZED => Err(End::said("The MAAS server rejected your API key.")),
        status => {
            let (said, code) = ("The MAAS server gave an unexpected response", status.as_u16());
            Err(End::said(format!("{said}: {code}")))
        }
    }
}

async fn describe(client: &Client, profile: &Profile) -> Result<Description, End> {
    let describe = Exchange {
        method: Method::GET,
        path: format!("{}describe/", profile.path()),
        query: Vec::new(),
        headers: Vec::new(),
        body: Body::Nothing,
    };
    let answer = client.exchange(&describe).await?;
    if answer.status != StatusCode::OK {
        let text = String::from_utf8_lossy(&answer.body);
        return Err(End::said(format!("{}:\n{text}", answer.status)));
    }
    let kind = answer.header("content-type").unwrap_or_default();
    if kind != "application/json" {
        return Err(End::said(format!("Expected application/json, got: {kind}")));
    }
    let description = serde_json::from_slice(&answer.body);
    description.map_err(|error| End::Failed(anyhow!("what is described cannot be read: {error}")))
}

fn tell_what_is_next(name: &str, profile: &Profile) {
    let url = profile.url();
    say(format_args!(""));
    for told in [
        format!(
            "You are now logged in to the MAAS server at {url} with the profile name '{name}'."
        ),
        "For help with the available commands, try:".to_owned(),
        format!("  maas {name} --help"),
    ] {
        let indent = &told[..told.len() - told.trim_start().len()];
        let lines = wrapped(&told, TOLD_COLUMNS - indent.len());
        say(format_args!("{indent}{}", lines.join("\n")));
        say(format_args!(""));
    }
}
