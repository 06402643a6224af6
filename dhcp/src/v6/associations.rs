//! What becomes of the identity associations of a message (RFC 9915 §12, §18.3).
//!
//! Each is judged by itself: one that cannot be served does not keep the others from it. To the lease
//! engine an association is a client: its number and the client's identifier, in the form that option 61
//! of `DHCPv4` has for the same pair (RFC 4361). One for prefixes is another client than one for addresses that has
//! the same number, because both are numbered apart (RFC 9915 §12).

use std::net::Ipv6Addr;

use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::net::prefix::Prefix;

use crate::v6::asking::Asking;
use crate::wire::v6::code::Status;
use crate::wire::v6::message::{Association, Leased, Purpose};

/// Begins an identifier that is made of an association's number and a DUID (RFC 4361 §6.1).
const OF_ASSOCIATION: u8 = 255;
/// Begins that of an association for prefixes.
const OF_PREFIXES: u8 = 254;

/// What becomes of an association.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It has an address or a prefix. A message may wait for others of its associations meanwhile, so it is known until
    /// when.
    Given {
        /// What it has.
        what: Leased,
        /// Until when it may use it.
        until: Moment,
    },
    /// It has it when that is committed.
    Asked {
        /// What it has then.
        what: Leased,
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
    /// What the client has to give up.
    pub(crate) ended: Vec<Leased>,
}

impl Judged {
    /// What it has, or may get.
    pub(crate) const fn leased(&self) -> Option<Leased> {
        match self.fate {
            Fate::Given { what, .. } | Fate::Asked { what, .. } => Some(what),
            Fate::Refused(_) | Fate::Unknown => None,
        }
    }

    /// Whether there is something to say of it.
    pub(crate) const fn is_known(&self) -> bool {
        !matches!(self.fate, Fate::Unknown)
    }
}

/// What the associations of a message have that were judged before.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) addresses: Vec<Ipv6Addr>,
    pub(crate) prefixes: Vec<Prefix>,
}

impl Asking {
    /// The client that an association is to the lease engine; none when the message names nobody.
    pub(crate) fn client(&self, association: &Association) -> Option<ClientId> {
        let duid = self.message.client.as_deref()?;
        let begins = match association.purpose {
            Purpose::Addresses => OF_ASSOCIATION,
            Purpose::Prefixes => OF_PREFIXES,
        };
        let id = association.id.to_be_bytes();
        let bytes: Vec<u8> = [&[begins][..], &id, duid].concat();
        Some(ClientId::Identifier(bytes.into()))
    }

    /// Judges the associations one after the other, each with what those before it have.
    pub(crate) fn judge(
        &self,
        mut judge: impl FnMut(&Association, &ClientId, &Taken) -> (Fate, Vec<Leased>),
    ) -> Vec<Judged> {
        let (mut judged, mut taken) = (Vec::<Judged>::new(), Taken::default());
        for association in &self.message.associations {
            let Some(client) = self.client(association) else { continue };
            let (fate, ended) = judge(association, &client, &taken);
            let association = association.clone();
            judged.push(Judged { association, client, fate, ended });
            match judged.last().and_then(Judged::leased) {
                Some(Leased::Address(ip)) => taken.addresses.push(ip),
                Some(Leased::Prefix(prefix)) => taken.prefixes.push(prefix),
                None => {}
            }
        }
        judged
    }
}
