//! Which of several racks on a link passes on a message: one of them at once, by a hash of the client, and the next one
//! at the client's next transmission, so that a client is answered once, and also when that rack is gone.

use model::id::{SystemId, VlanId};
use model::lease::client::ClientId;
use model::lease::clock::Moment;

use crate::leases::copies::Copies;
use crate::leases::sharing::{Kinds, Transmissions, rank};
use crate::relay::dropped::Dropped;

/// The number of a message type. Both protocols give the same number to the message that begins an exchange, and to
/// the one with which a client asks for what it was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageType(pub u8);

/// DHCPREQUEST, and Request of `DHCPv6`.
const REQUEST: MessageType = MessageType(3);

impl Kinds for MessageType {
    /// DHCPDISCOVER, and Solicit of `DHCPv6`.
    const BEGINS: Self = Self(1);
}

/// Who sent a message, and which it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The client.
    pub client: ClientId,
    /// Its transaction.
    pub xid: u32,
    /// The type of its message.
    pub kind: MessageType,
}

/// Where a message was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// The link.
    pub vlan: VlanId,
    /// The kernel's index of the interface.
    pub interface: u32,
}

/// What was heard of late, on all links.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    transmissions: Transmissions<MessageType>,
    copies: Copies<(VlanId, ClientId, u32, MessageType)>,
}

impl Turns {
    /// Whether it is the turn of this rack, of those that live on the link.
    ///
    /// # Errors
    /// [`Dropped::Copy`], [`Dropped::NotOurTurn`].
    pub fn take<'a>(
        &mut self,
        at: Heard,
        sender: &Sender,
        own: &SystemId,
        live: impl IntoIterator<Item = &'a SystemId>,
        now: Moment,
    ) -> Result<(), Dropped> {
        let Sender { client, xid, kind } = sender;
        if self.copies.is_copy((at.vlan, client.clone(), *xid, *kind), at.interface, now) {
            return Err(Dropped::Copy);
        }
        if *kind == REQUEST {
            self.transmissions.asked(client);
        }
        let count = self.transmissions.count(client, *xid, *kind, now);
        if count > rank(own, live, client) { Ok(()) } else { Err(Dropped::NotOurTurn) }
    }

    /// Forgets what is over. Call it about every second.
    pub fn forget(&mut self, now: Moment) {
        self.transmissions.forget(now);
        self.copies.forget(now);
    }
}
