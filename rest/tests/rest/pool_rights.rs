//! What groups give on resource pools, asked of a region: lists, single machines, allocation, edits, actions. What is
//! taken has gone at the next request.

use model::id::{ResourcePoolId, UserId};
use model::machine::Machine;
use model::machine::lifecycle::Phase;
use serde_json::Value;

use crate::harness::{By, Region};
use crate::stock::{machine, path_of};

/// Administrators are made first.
const ADMIN: UserId = UserId(1);

/// A user in a group that gives nothing yet, and in no other one; a pool `web` beside the default one, and three machines in
/// each: a free one, an administrator's, and one that waits to be accepted.
struct Asked {
    region: Region,
    /// Free, taken, new.
    in_web: [Machine; 3],
    in_default: [Machine; 3],
}

impl Asked {
    async fn new() -> Self {
        let region = Region::start().await;
        region.post(By::Admin, "resourcepools/", &[("name", "web")]).await.assert(200);
        region.post(By::Admin, "groups/", &[("name", "team")]).await.assert(200);
        let user = [("username", "user")];
        region.post(By::Admin, "groups/2/?op=remove_member", &user).await.assert(204);
        region.post(By::Admin, "groups/3/?op=add_member", &user).await.assert(200);
        let mut machines = Vec::new();
        for number in 1..=6 {
            let mut made = machine(number);
            made.placement.pool = ResourcePoolId(u32::from(number <= 3));
            match number % 3 {
                1 => {}
                2 => {
                    made.placement.owner = Some(ADMIN);
                    made.lifecycle.phase = Phase::Deployed;
                }
                _ => made.lifecycle.phase = Phase::New,
            }
            region.store(&made).await;
            machines.push(made);
        }
        let mut machines = machines.into_iter();
        let mut three = || [(); 3].map(|()| machines.next().unwrap());
        let (in_web, in_default) = (three(), three());
        Self { region, in_web, in_default }
    }

    /// Has the group give something on the pool `web`, or on the site.
    async fn give(&self, on_site: bool, entitlement: &str) {
        let (kind, id) = if on_site { ("maas", "0") } else { ("pool", "1") };
        let form = [("resource_type", kind), ("resource_id", id), ("entitlement", entitlement)];
        self.region.post(By::Admin, "groups/3/?op=add_entitlement", &form).await.assert(200);
    }

    async fn take(&self, entitlement: &str) {
        let form = [("resource_type", "pool"), ("resource_id", "1"), ("entitlement", entitlement)];
        self.region.post(By::Admin, "groups/3/?op=remove_entitlement", &form).await.assert(204);
    }

    /// What a list shows to the user, by names.
    async fn listed(&self, path: &str, field: &str) -> String {
        let answer = self.region.get(By::User, path).await;
        let Value::Array(all) = answer.json() else { return answer.status.to_string() };
        let names = all.iter().map(|found| found[field].as_str().unwrap_or_default().to_owned());
        names.collect::<Vec<_>>().join(" ")
    }
}

#[tokio::test]
async fn lists_show_what_may_be_seen() {
    let mut page = String::new();
    for (on_site, given) in [
        (false, None),
        (false, Some("can_view_available_machines")),
        (false, Some("can_view_machines")),
        (false, Some("can_deploy_machines")),
        (false, Some("can_edit_machines")),
        (true, Some("can_view_available_machines")),
        (true, Some("can_view_machines")),
        (true, Some("can_view_global_entities")),
    ] {
        let asked = Asked::new().await;
        if let Some(given) = given {
            asked.give(on_site, given).await;
        }
        let place = if on_site { "the site" } else { "web" };
        page.push_str(&format!("{} on {place}\n", given.unwrap_or("nothing")));
        for (path, field) in [
            ("machines/", "hostname"),
            ("nodes/", "hostname"),
            ("machines/?pool=web", "hostname"),
            ("machines/?hostname=web-1", "hostname"),
            ("resourcepools/", "name"),
            ("zones/", "name"),
            ("fabrics/", "name"),
            ("domains/", "name"),
        ] {
            page.push_str(&format!("  {path:26} {}\n", asked.listed(path, field).await));
        }
    }
    insta::assert_snapshot!(page);
}

#[tokio::test]
async fn what_is_done_to_a_machine_is_asked_of_its_pool() {
    let mut page = String::new();
    for given in [
        "nothing",
        "can_view_available_machines",
        "can_view_machines",
        "can_deploy_machines",
        "can_edit_machines",
    ] {
        page.push_str(&format!("{given} on web\n"));
        for (method, op, form) in [
            ("GET", "", &[][..]),
            ("GET", "details", &[]),
            ("GET", "power_parameters", &[]),
            ("GET", "query_power_state", &[]),
            ("PUT", "", &[("description", "x")]),
            ("POST", "lock", &[]),
            ("POST", "power_on", &[]),
            ("POST", "set_workload_annotations", &[("a", "1")]),
            ("POST", "mark_broken", &[]),
            ("POST", "commission", &[]),
            ("DELETE", "", &[]),
        ] {
            let asked = Asked::new().await;
            if given != "nothing" {
                asked.give(false, given).await;
            }
            let mut row = format!("  {method:6} {op:25}");
            let [free, taken, new] = &asked.in_web;
            for machine in [free, taken, new, &asked.in_default[0], &asked.in_default[1]] {
                let path = path_of(machine);
                let path = if op.is_empty() { path } else { format!("{path}?op={op}") };
                let answer = match method {
                    "GET" => asked.region.get(By::User, &path).await,
                    "PUT" => asked.region.put(By::User, &path, form).await,
                    "DELETE" => asked.region.delete(By::User, &path).await,
                    _ => asked.region.post(By::User, &path, form).await,
                };
                row.push_str(if answer.status == 403 { "   -" } else { " yes" });
            }
            page.push_str(&row);
            page.push('\n');
        }
    }
    insta::assert_snapshot!(page);
}

#[tokio::test]
async fn machines_are_taken_only_from_pools_where_one_may_deploy() {
    let asked = Asked::new().await;
    let take = async |form: &[(&str, &str)]| {
        asked.region.post(By::User, "machines/?op=allocate", form).await
    };
    take(&[]).await.assert(403);
    asked.give(false, "can_view_machines").await;
    take(&[]).await.assert(403);
    asked.give(false, "can_deploy_machines").await;
    let other = asked.in_default[0].system_id.as_str();
    take(&[("system_id", other)]).await.assert(409);
    take(&[("pool", "default")]).await.assert(409);
    let tried = take(&[("dry_run", "true")]).await.assert(200).json();
    assert_eq!(tried["hostname"], "web-1");
    let taken = take(&[]).await.assert(200).json();
    assert_eq!(taken["hostname"], "web-1");
    take(&[]).await.assert(409);
    // What is taken away is gone at once; what somebody has stays its own until it gives it back.
    asked.take("can_deploy_machines").await;
    take(&[]).await.assert(403);
    let own = path_of(&asked.in_web[0]);
    asked.region.get(By::User, &own).await.assert(200);
    asked.region.post(By::User, &format!("{own}?op=release"), &[]).await.assert(200);
    asked.region.get(By::User, &own).await.assert(200);
    asked.take("can_view_machines").await;
    asked.region.get(By::User, &own).await.assert(403);
}

#[tokio::test]
async fn who_is_taken_out_of_a_group_loses_what_it_gave() {
    let asked = Asked::new().await;
    asked.give(false, "can_view_machines").await;
    assert_eq!(asked.listed("machines/", "hostname").await, "web-1 web-2 web-3");
    let user = [("username", "user")];
    asked.region.post(By::Admin, "groups/3/?op=remove_member", &user).await.assert(204);
    assert_eq!(asked.listed("machines/", "hostname").await, "");
    asked.region.post(By::Admin, "groups/3/?op=add_member", &user).await.assert(200);
    assert_eq!(asked.listed("machines/", "hostname").await, "web-1 web-2 web-3");
    asked.region.delete(By::Admin, "groups/3/").await.assert(204);
    assert_eq!(asked.listed("machines/", "hostname").await, "");
}

#[tokio::test]
async fn who_edits_machines_of_a_pool_makes_them_there_and_moves_them_nowhere_else() {
    let asked = Asked::new().await;
    asked.give(false, "can_edit_machines").await;
    let form = |mac, pool: Option<&'static str>| {
        let mut form = vec![
            ("hostname", "made"),
            ("architecture", "amd64/generic"),
            ("mac_addresses", mac),
            ("power_type", "manual"),
            ("commission", "false"),
        ];
        form.extend(pool.map(|pool| ("pool", pool)));
        form
    };
    let region = &asked.region;
    let default = form("52:54:00:00:77:01", Some("default"));
    region.post(By::User, "machines/", &default).await.assert(403);
    let made = region.post(By::User, "machines/", &form("52:54:00:00:77:01", Some("web"))).await;
    let made = made.assert(200).json();
    assert_eq!(made["pool"]["name"], "web");
    let path = format!("machines/{}/", made["system_id"].as_str().unwrap());
    region.put(By::User, &path, &[("pool", "default")]).await.assert(403);
    region.put(By::User, &path, &[("pool", "web"), ("description", "x")]).await.assert(200);
    let form = [("op", "accept_all")];
    let accepted = region.post(By::User, "machines/", &form).await.assert(200).json();
    let accepted: Vec<&str> =
        accepted.as_array().unwrap().iter().map(|it| it["hostname"].as_str().unwrap()).collect();
    assert_eq!(accepted, ["web-3", "made"]);
    let all = region.get(By::User, "machines/?op=power_parameters").await.assert(200).json();
    assert_eq!(all.as_object().unwrap().len(), 4, "those of its pool: {all}");
    // The pool is renamed by who edits its machines, and deleted by nobody but who edits all.
    region.put(By::User, "resourcepool/1/", &[("description", "x")]).await.assert(200);
    region.put(By::User, "resourcepool/0/", &[("description", "x")]).await.assert(403);
    region.delete(By::User, "resourcepool/1/").await.assert(403);
    region.post(By::User, "resourcepools/", &[("name", "lab")]).await.assert(403);
}

#[tokio::test]
async fn events_of_machines_are_told_to_who_sees_their_pool() {
    let asked = Asked::new().await;
    for machine in [&asked.in_web[0], &asked.in_default[0]] {
        let path = format!("{}?op=mark_broken", path_of(machine));
        let comment = [("comment", "kept")];
        asked.region.post(By::Admin, &path, &comment).await.assert(200);
    }
    let told = async || {
        let all = asked.region.get(By::User, "events/?op=query").await.assert(200).json();
        let of = |event: &Value| event["hostname"].as_str().unwrap_or_default().to_owned();
        let mut names: Vec<String> = all["events"].as_array().unwrap().iter().map(of).collect();
        names.dedup();
        names
    };
    assert_eq!(told().await, Vec::<String>::new());
    asked.give(false, "can_view_available_machines").await;
    assert_eq!(told().await, ["web-1"]);
    asked.give(true, "can_view_available_machines").await;
    assert_eq!(told().await, ["web-4", "web-1"]);
}

#[tokio::test]
async fn a_device_goes_only_with_a_machine_that_its_maker_sees() {
    let region = Region::start().await;
    let mut of_admin = machine(1);
    of_admin.placement.owner = Some(ADMIN);
    region.store(&of_admin).await;
    let free = machine(2);
    region.store(&free).await;
    let form = |parent| [("mac_addresses", "52:54:00:00:09:01"), ("parent", parent)];
    let refused = region.post(By::User, "devices/", &form(of_admin.system_id.as_str())).await;
    refused.assert_field(
        "parent",
        "Select a valid choice. That choice is not one of the available choices.",
    );
    let made = region.post(By::User, "devices/", &form(free.system_id.as_str())).await;
    let made = made.assert(200).json();
    let path = format!("devices/{}/", made["system_id"].as_str().unwrap());
    let moved = [("parent", of_admin.system_id.as_str())];
    assert_eq!(region.put(By::User, &path, &moved).await.status, 400);
    region.put(By::Admin, &path, &moved).await.assert(200);
}

#[tokio::test]
async fn passwords_in_addresses_are_shown_to_who_may_change_them() {
    let region = Region::start().await;
    let proxy = [("name", "http_proxy"), ("value", "http://anna:secret@10.0.0.2:3128/")];
    region.post(By::Admin, "maas/?op=set_config", &proxy).await.assert(200);
    let url = "https://anna:secret@packages.example.com/deb";
    let form = [("name", "own"), ("url", url)];
    region.post(By::Admin, "package-repositories/", &form).await.assert(200);
    let archive = [("name", "main_archive"), ("value", "http://anna:secret@archive.example.com/")];
    region.post(By::Admin, "maas/?op=set_config", &archive).await.assert(200);
    for path in [
        "maas/?op=get_config&name=http_proxy",
        "maas/?op=get_config&name=main_archive",
        "package-repositories/",
        "package-repositories/own/",
    ] {
        let shown = region.get(By::Admin, path).await.assert(200).text;
        assert!(shown.contains("anna:secret@"), "{path}: {shown}");
        let shown = region.get(By::User, path).await.assert(200).text;
        assert!(!shown.contains("secret") && shown.contains("anna:********@"), "{path}: {shown}");
    }
}
