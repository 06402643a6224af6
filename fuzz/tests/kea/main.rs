//! The same packets to Ironraft's engine and to a Kea 2.2 process: `docs/conformance/kea.md`.
//!
//! Answers are compared by type, by what kind of address they give, and by their options. Where they
//! differ, [`cases::Case::why`] says why, and a difference that nobody explains fails the test.
//! Needs root, and `kea-dhcp4` (`deploy/setup` installs it).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

mod cases;
mod packets;
mod servers;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::path::Path;

use dhcp::wire::options::Options;

use crate::cases::{CASES, Case, Facts};
use crate::servers::{Ironraft, Kea, Server};

const HEAD: &str = "# DHCPv4: Ironraft beside Kea 2.2
The same packets through one relay to both, each with its own addresses in them: what each of them answers, what kind of
address it gives, and which options. This page is made by `fuzz/tests/kea`, which fails when a difference is not explained.

";

/// What is compared of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    kind: &'static str,
    address: &'static str,
    options: BTreeSet<u8>,
    /// Whether the relay's option 82 came back byte for byte.
    relay: Option<bool>,
}

impl Answer {
    fn of(reply: &[u8], facts: &Facts) -> Self {
        let options = Options::parse(&reply[240..], &reply[108..236], &reply[44..108]);
        let kind = match options.first_byte(53) {
            Some(2) => "OFFER",
            Some(5) => "ACK",
            Some(6) => "NAK",
            _ => "something else",
        };
        let ip = Ipv4Addr::from(<[u8; 4]>::try_from(&reply[16..20]).unwrap());
        let address = if ip.is_unspecified() {
            "no address"
        } else if facts.own == Some(ip) {
            "its own address"
        } else if facts.asked == Some(ip) {
            "the address asked for"
        } else {
            "a new address"
        };
        let relay = options.get(82).map(|value| facts.relay.as_deref() == Some(value));
        let options = (1..=254).filter(|code| options.get(*code).is_some()).collect();
        Self { kind, address, options, relay }
    }
}

/// Says a case's packets to a server, and returns its answer to the last one.
fn answered(server: &mut impl Server, case: &Case) -> Option<Answer> {
    let mut facts = Facts::default();
    for packet in case.before {
        let reply = server.answer(&packet(&facts));
        facts.learn(reply.as_deref());
    }
    let packet = (case.packet)(&facts);
    let options = Options::parse(packet.get(240..).unwrap_or_default(), &[], &[]);
    facts.asked = options.address(50);
    facts.relay = options.get(82).map(<[u8]>::to_vec);
    server.answer(&packet).map(|reply| Answer::of(&reply, &facts))
}

fn told(answer: Option<&Answer>) -> String {
    let Some(Answer { kind, address, options, relay }) = answer else {
        return "silence".to_owned();
    };
    let options: Vec<String> = options.iter().map(u8::to_string).collect();
    let changed = if *relay == Some(false) { ", 82 changed" } else { "" };
    format!("{kind}, {address}; {}{changed}", options.join(" "))
}

#[test]
fn ironraft_answers_as_kea_does_or_says_why_not() {
    let (mut ironraft, mut kea) = (Ironraft::new(), Kea::start().unwrap());
    let mut page = HEAD.to_owned();
    page.push_str("| packet | Ironraft | Kea | difference |\n|---|---|---|---|\n");
    let mut unexplained = Vec::new();
    for case in CASES {
        let (ours, theirs) = (answered(&mut ironraft, case), answered(&mut kea, case));
        if (ours == theirs) == case.why.is_some() {
            unexplained.push((case.name, told(ours.as_ref()), told(theirs.as_ref())));
        }
        let (ours, theirs) = (told(ours.as_ref()), told(theirs.as_ref()));
        let why = case.why.unwrap_or("none");
        writeln!(page, "| {} | {ours} | {theirs} | {why} |", case.name).unwrap();
    }
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/conformance/kea.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let present = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(present == page, "docs/conformance/kea.md is old; run this test with UPDATE_DOCS=1");
}
