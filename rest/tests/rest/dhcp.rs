//! Leases, and why a client gets what it gets: beside MAAS's API.

use std::net::IpAddr;

use model::controller::{ControllerInterface, RackController};
use model::id::{BlockId, IpRangeId, SubnetId, SystemId, UserId, VlanId};
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;
use model::mac::MacAddress;
use model::machine::lifecycle::Phase;
use model::net::iprange::{IpRange, Purpose};
use model::net::reserved::ReservedAddress;
use model::net::service_address::ServiceHolder;
use model::net::vlan::Vlan;
use model::time::Timestamp;
use serde_json::{Value, json};
use tables::error::TableError;
use tables::read::Reads;
use tables::update::{Cause, now};

use crate::harness::{By, Region};
use crate::stock::machine;

const LEASES: &str = "/MAAS/api/ironraft/dhcp/leases/";
const EXPLAIN: &str = "/MAAS/api/ironraft/dhcp/explain/";

fn mac(last: u8) -> MacAddress {
    MacAddress([0x52, 0x54, 0, 0, 0, last])
}

fn rack(number: u64, address: [u8; 4]) -> RackController {
    RackController {
        system_id: SystemId::from_number(number),
        hostname: format!("k{number}"),
        version: "0.1.0".to_owned(),
        interfaces: vec![ControllerInterface {
            name: "eth0".to_owned(),
            mac: MacAddress([0x52, 0x54, 1, 0, 0, u8::try_from(number).unwrap()]),
            addresses: vec![ipnet::IpNet::new(address.into(), 24).unwrap()],
        }],
        session: Some(1),
        last_seen: now(),
        searches_for_hosts: false,
        holds_service_addresses: false,
    }
}

fn binding(ip: [u8; 4], client: u8, state: BindingState, told_ms: i64) -> Binding {
    let told = i64::try_from(now().unix_ms).unwrap() + told_ms;
    let told_until = Timestamp::from_unix_ms(u64::try_from(told).unwrap());
    let relayed = ip[1] == 5;
    Binding {
        ip: IpAddr::from(ip),
        subnet: SubnetId(if relayed { 2 } else { 1 }),
        vlan: VlanId(if relayed { 2 } else { 1 }),
        client: mac(client).into(),
        hardware: None,
        prefix_length: None,
        state,
        hostname: Some(format!("h{client}")),
        told_until,
        promise_until: told_until.plus_ms(600_000),
        rack: SystemId::from_number(1),
    }
}

/// Rack 1 and 2 serve VLAN 1, and VLAN 2 through a relay; rack 1 has blocks of both.
async fn site() -> Region {
    let region = Region::start().await;
    for form in [
        [("cidr", "10.0.0.0/24"), ("gateway_ip", "10.0.0.1")],
        [("cidr", "10.5.0.0/24"), ("gateway_ip", "10.5.0.1")],
    ] {
        region.post(By::Admin, "subnets/", &form).await.assert(200);
    }
    let form = [("vid", "5"), ("relay_vlan", "1")];
    let relayed = region.post(By::Admin, "fabrics/0/vlans/", &form).await.assert(200).json();
    assert_eq!(relayed["id"], 2);
    region.put(By::Admin, "subnets/2/", &[("vlan", "2")]).await.assert(200);
    put(&region, |tx| {
        tx.put(&rack(1, [10, 0, 0, 2]))?;
        tx.put(&rack(2, [10, 0, 0, 3]))?;
        let vlan = tx.get::<Vlan>(&VlanId(1))?.expect("it is the first");
        tx.put(&Vlan {
            dhcp_on: true,
            primary_rack: Some(SystemId::from_number(1)),
            secondary_rack: Some(SystemId::from_number(2)),
            ..vlan
        })?;
        for (id, net) in [(1, 0), (2, 5)] {
            let address = |last| IpAddr::from([10, net, 0, last]);
            tx.put(&IpRange {
                id: IpRangeId(id),
                purpose: Purpose::Dynamic,
                start_ip: address(100),
                end_ip: address(200),
                subnet: SubnetId(id),
                user: None,
                comment: String::new(),
            })?;
            for (number, rack) in [(id, 1), (10 + id, 2)] {
                let first = if rack == 1 { 100 } else { 110 };
                tx.put(&Block {
                    id: BlockId(number),
                    iprange: IpRangeId(id),
                    prefix_length: None,
                    subnet: SubnetId(id),
                    vlan: VlanId(id),
                    first: address(first),
                    last: address(first + 3),
                    rack: Some(SystemId::from_number(rack)),
                    incarnation: 7,
                    epoch: 1,
                    granted_at: now(),
                    valid_until: now().plus_ms(900_000),
                    quarantine_until: Timestamp::default(),
                })?;
            }
        }
        Ok(())
    })
    .await;
    region
}

async fn put(region: &Region, change: impl FnMut(&mut tables::tx::Tx) -> Result<(), TableError>) {
    region.tables.update(&Cause::new("test", "test"), change).await.unwrap();
}

async fn with_leases() -> Region {
    let region = site().await;
    put(&region, |tx| {
        tx.put(&binding([10, 0, 0, 100], 1, BindingState::Active, 300_000))?;
        tx.put(&binding([10, 0, 0, 101], 2, BindingState::Released, 100_000))?;
        tx.put(&binding([10, 0, 0, 102], 3, BindingState::Declined, 0))?;
        tx.put(&binding([10, 5, 0, 100], 1, BindingState::Active, -100_000))?;
        tx.put(&binding([10, 5, 0, 101], 4, BindingState::Active, -700_000))?;
        Ok(())
    })
    .await;
    region
}

fn addresses(page: &Value) -> Vec<String> {
    let leases = page["leases"].as_array().unwrap().iter();
    leases.map(|lease| lease["ip"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn users_see_leases_and_nobody_else_does() {
    let region = with_leases().await;
    for path in [LEASES.to_owned(), format!("{EXPLAIN}?mac=52:54:00:00:00:01")] {
        region.get(By::Nobody, &path).await.assert(401);
        region.get(By::User, &path).await.assert(200);
        region.get(By::Admin, &path).await.assert(200);
        assert_eq!(region.post(By::Admin, &path, &[]).await.status, 405);
    }
    let described = region.get(By::Admin, "describe/").await.assert(200).text;
    assert!(!described.contains("ironraft/dhcp"), "MAAS's clients see nothing of it");
    region.get(By::Admin, "/MAAS/api/ironraft/machines/").await.assert(404);
    region.get(By::Admin, "dhcp/leases/").await.assert(404);
}

#[tokio::test]
async fn a_lease_says_who_has_it_until_when_and_from_whom() {
    let region = with_leases().await;
    let path = format!("{LEASES}?ip=10.0.0.100");
    let lease = &region.get(By::User, &path).await.assert(200).json()["leases"][0];
    assert_eq!(lease["client"], "52:54:00:00:00:01");
    assert_eq!(lease["name"], "h1");
    assert_eq!(lease["rack"]["hostname"], "k1");
    assert_eq!(lease["subnet"]["cidr"], "10.0.0.0/24");
    assert_eq!((&lease["vlan"]["fabric"], &lease["vlan"]["vid"]), (&"fabric-0".into(), &0.into()));
    let stored = region.tables.view().await.unwrap();
    let stored = stored.get::<Binding>(&IpAddr::from([10, 0, 0, 100])).unwrap().unwrap();
    assert_eq!(lease["told_until"], ops::site::dates::rfc3339_ms(stored.told_until));
    assert_eq!(lease["promised_until"], ops::site::dates::rfc3339_ms(stored.promise_until));
}

#[tokio::test]
async fn leases_are_found_by_what_is_named() {
    let region = with_leases().await;
    let all = ["10.0.0.100", "10.0.0.101", "10.0.0.102", "10.5.0.100", "10.5.0.101"];
    for (query, wanted) in [
        ("", &all[..]),
        ("ip=10.0.0.101", &all[1..2]),
        ("ip=10.0.0.9", &[]),
        ("mac=52:54:00:00:00:01", &[all[0], all[3]]),
        ("mac=52:54:00:00:00:01&vlan=2", &all[3..4]),
        ("ip=10.0.0.101&mac=52:54:00:00:00:01", &[]),
        ("subnet=10.0.0.0/24", &all[..3]),
        ("subnet=2", &all[3..]),
        ("subnet=2&vlan=1", &[]),
        ("vlan=1", &all[..3]),
        ("fabric=fabric-0&vid=5", &all[3..]),
        ("state=active", &all[..1]),
        ("state=kept", &[all[1], all[3]]),
        ("state=ended", &all[4..]),
        ("state=declined", &all[2..3]),
        ("vlan=1&state=declined", &all[2..3]),
        ("after=10.0.0.102", &all[3..]),
        ("mac=52:54:00:00:00:01&after=10.0.0.100", &all[3..4]),
        ("vlan=2&after=10.5.0.100", &all[4..]),
    ] {
        let page = region.get(By::User, &format!("{LEASES}?{query}")).await.assert(200).json();
        assert_eq!(addresses(&page), wanted, "{query}");
        assert_eq!(page["next"], Value::Null, "{query}");
    }
}

#[tokio::test]
async fn pages_follow_each_other() {
    let region = with_leases().await;
    let page = region.get(By::User, &format!("{LEASES}?limit=2")).await.assert(200).json();
    assert_eq!(addresses(&page), ["10.0.0.100", "10.0.0.101"]);
    let next = format!("{LEASES}?limit=3&after={}", page["next"].as_str().unwrap());
    let page = region.get(By::User, &next).await.assert(200).json();
    assert_eq!(addresses(&page), ["10.0.0.102", "10.5.0.100", "10.5.0.101"]);
    assert_eq!(page["next"], Value::Null, "there are no more");
}

#[tokio::test]
async fn what_is_no_filter_is_refused_by_name() {
    let region = with_leases().await;
    for (path, field) in [
        (format!("{LEASES}?state=free"), "state"),
        (format!("{LEASES}?limit=0"), "limit"),
        (format!("{LEASES}?limit=1001"), "limit"),
        (format!("{LEASES}?mac=x"), "mac"),
        (format!("{LEASES}?fabric=0"), "vid"),
        (format!("{LEASES}?vid=0"), "fabric"),
        (format!("{LEASES}?vlan=1&fabric=nosuch&vid=9999"), "vlan"),
        (format!("{LEASES}?macc=52:54:00:00:00:09"), "macc"),
        (format!("{EXPLAIN}?mac=52:54:00:00:00:09&vlan=1&archh=7"), "archh"),
        (format!("{EXPLAIN}?mac=01:00:5e:00:00:01"), "mac"),
        (format!("{EXPLAIN}?mac=52:54:00:00:00:09"), "vlan"),
        (format!("{EXPLAIN}?mac=52:54:00:00:00:09&vlan=1&relay=10.5.0.1"), "vlan"),
        (
            format!("{EXPLAIN}?mac=52:54:00:00:00:09&vlan=1&link_selection=10.5.0.1"),
            "link_selection",
        ),
        (format!("{EXPLAIN}?mac=52:54:00:00:00:09&vlan=1&arch=x"), "arch"),
        (format!("{EXPLAIN}?mac=52:54:00:00:00:09&vlan=1&client_id=laptop"), "client_id"),
    ] {
        let refused = region.get(By::User, &path).await.assert(400).json();
        assert!(refused[field][0].is_string(), "{path}: {refused}");
    }
    region.get(By::User, &format!("{LEASES}?subnet=10.9.0.0/24")).await.assert(404);
    region.get(By::User, &format!("{EXPLAIN}?mac=52:54:00:00:00:09&vlan=9")).await.assert(404);
}

async fn explained(region: &Region, query: &str) -> Value {
    region.get(By::User, &format!("{EXPLAIN}?{query}")).await.assert(200).json()
}

#[tokio::test]
async fn a_client_through_a_relay_is_explained() {
    let region = site().await;
    let answer = region
        .get(By::User, &format!("{EXPLAIN}?mac=52:54:00:00:00:01&relay=10.5.0.1&arch=7"))
        .await
        .assert(200);
    insta::assert_snapshot!(answer.text);
}

#[tokio::test]
async fn the_first_rack_explains_from_its_own_block() {
    let region = site().await;
    for client in 1..=16 {
        let told = explained(&region, &format!("mac={}&vlan=1", mac(client))).await;
        let first = told["racks"][0]["rack"]["hostname"].as_str().unwrap().to_owned();
        let block = &told["offer"]["block"]["first"];
        let own = if first == "k1" { "10.0.0.100" } else { "10.0.0.110" };
        assert_eq!(block, own, "client {client} of {first}");
        assert_eq!(told["racks"][1]["transmission"], 2);
    }
}

/// The value of an option in an offer.
fn told_option(told: &Value, code: u64) -> &str {
    let options = told["offer"]["options"].as_array().unwrap();
    let option = options.iter().find(|option| option["code"] == code);
    option.unwrap_or_else(|| panic!("no option {code}: {told}"))["value"].as_str().unwrap()
}

#[tokio::test]
async fn the_service_address_is_what_clients_are_told() {
    let region = site().await;
    let ip = IpAddr::from([10, 0, 0, 5]);
    put(&region, |tx| {
        let vlan = tx.get::<Vlan>(&VlanId(1))?.expect("it is there");
        tx.put(&Vlan { service_addresses: vec![ip], ..vlan })?;
        let rack = Some(SystemId::from_number(2));
        tx.put(&ServiceHolder { vlan: VlanId(1), rack, since: now() })
    })
    .await;
    for way in ["vlan=1", "relay=10.5.0.1"] {
        let told = explained(&region, &format!("mac=52:54:00:00:00:01&{way}")).await;
        assert_eq!(told_option(&told, 54), "10.0.0.5", "{told}");
        assert!(told_option(&told, 6).starts_with("10.0.0.5"), "{told}");
    }
}

#[tokio::test]
async fn an_explanation_says_that_it_is_of_ipv4_alone() {
    let region = site().await;
    let form = [("cidr", "fd00:10::/64"), ("vlan", "1")];
    region.post(By::Admin, "subnets/", &form).await.assert(200);
    let told = explained(&region, "mac=52:54:00:00:00:01&vlan=1").await;
    let assumed = told["assumed"].as_array().unwrap();
    let says = |text: &Value| text.as_str().unwrap().contains("DHCPv6 answers in fd00:10::/64");
    assert!(assumed.iter().any(says), "{told}");
}

#[tokio::test]
async fn who_alone_can_give_what_is_asked_for_is_first() {
    let region = site().await;
    for client in 1..=8 {
        for (requested, first) in [("10.0.0.102", "k1"), ("10.0.0.112", "k2")] {
            let query = format!("mac={}&vlan=1&requested={requested}", mac(client));
            let told = explained(&region, &query).await;
            assert_eq!(told["racks"][0]["rack"]["hostname"], first, "{told}");
            assert_eq!(told["offer"]["ip"], requested, "{told}");
        }
    }
}

#[tokio::test]
async fn what_a_client_has_counts() {
    let region = with_leases().await;
    put(&region, |tx| {
        tx.put(&ReservedAddress {
            ip: IpAddr::from([10, 0, 0, 50]),
            subnet: SubnetId(1),
            mac: Some(mac(5)),
            hostname: String::new(),
            comment: String::new(),
            user: UserId(1),
            created: now(),
            reserved_ip: None,
        })
    })
    .await;
    let form = [("ip", "10.0.0.51"), ("mac_address", "52:54:00:00:00:06")];
    region.post(By::Admin, "reservedips/", &form).await.assert(200);
    let kept = explained(&region, "mac=52:54:00:00:00:06&vlan=1").await;
    assert_eq!(
        (&kept["offer"]["ip"], &kept["offer"]["why"]["word"]),
        (&"10.0.0.51".into(), &"reserved".into())
    );
    let machine = [
        ("hostname", "web-1"),
        ("architecture", "amd64/generic"),
        ("mac_addresses", "52:54:00:00:00:02"),
        ("power_type", "manual"),
        ("commission", "false"),
    ];
    region.post(By::Admin, "machines/", &machine).await.assert(200);

    let reserved = explained(&region, "mac=52:54:00:00:00:05&vlan=1").await;
    assert_eq!(
        (&reserved["offer"]["ip"], &reserved["offer"]["why"]["word"]),
        (&"10.0.0.50".into(), &"reserved".into())
    );
    assert_eq!(reserved["known"]["reserved"][0], "10.0.0.50");
    // Its lease says where it is, and that one is what it gets.
    let bound = explained(&region, "mac=52:54:00:00:00:02").await;
    assert!(bound["assumed"][0].as_str().unwrap().contains("10.0.0.101"), "{bound}");
    assert_eq!(
        (&bound["offer"]["ip"], &bound["offer"]["why"]["word"]),
        (&"10.0.0.101".into(), &"bound".into())
    );
    assert_eq!(bound["known"]["leases"][0]["state"], "kept");
    assert_eq!(bound["known"]["machine"]["hostname"], "web-1");
    let host_name =
        bound["offer"]["options"].as_array().unwrap().iter().find(|it| it["code"] == 12);
    assert_eq!(host_name.unwrap()["value"], "web-1");
    // What others have is not offered, and a relayed VLAN has a relay.
    let taken = explained(&region, "mac=52:54:00:00:00:09&vlan=1&requested=10.0.0.100").await;
    assert_eq!(taken["requested"]["outcome"]["word"], "taken");
    let relayed = explained(&region, "mac=52:54:00:00:00:09&fabric=fabric-0&vid=5").await;
    assert!(relayed["assumed"][0].as_str().unwrap().contains("10.5.0.1"), "{relayed}");
    assert_eq!(relayed["link"]["by"]["word"], "giaddr");
    assert_eq!(relayed["link"]["relayed_to"]["vid"], 0);
}

#[tokio::test]
async fn an_identifier_is_sent_back() {
    let region = site().await;
    let query = "mac=52:54:00:00:00:09&vlan=1&client_id=ff:0:1";
    let told = explained(&region, query).await;
    let options = told["offer"]["options"].as_array().unwrap();
    assert!(options.iter().any(|option| option["code"] == 61), "{told}");
}

#[tokio::test]
async fn silence_is_explained() {
    let region = site().await;
    let nowhere = explained(&region, "mac=52:54:00:00:00:01&relay=192.0.2.1").await;
    assert_eq!(nowhere["silence"]["word"], "no-subnet");
    assert_eq!(nowhere["link"], Value::Null);
    put(&region, |tx| {
        for block in [1, 11] {
            tx.delete::<Block>(&BlockId(block))?;
        }
        Ok(())
    })
    .await;
    let no_block = explained(&region, "mac=52:54:00:00:00:01&vlan=1").await;
    assert_eq!(no_block["silence"]["word"], "no-block");
    put(&region, |tx| tx.delete::<IpRange>(&IpRangeId(1)).map(drop)).await;
    let no_range = explained(&region, "mac=52:54:00:00:00:01&vlan=1").await;
    assert_eq!(no_range["silence"]["word"], "no-range");
    put(&region, |tx| {
        let vlan = tx.get::<Vlan>(&VlanId(1))?.expect("it is there");
        tx.put(&Vlan { dhcp_on: false, ..vlan })
    })
    .await;
    let off = explained(&region, "mac=52:54:00:00:00:01&vlan=1").await;
    assert_eq!(off["silence"]["word"], "off");
    assert_eq!(off["racks"], serde_json::json!([]));
}

#[tokio::test]
async fn a_device_is_told_the_address_of_its_link() {
    let region = site().await;
    let form = [("hostname", "switch"), ("mac_addresses", "52:54:00:00:00:20")];
    let device = region.post(By::User, "devices/", &form).await.assert(200).json();
    let interface = format!(
        "nodes/{}/interfaces/{}/",
        device["system_id"].as_str().unwrap(),
        device["interface_set"][0]["id"]
    );
    let link =
        [("op", "link_subnet"), ("mode", "static"), ("subnet", "1"), ("ip_address", "10.0.0.9")];
    region.post(By::User, &interface, &link).await.assert(200);
    // It is known where it is, and every rack of the link gives it its address.
    let told = explained(&region, "mac=52:54:00:00:00:20").await;
    assert_eq!(told["offer"]["ip"], "10.0.0.9", "{told}");
    assert_eq!(told["known"]["machine"]["hostname"], "switch");
    let other = explained(&region, "mac=52:54:00:00:00:21&vlan=1&requested=10.0.0.9").await;
    assert_ne!(other["offer"]["ip"], "10.0.0.9", "{other}");
    region.post(By::User, &interface, &[("op", "disconnect")]).await.assert(200);
    let told = explained(&region, "mac=52:54:00:00:00:20&vlan=1").await;
    assert_ne!(told["offer"]["ip"], "10.0.0.9", "{told}");
    assert!(told["offer"]["ip"].is_string(), "{told}");
}

#[tokio::test]
async fn a_lease_of_a_device_has_its_name() {
    let region = with_leases().await;
    let form = [("hostname", "switch"), ("mac_addresses", "52:54:00:00:00:01")];
    let device = region.post(By::User, "devices/", &form).await.assert(200).json();
    let vlan = &device["interface_set"][0]["vlan"]["id"];
    assert_eq!(*vlan, 1, "where its newest lease is");
    let path = format!("{LEASES}?ip=10.0.0.100");
    let lease = &region.get(By::User, &path).await.assert(200).json()["leases"][0];
    assert_eq!(lease["name"], "switch");
}

/// Who looks after a machine has to know where it is.
#[tokio::test]
async fn a_machine_in_rescue_mode_has_the_address_that_it_leases() {
    let region = Region::start().await;
    let mut machine = machine(1);
    let client = machine.interfaces[0].mac;
    let leased = Binding {
        client: client.into(),
        ..binding([10, 0, 0, 100], 1, BindingState::Active, 300_000)
    };
    let ended = Binding {
        client: client.into(),
        ..binding([10, 0, 0, 101], 1, BindingState::Released, -300_000)
    };
    region.store(&leased).await;
    region.store(&ended).await;
    for (phase, expected) in [(Phase::Ready, json!([])), (Phase::Rescue, json!(["10.0.0.100"]))] {
        machine.lifecycle.phase = phase;
        region.store(&machine).await;
        let shown = region.get(By::Admin, &format!("machines/{}/", machine.system_id)).await;
        assert_eq!(shown.assert(200).json()["ip_addresses"], expected, "{phase:?}");
    }
}
