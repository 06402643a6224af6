//! What is said to both servers, and why they differ where they do.

use std::net::Ipv4Addr;

use crate::packets::Packet;

/// What the packets of a case refer to.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// The address that the client was offered or given last.
    pub(crate) own: Option<Ipv4Addr>,
    /// The address that its last packet asks for.
    pub(crate) asked: Option<Ipv4Addr>,
    /// What its relay adds to that packet.
    pub(crate) relay: Option<Vec<u8>>,
}

impl Facts {
    pub(crate) fn learn(&mut self, reply: Option<&[u8]>) {
        let ip = reply.map(|reply| Ipv4Addr::new(reply[16], reply[17], reply[18], reply[19]));
        self.own = ip.filter(|ip| !ip.is_unspecified()).or(self.own);
    }

    fn own(&self) -> Ipv4Addr {
        self.own.expect("the client was offered an address")
    }
}

type Said = fn(&Facts) -> Vec<u8>;

/// A packet, and what was said before it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) before: &'static [Said],
    pub(crate) packet: Said,
    /// Why the two answer differently, if they do.
    pub(crate) why: Option<&'static str>,
}

const fn case(name: &'static str, before: &'static [Said], packet: Said) -> Case {
    Case { name, before, packet, why: None }
}

const fn differs(
    why: &'static str,
    name: &'static str,
    before: &'static [Said],
    packet: Said,
) -> Case {
    Case { name, before, packet, why: Some(why) }
}

const REASON: &str = "Kea's NAK does not say why (option 56)";
const AUTHORITATIVE: &str = "Kea refuses another network's address only where it is configured as authoritative; a rack knows its link's subnets";
const BY_HARDWARE: &str = "Kea knows a client by option 61 first; it changes along one boot, so a rack goes by the hardware address (C-01, C-02)";

/// An address of the link that no server gives.
const OUTSIDE_POOL: Ipv4Addr = Ipv4Addr::new(10, 5, 0, 50);
const FREE: Ipv4Addr = Ipv4Addr::new(10, 5, 0, 190);
const UNOFFERED: Ipv4Addr = Ipv4Addr::new(10, 5, 0, 191);
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(192, 168, 7, 7);
const ODD_82: [u8; 12] = [2, 2, 7, 7, 1, 2, 1, 1, 1, 2, 2, 2];

fn with_header(mut packet: Vec<u8>, at: usize, value: u8) -> Vec<u8> {
    packet[at] = value;
    packet
}

/// Each case has clients of its own, by their numbers.
pub(crate) const CASES: &[Case] = &[
    case("DISCOVER of a new client", &[], |_| Packet::of(1).discover()),
    differs(
        "Kea 2.2 keeps no offer; a rack does for a minute",
        "DISCOVER again",
        &[|_| Packet::of(1).discover()],
        |_| Packet::of(1).discover(),
    ),
    case("REQUEST of the offer", &[|_| Packet::of(2).discover()], |f| {
        Packet::of(2).select(f.own())
    }),
    case(
        "REQUEST of the offer, repeated",
        &[|_| Packet::of(3).discover(), |f| Packet::of(3).select(f.own())],
        |f| Packet::of(3).select(f.own()),
    ),
    case(
        "REQUEST in REBINDING",
        &[|_| Packet::of(4).discover(), |f| Packet::of(4).select(f.own())],
        |f| Packet::of(4).rebind(f.own()),
    ),
    case("REQUEST in REBINDING of a free address", &[], |_| Packet::of(5).rebind(FREE)),
    differs(AUTHORITATIVE, "REQUEST in REBINDING of another network's address", &[], |_| {
        Packet::of(6).rebind(ELSEWHERE)
    }),
    case(
        "REQUEST after a restart",
        &[|_| Packet::of(7).discover(), |f| Packet::of(7).select(f.own())],
        |f| Packet::of(7).reboot(f.own()),
    ),
    differs(
        REASON,
        "REQUEST after a restart, of another address than its own",
        &[|_| Packet::of(8).discover(), |f| Packet::of(8).select(f.own())],
        |_| Packet::of(8).reboot(OUTSIDE_POOL),
    ),
    case("REQUEST after a restart, unknown", &[], |_| Packet::of(9).reboot(OUTSIDE_POOL)),
    differs(AUTHORITATIVE, "REQUEST after a restart, of another network", &[], |_| {
        Packet::of(10).reboot(ELSEWHERE)
    }),
    case("REQUEST of another server's offer", &[], |_| {
        Packet::of(11).with(54, &[10, 5, 0, 9]).with(50, &FREE.octets()).bytes(3)
    }),
    case("REQUEST of a free address that was not offered", &[], |_| {
        Packet::of(12).select(UNOFFERED)
    }),
    differs(
        REASON,
        "REQUEST of another client's address",
        &[|_| Packet::of(13).discover(), |f| Packet::of(13).select(f.own())],
        |f| Packet::of(14).select(f.own()),
    ),
    differs(AUTHORITATIVE, "REQUEST of an address of another network", &[], |_| {
        Packet::of(15).select(ELSEWHERE)
    }),
    differs(
        "Kea gives a new address; a rack is silent, for it has not offered any (V4-13)",
        "REQUEST that names no address",
        &[],
        |_| Packet::of(16).bytes(3),
    ),
    case("DISCOVER that asks for a free address", &[], |_| {
        Packet::of(17).with(50, &[10, 5, 0, 180]).discover()
    }),
    case(
        "DISCOVER that asks for another client's address",
        &[|_| Packet::of(18).discover(), |f| Packet::of(18).select(f.own())],
        |f| Packet::of(19).with(50, &f.own().octets()).discover(),
    ),
    case("DISCOVER that asks for another network's address", &[], |_| {
        Packet::of(20).with(50, &ELSEWHERE.octets()).discover()
    }),
    case("DISCOVER that names a server", &[], |_| {
        Packet::of(21).with(54, &[10, 5, 0, 2]).discover()
    }),
    case("DISCOVER with an identifier", &[], |_| {
        Packet::of(22).with(61, &[0xff, 1, 2, 3]).discover()
    }),
    differs(
        BY_HARDWARE,
        "DISCOVER with another identifier than before",
        &[
            |_| Packet::of(23).with(61, &[0xff, 4, 5]).discover(),
            |f| Packet::of(23).with(61, &[0xff, 4, 5]).select(f.own()),
        ],
        |_| Packet::of(23).with(61, &[0xff, 6, 7]).discover(),
    ),
    differs(
        BY_HARDWARE,
        "DISCOVER with the identifier of another client",
        &[
            |_| Packet::of(24).with(61, &[0xff, 8, 9]).discover(),
            |f| Packet::of(24).with(61, &[0xff, 8, 9]).select(f.own()),
        ],
        |_| Packet::of(25).with(61, &[0xff, 8, 9]).discover(),
    ),
    differs(
        "a rack keeps a released address for its client: firmware goes on using it (C-07)",
        "DISCOVER after a RELEASE",
        &[
            |_| Packet::of(26).discover(),
            |f| Packet::of(26).select(f.own()),
            |f| Packet { ciaddr: f.own(), ..Packet::of(26) }.with(54, &[10, 5, 0, 2]).bytes(7),
        ],
        |_| Packet::of(26).discover(),
    ),
    case(
        "DISCOVER after a DECLINE",
        &[
            |_| Packet::of(27).discover(),
            |f| Packet::of(27).select(f.own()),
            |f| Packet::of(27).with(54, &[10, 5, 0, 2]).with(50, &f.own().octets()).bytes(4),
        ],
        |_| Packet::of(27).discover(),
    ),
    differs(
        "Kea sorts the sub-options; a rack repeats the bytes (RFC 3046)",
        "option 82 out of order and repeated",
        &[],
        |_| Packet::of(28).with(82, &ODD_82).discover(),
    ),
    differs(AUTHORITATIVE, "NAK with option 82", &[], |_| {
        Packet::of(29).with(82, &ODD_82).reboot(ELSEWHERE)
    }),
    case("link selection (82.5)", &[], |_| {
        Packet::of(30).with(82, &[5, 4, 10, 5, 0, 0]).discover()
    }),
    case("link selection of an unknown link", &[], |_| {
        Packet::of(31).with(82, &[5, 4, 172, 31, 0, 0]).discover()
    }),
    case("subnet selection (118)", &[], |_| Packet::of(32).with(118, &[10, 5, 0, 0]).discover()),
    case("server identifier override (82.11)", &[], |_| {
        Packet::of(33).with(82, &[11, 4, 10, 5, 0, 1]).discover()
    }),
    case("rapid commit of a new client", &[], |_| Packet::of(34).with(80, &[]).discover()),
    case("option 81, both names", &[], |_| {
        Packet::of(35).with(81, b"\x01\0\0web-1").with(12, b"web-1").discover()
    }),
    differs(
        "Kea drops the packet; for a rack it is as if there were none (C-16)",
        "an empty identifier",
        &[],
        |_| Packet::of(36).with(61, &[]).discover(),
    ),
    case("an option that is cut off", &[], |_| {
        let mut packet = Packet::of(37).discover();
        packet.pop();
        packet.extend([12, 20, b'x']);
        packet
    }),
    case("BOOTP", &[], |_| {
        let mut packet = Packet::of(38).discover();
        packet.truncate(240);
        packet
    }),
    differs(
        "Kea answers; for a rack 17 bytes are no hardware address",
        "a hardware address of 17 bytes",
        &[],
        |_| with_header(Packet::of(39).discover(), 2, 17),
    ),
    differs("Kea answers whatever the op field says", "a reply", &[], |_| {
        with_header(Packet::of(40).discover(), 0, 2)
    }),
    case("an OFFER", &[], |_| Packet::of(41).bytes(2)),
];
