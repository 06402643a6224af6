//! Who may do what to which machine: owners, others, administrators, and nobody to a locked one.

use model::id::UserId;
use model::machine::Machine;
use model::machine::lifecycle::Phase;
use model::machine::output::ToolOutput;
use model::time::Timestamp;
use tables::read::Reads;
use tables::site::USER_BY_NAME;

use crate::harness::{By, Region};
use crate::stock::{machine, path_of};

/// Administrators are made first.
const ADMIN: UserId = UserId(1);

async fn user_of(region: &Region) -> UserId {
    let view = region.tables.view().await.unwrap();
    view.find(&USER_BY_NAME, &"user".to_owned()).unwrap().unwrap().id
}

async fn put(region: &Region, number: u32, phase: Phase, owner: Option<UserId>) -> Machine {
    let mut machine = machine(number);
    machine.lifecycle.phase = phase;
    machine.placement.owner = owner;
    region.store(&machine).await;
    machine
}

/// Every operation that changes a machine, with what it is sent.
const CHANGES: &[(&str, &[(&str, &str)])] = &[
    ("commission", &[]),
    ("deploy", &[]),
    ("release", &[]),
    ("abort", &[]),
    ("power_on", &[]),
    ("power_off", &[]),
    ("mark_broken", &[]),
    ("mark_fixed", &[]),
    ("override_failed_testing", &[]),
    ("set_owner_data", &[("a", "1")]),
    ("set_workload_annotations", &[("a", "1")]),
];

#[tokio::test]
async fn a_locked_machine_refuses_every_change_at_every_door() {
    let region = Region::start().await;
    let user = user_of(&region).await;
    let mine = put(&region, 1, Phase::Deployed, Some(user)).await;
    let path = path_of(&mine);
    region.post(By::User, &format!("{path}?op=unlock"), &[]).await.assert(409);
    let locked = region.post(By::User, &format!("{path}?op=lock"), &[]).await.assert(200).json();
    assert_eq!(locked["locked"], true);
    let again = region.post(By::User, &format!("{path}?op=lock"), &[]).await.assert(409);
    assert_eq!(again.text, "Machine is already locked");
    let before = region.stored(&mine).await;
    region.post(By::Admin, "zones/", &[("name", "z")]).await.assert(200);
    let id = mine.system_id.as_str();
    for path in ["nodes/", "devices/"] {
        let form = [("op", "set_zone"), ("zone", "z"), ("nodes", id)];
        region.post(By::Admin, path, &form).await.assert(403);
    }
    for by in [By::User, By::Admin] {
        for (op, form) in CHANGES {
            let refused = region.post(by, &format!("{path}?op={op}"), form).await;
            assert_eq!((refused.status, refused.text.as_str()), (403, ""), "{op}");
        }
        region.put(by, &path, &[("description", "x")]).await.assert(403);
        region.delete(by, &path).await.assert(403);
        let id = [("machines", mine.system_id.as_str())];
        let refused = region.post(by, "machines/?op=release", &id).await.assert(403);
        let message =
            "You don't have the required permission to release the following machine(s): ";
        assert!(refused.text.starts_with(message), "{}", refused.text);
        region.get(by, &path).await.assert(200);
    }
    let zone = [("zone", "default"), ("nodes", mine.system_id.as_str())];
    region.post(By::Admin, "machines/?op=set_zone", &zone).await.assert(403);
    region.get(By::Admin, &format!("{path}?op=power_parameters")).await.assert(200);
    assert_eq!(region.stored(&mine).await, before);
    region.post(By::User, &format!("{path}?op=unlock"), &[]).await.assert(200);
    let twice = region.post(By::User, &format!("{path}?op=unlock"), &[]).await.assert(409);
    assert_eq!(twice.text, "Machine is not locked");
    region.post(By::User, &format!("{path}?op=release"), &[]).await.assert(200);
}

#[tokio::test]
async fn users_neither_break_nor_abort_what_is_not_theirs() {
    let region = Region::start().await;
    let user = user_of(&region).await;
    let free = put(&region, 1, Phase::Ready, None).await;
    let busy = put(&region, 2, Phase::Commissioning, None).await;
    let others = put(&region, 3, Phase::Deployed, Some(ADMIN)).await;
    let mine = put(&region, 4, Phase::Allocated, Some(user)).await;
    let act = |by, machine: &Machine, op: &'static str| {
        let (region, path) = (&region, format!("{}?op={op}", path_of(machine)));
        async move { region.post(by, &path, &[]).await.status }
    };
    for machine in [&free, &busy, &others] {
        assert_eq!(act(By::User, machine, "mark_broken").await, 403);
        assert_eq!(act(By::User, machine, "abort").await, 403);
        for op in ["commission", "mark_fixed", "override_failed_testing"] {
            assert_eq!(act(By::User, machine, op).await, 403, "{op}");
        }
    }
    for op in ["release", "power_off", "lock", "set_owner_data", "deploy"] {
        assert_eq!(act(By::User, &others, op).await, 403, "{op}");
    }
    assert_eq!(act(By::User, &mine, "mark_broken").await, 200);
    assert_eq!(act(By::Admin, &free, "mark_broken").await, 200, "an administrator may");
    assert_eq!(act(By::Admin, &busy, "abort").await, 200);
    region.post(By::User, &format!("machines/{}/?op=abort", "abcdef"), &[]).await.assert(404);
}

#[tokio::test]
async fn what_a_status_does_not_allow_is_refused_in_the_words_of_maas() {
    let region = Region::start().await;
    let free = put(&region, 1, Phase::Ready, None).await;
    let busy = put(&region, 2, Phase::Commissioning, None).await;
    let id = &free.system_id;
    for (op, text) in [
        ("abort", format!("Cannot abort in current state: node {id} is in state Ready.")),
        ("mark_fixed", "Can't mark a non-broken node as 'Ready'.".to_owned()),
        ("power_on", "Can't start node: it hasn't been allocated.".to_owned()),
        ("lock", "Can't lock, machine is not deployed or deploying.".to_owned()),
        (
            "override_failed_testing",
            "Unable to override node status. Node is not in 'Failed testing' status.".to_owned(),
        ),
    ] {
        let path = format!("{}?op={op}", path_of(&free));
        assert_eq!(region.post(By::Admin, &path, &[]).await.assert(409).text, text);
    }
    for (op, text) in [
        ("deploy", "Can't deploy a machine that is in the 'Commissioning' state"),
        ("release", "Machine cannot be released in its current state ('Commissioning')."),
    ] {
        let path = format!("{}?op={op}", path_of(&busy));
        assert_eq!(region.post(By::Admin, &path, &[]).await.assert(409).text, text);
    }
    let path = format!("{}?op=commission", path_of(&busy));
    let message = "Commission is not available because of the current state of the node.";
    region.post(By::Admin, &path, &[]).await.assert_field("__all__", message);
}

#[tokio::test]
async fn reads_are_decided_by_machine() {
    let region = Region::start().await;
    let user = user_of(&region).await;
    let free = put(&region, 1, Phase::Ready, None).await;
    let others = put(&region, 2, Phase::Deployed, Some(ADMIN)).await;
    let mine = put(&region, 3, Phase::Deployed, Some(user)).await;
    region.post(By::Admin, "tags/", &[("name", "t")]).await.assert(200);
    let ids = [&free, &others, &mine].map(|machine| ("add", machine.system_id.as_str()));
    region.post(By::Admin, "tags/t/?op=update_nodes", &ids).await.assert(200);
    let text = "<list/>".to_owned();
    for machine in [&others, &mine] {
        let (machine, tool) = (machine.system_id.clone(), "lshw".to_owned());
        let created = Timestamp::default();
        region.store(&ToolOutput { machine, tool, text: text.clone(), created }).await;
    }

    let names = async |by, path: &str| {
        let listed = region.get(by, path).await.assert(200).json();
        let names = listed.as_array().unwrap().iter().map(|one| one["hostname"].to_string());
        names.collect::<Vec<_>>().join(" ").replace('"', "")
    };
    for path in ["machines/", "tags/t/?op=machines", "machines/?hostname=web-1,web-2,web-3"] {
        assert_eq!(names(By::Admin, path).await, "web-1 web-2 web-3", "{path}");
        assert_eq!(names(By::User, path).await, "web-1 web-3", "{path}");
    }
    for (suffix, status) in [
        ("", 403),
        ("?op=details", 403),
        ("?op=get_curtin_config", 403),
        ("?op=query_power_state", 403),
        ("?op=get_token", 403),
        ("?op=power_parameters", 403),
    ] {
        let path = format!("{}{suffix}", path_of(&others));
        let refused = region.get(By::User, &path).await.assert(status);
        assert_eq!(refused.text, "", "{suffix}");
        let missing = format!("machines/abcdef/{suffix}");
        region.get(By::User, &missing).await.assert(404);
    }
    let node = format!("nodes/{}/", others.system_id);
    for path in [node.clone(), format!("{node}interfaces/")] {
        region.get(By::User, &path).await.assert(403);
        region.get(By::Admin, &path).await.assert(200);
    }
    let snippet =
        [("name", "s"), ("value", "max-lease-time 60;"), ("node", others.system_id.as_str())];
    region.post(By::Admin, "dhcp-snippets/", &snippet).await.assert(200);
    for (by, shown) in [(By::Admin, true), (By::User, false)] {
        let listed = region.get(by, "dhcp-snippets/").await.assert(200).json();
        assert_eq!(listed[0]["node"].is_object(), shown, "{listed}");
    }
    let details = region.get(By::User, &format!("{}?op=details", path_of(&mine))).await.assert(200);
    assert_eq!(details.headers["content-type"], "application/bson");
    assert!(details.text.ends_with("lshw\0\u{7}\0\0\0\0<list/>\0"), "{:?}", details.text);
    let free = region.get(By::User, &format!("{}?op=details", path_of(&free))).await.assert(200);
    assert_eq!(free.text, "\u{11}\0\0\0\nlldp\0\nlshw\0\0");
}
