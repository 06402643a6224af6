//! `events/?op=query`: what happened to machines.

use crate::problem::Problem;
use model::error::Kind;
use model::event::{Event, EventLevel};
use model::mac::MacAddress;
use model::time::Timestamp;
use serde_json::{Value, json};

use crate::call::Call;
use crate::operation::Operation;
use crate::params::Params;
use crate::reply::Reply;
use ops::site::events::{self, EventQuery};
use tables::machines::MACHINE_BY_MAC;
use tables::read::{Reads, View};

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1000;
const PATH: &str = "/MAAS/api/2.0/events/?op=query";

/// The operations on events.
pub const OPERATIONS: &[Operation] =
    &[Operation::get("EventsHandler", "events/", |call| Box::pin(query(call))).op("query").doc(
        "List events, newest first.\n\n:param hostname: Only of machines with this name.\n\
         :param mac_address: Only of the machine with this hardware address.\n\
         :param id: Only of machines with this id.\n\
         :param level: The least level; INFO by default.\n\
         :param owner: Only caused by this user.\n\
         :param limit: At most so many, 1000 at most.\n\
         :param before: Only with smaller ids.\n:param after: Only with greater ids.",
    )];

async fn query(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let wanted = parse(&call.params, &view)?;
    let found = events::query(&view, &wanted)?;
    let shapes: Vec<Value> = found.iter().map(shape).collect();
    let newest = found.first().map(|event| event.id);
    let oldest = found.last().map(|event| event.id);
    let level = call.params.get("level").unwrap_or("INFO");
    let page = |end: &str, id: Option<u64>| {
        id.map(|id| format!("{PATH}&level={level}&limit={}&{end}={id}", wanted.limit))
    };
    Ok(Reply::json(&json!({
        "count": shapes.len(),
        "events": shapes,
        "next_uri": page("after", newest).unwrap_or_else(|| PATH.to_owned()),
        "prev_uri": page("before", oldest),
    })))
}

fn parse(params: &Params, view: &View) -> Result<EventQuery, Problem> {
    let wrong = |message: String| Problem::text(Kind::Invalid, message);
    let limit = params.parsed("limit", "Enter a whole number.")?.unwrap_or(LIMIT_DEFAULT);
    if limit > LIMIT_MAX {
        return Err(wrong(format!(
            "Requested number of events {limit} is greater than limit: {LIMIT_MAX}"
        )));
    }
    let before = params.parsed("before", "Enter a whole number.")?;
    let after = params.parsed("after", "Enter a whole number.")?;
    if before.is_some() && after.is_some() {
        return Err(wrong(
            "There is undefined behaviour when before and after are specified.".into(),
        ));
    }
    let level = params.get("level").filter(|text| !text.is_empty());
    let level = level
        .map(|text| level_of(text).ok_or_else(|| wrong(format!("Unrecognised log level: {text}"))))
        .transpose()?;
    Ok(EventQuery {
        hostnames: params.items("hostname").unwrap_or_default(),
        system_ids: nodes_of(params, view)?,
        owner: params.get("owner").map(str::to_owned),
        level,
        before,
        after,
        limit,
    })
}

fn nodes_of(params: &Params, view: &View) -> Result<Option<Vec<model::id::SystemId>>, Problem> {
    let ids = params.items("id");
    let macs = params.items("mac_address");
    if ids.is_none() && macs.is_none() {
        return Ok(None);
    }
    let ids = ids.unwrap_or_default();
    let mut nodes: Vec<_> = ids.iter().filter_map(|text| text.parse().ok()).collect();
    for text in macs.unwrap_or_default() {
        let mac: Option<MacAddress> = text.parse().ok();
        let machine = mac.map_or(Ok(None), |mac| view.find(&MACHINE_BY_MAC, &mac))?;
        nodes.extend(machine.map(|machine| machine.system_id));
    }
    Ok(Some(nodes))
}

fn shape(event: &Event) -> Value {
    json!({
        "username": event.username.as_deref().unwrap_or("unknown"),
        "node": event.node,
        "hostname": event.hostname,
        "id": event.id,
        "level": level_name(event.level),
        "created": date(event.created),
        "type": event.kind,
        "description": event.description,
    })
}

/// `Sun, 22 Nov. 2026 10:35:26`, as MAAS prints dates of events.
fn date(at: Timestamp) -> String {
    let millis = i64::try_from(at.unix_ms).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    time.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b. %Y %H:%M:%S").to_string()
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
