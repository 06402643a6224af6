//! Machines whose networks operators configured at random: whatever the operations let them configure, netplan takes, and
//! what is refused says what is wrong and changes nothing.

mod actions;
mod dice;
mod judge;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use model::access::Actor;
use model::id::{FabricId, InterfaceId, SubnetId, SystemId, VlanId};
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::interface::{Interface, LinkMode};
use model::net::fabric::Fabric;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::time::Timestamp;
use model::user::{ApiToken, TokenOwner};
use ops::error::Refusal;
use ops::machine::deploy::target_files;
use serde_json::{Map, Value, json};
use tables::read::Reads;

use crate::leases::site::Site;
use crate::many::{admin, ready};
use actions::ACTIONS;
use dice::Dice;

/// How many machines are configured, and how many of them netplan reads at once.
const MACHINES: u64 = 500;
const AT_ONCE: usize = 25;
/// How much is done to each.
const STEPS: usize = 8;

/// What machines are connected to.
pub(crate) struct Stock {
    site: Site,
    actor: Actor,
    vlans: Vec<VlanId>,
    subnets: Vec<SubnetId>,
}

impl Stock {
    /// Two fabrics: one with an untagged VLAN and two tagged ones, one with an untagged VLAN of large packets; subnets of
    /// both families.
    async fn new() -> Self {
        let site = Site::new().await;
        let (mut vlans, mut subnets) = (vec![site.vlan], vec![site.subnet]);
        let first = site.view().await.get::<Vlan>(&site.vlan).unwrap().unwrap();
        site.change(|tx| {
            vlans.truncate(1);
            subnets.truncate(1);
            let fabric = FabricId(tx.next_id::<Fabric>()?);
            tx.insert(&Fabric {
                id: fabric,
                name: "other".to_owned(),
                description: String::new(),
                class_type: None,
            })?;
            for (fabric, vid, mtu) in
                [(first.fabric, 5, 9000), (first.fabric, 6, 1500), (fabric, 0, 9000)]
            {
                let id = VlanId(tx.next_id::<Vlan>()?);
                tx.insert(&Vlan { vid, mtu, ..Vlan::untagged(id, fabric) })?;
                vlans.push(id);
            }
            for (vlan, cidr, gateway) in [
                (0, "fd00::/64", Some("fd00::1")),
                (1, "10.5.0.0/16", Some("10.5.0.1")),
                (1, "fd00:5::/64", None),
                (2, "10.6.0.0/24", None),
                (3, "10.7.0.0/16", Some("10.7.0.1")),
                (3, "fd00:7::/64", Some("fd00:7::1")),
            ] {
                let id = SubnetId(tx.next_id::<Subnet>()?);
                let subnet = Subnet::new(id, vlans[vlan], cidr.parse().unwrap());
                let gateway_ip = gateway.map(|ip| ip.parse().unwrap());
                tx.insert(&Subnet { name: cidr.to_owned(), gateway_ip, ..subnet })?;
                subnets.push(id);
            }
            Ok(())
        })
        .await;
        Self { site, actor: admin(), vlans, subnets }
    }

    /// A machine with some interfaces, most of them on a VLAN. The names of all machines differ, so that netplan can read
    /// several of them as one.
    async fn machine(&self, number: u64, dice: &mut Dice) -> SystemId {
        let mut machine = ready(number);
        let count = 1 + dice.below(5);
        for at in 0..count {
            let place = u8::try_from(at).unwrap();
            let [.., high, low] = number.to_be_bytes();
            let id = u32::try_from(number).unwrap() * 100 + u32::from(place) + 1_000_000;
            let mut interface = Interface {
                id: InterfaceId(id),
                name: format!("e{number}p{at}"),
                vlan: (!dice.once_in(5)).then(|| dice.of(&self.vlans[..1])),
                boot: at == 0,
                ..Interface::of_mac(MacAddress([2, 0, 7, high, low, place]))
            };
            interface.ensure_link();
            machine.interfaces.push(interface);
        }
        self.site.change(|tx| tx.put(&machine)).await;
        machine.system_id
    }

    async fn read(&self, id: &SystemId) -> Machine {
        self.site.view().await.get::<Machine>(id).unwrap().unwrap()
    }
}

/// A refusal says which field is wrong, or what.
fn is_told(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Fields(errors) => {
            let mut all = errors.by_field().iter();
            !errors.by_field().is_empty()
                && all.all(|(field, messages)| !field.is_empty() && !messages.is_empty())
        }
        Refusal::Message { message, .. } => !message.is_empty(),
        Refusal::NotFound { model } => !model.is_empty(),
        Refusal::Denied(_) | Refusal::Tables(_) => false,
    }
}

/// The machine as it is when it is deployed: links that get their addresses then have them.
fn with_addresses(mut machine: Machine, subnets: &BTreeMap<SubnetId, Subnet>) -> Machine {
    let mut last = 200;
    for link in machine.interfaces.iter_mut().flat_map(|interface| &mut interface.links) {
        let subnet = link.subnet.and_then(|id| subnets.get(&id));
        if let (LinkMode::Auto, Some(subnet)) = (link.mode, subnet) {
            link.ip_address = subnet.cidr.hosts().nth(last);
            last += 1;
        }
    }
    machine
}

/// The sections of several machines as one.
fn merged(networks: &[Value]) -> Value {
    let mut sections: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for (section, interfaces) in networks.iter().filter_map(Value::as_object).flatten() {
        if let Some(interfaces) = interfaces.as_object() {
            sections.entry(section.clone()).or_default().extend(interfaces.clone());
        }
    }
    // netplan refuses what needs Open vSwitch where its tools are missing; the rest of such a bridge is read all the same.
    if !Path::new("/usr/bin/ovs-vsctl").exists() {
        for bridge in sections.get_mut("bridges").into_iter().flat_map(Map::values_mut) {
            bridge.as_object_mut().unwrap().remove("openvswitch");
        }
    }
    let mut network = json!({ "version": 2 });
    for (section, interfaces) in sections {
        network[section] = interfaces.into();
    }
    json!({ "network": network })
}

/// That netplan makes of it what networkd reads.
fn generate(networks: &[Value]) {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("etc/netplan");
    std::fs::create_dir_all(&folder).unwrap();
    let config = merged(networks);
    std::fs::write(folder.join("50-cloud-init.yaml"), config.to_string()).unwrap();
    let made = Command::new("netplan").arg("generate").arg("--root-dir").arg(root.path()).output();
    let made = made.expect("netplan of the package netplan.io, which deploy/setup installs");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}\n{config:#}");
    for (section, interfaces) in config["network"].as_object().unwrap() {
        for name in interfaces.as_object().into_iter().flat_map(Map::keys) {
            assert!(is_made(root.path(), name), "nothing is made of {section} {name}: {said}");
        }
    }
}

/// Whether networkd or Open vSwitch gets anything of an interface.
fn is_made(root: &Path, name: &str) -> bool {
    let networkd = root.join(format!("run/systemd/network/10-netplan-{name}.network"));
    let open_vswitch = root.join(format!("run/systemd/system/netplan-ovs-{name}.service"));
    networkd.exists() || open_vswitch.exists()
}

#[tokio::test]
async fn whatever_is_configured_is_taken_by_netplan_and_what_is_refused_changes_nothing() {
    let stock = Stock::new().await;
    let view = stock.site.view().await;
    let subnets: BTreeMap<SubnetId, Subnet> =
        view.list::<Subnet>().unwrap().into_iter().map(|found| (found.id, found)).collect();
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut networks, mut waiting) = (0, Vec::new());
    for number in 1..=MACHINES {
        let mut dice = Dice::new(number);
        let id = stock.machine(number, &mut dice).await;
        let mut done = Vec::new();
        for _ in 0..STEPS {
            let name = dice.of(ACTIONS);
            let before = stock.read(&id).await;
            let result = actions::act(name, &stock, &before, &mut dice).await;
            let after = stock.read(&id).await;
            done.push(format!("{name}: {result:?}"));
            let (successes, refusals) = counts.entry(name).or_default();
            match result {
                Ok(()) => *successes += 1,
                Err(refusal) => {
                    *refusals += 1;
                    assert!(is_told(&refusal), "machine {number}: {refusal:?} says nothing");
                    assert_eq!(before.interfaces, after.interfaces, "machine {number}: {done:#?}");
                }
            }
        }
        let machine = with_addresses(stock.read(&id).await, &subnets);
        let network = network_of(&stock, &machine).await;
        if let Err(wrong) = judge::check(&network, &machine) {
            panic!("machine {number}: {wrong}\n{done:#?}\n{network:#}");
        }
        networks += 1;
        waiting.push(network);
        if waiting.len() == AT_ONCE {
            generate(&waiting);
            waiting.clear();
        }
    }
    assert_eq!(networks, MACHINES);
    for (name, (done, refused)) in counts {
        assert!(done > 10 && refused > 10, "{name}: {done} done, {refused} refused");
    }
}

/// What the deployed system is told of its network.
async fn network_of(stock: &Stock, machine: &Machine) -> Value {
    let view = stock.site.view().await;
    let token = ApiToken {
        key: String::new(),
        secret: "".into(),
        consumer_key: String::new(),
        name: String::new(),
        owner: TokenOwner::Machine(machine.system_id.clone()),
        created: Timestamp::default(),
    };
    let files = target_files(&view, machine, &token, "10.0.0.2:5248").unwrap();
    let (_, file) = files.iter().find(|(path, _)| path.ends_with("50-network.cfg")).unwrap();
    let written: Value = serde_json::from_str(file.expose()).unwrap();
    written["network"].clone()
}
