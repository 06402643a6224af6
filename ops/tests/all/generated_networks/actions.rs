//! What operators do to the network of a machine, right and wrong, by the operations behind the API.

use std::net::IpAddr;

use model::machine::Machine;
use ops::error::Refusal;
use ops::machine::interfaces::links::LinkRequest;
use ops::machine::interfaces::wanted::{BondChange, BridgeChange, InterfaceChange};
use ops::machine::interfaces::{create, gateways, links, remove, update};

use super::Stock;
use super::dice::Dice;

/// All of it, what is done often more than once.
pub(super) const ACTIONS: &[&str] = &[
    "bond",
    "bond",
    "bridge",
    "vlan",
    "vlan",
    "link",
    "link",
    "link",
    "link",
    "unlink",
    "update",
    "update",
    "set parents",
    "set a gateway",
    "delete",
    "disconnect",
    "add hardware",
];

/// Does something.
pub(super) async fn act(
    name: &str,
    stock: &Stock,
    machine: &Machine,
    dice: &mut Dice,
) -> Result<(), Refusal> {
    let (tables, actor, id) = (&stock.site.tables, &stock.actor, &machine.system_id);
    let one = any(machine, dice);
    match name {
        "bond" => {
            create::create_bond(tables, actor, id, &bond(stock, machine, dice)).await.map(drop)
        }
        "bridge" => {
            let wanted = InterfaceChange {
                parents: Some(vec![one]),
                bridge: BridgeChange {
                    made_by: some(dice, &["standard", "ovs", "virtual"]),
                    stp: dice.once_in(2).then_some(true),
                    forward_delay_s: dice.once_in(4).then(|| dice.of(&[4, 15, 30])),
                },
                ..common(stock, dice)
            };
            create::create_bridge(tables, actor, id, &wanted).await.map(drop)
        }
        "vlan" => {
            let vlan = Some(Some(dice.of(&stock.vlans).to_string()));
            let wanted = InterfaceChange { parents: Some(vec![one]), vlan, ..common(stock, dice) };
            create::create_vlan(tables, actor, id, &wanted).await.map(drop)
        }
        "link" => links::link_subnet(tables, actor, id, &one, &link(stock, dice)).await.map(drop),
        "unlink" => {
            let all = machine.interfaces.iter().flat_map(|found| &found.links);
            let all: Vec<String> = all.map(|link| link.id.to_string()).collect();
            let link = all.get(dice.below(all.len() + 1)).map_or("7", String::as_str);
            links::unlink_subnet(tables, actor, id, &one, Some(link)).await.map(drop)
        }
        "update" => {
            let vlan = dice.once_in(3).then(|| Some(dice.of(&stock.vlans).to_string()));
            let wanted = InterfaceChange {
                vlan,
                enabled: dice.once_in(5).then(|| dice.once_in(2)),
                bond: if dice.once_in(4) { bond_change(dice) } else { BondChange::default() },
                ..common(stock, dice)
            };
            update::update(tables, actor, id, &one, &wanted).await.map(drop)
        }
        "set parents" => {
            let parents = (0..=dice.below(3)).map(|_| any(machine, dice)).collect();
            let wanted = InterfaceChange { parents: Some(parents), ..InterfaceChange::default() };
            update::update(tables, actor, id, &one, &wanted).await.map(drop)
        }
        "set a gateway" => gateways::set(tables, actor, id, &one, None).await.map(drop),
        "delete" => {
            let named = if dice.once_in(3) { "none".to_owned() } else { one };
            remove::delete(tables, actor, id, &named).await
        }
        "disconnect" => remove::disconnect(tables, actor, id, &one).await.map(drop),
        _ => {
            let last = machine.interfaces.len();
            let number: Vec<u8> = machine.hostname.bytes().skip(1).collect();
            let number: u32 = String::from_utf8(number).unwrap().parse().unwrap();
            let mac = format!("02:00:08:{:02x}:{:02x}:{last:02x}", number / 256, number % 256);
            let wanted = InterfaceChange {
                name: Some(format!("e{number}n{last}")),
                mac: Some(if dice.once_in(3) { "ff:00".to_owned() } else { mac }),
                vlan: Some(Some(dice.of(&stock.vlans).to_string())),
                ..InterfaceChange::default()
            };
            create::create_physical(tables, actor, id, &wanted).await.map(drop)
        }
    }
}

/// An interface by its name.
fn any(machine: &Machine, dice: &mut Dice) -> String {
    let found = machine.interfaces.get(dice.below(machine.interfaces.len()));
    found.map_or_else(|| "none".to_owned(), |found| found.name.clone())
}

fn some(dice: &mut Dice, choices: &[&str]) -> Option<String> {
    (!dice.once_in(3)).then(|| dice.of(choices).to_owned())
}

/// What all kinds have.
fn common(_: &Stock, dice: &mut Dice) -> InterfaceChange {
    InterfaceChange {
        mtu: dice
            .once_in(3)
            .then(|| dice.of(&[Some(1400), Some(9000), Some(552), Some(100), None])),
        accept_ra: dice.once_in(4).then(|| dice.of(&[Some(true), Some(false), None])),
        ..InterfaceChange::default()
    }
}

fn bond_change(dice: &mut Dice) -> BondChange {
    let modes = [
        "balance-rr",
        "active-backup",
        "balance-xor",
        "broadcast",
        "802.3ad",
        "balance-tlb",
        "balance-alb",
        "round-robin",
    ];
    BondChange {
        mode: some(dice, &modes),
        miimon_ms: dice.once_in(3).then(|| dice.of(&[0, 100, 1000])),
        down_delay_ms: dice.once_in(3).then(|| dice.of(&[0, 200])),
        up_delay_ms: dice.once_in(3).then(|| dice.of(&[0, 200])),
        peer_notifications: dice.once_in(4).then(|| dice.of(&[0, 1, 255])),
        lacp_rate: some(dice, &["fast", "slow"]),
        hash_policy: some(dice, &["layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4"]),
    }
}

fn bond(stock: &Stock, machine: &Machine, dice: &mut Dice) -> InterfaceChange {
    let count = dice.below(4);
    let parents = (0..count).map(|_| any(machine, dice)).collect();
    let name = format!("b{}x{}", machine.hostname.trim_start_matches('m'), dice.below(3));
    let name = if dice.once_in(10) { "a name".to_owned() } else { name };
    let bond = bond_change(dice);
    InterfaceChange { name: Some(name), parents: Some(parents), bond, ..common(stock, dice) }
}

fn link(stock: &Stock, dice: &mut Dice) -> LinkRequest {
    let ips = ["10.0.0.7", "10.5.1.7", "fd00::7", "10.0.0.110", "10.7.0.1"];
    let ip: Option<IpAddr> = dice.once_in(6).then(|| dice.of(&ips).parse().unwrap());
    LinkRequest {
        mode: Some(dice.of(&["auto", "auto", "static", "dhcp", "link_up", "bootp"]).to_owned()),
        subnet: (!dice.once_in(6)).then(|| dice.of(&stock.subnets).to_string()),
        ip,
        force: dice.once_in(4),
        default_gateway: dice.once_in(4),
    }
}
