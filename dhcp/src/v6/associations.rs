//! What becomes of the identity associations of a message (RFC 9915 §12, §18.3).
//!
//! Each is judged by itself: one that cannot be served does not keep the others from it. To the lease
//! engine an association is a client: its number and the client's identifier, in the form that option 61
//! of `DHCPv4` has for the same pair (RFC 4361).

use std::net::Ipv6Addr;

use model::lease::client::ClientId;
use model::lease::clock::Moment;

use crate::v6::engine::Asking;
use crate::wire::v6::code::Status;
use crate::wire::v6::message::{Association, Purpose};

/// Begins an identifier that is made of an association's number and a DUID (RFC 4361 §6.1).
const OF_ASSOCIATION: u8 = 255;

/// What becomes of an association.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It has an address. A message may wait for others of its associations meanwhile, so it is known until when.
    Given {
        /// The address.
        ip: Ipv6Addr,
        /// Until when it may use it.
        until: Moment,
    },
    /// It has an address when that is committed.
    Asked {
        /// The address.
        ip: Ipv6Addr,
        /// The request.
        request: [u8; 16],
    },
    /// It has nothing, for this reason; none when all there is to say is what it has to give up.
    Refused(Option<Status>),
    /// Nobody can say now.
    Unknown,
}

/// An association with what becomes of it.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) association: Association,
    pub(crate) client: ClientId,
    pub(crate) fate: Fate,
    /// The addresses that the client has to give up.
    pub(crate) ended: Vec<Ipv6Addr>,
}

impl Judged {
    /// The address that it has, or may get.
    pub(crate) const fn address(&self) -> Option<Ipv6Addr> {
        match self.fate {
            Fate::Given { ip, .. } | Fate::Asked { ip, .. } => Some(ip),
            Fate::Refused(_) | Fate::Unknown => None,
        }
    }

    /// Whether there is something to say of it.
    pub(crate) const fn is_known(&self) -> bool {
        !matches!(self.fate, Fate::Unknown)
    }
}

impl Asking {
    /// The client that an association is to the lease engine; none when the message names nobody.
    pub(crate) fn client(&self, association: &Association) -> Option<ClientId> {
        let duid = self.message.client.as_deref()?;
        let id = association.id.to_be_bytes();
        let bytes: Vec<u8> = [&[OF_ASSOCIATION][..], &id, duid].concat();
        Some(ClientId::Identifier(bytes.into()))
    }

    /// Judges the associations one after the other, each with the addresses that those before it have.
    /// No prefixes are delegated.
    pub(crate) fn judge(
        &self,
        mut addresses: impl FnMut(&Association, &ClientId, &[Ipv6Addr]) -> (Fate, Vec<Ipv6Addr>),
    ) -> Vec<Judged> {
        let (mut judged, mut taken) = (Vec::<Judged>::new(), Vec::new());
        for association in &self.message.associations {
            let Some(client) = self.client(association) else { continue };
            let (fate, ended) = match association.purpose {
                Purpose::Addresses => addresses(association, &client, &taken),
                Purpose::Prefixes => (Fate::Refused(Some(Status::NoPrefixAvail)), Vec::new()),
            };
            let association = association.clone();
            judged.push(Judged { association, client, fate, ended });
            taken.extend(judged.last().and_then(Judged::address));
        }
        judged
    }
}
