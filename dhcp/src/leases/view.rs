//! What the server serves from: the rack's copy of networks, hosts, bindings and blocks.

mod pools;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use model::dhcp::snippet::ServedSnippet;
use model::id::{
    BlockId, DhcpSnippetId, IpRangeId, PrefixPoolId, StaticRouteId, SubnetId, SystemId, VlanId,
};
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;
use model::lease::client::ClientId;
use model::lease::cut::Span;
use model::mac::MacAddress;
use model::net::service_address::ServiceHolder;
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

use crate::leases::family::Family;
use crate::leases::view::pools::Delegating;
use crate::lookup::blocks::Blocks;
use crate::lookup::counted::Counted;
use crate::lookup::free::{Free, Place, Pool};
use crate::lookup::prefixes::Prefixes;
use crate::lookup::reserved::Reserved;
use crate::lookup::routes::Routes;
use crate::lookup::snippets::Snippets;

/// A machine, as far as DHCP is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host<A> {
    /// Its name.
    pub hostname: String,
    /// Whether its firmware has Secure Boot on; none when not known.
    pub secure_boot: Option<bool>,
    /// Its interfaces: hardware address, link if known, and assigned addresses.
    pub interfaces: Vec<HostInterface<A>>,
}

/// An interface of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostInterface<A> {
    /// Its hardware address.
    pub mac: MacAddress,
    /// The link it is plugged into; none when not known.
    pub vlan: Option<VlanId>,
    /// The addresses that were assigned to it: nobody else gets them.
    pub addresses: Vec<A>,
}

/// A rack that may serve the same links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerRack {
    /// Whether a region has a session with it.
    pub connected: bool,
    /// Its addresses.
    pub addresses: Vec<IpNet>,
}

/// The rack's copy, changed object by object. It holds exactly what a region had at `revision`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View<A: Family> {
    /// The revision it is at.
    pub revision: u64,
    /// The name of the default domain.
    pub domain: Option<String>,
    /// The site's time servers.
    pub ntp_servers: Vec<A>,
    /// Whether clients are told the racks of their link in place of those.
    pub racks_serve_time: bool,
    vlans: BTreeMap<VlanId, Vlan>,
    subnets: BTreeMap<SubnetId, (A::Net, Subnet)>,
    subnets_by_prefix: Prefixes<A, SubnetId>,
    subnets_by_vlan: BTreeSet<(VlanId, SubnetId)>,
    bindings: BTreeMap<A, Binding>,
    by_client: BTreeSet<(ClientId, A)>,
    blocks: Blocks<A>,
    /// The rack process whose blocks `free` has.
    own: Option<(SystemId, u64)>,
    /// The ranges that were heard of: the addresses of those from which new clients get some.
    ranges: BTreeMap<IpRangeId, Option<Span<A>>>,
    /// What is delegated from pools, and the subnets that they are of.
    pools: BTreeMap<PrefixPoolId, Delegating<A>>,
    free: Free<A>,
    hosts: BTreeMap<SystemId, Host<A>>,
    host_of: BTreeMap<MacAddress, SystemId>,
    static_addresses: BTreeMap<A, MacAddress>,
    reserved: Reserved<A>,
    racks: BTreeMap<SystemId, PeerRack>,
    /// The addresses of racks, and the service addresses of VLANs.
    rack_addresses: Counted<IpAddr>,
    /// Who holds the service addresses of VLANs.
    service_holders: BTreeMap<VlanId, SystemId>,
    /// Whether new clients get no addresses that look like the ends of a network.
    leaves_out_ends: bool,
    pub(crate) snippets: Snippets<A>,
    pub(crate) routes: Routes<A>,
}

impl<A: Family> Default for View<A> {
    fn default() -> Self {
        Self {
            revision: 0,
            domain: None,
            ntp_servers: Vec::new(),
            racks_serve_time: false,
            vlans: BTreeMap::new(),
            subnets: BTreeMap::new(),
            subnets_by_prefix: Prefixes::default(),
            subnets_by_vlan: BTreeSet::new(),
            bindings: BTreeMap::new(),
            by_client: BTreeSet::new(),
            blocks: Blocks::default(),
            own: None,
            ranges: BTreeMap::new(),
            pools: BTreeMap::new(),
            free: Free::default(),
            hosts: BTreeMap::new(),
            host_of: BTreeMap::new(),
            static_addresses: BTreeMap::new(),
            reserved: Reserved::default(),
            racks: BTreeMap::new(),
            rack_addresses: Counted::default(),
            service_holders: BTreeMap::new(),
            leaves_out_ends: false,
            snippets: Snippets::default(),
            routes: Routes::default(),
        }
    }
}

impl<A: Family> View<A> {
    /// Adds or replaces a VLAN.
    pub fn put_vlan(&mut self, vlan: Vlan) {
        self.remove_vlan(vlan.id);
        for ip in &vlan.service_addresses {
            self.rack_addresses.add(*ip);
        }
        self.vlans.insert(vlan.id, vlan);
    }

    /// Removes a VLAN.
    pub fn remove_vlan(&mut self, id: VlanId) {
        let Some(old) = self.vlans.remove(&id) else { return };
        for ip in old.service_addresses {
            self.rack_addresses.remove(ip);
        }
    }

    /// Says who holds the service addresses of a VLAN.
    pub fn put_service_holder(&mut self, holder: &ServiceHolder) {
        match &holder.rack {
            Some(rack) => self.service_holders.insert(holder.vlan, rack.clone()),
            None => self.service_holders.remove(&holder.vlan),
        };
    }

    /// Nobody holds the service addresses of a VLAN.
    pub fn remove_service_holder(&mut self, vlan: VlanId) {
        self.service_holders.remove(&vlan);
    }

    /// The service address of the racks that answer on a link, and the one that holds it; none while nobody does.
    #[must_use]
    pub fn service_address(&self, vlan: VlanId) -> Option<(A, &SystemId)> {
        let serving = self.serving(vlan);
        let holder = self.service_holders.get(&serving)?;
        let mut addresses = self.vlans.get(&serving)?.service_addresses.iter();
        Some((addresses.find_map(|ip| A::of(*ip))?, holder))
    }

    /// Whether an address is a service address of the racks that answer on a link, whoever holds it.
    #[must_use]
    pub fn is_service_address(&self, vlan: VlanId, ip: A) -> bool {
        let serving = self.vlans.get(&self.serving(vlan));
        serving.is_some_and(|vlan| vlan.service_addresses.contains(&ip.into()))
    }

    /// Adds or replaces a subnet; those of the other family are none of this server's business.
    pub fn put_subnet(&mut self, subnet: Subnet) {
        self.remove_subnet(subnet.id);
        if let Some(net) = A::net(subnet.cidr) {
            if !A::IN_POOLS {
                let (first, len) = A::prefix(&net);
                self.subnets_by_prefix.insert(first, len, subnet.id);
            }
            self.subnets_by_vlan.insert((subnet.vlan, subnet.id));
            self.subnets.insert(subnet.id, (net, subnet));
        }
    }

    /// Removes a subnet.
    pub fn remove_subnet(&mut self, id: SubnetId) {
        let Some((net, subnet)) = self.subnets.remove(&id) else { return };
        if !A::IN_POOLS {
            let (first, len) = A::prefix(&net);
            self.subnets_by_prefix.remove(first, len, id);
        }
        self.subnets_by_vlan.remove(&(subnet.vlan, id));
    }

    /// Adds or replaces a binding.
    pub fn put_binding(&mut self, binding: Binding) {
        let Some(ip) = A::of_binding(&binding) else { return self.remove_binding(binding.ip) };
        if A::IN_POOLS {
            // One of another length has the same key.
            self.remove_binding(binding.ip);
        }
        self.change(ip, |view| {
            view.forget_binding(ip);
            view.by_client.insert((binding.client.clone(), ip));
            view.bindings.insert(ip, binding);
        });
    }

    /// Removes a binding.
    pub fn remove_binding(&mut self, ip: IpAddr) {
        let Some(keyed) = A::keyed(ip) else { return };
        let known: Vec<A> = self.bindings.range(keyed).map(|(ip, _)| *ip).collect();
        for ip in known {
            self.change(ip, |view| view.forget_binding(ip));
        }
    }

    fn forget_binding(&mut self, ip: A) {
        if let Some(old) = self.bindings.remove(&ip) {
            self.by_client.remove(&(old.client, ip));
        }
    }

    /// Says from where to where new clients get addresses of a range; from nowhere when it is deleted, or
    /// for something else.
    pub fn put_range(&mut self, id: IpRangeId, span: Option<Span<A>>) {
        let before = self.ranges.get(&id).copied().flatten();
        let moved = self.own_addresses_in(before, span);
        let places: Vec<_> = moved.iter().map(|ip| self.place(*ip)).collect();
        self.ranges.insert(id, span);
        self.snippets.move_range(id, before, span);
        for (ip, before) in moved.into_iter().zip(places) {
            let after = self.place(ip);
            self.free.moved(ip, before, after);
        }
    }

    /// The addresses of own blocks in either of two spans; all of them while no range was heard of.
    fn own_addresses_in(&self, before: Option<Span<A>>, after: Option<Span<A>>) -> Vec<A> {
        let all = self.ranges.is_empty();
        let within = |span: &Option<Span<A>>, ip| span.is_some_and(|span| span.contains(ip));
        let concerns = |block: &Span<A>, span: &Option<Span<A>>| {
            span.is_some_and(|span| span.first <= block.last && block.first <= span.last)
        };
        let blocks = self.free.spans().map(|(first, last)| Span { first, last });
        blocks
            .filter(|block| all || concerns(block, &before) || concerns(block, &after))
            .flat_map(|block| block.addresses())
            .filter(|ip| all || within(&before, *ip) || within(&after, *ip))
            .collect()
    }

    /// Adds or replaces a snippet.
    pub fn put_snippet(&mut self, snippet: ServedSnippet) {
        self.snippets.put(snippet);
    }

    /// Removes a snippet.
    pub fn remove_snippet(&mut self, id: DhcpSnippetId) {
        self.snippets.remove(id);
    }

    /// Adds or replaces a static route; those of the other family are none of this server's business.
    pub fn put_route(&mut self, route: &StaticRoute) {
        self.routes.put(route);
    }

    /// Removes a static route.
    pub fn remove_route(&mut self, id: StaticRouteId) {
        self.routes.remove(id);
    }

    /// Whether new clients may get an address: it lies in a range for them, or a prefix in a pool. A block outlives its range by
    /// some minutes, and may lie in another one by then. While no range was heard of, blocks alone count.
    #[must_use]
    pub fn is_open(&self, ip: A) -> bool {
        if A::IN_POOLS {
            return self.subnets_by_prefix.longest(ip).is_some();
        }
        self.ranges.is_empty() || self.snippets.range_of(ip).is_some()
    }

    /// The ranges on a link from which new clients get addresses, in the order of their ids. Looks at all
    /// ranges.
    pub fn ranges_on(&self, vlan: VlanId) -> impl Iterator<Item = (IpRangeId, Span<A>)> {
        let of_link = move |ip| self.subnet_of(ip).is_some_and(|(_, subnet)| subnet.vlan == vlan);
        let spans = self.ranges.iter().filter_map(|(id, span)| Some((*id, (*span)?)));
        spans.filter(move |(_, span)| of_link(span.first))
    }

    /// Says whose blocks new clients get addresses of. To be called before there are any.
    pub fn set_own(&mut self, rack: SystemId, incarnation: u64) {
        self.own = Some((rack, incarnation));
    }

    fn is_own(&self, block: &Block) -> bool {
        self.own.as_ref().is_some_and(|(rack, incarnation)| {
            block.rack.as_ref() == Some(rack) && block.incarnation == *incarnation
        })
    }

    /// Adds or replaces a block.
    pub fn put_block(&mut self, block: Block) {
        let Some(Span { first, last }) = A::of_block(&block) else { return };
        let known = self.blocks.get(block.id).is_some_and(|(known_first, known_last, known)| {
            let alike = (known_first, known_last, known.vlan) == (first, last, block.vlan);
            alike && self.is_own(known) == self.is_own(&block)
        });
        if !known {
            self.remove_block(block.id);
            if self.is_own(&block) {
                let mut free = std::mem::take(&mut self.free);
                let addresses = Span { first, last }.addresses();
                free.add_block((first, last), block.vlan, addresses, |ip| self.place(ip));
                self.free = free;
            }
        }
        self.blocks.put(first, last, block);
    }

    /// Removes a block.
    pub fn remove_block(&mut self, id: BlockId) {
        if let Some((first, last, block)) = self.blocks.get(id)
            && self.is_own(block)
        {
            let mut free = std::mem::take(&mut self.free);
            free.remove_block(first, Span { first, last }.addresses(), |ip| self.place(ip));
            self.free = free;
        }
        self.blocks.remove(id);
    }

    /// Says whether new clients get addresses that end in .0 or .255: some hosts take them for a network
    /// or a broadcast whatever the mask says. Looks at those of the own blocks when that changes.
    pub fn set_leaves_out_ends(&mut self, leaves_out: bool) {
        if self.leaves_out_ends == leaves_out {
            return;
        }
        let blocks = self.links().flat_map(|vlan| self.own_blocks(vlan));
        let addresses = blocks.flat_map(|(first, last, _)| Span { first, last }.addresses());
        let ends = addresses.filter(|ip| ip.looks_like_an_end());
        let before: Vec<_> = ends.map(|ip| (ip, self.place(ip))).collect();
        self.leaves_out_ends = leaves_out;
        for (ip, before) in before {
            let after = self.place(ip);
            self.free.moved(ip, before, after);
        }
    }

    /// Whether an address is given only to who has it, because of how it ends.
    #[must_use]
    pub fn is_left_out(&self, ip: A) -> bool {
        self.leaves_out_ends && ip.looks_like_an_end()
    }

    /// What became of an address; none when it is kept for a client, or for nobody, or lies in no range.
    fn place(&self, ip: A) -> Option<Place> {
        let kept = self.static_addresses.contains_key(&ip) || self.reserved.has(ip);
        if kept || self.is_left_out(ip) || !self.is_open(ip) {
            return None;
        }
        Some(match self.bindings.get(&ip) {
            None => Place::New,
            Some(binding) if binding.state == BindingState::Declined => Place::Declined,
            Some(binding) => Place::Promised(binding.promise_until),
        })
    }

    /// Changes what is known of an address.
    fn change(&mut self, ip: A, change: impl FnOnce(&mut Self)) {
        let before = self.place(ip);
        change(self);
        let after = self.place(ip);
        self.free.moved(ip, before, after);
    }

    /// The addresses of the own blocks on a link.
    #[must_use]
    pub fn free_on(&self, vlan: VlanId) -> Option<&Pool<A>> {
        self.free.on(vlan)
    }

    /// The own blocks on a link: first address, last address, block.
    pub fn own_blocks(&self, vlan: VlanId) -> impl Iterator<Item = (A, A, &Block)> {
        let own = self.own.iter();
        own.flat_map(move |(rack, incarnation)| self.blocks.of(vlan, rack, *incarnation))
    }

    /// The links that there are own blocks on.
    pub fn links(&self) -> impl Iterator<Item = VlanId> {
        self.free.links()
    }

    /// Leaves an address out of the free ones while it is held for a client, or does so no more.
    pub fn set_held(&mut self, ip: A, held: bool) {
        let place = self.place(ip);
        if held {
            self.free.hold(ip, place);
        } else {
            self.free.let_go(ip, place);
        }
    }

    /// Adds or replaces a machine.
    pub fn put_host(&mut self, id: &SystemId, host: Host<A>) {
        self.remove_host(id);
        for interface in &host.interfaces {
            self.host_of.insert(interface.mac, id.clone());
            for ip in &interface.addresses {
                self.change(*ip, |view| {
                    view.static_addresses.insert(*ip, interface.mac);
                });
            }
        }
        self.hosts.insert(id.clone(), host);
    }

    /// Removes a machine.
    pub fn remove_host(&mut self, id: &SystemId) {
        let Some(old) = self.hosts.remove(id) else { return };
        for interface in old.interfaces {
            if self.host_of.get(&interface.mac) == Some(id) {
                self.host_of.remove(&interface.mac);
            }
            for ip in interface.addresses {
                if self.static_addresses.get(&ip) == Some(&interface.mac) {
                    self.change(ip, |view| {
                        view.static_addresses.remove(&ip);
                    });
                }
            }
        }
    }

    /// Adds or replaces a reserved address; with a client it is given to that client.
    pub fn put_reserved(&mut self, ip: IpAddr, mac: Option<MacAddress>) {
        if let Some(ip) = A::of(ip) {
            self.change(ip, |view| view.reserved.put(ip, mac));
        }
    }

    /// Removes a reserved address.
    pub fn remove_reserved(&mut self, ip: IpAddr) {
        if let Some(ip) = A::of(ip) {
            self.change(ip, |view| view.reserved.remove(ip));
        }
    }

    /// Adds or replaces a rack.
    pub fn put_rack(&mut self, id: SystemId, rack: PeerRack) {
        self.remove_rack(&id);
        for address in &rack.addresses {
            self.rack_addresses.add(address.addr());
        }
        self.racks.insert(id, rack);
    }

    /// Removes a rack.
    pub fn remove_rack(&mut self, id: &SystemId) {
        let Some(old) = self.racks.remove(id) else { return };
        for address in old.addresses {
            self.rack_addresses.remove(address.addr());
        }
    }

    /// Whether an address is one of a rack's, or one that a rack holds for all of a VLAN.
    #[must_use]
    pub fn is_of_a_rack(&self, ip: A) -> bool {
        self.rack_addresses.contains(&ip.into())
    }

    /// The VLAN with that id.
    #[must_use]
    pub fn vlan(&self, id: VlanId) -> Option<&Vlan> {
        self.vlans.get(&id)
    }

    /// All VLANs.
    pub fn vlans(&self) -> impl Iterator<Item = &Vlan> {
        self.vlans.values()
    }

    /// The narrowest subnet that contains an address, or the one that the pool of a prefix is of.
    #[must_use]
    pub fn subnet_of(&self, ip: A) -> Option<(A::Net, &Subnet)> {
        let (net, subnet) = self.subnets.get(&self.subnets_by_prefix.longest(ip)?)?;
        Some((*net, subnet))
    }

    /// The managed subnets of a link.
    pub fn subnets_on(&self, vlan: VlanId) -> impl Iterator<Item = (A::Net, &Subnet)> {
        self.subnets_by_vlan
            .range((vlan, SubnetId(0))..=(vlan, SubnetId(u32::MAX)))
            .filter_map(|(_, id)| self.subnets.get(id))
            .filter(|(_, subnet)| subnet.managed)
            .map(|(net, subnet)| (*net, subnet))
    }

    /// The binding of an address.
    #[must_use]
    pub fn binding(&self, ip: A) -> Option<&Binding> {
        self.bindings.get(&ip)
    }

    /// The bindings of a client on a link, the one with the latest promise first.
    #[must_use]
    pub fn bindings_of(&self, vlan: VlanId, client: &ClientId) -> Vec<&Binding> {
        let mut found: Vec<&Binding> = self.held_on(vlan, client).collect();
        found.sort_by_key(|binding| std::cmp::Reverse(binding.promise_until));
        found
    }

    /// Whether an address is bound to a client on a link, or kept for it.
    #[must_use]
    pub fn has_binding(&self, vlan: VlanId, client: &ClientId) -> bool {
        self.held_on(vlan, client).next().is_some()
    }

    /// The bindings of a client on a link. An address lies on the link of its subnet, which may be
    /// another one than when it was bound.
    fn held_on(&self, vlan: VlanId, client: &ClientId) -> impl Iterator<Item = &Binding> {
        let first = (client.clone(), A::FIRST);
        let last = (client.clone(), A::LAST);
        self.by_client
            .range(first..=last)
            .filter_map(|(_, ip)| Some((*ip, self.bindings.get(ip)?)))
            .filter(move |(ip, binding)| self.link_of(*ip).unwrap_or(binding.vlan) == vlan)
            .map(|(_, binding)| binding)
            .filter(|binding| binding.state != BindingState::Declined)
    }

    fn link_of(&self, ip: A) -> Option<VlanId> {
        self.subnet_of(ip).map(|(_, subnet)| subnet.vlan)
    }

    /// Whether a client is one that the site has: a machine's, or one with a reserved address.
    #[must_use]
    pub fn is_of_site(&self, client: &ClientId) -> bool {
        client.mac().is_some_and(|mac| self.has_site(mac))
    }

    /// Whether a hardware address is one that the site has: a machine's, or one with a reserved address.
    #[must_use]
    pub fn has_site(&self, mac: MacAddress) -> bool {
        self.host_of.contains_key(&mac) || self.reserved.of(mac).next().is_some()
    }

    /// The block on a link, granted to a process, that an address lies in.
    #[must_use]
    pub fn block_at(
        &self,
        vlan: VlanId,
        rack: &SystemId,
        incarnation: u64,
        ip: A,
    ) -> Option<&Block> {
        self.blocks.at(vlan, rack, incarnation, ip)
    }

    /// The subnet with that id.
    #[must_use]
    pub fn subnet(&self, id: SubnetId) -> Option<(A::Net, &Subnet)> {
        self.subnets.get(&id).map(|(net, subnet)| (*net, subnet))
    }

    /// The block on a link that an address lies in, whichever rack has it.
    #[must_use]
    pub fn block_around(&self, vlan: VlanId, ip: A) -> Option<&Block> {
        self.blocks.around(vlan, ip)
    }

    /// The machine that has an interface with that hardware address.
    #[must_use]
    pub fn host(&self, client: &ClientId) -> Option<&Host<A>> {
        self.host_with(client.mac()?)
    }

    /// The machine that has an interface with a hardware address.
    #[must_use]
    pub fn host_with(&self, mac: MacAddress) -> Option<&Host<A>> {
        self.hosts.get(self.host_of.get(&mac)?)
    }

    /// The id of the machine that has an interface with that hardware address.
    #[must_use]
    pub fn host_id(&self, mac: MacAddress) -> Option<&SystemId> {
        self.host_of.get(&mac)
    }

    /// The addresses that are kept for a client on a link: assigned to its interface, or reserved.
    #[must_use]
    pub fn reservations(&self, vlan: VlanId, client: &ClientId) -> Vec<A> {
        client.mac().map(|mac| self.reservations_of(vlan, mac)).unwrap_or_default()
    }

    /// The addresses that are kept for a hardware address on a link.
    #[must_use]
    pub fn reservations_of(&self, vlan: VlanId, mac: MacAddress) -> Vec<A> {
        let assigned = self
            .host_with(mac)
            .into_iter()
            .flat_map(|host| &host.interfaces)
            .filter(|interface| interface.mac == mac)
            .flat_map(|interface| interface.addresses.iter().copied());
        assigned
            .chain(self.reserved.of(mac))
            .filter(|ip| self.subnet_of(*ip).is_some_and(|(_, subnet)| subnet.vlan == vlan))
            .collect()
    }

    /// The client that an address is kept for: it is assigned to its interface, or reserved for it.
    #[must_use]
    pub fn kept_for(&self, ip: A) -> Option<MacAddress> {
        self.static_addresses.get(&ip).copied().or_else(|| self.reserved.client(ip))
    }

    /// Whether racks of the site may give a client an address: it is kept for it, some client has it, or it lies in a range or
    /// block for clients.
    #[must_use]
    pub fn may_give(&self, ip: A, client: MacAddress) -> bool {
        let in_block =
            |(_, subnet): (A::Net, &Subnet)| self.block_around(subnet.vlan, ip).is_some();
        self.kept_for(ip) == Some(client)
            || self.binding(ip).is_some()
            || self.snippets.range_of(ip).is_some()
            || self.subnet_of(ip).is_some_and(in_block)
    }

    /// Whether an address is kept for somebody other than this client, or for nobody.
    #[must_use]
    pub fn kept_for_another(&self, ip: A, client: &ClientId) -> bool {
        self.kept_for_other_than(ip, client.mac())
    }

    /// Whether an address is kept for somebody other than who has a hardware address, or for nobody.
    #[must_use]
    pub fn kept_for_other_than(&self, ip: A, mac: Option<MacAddress>) -> bool {
        let assigned = self.static_addresses.get(&ip).is_some_and(|own| Some(*own) != mac);
        let reserved = self.reserved.for_another(ip, mac);
        let of_network = self.subnet_of(ip).is_some_and(|(net, subnet)| {
            ip.is_no_host(&net) || subnet.gateway_ip == Some(ip.into())
        });
        assigned || reserved || of_network || self.is_of_a_rack(ip)
    }

    /// The link whose racks answer on a link: itself, or the one that it is relayed to.
    fn serving(&self, vlan: VlanId) -> VlanId {
        self.vlans.get(&vlan).and_then(|vlan| vlan.relay_vlan).unwrap_or(vlan)
    }

    /// The first address that a rack has where packets of a link come in.
    #[must_use]
    pub fn address_serving(&self, rack: &PeerRack, vlan: VlanId) -> Option<A> {
        let serving = self.serving(vlan);
        let mut addresses = rack.addresses.iter().filter_map(|own| A::of(own.addr()));
        addresses.find(|own| self.link_of(*own) == Some(serving))
    }

    /// Whether packets of a link come in at a rack. One of which no address is known may have some.
    #[must_use]
    pub fn reaches(&self, rack: &PeerRack, vlan: VlanId) -> bool {
        rack.addresses.is_empty() || self.address_serving(rack, vlan).is_some()
    }

    /// Whether a rack has an address on a link itself. One of which no address is known may have one.
    #[must_use]
    pub fn lies_on(&self, rack: &PeerRack, vlan: VlanId) -> bool {
        let mut addresses = rack.addresses.iter().filter_map(|own| A::of(own.addr()));
        rack.addresses.is_empty() || addresses.any(|own| self.link_of(own) == Some(vlan))
    }

    /// What is known of a rack.
    #[must_use]
    pub fn rack(&self, id: &SystemId) -> Option<&PeerRack> {
        self.racks.get(id)
    }

    /// The racks that answer on a link, with what is known of them.
    pub fn racks_on(&self, vlan: VlanId) -> impl Iterator<Item = (&SystemId, Option<&PeerRack>)> {
        let vlan = self.vlans.get(&vlan).filter(|vlan| vlan.dhcp_on || vlan.relay_vlan.is_some());
        let serving = vlan.and_then(|vlan| match vlan.relay_vlan {
            // As in MAAS, a relay leads to racks that serve DHCP in their own VLAN.
            Some(relay) => self.vlans.get(&relay).filter(|vlan| vlan.dhcp_on),
            None => Some(vlan),
        });
        serving.into_iter().flat_map(Vlan::racks).map(|id| (id, self.racks.get(id)))
    }
}
