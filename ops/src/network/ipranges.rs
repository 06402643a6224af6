//! IP ranges: which addresses of a subnet DHCP gives out, and which are left alone.

use std::net::IpAddr;
use std::sync::Arc;

use api::field_errors::FieldErrors;
use model::access::{Actor, Object, Permission, permits};
use model::id::IpRangeId;
use model::net::iprange::{IpRange, Purpose};
use model::net::range::{AddressRange, free_ranges};
use model::net::subnet::Subnet;
use model::user::User;

use crate::access::users::UserDetail;
use crate::authorize::{authorize, cause};
use crate::details::Details;
use crate::error::Refusal;
use crate::machine::placement;
use crate::network::addresses::keep_all;
use crate::network::dependents::{self, Holder};
use crate::network::specifiers;
use crate::network::subnets::SubnetDetail;
use tables::network::{IPRANGES_OF_SUBNET, SUBNETS_GUARD};
use tables::options::STATIC_ROUTES_OF_SUBNET;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// The smallest dynamic range of an IPv6 subnet, in addresses, as in MAAS.
const DYNAMIC_V6_MIN: u128 = 256;

/// What shall be set of an IP range; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct IpRangeChange {
    /// What it is for.
    pub purpose: Option<Purpose>,
    /// The first address.
    pub start_ip: Option<IpAddr>,
    /// The last address.
    pub end_ip: Option<IpAddr>,
    /// Its subnet; found by the first address when absent.
    pub subnet: Option<String>,
    /// Free text.
    pub comment: Option<String>,
}

/// An IP range as doors show it.
#[derive(Debug, Clone)]
pub struct IpRangeDetail {
    /// The range.
    pub range: IpRange,
    /// The subnet it lies in.
    pub subnet: Arc<SubnetDetail>,
    /// The user that made it.
    pub user: Option<UserDetail>,
}

/// All IP ranges.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<IpRangeDetail>, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let ranges = details.view().list::<IpRange>()?.into_iter();
    ranges.filter_map(|range| detail(&details, range).transpose()).collect()
}

/// An IP range.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(tables: &Tables, actor: &Actor, id: IpRangeId) -> Result<IpRangeDetail, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let range = details.view().get::<IpRange>(&id)?.ok_or_else(missing)?;
    detail(&details, range)?.ok_or_else(missing)
}

/// Makes an IP range.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &IpRangeChange,
) -> Result<IpRangeDetail, Refusal> {
    let purpose = change.purpose.ok_or_else(|| required("type"))?;
    let permission = match purpose {
        Purpose::Dynamic => Permission::CreateDynamicRange,
        Purpose::Reserved => Permission::CreateReservedRange,
    };
    let cause = authorize(actor, permission, "iprange.create")?;
    let user = actor.user(permission)?;
    let range = tables.update(&cause, |tx| insert(tx, user, change)).await?;
    detail(&Details::after_change(tables).await?, range)?.ok_or_else(missing)
}

/// Adds an IP range of a user, in a transaction of the caller's.
///
/// # Errors
/// [`Refusal`].
pub fn insert(tx: &mut Tx, user: &User, change: &IpRangeChange) -> Result<IpRange, Refusal> {
    let both = "Start IP address and end IP address are both required.";
    let purpose = change.purpose.ok_or_else(|| required("type"))?;
    let start_ip = change.start_ip.ok_or_else(|| Refusal::field("start_ip", both))?;
    let end_ip = change.end_ip.ok_or_else(|| Refusal::field("end_ip", both))?;
    placement::give_to(tx, user.id)?;
    tx.guard(SUBNETS_GUARD);
    let specifier = change.subnet.clone().unwrap_or_else(|| format!("ip:{start_ip}"));
    let subnet = specifiers::subnet(tx, &specifier).map_err(|refusal| match refusal {
        Refusal::NotFound { .. } if change.subnet.is_none() => required("subnet"),
        Refusal::NotFound { .. } => {
            Refusal::field("subnet", format!("No such subnet: {specifier}."))
        }
        other => other,
    })?;
    let range = IpRange {
        id: IpRangeId(tx.next_id::<IpRange>()?),
        purpose,
        start_ip,
        end_ip,
        subnet: subnet.id,
        user: Some(user.id),
        comment: change.comment.clone().unwrap_or_default(),
    };
    check(tx, &subnet, &range, None)?;
    tx.insert(&range)?;
    Ok(range)
}

/// Changes an IP range.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    id: IpRangeId,
    change: &IpRangeChange,
) -> Result<IpRangeDetail, Refusal> {
    let cause = cause(actor, "iprange.update");
    let range = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            tx.guard(SUBNETS_GUARD);
            let before = own(tx, actor, id)?;
            if let Some(specifier) = &change.subnet
                && specifiers::subnet(tx, specifier)?.id != before.subnet
            {
                let message = "An IP range stays in its subnet: delete it and create another one.";
                return Err(Refusal::field("subnet", message));
            }
            let range = IpRange {
                purpose: change.purpose.unwrap_or(before.purpose),
                start_ip: change.start_ip.unwrap_or(before.start_ip),
                end_ip: change.end_ip.unwrap_or(before.end_ip),
                comment: change.comment.clone().unwrap_or_else(|| before.comment.clone()),
                ..before
            };
            if range.purpose == Purpose::Dynamic && span(&range) != span(&before) {
                permits(actor, Permission::CreateDynamicRange, &Object::Site)?;
            }
            let subnet = tx.get::<Subnet>(&range.subnet)?;
            let subnet = subnet.ok_or(Refusal::NotFound { model: "Subnet" })?;
            check(tx, &subnet, &range, Some(&before))?;
            if range.purpose != Purpose::Dynamic {
                dependents::check_served(tx, subnet.vlan, |other| other.id == id)?;
            }
            tx.put(&range)?;
            Ok(range)
        })
        .await?;
    detail(&Details::after_change(tables).await?, range)?.ok_or_else(missing)
}

/// Removes an IP range with its DHCP snippets. Bindings of its addresses stay until they end.
///
/// # Errors
/// [`Refusal`], also for the last dynamic range of a VLAN on which DHCP is on.
pub async fn delete(tables: &Tables, actor: &Actor, id: IpRangeId) -> Result<(), Refusal> {
    let cause = cause(actor, "iprange.delete");
    tables.update(&cause, |tx| remove(tx, actor, id)).await
}

/// The same within a transaction.
///
/// # Errors
/// As [`delete`].
pub(crate) fn remove(tx: &mut Tx, actor: &Actor, id: IpRangeId) -> Result<(), Refusal> {
    tx.guard(SUBNETS_GUARD);
    let range = own(tx, actor, id)?;
    if let Some(subnet) = tx.get::<Subnet>(&range.subnet)? {
        dependents::check_served(tx, subnet.vlan, |other| other.id == id)?;
    }
    dependents::forget_range(tx, &range)?;
    tx.delete::<IpRange>(&range.id)?;
    Ok(())
}

/// Whether a range may be as it is written, in place of what it was.
///
/// # Errors
/// [`Refusal::Fields`].
pub(crate) fn check_row(
    tx: &mut Tx,
    subnet: &Subnet,
    range: &IpRange,
    before: Option<&IpRange>,
) -> Result<(), Refusal> {
    tx.guard(SUBNETS_GUARD);
    check(tx, subnet, range, before)
}

/// What DHCP gives out by a range.
fn span(range: &IpRange) -> (Purpose, IpAddr, IpAddr) {
    (range.purpose, range.start_ip, range.end_ip)
}

fn own(tx: &Tx, actor: &Actor, id: IpRangeId) -> Result<IpRange, Refusal> {
    let range = tx.get::<IpRange>(&id)?.ok_or_else(missing)?;
    permits(actor, Permission::EditRange, &Object::Range { owner: range.user })?;
    Ok(range)
}

/// A range with what it names; none when its subnet is gone.
fn detail(details: &Details, range: IpRange) -> Result<Option<IpRangeDetail>, Refusal> {
    let user = range.user.map_or(Ok(None), |user| details.user_detail(user))?;
    let subnet = details.subnet(range.subnet)?;
    Ok(subnet.map(|subnet| IpRangeDetail { range, subnet, user }))
}

fn missing() -> Refusal {
    Refusal::NotFound { model: "IPRange" }
}

fn required(field: &str) -> Refusal {
    Refusal::field(field, "This field is required.")
}

/// The rules of MAAS, in its order and words.
fn check(
    tx: &Tx,
    subnet: &Subnet,
    range: &IpRange,
    before: Option<&IpRange>,
) -> Result<(), Refusal> {
    let IpRange { start_ip, end_ip, .. } = *range;
    let both = |message: String| {
        let mut errors = FieldErrors::one("start_ip", message.clone());
        errors.add("end_ip", message);
        Refusal::Fields(errors)
    };
    if start_ip.is_ipv4() != end_ip.is_ipv4() {
        let message = "Start IP address and end IP address must be in the same address family.";
        return Err(both(message.to_owned()));
    }
    let Some(addresses) = AddressRange::new(start_ip, end_ip) else {
        let message = "End IP address must not be less than Start IP address.";
        return Err(Refusal::field("end_ip", message));
    };
    let cidr = subnet.cidr;
    match (cidr.contains(&start_ip), cidr.contains(&end_ip)) {
        (true, true) => {}
        (false, false) => {
            return Err(both(format!("IP addresses must be within subnet: {cidr}.")));
        }
        (false, true) => {
            let message = format!("Start IP address must be within subnet: {cidr}.");
            return Err(Refusal::field("start_ip", message));
        }
        (true, false) => {
            let message = format!("End IP address must be within subnet: {cidr}.");
            return Err(Refusal::field("end_ip", message));
        }
    }
    let hosts = AddressRange::hosts_of(cidr);
    if start_ip < hosts.first() {
        let message = "Reserved network address cannot be included in IP range.";
        return Err(Refusal::field("start_ip", message));
    }
    if end_ip > hosts.last() {
        let message = "Broadcast address cannot be included in IP range.";
        return Err(Refusal::field("end_ip", message));
    }
    let dynamic = range.purpose == Purpose::Dynamic;
    if dynamic && start_ip.is_ipv6() && addresses.size() < DYNAMIC_V6_MIN {
        let message = "IPv6 dynamic range must be at least 256 addresses in size.";
        return Err(both(message.to_owned()));
    }
    if let Some(with) = conflict(tx, subnet, range, addresses, before)? {
        let message = if dynamic {
            "Requested dynamic range conflicts with an existing IP address or range."
        } else {
            "Requested reserved range conflicts with an existing range."
        };
        let mut errors = FieldErrors::one("start_ip", message);
        errors.add("start_ip", format!("It is {with}."));
        errors.add("end_ip", message);
        return Err(Refusal::Fields(errors));
    }
    Ok(())
}

/// What a range cannot be beside. Reserved ranges may contain addresses that are in use, but overlap no range; dynamic ranges
/// contain nothing at all, but for what was in them before.
fn conflict(
    tx: &Tx,
    subnet: &Subnet,
    range: &IpRange,
    addresses: AddressRange,
    before: Option<&IpRange>,
) -> Result<Option<String>, Refusal> {
    let others = tx.list_by(&IPRANGES_OF_SUBNET, &subnet.id)?;
    let overlaps = |other: &&IpRange| {
        let span = AddressRange::new(other.start_ip, other.end_ip);
        other.id != range.id && span.is_some_and(|span| span.overlaps(&addresses))
    };
    if let Some(other) = others.iter().find(overlaps) {
        let IpRange { id, start_ip, end_ip, .. } = other;
        return Ok(Some(format!("range {id}, {start_ip} to {end_ip}")));
    }
    if range.purpose == Purpose::Reserved {
        return Ok(None);
    }
    let before = before
        .filter(|before| before.purpose == Purpose::Dynamic)
        .and_then(|before| AddressRange::new(before.start_ip, before.end_ip));
    keep_all(tx, subnet, addresses);
    Holder::Subnet(subnet.id).goes(tx);
    let own = subnet.gateway_ip.iter().chain(&subnet.dns_servers);
    let routes = tx.list_by(&STATIC_ROUTES_OF_SUBNET, &subnet.id)?;
    let routers = routes.iter().filter(|route| route.source == subnet.id);
    let own = own.chain(routers.map(|route| &route.gateway_ip));
    let own = own.filter(|ip| addresses.contains(**ip)).map(|ip| AddressRange::one(*ip));
    let mut used = tx.state().used(addresses);
    used.extend(own);
    let mut taken = used.iter().flat_map(|used| free_ranges(*used, before.as_slice()));
    Ok(taken.next().map(|taken| format!("{}, which is in use", taken.first())))
}
