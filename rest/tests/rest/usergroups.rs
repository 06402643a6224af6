//! Groups of users: what MAAS's own command line sends, and what is left when users, pools and groups go.

use model::usergroup::{Membership, UserGroup};
use serde_json::json;
use tables::read::Reads;

use crate::harness::{By, Region};

const GRANT: [(&str, &str); 3] =
    [("resource_type", "pool"), ("resource_id", "1"), ("entitlement", "can_deploy_machines")];

async fn with_group() -> Region {
    let region = Region::start().await;
    region.post(By::Admin, "resourcepools/", &[("name", "web")]).await.assert(200);
    let form = [("name", "developers"), ("description", "Dev team")];
    region.post(By::Admin, "groups/", &form).await.assert(200);
    region
}

#[tokio::test]
async fn a_site_begins_with_the_groups_of_administrators_and_users() {
    let region = Region::start().await;
    let mut page = String::new();
    for path in [
        "groups/",
        "groups/1/?op=list_members",
        "groups/2/?op=list_members",
        "groups/1/?op=list_entitlements",
        "groups/2/?op=list_entitlements",
    ] {
        let answer = region.get(By::Admin, path).await.assert(200);
        page.push_str(&format!("GET {path}\n{}\n", answer.text));
    }
    insta::assert_snapshot!(page);
}

/// The commands of MAAS's guide to groups, one after the other.
#[tokio::test]
async fn what_the_guide_of_maas_does_works() {
    let region = with_group().await;
    let group = region.get(By::Admin, "groups/3/").await.assert(200).json();
    let expected = json!({
        "id": 3,
        "name": "developers",
        "description": "Dev team",
        "resource_uri": "/MAAS/api/2.0/groups/3/",
    });
    assert_eq!(group, expected);
    let post = async |op: &str, form: &[(&str, &str)], status: u16| {
        region.post(By::Admin, &format!("groups/3/?op={op}"), form).await.assert(status).text
    };
    assert_eq!(post("add_member", &[("username", "user")], 200).await, "OK");
    assert_eq!(post("add_entitlement", &GRANT, 200).await, "OK");
    assert_eq!(post("add_entitlement", &GRANT, 200).await, "OK");
    let on_site = |name| [("resource_type", "maas"), ("resource_id", "0"), ("entitlement", name)];
    post("add_entitlement", &on_site("can_view_machines"), 200).await;
    let read = async |op: &str| region.get(By::Admin, &format!("groups/3/?op={op}")).await.json();
    assert_eq!(read("list_members").await, json!([{ "username": "user", "email": "" }]));
    let given = json!([
        { "resource_type": "maas", "resource_id": 0, "entitlement": "can_view_machines" },
        { "resource_type": "pool", "resource_id": 1, "entitlement": "can_deploy_machines" },
    ]);
    assert_eq!(read("list_entitlements").await, given);
    assert_eq!(post("remove_entitlement", &GRANT, 204).await, "");
    assert_eq!(post("remove_entitlement", &GRANT, 204).await, "");
    assert_eq!(post("remove_member", &[("username", "user")], 204).await, "");
    assert_eq!(post("remove_member", &[("username", "user")], 204).await, "");
    assert_eq!(read("list_members").await, json!([]));
    let renamed = region.put(By::Admin, "groups/3/", &[("name", "devs")]).await.assert(200).json();
    assert_eq!((&renamed["name"], &renamed["description"]), (&json!("devs"), &json!("Dev team")));
    region.delete(By::Admin, "groups/3/").await.assert(204);
    region.delete(By::Admin, "groups/3/").await.assert(404);
}

#[tokio::test]
async fn a_pool_is_named_by_its_name_too() {
    let region = with_group().await;
    region.post(By::Admin, "resourcepools/", &[("name", "lab")]).await.assert(200);
    let grant =
        [("resource_type", "pool"), ("resource_id", "lab"), ("entitlement", "can_deploy_machines")];
    region.post(By::Admin, "groups/3/?op=add_entitlement", &grant).await.assert(200);
    let given = region.get(By::Admin, "groups/3/?op=list_entitlements").await.assert(200).json();
    let on_lab = json!({
        "resource_type": "pool", "resource_id": 2, "entitlement": "can_deploy_machines",
    });
    assert!(given.as_array().unwrap().contains(&on_lab), "{given}");
    region.post(By::Admin, "groups/3/?op=remove_entitlement", &grant).await.assert(204);
    let given = region.get(By::Admin, "groups/3/?op=list_entitlements").await.assert(200).json();
    assert!(!given.as_array().unwrap().contains(&on_lab), "{given}");
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_words_of_maas() {
    let region = with_group().await;
    let mut said = String::new();
    for (path, form) in [
        ("groups/", vec![]),
        ("groups/", vec![("name", "developers")]),
        ("groups/9/?op=add_member", vec![("username", "user")]),
        ("groups/3/?op=add_member", vec![]),
        ("groups/3/?op=add_member", vec![("username", "nobody")]),
        ("groups/2/?op=add_member", vec![("username", "user")]),
        ("groups/9/?op=add_entitlement", GRANT.to_vec()),
        ("groups/3/?op=add_entitlement", vec![]),
        ("groups/3/?op=add_entitlement", vec![("resource_type", "pool")]),
        ("groups/3/?op=add_entitlement", vec![("resource_type", "pool"), ("resource_id", "x")]),
        ("groups/3/?op=add_entitlement", vec![("resource_type", "pool"), ("resource_id", "1")]),
    ] {
        let answer = region.post(By::Admin, path, &form).await;
        said.push_str(&format!("{path} {form:?}\n  {} {}\n", answer.status, answer.text));
    }
    for (kind, id, name) in [
        ("pool", "7", "can_edit_machines"),
        ("pool", "-1", "can_edit_machines"),
        ("pool", "1", "can_edit_controllers"),
        ("maas", "1", "can_edit_machines"),
        ("maas", "0", "can_edit_operations"),
        ("machine", "1", "can_edit_machines"),
    ] {
        let form = [("resource_type", kind), ("resource_id", id), ("entitlement", name)];
        let answer = region.post(By::Admin, "groups/3/?op=add_entitlement", &form).await;
        said.push_str(&format!("{kind} {id} {name}\n  {} {}\n", answer.status, answer.text));
    }
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn groups_are_for_who_looks_after_users() {
    let region = with_group().await;
    for path in ["groups/", "groups/3/", "groups/3/?op=list_members"] {
        region.get(By::User, path).await.assert(403);
        region.get(By::Nobody, path).await.assert(401);
    }
    region.post(By::User, "groups/3/?op=add_member", &[("username", "user")]).await.assert(403);
    region.post(By::Admin, "groups/3/?op=add_member", &[("username", "user")]).await.assert(200);
    for (name, may_read, may_change) in
        [("can_view_identities", 200, 403), ("can_edit_identities", 200, 200)]
    {
        let form = [("resource_type", "maas"), ("resource_id", "0"), ("entitlement", name)];
        region.post(By::Admin, "groups/3/?op=add_entitlement", &form).await.assert(200);
        region.get(By::User, "groups/").await.assert(may_read);
        region.put(By::User, "groups/3/", &[("description", name)]).await.assert(may_change);
    }
    // Who looks after users does not get at superusers.
    let form = |name, is_superuser| {
        [
            ("username", name),
            ("email", "a@example.com"),
            ("password", "correct horse"),
            ("is_superuser", is_superuser),
        ]
    };
    region.post(By::User, "users/", &form("boss", "1")).await.assert(403);
    region.post(By::User, "users/", &form("anna", "0")).await.assert(200);
    region.delete(By::User, "users/admin/").await.assert(403);
    let password = [("new_password", "battery staple")];
    let set = |name| format!("/MAAS/api/ironraft/users/{name}/?op=set_password");
    region.post(By::User, &set("admin"), &password).await.assert(403);
    region.post(By::User, &set("anna"), &password).await.assert(204);
    region.delete(By::User, "users/anna/").await.assert(204);
}

#[tokio::test]
async fn nothing_is_left_of_users_pools_and_groups_that_go() {
    let region = with_group().await;
    region.post(By::Admin, "groups/3/?op=add_member", &[("username", "user")]).await.assert(200);
    region.post(By::Admin, "groups/3/?op=add_entitlement", &GRANT).await.assert(200);
    let memberships = async || region.tables.view().await.unwrap().list::<Membership>().unwrap();
    let of_user = async || {
        let all = memberships().await;
        all.into_iter().find(|found| found.username == "user").map(|found| found.groups.len())
    };
    assert_eq!(of_user().await, Some(2));
    region.delete(By::Admin, "resourcepool/1/").await.assert(204);
    let groups = region.tables.view().await.unwrap().list::<UserGroup>().unwrap();
    assert!(groups[2].grants.is_empty(), "{groups:?}");
    region.delete(By::Admin, "groups/3/").await.assert(204);
    assert_eq!(of_user().await, Some(1));
    region.delete(By::Admin, "users/user/").await.assert(204);
    assert_eq!(of_user().await, None);
    assert_eq!(memberships().await.len(), 1, "that of the administrator");
}

#[tokio::test]
async fn new_users_are_put_into_the_group_of_their_kind_while_there_is_one() {
    let region = Region::start().await;
    let made = async |name: &str, is_superuser: &str| {
        let form = [
            ("username", name),
            ("email", "a@example.com"),
            ("password", "correct horse"),
            ("is_superuser", is_superuser),
        ];
        region.post(By::Admin, "users/", &form).await.assert(200);
    };
    let members = async |group: u32| {
        let path = format!("groups/{group}/?op=list_members");
        let all = region.get(By::Admin, &path).await.assert(200).json();
        let names = all.as_array().unwrap().iter().map(|user| user["username"].to_string());
        names.collect::<Vec<_>>().join(" ")
    };
    made("anna", "0").await;
    made("boss", "1").await;
    assert_eq!(members(1).await, r#""admin" "boss""#);
    assert_eq!(members(2).await, r#""user" "anna""#);
    region.delete(By::Admin, "groups/2/").await.assert(204);
    made("carl", "0").await;
    // Another group of that name takes its place.
    region.post(By::Admin, "groups/", &[("name", "Users")]).await.assert(200);
    made("dora", "0").await;
    assert_eq!(members(3).await, r#""dora""#);
}
