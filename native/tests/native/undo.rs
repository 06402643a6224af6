//! Revisions, and taking them back.

use serde_json::{Value, json};

use crate::harness::{Answer, By, Region};

/// A region, and what its administrator did last.
async fn last_of(region: &Region) -> u64 {
    let page = region.get(By::Admin, "revisions?limit=1&actor=user:admin").await.assert(200).json();
    page["items"][0]["revision"].as_u64().unwrap()
}

async fn undo(region: &Region, revision: u64) -> Answer {
    region.post(&format!("revisions/{revision}/undo"), Value::Null).await
}

/// Everything in some lists, without revisions and times.
async fn site(region: &Region, resources: &[&str]) -> Value {
    let mut all = serde_json::Map::new();
    for resource in resources {
        let page =
            region.get(By::Admin, &format!("{resource}?limit=1000")).await.assert(200).json();
        let mut items = page["items"].clone();
        for item in items.as_array_mut().unwrap() {
            let members = item.as_object_mut().unwrap();
            members.retain(|name, _| !matches!(name.as_str(), "revision" | "updated"));
        }
        all.insert((*resource).to_owned(), items);
    }
    Value::Object(all)
}

/// A network with all kinds of objects, and machines.
async fn made() -> Region {
    let region = Region::start().await;
    let made = [
        ("spaces", json!({"name": "dmz"})),
        ("fabrics", json!({"name": "lab"})),
        ("subnets", json!({"cidr": "10.1.0.0/24", "name": "one", "gateway_ip": "10.1.0.1"})),
        ("subnets", json!({"cidr": "10.2.0.0/24", "name": "two"})),
        ("ip-ranges", json!({"type": "dynamic", "start_ip": "10.1.0.100", "end_ip": "10.1.0.150"})),
        ("static-routes", json!({"source": "1", "destination": "2", "gateway_ip": "10.1.0.2"})),
        ("reserved-ips", json!({"ip": "10.1.0.20", "mac_address": "52:54:00:00:02:01"})),
        (
            "dhcp-snippets",
            json!({"name": "ntp", "value": "option ntp-servers 10.1.0.3;", "subnet": "1"}),
        ),
        ("domains", json!({"name": "lab.example"})),
        ("dns-resources", json!({"fqdn": "www.lab.example", "ip_addresses": "10.1.0.30"})),
        ("zones", json!({"name": "attic"})),
        ("pools", json!({"name": "spare"})),
        ("tags", json!({"name": "gpu", "comment": "fast"})),
        ("devices", json!({"hostname": "printer", "mac_addresses": ["52:54:00:00:01:01"]})),
        ("notifications", json!({"message": "Fan is loud", "admins": true})),
        ("package-repositories", json!({"name": "own", "url": "http://archive.example/"})),
        ("subnets", json!({"cidr": "fd00:1::/64", "name": "six"})),
        (
            "prefix-pools",
            json!({"prefix": "fd00:a00::/40", "delegated_length": 56, "subnet": "fd00:1::/64"}),
        ),
        (
            "machines",
            json!({"hostname": "web", "architecture": "amd64/generic", "power_type": "manual",
            "mac_addresses": ["52:54:00:00:00:01"], "commission": false}),
        ),
    ];
    for (resource, body) in made {
        region.post(resource, body).await.assert(201);
    }
    region
}

const ALL: &[&str] = &[
    "spaces",
    "fabrics",
    "vlans",
    "subnets",
    "ip-ranges",
    "prefix-pools",
    "static-routes",
    "reserved-ips",
    "ip-addresses",
    "dhcp-snippets",
    "domains",
    "dns-resources",
    "zones",
    "pools",
    "tags",
    "devices",
    "notifications",
    "package-repositories",
    "machines",
    "settings",
];

/// Changes the site, takes that back, and takes that back again.
#[track_caller]
fn differs(before: &Value, after: &Value) -> String {
    let differing: Vec<String> = native::difference::differences(before, after)
        .into_iter()
        .map(|found| format!("{} {} {}", found.pointer, found.before, found.after))
        .collect();
    differing.join("\n")
}

async fn there_and_back(region: &Region, method: &str, path: &str, body: Value) {
    let before = site(region, ALL).await;
    let answer = region.call(By::Admin, method, path, body).await;
    assert!(answer.status < 300, "{method} {path}: {}", answer.text);
    let changed = site(region, ALL).await;
    assert_ne!(before, changed, "{method} {path} changes nothing");
    let revision = last_of(region).await;
    let path_of_plan = format!("revisions/{revision}/undo?plan=true");
    let plan = region.post(&path_of_plan, Value::Null).await.assert(200).json();
    assert_eq!(site(region, ALL).await, changed, "a plan changes something");
    let path_of_undo =
        format!("revisions/{revision}/undo?if_plan={}", plan["plan"].as_str().unwrap());
    region.post(&path_of_undo, Value::Null).await.assert(200);
    let back = site(region, ALL).await;
    assert!(back == before, "{method} {path} is not taken back:\n{}", differs(&before, &back));
    undo(region, last_of(region).await).await.assert(200);
    let again = site(region, ALL).await;
    assert!(again == changed, "{method} {path} is not done again:\n{}", differs(&changed, &again));
    undo(region, last_of(region).await).await.assert(200);
}

#[tokio::test]
async fn what_was_removed_or_changed_is_as_it_was() {
    let region = made().await;
    let changes = [
        ("DELETE", "spaces/dmz", Value::Null),
        ("DELETE", "fabrics/lab", Value::Null),
        (
            "PATCH",
            "subnets/one",
            json!({"name": "uno", "dns_servers": "10.1.0.5", "gateway_ip": "10.1.0.9"}),
        ),
        ("DELETE", "subnets/two", Value::Null),
        ("DELETE", "ip-ranges/1", Value::Null),
        ("PATCH", "ip-ranges/1", json!({"end_ip": "10.1.0.120"})),
        ("PATCH", "prefix-pools/1", json!({"comment": "for homes"})),
        ("DELETE", "prefix-pools/1", Value::Null),
        ("DELETE", "subnets/six", Value::Null),
        ("PATCH", "static-routes/1", json!({"metric": 7})),
        ("DELETE", "static-routes/1", Value::Null),
        ("DELETE", "reserved-ips/1", Value::Null),
        ("PATCH", "dhcp-snippets/ntp", json!({"value": "option ntp-servers 10.1.0.4;"})),
        ("DELETE", "dhcp-snippets/ntp", Value::Null),
        ("DELETE", "dns-resources/1", Value::Null),
        ("PATCH", "dns-resources/1", json!({"ip_addresses": "10.1.0.31"})),
        ("PATCH", "domains/lab.example", json!({"name": "lab.test"})),
        ("POST", "domains/lab.example/set-default", Value::Null),
        ("DELETE", "zones/attic", Value::Null),
        (
            "PATCH",
            "machines/web",
            json!({"zone": "attic", "pool": "spare", "hostname": "www", "domain": "lab.example"}),
        ),
        ("POST", "tags/gpu/update-nodes", json!({"add": "web"})),
        ("PATCH", "tags/gpu", json!({"name": "accelerated"})),
        ("DELETE", "tags/gpu", Value::Null),
        ("PATCH", "devices/printer", json!({"hostname": "plotter", "zone": "attic"})),
        ("DELETE", "devices/printer", Value::Null),
        ("PATCH", "notifications/1", json!({"message": "Fan is very loud"})),
        ("DELETE", "notifications/1", Value::Null),
        ("PATCH", "package-repositories/own", json!({"enabled": false})),
        ("DELETE", "package-repositories/own", Value::Null),
        ("POST", "settings/ntp_servers", json!({"value": "10.0.0.9"})),
    ];
    for (method, path, mut body) in changes {
        if path == "tags/gpu/update-nodes" {
            let web = region.get(By::Admin, "machines/web").await.assert(200).json();
            body = json!({"add": web["system_id"]});
        }
        if path == "settings/ntp_servers" {
            let body = json!({"name": "ntp_servers", "value": "10.0.0.9"});
            there_and_back(&region, "POST", "maas/set-config", body).await;
            continue;
        }
        there_and_back(&region, method, path, body).await;
    }
}

#[tokio::test]
async fn what_was_made_is_removed_by_the_rules_of_its_kind() {
    let region = made().await;
    for (resource, body) in [
        ("zones", json!({"name": "cellar"})),
        ("fabrics", json!({"name": "other"})),
        ("subnets", json!({"cidr": "10.3.0.0/24"})),
        ("dns-resources", json!({"fqdn": "ftp.lab.example", "ip_addresses": "10.1.0.41"})),
        ("devices", json!({"hostname": "camera", "mac_addresses": ["52:54:00:00:01:02"]})),
    ] {
        there_and_back(&region, "POST", resource, body).await;
    }
    region.post("pools", json!({"name": "full"})).await.assert(201);
    let pool = last_of(&region).await;
    region.call(By::Admin, "PATCH", "machines/web", json!({"pool": "full"})).await.assert(200);
    let refused = undo(&region, pool).await.assert(409);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("it has machines"), "{detail}");
}

#[tokio::test]
async fn what_was_changed_since_is_named() {
    let region = made().await;
    region.call(By::Admin, "PATCH", "zones/attic", json!({"description": "dry"})).await.assert(200);
    let first = last_of(&region).await;
    region.call(By::Admin, "PATCH", "zones/attic", json!({"description": "wet"})).await.assert(200);
    let second = last_of(&region).await;
    let detail = undo(&region, first).await.assert(409).json()["detail"].clone();
    let told = format!(
        "zone attic was changed after revision {first}: at revision {second} by user:admin (zone.update)."
    );
    assert_eq!(detail, told);
    undo(&region, second).await.assert(200);
    let zone = region.get(By::Admin, "zones/attic").await.json();
    assert_eq!(zone["description"], "dry");
}

#[tokio::test]
async fn rules_over_sets_and_references_are_asked_again() {
    let region = made().await;
    region.call(By::Admin, "DELETE", "subnets/two", Value::Null).await.assert(204);
    let gone = last_of(&region).await;
    region.post("subnets", json!({"cidr": "10.2.0.0/16"})).await.assert(201);
    let detail = undo(&region, gone).await.assert(409).text;
    assert!(detail.contains("overlaps subnet 10.2.0.0/16"), "{detail}");
    region.call(By::Admin, "DELETE", "dns-resources/1", Value::Null).await.assert(204);
    let gone = last_of(&region).await;
    region.call(By::Admin, "DELETE", "domains/lab.example", Value::Null).await.assert(204);
    let detail = undo(&region, gone).await.assert(409).text;
    assert!(detail.contains("The domain that it belongs to is not there any more."), "{detail}");
    region.call(By::Admin, "DELETE", "zones/attic", Value::Null).await.assert(204);
    let gone = last_of(&region).await;
    region.post("zones", json!({"name": "attic"})).await.assert(201);
    let detail = undo(&region, gone).await.assert(409).text;
    assert!(detail.contains("has what it had"), "{detail}");
}

#[tokio::test]
async fn what_a_machine_went_through_is_not_undone() {
    let region = made().await;
    region.post("machines/web/mark-broken", json!({"comment": "no fan"})).await.assert(200);
    let detail = undo(&region, last_of(&region).await).await.assert(409).text;
    assert!(detail.contains("release and deploy again"), "{detail}");
    let body = json!({"username": "eve", "email": "e@example.com", "password": "long enough", "is_superuser": "0"});
    region.post("users", body).await.assert(201);
    let detail = undo(&region, last_of(&region).await).await.assert(409).text;
    assert!(detail.contains("what belongs to accounts"), "{detail}");
}

#[tokio::test]
async fn an_undo_is_a_change_like_others() {
    let region = made().await;
    region.call(By::Admin, "DELETE", "zones/attic", Value::Null).await.assert(204);
    let revision = last_of(&region).await;
    let path = format!("revisions/{revision}/undo");
    region.call(By::User, "POST", &path, Value::Null).await.assert(403);
    let send = || {
        let request = region.request(By::Admin, "POST", &path).header("idempotency-key", "back");
        region.answer(request.body(axum::body::Body::empty()).unwrap())
    };
    send().await.assert(200);
    let again = send().await.assert(200);
    assert_eq!(again.header("idempotent-replay"), "true");
    let last = region.get(By::Admin, "revisions?limit=1").await.json()["items"][0].clone();
    assert_eq!(last["reason"], "revision.undo");
    assert_eq!(last["actor"], "user:admin");
    assert_eq!(last["objects"][0]["name"], "attic");
    assert_eq!(last["objects"][0]["change"], "create");
    undo(&region, 1_000_000).await.assert(404);
}

#[tokio::test]
async fn revisions_are_told_in_pages_with_what_differs() {
    let region = made().await;
    region.get(By::User, "revisions").await.assert(403);
    let zones = region.get(By::Admin, "revisions?resource=zones").await.assert(200).json();
    assert_eq!(zones["items"][0]["objects"][0]["name"], "attic");
    let mut seen = Vec::new();
    let mut before = String::new();
    loop {
        let page =
            region.get(By::Admin, &format!("revisions?limit=3{before}")).await.assert(200).json();
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["revision"].as_u64().unwrap()),
        );
        let Some(next) = page["next"].as_u64() else { break };
        before = format!("&before={next}");
    }
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "{seen:?}");
    assert!(seen.len() > 17, "{seen:?}");
    let body = json!({"power_type": "ipmi", "power_parameters_power_pass": "secret",
        "power_parameters_power_address": "10.9.9.9"});
    region.call(By::Admin, "PATCH", "machines/web", body).await.assert(200);
    let revision = last_of(&region).await;
    let one = region.get(By::Admin, &format!("revisions/{revision}")).await.assert(200);
    assert!(!one.text.contains("secret"), "{}", one.text);
    assert_eq!(one.json()["items"][0]["objects"][0]["name"], "web");
    region.get(By::Admin, "revisions/999999").await.assert(404);
    region.get(By::Admin, "revisions?resource=cars").await.assert(400);
}

/// What is named by numbers in rows is named as people do.
#[tokio::test]
async fn plans_and_histories_name_what_they_are_about() {
    let region = made().await;
    let path = "machines/web?plan=true";
    let body = json!({"zone": "attic", "pool": "spare", "domain": "lab.example"});
    let plan = region.call(By::Admin, "PATCH", path, body.clone()).await.assert(200).json();
    let told = |change: &Value| -> Vec<(String, Value, Value)> {
        let all = change["differences"].as_array().unwrap().iter();
        let one = |found: &Value| {
            let pointer = found["pointer"].as_str().unwrap().to_owned();
            (pointer, found["before"].clone(), found["after"].clone())
        };
        all.map(one).filter(|(pointer, ..)| pointer.starts_with("/placement/")).collect()
    };
    let expected = [
        ("/placement/domain".to_owned(), json!("maas"), json!("lab.example")),
        ("/placement/pool".to_owned(), json!("default"), json!("spare")),
        ("/placement/zone".to_owned(), json!("default"), json!("attic")),
    ];
    assert_eq!(plan["changes"][0]["name"], "web");
    assert_eq!(told(&plan["changes"][0]), expected);
    region.call(By::Admin, "PATCH", "machines/web", body).await.assert(200);
    let history = region.get(By::Admin, "machines/web/history").await.assert(200).json();
    assert_eq!(told(&history["changes"][0]), expected);
    for (method, path, name) in [
        ("DELETE", "ip-ranges/1", "10.1.0.100-10.1.0.150"),
        ("DELETE", "prefix-pools/1", "fd00:a00::/40"),
        ("DELETE", "static-routes/1", "10.1.0.0/24 to 10.2.0.0/24"),
        ("DELETE", "reserved-ips/1", "10.1.0.20"),
        ("DELETE", "fabrics/lab", "lab 0"),
    ] {
        let plan = region.call(By::Admin, method, &format!("{path}?plan=true"), Value::Null).await;
        let plan = plan.assert(200).json();
        let changes = plan["changes"].as_array().unwrap();
        assert!(changes.iter().any(|change| change["name"] == name), "{path}: {changes:?}");
        region.call(By::Admin, method, path, Value::Null).await;
        let revision = last_of(&region).await;
        let done = region.get(By::Admin, &format!("revisions/{revision}")).await.assert(200).json();
        let objects = done["items"][0]["objects"].as_array().unwrap();
        let is_named = objects.iter().any(|object| object["name"] == name);
        // What the object stood in may be gone with it.
        assert!(is_named || path == "fabrics/lab", "{path}: {objects:?}");
    }
}
