//! `ironraft login`: remembers regions and a key, however the key is come by.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use api::account::ApiKey as NewKey;
use clap::Args;
use client::key::ApiKey;
use client::{Body, Client, Exchange, Trust};
use http::{Method, StatusCode};
use model::secret::Secret;

use crate::cli::failure::Failure;
use crate::cli::local_node::LocalNode;
use crate::cli::output::say;
use crate::cli::profile::content::{PATIENCE, Profile, certificates};
use crate::cli::profile::kept::{Kept, ProfileName};
use crate::cli::profile::{TRUSTED_VARIABLE, base_url, usual_file};
use crate::cli::terminal;

/// The file that says a host's name.
const HOSTNAME_FILE: &str = "/proc/sys/kernel/hostname";

/// What to remember.
#[derive(Debug, Args)]
#[command(after_help = "\
Where an API key is: `ironraft apikey` prints one on the host of a region, `ironraft region init` and `ironraft dev` have
printed the administrator's. A user with a password needs none: --username. On the host of a region root needs no login at
all.

Examples:
  ironraft login http://10.0.0.1:5240 http://10.0.0.2:5240 http://10.0.0.3:5240
  ironraft login http://10.0.0.1:5240 --username alice
  ironraft login http://10.9.0.1:5240 --profile lab
  ssh root@10.0.0.1 ironraft apikey | ironraft login http://10.0.0.1:5240 --api-key -")]
pub(crate) struct LoginArguments {
    /// Regions, `http://10.0.0.1:5240`; with several, the next one is asked when one is away. None on the host of a region:
    /// all that this one knows
    endpoints: Vec<String>,
    /// The API key, `consumer:token:secret`; `-` reads it from standard input. It is asked for when it is not given
    #[arg(long, env = "IRONRAFT_API_KEY", hide_env_values = true, conflicts_with = "username")]
    api_key: Option<Secret>,
    /// Log in as this user by password, which is asked for: a key is made for this host
    #[arg(long, value_name = "USER")]
    username: Option<String>,
    /// The password; `-` reads it from standard input
    #[arg(long, env = "IRONRAFT_PASSWORD", hide_env_values = true, requires = "username")]
    password: Option<Secret>,
    /// A file with the certificate of the regions, or of its authority (PEM), where the host does not trust it
    #[arg(long, env = TRUSTED_VARIABLE)]
    ca: Option<PathBuf>,
    /// Keep it as the profile of this name, beside others
    #[arg(long, value_name = "NAME")]
    profile: Option<ProfileName>,
}

pub(crate) async fn run(arguments: LoginArguments) -> Result<(), Failure> {
    let name = arguments.profile.clone();
    let profile = profile(arguments).await?;
    let user =
        profile.client()?.whoami().await.map_err(|error| Failure::from(error).of("login"))?;
    let path = match &name {
        Some(name) => Kept::at_home()?.file(name),
        None => usual_file()?,
    };
    profile.save(&path)?;
    say(format_args!("logged in as {}; saved in {}", user.username, path.display()));
    name.map_or(Ok(()), |name| use_first(&name))
}

/// Has commands use a profile when there is no other; else says how they would.
fn use_first(name: &ProfileName) -> Result<(), Failure> {
    let kept = Kept::at_home()?;
    let used = kept.used()?;
    if used == *name {
        return Ok(());
    }
    if kept.read(&used)?.is_none() {
        kept.set_used(name)?;
        say(format_args!("profile {name} is in use"));
    } else {
        say(format_args!(
            "profile {used} stays in use: `ironraft profile use {name}` changes that"
        ));
    }
    Ok(())
}

async fn profile(arguments: LoginArguments) -> Result<Profile, Failure> {
    let LoginArguments { endpoints, api_key, username, password, ca, profile: _ } = arguments;
    if endpoints.is_empty() && api_key.is_none() && username.is_none() {
        let local = Profile::of_local_node(&LocalNode::by_environment()).await;
        return local.map_err(|failure| failure.of("no region is named"));
    }
    let endpoints: Vec<String> = endpoints.iter().map(|endpoint| base_url(endpoint)).collect();
    if endpoints.is_empty() {
        return Err(Failure::Usage("no region is named: http://10.0.0.1:5240".to_owned()));
    }
    let trusted = ca.as_deref().map(certificates).transpose()?;
    let api_key = match (username, api_key) {
        (Some(user), _) => {
            let question = format!("Password of {user}: ");
            let password =
                given_or_asked(password, &question, "--password - or IRONRAFT_PASSWORD")?;
            key_for_password(&endpoints, trusted.as_deref(), &user, &password).await?
        }
        (None, given) => given_or_asked(given, "API key: ", "--api-key - or IRONRAFT_API_KEY")?,
    };
    Ok(Profile { endpoints, api_key, trusted })
}

/// A secret as it was given, from standard input, or from who sits at the terminal.
fn given_or_asked(given: Option<Secret>, question: &str, ways: &str) -> Result<Secret, Failure> {
    let secret = match given {
        Some(secret) if secret.expose() == "-" => {
            terminal::read_secret().context("cannot read standard input")?
        }
        Some(secret) => secret,
        None => terminal::ask_secret(question).map_err(|_| {
            let what = question.trim_end_matches([':', ' ']).to_lowercase();
            Failure::Usage(format!("there is no terminal to ask for the {what} at: use {ways}"))
        })?,
    };
    if secret.is_empty() {
        return Err(Failure::Usage(format!("nothing was given: {}", question.trim())));
    }
    Ok(secret)
}

/// The key that the user has for this host, or a new one.
async fn key_for_password(
    endpoints: &[String],
    trusted: Option<&str>,
    username: &str,
    password: &Secret,
) -> Result<Secret, Failure> {
    let trust = trusted.map_or(Trust::Host, |pem| Trust::These(pem.to_owned()));
    let client = Client::of(endpoints.to_vec(), None, PATIENCE, &trust)?;
    let host = fs::read_to_string(HOSTNAME_FILE).unwrap_or_default();
    let fields = [
        ("username", username),
        ("password", password.expose()),
        ("consumer", &format!("ironraft@{}", host.trim())),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let authenticate = Exchange {
        method: Method::POST,
        path: "/MAAS/accounts/authenticate/".to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Body::Form(fields),
    };
    let answer = client.exchange(&authenticate).await?;
    let text = String::from_utf8_lossy(&answer.body);
    match answer.status {
        StatusCode::OK => {
            let key: NewKey = serde_json::from_str(&text).map_err(Failure::other)?;
            let secret = key.token_secret.expose();
            Ok(ApiKey::new(&key.consumer_key, &key.token_key, secret).text().into())
        }
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED if text.trim().is_empty() => {
            Err(Failure::Denied(format!("user name or password of {username} is wrong")))
        }
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => Err(Failure::Denied(text.into_owned())),
        StatusCode::SERVICE_UNAVAILABLE => Err(Failure::Unavailable(text.into_owned())),
        status => Err(Failure::other(anyhow!("{status}: {text}"))),
    }
}
