//! One site, and what its zones must contain.

use super::*;
use crate::controller::ControllerInterface;
use crate::dns::dnsresource::DnsRecord;
use crate::id::{DnsRecordId, DnsResourceId, DomainId, SubnetId, SystemId, VlanId};
use crate::lease::binding::BindingState;
use crate::mac::MacAddress;
use crate::machine::hardware::Firmware;
use crate::machine::lifecycle::Phase;
use crate::machine::served::{ServedInterface, ServedPhase};
use crate::time::Timestamp;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn mac(last: u8) -> MacAddress {
    MacAddress([0x52, 0x54, 0, 0, 0, last])
}

fn interface(last: u8, boot: bool, addresses: &[&str]) -> ServedInterface {
    ServedInterface {
        name: format!("eth{last}"),
        mac: mac(last),
        vlan: None,
        boot,
        addresses: addresses.iter().map(|text| ip(text)).collect(),
    }
}

fn machine(hostname: &str, interfaces: Vec<ServedInterface>) -> ServedMachine {
    ServedMachine {
        system_id: SystemId::from_number(1),
        hostname: hostname.to_owned(),
        domain: DomainId(0),
        architecture: String::new(),
        firmware: Firmware::Bios,
        secure_boot: None,
        uuid: String::new(),
        phase: ServedPhase::Known(Phase::Deployed),
        boots_own_disk: true,
        interfaces,
        tags: Vec::new(),
    }
}

fn binding(address: &str, last: u8, hostname: Option<&str>) -> Binding {
    Binding {
        ip: ip(address),
        subnet: SubnetId(1),
        vlan: VlanId(1),
        client: mac(last).into(),
        hardware: None,
        prefix_length: None,
        state: BindingState::Active,
        hostname: hostname.map(str::to_owned),
        told_until: Timestamp::default(),
        promise_until: Timestamp::default(),
        rack: SystemId::from_number(9),
    }
}

fn subnet(cidr: &str) -> Subnet {
    Subnet {
        name: cidr.to_owned(),
        allow_proxy: false,
        ..Subnet::new(SubnetId(1), VlanId(1), cidr.parse().unwrap())
    }
}

fn resource(name: &str, addresses: &[&str], records: &[(&str, &str)]) -> DnsResource {
    let record = |&(rrtype, rrdata): &(&str, &str)| DnsRecord {
        id: DnsRecordId(1),
        rrtype: rrtype.to_owned(),
        rrdata: rrdata.to_owned(),
        ttl: None,
    };
    DnsResource {
        id: DnsResourceId(1),
        name: name.to_owned(),
        domain: DomainId(0),
        address_ttl: None,
        ip_addresses: addresses.iter().map(|text| ip(text)).collect(),
        records: records.iter().map(record).collect(),
    }
}

/// `name TYPE data`, one line for each record.
#[track_caller]
fn lines(
    resources: &[DnsResource],
    machines: &[ServedMachine],
    bindings: &[Binding],
) -> Vec<String> {
    let domain = Domain {
        id: DomainId(0),
        name: "Maas".to_owned(),
        authoritative: true,
        ttl: None,
        is_default: true,
    };
    let rack = ServedRack {
        system_id: SystemId::from_number(9),
        hostname: "rack-1".to_owned(),
        interfaces: vec![ControllerInterface {
            name: "eth0".to_owned(),
            mac: mac(200),
            addresses: vec!["10.1.2.1/24".parse().unwrap(), "fe80::1/64".parse().unwrap()],
        }],
        connected: true,
    };
    let subnet = subnet("10.1.2.0/24");
    let zones = project(&NamedObjects {
        domains: &[&domain],
        dnsresources: &resources.iter().collect::<Vec<_>>(),
        machines: &machines.iter().collect::<Vec<_>>(),
        bindings: &bindings.iter().collect::<Vec<_>>(),
        racks: &[&rack],
        regions: &[],
        subnets: &[&subnet],
        ttl: TTL_DEFAULT,
    });
    let mut lines = Vec::new();
    for zone in &zones {
        for (name, sets) in &zone.names {
            for (kind, set) in sets {
                lines.extend(set.records.iter().map(|data| {
                    let data = match data {
                        RecordData::Address(ip) => ip.to_string(),
                        RecordData::Name(text) | RecordData::Text(text) => text.to_string(),
                    };
                    format!("{name} {kind} {data}")
                }));
            }
        }
    }
    lines
}

#[test]
fn racks_serve_and_have_names_themselves() {
    assert_eq!(
        lines(&[], &[], &[]),
        [
            "maas NS rack-1.maas",
            "rack-1.maas A 10.1.2.1",
            "1.2.1.10.in-addr.arpa PTR rack-1.maas",
            "2.1.10.in-addr.arpa NS rack-1.maas",
        ]
    );
}

#[test]
fn machine_has_its_name_at_its_boot_interface_and_both_ways() {
    let web = machine(
        "Web",
        vec![interface(1, false, &["10.1.2.11"]), interface(2, true, &["10.1.2.12"])],
    );
    let lines = lines(&[], &[web], &[]);
    for line in [
        "web.maas A 10.1.2.12",
        "eth1.web.maas A 10.1.2.11",
        "12.2.1.10.in-addr.arpa PTR web.maas",
        "11.2.1.10.in-addr.arpa PTR eth1.web.maas",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line} in {lines:?}");
    }
}

#[test]
fn leased_address_counts_until_one_is_assigned() {
    let leased = binding("10.1.2.50", 1, Some("debian"));
    let new = machine("web", vec![interface(1, true, &[])]);
    let found = lines(&[], &[new], std::slice::from_ref(&leased));
    assert!(found.contains(&"web.maas A 10.1.2.50".to_owned()));
    assert!(found.contains(&"50.2.1.10.in-addr.arpa PTR web.maas".to_owned()));
    let deployed = machine("web", vec![interface(1, true, &["10.1.2.11"])]);
    let found = lines(&[], &[deployed], &[leased]);
    assert!(found.contains(&"web.maas A 10.1.2.11".to_owned()));
    assert!(!found.contains(&"web.maas A 10.1.2.50".to_owned()));
}

#[test]
fn lease_gets_its_name_unless_somebody_has_it() {
    let bindings = [binding("10.1.2.50", 50, Some("rack-1")), binding("10.1.2.51", 51, Some("pc"))];
    let found = lines(&[], &[], &bindings);
    assert!(found.contains(&"pc.maas A 10.1.2.51".to_owned()));
    assert!(!found.contains(&"rack-1.maas A 10.1.2.50".to_owned()));
}

#[test]
fn user_records_are_made_absolute() {
    let resources = [
        resource("www", &[], &[("CNAME", "web")]),
        resource("@", &["10.1.2.80"], &[("MX", "10 mail"), ("TXT", "\"v=spf1 -all\"")]),
        resource("_x._tcp", &[], &[("SRV", "1 2 80 web.example.com")]),
    ];
    let found = lines(&resources, &[], &[]);
    for line in [
        "www.maas CNAME web.maas",
        "maas A 10.1.2.80",
        "maas MX 10 mail.maas.",
        "maas TXT \"v=spf1 -all\"",
        "_x._tcp.maas SRV 1 2 80 web.example.com.",
    ] {
        assert!(found.iter().any(|f| f == line), "{line} in {found:?}");
    }
}

/// A machine whose address of one family was assigned has that of the other from DHCP.
#[test]
fn a_machine_is_called_by_its_name_in_both_families() {
    let machine = machine("web", vec![interface(1, true, &["10.1.2.9"])]);
    let of_ipv6 = Binding {
        client: crate::lease::client::ClientId::Identifier([255, 0, 0, 0, 1, 0, 2].into()),
        hardware: Some(mac(1)),
        ..binding("fd00::9", 1, None)
    };
    let of_ipv4 = binding("10.1.2.77", 1, None);
    let lines = lines(&[], &[machine], &[of_ipv6, of_ipv4]);
    let of = |kind: &str| lines.iter().filter(|line| line.contains(kind)).collect::<Vec<_>>();
    assert_eq!(of(" AAAA "), ["web.maas AAAA fd00::9"]);
    assert!(of(" A ").contains(&&"web.maas A 10.1.2.9".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("10.1.2.77")), "{lines:?}");
}

/// Whoever has a prefix is not the host at its first address.
#[test]
fn a_delegated_prefix_has_no_name() {
    let router = machine("router", vec![interface(1, true, &[])]);
    let of_router = Binding {
        client: crate::lease::client::ClientId::Identifier([254, 0, 0, 0, 1, 0, 2].into()),
        hardware: Some(mac(1)),
        prefix_length: Some(56),
        ..binding("fd00:a:0:100::", 1, Some("gate"))
    };
    let lines = lines(&[], &[router], &[of_router]);
    assert!(!lines.iter().any(|line| line.contains("fd00:a:0:100::")), "{lines:?}");
}
