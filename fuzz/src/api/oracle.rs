//! Who may have changed what, and seen which machine: told from the rows before and after, and from nothing that the
//! region decides by.

use bytes::Bytes;
use model::device::Device;
use model::entitlement::EVERYBODY;
use model::file::File;
use model::id::{SystemId, UserId};
use model::machine::Machine;
use model::machine::lifecycle::Phase;
use model::net::iprange::IpRange;
use model::net::reserved::ReservedAddress;
use model::notification::Dismissal;
use model::session::Session;
use model::ssh_key::SshKey;
use model::ssl_key::SslKey;
use model::user::{ApiToken, TokenOwner, User};
use model::usergroup::{Membership, UserGroup};
use tables::read::{Reads, View};
use tables::row::{Row, id_of_row_or_part, row_id};

use super::requests::{Answer, Request};
use super::roles::Role;
use super::site::Site;
use super::stock::HIDDEN;

/// Transactions of one request, at most.
const TRANSACTIONS_MAX: usize = 1_000;

/// What follows from changes of others, or from their failure: the log of events, serials, levels, marks, and how often logins failed.
const DERIVED: &[&str] = &[
    "event",
    "indexfill",
    "login",
    "pool-level",
    "prefix-pool-level",
    "tag-evaluation",
    "zone-serial",
];

/// Looks at what a request changed.
///
/// # Panics
/// When it changed what it may not.
pub(crate) async fn check(
    site: &Site,
    request: &Request,
    answer: &Answer,
    old: &View,
    before: u64,
) {
    let now = site.read().await;
    if now.revision() == before {
        return;
    }
    let changes = now.changes_after(before, TRANSACTIONS_MAX).expect("a request changes little");
    let keys: Vec<Bytes> = changes
        .into_iter()
        .map(|(key, _)| key)
        .filter(|key| table_of(key).is_some_and(|table| !DERIVED.contains(&table)))
        .collect();
    if keys.is_empty() {
        return;
    }
    let shown = || keys.iter().map(|key| String::from_utf8_lossy(key)).collect::<Vec<_>>();
    let (status, text) = (answer.status, &answer.text);
    assert!(!request.only_reads(), "read and changed {:?}", shown());
    assert!(status < 400, "refused with {status} {text} and changed {:?}", shown());
    if request.role == Role::Superuser {
        return;
    }
    let new = site.view().await;
    let Some(user) = site.user(request.role) else {
        let presents = request.action.path == "machines/" && request.action.op.is_none();
        let may = presents && keys.iter().all(|key| may_present(key, old, &new));
        assert!(may, "{:?} changed {:?}: {status} {text}", request.role, shown());
        return;
    };
    if !is_ordinary(user, old) {
        return;
    }
    for key in &keys {
        let may = may_change(user, request, key, old, &new);
        let key = String::from_utf8_lossy(key);
        assert!(may, "{:?} changed {key}: {status} {text}", request.role);
    }
}

/// Nobody is shown a machine of others: its description names it.
///
/// # Panics
/// When somebody is.
pub(crate) async fn check_sight(site: &Site, request: &Request, answer: &Answer, old: &View) {
    if request.role == Role::Superuser || !answer.text.contains(HIDDEN) {
        return;
    }
    let new = site.view().await;
    let user = site.user(request.role);
    if user.is_some_and(|user| !is_ordinary(user, old)) {
        return;
    }
    for (at, _) in answer.text.match_indices(HIDDEN) {
        let digits = answer.text[at + HIDDEN.len()..].chars().take_while(char::is_ascii_digit);
        let Ok(number) = digits.collect::<String>().parse() else { continue };
        let id = SystemId::from_number(number);
        let owner = |view: &View| {
            let found = view.get::<Machine>(&id).expect("rows can be read");
            found.map(|machine| machine.placement.owner)
        };
        let may_see = |owner: Option<UserId>| user.is_some_and(|user| is_free_or(user, owner));
        let is_seen_rightly = [owner(old), owner(&new)].into_iter().flatten().any(may_see);
        assert!(is_seen_rightly, "{:?} is shown machine {id}: {}", request.role, answer.text);
    }
}

/// Whether a user has no more by its groups than ordinary users have: what groups give is shown by tests of its own.
fn is_ordinary(user: UserId, at: &View) -> bool {
    let membership = at.get::<Membership>(&user).expect("rows can be read");
    let groups = membership.into_iter().flat_map(|found| found.groups);
    let groups = groups.filter_map(|id| at.get::<UserGroup>(&id).expect("rows can be read"));
    let mut grants = groups.flat_map(|group| group.grants);
    grants.all(|grant| EVERYBODY.contains(&grant.entitlement))
}

/// The table of a row; none for what belongs to rows: indexes, numbers.
fn table_of(key: &[u8]) -> Option<&str> {
    std::str::from_utf8(key).ok()?.strip_prefix("t/")?.split('/').next()
}

fn may_change(user: UserId, request: &Request, key: &[u8], old: &View, new: &View) -> bool {
    let resource = request.action.path.split('/').next().unwrap_or_default();
    match table_of(key).unwrap_or_default() {
        "token" => owns(key, old, new, |found: &ApiToken| match &found.owner {
            TokenOwner::User(owner) => *owner == user,
            // That of the system on a machine comes and goes with what is done to the machine.
            TokenOwner::Machine(id) => {
                let owner = |view: &View| view.get::<Machine>(id).ok().flatten();
                let owner = owner(old).or_else(|| owner(new));
                owner.is_some_and(|machine| is_free_or(user, machine.placement.owner))
            }
        }),
        // Its own password, which a user without one gives itself by its key.
        "user" => {
            let is_own = owns(key, old, new, |found: &User| found.id == user);
            is_own && request.action.op == Some("change_password")
        }
        "session" => owns(key, old, new, |found: &Session| found.user == user),
        "sshkey" => owns(key, old, new, |found: &SshKey| found.user == user),
        "sslkey" => owns(key, old, new, |found: &SslKey| found.user == user),
        "file" => owns(key, old, new, |found: &File| found.owner == user),
        "filecontent" => resource == "files",
        "dismissal" => owns(key, old, new, |found: &Dismissal| found.user == user),
        "iprange" => owns(key, old, new, |found: &IpRange| found.user == Some(user)),
        "reserved" => owns(key, old, new, |found: &ReservedAddress| found.user == user),
        "device" => owns(key, old, new, |found: &Device| is_free_or(user, found.owner)),
        // The name of an address comes and goes with it.
        "dnsresource" => resource == "ipaddresses",
        // Whoever is logged in has networks searched.
        "network-scan" => resource == "discovery",
        "powerjob" | "machinesecrets" | "tooloutput" => {
            may_change_machine(user, request, key, old, new)
        }
        _ if id_of_row_or_part::<Machine>(key).is_some() => {
            may_change_machine(user, request, key, old, new)
        }
        _ => false,
    }
}

/// A row that is the user's before, or that is new and the user's.
fn owns<T: Row>(key: &[u8], old: &View, new: &View, is_own: impl Fn(&T) -> bool) -> bool {
    let Some(id) = row_id::<T>(key) else { return false };
    let found = |view: &View| view.get::<T>(&id).expect("rows can be read");
    found(old).or_else(|| found(new)).is_some_and(|row| is_own(&row))
}

fn is_free_or(user: UserId, owner: Option<UserId>) -> bool {
    owner.is_none_or(|owner| owner == user)
}

/// A machine that is new or waits, and is nobody's.
fn may_present(key: &[u8], old: &View, new: &View) -> bool {
    let Some(id) = id_of_row_or_part::<Machine>(key) else { return false };
    let found = |view: &View| view.get::<Machine>(&id).expect("rows can be read");
    let waits = |machine: Machine| {
        let is_waiting = matches!(machine.lifecycle.phase, Phase::New | Phase::Commissioning);
        is_waiting && machine.placement.owner.is_none()
    };
    found(old).is_none_or(waits) && found(new).is_some_and(waits)
}

/// A free machine or the user's own, that is not locked and stays; or one that waits to be accepted.
fn may_change_machine(user: UserId, request: &Request, key: &[u8], old: &View, new: &View) -> bool {
    let id = key.splitn(3, |byte| *byte == b'/').nth(2).unwrap_or_default();
    let id = std::str::from_utf8(id).unwrap_or_default();
    let Ok(id) = id.get(..6).unwrap_or_default().parse() else { return false };
    let found = |view: &View| view.get::<Machine>(&id).expect("rows can be read");
    let unlocks = matches!(request.action.op, Some("lock" | "unlock" | "query_power_state"));
    match (found(old), found(new)) {
        (Some(before), Some(_)) => {
            let is_open = !before.placement.locked || unlocks;
            is_free_or(user, before.placement.owner) && is_open
        }
        (None, Some(after)) => {
            after.placement.owner.is_none() && after.lifecycle.phase == Phase::New
        }
        (_, None) => false,
    }
}
