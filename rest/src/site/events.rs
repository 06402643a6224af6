//! `events/?op=query`: what happened to machines.

use std::str::FromStr;

use api::events::{Audit, Event, EventPage};
use model::error::Kind;
use model::event::EventLevel;
use ops::site::dates;
use ops::site::events::{self, EventQuery, Listed};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1000;
const PATH: &str = "/MAAS/api/2.0/events/";

const HOSTNAME: Param<String> = Param::text(
    "hostname",
    "Only of machines that have this name now; those of deleted ones are found by `id`.",
);
const MAC_ADDRESS: Param<String> =
    Param::text("mac_address", "Only of the machine with this hardware address.");
const ID: Param<String> = Param::text("id", "Only of machines with this id.");
const ZONE: Param<String> = Param::text("zone", "Only of machines in this zone now.");
const DOMAIN: Param<String> = Param::text("domain", "Only of machines in this domain now.");
const AGENT_NAME: Param<String> =
    Param::text("agent_name", "Only of machines that were allocated under this name.");
const LEVEL: Param<String> = Param::text(
    "level",
    "The least level; INFO by default. AUDIT is that level alone, for administrators.",
);
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
            ZONE.optional(),
            DOMAIN.optional(),
            AGENT_NAME.optional(),
            OWNER.optional(),
            LIMIT.optional(),
            BEFORE.optional(),
            AFTER.optional(),
        ])];

async fn query(call: Call) -> Result<Reply, Problem> {
    let wanted = parse(&call.params)?;
    let found = events::listed(&call.parts.tables, &call.actor, &wanted).await?;
    let same = same_question(&call.params)?;
    let page = |end: &str, id: u64| format!("{same}&{end}={id}");
    let newest = found.first().map(|listed| listed.event.id);
    let oldest = found.last().map(|listed| listed.event.id);
    let next = newest.or_else(|| wanted.before.map(|before| before.saturating_sub(1)));
    let previous = oldest.or_else(|| wanted.after.map(|after| after.saturating_add(1)));
    Ok(Reply::json(&EventPage {
        count: found.len(),
        events: found.iter().map(shape).collect(),
        next_uri: next.map_or_else(|| same.clone(), |id| page("after", id)),
        prev_uri: previous.map(|id| page("before", id)),
    }))
}

/// The question with all that was asked but for the place in the list.
fn same_question(params: &Params) -> Result<String, Problem> {
    let names = [
        "hostname",
        "mac_address",
        "id",
        "zone",
        "domain",
        "agent_name",
        "owner",
        "level",
        "limit",
    ];
    let mut asked = vec![("op", "query")];
    for name in names {
        asked.extend(params.all(name).iter().map(|value| (name, value.as_str())));
    }
    let asked = serde_urlencoded::to_string(asked);
    let asked = asked.map_err(|error| Problem::text(Kind::Internal, error.to_string()))?;
    Ok(format!("{PATH}?{asked}"))
}

fn parse(params: &Params) -> Result<EventQuery, Problem> {
    let wrong = |message: String| Problem::text(Kind::Invalid, message);
    let limit = LIMIT.of(params)?.unwrap_or(LIMIT_DEFAULT).max(1);
    if limit > LIMIT_MAX {
        return Err(wrong(format!(
            "Requested number of events {limit} is greater than limit: {LIMIT_MAX}"
        )));
    }
    let (before, after) = (BEFORE.of(params)?, AFTER.of(params)?);
    if before.is_some() && after.is_some() {
        return Err(wrong(
            "There is undetermined behaviour when both `after` and `before` are specified.".into(),
        ));
    }
    let level = LEVEL
        .named(params)
        .map(|text| level_of(&text).ok_or_else(|| wrong(format!("Unrecognised log level: {text}"))))
        .transpose()?;
    let (hostnames, owner) = (HOSTNAME.items(params).unwrap_or_default(), OWNER.given(params));
    let (zone, domain) = (ZONE.named(params), DOMAIN.named(params));
    let agent_name = AGENT_NAME.given(params);
    let (ids, macs) = (ID.items(params), MAC_ADDRESS.items(params));
    Ok(EventQuery {
        hostnames,
        system_ids: ids.map(|texts| parsed("id", &texts)).transpose()?,
        macs: macs.map(|texts| parsed("mac_address", &texts)).transpose()?,
        zone,
        domain,
        agent_name,
        placed: None,
        asks: None,
        owner,
        level,
        levels: Vec::new(),
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

fn shape(Listed { event, revision }: &Listed) -> Event {
    let audit = event.audit.as_ref().map(|audit| Audit {
        operation: audit.operation.clone(),
        from: audit.from,
        request_id: audit.request_id.clone(),
        revision: *revision,
        objects: audit.objects.clone(),
        more: audit.more,
    });
    Event {
        username: event.username.clone().unwrap_or_else(|| "unknown".to_owned()),
        node: event.node.clone(),
        hostname: event.hostname.clone(),
        id: event.id,
        level: level_name(event.level).to_owned(),
        created: dates::maas_date(event.created),
        kind: event.kind.clone(),
        description: event.description.clone(),
        audit,
    }
}

/// The level of that name.
#[must_use]
pub fn level_of(text: &str) -> Option<EventLevel> {
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

/// The name of a level.
#[must_use]
pub const fn level_name(level: EventLevel) -> &'static str {
    match level {
        EventLevel::Audit => "AUDIT",
        EventLevel::Debug => "DEBUG",
        EventLevel::Info => "INFO",
        EventLevel::Warning => "WARNING",
        EventLevel::Error => "ERROR",
        EventLevel::Critical => "CRITICAL",
    }
}
