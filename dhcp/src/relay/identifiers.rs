//! What `DHCPv6` servers of others call themselves that racks relay to.
//!
//! A client knows such a server by its identifier (DUID), and a site by its address: which identifier belongs to which
//! address is learned of what comes back from there. A server that answers on a link through another relay, too, is thus
//! known to be one that the link is relayed to.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use model::id::VlanId;

use crate::leases::Leases;
use crate::leases::family::Family;
use crate::relay::v6::{Returned, is_returned};
use crate::wire::v6::message::RELAYS_MAX;
use crate::wire::v6::server_message::server_identifier;

/// The identifiers of servers that VLANs name, by their addresses.
#[derive(Debug, Default)]
pub struct Identifiers {
    known: BTreeMap<Ipv6Addr, Vec<u8>>,
}

impl Identifiers {
    /// A packet came back for an agent. What a server says that no VLAN is relayed to is nothing.
    pub fn learn(&mut self, leases: &Leases<Ipv6Addr>, source: Ipv6Addr, packet: &[u8]) {
        let Some(identifier) = within(packet).filter(|_| is_named(leases, source)) else { return };
        self.known.insert(source, identifier.to_vec());
    }

    /// Forgets servers that no VLAN is relayed to any more.
    pub fn forget(&mut self, leases: &Leases<Ipv6Addr>) {
        self.known.retain(|ip, _| is_named(leases, *ip));
    }

    /// Whether a server is one that a link is relayed to.
    #[must_use]
    pub fn is_relayed_to(
        &self,
        leases: &Leases<Ipv6Addr>,
        vlan: VlanId,
        identifier: &[u8],
    ) -> bool {
        let Some(vlan) = leases.view().vlan(vlan) else { return false };
        let mut named = vlan.relay_to.iter().filter_map(|ip| Ipv6Addr::of(*ip));
        named.any(|ip| self.known.get(&ip).is_some_and(|known| known == identifier))
    }
}

/// Whether clients of any link are passed on to a server.
fn is_named(leases: &Leases<Ipv6Addr>, server: Ipv6Addr) -> bool {
    leases.view().vlans().any(|vlan| vlan.relay_to.contains(&server.into()))
}

/// The identifier of the server whose message relays wrapped.
fn within(packet: &[u8]) -> Option<&[u8]> {
    let mut packet = packet;
    for _ in 0..RELAYS_MAX {
        packet = Returned::parse(packet).ok()?.payload;
        if !is_returned(packet) {
            return server_identifier(packet);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use model::id::{FabricId, SystemId};
    use model::lease::policy::Policy;
    use model::net::vlan::Vlan;

    use super::*;
    use crate::leases::OwnRack;

    const SERVER: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 9);
    const OTHER: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 8);
    const IDENTIFIER: [u8; 8] = [0, 2, 0, 4, 0, 2, 9, 9];

    fn relaying(to: &[Ipv6Addr]) -> Leases<Ipv6Addr> {
        let own = OwnRack { rack: SystemId::from_number(1), incarnation: 1, serves_time: true };
        let mut leases = Leases::new(own, Policy::default());
        leases.update(|view| {
            let relay_to = to.iter().map(|ip| (*ip).into()).collect();
            view.put_vlan(Vlan { relay_to, ..Vlan::untagged(VlanId(1), FabricId(1)) });
            view.put_vlan(Vlan::untagged(VlanId(2), FabricId(2)));
        });
        leases
    }

    /// An Advertise, through so many relays.
    fn returned(relays: usize) -> Vec<u8> {
        let mut packet = [&[2, 0, 0, 1, 0, 2, 0, 8][..], &IDENTIFIER].concat();
        for _ in 0..relays {
            let len = u16::try_from(packet.len()).unwrap().to_be_bytes();
            let peer = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 7).octets();
            let head = [&[13, 0][..], &[0; 16], &peer, &[0, 9], &len].concat();
            packet = [head, packet].concat();
        }
        packet
    }

    /// V6-22.
    #[test]
    fn a_server_that_a_link_is_relayed_to_is_known_by_what_it_sent_back() {
        let leases = relaying(&[SERVER]);
        for (relays, source, is_learned) in [
            (1, SERVER, true),
            (8, SERVER, true),
            (9, SERVER, false),
            (0, SERVER, false),
            (1, OTHER, false),
        ] {
            let mut known = Identifiers::default();
            known.learn(&leases, source, &returned(relays));
            let is_known = known.is_relayed_to(&leases, VlanId(1), &IDENTIFIER);
            assert_eq!(is_known, is_learned, "{relays} relays, from {source}");
            assert!(!known.is_relayed_to(&leases, VlanId(1), &IDENTIFIER[1..]));
            assert!(!known.is_relayed_to(&leases, VlanId(2), &IDENTIFIER), "not relayed");
            known.forget(&relaying(&[OTHER]));
            assert!(!known.is_relayed_to(&leases, VlanId(1), &IDENTIFIER), "no more");
        }
    }
}
