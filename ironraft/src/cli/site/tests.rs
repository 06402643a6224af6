//! Whole sites over a region in memory: what is exported is applied elsewhere, and exported there alike.

use axum::body::Body as Sent;
use client::Body;
use http::{Method, Request};
use http_body_util::BodyExt;
use model::controller::RackController;
use model::id::SystemId;
use model::time::Timestamp;
use ops::access::users::NewUser;
use ops::cluster::bootstrap;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use raft_store::Store;
use rest::call::Parts;
use serde_json::{Value, json};
use tables::error::TableError;
use tables::tx::Tx;
use tables::update::{Cause, Tables};
use tower::ServiceExt;

use super::*;
use crate::cli::native::change::Change;
use crate::cli::native::problem;

/// A region in memory, asked by its administrator.
pub(crate) struct Region {
    tables: Tables,
    router: axum::Router,
    bearer: String,
}

impl Region {
    pub(crate) async fn start() -> Self {
        let tables = Tables::new(Store::in_memory());
        let admin = NewUser {
            username: "admin".to_owned(),
            email: "admin@example.com".to_owned(),
            is_superuser: true,
            ..NewUser::default()
        };
        let token = bootstrap::bootstrap(&tables, &admin).await.unwrap();
        let bearer = format!("{}:{}:{}", token.consumer_key, token.key, token.secret.expose());
        let router = native::router::router(Parts::new(tables.clone()));
        Self { tables, router, bearer }
    }

    async fn ask(&self, request: http::request::Builder, body: Sent) -> Result<Value, Failure> {
        let request = request.header("authorization", format!("Bearer {}", self.bearer));
        let request: Request<Sent> = request.body(body).unwrap();
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes);
        if head.status.is_success() {
            return Ok(serde_json::from_str(&text).unwrap_or(Value::Null));
        }
        Err(problem::of(head.status.as_u16(), &text, None))
    }

    pub(crate) async fn make(&self, resource: &str, body: Value) -> Value {
        let made = self.change(&Change::create(resource, body)).await;
        made.unwrap_or_else(|failure| panic!("{resource}: {}", failure.told().1))
    }

    /// The administrator's key.
    pub(crate) fn key(&self) -> &str {
        &self.bearer
    }

    /// What is at a path, with parameters.
    pub(crate) async fn query(
        &self,
        elements: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Value, Failure> {
        let query: Vec<String> = query
            .iter()
            .map(|(name, value)| {
                let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
                format!("{name}={value}")
            })
            .collect();
        let path = format!("/api/v1/{}?{}", elements.join("/"), query.join("&"));
        self.ask(Request::builder().uri(path), Sent::empty()).await
    }

    async fn verb(&self, elements: &[&str], body: Value) {
        let made = self
            .change(&Change::new(Method::POST, elements, (!body.is_null()).then_some(body)))
            .await;
        made.unwrap_or_else(|failure| panic!("{elements:?}: {}", failure.told().1));
    }

    async fn export(&self) -> String {
        exported(self, &[]).await.unwrap().0
    }

    /// What applying a file would do, as lines.
    async fn plan(&self, text: &str, prune: bool) -> Vec<String> {
        let wanted = read::document(text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
        let (_, plan) = planned(self, &wanted, prune).await.unwrap();
        let problems = plan.problems.iter().map(|problem| format!("! {problem}"));
        plan.steps.iter().flat_map(Step::lines).chain(problems).collect()
    }

    /// Applies a file and returns what was not done.
    async fn apply(&self, text: &str, prune: bool) -> Vec<String> {
        let wanted = read::document(text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
        let (mut live, plan) = planned(self, &wanted, prune).await.unwrap();
        assert_eq!(plan.problems, Vec::<String>::new());
        let applied = apply::carry_out(self, &mut live, &plan, &mut |_| {}).await;
        let told = |(what, failure): (String, Failure)| format!("{what}: {}", failure.told().1);
        applied.failed.into_iter().map(told).collect()
    }
}

impl SiteApi for Region {
    async fn list(&self, resource: &str) -> Result<Vec<Value>, Failure> {
        let request = Request::builder().uri(format!("/api/v1/{resource}?limit=1000"));
        let page = self.ask(request, Sent::empty()).await?;
        Ok(page["items"].as_array().cloned().unwrap())
    }

    async fn read(&self, elements: &[&str]) -> Result<Value, Failure> {
        let request = Request::builder().uri(format!("/api/v1/{}", elements.join("/")));
        self.ask(request, Sent::empty()).await
    }

    async fn change(&self, change: &Change) -> Result<Value, Failure> {
        let mut request = Request::builder().method(change.method.clone()).uri(change.path());
        for (name, value) in change.headers() {
            request = request.header(name, value);
        }
        let body = match change.body() {
            Body::Json(bytes) => {
                request = request.header("content-type", "application/json");
                Sent::from(bytes)
            }
            _ => Sent::empty(),
        };
        self.ask(request, body).await
    }
}

/// A site with something in every section.
async fn made() -> Region {
    let region = Region::start().await;
    let mac = |last: u8| format!("52:54:00:00:00:{last:02x}");
    let objects = [
        ("zones", json!({"name": "attic", "description": "dry"})),
        ("pools", json!({"name": "lab"})),
        ("spaces", json!({"name": "dmz"})),
        ("fabrics", json!({"name": "core", "class_type": "10g"})),
        (
            "vlans",
            json!({"fabric": "core", "vid": 20, "name": "storage", "mtu": 9000, "space": "dmz"}),
        ),
        ("vlans", json!({"fabric": "core", "vid": 30})),
        ("domains", json!({"name": "lab.example", "ttl": 60})),
        ("dns-resources", json!({"fqdn": "www.lab.example", "ip_addresses": "10.1.0.30,10.1.0.4"})),
        ("dns-records", json!({"fqdn": "lab.example", "rrtype": "TXT", "rrdata": "a \"b\""})),
        (
            "dns-records",
            json!({"fqdn": "www.lab.example", "rrtype": "MX", "rrdata": "10 mail.example."}),
        ),
        ("tags", json!({"name": "gpu", "comment": "fast", "kernel_opts": "a=b"})),
        ("tags", json!({"name": "virtual", "definition": "//node"})),
        (
            "package-repositories",
            json!({"name": "own", "url": "http://archive.example/", "distributions": ["a", "b"]}),
        ),
        ("boot-sources", json!({"url": "http://images.example/", "keyring_filename": "/k.gpg"})),
        ("groups", json!({"name": "operators", "description": "on call"})),
    ];
    for (resource, body) in objects {
        region.make(resource, body).await;
    }
    let storage = region.read(&["vlans"]).await.unwrap();
    let storage =
        storage["items"].as_array().unwrap().iter().find(|vlan| vlan["vid"] == 20).unwrap().clone();
    let relayed = region
        .make("vlans", json!({"fabric": "core", "vid": 40, "relay_vlan": storage["id"]}))
        .await;
    let subnets = [
        json!({"cidr": "10.1.0.0/24", "name": "one", "gateway_ip": "10.1.0.1", "vlan": storage["id"],
            "dns_servers": "10.1.0.3,10.1.0.2"}),
        json!({"cidr": "10.2.0.0/16", "vlan": relayed["id"], "managed": false, "rdns_mode": 0}),
        json!({"cidr": "fd00:1::/64", "allow_dns": false}),
    ];
    let mut ids = Vec::new();
    for subnet in subnets {
        ids.push(region.make("subnets", subnet).await["id"].clone());
    }
    let objects = [
        (
            "ip-ranges",
            json!({"type": "dynamic", "start_ip": "10.1.0.100", "end_ip": "10.1.0.150", "comment": "c"}),
        ),
        ("ip-ranges", json!({"type": "reserved", "start_ip": "10.1.0.2", "end_ip": "10.1.0.5"})),
        (
            "prefix-pools",
            json!({"prefix": "fd00:a00::/40", "delegated_length": 56, "subnet": "fd00:1::/64"}),
        ),
        ("reserved-ips", json!({"ip": "10.1.0.20", "mac_address": mac(9), "comment": "printer"})),
        (
            "static-routes",
            json!({"source": ids[0], "destination": ids[1], "gateway_ip": "10.1.0.9", "metric": 7}),
        ),
        (
            "dhcp-snippets",
            json!({"name": "ntp", "value": "option ntp-servers 10.1.0.3;\ndefault-lease-time 60;\n", "subnet": ids[0]}),
        ),
        ("dhcp-snippets", json!({"name": "all", "value": "max-lease-time 600;", "enabled": false})),
        (
            "machines",
            json!({"hostname": "web", "architecture": "amd64/generic", "power_type": "ipmi",
            "power_parameters": {"power_address": "10.9.9.9", "power_user": "u", "power_pass": "hidden"},
            "mac_addresses": [mac(1), mac(2)], "commission": false, "domain": "lab.example", "zone": "attic"}),
        ),
        (
            "devices",
            json!({"hostname": "printer", "mac_addresses": [mac(3)], "domain": "lab.example"}),
        ),
    ];
    for (resource, body) in objects {
        region.make(resource, body).await;
    }
    let web = region.read(&["machines", "web"]).await.unwrap()["system_id"].clone();
    region
        .make("devices", json!({"hostname": "fan", "mac_addresses": [mac(4)], "parent": web}))
        .await;
    region
        .make("dhcp-snippets", json!({"name": "of-web", "value": "filename \"x\";", "node": web}))
        .await;
    region.verb(&["tags", "gpu", "update-nodes"], json!({"add": [web]})).await;
    region.verb(&["devices", "printer", "set-workload-annotations"], json!({"paper": "A4"})).await;
    region.verb(&["domains", "lab.example", "set-default"], Value::Null).await;
    let group = region.read(&["groups"]).await.unwrap();
    let group =
        group.as_array().unwrap().iter().find(|group| group["name"] == "operators").unwrap()["id"]
            .to_string();
    region.verb(&["groups", &group, "add-member"], json!({"username": "admin"})).await;
    let pool = region.read(&["pools", "lab"]).await.unwrap()["id"].clone();
    let given =
        json!({"resource_type": "pool", "resource_id": pool, "entitlement": "can_deploy_machines"});
    region.verb(&["groups", &group, "add-entitlement"], given).await;
    let source = region.read(&["boot-sources"]).await.unwrap();
    let source = source["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["url"] == "http://images.example/")
        .unwrap()["id"]
        .to_string();
    let selection =
        json!({"os": "debian", "release": "bookworm", "arches": ["amd64"], "labels": ["*"]});
    region.verb(&["boot-sources", &source, "selections"], selection).await;
    for (name, value) in [
        ("ntp_servers", "10.1.0.3"),
        ("http_proxy", "http://u:hidden@proxy:3128/"),
        ("node_timeout", "45"),
    ] {
        let change = Change::update("settings", name, json!({"value": value}));
        region.change(&change).await.unwrap_or_else(|failure| panic!("{}", failure.told().1));
    }
    region
}

#[tokio::test]
async fn what_is_exported_changes_nothing_where_it_is_from() {
    let region = made().await;
    let text = region.export().await;
    insta::assert_snapshot!("site", text);
    assert!(!text.contains("hidden"), "{text}");
    for prune in [false, true] {
        assert_eq!(region.plan(&text, prune).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn all_racks_of_a_vlan_are_named_in_their_order() {
    let region = Region::start().await;
    let cause = Cause::new("test", "test");
    let racks = |tx: &mut Tx| -> Result<(), TableError> {
        (1..=4).try_for_each(|number| {
            tx.insert(&RackController {
                system_id: SystemId::from_number(number),
                hostname: format!("k{number}"),
                version: String::new(),
                interfaces: Vec::new(),
                session: None,
                last_seen: Timestamp::default(),
                searches_for_hosts: false,
                holds_service_addresses: true,
            })
        })
    };
    region.tables.update(&cause, racks).await.unwrap();
    let text = "\
apiVersion: ironraft/v1
vlans:
  - {fabric: fabric-0, vid: 7, primary_rack: k1, secondary_rack: k2, further_racks: [k4, k3]}
";
    assert_eq!(region.apply(text, false).await, Vec::<String>::new());
    assert_eq!(region.plan(text, false).await, Vec::<String>::new());
    let exported = region.export().await;
    let at = exported.find("further_racks:\n").expect("it is told");
    let told: Vec<&str> = exported[at..].lines().skip(1).take(2).map(str::trim).collect();
    assert_eq!(told, ["- k4", "- k3"], "{exported}");
    let other = text.replace("[k4, k3]", "[k3]");
    assert_eq!(region.apply(&other, false).await, Vec::<String>::new());
    assert_eq!(region.plan(&other, false).await, Vec::<String>::new());
    let nobody = region.plan(&text.replace("k4", "k9"), false).await;
    assert!(nobody.iter().any(|line| line.contains("there is no k9")), "{nobody:?}");
}

#[tokio::test]
async fn an_empty_site_becomes_the_same_byte_for_byte() {
    let text = made().await.export().await;
    let other = Region::start().await;
    assert_eq!(other.apply(&text, true).await, Vec::<String>::new());
    let again = other.export().await;
    assert!(again == text, "{}", similar(&text, &again));
    assert_eq!(other.plan(&text, true).await, Vec::<String>::new());
}

/// The lines that only one of two texts has.
fn similar(one: &str, other: &str) -> String {
    let only = |sign: char, of: &str, not: &str| {
        let lines = of.lines().filter(|line| !not.lines().any(|known| known == *line));
        lines.map(|line| format!("{sign} {line}\n")).collect::<String>()
    };
    only('-', one, other) + &only('+', other, one)
}

#[tokio::test]
async fn what_is_pruned_is_gone_but_for_what_is_held() {
    let empty = Region::start().await.export().await;
    let region = made().await;
    // The domain of a machine cannot go, machines stay, and an address of a removed name is still its user's.
    let failed = region.apply(&empty, true).await;
    let is_held = |told: &&String| {
        ["domain lab.example", "subnet 10.1.0.0/24", "vlan core/20", "fabric core"]
            .iter()
            .any(|what| told.starts_with(&format!("delete {what}:")))
    };
    let others: Vec<&String> = failed.iter().filter(|told| !is_held(told)).collect();
    assert!(others.is_empty(), "{others:?}");
    let left = region.export().await;
    for gone in ["attic", "printer", "name: gpu", "10.2.0.0/16", "operators"] {
        assert!(!left.contains(gone), "{gone} is still there:\n{left}");
    }
    let proxy = region.read(&["settings", "http_proxy"]).await.unwrap();
    assert_eq!(proxy["value"], "http://u:hidden@proxy:3128/", "what a file cannot tell stays");
}

#[tokio::test]
async fn what_failed_is_done_when_its_cause_is_gone() {
    let region = Region::start().await;
    let text = "\
apiVersion: ironraft/v1
zones:
  - name: attic
groups:
  - name: operators
    members: [alice, admin]
pools:
  - name: lab
";
    let failed = region.apply(text, false).await;
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].starts_with("create group operators"), "{failed:?}");
    let left = region.plan(text, false).await;
    assert_eq!(left.len(), 2, "only the group is left: {left:?}");
    let user = json!({"username": "alice", "email": "a@example.com", "password": "long enough", "is_superuser": "0"});
    region.make("users", user).await;
    assert_eq!(region.apply(text, false).await, Vec::<String>::new());
    assert_eq!(
        region.plan(text, true).await.iter().filter(|line| line.contains("operators")).count(),
        0
    );
}

#[tokio::test]
async fn another_value_of_a_field_is_one_change() {
    let region = made().await;
    let text = "\
apiVersion: ironraft/v1
subnets:
  - cidr: 10.1.0.0/24
    dns_servers: []
    vlan: core/30
machines:
  - hostname: web
    tags: []
    annotations: {}
    zone: default
    power_parameters:
      power_user: v
";
    let told = region.plan(text, false).await;
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    let wanted = [
        "~ change subnet 10.1.0.0/24",
        "    vlan: core/20 → core/30",
        "    dns_servers: 10.1.0.3, 10.1.0.2 → -",
        "~ change machine web",
        "    zone: attic → default",
        // Beside what was given stand the driver's defaults.
        "    power_parameters: {\"cipher_suite_id\":\"3\",\"power_address\":\"10.9.9.9\",\"power_boot_type\":\"auto\",\
         \"power_driver\":\"LAN_2_0\",\"power_user\":\"u\",\"privilege_level\":\"OPERATOR\",\
         \"workaround_flags\":\"opensesspriv\"} → {\"power_user\":\"v\"}",
        "    tags: gpu → -",
    ];
    assert_eq!(told, wanted);
    assert_eq!(region.apply(text, false).await, Vec::<String>::new());
    assert_eq!(region.plan(text, false).await, Vec::<String>::new());
    let secrets = region.read(&["machines", "web", "power-parameters"]).await.unwrap();
    assert_eq!(secrets["power_pass"], "hidden", "what a file does not name stays");
    assert_eq!(secrets["power_address"], "10.9.9.9");
}

#[tokio::test]
async fn sections_can_be_exported_alone() {
    let region = made().await;
    let (text, _) = exported(&region, &["vlans".to_owned()]).await.unwrap();
    assert!(text.contains("relay_vlan: core/20") && !text.contains("\nfabrics:"), "{text}");
}
