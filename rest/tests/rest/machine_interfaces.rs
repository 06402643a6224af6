//! Interfaces of machines: bonds, bridges and VLAN interfaces, links, gateways, and what is left of it all afterwards.

use model::machine::Machine;
use model::machine::interface::LinkMode;
use model::machine::lifecycle::Phase;
use serde_json::{Value, json};

use crate::harness::{By, Region};
use crate::stock::{link, machine, path_of};

/// A region with `10.0.0.0/24` on the untagged VLAN (id 1) and `10.5.0.0/24` on the one with tag 5 (id 2), and a Ready
/// machine; the path of its interfaces.
async fn site() -> (Region, String) {
    let region = Region::start().await;
    let form = [("cidr", "10.0.0.0/24"), ("gateway_ip", "10.0.0.1"), ("name", "first")];
    region.post(By::Admin, "subnets/", &form).await.assert(200);
    let form = [("vid", "5"), ("mtu", "9000")];
    region.post(By::Admin, "fabrics/0/vlans/", &form).await.assert(200);
    let form = [("cidr", "10.5.0.0/24"), ("vlan", "2"), ("gateway_ip", "10.5.0.1")];
    region.post(By::Admin, "subnets/", &form).await.assert(200);
    region.store(&machine(1)).await;
    (region, format!("nodes/{}/interfaces/", machine(1).system_id))
}

fn by_name<'a>(all: &'a Value, name: &str) -> &'a Value {
    let mut found = all.as_array().unwrap().iter();
    found.find(|one| one["name"] == name).unwrap_or(&Value::Null)
}

async fn bonded(region: &Region, all: &str) -> Value {
    let form = [
        ("op", "create_bond"),
        ("name", "bond0"),
        ("parents", "eth0"),
        ("parents", "eth1"),
        ("bond_mode", "802.3ad"),
        ("bond_xmit_hash_policy", "layer3+4"),
        ("mtu", "4000"),
    ];
    region.post(By::Admin, all, &form).await.assert(200).json()
}

#[tokio::test]
async fn a_bond_stands_for_its_parents_and_is_shown_as_maas_shows_it() {
    let (region, all) = site().await;
    let linked = [("op", "link_subnet"), ("mode", "auto"), ("subnet", "first")];
    region.post(By::Admin, &format!("{all}eth0/"), &linked).await.assert(200);
    let bond = bonded(&region, &all).await;
    assert_eq!(
        bond["params"],
        json!({
            "bond_mode": "802.3ad",
            "bond_miimon": 100,
            "bond_downdelay": 0,
            "bond_updelay": 0,
            "bond_num_grat_arp": 1,
            "bond_lacp_rate": "fast",
            "bond_xmit_hash_policy": "layer3+4",
            "mtu": 4000,
        })
    );
    let first = &machine(1).interfaces[0];
    assert_eq!((&bond["type"], &bond["parents"]), (&json!("bond"), &json!(["eth0", "eth1"])));
    assert_eq!(bond["mac_address"], first.mac.to_string());
    assert_eq!((&bond["vlan"]["id"], &bond["links"][0]["mode"]), (&json!(1), &json!("link_up")));
    assert_eq!((&bond["numa_node"], &bond["effective_mtu"]), (&Value::Null, &json!(4000)));
    let read = region.get(By::User, &all).await.assert(200).json();
    let below = by_name(&read, "eth0");
    assert_eq!((&below["children"], &below["links"]), (&json!(["bond0"]), &json!([])));
    assert_eq!(
        (&below["effective_mtu"], &below["params"]),
        (&json!(4000), &json!({ "mtu": 4000 }))
    );
    let machine = region.get(By::User, &path_of(&machine(1))).await.assert(200).json();
    assert_eq!(machine["interface_set"], read);

    let again = [("op", "create_bond"), ("name", "bond1"), ("parents", "eth0")];
    let said = region.post(By::Admin, &all, &again).await;
    said.assert_field("parents", "Interfaces already in-use: eth0.");
    let said = region.post(By::Admin, &format!("{all}eth1/"), &linked).await;
    said.assert_field("bond", "Cannot link interface(eth1) when interface is in a bond(bond0).");
    let change = [("bond_mode", "active-backup"), ("parents", "eth1"), ("mtu", "")];
    let changed = region.put(By::Admin, &format!("{all}bond0/"), &change).await.assert(200).json();
    assert_eq!(
        (&changed["parents"], &changed["params"]["bond_mode"]),
        (&json!(["eth1"]), &json!("active-backup"))
    );
    assert_eq!(changed["mac_address"], crate::stock::machine(1).interfaces[1].mac.to_string());
    region.delete(By::Admin, &format!("{all}bond0/")).await.assert(204);
    let read = region.get(By::User, &all).await.assert(200).json();
    assert_eq!(read.as_array().unwrap().len(), 2);
    assert_eq!(by_name(&read, "eth1")["links"][0]["mode"], "link_up", "on its own again");
}

#[tokio::test]
async fn what_cannot_be_is_said_by_field_in_the_words_of_maas() {
    let (region, all) = site().await;
    bonded(&region, &all).await;
    let required = "This field is required.";
    let one = "A VLAN interface must have exactly one parent.";
    for (form, field, message) in [
        (
            vec![("op", "create_bond"), ("parents", "eth0")],
            "parents",
            "Interfaces already in-use: eth0.",
        ),
        (
            vec![("op", "create_bond"), ("name", "b")],
            "parents",
            "A bond interface must have one or more parents.",
        ),
        (vec![("op", "create_vlan"), ("vlan", "2")], "parent", one),
        (
            vec![("op", "create_vlan"), ("parent", "bond0")],
            "vlan",
            "A VLAN interface must be connected to a tagged VLAN.",
        ),
        (
            vec![("op", "create_vlan"), ("parent", "bond0"), ("vlan", "1")],
            "vlan",
            "A VLAN interface can only belong to a tagged VLAN.",
        ),
        (
            vec![("op", "create_vlan"), ("parent", "eth0"), ("vlan", "2")],
            "parent",
            "A VLAN interface can't have a parent that is already in a bond.",
        ),
        (
            vec![("op", "create_bridge"), ("parent", "eth9")],
            "parent",
            "Select a valid choice. eth9 is not one of the available choices.",
        ),
        (
            vec![("op", "create_bridge"), ("parent", "bond0"), ("bridge_type", "x")],
            "bridge_type",
            "'x' is not a valid bridge_type.  It should be one of: 'standard', 'ovs'.",
        ),
        (
            vec![("op", "create_bridge"), ("parent", "bond0"), ("mtu", "100")],
            "mtu",
            "Ensure this value is greater than or equal to 552.",
        ),
        (
            vec![("op", "create_bridge"), ("parent", "bond0"), ("name", "a-name-that-is-long")],
            "name",
            "Ensure this value has at most 15 characters (it has 19).",
        ),
        (vec![("op", "create_physical")], "mac_address", required),
        (
            vec![
                ("op", "create_physical"),
                ("mac_address", "52:54:00:00:01:00"),
                ("ip_address", "10.0.0.9"),
            ],
            "ip_address",
            "An interface gets its address by a link: leave it out, and use link_subnet.",
        ),
    ] {
        let answer = region.post(By::Admin, &all, &form).await;
        let said = answer.json()[field][0].clone();
        assert_eq!(said, message, "{form:?}: {}", answer.text);
    }
    let one = format!("{all}bond0/");
    for (form, field, message) in [
        (vec![("op", "link_subnet"), ("mode", "auto")], "subnet", required),
        (
            vec![("op", "link_subnet"), ("mode", "x")],
            "mode",
            "'x' is not a valid mode.  It should be one of: 'auto', 'dhcp', 'static', 'link_up'.",
        ),
        (
            vec![("op", "link_subnet"), ("mode", "dhcp"), ("default_gateway", "true")],
            "default_gateway",
            "Cannot use in mode 'dhcp'.",
        ),
        (vec![("op", "set_default_gateway")], "__all__", "This interface has no usable gateways."),
    ] {
        let answer = region.post(By::Admin, &one, &form).await;
        assert_eq!(answer.json()[field][0], message, "{form:?}: {}", answer.text);
    }
    let said = region.put(By::Admin, &format!("{all}eth0/"), &[("vlan", "2")]).await;
    said.assert_field("vlan", "It is in bond0, whose VLAN it has: change that one.");
    let said = region.put(By::Admin, &format!("{all}eth0/"), &[("bond_mode", "broadcast")]).await;
    said.assert_field("bond_mode", "A physical interface has none of that: leave it out.");
    region.post(By::User, &all, &[("op", "create_bond"), ("name", "b")]).await.assert(403);
    region.put(By::User, &one, &[("name", "b")]).await.assert(403);
}

#[tokio::test]
async fn vlan_interfaces_and_bridges_are_stacked_and_linked() {
    let (region, all) = site().await;
    bonded(&region, &all).await;
    let form = [("op", "create_vlan"), ("parent", "bond0"), ("vlan", "2"), ("tags", "storage")];
    let tagged = region.post(By::Admin, &all, &form).await.assert(200).json();
    assert_eq!((&tagged["name"], &tagged["type"]), (&json!("bond0.5"), &json!("vlan")));
    assert_eq!((&tagged["effective_mtu"], &tagged["params"]), (&json!(9000), &json!("")));
    let form = [("op", "create_bridge"), ("parent", "bond0"), ("bridge_stp", "true")];
    let bridge = region.post(By::Admin, &all, &form).await.assert(200).json();
    assert_eq!(bridge["name"], "br-bond0");
    let params =
        json!({ "bridge_type": "standard", "bridge_stp": true, "bridge_fd": 15, "mtu": 4000 });
    assert_eq!(bridge["params"]["bridge_stp"], params["bridge_stp"]);
    let link_to = |subnet: &'static str, mode: &'static str| {
        [("op", "link_subnet"), ("mode", mode), ("subnet", subnet)]
    };
    let at = format!("{all}br-bond0/");
    region.post(By::Admin, &at, &link_to("first", "static")).await.assert(200);
    let two = region.post(By::Admin, &at, &link_to("first", "auto")).await.assert(200).json();
    assert_eq!(two["links"].as_array().unwrap().len(), 2, "several links of one interface");
    let form = link_to("10.5.0.0/24", "dhcp");
    region.post(By::Admin, &format!("{all}bond0.5/"), &form).await.assert(200);
    let again = region.post(By::Admin, &format!("{all}bond0.5/"), &form).await;
    again.assert_field(
        "mode",
        "Interface is already set to DHCP from '10.5.0.0/24:10.5.0.0/24(vid=5)'.",
    );
    let off =
        region.put(By::Admin, &format!("{all}eth0/"), &[("enabled", "false")]).await.assert(200);
    assert_eq!(off.json()["enabled"], false);
    region.put(By::Admin, &format!("{all}eth1/"), &[("enabled", "false")]).await.assert(200);
    let read = region.get(By::User, &at).await.assert(200).json();
    assert_eq!(
        (&read["enabled"], &read["links"]),
        (&json!(false), &json!([])),
        "with all of its parents"
    );
}

#[tokio::test]
async fn the_default_gateway_is_a_guess_until_one_is_set() {
    let (region, all) = site().await;
    let link_to = |subnet: &'static str| {
        [("op", "link_subnet"), ("mode", "auto"), ("subnet", subnet), ("force", "true")]
    };
    region.post(By::Admin, &format!("{all}eth0/"), &link_to("1")).await.assert(200);
    let other =
        region.post(By::Admin, &format!("{all}eth1/"), &link_to("2")).await.assert(200).json();
    let path = path_of(&machine(1));
    let gateways =
        async || region.get(By::User, &path).await.json()["default_gateways"]["ipv4"].clone();
    assert_eq!(gateways().await, json!({ "gateway_ip": "10.0.0.1", "link_id": null }));
    let set = [("op", "set_default_gateway")];
    region.post(By::Admin, &format!("{all}eth1/"), &set).await.assert(200);
    let link = other["links"][0]["id"].clone();
    assert_eq!(gateways().await, json!({ "gateway_ip": "10.5.0.1", "link_id": link }));
    let form = [("op", "set_default_gateway"), ("link_id", "7777")];
    let said = region.post(By::Admin, &format!("{all}eth1/"), &form).await;
    said.assert_field(
        "link_id",
        &format!("'7777' is not a valid link_id.  It should be one of: '{link}'."),
    );
    let clear = format!("{path}?op=clear_default_gateways");
    region.post(By::User, &clear, &[]).await.assert(403);
    region.post(By::Admin, &clear, &[]).await.assert(200);
    assert_eq!(gateways().await["link_id"], Value::Null);
    let form = [&link_to("1")[..3], &[("default_gateway", "true")]].concat();
    region.post(By::Admin, &format!("{all}eth0/"), &form).await.assert(200);
    assert_eq!(gateways().await["gateway_ip"], "10.0.0.1");
}

#[tokio::test]
async fn machines_are_configured_while_they_are_free_or_allocated() {
    let (region, all) = site().await;
    let busy = |phase: Phase| {
        let mut busy = machine(1);
        busy.lifecycle.phase = phase;
        busy
    };
    region.store(&busy(Phase::Deploying)).await;
    let bond = [("op", "create_bond"), ("name", "bond0"), ("parents", "eth0")];
    for (refused, verb) in [
        (region.post(By::Admin, &all, &bond).await, "create bond"),
        (region.put(By::Admin, &format!("{all}eth0/"), &[("name", "x")]).await, "update interface"),
        (region.delete(By::Admin, &format!("{all}eth0/")).await, "delete interface"),
    ] {
        let message = format!(
            "Cannot {verb} interface because the machine is not New, Ready, Allocated, or Broken."
        );
        assert_eq!(refused.assert(409).text, message);
    }
    let marked = [("op", "add_tag"), ("tag", "x")];
    region.post(By::Admin, &format!("{all}eth0/"), &marked).await.assert(200);
    region.store(&busy(Phase::Deployed)).await;
    let repaired = [("mac_address", "52:54:00:00:99:01"), ("name", "lan0")];
    let changed = region.put(By::Admin, &format!("{all}eth0/"), &repaired).await.assert(200).json();
    assert_eq!(
        (&changed["name"], &changed["mac_address"]),
        (&json!("lan0"), &json!("52:54:00:00:99:01"))
    );
    let said = region.put(By::Admin, &format!("{all}lan0/"), &[("vlan", "2")]).await;
    said.assert_field("vlan", "The machine is deployed: only the name, the hardware address and the link of an interface can be changed.");
}

#[tokio::test]
async fn a_network_is_restored_as_commissioning_left_it() {
    let (region, all) = site().await;
    bonded(&region, &all).await;
    let path = format!("{}?op=restore_networking_configuration", path_of(&machine(1)));
    region.post(By::User, &path, &[]).await.assert(403);
    let restored = region.post(By::Admin, &path, &[]).await.assert(200).json();
    let set = restored["interface_set"].as_array().unwrap();
    let shown: Vec<_> = set.iter().map(|one| (&one["name"], &one["links"][0]["mode"])).collect();
    let (eth0, eth1) = (json!("eth0"), json!("eth1"));
    let (auto, up) = (json!("auto"), json!("link_up"));
    assert_eq!(shown, [(&eth0, &auto), (&eth1, &up)]);
    let mut deployed = region.stored(&machine(1)).await;
    deployed.lifecycle.phase = Phase::Deployed;
    region.store(&deployed).await;
    let refused = region.post(By::Admin, &path, &[]).await.assert(409);
    assert!(
        refused.text.starts_with("Machine must be in a ready or failed testing state"),
        "{}",
        refused.text
    );
}

/// The machine with a link of each of its interfaces to the first subnet.
fn linked() -> Machine {
    let mut linked = machine(1);
    linked.interfaces[0].links.push(link(901, LinkMode::Auto, 1));
    linked.interfaces[1].links.push(link(902, LinkMode::LinkUp, 1));
    linked
}

#[tokio::test]
async fn bridges_over_all_interfaces_come_with_an_allocation_and_go_with_it() {
    let (region, all) = site().await;
    region.store(&linked()).await;
    let form =
        [("op", "allocate"), ("bridge_all", "true"), ("bridge_stp", "true"), ("bridge_fd", "4")];
    let given = region.post(By::Admin, "machines/", &form).await.assert(200).json();
    let bridge = by_name(&given["interface_set"], "br-eth0");
    assert_eq!((&bridge["type"], &bridge["links"][0]["id"]), (&json!("bridge"), &json!(901)));
    assert_eq!(
        bridge["params"],
        json!({ "bridge_type": "standard", "bridge_stp": true, "bridge_fd": 4 })
    );
    assert_eq!(by_name(&given["interface_set"], "br-eth1"), &Value::Null, "it is not configured");
    region.put_image().await;
    let deploy = format!("{}?op=deploy", path_of(&machine(1)));
    let deployed =
        region.post(By::Admin, &deploy, &[("bridge_all", "true")]).await.assert(200).json();
    let bridge = by_name(&deployed["interface_set"], "br-eth0");
    assert_eq!(bridge["links"][0]["ip_address"], "10.0.0.2");
    assert_eq!(deployed["interface_set"].as_array().unwrap().len(), 3, "no second one");
    let stored = region.stored(&machine(1)).await;
    let served = model::machine::served::ServedMachine::of(&stored);
    let told: Vec<_> = served
        .interfaces
        .iter()
        .map(|one| (one.name.as_str(), one.boot, one.addresses.len()))
        .collect();
    assert_eq!(
        told,
        [("eth1", false, 0), ("br-eth0", true, 1)],
        "racks know a bridge by its address"
    );
    let release = format!("{}?op=release", path_of(&machine(1)));
    region.post(By::Admin, &release, &[]).await.assert(200);
    let read = region.get(By::Admin, &all).await.assert(200).json();
    assert_eq!(read.as_array().unwrap().len(), 2);
    let link = &by_name(&read, "eth0")["links"][0];
    assert_eq!((&link["id"], link.get("ip_address")), (&json!(901), None));
    for op in ["allocate", "deploy"] {
        let path = if op == "allocate" { "machines/".to_owned() } else { deploy.clone() };
        let form = [("op", op), ("bridge_all", "true"), ("bridge_type", "x")];
        let said = region.post(By::Admin, &path, &form).await;
        said.assert_field(
            "bridge_type",
            "'x' is not a valid bridge_type.  It should be one of: 'standard', 'ovs'.",
        );
    }
}

#[tokio::test]
async fn stacked_networks_are_cloned_onto_the_hardware_of_others() {
    let (region, all) = site().await;
    bonded(&region, &all).await;
    let form = [
        ("op", "link_subnet"),
        ("mode", "static"),
        ("subnet", "first"),
        ("default_gateway", "true"),
    ];
    region.post(By::Admin, &format!("{all}bond0/"), &form).await.assert(200);
    region.store(&machine(2)).await;
    let (from, to) = (machine(1).system_id.to_string(), machine(2).system_id.to_string());
    let form = [("source", from.as_str()), ("destinations", to.as_str()), ("interfaces", "true")];
    region.post(By::Admin, "machines/?op=clone", &form).await.assert(204);
    let path = format!("nodes/{to}/interfaces/");
    let bond = region.get(By::User, &format!("{path}bond0/")).await.assert(200).json();
    assert_eq!(bond["mac_address"], machine(2).interfaces[0].mac.to_string());
    assert_eq!(
        (&bond["parents"], &bond["params"]["bond_mode"]),
        (&json!(["eth0", "eth1"]), &json!("802.3ad"))
    );
    assert_eq!(
        (&bond["links"][0]["mode"], bond["links"][0].get("ip_address")),
        (&json!("auto"), None)
    );
    let machine = region.get(By::User, &path_of(&machine(2))).await.json();
    assert_eq!(machine["default_gateways"]["ipv4"]["link_id"], bond["links"][0]["id"]);
}
