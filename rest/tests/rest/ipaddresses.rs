//! Reserved addresses.

use model::id::{SubnetId, SystemId, VlanId};
use model::lease::binding::{Binding, BindingState};
use model::mac::MacAddress;
use tables::error::TableError;
use tables::read::Reads;
use tables::update::{Cause, now};

use crate::harness::{By, Region};

async fn with_subnet() -> Region {
    let region = Region::start().await;
    let form = [("cidr", "10.0.0.0/29"), ("gateway_ip", "10.0.0.1")];
    region.post(By::Admin, "subnets/", &form).await.assert(200);
    region
}

#[tokio::test]
async fn a_free_or_a_named_address_is_reserved_and_given_back() {
    let region = with_subnet().await;
    let form = [("op", "reserve"), ("subnet", "10.0.0.0/29")];
    let first = region.post(By::User, "ipaddresses/", &form).await.assert(200).json();
    assert_eq!(first["ip"], "10.0.0.2");
    assert_eq!(first["owner"]["username"], "user");
    let form = [("op", "reserve"), ("ip", "10.0.0.4"), ("mac", "52:54:00:00:00:09")];
    let named = region.post(By::User, "ipaddresses/", &form).await.assert(200).json();
    assert_eq!(named["interface_set"][0]["mac_address"], "52:54:00:00:00:09");
    let again = region.post(By::Admin, "ipaddresses/", &form).await.assert(404);
    assert_eq!(again.text, "The IP address 10.0.0.4 is already in use.");

    assert_eq!(region.get(By::User, "ipaddresses/").await.json().as_array().unwrap().len(), 2);
    assert_eq!(region.get(By::Admin, "ipaddresses/").await.text, "[]");
    let addresses = region.get(By::User, "subnets/1/?op=ip_addresses").await.assert(200).json();
    assert_eq!((&addresses[0]["ip"], &addresses[0]["user"]), (&"10.0.0.2".into(), &"user".into()));
    region.delete(By::Admin, "subnets/1/").await.assert(409);

    let release = [("op", "release"), ("ip", "10.0.0.2")];
    region.post(By::Admin, "ipaddresses/", &release).await.assert(400);
    region.post(By::User, "ipaddresses/", &release).await.assert(204);
}

#[tokio::test]
async fn an_administrator_ends_the_lease_of_a_client() {
    let region = with_subnet().await;
    let binding = Binding {
        ip: [10, 0, 0, 5].into(),
        subnet: SubnetId(1),
        vlan: VlanId(1),
        client: MacAddress([0x52, 0x54, 0, 0, 0, 5]).into(),
        hardware: None,
        prefix_length: None,
        state: BindingState::Active,
        hostname: None,
        told_until: now().plus_ms(600_000),
        promise_until: now().plus_ms(1_200_000),
        rack: SystemId::from_number(1),
    };
    let cause = Cause::new("test", "test");
    let put = region.tables.update(&cause, |tx| tx.put(&binding));
    put.await.map_err(|error: TableError| error).unwrap();
    let release = [("op", "release"), ("ip", "10.0.0.5")];
    let forced = [&release[..], &[("force", "true")]].concat();
    let discovered = [&forced[..], &[("discovered", "true")]].concat();
    region.post(By::User, "ipaddresses/", &discovered).await.assert(403);
    let not_forced = [&release[..], &[("discovered", "true")]].concat();
    let refused = region.post(By::Admin, "ipaddresses/", &not_forced).await;
    refused.assert_field("discovered", "Only valid if force=true is specified.");
    let other = region.post(By::Admin, "ipaddresses/", &forced).await.assert(400);
    assert_eq!(other.text, "IP address 10.0.0.5 does not exist.");
    region.post(By::Admin, "ipaddresses/", &discovered).await.assert(204);
    let view = region.tables.view().await.unwrap();
    let ended = view.get::<Binding>(&binding.ip).unwrap();
    assert_eq!(ended, Some(Binding { state: BindingState::Released, ..binding }));
    region.post(By::Admin, "ipaddresses/", &discovered).await.assert(400);
}

#[tokio::test]
async fn a_full_subnet_and_a_dynamic_range_give_nothing() {
    let region = with_subnet().await;
    let range = [("type", "dynamic"), ("start_ip", "10.0.0.4"), ("end_ip", "10.0.0.6")];
    region.post(By::Admin, "ipranges/", &range).await.assert(200);
    let form = [("op", "reserve"), ("ip", "10.0.0.5")];
    region.post(By::User, "ipaddresses/", &form).await.assert(403);
    let form = [("op", "reserve"), ("subnet", "1")];
    for _ in 0..2 {
        region.post(By::User, "ipaddresses/", &form).await.assert(200);
    }
    let full = region.post(By::User, "ipaddresses/", &form).await.assert(503);
    assert_eq!(full.text, "No more IPs available in subnet: 10.0.0.0/29.");
    assert_eq!(full.headers["retry-after"], "10");
}

#[tokio::test]
async fn racing_reservations_never_share_an_address() {
    let region = with_subnet().await;
    let form = [("op", "reserve"), ("subnet", "1")];
    let all =
        futures::future::join_all((0..5).map(|_| region.post(By::User, "ipaddresses/", &form)));
    let mut given: Vec<String> = Vec::new();
    for answer in all.await {
        given.push(answer.assert(200).json()["ip"].as_str().unwrap().to_owned());
    }
    given.sort();
    given.dedup();
    assert_eq!(given.len(), 5);
}

#[tokio::test]
async fn the_hostname_of_a_reserved_address_is_a_name_until_it_is_released() {
    let region = with_subnet().await;
    region.post(By::Admin, "domains/", &[("name", "lab")]).await.assert(200);
    for (ip, hostname, fqdn) in [("10.0.0.2", "a", "a.maas"), ("10.0.0.3", "b.lab", "b.lab")] {
        let form = [("op", "reserve"), ("ip", ip), ("hostname", hostname)];
        region.post(By::User, "ipaddresses/", &form).await.assert(200);
        let found = region.get(By::User, &format!("dnsresources/?fqdn={fqdn}")).await.json();
        assert_eq!(found[0]["ip_addresses"][0]["ip"], ip);
    }
    for wrong in ["a b", "x.nosuch", "-a"] {
        let form = [("op", "reserve"), ("ip", "10.0.0.4"), ("hostname", wrong)];
        let refused = region.post(By::User, "ipaddresses/", &form).await.assert(400);
        assert!(refused.json()["hostname"].is_array(), "{wrong}: {}", refused.text);
    }
    // A second address of a name leaves it with the first.
    let form = [("op", "reserve"), ("ip", "10.0.0.4"), ("hostname", "a")];
    region.post(By::User, "ipaddresses/", &form).await.assert(200);
    for (ip, left) in [("10.0.0.2", 2), ("10.0.0.4", 1), ("10.0.0.3", 0)] {
        let release = [("op", "release"), ("ip", ip)];
        region.post(By::User, "ipaddresses/", &release).await.assert(204);
        let names = region.get(By::User, "dnsresources/").await.json();
        assert_eq!(names.as_array().unwrap().len(), left, "{ip}: {names}");
    }
}

#[tokio::test]
async fn who_reserves_an_address_takes_no_name_of_others() {
    let region = with_subnet().await;
    let www = [("fqdn", "www.maas"), ("ip_addresses", "10.0.0.200")];
    region.post(By::Admin, "dnsresources/", &www).await.assert(200);
    let device = [("hostname", "printer"), ("mac_addresses", "52:54:00:00:00:01")];
    region.post(By::Admin, "devices/", &device).await.assert(200);
    for name in ["www", "www.maas", "WWW", "printer", "*.maas"] {
        let form = [("op", "reserve"), ("ip", "10.0.0.5"), ("hostname", name)];
        let refused = region.post(By::User, "ipaddresses/", &form).await.assert(400);
        assert!(refused.json()["hostname"].is_array(), "{name}: {}", refused.text);
    }
    let device = [("hostname", "www"), ("mac_addresses", "52:54:00:00:00:02")];
    region
        .post(By::User, "devices/", &device)
        .await
        .assert_field("hostname", "www is not a name of yours: take another one.");
    let device = [("hostname", "mine"), ("mac_addresses", "52:54:00:00:00:02")];
    let mine = region.post(By::User, "devices/", &device).await.assert(200).json();
    let path = format!("devices/{}/", mine["system_id"].as_str().unwrap());
    region.put(By::User, &path, &[("hostname", "www")]).await.assert(400);
    region.put(By::Admin, &path, &[("hostname", "www")]).await.assert(200);
    let form = [("op", "reserve"), ("ip", "10.0.0.5"), ("hostname", "www")];
    region.post(By::Admin, "ipaddresses/", &form).await.assert(200);
}
