//! A small zone with everything in it that servers get wrong.

use std::sync::Arc;

use model::controller::ServedRack;
use model::dns::dnsresource::{DnsRecord, DnsResource};
use model::dns::domain::Domain;
use model::dns::projector::Projector;
use model::id::{DnsRecordId, DnsResourceId, DomainId, SystemId};

use super::*;

fn zones() -> Zones {
    let records = [
        ("ns", "A", "10.0.0.1"),
        ("web", "A", "10.0.0.2"),
        ("a.b", "A", "10.0.0.3"),
        ("*.wild", "A", "10.0.0.4"),
        ("host.wild", "TXT", "\"x\""),
        ("www", "CNAME", "web"),
        ("gone", "CNAME", "none"),
        ("out", "CNAME", "example.com"),
        ("loop", "CNAME", "loop"),
        ("sub", "NS", "ns.sub.maas"),
        ("ns.sub", "A", "10.0.0.5"),
        ("mail", "MX", "10 web"),
    ];
    let mut projector = Projector::default();
    projector.put_domain(&Domain {
        id: DomainId(0),
        name: "maas".to_owned(),
        authoritative: true,
        ttl: None,
        is_default: true,
    });
    projector.put_rack(&ServedRack {
        system_id: SystemId::from_number(1),
        hostname: "ns".to_owned(),
        interfaces: Vec::new(),
        connected: true,
    });
    for (id, (name, rrtype, rrdata)) in (0..).zip(records) {
        projector.put_resource(&Arc::new(resource(id, name, rrtype, rrdata)));
    }
    projector.settle(7);
    Zones::new(projector.names().clone(), rpds::RedBlackTreeMapSync::default(), 0)
}

fn resource(id: u32, name: &str, rrtype: &str, rrdata: &str) -> DnsResource {
    let record = DnsRecord {
        id: DnsRecordId(id),
        rrtype: rrtype.to_owned(),
        rrdata: rrdata.to_owned(),
        ttl: None,
    };
    let is_address = rrtype == "A";
    DnsResource {
        id: DnsResourceId(id),
        name: name.to_owned(),
        domain: DomainId(0),
        address_ttl: None,
        ip_addresses: is_address.then(|| rrdata.parse().unwrap()).into_iter().collect(),
        records: if is_address { Vec::new() } else { vec![record] },
    }
}

/// `code aa | answers | authority`.
#[track_caller]
fn check(name: &str, kind: RecordType, expected: &str) {
    let zones = zones();
    let name = Name::from_ascii(name).unwrap();
    let line = answer(&zones, &name, kind).map_or_else(
        || "none".to_owned(),
        |answer| {
            let text = |records: &[Record]| {
                let lines = records.iter().map(|record| {
                    format!(
                        "{} {} {} {}",
                        record.name,
                        record.ttl,
                        record.record_type(),
                        record.data
                    )
                });
                lines.collect::<Vec<_>>().join(", ")
            };
            let aa = if answer.authoritative { " aa" } else { "" };
            let code = format!("{:?}", answer.code);
            format!("{code}{aa} | {} | {}", text(&answer.answers), text(&answer.authority))
        },
    );
    assert_eq!(line, expected, "{name} {kind}");
}

const SOA: &str = "maas. 5 SOA ns.maas. hostmaster.maas. 7 600 60 604800 5";

#[test]
fn names_are_found_in_any_case_and_answered_in_the_case_asked() {
    check("Web.MAAS.", RecordType::A, "NoError aa | Web.MAAS. 30 A 10.0.0.2 | ");
}

#[test]
fn absence_is_told_with_the_soa() {
    check("web.maas.", RecordType::AAAA, &format!("NoError aa |  | {SOA}"));
    check("none.maas.", RecordType::A, &format!("NXDomain aa |  | {SOA}"));
    check("b.maas.", RecordType::A, &format!("NoError aa |  | {SOA}"));
    check("we.maas.", RecordType::A, &format!("NXDomain aa |  | {SOA}"));
}

#[test]
fn wildcard_does_not_speak_for_names_that_exist() {
    check("x.wild.maas.", RecordType::A, "NoError aa | x.wild.maas. 30 A 10.0.0.4 | ");
    check("x.y.wild.maas.", RecordType::A, "NoError aa | x.y.wild.maas. 30 A 10.0.0.4 | ");
    check("host.wild.maas.", RecordType::A, &format!("NoError aa |  | {SOA}"));
    check("x.host.wild.maas.", RecordType::A, &format!("NXDomain aa |  | {SOA}"));
}

#[test]
fn aliases_are_followed_and_the_last_name_gives_the_code() {
    check(
        "www.maas.",
        RecordType::A,
        "NoError aa | www.maas. 30 CNAME web.maas., web.maas. 30 A 10.0.0.2 | ",
    );
    check(
        "gone.maas.",
        RecordType::A,
        &format!("NXDomain aa | gone.maas. 30 CNAME none.maas. | {SOA}"),
    );
    check("out.maas.", RecordType::A, "NoError aa | out.maas. 30 CNAME example.com. | ");
    check("loop.maas.", RecordType::A, "NoError aa | loop.maas. 30 CNAME loop.maas. | ");
    check("www.maas.", RecordType::CNAME, "NoError aa | www.maas. 30 CNAME web.maas. | ");
}

#[test]
fn names_below_a_cut_are_referred_without_authority() {
    for kind in [RecordType::A, RecordType::NS, RecordType::ANY] {
        check("x.sub.maas.", kind, "NoError |  | sub.maas. 30 NS ns.sub.maas.");
    }
    check("sub.maas.", RecordType::DS, &format!("NoError aa |  | {SOA}"));
}

#[test]
fn other_names_are_not_ours() {
    check("example.com.", RecordType::A, "none");
    check(".", RecordType::NS, "none");
}
