//! Network interfaces.

use anyhow::{Context, ensure};
use serde_json::Value;
use testkit::lab::machine::{Firmware, Parts};
use testkit::operator::number;

use super::inspect::{addresses, is_well, link};
use super::machine::Configured;

/// A VLAN that no other node is on.
const VID: &str = "100";
const TAGGED: &str = "10.77.0.0/24";
const TAGGED_ADDRESS: &str = "10.77.0.9";

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_has_a_bond_with_a_bridge_and_a_vlan_on_it() {
    let parts = Parts { disks: 1, cards: 2 };
    let machine = Configured::ready("bios-bond", Firmware::Bios, parts).await;
    let machine = machine.expect("a machine");
    let outcome = bonded(&machine).await;
    machine.keep().expect("logs are kept");
    outcome.expect("it is as configured");
}

async fn bonded(machine: &Configured) -> anyhow::Result<()> {
    let cards = machine.get("interfaces/").await?;
    let cards = cards.as_array().context("interfaces")?.clone();
    ensure!(cards.len() == 2, "{cards:?}");
    let untagged = &cards[0]["vlan"];
    let subnet = number(&cards[0]["links"][0]["subnet"]["id"])?;
    let (vlan, tagged) = tagged(machine, untagged).await?;
    let ids = [number(&cards[0]["id"])?, number(&cards[1]["id"])?];

    let form = [
        ("name", "bond0"),
        ("parents", &ids[0]),
        ("parents", &ids[1]),
        ("bond_mode", "active-backup"),
        ("bond_miimon", "200"),
        ("mtu", "1400"),
    ];
    let bond = machine.post("interfaces/?op=create_bond", &form).await?;
    let bond = number(&bond["id"])?;
    let form = [("name", "br0"), ("parent", &bond), ("bridge_stp", "false")];
    let bridge = machine.post("interfaces/?op=create_bridge", &form).await?;
    let bridge = number(&bridge["id"])?;
    give(machine, &bridge, &[("mode", "AUTO"), ("subnet", &subnet)]).await?;
    let form = [("parent", bond.as_str()), ("vlan", &vlan)];
    let child = machine.post("interfaces/?op=create_vlan", &form).await?;
    let child = number(&child["id"])?;
    let link_of = [("mode", "STATIC"), ("subnet", &tagged), ("ip_address", TAGGED_ADDRESS)];
    give(machine, &child, &link_of).await?;

    let inside = machine.deployed().await?;
    is_well(&inside)?;
    let bond = link(&inside, "bond0")?;
    let data = &bond["linkinfo"]["info_data"];
    ensure!(data["mode"] == "active-backup" && data["miimon"] == 200, "{bond}");
    ensure!(bond["mtu"] == 1400 && bond["master"] == "br0", "{bond}");
    let vlan = link(&inside, &format!("bond0.{VID}"))?;
    ensure!(vlan["linkinfo"]["info_data"]["id"] == 100 && vlan["link"] == "bond0", "{vlan}");
    let told = addresses(&inside, &format!("bond0.{VID}"))?;
    ensure!(told == [format!("{TAGGED_ADDRESS}/24")], "{told:?}");
    ensure!(addresses(&inside, "br0")?.len() == 1);
    ensure!(addresses(&inside, "bond0")?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_has_static_addresses_of_both_families() {
    let machine = Configured::ready("uefi-static", Firmware::Uefi, Parts::ONE).await;
    let machine = machine.expect("a machine");
    let outcome = of_both_families(&machine).await;
    machine.keep().expect("logs are kept");
    outcome.expect("it is as configured");
}

async fn of_both_families(machine: &Configured) -> anyhow::Result<()> {
    let cards = machine.get("interfaces/").await?;
    let card = &cards[0];
    let (id, vlan) = (number(&card["id"])?, number(&card["vlan"]["id"])?);
    let form = [("cidr", "fd00:77::/64"), ("vlan", vlan.as_str())];
    let subnet = number(&machine.site.client.post("subnets/", &form).await?["id"])?;
    let v4 = number(&card["links"][0]["subnet"]["id"])?;
    let (old, wanted) = (number(&card["links"][0]["id"])?, machine.site.cluster.lab().network());
    let wanted = wanted.provisioning(77).to_string();
    machine.post(&format!("interfaces/{id}/?op=unlink_subnet"), &[("id", &old)]).await?;
    give(machine, &id, &[("mode", "STATIC"), ("subnet", &v4), ("ip_address", &wanted)]).await?;
    let v6 = [("mode", "STATIC"), ("subnet", &subnet), ("ip_address", "fd00:77::9")];
    give(machine, &id, &v6).await?;

    let inside = machine.deployed().await?;
    is_well(&inside)?;
    let name = card["name"].as_str().context("a name")?;
    let told = addresses(&inside, name)?;
    ensure!(told.iter().any(|address| address.starts_with(&format!("{wanted}/"))), "{told:?}");
    ensure!(told.contains(&"fd00:77::9/64".to_owned()), "{told:?}");
    Ok(())
}

/// A tagged VLAN beside an untagged one, with a subnet: the ids of both.
async fn tagged(machine: &Configured, beside: &Value) -> anyhow::Result<(String, String)> {
    let client = &machine.site.client;
    let fabric = number(&beside["fabric_id"])?;
    let form = [("vid", VID), ("name", "tagged")];
    let vlan = client.post(&format!("fabrics/{fabric}/vlans/"), &form).await?;
    let vlan = number(&vlan["id"])?;
    let form = [("cidr", TAGGED), ("vlan", vlan.as_str())];
    let subnet = client.post("subnets/", &form).await?;
    Ok((vlan, number(&subnet["id"])?))
}

async fn give(machine: &Configured, id: &str, link: &[(&str, &str)]) -> anyhow::Result<()> {
    machine.post(&format!("interfaces/{id}/?op=link_subnet"), link).await?;
    Ok(())
}
