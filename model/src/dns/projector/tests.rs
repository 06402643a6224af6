//! Whatever changes, and in whatever order: following is the same as projecting from scratch.

use proptest::prelude::*;

use super::*;
use crate::controller::ControllerInterface;
use crate::dns::dnsresource::DnsRecord;
use crate::dns::project::{NamedObjects, project};
use crate::id::{DnsRecordId, VlanId};
use crate::lease::binding::{Binding, BindingState};
use crate::lease::client::ClientId;
use crate::machine::hardware::Firmware;
use crate::machine::lifecycle::Phase;
use crate::machine::served::{ServedInterface, ServedPhase};
use crate::net::subnet::ReverseDns;
use crate::time::Timestamp;

/// A site of few names, addresses and clients, so that objects meet.
#[derive(Debug, Default)]
struct Site {
    domains: BTreeMap<DomainId, Domain>,
    resources: BTreeMap<DnsResourceId, Arc<DnsResource>>,
    machines: BTreeMap<SystemId, Arc<ServedMachine>>,
    bindings: BTreeMap<IpAddr, Binding>,
    racks: BTreeMap<SystemId, ServedRack>,
    regions: BTreeMap<SystemId, RegionController>,
    subnets: BTreeMap<SubnetId, Subnet>,
    ttl: Option<u32>,
}

#[derive(Debug, Clone)]
enum Change {
    Domain(u32, Option<Domain>),
    Resource(u32, Option<DnsResource>),
    Machine(u64, Option<ServedMachine>),
    Binding(IpAddr, Option<Binding>),
    Rack(u64, Option<ServedRack>),
    Region(u64, Option<RegionController>),
    Subnet(u32, Option<Subnet>),
    Ttl(u32),
}

/// Sets or removes an object in the site, and in the projector.
macro_rules! change {
    ($table:expr, $id:expr, $object:expr, $put:expr, $remove:expr) => {
        match $object {
            Some(object) => {
                $put(&object);
                $table.insert($id, object);
            }
            None => {
                $remove(&$id);
                $table.remove(&$id);
            }
        }
    };
}

impl Site {
    fn apply(&mut self, projector: &mut Projector, change: Change) {
        let p = projector;
        match change {
            Change::Domain(id, it) => {
                change!(self.domains, DomainId(id), it, |it| p.put_domain(it), |id: &DomainId| p
                    .remove_domain(*id));
            }
            Change::Resource(id, it) => {
                let (id, it) = (DnsResourceId(id), it.map(Arc::new));
                change!(self.resources, id, it, |it| p.put_resource(it), |id: &DnsResourceId| p
                    .remove_resource(*id));
            }
            Change::Machine(id, it) => {
                let (id, it) = (SystemId::from_number(id), it.map(Arc::new));
                change!(self.machines, id, it, |it| p.put_machine(it), |id| p.remove_machine(id));
            }
            Change::Binding(ip, it) => {
                change!(self.bindings, ip, it, |it| p.put_binding(it), |ip: &IpAddr| p
                    .remove_binding(*ip));
            }
            Change::Rack(id, it) => {
                let id = SystemId::from_number(id);
                change!(self.racks, id, it, |it| p.put_rack(it), |id| p.remove_rack(id));
            }
            Change::Region(id, it) => {
                let id = SystemId::from_number(id);
                change!(self.regions, id, it, |it| p.put_region(it), |id| p.remove_region(id));
            }
            Change::Subnet(id, it) => {
                change!(self.subnets, SubnetId(id), it, |it| p.put_subnet(it), |id: &SubnetId| p
                    .remove_subnet(*id));
            }
            Change::Ttl(ttl) => {
                p.set_ttl(ttl);
                self.ttl = Some(ttl);
            }
        }
    }

    fn projected(&self) -> Vec<Zone> {
        project(&NamedObjects {
            domains: &self.domains.values().collect::<Vec<_>>(),
            dnsresources: &self.resources.values().map(AsRef::as_ref).collect::<Vec<_>>(),
            machines: &self.machines.values().map(AsRef::as_ref).collect::<Vec<_>>(),
            bindings: &self.bindings.values().collect::<Vec<_>>(),
            racks: &self.racks.values().collect::<Vec<_>>(),
            regions: &self.regions.values().collect::<Vec<_>>(),
            subnets: &self.subnets.values().collect::<Vec<_>>(),
            ttl: self.ttl.unwrap_or(TTL_DEFAULT),
        })
    }

    /// A projector that sees the site for the first time.
    fn fresh(&self) -> Projector {
        let mut fresh = Projector::default();
        fresh.set_ttl(self.ttl.unwrap_or(TTL_DEFAULT));
        self.bindings.values().for_each(|it| fresh.put_binding(it));
        self.machines.values().for_each(|it| fresh.put_machine(it));
        self.regions.values().for_each(|it| fresh.put_region(it));
        self.racks.values().for_each(|it| fresh.put_rack(it));
        self.resources.values().for_each(|it| fresh.put_resource(it));
        self.subnets.values().for_each(|it| fresh.put_subnet(it));
        self.domains.values().for_each(|it| fresh.put_domain(it));
        fresh.settle(1);
        fresh
    }
}

fn label() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "C", "rack", "a.b", "eth0.a", "-", "@"])
        .prop_map(str::to_owned)
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop::sample::select(vec!["10.1.2.1", "10.1.2.2", "10.1.3.1", "192.0.2.1", "fd00::1"])
        .prop_map(|text| text.parse().unwrap())
}

/// A client, one of five without a hardware address.
fn client() -> impl Strategy<Value = ClientId> {
    let identifier = ClientId::Identifier([255, 0, 0, 0, 1].into());
    prop_oneof![4 => mac().prop_map(ClientId::Hardware), 1 => Just(identifier)]
}

fn mac() -> impl Strategy<Value = MacAddress> {
    (0_u8..4).prop_map(|last| MacAddress([0x52, 0x54, 0, 0, 0, last]))
}

fn ttl() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(prop::sample::select(vec![5, 30, 60]))
}

fn domain(id: u32) -> impl Strategy<Value = Domain> {
    let name = prop::sample::select(vec!["maas", "B.maas", "example.com", "2.1.10.in-addr.arpa"]);
    (name, any::<bool>(), ttl(), any::<bool>()).prop_map(
        move |(name, authoritative, ttl, default)| Domain {
            id: DomainId(id),
            name: name.to_owned(),
            authoritative,
            ttl,
            is_default: default,
        },
    )
}

fn resource(id: u32) -> impl Strategy<Value = DnsResource> {
    let record = prop::sample::select(vec![
        ("TXT", "\"x\""),
        ("cname", "a"),
        ("MX", "10 b"),
        ("NS", "rack.maas."),
        ("CAA", "0 issue \"x\""),
    ]);
    let record = (record, ttl()).prop_map(|((rrtype, rrdata), ttl)| DnsRecord {
        id: DnsRecordId(1),
        rrtype: rrtype.to_owned(),
        rrdata: rrdata.to_owned(),
        ttl,
    });
    let records = prop::collection::vec(record, 0..3);
    let addresses = prop::collection::vec(address(), 0..3);
    (label(), 0_u32..4, ttl(), addresses, records).prop_map(
        move |(name, domain, address_ttl, ip_addresses, records)| DnsResource {
            id: DnsResourceId(id),
            name,
            domain: DomainId(domain),
            address_ttl,
            ip_addresses,
            records,
        },
    )
}

fn machine(id: u64) -> impl Strategy<Value = ServedMachine> {
    let interface = (0_u8..3, mac(), any::<bool>(), prop::collection::vec(address(), 0..2));
    let interface = interface.prop_map(|(number, mac, boot, addresses)| ServedInterface {
        name: format!("eth{number}"),
        mac,
        vlan: None,
        boot,
        addresses,
    });
    (label(), 0_u32..4, prop::collection::vec(interface, 0..3)).prop_map(
        move |(hostname, domain, interfaces)| ServedMachine {
            system_id: SystemId::from_number(id),
            hostname,
            domain: DomainId(domain),
            architecture: String::new(),
            firmware: Firmware::Bios,
            secure_boot: None,
            uuid: String::new(),
            phase: ServedPhase::Known(Phase::Ready),
            boots_own_disk: false,
            interfaces,
            tags: Vec::new(),
        },
    )
}

fn binding(ip: IpAddr) -> impl Strategy<Value = Binding> {
    let state = prop::sample::select(vec![
        BindingState::Active,
        BindingState::Active,
        BindingState::Released,
        BindingState::Declined,
    ]);
    (client(), state, prop::option::of(label()), 0_u64..3).prop_map(
        move |(client, state, hostname, told)| Binding {
            ip,
            subnet: SubnetId(1),
            vlan: VlanId(1),
            client,
            hardware: None,
            prefix_length: None,
            state,
            hostname,
            told_until: Timestamp::from_unix_ms(told),
            promise_until: Timestamp::from_unix_ms(told),
            rack: SystemId::from_number(9),
        },
    )
}

fn rack(id: u64) -> impl Strategy<Value = ServedRack> {
    (label(), any::<bool>(), address()).prop_map(move |(hostname, connected, ip)| ServedRack {
        system_id: SystemId::from_number(id),
        hostname,
        interfaces: vec![ControllerInterface {
            name: "eth0".to_owned(),
            mac: MacAddress([2; 6]),
            addresses: vec![ip.into(), "fe80::1/64".parse().unwrap()],
        }],
        connected,
    })
}

fn region(id: u64) -> impl Strategy<Value = RegionController> {
    (label(), address()).prop_map(move |(hostname, address)| RegionController {
        system_id: SystemId::from_number(id),
        node_id: id,
        hostname,
        version: String::new(),
        address,
    })
}

fn subnet(id: u32) -> impl Strategy<Value = Subnet> {
    let cidr = prop::sample::select(vec!["10.1.2.0/24", "10.1.0.0/16", "10.1.2.0/31", "fd00::/64"]);
    let mode = prop::sample::select(vec![ReverseDns::Disabled, ReverseDns::Enabled]);
    (cidr, mode).prop_map(move |(cidr, rdns_mode)| Subnet {
        name: cidr.to_owned(),
        rdns_mode,
        allow_proxy: false,
        ..Subnet::new(SubnetId(id), VlanId(1), cidr.parse().unwrap())
    })
}

fn put_or_remove<T: std::fmt::Debug + 'static>(
    put: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<T>> {
    prop::option::weighted(0.75, put).boxed()
}

fn change() -> impl Strategy<Value = Change> {
    let of = |it| it;
    prop_oneof![
        1 => (0_u32..3).prop_flat_map(move |id| put_or_remove(domain(id)).prop_map(move |it| Change::Domain(id, of(it)))),
        2 => (0_u32..4).prop_flat_map(|id| put_or_remove(resource(id)).prop_map(move |it| Change::Resource(id, it))),
        3 => (0_u64..4).prop_flat_map(|id| put_or_remove(machine(id)).prop_map(move |it| Change::Machine(id, it))),
        4 => address().prop_flat_map(|ip| put_or_remove(binding(ip)).prop_map(move |it| Change::Binding(ip, it))),
        1 => (0_u64..3).prop_flat_map(|id| put_or_remove(rack(id)).prop_map(move |it| Change::Rack(id, it))),
        1 => (0_u64..2).prop_flat_map(|id| put_or_remove(region(id)).prop_map(move |it| Change::Region(id, it))),
        1 => (0_u32..3).prop_flat_map(|id| put_or_remove(subnet(id)).prop_map(move |it| Change::Subnet(id, it))),
        1 => prop::sample::select(vec![5_u32, 30, 60]).prop_map(Change::Ttl),
    ]
}

/// The zones with their contents, by their origins.
fn by_origin(zones: Vec<Zone>) -> BTreeMap<String, Zone> {
    zones.into_iter().map(|zone| (zone.origin.clone(), zone)).collect()
}

fn heads(projector: &Projector) -> BTreeMap<String, ZoneHead> {
    projector.names().zones().map(|(name, head)| (name.to_string(), head.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn following_changes_is_projecting_from_scratch(
        changes in prop::collection::vec((change(), prop::bool::weighted(0.7)), 1..40)
    ) {
        let (mut site, mut projector) = (Site::default(), Projector::default());
        let mut before = (BTreeMap::new(), BTreeMap::new());
        for (revision, (change, settled)) in (2..).zip(changes) {
            site.apply(&mut projector, change);
            if !settled {
                continue;
            }
            let changed = projector.settle(revision);
            let zones = site.projected();
            prop_assert_eq!(projector.to_zones(), zones.clone());
            let (zones, heads) = (by_origin(zones), heads(&projector));
            for (origin, head) in &heads {
                let same = before.0.get(origin) == zones.get(origin);
                let moved = before.1.get(origin).map(|head: &ZoneHead| head.changed);
                prop_assert_eq!(same, moved == Some(head.changed), "{} {:?}", origin, head);
                prop_assert_eq!(!same, changed.iter().any(|name| name.to_string() == *origin));
            }
            let fresh = self::heads(&site.fresh());
            let digests = |heads: &BTreeMap<String, ZoneHead>| -> Vec<u64> {
                heads.values().map(|head| head.digest).collect()
            };
            prop_assert_eq!(digests(&heads), digests(&fresh));
            before = (zones, heads);
        }
    }
}

#[test]
fn a_renewal_changes_no_zone() {
    let mut site = Site::default();
    let mut projector = Projector::default();
    let domain = Domain {
        id: DomainId(0),
        name: "maas".to_owned(),
        authoritative: true,
        ttl: None,
        is_default: true,
    };
    let binding = |until| Binding {
        ip: "10.1.2.1".parse().unwrap(),
        subnet: SubnetId(1),
        vlan: VlanId(1),
        client: MacAddress([2; 6]).into(),
        hardware: None,
        prefix_length: None,
        state: BindingState::Active,
        hostname: Some("a".to_owned()),
        told_until: Timestamp::from_unix_ms(until),
        promise_until: Timestamp::from_unix_ms(until),
        rack: SystemId::from_number(9),
    };
    let ip = binding(0).ip;
    site.apply(&mut projector, Change::Domain(0, Some(domain)));
    site.apply(&mut projector, Change::Binding(ip, Some(binding(1))));
    assert_eq!(projector.settle(7).len(), 1);
    site.apply(&mut projector, Change::Binding(ip, Some(binding(2))));
    assert_eq!(projector.settle(8), []);
    assert_eq!(heads(&projector)["maas"].changed, 7);
    site.apply(&mut projector, Change::Binding(ip, None));
    assert_eq!(projector.settle(9).len(), 1);
    assert_eq!(heads(&projector)["maas"].changed, 9);
}
