//! Which prefix an association for prefixes gets (RFC 9915 §6.3, §18.3).
//!
//! Prefixes come from the pools of the link, by the same rules as addresses: of this rack's blocks, after a commit or as
//! far as the rack may promise by itself. Nobody is known by a prefix, so none is kept for anybody beyond its lease,
//! and none is declined (RFC 9915 §18.2.8 is about addresses). Where none of the site's pools is on a link, another
//! server may delegate there: what it gave is left alone.

use model::id::SubnetId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::cut::{Address, Span};
use model::net::prefix::Prefix;

use crate::leases::availability::Availability;
use crate::leases::sharing::mixed;
use crate::leases::telling::Holder;
use crate::v6::asking::Asking;
use crate::v6::associations::Fate;
use crate::v6::engine::Engine;
use crate::wire::v6::code::Status;
use crate::wire::v6::message::{Kind, Leased};

/// An association that is to get a prefix: those who ask are routers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Router<'a> {
    pub(crate) asking: &'a Asking,
    pub(crate) client: &'a ClientId,
    /// The prefixes that it has, or would like to have.
    pub(crate) hints: &'a [Prefix],
    /// Those that other associations of the message have.
    pub(crate) taken: &'a [Prefix],
}

impl Router<'_> {
    /// The prefixes that it names.
    fn named(&self) -> impl Iterator<Item = Prefix> {
        self.hints.iter().copied().filter(|prefix| !prefix.network().is_unspecified())
    }

    /// The length that it would like to have (RFC 8168).
    fn length(&self) -> Option<u8> {
        self.hints.first().map(|prefix| prefix.length()).filter(|length| *length > 0)
    }
}

impl Engine {
    /// Advertises an association the prefix that is best for it, and keeps that for as long as an offer.
    pub(crate) fn advertise_prefix(&mut self, router: &Router<'_>, now: Moment) -> Fate {
        let Some(prefix) = self.choose_prefix(router, now) else {
            return self.without_prefix(router.asking);
        };
        self.count_delegated(router, prefix, now);
        let (vlan, client) = (router.asking.vlan(), router.client);
        self.prefixes.offers.make(vlan, client, prefix, now);
        let told_ms = self.delegating(router.asking, client, prefix).told_ms;
        Fate::Given { what: Leased::Prefix(prefix), until: now.plus_ms(told_ms) }
    }

    /// Delegates the prefix that is best.
    pub(crate) fn delegate_any(&mut self, router: &Router<'_>, now: Moment) -> Fate {
        let Some(prefix) = self.choose_prefix(router, now) else {
            return self.without_prefix(router.asking);
        };
        self.count_delegated(router, prefix, now);
        self.delegate(router, prefix, now)
    }

    /// An association goes on with the prefix that it has. One that is certainly not its own, or nobody's, or that this server
    /// gave and that is of none of the link's pools any more, is taken from it. Without one it gets another, if its server
    /// was asked; where any server was, one that cannot tell is silent.
    pub(crate) fn extend_delegation(
        &mut self,
        router: &Router<'_>,
        now: Moment,
    ) -> (Fate, Vec<Leased>) {
        let asked_itself = router.asking.message.kind == Kind::Renew;
        let has: Vec<Prefix> = router.named().collect();
        let goes_on = has.iter().copied().find(|it| self.may_be_delegated(router, *it, now));
        let prefix = goes_on.or_else(|| {
            // A prefix of which this rack cannot tell may be the client's.
            let open = |it: &Prefix| {
                self.is_of_link(router.asking, *it)
                    && !self.is_delegated(router, *it, now)
                    && !self.prefixes.is_nobodys(router.asking.vlan(), *it, now)
            };
            let may_be_new = asked_itself && self.prefixes.reachable && !has.iter().any(open);
            may_be_new.then(|| self.choose_prefix(router, now)).flatten()
        });
        let is_elsewhere = |it: Prefix| {
            // Another server of the link may have given what is of none of the site's pools.
            let known = asked_itself || self.prefixes.view.subnet_of(it).is_some();
            known && !self.is_of_link(router.asking, it)
        };
        let is_over = |it: &&Prefix| {
            let is_of_pool = self.is_of_link(router.asking, **it);
            let is_nobodys =
                is_of_pool && self.prefixes.is_nobodys(router.asking.vlan(), **it, now);
            let known = is_elsewhere(**it) || self.is_delegated(router, **it, now) || is_nobodys;
            Some(**it) != prefix && known
        };
        let ended: Vec<Leased> = has.iter().filter(is_over).copied().map(Leased::Prefix).collect();
        let fate = match prefix {
            Some(prefix) => self.delegate(router, prefix, now),
            None if !ended.is_empty() => Fate::Refused(None),
            None if asked_itself && has.is_empty() => Fate::Refused(Some(Status::NoBinding)),
            None => Fate::Unknown,
        };
        (fate, ended)
    }

    /// The prefix for an association: the one it has or had, one that it names, the one it was advertised before, a
    /// free one of this rack's blocks.
    fn choose_prefix(&self, router: &Router<'_>, now: Moment) -> Option<Prefix> {
        let Router { asking, client, .. } = *router;
        let (vlan, prefixes) = (asking.vlan(), &self.prefixes);
        let bound = prefixes.view.bindings_of(vlan, client).into_iter();
        let bound = bound.filter_map(|binding| binding.prefix());
        let mut known = bound
            .chain(prefixes.grants.of(client))
            .chain(router.named())
            .chain(prefixes.offers.of(vlan, client, now));
        known
            .find(|it| self.may_be_delegated(router, *it, now))
            .or_else(|| self.free_prefix(router, now))
    }

    /// A free prefix of this rack's blocks, of the length that the client would like to have if there is one; else of the
    /// next shorter one, which has room for it, and else of the next longer one (RFC 8168 §3.2). Where the search
    /// begins depends on the client.
    fn free_prefix(&self, router: &Router<'_>, now: Moment) -> Option<Prefix> {
        let vlan = router.asking.vlan();
        let free = self.prefixes.view.free_on(vlan)?;
        let mut pools: Vec<(SubnetId, Span<Prefix>)> = self.prefixes.view.pools_on(vlan).collect();
        if let Some(wanted) = router.length() {
            pools.sort_by_key(|(_, span)| {
                let length = span.first.length();
                (length > wanted, length.abs_diff(wanted))
            });
        }
        let over = self.prefixes.surely_over(now);
        let may_be = |it: &Prefix| self.may_be_delegated(router, *it, now);
        pools.into_iter().find_map(|(_, span)| {
            let among = u128::from(span.len()).max(1);
            let beyond = u128::from(mixed(router.client.bytes().iter().copied())) % among;
            let start = span.first.at(span.first.number() + beyond)?;
            let ended = || {
                let mut ended = free.ended_by(over?);
                ended.find(|it| span.contains(*it) && may_be(it))
            };
            free.new_of(span, start).find(may_be).or_else(ended)
        })
    }

    /// Whether an association may have a prefix, as far as this rack knows.
    fn may_be_delegated(&self, router: &Router<'_>, prefix: Prefix, now: Moment) -> bool {
        let (vlan, client) = (router.asking.vlan(), router.client);
        self.is_of_link(router.asking, prefix)
            && !router.taken.contains(&prefix)
            && !self.prefixes.offers.to_another(prefix, client, now)
            && matches!(
                self.prefixes.availability_by_promises(vlan, prefix, client, now),
                Availability::Usable { .. }
            )
    }

    /// Whether somebody else has a prefix for certain.
    fn is_delegated(&self, router: &Router<'_>, prefix: Prefix, now: Moment) -> bool {
        let vlan = router.asking.vlan();
        let known = self.prefixes.availability_by_promises(vlan, prefix, router.client, now);
        known == Availability::Taken || router.taken.contains(&prefix)
    }

    /// Whether a prefix is of a pool of the client's link.
    fn is_of_link(&self, asking: &Asking, prefix: Prefix) -> bool {
        let subnet = self.prefixes.view.subnet_of(prefix);
        subnet.is_some_and(|(_, subnet)| subnet.vlan == asking.vlan() && subnet.managed)
    }

    /// Delegates a prefix: at once if it was delegated a moment ago; else when that is committed, or by what this rack
    /// may promise without a region.
    fn delegate(&mut self, router: &Router<'_>, prefix: Prefix, now: Moment) -> Fate {
        let Router { asking, client, .. } = *router;
        let what = Leased::Prefix(prefix);
        if let Some(left_ms) = self.prefixes.fresh_lease_ms(prefix, client, now) {
            self.prefixes.offers.withdraw(asking.vlan(), client);
            return Fate::Given { what, until: now.plus_ms(left_ms) };
        }
        let asked = self.prefixes.grants.get(prefix).is_some_and(|grant| grant.asked);
        let holder = self.delegating(asking, client, prefix);
        if self.prefixes.reachable && !asked && !self.prefixes.commits.full() {
            let request = self.prefixes.ask(&holder, prefix, now);
            return request
                .map_or(Fate::Unknown, |it| Fate::Asked { what, request: it.request_id });
        }
        let promised = self.prefixes.promise_offline(&holder, prefix, now);
        promised.map_or(Fate::Unknown, |left_ms| Fate::Given { what, until: now.plus_ms(left_ms) })
    }

    /// An association as the one that has a prefix. The router's name is that of its address.
    pub(crate) fn delegating<'a>(
        &self,
        asking: &Asking,
        client: &'a ClientId,
        prefix: Prefix,
    ) -> Holder<'a> {
        Holder {
            vlan: asking.vlan(),
            client,
            hardware: asking.hardware,
            hostname: None,
            told_ms: self.prefixes.longest_ms(prefix, client, self.is_of_site(asking)),
        }
    }

    /// Counts that a prefix goes to a client that did not have it.
    fn count_delegated(&mut self, router: &Router<'_>, prefix: Prefix, now: Moment) {
        let (vlan, client) = (router.asking.vlan(), router.client);
        let has = self.prefixes.view.binding(prefix).is_some_and(|it| it.client == *client);
        let advertised = self.prefixes.offers.of(vlan, client, now) == Some(prefix);
        if !has && !advertised {
            *self.prefixes.went.entry(vlan).or_default() += 1;
        }
    }

    /// Why an association gets nothing: for certain when the link has no pool, or none of them has a prefix left. Else this
    /// rack alone has none at the moment.
    fn without_prefix(&self, asking: &Asking) -> Fate {
        let full = |subnet| self.prefixes.pools.get(&subnet).is_some_and(|used| *used >= 1_000);
        let mut pools = self.prefixes.view.pools_on(asking.vlan());
        if pools.all(|(subnet, _)| full(subnet)) {
            return Fate::Refused(Some(Status::NoPrefixAvail));
        }
        Fate::Unknown
    }
}
