//! A small zone with everything in it that servers get wrong.

use std::collections::BTreeMap;

use model::dns::project::{RecordData, RecordSet, Zone};

use super::*;

fn zones() -> Zones {
    let records = [
        ("maas", "NS", RecordData::Name("ns.maas".to_owned())),
        ("ns.maas", "A", address("10.0.0.1")),
        ("web.maas", "A", address("10.0.0.2")),
        ("a.b.maas", "A", address("10.0.0.3")),
        ("*.wild.maas", "A", address("10.0.0.4")),
        ("host.wild.maas", "TXT", RecordData::Text("\"x\"".to_owned())),
        ("www.maas", "CNAME", RecordData::Name("web.maas".to_owned())),
        ("gone.maas", "CNAME", RecordData::Name("none.maas".to_owned())),
        ("out.maas", "CNAME", RecordData::Name("example.com".to_owned())),
        ("loop.maas", "CNAME", RecordData::Name("loop.maas".to_owned())),
        ("sub.maas", "NS", RecordData::Name("ns.sub.maas".to_owned())),
        ("ns.sub.maas", "A", address("10.0.0.5")),
        ("mail.maas", "MX", RecordData::Text("10 web.maas.".to_owned())),
    ];
    let mut names: BTreeMap<String, BTreeMap<String, RecordSet>> = BTreeMap::new();
    for (name, kind, data) in records {
        let set = RecordSet { ttl: 30, records: [data].into() };
        names.entry(name.to_owned()).or_default().insert(kind.to_owned(), set);
    }
    let zone = Zone { origin: "maas".to_owned(), primary: "ns.maas".to_owned(), ttl: 30, names };
    Zones::new(&[zone], 7)
}

fn address(text: &str) -> RecordData {
    RecordData::Address(text.parse().unwrap())
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
