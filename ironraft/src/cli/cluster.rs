//! `ironraft cluster status|token`: asks the cluster service as the region node in a data folder.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use identity::token::JoinRole;
use identity::{ExpectedPeer, Identity};
use proto::cluster::cluster_client::ClusterClient;
use proto::cluster::{Member, StatusReply, StatusRequest};
use region::config::Config;
use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::output::{Format, print_json, print_rows, say};
use crate::serve::dev::create_token;
use crate::serve::region::load;

/// How long a region has to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The commands on a cluster.
#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// Show the members, the leader, and how far each one is behind
    Status {
        #[command(flatten)]
        node: LocalNode,
        /// How to print it
        #[arg(short, long, value_enum, default_value = "table")]
        output: Format,
    },
    /// Look after join tokens
    #[command(subcommand)]
    Token(TokenCommand),
}

/// The commands on join tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token that lets new nodes join
    Create {
        #[command(flatten)]
        node: LocalNode,
        /// What it lets in
        #[arg(long, value_enum)]
        role: NodeRole,
        /// For how many hours
        #[arg(long, default_value_t = 24)]
        hours: u64,
    },
}

/// The region node on this host.
#[derive(Debug, Args)]
pub(crate) struct LocalNode {
    /// The data folder of a region node on this host
    #[arg(long, env = "IRONRAFT_DATA_DIR")]
    data_dir: PathBuf,
}

/// Kinds of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NodeRole {
    /// A region
    Region,
    /// A rack
    Rack,
}

pub(crate) async fn run(command: ClusterCommand) -> Result<(), Failure> {
    match command {
        ClusterCommand::Status { node, output } => status(&node, output).await,
        ClusterCommand::Token(TokenCommand::Create { node, role, hours }) => {
            let (config, identity) = node.open()?;
            let role = match role {
                NodeRole::Region => JoinRole::Region,
                NodeRole::Rack => JoinRole::Rack,
            };
            let valid = Duration::from_secs(hours.saturating_mul(3600));
            let at = config.grpc().to_string();
            let token = create_token(&identity, &at, role, valid).await.map_err(refused)?;
            say(format_args!("{token}"));
            Ok(())
        }
    }
}

impl LocalNode {
    fn open(&self) -> anyhow::Result<(Config, Identity)> {
        let config = load(&self.data_dir)?;
        let identity =
            Identity::load(&config.identity_dir()).context("no certificate of a region")?;
        Ok((config, identity))
    }
}

async fn status(node: &LocalNode, output: Format) -> Result<(), Failure> {
    let (config, identity) = node.open()?;
    let mut reply = ask(&identity, &config.grpc().to_string()).await.map_err(refused)?;
    // Only the leader knows how far the others are.
    let leader = reply.members.iter().find(|member| reply.leader == member_id(member));
    let leader_grpc = leader.and_then(|member| member.peer.as_ref()).map(|peer| peer.grpc.clone());
    if reply.leader != Some(reply.node_id)
        && let Some(at) = leader_grpc
        && let Ok(better) = ask(&identity, &at).await
    {
        reply = better;
    }
    match output {
        Format::Json => print_json(&as_json(&reply)),
        Format::Table => print_table(&reply),
    }
    Ok(())
}

async fn ask(identity: &Identity, at: &str) -> Result<StatusReply, tonic::Status> {
    let mut client = ClusterClient::new(identity.channel(at, ExpectedPeer::AnyRegion));
    let asked = client.status(StatusRequest {});
    match tokio::time::timeout(ANSWER_MAX, asked).await {
        Ok(reply) => Ok(reply?.into_inner()),
        Err(_) => Err(tonic::Status::unavailable(format!("region {at} does not answer"))),
    }
}

fn member_id(member: &Member) -> Option<u64> {
    member.peer.as_ref().map(|peer| peer.node_id)
}

fn role_of(reply: &StatusReply, member: &Member) -> &'static str {
    if reply.leader.is_some() && reply.leader == member_id(member) {
        "leader"
    } else if member.voter {
        "voter"
    } else {
        "learner"
    }
}

fn as_json(reply: &StatusReply) -> serde_json::Value {
    let members: Vec<_> = reply
        .members
        .iter()
        .map(|member| {
            let peer = member.peer.clone().unwrap_or_default();
            json!({
                "node_id": peer.node_id,
                "name": peer.hostname,
                "grpc": peer.grpc,
                "http": peer.http,
                "role": role_of(reply, member),
                "lag": member.lag,
            })
        })
        .collect();
    json!({
        "cluster_id": reply.cluster_id,
        "term": reply.term,
        "leader": reply.leader,
        "applied": reply.applied,
        "answered_by": reply.node_id,
        "members": members,
    })
}

fn print_table(reply: &StatusReply) {
    let leader = reply.leader.map_or_else(|| "none".to_owned(), |id| id.to_string());
    say(format_args!("cluster {}  term {}  leader {leader}", reply.cluster_id, reply.term));
    let rows: Vec<Vec<String>> = reply
        .members
        .iter()
        .map(|member| {
            let peer = member.peer.clone().unwrap_or_default();
            let lag = member.lag.map_or_else(|| "-".to_owned(), |lag| lag.to_string());
            let role = role_of(reply, member).to_owned();
            vec![peer.node_id.to_string(), peer.hostname, role, lag, peer.grpc, peer.http]
        })
        .collect();
    print_rows(&["NODE", "NAME", "ROLE", "LAG", "GRPC", "HTTP"], &rows);
}

fn refused(status: tonic::Status) -> Failure {
    let message = status.message().to_owned();
    match status.code() {
        tonic::Code::Unavailable | tonic::Code::DeadlineExceeded => Failure::Unavailable(message),
        tonic::Code::PermissionDenied | tonic::Code::Unauthenticated => Failure::Denied(message),
        _ => Failure::Other(anyhow::anyhow!(message)),
    }
}
