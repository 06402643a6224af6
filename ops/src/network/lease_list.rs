//! Leases as operators list them: a page at a time, found through an index where a filter names one.

use std::collections::BTreeMap;
use std::net::IpAddr;

use api::dhcp::{Lease, LeasePage, NamedRack, NamedSubnet, NamedVlan};
use model::access::Actor;
use model::controller::RackController;
use model::id::SystemId;
use model::lease::binding::Binding;
use model::lease::standing::Standing;
use model::mac::MacAddress;
use model::net::prefixpool::PrefixPool;
use model::net::range::AddressRange;
use model::net::subnet::Subnet;
use model::time::Timestamp;

use crate::background;
use crate::details::Details;
use crate::error::Refusal;
use crate::network::dhcp_link::subnet_around;
use crate::network::specifiers;
use crate::network::vlans::{self, VlanName};
use crate::site::dates;
use tables::error::TableError;
use tables::network::{PREFIX_POOLS_OF_SUBNET, SUBNETS_OF_VLAN};
use tables::read::{Reads, View};
use tables::update::{Tables, now};
use tables::views::machines::MachineKey;

/// How many addresses are read at once.
const READ_AT_ONCE: usize = 256;
/// How many leases a request looks at, for a state that few have: it ends there, and the next page goes on.
const LOOKED_AT_MAX: usize = 16_384;

/// Which leases are wanted: those for which everything that is named holds.
#[derive(Debug, Clone, Default)]
pub struct LeaseQuery {
    /// Of this address.
    pub ip: Option<IpAddr>,
    /// Of this client.
    pub mac: Option<MacAddress>,
    /// Of a subnet, as [`specifiers::subnet`] reads it.
    pub subnet: Option<String>,
    /// Of the subnets that lie on this VLAN.
    pub vlan: Option<VlanName>,
    /// In this state.
    pub state: Option<Standing>,
    /// Of what, as [`Lease::kind`] says it.
    pub kind: Option<&'static str>,
    /// Behind this address.
    pub after: Option<IpAddr>,
    /// At most so many.
    pub limit: usize,
}

/// The leases that a query wants, in the order of their addresses.
///
/// # Errors
/// [`Refusal`].
pub async fn list(
    tables: &Tables,
    actor: &Actor,
    query: &LeaseQuery,
) -> Result<LeasePage, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let query = query.clone();
    background::run(move || page(&details, &query, now())).await
}

fn page(details: &Details, query: &LeaseQuery, now: Timestamp) -> Result<LeasePage, Refusal> {
    let view = details.view();
    let among = Among::of(view, query)?;
    let mut rows = Rows::at(details);
    let (mut leases, mut after, mut looked_at) = (Vec::new(), query.after, 0);
    loop {
        let ids = among.ids(view, after)?;
        for ip in &ids {
            let binding = view.get::<Binding>(ip)?.filter(|binding| {
                among.includes(binding)
                    && query.state.is_none_or(|state| binding.standing(now) == state)
                    && query.kind.is_none_or(|wanted| kind(binding) == wanted)
            });
            if let Some(binding) = binding {
                if leases.len() >= query.limit {
                    return Ok(LeasePage { leases, next: after });
                }
                leases.push(rows.lease(&binding, now)?);
            }
            after = Some(*ip);
        }
        looked_at += ids.len();
        if ids.len() < READ_AT_ONCE {
            return Ok(LeasePage { leases, next: None });
        }
        if looked_at >= LOOKED_AT_MAX {
            return Ok(LeasePage { leases, next: after });
        }
    }
}

/// Where the leases of a query are found, and what else has to hold of them.
struct Among {
    ip: Option<IpAddr>,
    mac: Option<MacAddress>,
    /// Of these addresses, in order, and of what is delegated on their links: a binding keeps the id of a subnet that may be another one by now.
    spans: Option<Vec<AddressRange>>,
}

impl Among {
    fn of(view: &View, query: &LeaseQuery) -> Result<Self, Refusal> {
        let mut subnets: Option<Vec<Subnet>> = None;
        if let Some(vlan) = &query.vlan {
            let vlan = vlans::find(view, vlan)?;
            let of_vlan = view.list_by(&SUBNETS_OF_VLAN, &vlan.id)?;
            subnets = Some(of_vlan);
        }
        if let Some(text) = &query.subnet {
            let named = specifiers::subnet(view, text)?;
            let of_vlan = subnets.is_none_or(|all| all.iter().any(|it| it.id == named.id));
            subnets = Some(of_vlan.then_some(named).into_iter().collect());
        }
        let spans = subnets.map(|subnets| spans(view, &subnets)).transpose()?;
        Ok(Self { ip: query.ip, mac: query.mac, spans })
    }

    /// The least addresses behind one of them; fewer than [`READ_AT_ONCE`] when there are no more.
    fn ids(&self, view: &View, after: Option<IpAddr>) -> Result<Vec<IpAddr>, TableError> {
        let is_behind = |ip: &IpAddr| after.is_none_or(|after| *ip > after);
        if let Some(ip) = self.ip {
            return Ok(Some(ip).filter(is_behind).into_iter().collect());
        }
        if let Some(mac) = self.mac {
            return Ok(view.state().leased_to(mac).filter(is_behind).take(READ_AT_ONCE).collect());
        }
        let Some(spans) = &self.spans else {
            return Ok(view.ids_after::<Binding>(after.as_ref(), READ_AT_ONCE));
        };
        let from =
            |span: &AddressRange| after.map_or_else(|| span.first(), |ip| ip.max(span.first()));
        let bound =
            spans.iter().flat_map(|span| view.state().bound_within(from(span), span.last()));
        Ok(bound.filter(is_behind).take(READ_AT_ONCE).collect())
    }

    fn includes(&self, binding: &Binding) -> bool {
        self.mac.is_none_or(|mac| binding.mac() == Some(mac))
            && self
                .spans
                .as_ref()
                .is_none_or(|spans| spans.iter().any(|it| it.contains(binding.ip)))
    }
}

/// The addresses of subnets, and those of what is delegated on their links, in order.
fn spans(view: &View, subnets: &[Subnet]) -> Result<Vec<AddressRange>, TableError> {
    let mut spans = Vec::new();
    for subnet in subnets {
        spans.push(AddressRange::of(subnet.cidr));
        let pools = view.list_by(&PREFIX_POOLS_OF_SUBNET, &subnet.id)?;
        spans.extend(pools.iter().map(PrefixPool::addresses));
    }
    spans.sort();
    Ok(spans)
}

/// Makes rows of bindings; what they name is read once.
pub(super) struct Rows<'a> {
    details: &'a Details,
    racks: BTreeMap<SystemId, NamedRack>,
}

impl<'a> Rows<'a> {
    pub(super) fn at(details: &'a Details) -> Self {
        Self { details, racks: BTreeMap::new() }
    }

    /// A binding as it is shown.
    pub(super) fn lease(&mut self, binding: &Binding, now: Timestamp) -> Result<Lease, TableError> {
        let key = binding.mac().map(MachineKey::Mac);
        let state = self.details.view().state();
        let mut machines = state.machines_with(&key);
        machines.extend(state.devices().with(&key));
        let machine = machines.first().map(|machine| machine.hostname.clone());
        let now_in = match binding.prefix_length {
            None => subnet_around(self.details.view(), binding.ip)?,
            Some(_) => self.details.view().get::<Subnet>(&binding.subnet)?,
        };
        let subnet = now_in.as_ref().map_or(binding.subnet, |subnet| subnet.id);
        let on = now_in.as_ref().map_or(binding.vlan, |subnet| subnet.vlan);
        let vlan = self.details.vlan(on)?;
        Ok(Lease {
            ip: binding.ip,
            kind: kind(binding).to_owned(),
            prefix_length: binding.prefix_length,
            client: binding.client.to_string(),
            name: machine.or_else(|| binding.hostname.clone()),
            state: binding.standing(now),
            told_until: dates::rfc3339_ms(binding.told_until),
            promised_until: dates::rfc3339_ms(binding.promise_until),
            rack: self.rack(&binding.rack)?,
            subnet: NamedSubnet { id: subnet.0, cidr: now_in.map(|subnet| subnet.cidr) },
            vlan: NamedVlan {
                id: on.0,
                fabric: vlan.as_ref().map(|found| found.fabric.clone()),
                vid: vlan.as_ref().map(|found| found.vlan.vid),
            },
        })
    }

    pub(super) fn rack(&mut self, id: &SystemId) -> Result<NamedRack, TableError> {
        if let Some(known) = self.racks.get(id) {
            return Ok(known.clone());
        }
        let found = self.details.view().get::<RackController>(id)?;
        let hostname = found.map(|rack| rack.hostname);
        let rack = NamedRack { system_id: id.to_string(), hostname };
        self.racks.insert(id.clone(), rack.clone());
        Ok(rack)
    }
}

/// What leases are of.
pub const KINDS: [&str; 3] = ["address", "prefix", "registered"];

/// What a lease is of.
fn kind(binding: &Binding) -> &'static str {
    match binding.prefix_length {
        Some(_) => "prefix",
        None if binding.is_registered() => "registered",
        None => "address",
    }
}
