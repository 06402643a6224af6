//! Who may do what, asked of a region, operation by operation and role by role: `docs/reference/rights.md` is what it
//! answers.

use std::fmt::Write;
use std::path::Path;

use axum::body::Body;
use http::Request;
use model::id::{SystemId, UserId};
use model::machine::Machine;
use model::machine::lifecycle::Phase;
use model::time::Timestamp;
use model::user::{ApiToken, TokenOwner};
use rest::operation::{Method, Operation};
use rest::param::Presence;
use rest::paths::placeholders;
use tables::read::Reads;
use tables::site::USER_BY_NAME;

use crate::harness::{By, Region, authorization};
use crate::stock::machine;

/// Administrators are made first.
const ADMIN: UserId = UserId(1);

const BEGIN: &str = "\
# Who may do what

Made from what a region answers: `UPDATE_DOCS=1`, and the test `rights` of the crate `rest`. *Yes* says that the caller is not refused
for who it is; a value, a status or an object that is not there may still be. Texts and rules are MAAS 3.7's but for
[these](maas-differences.md).

- *nobody* sends no key; *machine* sends that of the system on a deployed machine; a *user* is no superuser.
- What belongs to users (keys, files, messages that are dismissed) is asked for by its owner: of that of others everybody is told that
  it is not there.
";

const MACHINES: &str = "
## On a machine
A *free* machine is nobody's, an *other's* belongs to somebody else, an *own* one to the user that calls. A locked machine is locked
by its owner.

| operation | nobody | machine, itself | user, free | user, other's | user, own | user, own locked | superuser, other's | superuser, locked |
|---|---|---|---|---|---|---|---|---|
";

const OWNED: &str = "
## On a device or an IP range
| operation | nobody | machine | user, other's | user, own | superuser, other's |
|---|---|---|---|---|---|
";

const SITE: &str = "
## On the site
| operation | nobody | machine | user | superuser |
|---|---|---|---|---|
";

/// Who asks, and about whose.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Nobodys,
    Others,
    Own,
    OwnLocked,
}

/// The columns of machines; no role is the machine itself.
const ON_MACHINES: [(Option<By>, Whose); 8] = [
    (Some(By::Nobody), Whose::Nobodys),
    (None, Whose::Nobodys),
    (Some(By::User), Whose::Nobodys),
    (Some(By::User), Whose::Others),
    (Some(By::User), Whose::Own),
    (Some(By::User), Whose::OwnLocked),
    (Some(By::Admin), Whose::Own),
    (Some(By::Admin), Whose::OwnLocked),
];

const ON_OWNED: [(Option<By>, Whose); 5] = [
    (Some(By::Nobody), Whose::Others),
    (None, Whose::Others),
    (Some(By::User), Whose::Others),
    (Some(By::User), Whose::Own),
    (Some(By::Admin), Whose::Own),
];

const ON_SITE: [Option<By>; 4] = [Some(By::Nobody), None, Some(By::User), Some(By::Admin)];

/// A region, and the key of the system on a machine.
struct Asked {
    region: Region,
    key: ApiToken,
}

impl Asked {
    async fn new() -> Self {
        let region = Region::start().await;
        let key = ApiToken {
            key: "machinekey".to_owned(),
            secret: "secret".to_owned().into(),
            consumer_key: "consumer".to_owned(),
            name: String::new(),
            owner: TokenOwner::Machine(SystemId::from_number(1)),
            created: Timestamp::default(),
        };
        region.store(&key).await;
        Self { region, key }
    }

    async fn user(&self) -> UserId {
        let view = self.region.tables.view().await.unwrap();
        view.find(&USER_BY_NAME, &"user".to_owned()).unwrap().unwrap().id
    }

    async fn owner(&self, whose: Whose) -> Option<UserId> {
        match whose {
            Whose::Nobodys => None,
            Whose::Others => Some(ADMIN),
            Whose::Own | Whose::OwnLocked => Some(self.user().await),
        }
    }

    /// Whether somebody is not refused for who it is.
    async fn may(&self, by: Option<By>, operation: &Operation, path: &str) -> bool {
        let op = operation.op.map(|op| format!("?op={op}")).unwrap_or_default();
        let mut request = Request::builder()
            .method(operation.method.name())
            .uri(format!("/MAAS/api/2.0/{path}{op}"));
        let key = match by {
            Some(by) => self.region.authorization(by),
            None => Some(authorization(&self.key, &rand::random::<u64>().to_string())),
        };
        if let Some(key) = key {
            request = request.header("authorization", key);
        }
        let form = form(operation);
        let body = if operation.method == Method::Get {
            let uri =
                format!("/MAAS/api/2.0/{path}?{form}&op={}", operation.op.unwrap_or_default());
            request = request.uri(uri);
            Body::empty()
        } else {
            request = request.header("content-type", "application/x-www-form-urlencoded");
            Body::from(form)
        };
        let answer = self.region.send(request.body(body).unwrap()).await;
        // What only users have is not there for others.
        !matches!(answer.status, 401 | 403) && !answer.text.starts_with("Unrecognised signature")
    }
}

/// What must be sent, and something that may be, so that it is the caller that is looked at.
fn form(operation: &Operation) -> String {
    let is_needed = |presence| presence == Presence::Required;
    let value = |name: &str| match name {
        "mac_address" => "52:54:00:00:77:01",
        "subnet" => "1",
        "mode" => "auto",
        "zone" => "default",
        "ip" => "10.0.0.77",
        "hostname" => "renamed",
        "comment" => "x",
        "architecture" => "amd64/generic",
        _ => "1",
    };
    let needed = operation.params.iter().filter(|spec| is_needed(spec.presence));
    let mut sent: Vec<(&str, &str)> = needed.map(|spec| (spec.name, value(spec.name))).collect();
    for name in ["description", "comment", "tag", "hostname", "{param}", "key"] {
        let is_taken = operation.params.iter().any(|spec| spec.name == name);
        if is_taken && sent.is_empty() {
            let name = if name == "{param}" { "note" } else { name };
            sent.push((name, value(name)));
        }
    }
    serde_urlencoded::to_string(sent).unwrap()
}

fn name_of(operation: &Operation) -> String {
    let op = operation.op.map(|op| format!(" op={op}")).unwrap_or_default();
    format!("{} {}{op}", operation.method.name(), operation.path)
}

fn word(may: bool) -> &'static str {
    if may { "yes" } else { "–" }
}

/// The path with its placeholders filled; of everything but machines, devices and ranges there is none with this number.
fn path_of(operation: &Operation, id: &str) -> String {
    let mut path = operation.path.to_owned();
    for name in placeholders(operation.path) {
        let is_first = path.split('/').nth(1) == Some(&format!("{{{name}}}"));
        let value = if is_first { id } else { "10" };
        path = path.replacen(&format!("{{{name}}}"), value, 1);
    }
    path
}

async fn machine_of(asked: &Asked, by: Option<By>, whose: Whose) -> Machine {
    let mut found = machine(1);
    let is_free = whose == Whose::Nobodys && by.is_some();
    found.lifecycle.phase = if is_free { Phase::Ready } else { Phase::Deployed };
    found.placement.owner = asked.owner(whose).await;
    found.placement.locked = whose == Whose::OwnLocked;
    asked.region.store(&found).await;
    found
}

async fn on_machine(operation: &Operation) -> String {
    let mut row = format!("| `{}` |", name_of(operation));
    for (by, whose) in ON_MACHINES {
        let asked = Asked::new().await;
        asked.region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.assert(200);
        let machine = machine_of(&asked, by, whose).await;
        let path = path_of(operation, machine.system_id.as_str());
        let _ = write!(row, " {} |", word(asked.may(by, operation, &path).await));
    }
    row
}

async fn on_owned(operation: &Operation) -> String {
    let mut row = format!("| `{}` |", name_of(operation));
    for (by, whose) in ON_OWNED {
        let asked = Asked::new().await;
        let maker = if whose == Whose::Others { By::Admin } else { By::User };
        let id = if operation.path.starts_with("devices/") {
            let form = [("mac_addresses", "52:54:00:00:09:01"), ("hostname", "thing")];
            let made = asked.region.post(maker, "devices/", &form).await.assert(200).json();
            made["system_id"].as_str().unwrap().to_owned()
        } else {
            asked.region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.assert(200);
            let form = [("type", "reserved"), ("start_ip", "10.0.0.10"), ("end_ip", "10.0.0.19")];
            let made = asked.region.post(maker, "ipranges/", &form).await.assert(200).json();
            made["id"].to_string()
        };
        let path = path_of(operation, &id);
        let _ = write!(row, " {} |", word(asked.may(by, operation, &path).await));
    }
    row
}

async fn on_site(asked: &Asked, operation: &Operation) -> String {
    let mut row = format!("| `{}` |", name_of(operation));
    let path = path_of(operation, "999");
    for by in ON_SITE {
        let _ = write!(row, " {} |", word(asked.may(by, operation, &path).await));
    }
    row
}

/// Every operation once: users and everybody may have one of the same name.
fn operations() -> Vec<Operation> {
    let mut all = rest::operations();
    all.sort_by_key(|found| (found.path, found.op, found.method));
    all.dedup_by_key(|found| (found.path, found.op, found.method));
    all
}

async fn page() -> String {
    let (mut machines, mut owned, mut site) = (String::new(), String::new(), String::new());
    let asked = Asked::new().await;
    for operation in operations() {
        let starts = |begin: &str| operation.path.starts_with(begin);
        let (table, row) = if starts("machines/{system_id}/") || starts("nodes/{system_id}/") {
            (&mut machines, on_machine(&operation).await)
        } else if starts("devices/{system_id}/") || starts("ipranges/{id}/") {
            (&mut owned, on_owned(&operation).await)
        } else {
            (&mut site, on_site(&asked, &operation).await)
        };
        table.push_str(&row);
        table.push('\n');
    }
    format!("{BEGIN}{MACHINES}{machines}{OWNED}{owned}{SITE}{site}")
}

#[tokio::test]
async fn the_table_of_rights_is_what_a_region_answers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/rights.md");
    let page = page().await;
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let present = std::fs::read_to_string(&path).unwrap_or_default();
    for (present, wanted) in present.lines().zip(page.lines()) {
        assert_eq!(
            present, wanted,
            "docs/reference/rights.md is old; run this test with UPDATE_DOCS=1"
        );
    }
    assert_eq!(present.lines().count(), page.lines().count());
}
