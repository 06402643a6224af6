//! What the server remembers of the messages that it heard: soft state, of a fixed size, that a restart
//! costs nothing but a second answer.

use std::net::Ipv6Addr;

use model::id::VlanId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;

use crate::leases::copies::Copies;
use crate::leases::sharing::{Kinds, Transmissions};
use crate::lookup::allowance::{Allowance, Rate};
use crate::lookup::recent::Recent;
use crate::wire::v6::message::Kind;

/// How many Solicit messages a client that nobody knows is answered. Firmware, iPXE and an operating system
/// ask one after the other, each of them a few times.
const SOLICITS: Rate = Rate { a_second: 1, at_once: 10 };
/// How many clients are remembered.
const CLIENTS_MAX: usize = 16_384;

impl Kinds for Kind {
    const BEGINS: Self = Self::Solicit;
}

/// The messages that were heard.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) transmissions: Transmissions<Kind>,
    /// By link, sender, transaction and the relay that passed it on last.
    pub(crate) copies: Copies<(VlanId, ClientId, u32, Kind, Option<Ipv6Addr>)>,
    clients: Recent<(VlanId, ClientId), Allowance>,
}

impl Default for Heard {
    fn default() -> Self {
        Self {
            transmissions: Transmissions::default(),
            copies: Copies::default(),
            clients: Recent::with_room(CLIENTS_MAX),
        }
    }
}

impl Heard {
    /// Whether a client that nobody knows may be answered one Solicit more.
    pub(crate) fn may_solicit(&mut self, vlan: VlanId, client: &ClientId, now: Moment) -> bool {
        let full = || Allowance::full(SOLICITS);
        self.clients.at((vlan, client.clone()), full).take(0, now)
    }

    /// Forgets what is over.
    pub(crate) fn forget(&mut self, now: Moment) {
        self.transmissions.forget(now);
        self.copies.forget(now);
        self.clients.forget_while(|allowance| allowance.is_full(now));
    }
}
