//! Settings, groups, tags, users and their keys.

use std::collections::BTreeSet;

use model::answered::Answered;
use model::entitlement::{Entitlement, Grant, Scope};
use model::id::{AvailabilityZoneId, ResourcePoolId, SshKeyId, UserGroupId, UserId};
use model::login::{LoginRecord, Subject};
use model::operation::{BulkOperation, Outcome, Target};
use model::pool::ResourcePool;
use model::session::Session;
use model::setting::Setting;
use model::ssh_key::SshKey;
use model::tag::{Due, Tag, TagEvaluation};
use model::user::{ApiToken, TokenOwner, User};
use model::usergroup::{Membership, UserGroup};
use model::zone::AvailabilityZone;
use serde_json::json;
use tables::indexes::mark::{IndexFill, Stage};

use super::{Written, at, id, row, text};

pub(super) fn rows() -> Vec<Written> {
    [settings(), groups(), users(), user_groups(), index_fills()].into_iter().flatten().collect()
}

fn settings() -> Vec<Written> {
    let setting = |name: &str, value| Setting { name: text(name), value };
    vec![
        row("number", setting("node_timeout", json!(30))),
        row("text", setting("upstream_dns", json!("9.9.9.9 #1"))),
        row("flag", setting("enable_third_party_drivers", json!(true))),
        row("null", setting("http_proxy", json!(null))),
        row("list", setting("ntp_servers", json!(["ntp.example.org"]))),
    ]
}

fn index_fills() -> Vec<Written> {
    let fill = |index: &str, stage, after: Option<&str>| IndexFill {
        index: text(index),
        stage,
        after: after.map(text),
    };
    vec![
        row("index being swept", fill("example.swept", Stage::Sweep, None)),
        row("index being filled", fill("example.filled", Stage::Fill, Some("dC9ldmVudC8wMQ=="))),
        row("complete index", fill("example.complete", Stage::Complete, None)),
    ]
}

fn groups() -> Vec<Written> {
    let zone = AvailabilityZone {
        id: AvailabilityZoneId(2),
        name: text("Zone A"),
        description: text("first floor"),
    };
    let pool =
        ResourcePool { id: ResourcePoolId(3), name: text("web"), description: text("of the web") };
    let tag = |name: &str, filled: &str| Tag {
        name: text(name),
        definition: text(filled),
        comment: text(filled),
        kernel_opts: text(filled),
    };
    vec![
        row("zone", zone),
        row("pool", pool),
        row("tag with everything", tag("gpu", "//node[@class=\"x\"]")),
        row("tag with nothing", tag("ssd", "")),
        row("definition not evaluated yet", TagEvaluation::of(Due::Tag(text("gpu")), 7)),
        row(
            "definition evaluated in part",
            TagEvaluation { due: Due::Tag(text("ssd")), after: Some(id("aaaaaa")), since: 8 },
        ),
        row("hardware not looked at yet", TagEvaluation::of(Due::Machine(id("aaaaaa")), 9)),
    ]
}

fn user_groups() -> Vec<Written> {
    let scopes = [Scope::Site, Scope::Pool(ResourcePoolId(3))];
    let grants = scopes.into_iter().flat_map(|scope| {
        let possible =
            Entitlement::ALL.iter().filter(move |it| scope == Scope::Site || it.is_of_pools());
        possible.map(move |&entitlement| Grant { scope, entitlement })
    });
    let group = |number, name: &str, grants| UserGroup {
        id: UserGroupId(number),
        name: text(name),
        description: text("of a team"),
        grants,
    };
    let groups = [UserGroupId(1), UserGroupId(2)].into();
    let member = |groups| Membership { user: UserId(2), username: text("Eve"), groups };
    vec![
        row("group that gives everything", group(1, "All", grants.collect())),
        row("group that gives nothing", group(2, "Team A", BTreeSet::new())),
        row("user in groups", member(groups)),
        row("user in no group", Membership { user: UserId(3), ..member(BTreeSet::new()) }),
    ]
}

fn users() -> Vec<Written> {
    let user = |number, name: &str, password_hash: Option<String>| User {
        id: UserId(number),
        username: text(name),
        email: text("a@example.org"),
        is_superuser: password_hash.is_some(),
        password_hash: password_hash.map(Into::into),
        created: at(1),
    };
    let token = |key: &str, owner| ApiToken {
        key: text(key),
        secret: "s".repeat(32).into(),
        consumer_key: "c".repeat(18),
        name: text("laptop"),
        owner,
        created: at(2),
    };
    let ssh_key = SshKey {
        id: SshKeyId(5),
        user: UserId(2),
        key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGDdHbFpgaAPlUwBtLPfcQZq3vMzDP2eEUSmhUvUNXEB eve"
            .parse()
            .expect("a key"),
        created: at(3),
    };
    let answered = Answered { id: "ab".repeat(32), request: "cd".repeat(32), at: at(7) };
    let session = Session {
        id: "ab".repeat(32),
        user: UserId(2),
        created: at(8),
        used: at(9),
        from: Some("2001:db8::9".parse().expect("an address")),
        ends: None,
    };
    let of_provider = Session { id: "cd".repeat(32), ends: Some(at(10)), ..session };
    vec![
        row("user with a password", user(1, "admin", Some(text("$argon2id$v=19$x")))),
        row("user without one", user(2, "Eve", None)),
        row("key of a user", token("k1k1k1k1k1k1k1k1k1", TokenOwner::User(UserId(2)))),
        row("key of a machine", token("k2k2k2k2k2k2k2k2k2", TokenOwner::Machine(id("aaaaaa")))),
        row("SSH key", ssh_key),
        row("session", session),
        row("request that was carried out", answered),
        row("session of a provider's user", of_provider),
        row("operation that is under way", under_way()),
        row("operation that was cancelled", cancelled()),
        row("failures from an address", LoginRecord::new(Subject::Address(7)).failed(at(4))),
        row("failures under a name of nobody", LoginRecord::new(Subject::Unknown(7)).failed(at(5))),
        row(
            "where a user was logged in from",
            LoginRecord {
                subject: Subject::User(UserId(2)),
                failures: 3,
                last_failure: at(6),
                addresses: vec![("10.0.0.9".parse().expect("an address"), at(7))],
            },
        ),
    ]
}

/// With every outcome, a secret, and a target that was tried in vain.
fn under_way() -> BulkOperation {
    let target = |id: &str, outcome: Outcome, tries: u16| Target {
        id: id.to_owned(),
        name: format!("node-{id}"),
        outcome,
        at: Some(at(4)),
        tries,
    };
    BulkOperation {
        id: "0123456789abcdef".to_owned(),
        user: UserId(2),
        username: "Eve".to_owned(),
        from: Some("2001:db8::9".parse().expect("an address")),
        request_id: Some("r-1".parse().expect("an id")),
        request: "cd".repeat(32),
        resource: "machines".to_owned(),
        verb: "deploy".to_owned(),
        filter: Some("pool:lab".to_owned()),
        parameters: [("distro_series".to_owned(), vec!["bookworm".to_owned()])].into(),
        secrets: [("user_data".to_owned(), vec!["x".into()])].into(),
        resolved_at: 7,
        created: at(3),
        ended: None,
        cancelled_by: None,
        targets: vec![
            target("aaaaaa", Outcome::Done { revision: 9 }, 0),
            target("bbbbbb", Outcome::Failed { status: 409, detail: "no".to_owned() }, 0),
            target("cccccc", Outcome::Waiting, 2),
        ],
    }
}

fn cancelled() -> BulkOperation {
    let mut operation = BulkOperation {
        id: "operationthattwo".to_owned(),
        from: None,
        request_id: None,
        request: String::new(),
        filter: None,
        ..under_way()
    };
    operation.cancel("user:admin", at(5));
    operation
}
