//! Events, newest first. Levels and machines of a filter are found by their indexes; what else it says is asked of the
//! events that are found, a bounded number of them for each page.

use api::events::Audit;
use model::event::EventLevel;
use ops::site::dates;
use ops::site::events::{self, EventQuery, Listed};
use rest::site::events::{level_name, level_of};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::paged::{PageQuery, Paged, Pages, no_token};
use crate::problem::Problem;
use crate::request::Request;

/// How many events a request looks at.
const LOOKED_AT_MAX: usize = 16_384;

/// How many are read at once.
const READ_AT_ONCE: usize = 512;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Event {
    /// Its id: later ones have greater ones.
    pub id: u64,
    /// When it happened (RFC 3339).
    pub created: String,
    /// `audit`, `debug`, `info`, `warning`, `error` or `critical`.
    pub level: String,
    /// What sort of event it is, in words.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened in particular.
    pub description: String,
    /// The machine or controller that it is of, by its id.
    pub node: Option<String>,
    /// The name that it had.
    pub hostname: String,
    /// Who caused it, if a user did.
    pub username: Option<String>,
    /// What a request changed; of the level audit only.
    pub audit: Option<Audit>,
}

/// How events are listed.
pub const PAGES: Pages = Pages {
    fields: None,
    page: |request, query| Box::pin(page(request, query)),
    one: |request, key| Box::pin(one(request, key)),
};

async fn page(request: &Request, query: &PageQuery) -> Result<Paged, Problem> {
    let mut wanted = narrowed(query)?;
    let (mut items, mut looked_at) = (Vec::new(), 0);
    loop {
        let found = events::listed(&request.parts.tables, &request.actor, &wanted).await?;
        looked_at += found.len();
        let (is_last, mut last) = (found.len() < wanted.limit, None);
        for listed in &found {
            if let Some(object) = (query.meant)(json(listed)) {
                if items.len() == query.limit {
                    return Ok(Paged { items, next: last.or(wanted.before).map(token) });
                }
                items.push(object);
            }
            last = Some(listed.event.id);
        }
        wanted.before = last.or(wanted.before);
        if is_last {
            return Ok(Paged { items, next: None });
        }
        if looked_at >= LOOKED_AT_MAX {
            return Ok(Paged { items, next: wanted.before.map(token) });
        }
    }
}

fn token(last: u64) -> String {
    last.to_string()
}

/// Where the events that a filter means are looked for.
fn narrowed(query: &PageQuery) -> Result<EventQuery, Problem> {
    let before = match &query.after {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| no_token())?),
    };
    let mut wanted = EventQuery { before, limit: READ_AT_ONCE, ..EventQuery::default() };
    for (name, words) in &query.words {
        match name.as_str() {
            "level" => {
                let unknown = |word: &String| {
                    Problem::parameter("filter", format!("There is no level {word:?}."))
                };
                let read = |word: &String| level_of(word).ok_or_else(|| unknown(word));
                let levels: Vec<EventLevel> =
                    words.iter().map(read).collect::<Result<_, Problem>>()?;
                wanted.levels = match wanted.levels.as_slice() {
                    [] => levels,
                    // Both terms must hold. When nothing is in both, no event is meant, wherever it is looked for.
                    before => before.iter().copied().filter(|one| levels.contains(one)).collect(),
                };
            }
            "node" if wanted.system_ids.is_none() => {
                wanted.system_ids =
                    Some(words.iter().filter_map(|word| word.parse().ok()).collect());
            }
            _ => {}
        }
    }
    Ok(wanted)
}

async fn one(request: &Request, key: &str) -> Result<Vec<Value>, Problem> {
    let Ok(id) = key.parse() else { return Ok(Vec::new()) };
    match events::get(&request.parts.tables, &request.actor, id).await {
        Ok(found) => Ok(vec![json(&found)]),
        Err(ops::error::Refusal::NotFound { .. }) => Ok(Vec::new()),
        Err(other) => Err(other.into()),
    }
}

fn json(Listed { event, revision }: &Listed) -> Value {
    let audit = event.audit.as_ref().map(|audit| Audit {
        operation: audit.operation.clone(),
        from: audit.from,
        request_id: audit.request_id.clone(),
        revision: *revision,
        objects: audit.objects.clone(),
        more: audit.more,
    });
    let shape = Event {
        id: event.id,
        created: dates::rfc3339_ms(event.created),
        level: level_name(event.level).to_lowercase(),
        kind: event.kind.clone(),
        description: event.description.clone(),
        node: event.node.as_ref().map(ToString::to_string),
        hostname: event.hostname.clone(),
        username: event.username.clone(),
        audit,
    };
    serde_json::to_value(shape).unwrap_or_default()
}
