//! What blocks are cut from: dynamic ranges, and pools of prefixes. A block of prefixes has all their addresses, so that
//! blocks of either kind are told apart, and found, by addresses alone; what is counted is what clients get.

use std::net::IpAddr;

use model::id::{IpRangeId, SubnetId};
use model::lease::block::Block;
use model::lease::cut::{Span, block_len, cuts};
use model::net::iprange::IpRange;
use model::net::prefix::Prefix;
use model::net::prefixpool::PrefixPool;
use model::time::Timestamp;
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::views::ranges::{DelegatedRange, DynamicRange, Promised};
use tables::views::state::State;

use crate::network::spans::span;

/// A dynamic range, or a pool of prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A dynamic range.
    Range(DynamicRange),
    /// A pool of prefixes.
    Pool(DelegatedRange),
}

impl Source {
    /// What has the addresses of a block: the range that it says it is of, another one, or a pool of prefixes as long as
    /// its own.
    pub(super) fn of(state: &State, block: &Block) -> Option<(Self, Span<IpAddr>)> {
        let within = |source: Self| Some((source, source.inside(block)?));
        if block.prefix_length.is_some() {
            let before = |pool: &&DelegatedRange| pool.first <= block.last;
            return state
                .prefix_pools()
                .take_while(before)
                .copied()
                .map(Self::Pool)
                .find_map(within);
        }
        let own = state.dynamic_range(block.iprange).copied().map(Self::Range);
        own.and_then(within).or_else(|| {
            let before = |range: &&DynamicRange| range.first <= block.last;
            state.dynamic_ranges().take_while(before).copied().map(Self::Range).find_map(within)
        })
    }

    /// The addresses of a block of its kind that lie in it.
    fn inside(&self, block: &Block) -> Option<Span<IpAddr>> {
        let range = self.addresses().filter(|_| block.prefix_length == self.prefix_length())?;
        let whole = span(block.first, block.last)?;
        let (first, last) = (whole.first.max(range.first), whole.last.min(range.last));
        (first <= last).then_some(Span { first, last })
    }

    /// Its addresses.
    pub(super) fn addresses(&self) -> Option<Span<IpAddr>> {
        match self {
            Self::Range(range) => span(range.first, range.last),
            Self::Pool(pool) => span(pool.first, pool.last),
        }
    }

    /// The subnet on whose link clients get what is in it.
    pub(super) const fn subnet(&self) -> SubnetId {
        match self {
            Self::Range(range) => range.subnet,
            Self::Pool(pool) => pool.subnet,
        }
    }

    /// The length of each prefix; none of addresses.
    pub(super) const fn prefix_length(&self) -> Option<u8> {
        match self {
            Self::Range(_) => None,
            Self::Pool(pool) => pool.prefix_length,
        }
    }

    /// The range that blocks of it say they are of.
    pub(super) const fn iprange(&self) -> IpRangeId {
        match self {
            Self::Range(range) => range.id,
            Self::Pool(_) => IpRangeId(0),
        }
    }

    /// Whether its addresses are of IPv6.
    pub(super) const fn is_ipv6(&self) -> bool {
        match self {
            Self::Range(range) => range.first.is_ipv6(),
            Self::Pool(_) => true,
        }
    }

    /// What is guarded while it is cut.
    pub(super) fn guard(&self) -> String {
        match self {
            Self::Range(range) => format!("blocks/{}", range.id),
            Self::Pool(pool) => format!("blocks/prefixes/{}", pool.id),
        }
    }

    /// How many clients the addresses of a span are enough for.
    pub(super) fn count(&self, span: Span<IpAddr>) -> u64 {
        self.prefixes(span).map_or_else(|| span.len(), |prefixes| prefixes.len())
    }

    /// How many there are in all.
    pub(super) fn len(&self) -> u64 {
        self.addresses().map_or(0, |all| self.count(all))
    }

    /// How many are promised to clients.
    pub(super) fn promised(&self, state: &State, over: Timestamp) -> Promised {
        match self {
            Self::Range(range) => state.promised_of(range, over),
            Self::Pool(pool) => state.promised_of_pool(pool, over),
        }
    }

    /// How many clients a block of it is enough for.
    pub(super) fn block_len(&self) -> u64 {
        let all = self.addresses();
        let prefixes = all.and_then(|all| self.prefixes(all));
        prefixes.map(block_len).or_else(|| all.map(block_len)).unwrap_or(1)
    }

    /// The blocks that can be cut from it of which some is cut already, in order. There may be very many.
    pub(super) fn cuts(&self, taken: Vec<Span<IpAddr>>) -> Box<dyn Iterator<Item = Span<IpAddr>>> {
        let Some(all) = self.addresses() else { return Box::new(std::iter::empty()) };
        match self.prefixes(all) {
            None => Box::new(cuts(all, taken)),
            Some(prefixes) => {
                let taken = taken.into_iter().filter_map(|span| self.prefixes(span));
                let taken: Vec<Span<Prefix>> = taken.collect();
                Box::new(cuts(prefixes, taken).map(addresses_of))
            }
        }
    }

    /// The two halves of a span; of one client, the second has none.
    pub(super) fn halves(&self, span: Span<IpAddr>) -> (Span<IpAddr>, Option<Span<IpAddr>>) {
        match self.prefixes(span) {
            None => span.halves(),
            Some(prefixes) => {
                let (first, second) = prefixes.halves();
                (addresses_of(first), second.map(addresses_of))
            }
        }
    }

    /// The prefixes that addresses are of; none where each address is for a client.
    fn prefixes(&self, span: Span<IpAddr>) -> Option<Span<Prefix>> {
        let length = self.prefix_length();
        let (first, last) = (Prefix::of(span.first, length)?, Prefix::of(span.last, length)?);
        Some(Span { first, last })
    }

    /// Whether its row is as it was found; it is compared.
    pub(super) fn still(&self, tx: &Tx) -> Result<bool, TableError> {
        Ok(match self {
            Self::Range(was) => {
                let range = tx.get::<IpRange>(&was.id)?;
                range.as_ref().and_then(DynamicRange::of) == Some(*was)
            }
            Self::Pool(was) => {
                let pool = tx.get::<PrefixPool>(&was.id)?;
                pool.as_ref().map(DelegatedRange::of_pool) == Some(*was)
            }
        })
    }
}

/// All addresses of prefixes.
fn addresses_of(prefixes: Span<Prefix>) -> Span<IpAddr> {
    let Span { first, last } = prefixes;
    Span { first: first.into(), last: last.last_address().into() }
}
