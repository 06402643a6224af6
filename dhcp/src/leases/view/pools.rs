//! The pools that prefixes are delegated from. A view of addresses has none.

use model::id::{PrefixPoolId, SubnetId, VlanId};
use model::lease::cut::Span;
use model::net::prefixpool::PrefixPool;

use crate::leases::family::Family;
use crate::leases::view::View;
use crate::lookup::free::Place;

/// What is delegated from a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delegating<A> {
    span: Span<A>,
    /// The length of the pool's own prefix.
    within: u8,
    subnet: SubnetId,
}

impl<A: Family> View<A> {
    /// Adds or replaces a pool.
    pub fn put_pool(&mut self, pool: &PrefixPool) {
        let within = pool.prefix.prefix_len();
        let of = A::of_pool(pool).map(|span| Delegating { span, within, subnet: pool.subnet });
        self.set_pool(pool.id, of);
    }

    /// Removes a pool. A block of it outlives it by some minutes, and nobody new gets any of that.
    pub fn remove_pool(&mut self, id: PrefixPoolId) {
        self.set_pool(id, None);
    }

    fn set_pool(&mut self, id: PrefixPoolId, pool: Option<Delegating<A>>) {
        let before = self.pools.get(&id).copied();
        if before == pool {
            return;
        }
        let places = self.own_places();
        if let Some(Delegating { span, within, subnet }) = self.pools.remove(&id) {
            self.subnets_by_prefix.remove(span.first, within, subnet);
        }
        if let Some(pool) = pool {
            self.subnets_by_prefix.insert(pool.span.first, pool.within, pool.subnet);
            self.pools.insert(id, pool);
        }
        for (prefix, before) in places {
            let after = self.place(prefix);
            self.free.moved(prefix, before, after);
        }
    }

    /// What became of all that the own blocks have.
    fn own_places(&self) -> Vec<(A, Option<Place>)> {
        let spans = self.free.spans().map(|(first, last)| Span { first, last });
        spans.flat_map(|span| span.addresses()).map(|it| (it, self.place(it))).collect()
    }

    /// What is delegated on a link, pool by pool, in the order of their ids. Looks at all pools.
    pub fn pools_on(&self, vlan: VlanId) -> impl Iterator<Item = (SubnetId, Span<A>)> {
        let on_link = move |pool: &&Delegating<A>| {
            let subnet = self.subnets.get(&pool.subnet);
            subnet.is_some_and(|(_, subnet)| subnet.vlan == vlan && subnet.managed)
        };
        self.pools.values().filter(on_link).map(|pool| (pool.subnet, pool.span))
    }
}
