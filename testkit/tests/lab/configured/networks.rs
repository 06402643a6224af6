//! Network interfaces.

use anyhow::{Context, ensure};
use serde_json::Value;
use testkit::lab::inside::Inside;
use testkit::lab::machine::{Firmware, Parts};
use testkit::operator::number;

use super::inspect::{addresses, is_well, link, mounted};
use super::machine::Configured;
use super::storage::mirrored;

/// A VLAN that no other node is on.
const VID: &str = "100";
/// What the site tells every kernel, that of an installed system, too.
const KERNEL_OPTIONS: &str = "ironraft.test=\"a;b\"";
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
    machine.ask("set_storage_layout", &[("storage_layout", "lvm")]).await?;
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

    let setting = [("name", "kernel_opts"), ("value", KERNEL_OPTIONS)];
    machine.site.client.post("maas/?op=set_config", &setting).await?;
    let inside = machine.deployed().await?;
    is_well(&inside)?;
    ensure!(inside.text("kernel").ends_with(KERNEL_OPTIONS), "{}", inside.text("kernel"));
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
    ensure!(mounted(&inside, "/")?.0 == "/dev/mapper/vgroot-lvroot");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_has_static_addresses_of_both_families() {
    let parts = Parts { disks: 2, cards: 1 };
    let machine = Configured::ready("uefi-static", Firmware::Uefi, parts).await;
    let machine = machine.expect("a machine");
    let outcome = of_both_families(&machine).await;
    machine.keep().expect("logs are kept");
    outcome.expect("it is as configured");
}

async fn of_both_families(machine: &Configured) -> anyhow::Result<()> {
    mirrored(machine, Firmware::Uefi).await?;
    let wanted = has_an_address_of_its_own(machine).await?;
    let card = &machine.get("interfaces/").await?[0];
    let (id, vlan) = (number(&card["id"])?, number(&card["vlan"]["id"])?);
    let form = [("cidr", "fd00:77::/64"), ("vlan", vlan.as_str())];
    let subnet = number(&machine.site.client.post("subnets/", &form).await?["id"])?;
    let v6 = [("mode", "STATIC"), ("subnet", &subnet), ("ip_address", "fd00:77::9")];
    give(machine, &id, &v6).await?;

    let inside = machine.deployed().await?;
    is_well(&inside)?;
    let told = addresses(&inside, &first_card(machine).await?)?;
    ensure!(told.iter().any(|address| address.starts_with(&format!("{wanted}/"))), "{told:?}");
    ensure!(told.contains(&"fd00:77::9/64".to_owned()), "{told:?}");
    ensure!(mounted(&inside, "/")?.0 == "/dev/md0");
    Ok(())
}

/// The name of the card that the machine boots from.
pub(super) async fn first_card(machine: &Configured) -> anyhow::Result<String> {
    let cards = machine.get("interfaces/").await?;
    Ok(cards[0]["name"].as_str().context("a name")?.to_owned())
}

/// Its first card gets a static address in place of the one that was chosen.
pub(super) async fn has_an_address_of_its_own(machine: &Configured) -> anyhow::Result<String> {
    let wanted = machine.site.cluster.lab().network().provisioning(77).to_string();
    linked_anew(machine, &[("mode", "STATIC"), ("ip_address", &wanted)]).await?;
    Ok(wanted)
}

/// Its first card asks for an address by DHCP.
pub(super) async fn asks_for_an_address(machine: &Configured) -> anyhow::Result<()> {
    linked_anew(machine, &[("mode", "DHCP")]).await
}

/// Its first card has one address of those that are for leases.
pub(super) async fn is_given_an_address(
    machine: &Configured,
    inside: &Inside,
) -> anyhow::Result<()> {
    let told = addresses(inside, &first_card(machine).await?)?;
    ensure!(told.len() == 1, "{told:?}");
    let links = inside.text("addresses");
    ensure!(links.contains("\"dynamic\":true"), "{links}");
    Ok(())
}

/// The first card's link to a subnet in place of the one that it has.
async fn linked_anew(machine: &Configured, link: &[(&str, &str)]) -> anyhow::Result<()> {
    let card = &machine.get("interfaces/").await?[0];
    let id = number(&card["id"])?;
    let (old, subnet) = (&card["links"][0]["id"], &card["links"][0]["subnet"]["id"]);
    let (old, subnet) = (number(old)?, number(subnet)?);
    machine.post(&format!("interfaces/{id}/?op=unlink_subnet"), &[("id", &old)]).await?;
    give(machine, &id, &[&[("subnet", subnet.as_str())], link].concat()).await
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
