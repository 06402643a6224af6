//! What a view looks up is what a scan of everything in it finds, after any changes.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use dhcp::v4::view::{PeerRack, View};
use ipnet::{IpNet, Ipv4Net};
use model::id::{BlockId, SubnetId, SystemId, VlanId};
use model::lease::block::Block;
use model::mac::MacAddress;
use model::net::subnet::Subnet;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof, proptest};

use crate::bench::{block, mac, rack, subnet};

/// A change of the view. Few of everything, so that changes meet.
#[derive(Debug, Clone)]
enum Step {
    Subnet { id: u32, vlan: u32, net: u8, len: u8, managed: bool },
    NoSubnet { id: u32 },
    Reserved { ip: u8, client: Option<u8> },
    NotReserved { ip: u8 },
    Block { id: u32, vlan: u32, rack: Option<u64>, incarnation: u64, len: u8 },
    NoBlock { id: u32 },
    Rack { id: u64, addresses: Vec<u8> },
    NoRack { id: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let rack = proptest::option::of(0..3_u64);
    prop_oneof![
        (0..6_u32, 0..3_u32, any::<u8>(), 0..=32_u8, any::<bool>())
            .prop_map(|(id, vlan, net, len, managed)| Step::Subnet { id, vlan, net, len, managed }),
        (0..6_u32).prop_map(|id| Step::NoSubnet { id }),
        (0..32_u8, proptest::option::of(0..4_u8))
            .prop_map(|(ip, client)| Step::Reserved { ip, client }),
        (0..32_u8).prop_map(|ip| Step::NotReserved { ip }),
        (0..8_u32, 0..3_u32, rack, 0..2_u64, 1..=4_u8).prop_map(
            |(id, vlan, rack, incarnation, len)| Step::Block { id, vlan, rack, incarnation, len }
        ),
        (0..8_u32).prop_map(|id| Step::NoBlock { id }),
        (0..3_u64, vec(0..32_u8, 0..4)).prop_map(|(id, addresses)| Step::Rack { id, addresses }),
        (0..3_u64).prop_map(|id| Step::NoRack { id }),
    ]
}

fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, last)
}

/// The same objects in plain maps, and the scans.
#[derive(Default)]
struct Scanned {
    subnets: BTreeMap<u32, Subnet>,
    reserved: BTreeMap<Ipv4Addr, Option<MacAddress>>,
    blocks: BTreeMap<u32, Block>,
    racks: BTreeMap<SystemId, Vec<IpNet>>,
}

/// The rack process that serves from the view: its number and incarnation.
const OWN: (u64, u64) = (1, 1);

impl Scanned {
    fn apply(&mut self, step: &Step, view: &mut View) {
        match step.clone() {
            Step::Subnet { id, vlan, net, len, managed } => {
                let net = Ipv4Net::new(address(net), len).unwrap().trunc();
                let gateway = net.network().octets();
                let changed =
                    Subnet { managed, ..subnet(id, VlanId(vlan), &net.to_string(), gateway) };
                view.put_subnet(changed.clone());
                self.subnets.insert(id, changed);
            }
            Step::NoSubnet { id } => {
                view.remove_subnet(SubnetId(id));
                self.subnets.remove(&id);
            }
            Step::Reserved { ip, client } => {
                view.put_reserved(address(ip).into(), client.map(mac));
                self.reserved.insert(address(ip), client.map(mac));
            }
            Step::NotReserved { ip } => {
                view.remove_reserved(address(ip).into());
                self.reserved.remove(&address(ip));
            }
            Step::Block { id, vlan, rack, incarnation, len } => {
                let changed = of_slot(id, VlanId(vlan), rack, incarnation, len);
                view.put_block(changed.clone());
                self.blocks.insert(id, changed);
            }
            Step::NoBlock { id } => {
                view.remove_block(BlockId(id));
                self.blocks.remove(&id);
            }
            Step::Rack { id, addresses } => {
                let nets = addresses.iter().map(|last| Ipv4Net::new(address(*last), 24).unwrap());
                let addresses: Vec<IpNet> = nets.map(IpNet::V4).collect();
                let peer = PeerRack { connected: true, addresses: addresses.clone() };
                view.put_rack(rack(id), peer);
                self.racks.insert(rack(id), addresses);
            }
            Step::NoRack { id } => {
                view.remove_rack(&rack(id));
                self.racks.remove(&rack(id));
            }
        }
    }

    fn subnet_of(&self, ip: Ipv4Addr) -> Option<&Subnet> {
        let containing = self.subnets.values().filter(|own| own.cidr.contains(&IpAddr::V4(ip)));
        containing.max_by_key(|own| own.cidr.prefix_len())
    }

    fn reservations(&self, vlan: VlanId, client: MacAddress) -> Vec<Ipv4Addr> {
        let own = self.reserved.iter().filter(|(_, own)| **own == Some(client)).map(|(ip, _)| *ip);
        own.filter(|ip| self.subnet_of(*ip).is_some_and(|subnet| subnet.vlan == vlan)).collect()
    }

    fn kept_for_another(&self, ip: Ipv4Addr, client: MacAddress) -> bool {
        let reserved = self.reserved.get(&ip).is_some_and(|own| *own != Some(client));
        let of_network = self.subnet_of(ip).is_some_and(|subnet| {
            let (ip, net) = (IpAddr::V4(ip), subnet.cidr);
            let end = net.prefix_len() < 31 && (ip == net.network() || ip == net.broadcast());
            end || subnet.gateway_ip == Some(ip)
        });
        let of_rack = self.racks.values().flatten().any(|address| address.addr() == IpAddr::V4(ip));
        reserved || of_network || of_rack
    }

    /// The addresses of the own blocks that are kept for nobody.
    fn free(&self, vlan: VlanId) -> Vec<Ipv4Addr> {
        let own = self.blocks_of(vlan, &rack(OWN.0), OWN.1);
        let within = |ip: &Ipv4Addr| {
            own.iter().any(|own| own.first <= IpAddr::V4(*ip) && own.last >= IpAddr::V4(*ip))
        };
        let kept = |ip: &Ipv4Addr| self.reserved.contains_key(ip);
        (0..34).map(address).filter(|ip| within(ip) && !kept(ip)).collect()
    }

    fn blocks_of(&self, vlan: VlanId, rack: &SystemId, incarnation: u64) -> Vec<&Block> {
        let own = |block: &&Block| {
            block.vlan == vlan
                && block.rack.as_ref() == Some(rack)
                && block.incarnation == incarnation
        };
        self.blocks.values().filter(own).collect()
    }
}

/// A block of up to four addresses in a place of its own: blocks never overlap.
fn of_slot(id: u32, vlan: VlanId, of: Option<u64>, incarnation: u64, len: u8) -> Block {
    let first = u8::try_from(id * 4).unwrap();
    Block {
        id: BlockId(id),
        vlan,
        first: address(first).into(),
        last: address(first + len - 1).into(),
        rack: of.map(rack),
        incarnation,
        ..block(900_000)
    }
}

fn compare(scanned: &Scanned, view: &View) {
    for last in 0..34 {
        let ip = address(last);
        assert_eq!(view.subnet_of(ip).map(|(_, subnet)| subnet), scanned.subnet_of(ip));
        for client in (0..4).map(mac) {
            let kept = scanned.kept_for_another(ip, client);
            assert_eq!(view.kept_for_another(ip, &client.into()), kept, "{ip}");
        }
    }
    for vlan in (0..3).map(VlanId) {
        for client in (0..4).map(mac) {
            assert_eq!(view.reservations(vlan, &client.into()), scanned.reservations(vlan, client));
        }
        let on_link: Vec<&Subnet> = view.subnets_on(vlan).map(|(_, subnet)| subnet).collect();
        let managed = |own: &&Subnet| own.vlan == vlan && own.managed;
        assert_eq!(on_link, scanned.subnets.values().filter(managed).collect::<Vec<_>>());
        for (id, incarnation) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)] {
            let want = scanned.blocks_of(vlan, &rack(id), incarnation);
            for ip in (0..34).map(address) {
                let at = want
                    .iter()
                    .find(|own| own.first <= IpAddr::V4(ip) && own.last >= IpAddr::V4(ip));
                assert_eq!(view.block_at(vlan, &rack(id), incarnation, ip), at.copied());
            }
        }
        let free = view.free_on(vlan).map(|pool| pool.new_from(address(0)).collect::<Vec<_>>());
        assert_eq!(free.unwrap_or_default(), scanned.free(vlan));
    }
}

fn own_view() -> View {
    let mut view = View::default();
    view.set_own(rack(OWN.0), OWN.1);
    view
}

proptest! {
    #[test]
    fn lookups_find_what_a_scan_finds(steps in vec(step(), 0..60)) {
        let (mut scanned, mut view) = (Scanned::default(), own_view());
        for step in &steps {
            scanned.apply(step, &mut view);
        }
        compare(&scanned, &view);
        for id in 0..8 {
            let gone = [Step::NoSubnet { id }, Step::NoBlock { id }, Step::NoRack { id: id.into() }];
            gone.iter().for_each(|step| scanned.apply(step, &mut view));
        }
        (0..32).for_each(|ip| scanned.apply(&Step::NotReserved { ip }, &mut view));
        assert_eq!(view, own_view(), "nothing is left behind");
    }
}
