//! `debug bundle`: one file with what somebody needs to find out what is wrong, and no secrets.

mod archive;
mod gather;
mod host;
mod redact;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use client::{Body, Client, Exchange, Patience, Trust};
use http::Method;
use jiff::Timestamp;
use proto::cluster::{Member, StatusReply};
use serde_json::{Value, json};

use crate::cli::bundle::gather::{Source, gather};
use crate::cli::bundle::redact::Redaction;
use crate::cli::failure::Failure;
use crate::cli::local_node::LocalNode;
use crate::cli::native::exchange::{ConnectionArguments, NativeApi};
use crate::cli::output::say;
use crate::cli::profile::Origin;
use crate::cli::profile::content::Profile;

/// The commands that help to find out what is wrong.
#[derive(Debug, Subcommand)]
pub(crate) enum DebugCommand {
    /// Write a file with states, events and logs for whoever helps, without secrets
    #[command(
        after_help = "Examples:\n  ironraft debug bundle\n  ironraft debug bundle -o case-17.tar.gz"
    )]
    Bundle(BundleArguments),
}

/// What `debug bundle` is asked.
#[derive(Debug, Args)]
pub(crate) struct BundleArguments {
    /// The file; a name with the time in it by default
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    connection: ConnectionArguments,
}

/// How long each part may take: of a cluster that is ill, the other parts are still of use.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(2),
    answer: Duration::from_secs(15),
    total: Duration::from_secs(5),
    pause: Duration::from_millis(200),
    repeat_unanswered: false,
};

/// Carries out a command.
///
/// # Errors
/// Nobody is logged in, or the file cannot be written. What cannot be read is noted in it.
pub(crate) async fn run(command: DebugCommand) -> Result<(), Failure> {
    let DebugCommand::Bundle(arguments) = command;
    let (profile, origin) = arguments.connection.found().await?;
    let redaction = Redaction::of(&[profile.api_key.expose()]);
    let api = NativeApi::patient(&arguments.connection, PATIENCE).await?;
    let bundle = gather(&Cluster { api, profile, origin }, &redaction).await;
    let now = Timestamp::now();
    let folder = format!("ironraft-{}", now.strftime("%Y%m%dT%H%M%SZ"));
    let path = arguments.output.unwrap_or_else(|| PathBuf::from(format!("{folder}.tar.gz")));
    let cannot = || format!("cannot write {}", path.display());
    let mut bytes = Vec::new();
    bundle.write(&mut bytes, &folder, now).with_context(cannot)?;
    let open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
    open.and_then(|mut file| file.write_all(&bytes)).with_context(cannot)?;
    for (name, why) in &bundle.unread {
        eprintln!("not in it: {name}: {why}");
    }
    say(format_args!("{}", path.display()));
    Ok(())
}

/// A cluster, and this host.
struct Cluster {
    api: NativeApi,
    profile: Profile,
    origin: Origin,
}

impl Source for Cluster {
    async fn read(&self, elements: &[&str], query: &[(&str, &str)]) -> Result<Value, String> {
        let owned = |pair: &(&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
        let reply = self.api.get(elements, query.iter().map(owned).collect()).await;
        reply.map(|reply| reply.body).map_err(|failure| failure.told().1)
    }

    fn regions(&self) -> Vec<String> {
        self.profile.endpoints.clone()
    }

    async fn of_region(&self, region: &str, path: &str) -> Result<String, String> {
        text_of(&self.profile, region, path, PATIENCE).await
    }

    async fn members(&self) -> Result<Value, String> {
        let status = LocalNode::by_environment().status().await;
        status.map(|status| members(&status)).map_err(|failure| failure.told().1)
    }

    async fn of_host(&self) -> Vec<(String, Result<String, String>)> {
        let file = match &self.origin {
            Origin::File(path) => Some(path.as_path()),
            Origin::Environment | Origin::LocalNode => None,
        };
        host::files(file).await
    }
}

/// What a region knows of the members, as JSON.
fn members(status: &StatusReply) -> Value {
    let member = |member: &Member| {
        let peer = member.peer.clone().unwrap_or_default();
        json!({
            "node_id": peer.node_id,
            "name": peer.hostname,
            "grpc": peer.grpc,
            "http": peer.http,
            "votes": member.voter,
            "lag": member.lag,
            "clock_offset_ms": member.clock_offset_ms,
        })
    };
    json!({
        "cluster_id": status.cluster_id,
        "answered_by": status.node_id,
        "term": status.term,
        "leader": status.leader,
        "applied": status.applied,
        "clock_refusal": status.clock_refusal,
        "members": status.members.iter().map(member).collect::<Vec<_>>(),
    })
}

/// What one region answers at a path of its host, whoever asks.
///
/// # Errors
/// Why it does not answer. A status that is no success is told with the answer.
pub(crate) async fn text_of(
    profile: &Profile,
    region: &str,
    path: &str,
    patience: Patience,
) -> Result<String, String> {
    let trust = profile.trusted.clone().map_or(Trust::Host, Trust::These);
    let client = Client::of(vec![region.to_owned()], None, patience, &trust);
    let client = client.map_err(|error| error.to_string())?;
    let exchange = Exchange {
        method: Method::GET,
        path: path.to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Body::Nothing,
    };
    let answer = client.exchange(&exchange).await.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let status = answer.status;
    Ok(if status.is_success() { text } else { format!("{status}\n{text}") })
}

#[cfg(test)]
mod tests;
