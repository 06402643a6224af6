//! VLANs by id and by fabric and tag.

use model::controller::{ControllerInterface, RackController};
use model::mac::MacAddress;
use model::time::Timestamp;
use serde_json::json;
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Cause;

use crate::harness::{By, Region};

async fn add_rack(region: &Region, system_id: &str) {
    let rack = RackController {
        system_id: system_id.parse().unwrap(),
        hostname: format!("rack-{system_id}"),
        version: String::new(),
        interfaces: Vec::new(),
        session: None,
        last_seen: Timestamp::default(),
        searches_for_hosts: false,
        holds_service_addresses: true,
    };
    let cause = Cause::new("test", "test");
    region.tables.update(&cause, |tx| tx.put(&rack)).await.map_err(|e: TableError| e).unwrap();
}

#[tokio::test]
async fn a_vlan_has_two_paths() {
    let region = Region::start().await;
    let form = [("vid", "100"), ("name", "storage"), ("mtu", "9000")];
    let vlan = region.post(By::Admin, "fabrics/0/vlans/", &form).await.assert(200).json();
    let by_id = region.get(By::User, &format!("vlans/{}/", vlan["id"])).await.assert(200).json();
    let by_vid = region.get(By::User, "fabrics/fabric-0/vlans/100/").await.assert(200).json();
    assert_eq!((&by_id, &by_vid), (&vlan, &vlan));
    assert_eq!(vlan["fabric"], "fabric-0");
    let again = region.post(By::Admin, "fabrics/0/vlans/", &form).await;
    again.assert_field("__all__", "VLAN with this Fabric and Vid already exists.");
}

#[tokio::test]
async fn wrong_values_name_their_field() {
    let region = Region::start().await;
    let missing = region.post(By::Admin, "fabrics/0/vlans/", &[]).await;
    missing.assert_field("vid", "This field is required.");
    let vid = region.post(By::Admin, "fabrics/0/vlans/", &[("vid", "4095")]).await;
    vid.assert_field("vid", "VID must be between 0 and 4094.");
    let mtu = region.put(By::Admin, "vlans/1/", &[("mtu", "100")]).await;
    mtu.assert_field("mtu", "Ensure this value is greater than or equal to 552.");
    let space = region.put(By::Admin, "vlans/1/", &[("space", "none")]).await;
    space.assert_field(
        "space",
        "Select a valid choice. That choice is not one of the available choices.",
    );
}

#[tokio::test]
async fn dhcp_needs_a_rack_and_a_dynamic_range() {
    let region = Region::start().await;
    add_rack(&region, "abc123").await;
    let no_range =
        region.put(By::Admin, "vlans/1/", &[("dhcp_on", "true"), ("primary_rack", "abc123")]).await;
    no_range
        .assert_field("dhcp_on", "dhcp can only be turned on when a dynamic IP range is defined.");
    region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.assert(200);
    let range = [("type", "dynamic"), ("start_ip", "10.0.0.100"), ("end_ip", "10.0.0.200")];
    region.post(By::Admin, "ipranges/", &range).await.assert(200);
    let no_rack = region.put(By::Admin, "vlans/1/", &[("dhcp_on", "true")]).await;
    no_rack.assert_field(
        "__all__",
        "dhcp can only be turned on when a primary rack controller is set.",
    );
    let on = region
        .put(By::Admin, "vlans/1/", &[("dhcp_on", "true"), ("primary_rack", "abc123")])
        .await
        .assert(200)
        .json();
    assert_eq!((&on["dhcp_on"], &on["primary_rack"]), (&true.into(), &"abc123".into()));
    let both = region.put(By::Admin, "vlans/1/", &[("secondary_rack", "abc123")]).await;
    both.assert_field("__all__", "The primary and secondary rack must be different");
}

#[tokio::test]
async fn a_relay_that_would_have_no_effect_is_refused() {
    let region = Region::start().await;
    add_rack(&region, "abc123").await;
    region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.assert(200);
    let range = [("type", "dynamic"), ("start_ip", "10.0.0.100"), ("end_ip", "10.0.0.200")];
    region.post(By::Admin, "ipranges/", &range).await.assert(200);
    let on = [("dhcp_on", "true"), ("primary_rack", "abc123")];
    region.put(By::Admin, "vlans/1/", &on).await.assert(200);
    for vid in ["10", "20"] {
        region.post(By::Admin, "fabrics/0/vlans/", &[("vid", vid)]).await.assert(200);
    }
    let other = region.get(By::Admin, "fabrics/0/vlans/20/").await.json()["id"].to_string();
    let served = region.put(By::Admin, "vlans/1/", &[("relay_vlan", other.as_str())]).await;
    served.assert_field(
        "relay_vlan",
        "DHCP is on in this VLAN. Switch it off (dhcp_on=false) to have the VLAN served through a relay.",
    );
    let relayed =
        region.put(By::Admin, "fabrics/0/vlans/10/", &[("relay_vlan", "1")]).await.assert(200);
    let first = relayed.json();
    assert_eq!(first["relay_vlan"]["id"], 1);
    let off = [("dhcp_on", "false"), ("relay_vlan", other.as_str())];
    region.put(By::Admin, "vlans/1/", &off).await.assert_field(
        "relay_vlan",
        "Another VLAN relays to this one, which therefore cannot relay to a third.",
    );
    let form = [("relay_vlan", first["id"].to_string())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let chain = region.put(By::Admin, "fabrics/0/vlans/20/", &form).await;
    let choice = "Select a valid choice. That choice is not one of the available choices.";
    chain.assert_field("relay_vlan", &format!("{choice} It is served through a relay itself."));
    let itself =
        region.put(By::Admin, "fabrics/0/vlans/20/", &[("relay_vlan", other.as_str())]).await;
    itself.assert_field("relay_vlan", &format!("{choice} It is this VLAN itself."));
    region.put(By::Admin, "fabrics/0/vlans/10/", &[("relay_vlan", "")]).await.assert(200);
    region.put(By::Admin, "vlans/1/", &off).await.assert(200);
}

#[tokio::test]
async fn a_space_is_set_listed_and_taken_away() {
    let region = Region::start().await;
    region.post(By::Admin, "spaces/", &[("name", "dmz")]).await.assert(200);
    let vlan = region.put(By::Admin, "vlans/1/", &[("space", "dmz")]).await.assert(200).json();
    assert_eq!(vlan["space"], "dmz");
    let spaces = region.get(By::User, "spaces/").await.json();
    assert_eq!(spaces.as_array().unwrap().len(), 1);
    assert_eq!(spaces[0]["vlans"][0]["id"], 1);
    region.delete(By::Admin, "spaces/dmz/").await.assert(204);
    let spaces = region.get(By::User, "spaces/").await.json();
    assert_eq!((&spaces[0]["id"], &spaces[0]["name"]), (&(-1).into(), &"undefined".into()));
    region.get(By::User, "spaces/undefined/").await.assert(200);
}

async fn serve(region: &Region) {
    add_rack(region, "abc123").await;
    region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.assert(200);
    let range = [("type", "dynamic"), ("start_ip", "10.0.0.100"), ("end_ip", "10.0.0.200")];
    region.post(By::Admin, "ipranges/", &range).await.assert(200);
    let on = [("dhcp_on", "true"), ("primary_rack", "abc123")];
    region.put(By::Admin, "vlans/1/", &on).await.assert(200);
}

#[tokio::test]
async fn both_racks_are_judged_together() {
    let region = Region::start().await;
    add_rack(&region, "abc123").await;
    add_rack(&region, "def456").await;
    let racks = async |primary: &'static str, secondary: &'static str| {
        let form = [("primary_rack", primary), ("secondary_rack", secondary)];
        let answer = region.put(By::Admin, "vlans/1/", &form).await.assert(200).json();
        (answer["primary_rack"].clone(), answer["secondary_rack"].clone())
    };
    let none = serde_json::Value::Null;
    assert_eq!(racks("abc123", "def456").await, ("abc123".into(), "def456".into()));
    assert_eq!(racks("def456", "abc123").await, ("def456".into(), "abc123".into()));
    assert_eq!(racks("", "").await, (none.clone(), none.clone()));
    assert_eq!(racks("", "abc123").await, ("abc123".into(), none.clone()));
    racks("abc123", "def456").await;
    let first = region.put(By::Admin, "vlans/1/", &[("primary_rack", "")]).await.json();
    assert_eq!((&first["primary_rack"], &first["secondary_rack"]), (&"def456".into(), &none));
}

#[tokio::test]
async fn a_vlan_has_further_racks_by_ids_or_names_which_move_up() {
    let region = Region::start().await;
    for id in ["aaa111", "bbb222", "ccc333", "ddd444"] {
        add_rack(&region, id).await;
    }
    let untouched = region.get(By::User, "vlans/1/").await.json();
    assert_eq!(untouched["further_racks"], json!([]));
    let racks = async |form: &[(&str, &str)]| {
        let told = region.put(By::Admin, "vlans/1/", form).await.assert(200).json();
        json!([told["primary_rack"], told["secondary_rack"], told["further_racks"]])
    };
    let all = [
        ("primary_rack", "aaa111"),
        ("secondary_rack", "bbb222"),
        ("further_racks", "rack-ddd444, ccc333"),
    ];
    let served = json!(["aaa111", "bbb222", ["ddd444", "ccc333"]]);
    assert_eq!(racks(&all).await, served);
    let each = [("further_racks", "ddd444"), ("further_racks", "rack-ccc333")];
    assert_eq!(racks(&each).await, served, "as often as there are values");
    assert_eq!(racks(&[("mtu", "1400")]).await, served, "what is not said stays");
    assert_eq!(racks(&[("primary_rack", "")]).await, json!(["bbb222", "ddd444", ["ccc333"]]));
    assert_eq!(racks(&[("primary_rack", "ccc333")]).await, json!(["ccc333", "ddd444", []]));
    assert_eq!(racks(&all).await, served);
    let forced = region.delete(By::Admin, "rackcontrollers/bbb222/?force=true").await;
    forced.assert(204);
    let left = region.get(By::User, "vlans/1/").await.json();
    assert_eq!(left["secondary_rack"], "ddd444");
    assert_eq!(left["further_racks"], json!(["ccc333"]));
    let named = region.delete(By::Admin, "rackcontrollers/ccc333/").await.assert(400);
    assert!(named.text.contains("currently set as a rack controller on VLANs"), "{}", named.text);
    assert_eq!(racks(&[("further_racks", "")]).await, json!(["aaa111", "ddd444", []]));
}

#[tokio::test]
async fn further_racks_are_others_than_the_first_two_and_six_at_most() {
    let region = Region::start().await;
    let ids: Vec<String> = (1..=9).map(|number| format!("aaa11{number}")).collect();
    for id in &ids {
        add_rack(&region, id).await;
    }
    let both = [("primary_rack", ids[0].as_str()), ("secondary_rack", &ids[1])];
    region.put(By::Admin, "vlans/1/", &both).await.assert(200);
    let refused = async |further: &str, why: &str| {
        let form = [("further_racks", further)];
        region.put(By::Admin, "vlans/1/", &form).await.assert_field("further_racks", why);
    };
    let twice =
        |id: &str| format!("Rack rack-{id} is named twice: the racks of a VLAN must be different.");
    refused("aaa111", &twice("aaa111")).await;
    refused("aaa113,rack-aaa112", &twice("aaa112")).await;
    refused("aaa113,rack-aaa113", &twice("aaa113")).await;
    refused("nobody", "Select a valid choice. nobody is not one of the available choices.").await;
    refused(&ids[2..].join(","), "A VLAN has 6 further racks at most.").await;
    let six = ids[2..8].join(",");
    region.put(By::Admin, "vlans/1/", &[("further_racks", &six)]).await.assert(200);
}

#[tokio::test]
async fn the_default_vlan_is_the_one_the_fabric_was_made_with() {
    let region = Region::start().await;
    region.put(By::Admin, "vlans/1/", &[("vid", "7"), ("name", "first")]).await.assert(200);
    let zero = region.post(By::Admin, "fabrics/0/vlans/", &[("vid", "0")]).await.assert(200).json();
    let default = "This VLAN is the default VLAN in the fabric, it cannot be deleted.";
    region.delete(By::Admin, "vlans/1/").await.assert_field("__all__", default);
    region.post(By::Admin, "fabrics/", &[("name", "other")]).await.assert(200);
    let moved = region.put(By::Admin, "vlans/1/", &[("fabric", "other")]).await;
    moved.assert_field("fabric", "The default VLAN of a fabric cannot be moved.");
    let subnet = region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.json();
    assert_eq!(subnet["vlan"]["id"], 1);
    let form = [("cidr", "10.1.0.0/24"), ("fabric", "0")];
    let subnet = region.post(By::Admin, "subnets/", &form).await.assert(200).json();
    assert_eq!(subnet["vlan"]["id"], 1);
    // It is older than the default VLAN of the other fabric.
    let path = format!("vlans/{}/", zero["id"]);
    let moved = region.put(By::Admin, &path, &[("fabric", "other")]).await.assert(400);
    assert!(moved.json()["fabric"][0].as_str().unwrap().contains("would become it"));
    region.delete(By::Admin, &path).await.assert(204);
}

#[tokio::test]
async fn the_last_served_range_of_a_vlan_stays() {
    let region = Region::start().await;
    serve(&region).await;
    let last = "is its last dynamic range: switch DHCP off first";
    let other = region.post(By::Admin, "fabrics/0/vlans/", &[("vid", "9")]).await.json();
    let other = other["id"].to_string();
    let refused = [
        region.delete(By::Admin, "ipranges/1/").await,
        region.put(By::Admin, "ipranges/1/", &[("type", "reserved")]).await,
        region.delete(By::Admin, "subnets/1/").await,
        region.put(By::Admin, "subnets/1/", &[("vlan", &other)]).await,
    ];
    for answer in refused {
        assert!(answer.text.contains(last), "{} {}", answer.status, answer.text);
        answer.assert(409);
    }
    let another = [("type", "dynamic"), ("start_ip", "10.0.0.10"), ("end_ip", "10.0.0.20")];
    region.post(By::Admin, "ipranges/", &another).await.assert(200);
    region.delete(By::Admin, "ipranges/1/").await.assert(204);
    region.put(By::Admin, "vlans/1/", &[("dhcp_on", "false")]).await.assert(200);
    region.delete(By::Admin, "ipranges/2/").await.assert(204);
    region.delete(By::Admin, "subnets/1/").await.assert(204);
}

#[tokio::test]
async fn a_fabric_that_others_relay_to_stays() {
    let region = Region::start().await;
    let fabric = region.post(By::Admin, "fabrics/", &[("name", "far")]).await.json();
    let target = fabric["vlans"][0]["id"].to_string();
    let form = [("vid", "10"), ("relay_vlan", target.as_str())];
    let relaying = region.post(By::Admin, "fabrics/0/vlans/", &form).await.assert(200).json();
    let refused = region.delete(By::Admin, "fabrics/far/").await.assert(400);
    assert!(refused.text.contains("relays to a VLAN of it"), "{}", refused.text);
    region.delete(By::Admin, &format!("vlans/{}/", relaying["id"])).await.assert(204);
    region.delete(By::Admin, "fabrics/far/").await.assert(204);
}

#[tokio::test]
async fn names_of_networks_are_those_of_maas() {
    let region = Region::start().await;
    for (path, more) in [
        ("fabrics/", ("class_type", "")),
        ("spaces/", ("description", "")),
        ("fabrics/0/vlans/", ("vid", "99")),
        ("subnets/", ("cidr", "10.9.0.0/24")),
    ] {
        let refused = region.post(By::Admin, path, &[("name", "<b>\n"), more]).await;
        refused.assert_field("name", "Enter a valid value.");
        region.post(By::Admin, path, &[("name", "lab 7_a-b"), more]).await.assert(200);
    }
}

#[tokio::test]
async fn router_advertisements_are_off_until_they_are_asked_for_and_need_a_rack() {
    let region = Region::start().await;
    let untouched = region.get(By::User, "vlans/1/").await.json();
    assert_eq!(untouched["router_advertisements"], "off");
    let on = [("router_advertisements", "on")];
    region.put(By::Admin, "vlans/1/", &on).await.assert_field(
        "router_advertisements",
        "Router advertisements can only be turned on when a primary rack controller is set.",
    );
    let odd = [("router_advertisements", "yes")];
    region
        .put(By::Admin, "vlans/1/", &odd)
        .await
        .assert_field("router_advertisements", "`yes` is none of off, on, slaac.");
    add_rack(&region, "abc123").await;
    let form = [("router_advertisements", "slaac"), ("primary_rack", "abc123")];
    let asked = region.put(By::Admin, "vlans/1/", &form).await.assert(200).json();
    assert_eq!(asked["router_advertisements"], "slaac");
    let other = region.put(By::Admin, "vlans/1/", &[("mtu", "9000")]).await.assert(200).json();
    assert_eq!(other["router_advertisements"], "slaac", "what is not said stays");
    let no_rack = region.put(By::Admin, "vlans/1/", &[("primary_rack", "")]).await;
    no_rack.assert(400);
    let forced = region.delete(By::Admin, "rackcontrollers/abc123/?force=true").await;
    forced.assert(204);
    let left = region.get(By::User, "vlans/1/").await.json();
    assert_eq!(left["router_advertisements"], "off", "nobody is left to send them");
}

/// A VLAN 10 with 10.7.0.0/24, beside VLAN 1, and a rack at 10.9.9.9.
async fn unserved(region: &Region) -> String {
    add_rack(region, "abc123").await;
    let cause = Cause::new("test", "test");
    let at = |tx: &mut Tx| -> Result<(), TableError> {
        let rack = tx.get::<RackController>(&"abc123".parse().unwrap())?.unwrap();
        let own = ControllerInterface {
            name: "eth0".to_owned(),
            mac: MacAddress([2, 0, 0, 0, 0, 1]),
            addresses: vec!["10.9.9.9/24".parse().unwrap()],
        };
        tx.put(&RackController { interfaces: vec![own], ..rack })
    };
    region.tables.update(&cause, at).await.unwrap();
    let form = [("vid", "10")];
    let vlan = region.post(By::Admin, "fabrics/0/vlans/", &form).await.assert(200).json();
    let id = vlan["id"].to_string();
    let subnet = [("cidr", "10.7.0.0/24"), ("vlan", id.as_str())];
    region.post(By::Admin, "subnets/", &subnet).await.assert(200);
    format!("vlans/{id}/")
}

#[tokio::test]
async fn racks_relay_to_servers_of_others_that_are_elsewhere_and_nobody_else_serves() {
    let region = Region::start().await;
    let path = unserved(&region).await;
    let put = async |form: &[(&str, &str)]| region.put(By::Admin, &path, form).await;
    let untouched = region.get(By::User, &path).await.json();
    assert_eq!((&untouched["relay_to"], &untouched["relayed_by"]), (&json!([]), &json!([])));
    let rack = ("primary_rack", "abc123");
    put(&[("relay_to", "192.0.2.67")]).await.assert_field(
        "relay_to",
        "It can only be turned on when a primary rack controller is set.",
    );
    put(&[("relay_to", "nobody"), rack])
        .await
        .assert_field("relay_to", "Invalid IP address: nobody.");
    for (ip, why) in [
        ("10.7.0.9", "lies in 10.7.0.0/24 of this VLAN, whose clients it hears itself."),
        (
            "10.9.9.9",
            "is an address of rack rack-abc123: name a VLAN that it serves as relay_vlan.",
        ),
        ("255.255.255.255", "is no address of a server."),
        ("ff02::1:2", "is no address of a server."),
        ("fe80::1", "is no address of a server."),
    ] {
        put(&[("relay_to", ip), rack]).await.assert_field("relay_to", &format!("{ip} {why}"));
    }
    let both = [("relay_to", "192.0.2.67"), ("relay_vlan", "1"), rack];
    put(&both).await.assert_field(
        "relay_to",
        "Racks serve this VLAN through relay_vlan. Take that away to have it relayed to servers of others.",
    );
    let to = [("relay_to", "2001:db8::67, 192.0.2.68,192.0.2.67,192.0.2.68"), rack];
    let relayed = put(&to).await.assert(200).json();
    assert_eq!(relayed["relay_to"], json!(["192.0.2.67", "192.0.2.68", "2001:db8::67"]));
    assert_eq!((&relayed["relayed_by"], &relayed["dhcp_on"]), (&json!(["abc123"]), &json!(false)));
    let id = relayed["id"].to_string();
    let chain = region.put(By::Admin, "vlans/1/", &[("relay_vlan", id.as_str())]).await;
    let choice = "Select a valid choice. That choice is not one of the available choices.";
    chain.assert_field("relay_vlan", &format!("{choice} It is served through a relay itself."));
    put(&[("proxy_dhcp", "true")]).await.assert_field(
        "proxy_dhcp",
        "DHCP of this VLAN is served or relayed by racks. Switch it off (dhcp_on=false, relay_vlan= and relay_to=) to leave \
         addresses to a server of others.",
    );
    let range = [("type", "dynamic"), ("start_ip", "10.7.0.100"), ("end_ip", "10.7.0.110")];
    region.post(By::Admin, "ipranges/", &range).await.assert(200);
    put(&[("dhcp_on", "true")]).await.assert_field(
        "relay_to",
        "DHCP is on in this VLAN. Switch it off (dhcp_on=false) to have it relayed to servers of others.",
    );
    put(&[("dhcp_on", "true"), ("relay_to", "")]).await.assert(200);
    let off = put(&[("dhcp_on", "false"), ("proxy_dhcp", "true")]).await.assert(200).json();
    assert_eq!((&off["proxy_dhcp"], &off["relayed_by"]), (&json!(true), &json!([])));
    put(&[("primary_rack", "")]).await.assert(400);
    region.delete(By::Admin, "rackcontrollers/abc123/?force=true").await.assert(204);
    let left = region.get(By::User, &path).await.json();
    assert_eq!(left["proxy_dhcp"], false, "nobody is left to do it");
}

#[tokio::test]
async fn racks_relay_to_those_of_another_vlan_if_they_are_asked_to() {
    let region = Region::start().await;
    let path = unserved(&region).await;
    let put = async |form: &[(&str, &str)]| region.put(By::Admin, &path, form).await;
    put(&[("relay_agent", "true"), ("primary_rack", "abc123")])
        .await
        .assert_field("relay_agent", "Racks relay to those of relay_vlan, which is not set.");
    let relay = put(&[("relay_vlan", "1"), ("primary_rack", "abc123")]).await.assert(200).json();
    let [agent, by] = ["relay_agent", "relayed_by"].map(|field| &relay[field]);
    assert_eq!((agent, by), (&json!(false), &json!([])), "a switch may do it");
    let relay = put(&[("relay_agent", "true")]).await.assert(200).json();
    assert_eq!((&relay["relay_agent"], &relay["relayed_by"]), (&json!(true), &json!(["abc123"])));
    put(&[("primary_rack", "")]).await.assert(400);
    let ended = put(&[("relay_vlan", "")]).await.assert(200).json();
    assert_eq!(ended["relay_agent"], false, "it ends with what it relays to");
}
