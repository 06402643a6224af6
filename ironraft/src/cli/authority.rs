//! `ironraft cluster authority status|rotate|retire`: replaces the certificate authority while the
//! cluster works. The regions do it; a command that waits only looks on, and can be ended any time.

use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use identity::ExpectedPeer;
use identity::rotation::short;
use jiff::Timestamp;
use proto::authority::authority_client::AuthorityClient;
use proto::authority::status_reply::Phase;
use proto::authority::{Node, RetireRequest, RotateRequest, StatusReply, StatusRequest};
use serde_json::json;
use tonic::transport::Channel;

use crate::cli::failure::Failure;
use crate::cli::local_node::LocalNode;
use crate::cli::output::{OutputArguments, Sheet, say};

/// How long a region has to answer.
const ANSWER_MAX: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(500);

/// The commands on the certificate authority.
#[derive(Debug, Subcommand)]
pub(crate) enum AuthorityCommand {
    /// Show which authorities are trusted, and which nodes have certificates of which
    #[command(after_help = "Example:\n  ironraft cluster authority status")]
    Status {
        #[command(flatten)]
        node: LocalNode,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Replace the authority by a new one and wait until the old one is retired; begun again, it
    /// goes on
    #[command(after_help = "Example:\n  ironraft cluster authority rotate --wait 900")]
    Rotate(RotateArguments),
    /// Go on without the nodes that keep the old authority from being retired
    #[command(after_help = "Example:\n  ironraft cluster authority retire --force")]
    Retire {
        #[command(flatten)]
        node: LocalNode,
        /// Also if nodes are cut off by it; they have to join anew
        #[arg(long)]
        force: bool,
    },
}

/// How the authority is replaced.
#[derive(Debug, Args)]
pub(crate) struct RotateArguments {
    #[command(flatten)]
    node: LocalNode,
    /// How many seconds to wait for it; it goes on afterwards
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    wait: u64,
}

pub(crate) async fn run(command: AuthorityCommand) -> Result<(), Failure> {
    match command {
        AuthorityCommand::Status { node, output } => {
            let reply = status(&node).await?;
            if !output.is_columns() {
                let answer = as_json(&reply);
                output.print_answer(std::slice::from_ref(&answer), &answer);
                return Ok(());
            }
            print_table(&output, &reply)
        }
        AuthorityCommand::Rotate(arguments) => rotate(&arguments).await,
        AuthorityCommand::Retire { node, force } => {
            let mut client = client(&node)?;
            let reply = answered(client.retire(RetireRequest { force })).await?;
            say(format_args!("{}", progress(&reply)));
            Ok(())
        }
    }
}

async fn rotate(arguments: &RotateArguments) -> Result<(), Failure> {
    let until = Instant::now() + Duration::from_secs(arguments.wait);
    let mut client = client(&arguments.node)?;
    let mut reply = answered(client.rotate(RotateRequest {})).await?;
    let mut shown = String::new();
    loop {
        let line = progress(&reply);
        if line != shown {
            say(format_args!("{line}"));
            shown = line;
        }
        if is_done(&reply) {
            return Ok(());
        }
        if Instant::now() >= until {
            return Err(Failure::Unavailable(format!(
                "the change of the authority is not complete and continues: {shown}"
            )));
        }
        tokio::time::sleep(POLL).await;
        // The own region may be away for a while; what is told next is newer.
        reply = status(&arguments.node).await.unwrap_or(reply);
    }
}

async fn status(node: &LocalNode) -> Result<StatusReply, Failure> {
    answered(client(node)?.status(StatusRequest {})).await
}

/// Each time with the certificate that the region has now.
fn client(node: &LocalNode) -> Result<AuthorityClient<Channel>, Failure> {
    let (config, identity) = node.open()?;
    let own = ExpectedPeer::Region(config.node_id);
    Ok(AuthorityClient::new(identity.channel(&config.grpc().to_string(), own)))
}

async fn answered(
    asked: impl Future<Output = Result<tonic::Response<StatusReply>, tonic::Status>>,
) -> Result<StatusReply, Failure> {
    match tokio::time::timeout(ANSWER_MAX, asked).await {
        Ok(reply) => Ok(reply.map_err(Failure::of_status)?.into_inner()),
        Err(_) => Err(Failure::Unavailable("the region does not answer".to_owned())),
    }
}

/// Whether the old authority is gone, and no node with a certificate of the new one trusts it.
fn is_done(reply: &StatusReply) -> bool {
    reply.phase() == Phase::Settled && reply.nodes.iter().all(|node| !is_forgetting(reply, node))
}

/// Whether a node that is not cut off still trusts what was retired.
fn is_forgetting(reply: &StatusReply, node: &Node) -> bool {
    let holding = node.holding.as_ref();
    holding.is_some_and(|it| it.issuer == reply.signing && it.trusted != [it.issuer.as_str()])
}

/// Where it stands, in one line.
fn progress(reply: &StatusReply) -> String {
    let (signing, other) = (short(&reply.signing), short(&reply.also_trusted));
    let state = match reply.phase() {
        Phase::Settled => format!("settled: authority {signing} signs and is trusted alone"),
        Phase::Distributing => {
            format!("distributing: all nodes are to trust authority {other} beside {signing}")
        }
        Phase::Renewing => {
            format!("renewing: all nodes are to get certificates of {signing} in place of {other}")
        }
    };
    let waiting = reply.nodes.iter().filter(|node| !node.lack.is_empty()).map(|node| {
        let excused = if node.excused { " (not waited for)" } else { "" };
        format!("{} {}{excused}", node.name, node.lack)
    });
    let waiting: Vec<String> = waiting.collect();
    if waiting.is_empty() { state } else { format!("{state}; {}", waiting.join(", ")) }
}

fn print_table(output: &OutputArguments, reply: &StatusReply) -> Result<(), Failure> {
    if output.is_for_people() {
        say(format_args!("{}", progress(reply)));
    }
    let rows = reply
        .nodes
        .iter()
        .map(|node| {
            let holding = node.holding.clone().unwrap_or_default();
            let trusted: Vec<&str> = holding.trusted.iter().map(|root| short(root)).collect();
            let expires = expires(holding.expires_ms).unwrap_or_default();
            let issuer = short(&holding.issuer).to_owned();
            let (name, hostname) = (node.name.clone(), node.hostname.clone());
            vec![name, hostname, issuer, trusted.join(","), expires]
        })
        .collect();
    output.print_sheet(&Sheet::new(&["NODE", "NAME", "AUTHORITY", "TRUSTS", "EXPIRES"], rows))
}

fn as_json(reply: &StatusReply) -> serde_json::Value {
    let nodes: Vec<_> = reply
        .nodes
        .iter()
        .map(|node| {
            let holding = node.holding.as_ref();
            json!({
                "name": node.name,
                "hostname": node.hostname,
                "authority": holding.map(|it| &it.issuer),
                "trusted": holding.map(|it| &it.trusted),
                "expires": holding.and_then(|it| expires(it.expires_ms)),
                "lack": Some(&node.lack).filter(|lack| !lack.is_empty()),
                "excused": node.excused,
            })
        })
        .collect();
    json!({
        "phase": reply.phase().as_str_name().to_ascii_lowercase(),
        "signing": reply.signing,
        "also_trusted": Some(&reply.also_trusted).filter(|root| !root.is_empty()),
        "nodes": nodes,
    })
}

fn expires(unix_ms: u64) -> Option<String> {
    let at = Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()?;
    (unix_ms > 0).then(|| at.to_string())
}
