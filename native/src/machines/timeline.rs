//! Why a machine is as it is: what happened in one order, how long each status took, and what it waits for.

use axum::response::Response;
use http::StatusCode;
use model::machine::waiting::{Help, WaitsFor};
use ops::machine::timeline::{Entry, Kind, LIMIT_MAX, PhaseSpan, Timeline, timeline};
use serde::Serialize;
use tables::update::now;
use utoipa::ToSchema;

use crate::operations::shape::time;
use crate::problem::Problem;
use crate::read;
use crate::registry;
use crate::request::{Input, Request};
use crate::revision;

/// How many entries are told unless it is said.
const LIMIT_DEFAULT: usize = 50;

/// The parameters of the query, with what they mean.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("before", "Only what happened before this revision: `next` of the page before."),
    ("limit", "How many entries: 50 by default, 200 at most."),
];

/// What happened, as part of one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelineItem {
    /// `call`, `phase`, `power`, `lease`, `boot`, `agent` or `other`.
    pub kind: String,
    /// What it was.
    pub text: String,
}

/// What one transaction did with the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// Its revision: the order of what happened.
    pub revision: u64,
    /// When (RFC 3339).
    pub time: String,
    /// Who: `user:admin`, `rack:abc123`, `agent:abc123`; null when that is not known any more.
    pub actor: Option<String>,
    /// The operation; null when it is not known any more.
    pub reason: Option<String>,
    /// The other end of the user's connection, for administrators.
    pub from_address: Option<String>,
    /// The id of the user's request, for administrators.
    pub request_id: Option<String>,
    /// What happened.
    pub happened: Vec<TimelineItem>,
}

/// A status that the machine was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelinePhase {
    /// The status, in a word.
    pub status: String,
    /// The same in MAAS's words.
    pub status_name: String,
    /// When it began (RFC 3339).
    pub began: String,
    /// When it ended; null for the present one.
    pub ended: Option<String>,
    /// How long it took, or has taken, in seconds.
    pub elapsed_seconds: u64,
    /// How long machines of this site usually take, the median in seconds; null when too few are known.
    pub usual_seconds: Option<u64>,
}

/// What would help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelineHelp {
    /// What to do, in a sentence.
    pub text: String,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
}

/// What the machine waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelineWait {
    /// In a word: `nothing`, `operator`, `rack`, `power-switch`, `address`, `boot-program`, `boot-script`, `agent`, `agent-work`,
    /// `deployed-system`, `power-off` or `end-of-rescue`.
    pub what: String,
    /// In a sentence or two.
    pub text: String,
    /// Since when (RFC 3339).
    pub since: String,
    /// For how long, in seconds.
    pub seconds: u64,
    /// When its status counts as timed out; null when it does not.
    pub deadline: Option<String>,
    /// What would help, or comes next; null when there is nothing to do.
    pub help: Option<TimelineHelp>,
}

/// Why a machine is as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Timeline)]
pub struct Shown {
    /// The machine.
    pub system_id: String,
    /// Its name.
    pub hostname: String,
    /// What it waits for.
    pub waits_for: TimelineWait,
    /// The statuses that it was in, oldest first.
    pub phases: Vec<TimelinePhase>,
    /// What happened, newest first.
    pub entries: Vec<TimelineEntry>,
    /// The `before` of the next page; null when nothing is known of what was before.
    pub next: Option<u64>,
    /// All changes after this revision are known; of what was before, only events.
    pub known_after: u64,
}

/// The timeline of a machine.
///
/// # Errors
/// 404 when there is no such machine.
pub async fn answer(request: &Request, input: &Input) -> Result<Response, Problem> {
    let before = revision::number(&input.params, "before")?;
    let limit = match revision::number(&input.params, "limit")? {
        None => LIMIT_DEFAULT,
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=LIMIT_MAX).contains(limit))
            .ok_or_else(|| Problem::parameter("limit", format!("It is from 1 to {LIMIT_MAX}.")))?,
    };
    let unknown = |name: &str| !["before", "limit"].contains(&name) && !name.starts_with("oauth_");
    if let Some((name, _)) = input.params.iter().find(|(name, _)| unknown(name)) {
        return Err(Problem::parameter(name, "There is no such parameter."));
    }
    let machines = registry::find("machines").ok_or_else(|| Problem::new(500, "No machines."))?;
    let object = read::find(request, machines, input.value("machine")).await?;
    let id = object.get("system_id").map(crate::item::text_of).unwrap_or_default();
    let id = id.parse().map_err(|_| Problem::not_found("machine", &id))?;
    let found = timeline(&request.parts.tables, &request.actor, &id, before, limit).await?;
    let shown = serde_json::to_value(shown(found)).unwrap_or_default();
    Ok(read::answer(request, StatusCode::OK, shown))
}

fn shown(found: Timeline) -> Shown {
    let waits_for = waits_for(&found);
    let Timeline { machine, entries, next, known_after, phases, .. } = found;
    Shown {
        system_id: machine.system_id.to_string(),
        hostname: machine.hostname,
        waits_for,
        phases: phases.iter().map(phase).collect(),
        entries: entries.into_iter().map(entry).collect(),
        next,
        known_after,
    }
}

fn entry(entry: Entry) -> TimelineEntry {
    let item = |(kind, text): (Kind, String)| TimelineItem { kind: name(kind).to_owned(), text };
    TimelineEntry {
        revision: entry.revision,
        time: time(entry.at),
        actor: entry.actor,
        reason: entry.reason,
        from_address: entry.from.map(|from| from.to_string()),
        request_id: entry.request_id.map(String::from),
        happened: entry.happened.into_iter().map(item).collect(),
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Call => "call",
        Kind::Phase => "phase",
        Kind::Power => "power",
        Kind::Lease => "lease",
        Kind::Boot => "boot",
        Kind::Agent => "agent",
        Kind::Other => "other",
    }
}

fn phase(span: &PhaseSpan) -> TimelinePhase {
    TimelinePhase {
        status: span.status.filter_name().to_owned(),
        status_name: span.status.name().to_owned(),
        began: time(span.began),
        ended: span.ended.map(time),
        elapsed_seconds: span.ended.unwrap_or_else(now).since_ms(span.began) / 1_000,
        usual_seconds: span.usual_ms.map(|usual_ms| usual_ms / 1_000),
    }
}

fn waits_for(found: &Timeline) -> TimelineWait {
    let (state, wait) = (&found.machine.lifecycle, found.wait);
    let mut text = wait.what.sentence().to_owned();
    let job = found.job.as_ref().and_then(|job| Some((job.rack.as_ref()?, job)));
    if let Some((rack, job)) = job.filter(|_| wait.what == WaitsFor::PowerSwitch) {
        text = format!("{text} It is rack {rack}, attempt {}.", job.attempt);
    }
    if let Some(failure) = &state.failure {
        text = format!("{text} It says: {}", failure.message);
    } else if !state.progress.is_empty() && state.deadline.is_some() {
        text = format!("{text} Last it said: {}", state.progress);
    }
    TimelineWait {
        what: wait.what.name().to_owned(),
        text,
        since: time(wait.since),
        seconds: now().since_ms(wait.since) / 1_000,
        deadline: state.deadline.filter(|_| state.failure.is_none()).map(time),
        help: wait.help.map(|help| told(help, found)),
    }
}

/// What would help, with the command.
fn told(help: Help, found: &Timeline) -> TimelineHelp {
    let machine = &found.machine;
    let of_machine = |text: &str, method: &str, verb: &str| TimelineHelp {
        text: text.to_owned(),
        method: method.to_owned(),
        path: format!("/api/v1/machines/{}/{verb}", machine.system_id),
    };
    let post = |text, verb| of_machine(text, "POST", verb);
    match help {
        Help::Commission => post("Have it examined.", "commission"),
        Help::OverrideFailedTesting => post(
            "Use it although its tests failed, or examine it again.",
            "override-failed-testing",
        ),
        Help::Deploy => post("Install an operating system on it.", "deploy"),
        Help::Release => post("Give it back; then it can be deployed again.", "release"),
        Help::MarkFixed => post("Say that it works again.", "mark-fixed"),
        Help::RescueMode => post("Try rescue mode again, or end it.", "rescue-mode"),
        Help::ExitRescueMode => post("End rescue mode.", "exit-rescue-mode"),
        Help::Abort => post("If this takes too long, look at its console; or end it.", "abort"),
        Help::QueryPower => {
            of_machine("Ask its BMC for its power state.", "GET", "query-power-state")
        }
        Help::Racks => TimelineHelp {
            text: "See which racks are connected, and whether one is on the network of its BMC."
                .to_owned(),
            method: "GET".to_owned(),
            path: "/api/v1/racks".to_owned(),
        },
        Help::ExplainDhcp => TimelineHelp {
            text: "See what DHCP would answer it, and look at its console.".to_owned(),
            method: "GET".to_owned(),
            path: explain_path(found),
        },
    }
}

/// Where it is asked what DHCP would answer the interface that the machine boots from.
fn explain_path(found: &Timeline) -> String {
    let interfaces = &found.machine.interfaces;
    let boots = interfaces.iter().find(|interface| interface.boot).or_else(|| interfaces.first());
    let Some(interface) = boots else { return "/api/v1/dhcp/explain".to_owned() };
    let vlan = interface.vlan.map(|vlan| format!("&vlan={vlan}")).unwrap_or_default();
    format!("/api/v1/dhcp/explain?mac={}{vlan}", interface.mac)
}
