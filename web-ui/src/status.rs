//! `/MAAS/status`: how the cluster stands, as this node sees it. It needs no leader, no login and no script, for the night when
//! those are what is missing.

use std::fmt::Write;

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::header;
use raft_store::status::{Member, Status};
use tables::update::Tables;

use crate::places::{ROOT, STATUS_STYLE};
use crate::standing::judge;

/// How the page looks.
pub(crate) async fn style() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, include_str!("../assets/status.css")).into_response()
}

/// The page.
pub(crate) async fn page(State(tables): State<Tables>) -> Response {
    let page = match tables.store().status() {
        Some(status) => of_cluster(&status, tables.clock().refusal().as_deref()),
        None => framed("<h1>This store is in memory and has no cluster.</h1>\n"),
    };
    ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response()
}

fn of_cluster(status: &Status, clock: Option<&str>) -> String {
    let standing = judge(status, clock);
    let (mark, kind) = if standing.is_good { ("●", "good") } else { ("▲", "bad") };
    let mut body = format!(
        "<h1 class=\"{kind}\"><span aria-hidden=\"true\">{mark}</span> {}</h1>\n<p>{}</p>\n",
        escaped(&standing.headline),
        escaped(&standing.advice),
    );
    let facts = [
        ("This node", format!("{} ({})", status.node_id, status.role.name())),
        ("Leader", status.leader.map_or_else(|| "none is heard".to_owned(), |id| id.to_string())),
        ("Regions that vote", standing.voters.to_string()),
        ("May be lost of them", standing.may_lose.to_string()),
        ("Revision here", status.applied.to_string()),
        ("Not applied yet", format!("{} entries", status.last_log.saturating_sub(status.applied))),
        ("Term", status.term.to_string()),
        ("Clock", clock.unwrap_or("agrees with a majority").to_owned()),
    ];
    body.push_str("<dl>\n");
    for (name, value) in facts {
        let _infallible = writeln!(body, "<dt>{name}</dt><dd>{}</dd>", escaped(&value));
    }
    body.push_str(
        "</dl>\n<table>\n<thead><tr><th scope=\"col\">Node</th><th scope=\"col\">Address</th><th scope=\"col\">Role</th>\
         <th scope=\"col\">Behind</th></tr></thead>\n<tbody>\n",
    );
    for member in &status.members {
        row(&mut body, member, status);
    }
    body.push_str("</tbody>\n</table>\n");
    framed(&body)
}

fn row(body: &mut String, member: &Member, status: &Status) {
    let part = match (Some(member.id) == status.leader, member.voter) {
        (true, _) => "leader",
        (false, true) => "votes",
        (false, false) => "learns",
    };
    let here = if member.id == status.node_id { " (this node)" } else { "" };
    let behind =
        member.lag.map_or_else(|| "only the leader knows".to_owned(), |lag| lag.to_string());
    let _infallible = writeln!(
        body,
        "<tr><td>{}{here}</td><td>{}</td><td>{part}</td><td>{behind}</td></tr>",
        member.id,
        escaped(&member.address),
    );
}

fn framed(body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta http-equiv=\"refresh\" content=\"5\">\n\
         <title>Status of Ironraft</title>\n<link rel=\"stylesheet\" href=\"{STATUS_STYLE}\">\n</head>\n<body>\n<main>\n{body}\
         <p><a href=\"{ROOT}\">Open the interface</a> · this page is of this node alone, and anew every five seconds.</p>\n\
         </main>\n</body>\n</html>\n",
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use raft_store::status::Role;

    use super::*;

    fn of_three(leader: Option<u64>) -> Status {
        let member = |id: u64| Member {
            id,
            address: format!("10.0.0.{id}:5241"),
            voter: id < 3,
            matched: None,
            lag: (id == 2).then_some(4),
        };
        Status {
            cluster_id: "c".to_owned(),
            node_id: 2,
            role: Role::Follower,
            term: 7,
            leader,
            last_log: 120,
            applied: 118,
            snapshot: None,
            purged: None,
            disk_bytes: 0,
            disk_free_bytes: 0,
            members: [1, 2, 3].map(member).into(),
        }
    }

    #[test]
    fn with_a_leader_the_page_says_who_leads_and_how_far_each_is() {
        let page = of_cluster(&of_three(Some(1)), None);
        for part in [
            "<h1 class=\"good\">",
            "Node 1 leads, and a quorum answers it",
            "<dt>Revision here</dt><dd>118</dd>",
            "<dt>Not applied yet</dt><dd>2 entries</dd>",
            "<td>1</td><td>10.0.0.1:5241</td><td>leader</td><td>only the leader knows</td>",
            "<td>2 (this node)</td><td>10.0.0.2:5241</td><td>votes</td><td>4</td>",
            "<td>3</td><td>10.0.0.3:5241</td><td>learns</td>",
        ] {
            assert!(page.contains(part), "{part} is missing in {page}");
        }
    }

    #[test]
    fn without_a_leader_the_page_says_what_is_needed() {
        let page = of_cluster(&of_three(None), None);
        assert!(page.contains("<h1 class=\"bad\">"), "{page}");
        assert!(page.contains("No leader is known"), "{page}");
    }

    #[test]
    fn what_comes_from_elsewhere_is_no_markup() {
        let page = of_cluster(&of_three(Some(1)), Some("<script>alert(1)</script>"));
        assert!(!page.contains("<script>"), "{page}");
    }
}
