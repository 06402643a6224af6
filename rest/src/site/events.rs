//! `events/?op=query`: what happened to machines.

use std::str::FromStr;

use api::events::{Event, EventPage};
use model::error::Kind;
use model::event::EventLevel;
use ops::site::dates;
use ops::site::events::{self, EventQuery};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::refused::Refused;
use crate::reply::Reply;

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1000;
const PATH: &str = "/MAAS/api/2.0/events/?op=query";

const HOSTNAME: Param<String> = Param::text(
    "hostname",
    "Only of machines that have this name now; those of deleted ones are found by `id`.",
);
const MAC_ADDRESS: Param<String> =
    Param::text("mac_address", "Only of the machine with this hardware address.");
const ID: Param<String> = Param::text("id", "Only of machines with this id.");
const LEVEL: Param<String> = Param::text("level", "The least level; INFO by default.");
const OWNER: Param<String> = Param::text("owner", "Only caused by this user.");
const LIMIT: Param<usize> = Param::number("limit", "At most so many, 1000 at most.");
const BEFORE: Param<u64> = Param::number("before", "Only with smaller ids.");
const AFTER: Param<u64> = Param::number("after", "Only with greater ids.");

/// The operations on events.
pub const OPERATIONS: &[Operation] =
    &[Operation::get("EventsHandler", "events/", |call| Box::pin(query(call)))
        .op("query")
        .doc("List events, newest first.")
        .params(&[
            HOSTNAME.repeated(),
            MAC_ADDRESS.repeated(),
            ID.repeated(),
            LEVEL.optional(),
            OWNER.optional(),
            LIMIT.optional(),
            BEFORE.optional(),
            AFTER.optional(),
        ])
        .refuses(&[Refused::new(
            &["zone", "domain", "agent_name"],
            "Events are not found by that: leave it out, and name machines by `id` or `hostname`.",
        )])];

async fn query(call: Call) -> Result<Reply, Problem> {
    let wanted = parse(&call.params)?;
    let found = events::list(&call.parts.tables, &call.actor, &wanted).await?;
    let newest = found.first().map(|event| event.id);
    let oldest = found.last().map(|event| event.id);
    let same = format!("{PATH}&{}", same_question(&call.params, &wanted)?);
    let page = |end: &str, id: Option<u64>| id.map(|id| format!("{same}&{end}={id}"));
    Ok(Reply::json(&EventPage {
        count: found.len(),
        events: found.iter().map(shape).collect(),
        next_uri: page("after", newest.or(wanted.after)).unwrap_or_else(|| same.clone()),
        prev_uri: page("before", oldest),
    }))
}

/// Everything that was asked but for the place in the list.
fn same_question(params: &Params, wanted: &EventQuery) -> Result<String, Problem> {
    let mut asked = Vec::new();
    for name in ["hostname", "mac_address", "id", "owner"] {
        asked.extend(params.all(name).iter().map(|value| (name, value.clone())));
    }
    asked.push(("level", LEVEL.given(params).unwrap_or_else(|| "INFO".to_owned())));
    asked.push(("limit", wanted.limit.to_string()));
    serde_urlencoded::to_string(asked)
        .map_err(|error| Problem::text(Kind::Internal, error.to_string()))
}

fn parse(params: &Params) -> Result<EventQuery, Problem> {
    let wrong = |message: String| Problem::text(Kind::Invalid, message);
    let limit = LIMIT.of(params)?.unwrap_or(LIMIT_DEFAULT);
    if limit > LIMIT_MAX {
        return Err(wrong(format!(
            "Requested number of events {limit} is greater than limit: {LIMIT_MAX}"
        )));
    }
    let (before, after) = (BEFORE.of(params)?, AFTER.of(params)?);
    if before.is_some() && after.is_some() {
        return Err(wrong(
            "There is undefined behaviour when before and after are specified.".into(),
        ));
    }
    let level = LEVEL
        .named(params)
        .map(|text| level_of(&text).ok_or_else(|| wrong(format!("Unrecognised log level: {text}"))))
        .transpose()?;
    let (hostnames, owner) = (HOSTNAME.items(params).unwrap_or_default(), OWNER.given(params));
    let (ids, macs) = (ID.items(params), MAC_ADDRESS.items(params));
    Ok(EventQuery {
        hostnames,
        system_ids: ids.map(|texts| parsed("id", &texts)).transpose()?,
        macs: macs.map(|texts| parsed("mac_address", &texts)).transpose()?,
        owner,
        level,
        before,
        after,
        limit,
    })
}

/// The values of a parameter.
fn parsed<T: FromStr>(name: &str, texts: &[String]) -> Result<Vec<T>, Problem> {
    let wrong = |text: &String| Problem::field(name, format!("'{text}' is not a valid {name}."));
    texts.iter().map(|text| text.parse().map_err(|_| wrong(text))).collect()
}

fn shape(event: &model::event::Event) -> Event {
    Event {
        username: event.username.clone().unwrap_or_else(|| "unknown".to_owned()),
        node: event.node.clone(),
        hostname: event.hostname.clone(),
        id: event.id,
        level: level_name(event.level).to_owned(),
        created: dates::maas_date(event.created),
        kind: event.kind.clone(),
        description: event.description.clone(),
    }
}

fn level_of(text: &str) -> Option<EventLevel> {
    Some(match text.to_ascii_uppercase().as_str() {
        "AUDIT" => EventLevel::Audit,
        "DEBUG" => EventLevel::Debug,
        "INFO" => EventLevel::Info,
        "WARNING" => EventLevel::Warning,
        "ERROR" => EventLevel::Error,
        "CRITICAL" => EventLevel::Critical,
        _ => return None,
    })
}

const fn level_name(level: EventLevel) -> &'static str {
    match level {
        EventLevel::Audit => "AUDIT",
        EventLevel::Debug => "DEBUG",
        EventLevel::Info => "INFO",
        EventLevel::Warning => "WARNING",
        EventLevel::Error => "ERROR",
        EventLevel::Critical => "CRITICAL",
    }
}
