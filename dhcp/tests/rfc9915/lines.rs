//! The lines of the checklist for `DHCPv6` (RFC 9915).

use crate::page::Line;

const fn must(id: &'static str, says: &'static str) -> Line {
    Line { id, priority: 1, says, except: None }
}

pub(crate) const LINES: &[Line] = &[
    must(
        "V6-01",
        "ff02::1:2 on every served interface; what relays send to this rack alone is taken, what clients do is dropped",
    ),
    must(
        "V6-02",
        "client and server identifiers are there where they must be, and nowhere else; a DUID has 3 to 130 bytes",
    ),
    must(
        "V6-03",
        "a message for another server is dropped; all racks of a site have one DUID, so any of them answers a Renew",
    ),
    must("V6-04", "an Advertise with an address has preference 255"),
    must(
        "V6-05",
        "a Solicit with rapid commit gets a Reply after the commit, from the rack that answers first, if the client is known",
    ),
    must("V6-06", "each association has its own answer and status; nothing is said of the whole"),
    must(
        "V6-07",
        "T1 and T2 are 0.5 and 0.8 of the shortest lifetime, the same in all associations",
    ),
    must(
        "V6-08",
        "Renew creates what is not known, Rebind is silent about it; addresses that are wrong for certain come back with lifetimes 0",
    ),
    must(
        "V6-09",
        "Confirm is about the link alone; without an address, or on a link that is not known, it is dropped",
    ),
    must(
        "V6-10",
        "Release and Decline get Success, unknown associations NoBinding; a released address is kept for its client",
    ),
    must(
        "V6-11",
        "Information-request gets options and a refresh time; with an association it is dropped",
    ),
    must(
        "V6-12",
        "options are told to who asks for them: 23, 24, 31, 56, 82, 83; 59 and 16 to who boots from the network",
    ),
    Line {
        id: "V6-13",
        priority: 3,
        says: "Reconfigure",
        except: Some("no key is negotiated, so none is sent"),
    },
    Line {
        id: "V6-14",
        priority: 2,
        says: "addresses that clients made themselves are registered (RFC 9686), if they are of the link and the message was sent from them; option 148 says so to who asks",
        except: None,
    },
    must("V6-15", "names as RFC 4704 has them; several NTP servers in option 56"),
    must(
        "V6-16",
        "prefixes are delegated from the pools of the link, apart from addresses: of the length that is asked for if there is one, never one to two associations, by the rules of leases; a router's own routes are none of the server's",
    ),
    must(
        "V6-17",
        "a DUID is opaque; leases are of DUID, IAID and link, reservations of hardware addresses (option 79, the link's address, DUID-LL and -LLT)",
    ),
    must(
        "V6-18",
        "elapsed time may be all ones; an option that may be there once drops the packet when it is there twice",
    ),
    must("V6-19", "cut and over-long options drop the packet; nothing recurses"),
    must(
        "V6-20",
        "a reply goes back through the relays as the message came, with Interface-Id and the relay's port (RFC 8357); to the link's address of a client",
    ),
    must(
        "V6-21",
        "the link of a relayed message is that of the innermost address, or the own link",
    ),
    must(
        "V6-22",
        "servers that are none of the site's are looked for by a Solicit which takes no address and which no rack of the site answers; those that a link is relayed to are expected there",
    ),
    must(
        "R6-01",
        "relay agent: what clients send to ff02::1:2 is wrapped with hop count 0, the link's address and the sender's",
    ),
    must(
        "R6-02",
        "relay agent: what another relay sent has one hop more, up to 8, and a link address only if its own says nothing",
    ),
    must(
        "R6-03",
        "relay agent: Interface-Id always, the client's hardware address (79) of clients only, 37 and the relay's port (135) where wanted",
    ),
    must(
        "R6-04",
        "relay agent: what comes back goes to the client at 546 or to the relay at 547, or at its port, on the link that it came from",
    ),
    must(
        "R6-05",
        "relay agent: nothing goes the wrong way, and nothing that the rack serves itself; of several racks one relays each client",
    ),
    must("R6-06", "relay agent: messages of servers are not taken from clients"),
];
