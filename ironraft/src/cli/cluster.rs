//! `ironraft cluster status|members|remove|transfer|token|authority`: asks the cluster service as the region
//! node in a data folder.

use std::error::Error;
use std::time::{Duration, Instant};

use clap::{Subcommand, ValueEnum};
use identity::token::JoinRole;
use identity::{ExpectedPeer, Identity};
use model::lease::agreement::TELL_MS;
use ops::cluster::nodes::TOKEN_VALID_MAX;
use proto::cluster::cluster_client::ClusterClient;
use proto::cluster::{
    Member, RemoveRegionRequest, StatusReply, StatusRequest, TransferLeaderRequest,
};
use serde_json::json;
use tonic::transport::Channel;

use crate::cli::authority::{self, AuthorityCommand};
use crate::cli::failure::Failure;
use crate::cli::local_node::LocalNode;
use crate::cli::output::{Columns, OutputArguments, say};
use crate::serve::dev::create_token;

/// How long a region has to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// How long the leader has to remove a region.
const REMOVAL_MAX: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);

/// How long a join token is valid at most, in hours.
const HOURS_MAX: u64 = TOKEN_VALID_MAX.as_secs() / 3600;

/// The commands on a cluster.
#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// Show the members, the leader, and how far each one is behind
    #[command(after_help = "Example:\n  ironraft cluster status")]
    Status {
        #[command(flatten)]
        node: LocalNode,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// List the members
    #[command(after_help = "Example:\n  ironraft cluster members -o json")]
    Members {
        #[command(flatten)]
        node: LocalNode,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Take a region out for good and wait until it is not a member any more; refused when the others
    /// would be no quorum
    #[command(after_help = "Example:\n  ironraft cluster remove region-3")]
    Remove {
        /// Its node id, `3` or `region-3`; the id is never given again
        #[arg(value_parser = node_id)]
        node_id: u64,
        #[command(flatten)]
        node: LocalNode,
    },
    /// Give leadership to another region
    #[command(after_help = "Example:\n  ironraft cluster transfer region-2")]
    Transfer {
        /// The node id of who shall lead, `2` or `region-2`
        #[arg(value_parser = node_id)]
        node_id: u64,
        #[command(flatten)]
        node: LocalNode,
    },
    /// Look after join tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Look after the certificate authority
    #[command(subcommand)]
    Authority(AuthorityCommand),
}

/// The commands on join tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token that lets new nodes join
    #[command(after_help = "Example:\n  ironraft cluster token create --role rack --hours 2")]
    Create {
        #[command(flatten)]
        node: LocalNode,
        /// What it lets in
        #[arg(long, value_enum)]
        role: NodeRole,
        /// For how many hours, a year at most
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..=HOURS_MAX))]
        hours: u64,
    },
}

/// Kinds of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NodeRole {
    /// A region
    Region,
    /// A rack
    Rack,
}

/// A node id, as `cluster status` and `cluster authority status` write it.
fn node_id(text: &str) -> Result<u64, String> {
    let number = text.strip_prefix("region-").unwrap_or(text);
    number.parse().map_err(|_| "a node id is a number: see `ironraft cluster status`".to_owned())
}

pub(crate) async fn run(command: ClusterCommand) -> Result<(), Failure> {
    match command {
        ClusterCommand::Status { node, output } => status(&node, &output).await,
        ClusterCommand::Members { node, output } => members(&node, &output).await,
        ClusterCommand::Remove { node_id, node } => remove(&node, node_id).await,
        ClusterCommand::Transfer { node_id, node } => transfer(&node, node_id).await,
        ClusterCommand::Token(TokenCommand::Create { node, role, hours }) => {
            let (config, identity) = node.open()?;
            let role = match role {
                NodeRole::Region => JoinRole::Region,
                NodeRole::Rack => JoinRole::Rack,
            };
            let valid = Duration::from_secs(hours.saturating_mul(3600));
            let at = config.grpc().to_string();
            let token =
                create_token(&identity, &at, role, valid).await.map_err(Failure::of_status)?;
            say(format_args!("{token}"));
            Ok(())
        }
        ClusterCommand::Authority(command) => authority::run(command).await,
    }
}

async fn status(node: &LocalNode, output: &OutputArguments) -> Result<(), Failure> {
    let (config, identity) = node.open()?;
    let reply =
        best_status(&identity, &config.grpc().to_string()).await.map_err(Failure::of_status)?;
    let answer = as_json(&reply);
    if !output.is_columns() {
        output.print_answer(std::slice::from_ref(&answer), &answer);
        return Ok(());
    }
    if output.is_for_people() {
        let leader = reply.leader.map_or_else(|| "none".to_owned(), |id| id.to_string());
        say(format_args!("cluster {}  term {}  leader {leader}", reply.cluster_id, reply.term));
    }
    print_members(output, &answer)?;
    if output.is_for_people() {
        print_clocks(&reply);
    }
    Ok(())
}

async fn members(node: &LocalNode, output: &OutputArguments) -> Result<(), Failure> {
    let (config, identity) = node.open()?;
    let reply =
        best_status(&identity, &config.grpc().to_string()).await.map_err(Failure::of_status)?;
    print_members(output, &as_json(&reply))
}

async fn remove(node: &LocalNode, node_id: u64) -> Result<(), Failure> {
    let (config, identity) = node.open()?;
    let status = ask(&identity, &config.grpc().to_string()).await.map_err(Failure::of_status)?;
    let mut leader = leader_client(&identity, &status)?;
    let removed =
        leader.remove_region(RemoveRegionRequest { node_id }).await.map_err(Failure::of_status)?;
    let name = removed.into_inner().hostname;
    // The removed one itself may never hear of it.
    let staying = status.members.iter().filter(|member| member_id(member) != Some(node_id));
    let staying: Vec<String> =
        staying.filter_map(|it| Some(it.peer.as_ref()?.grpc.clone())).collect();
    let until = Instant::now() + REMOVAL_MAX;
    while !is_removed(&identity, &staying, node_id).await {
        if Instant::now() >= until {
            return Err(Failure::Unavailable(format!(
                "region node {node_id} ({name}) is not removed yet; look at `ironraft cluster status`"
            )));
        }
        tokio::time::sleep(POLL).await;
    }
    say(format_args!("region node {node_id} ({name}) is not a member any more"));
    Ok(())
}

/// Whether the leader, or who follows it, says that the node is no member.
async fn is_removed(identity: &Identity, at: &[String], node_id: u64) -> bool {
    for address in at {
        if let Ok(status) = ask(identity, address).await
            && status.leader.is_some()
        {
            return status.members.iter().all(|member| member_id(member) != Some(node_id));
        }
    }
    false
}

async fn transfer(node: &LocalNode, node_id: u64) -> Result<(), Failure> {
    let (config, identity) = node.open()?;
    let status = ask(&identity, &config.grpc().to_string()).await.map_err(Failure::of_status)?;
    let mut leader = leader_client(&identity, &status)?;
    leader.transfer_leader(TransferLeaderRequest { node_id }).await.map_err(Failure::of_status)?;
    say(format_args!("region node {node_id} leads"));
    Ok(())
}

/// A client of the leader: what only the leader can do is refused by the others.
fn leader_client(
    identity: &Identity,
    status: &StatusReply,
) -> Result<ClusterClient<Channel>, Failure> {
    let Some(leader) = leader_of(status).and_then(|member| member.peer.as_ref()) else {
        return Err(Failure::Unavailable("the cluster has no leader".to_owned()));
    };
    let expected = ExpectedPeer::Region(leader.node_id);
    Ok(ClusterClient::new(identity.channel(&leader.grpc, expected)))
}

fn leader_of(reply: &StatusReply) -> Option<&Member> {
    let leader = reply.leader?;
    reply.members.iter().find(|member| member_id(member) == Some(leader))
}

/// The status from the leader, if it answers: only the leader knows how far the others are.
async fn best_status(identity: &Identity, at: &str) -> Result<StatusReply, tonic::Status> {
    let reply = ask(identity, at).await?;
    if reply.leader == Some(reply.node_id) {
        return Ok(reply);
    }
    let leader = leader_of(&reply).and_then(|member| member.peer.as_ref());
    let Some(leader_grpc) = leader.map(|peer| peer.grpc.clone()) else { return Ok(reply) };
    Ok(ask(identity, &leader_grpc).await.unwrap_or(reply))
}

async fn ask(identity: &Identity, at: &str) -> Result<StatusReply, tonic::Status> {
    let mut client = ClusterClient::new(identity.channel(at, ExpectedPeer::AnyRegion));
    let asked = client.status(StatusRequest {});
    match tokio::time::timeout(ANSWER_MAX, asked).await {
        Ok(Ok(reply)) => Ok(reply.into_inner()),
        Ok(Err(status)) if status.source().is_some() => {
            let reason = identity::reason::of_status(&status);
            let message = format!("region {at} is not reached ({reason}): does it run?");
            Err(tonic::Status::unavailable(message))
        }
        Ok(Err(refused)) => Err(refused),
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

/// How far a member is behind. Without a leader nobody measures it, and what was is no news.
fn lag(reply: &StatusReply, member: &Member) -> Option<u64> {
    reply.leader.and(member.lag)
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
                "lag": lag(reply, member),
                "clock_offset_ms": member.clock_offset_ms,
            })
        })
        .collect();
    json!({
        "cluster_id": reply.cluster_id,
        "term": reply.term,
        "leader": reply.leader,
        "applied": reply.applied,
        "answered_by": reply.node_id,
        "clock_refusal": reply.clock_refusal,
        "members": members,
    })
}

/// Says which clocks are wrong; nothing when all agree.
fn print_clocks(reply: &StatusReply) {
    if let Some(refusal) = &reply.clock_refusal {
        say(format_args!("node {} serves nothing that depends on time: {refusal}", reply.node_id));
    }
    for member in &reply.members {
        let offset_ms = member.clock_offset_ms.unwrap_or_default();
        if offset_ms.abs() > TELL_MS {
            let way = if offset_ms > 0 { "ahead of" } else { "behind" };
            let (ms, by) = (offset_ms.abs(), reply.node_id);
            let (whole, tenths) = (ms / 1_000, ms % 1_000 / 100);
            let id = member_id(member).unwrap_or_default();
            say(format_args!(
                "the clock of node {id} is {whole}.{tenths} s {way} that of node {by}"
            ));
        }
    }
}

/// The columns of members.
const MEMBERS: Columns<'_> = Columns {
    usual: &[
        ("NODE", "node_id"),
        ("NAME", "name"),
        ("ROLE", "role"),
        ("LAG", "lag"),
        ("GRPC", "grpc"),
        ("HTTP", "http"),
    ],
    more: &[("CLOCK-MS", "clock_offset_ms")],
};

fn print_members(output: &OutputArguments, answer: &serde_json::Value) -> Result<(), Failure> {
    let members = &answer["members"];
    output.print_list(MEMBERS, members.as_array().map_or(&[], Vec::as_slice), members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_leader_nobody_is_said_to_keep_up() {
        let member = Member { voter: true, lag: Some(0), ..Member::default() };
        let reply = |leader| StatusReply { leader, ..StatusReply::default() };
        assert_eq!(lag(&reply(None), &member), None);
        assert_eq!(lag(&reply(Some(1)), &member), Some(0));
    }
}
