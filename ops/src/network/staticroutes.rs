//! Static routes: by which gateway the hosts of a subnet reach another one. DHCP clients are told them,
//! and deployed machines get them with their static addresses.

use std::net::IpAddr;
use std::sync::Arc;

use api::field_errors::FieldErrors;
use model::access::{Actor, Permission};
use model::id::{StaticRouteId, SubnetId};
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;

use crate::authorize::authorize;
use crate::details::Details;
use crate::error::Refusal;
use crate::network::dependents::Holder;
use crate::network::gateways;
use crate::network::specifiers;
use crate::network::subnets::SubnetDetail;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// What shall be set of a static route; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct StaticRouteChange {
    /// The subnet whose hosts have it.
    pub source: Option<String>,
    /// The subnet that it leads to.
    pub destination: Option<String>,
    /// The gateway.
    pub gateway_ip: Option<IpAddr>,
    /// Its weight.
    pub metric: Option<u32>,
}

/// A static route as doors show it.
#[derive(Debug, Clone)]
pub struct StaticRouteDetail {
    /// The route.
    pub route: StaticRoute,
    /// The subnet whose hosts have it.
    pub source: Arc<SubnetDetail>,
    /// The subnet that it leads to.
    pub destination: Arc<SubnetDetail>,
}

/// All static routes.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<StaticRouteDetail>, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let routes = details.view().list::<StaticRoute>()?.into_iter();
    routes.filter_map(|route| detail(&details, route).transpose()).collect()
}

/// A static route.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(
    tables: &Tables,
    actor: &Actor,
    id: StaticRouteId,
) -> Result<StaticRouteDetail, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let route = details.view().get::<StaticRoute>(&id)?.ok_or_else(missing)?;
    detail(&details, route)?.ok_or_else(missing)
}

/// Makes a static route.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &StaticRouteChange,
) -> Result<StaticRouteDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "staticroute.create")?;
    let mut errors = FieldErrors::default();
    for (field, given) in [
        ("source", change.source.is_some()),
        ("destination", change.destination.is_some()),
        ("gateway_ip", change.gateway_ip.is_some()),
    ] {
        if !given {
            errors.add(field, "This field is required.");
        }
    }
    errors.finish()?;
    let route = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let blank = StaticRoute {
                id: StaticRouteId(tx.next_id::<StaticRoute>()?),
                source: SubnetId::default(),
                destination: SubnetId::default(),
                gateway_ip: IpAddr::from([0, 0, 0, 0]),
                metric: 0,
            };
            let route = changed(tx, blank, change)?;
            tx.insert(&route)?;
            Ok(route)
        })
        .await?;
    detail(&Details::after_change(tables).await?, route)?.ok_or_else(missing)
}

/// Changes a static route.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    id: StaticRouteId,
    change: &StaticRouteChange,
) -> Result<StaticRouteDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "staticroute.update")?;
    let route = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let before = tx.get::<StaticRoute>(&id)?.ok_or_else(missing)?;
            let route = changed(tx, before, change)?;
            tx.put(&route)?;
            Ok(route)
        })
        .await?;
    detail(&Details::after_change(tables).await?, route)?.ok_or_else(missing)
}

/// Removes a static route. Machines that are deployed keep what they were told.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(tables: &Tables, actor: &Actor, id: StaticRouteId) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "staticroute.delete")?;
    tables
        .update(&cause, |tx| {
            tx.delete::<StaticRoute>(&id)?.ok_or_else(missing)?;
            Ok(())
        })
        .await
}

fn changed(
    tx: &mut Tx,
    before: StaticRoute,
    change: &StaticRouteChange,
) -> Result<StaticRoute, Refusal> {
    let source = subnet(tx, "source", change.source.as_deref(), before.source)?;
    let destination = subnet(tx, "destination", change.destination.as_deref(), before.destination)?;
    let gateway_ip = change.gateway_ip.unwrap_or(before.gateway_ip);
    let metric = change.metric.unwrap_or(before.metric);
    check(tx, (&source, &destination), gateway_ip)?;
    let (source, destination) = (source.id, destination.id);
    Ok(StaticRoute { id: before.id, source, destination, gateway_ip, metric })
}

/// Whether a route may lead from one subnet to the other by that gateway.
///
/// # Errors
/// [`Refusal::Fields`].
pub(crate) fn check(
    tx: &mut Tx,
    (source, destination): (&Subnet, &Subnet),
    gateway_ip: IpAddr,
) -> Result<(), Refusal> {
    if !source.cidr.contains(&gateway_ip) {
        let message = format!("Enter an IP address in {}.", source.cidr);
        return Err(Refusal::field("gateway_ip", message));
    }
    if source.id == destination.id {
        let message = "source and destination cannot be the same subnet.";
        return Err(Refusal::field("__all__", message));
    }
    if source.cidr.addr().is_ipv4() != destination.cidr.addr().is_ipv4() {
        let message = "source and destination must be the same IP version.";
        return Err(Refusal::field("__all__", message));
    }
    gateways::check_route(tx, source, gateway_ip)?;
    Holder::Subnet(source.id).gets_one(tx);
    Holder::Subnet(destination.id).gets_one(tx);
    Ok(())
}

fn subnet(tx: &Tx, field: &str, named: Option<&str>, before: SubnetId) -> Result<Subnet, Refusal> {
    let found = match named {
        Some(specifier) => specifiers::subnet(tx, specifier),
        None => tx.get::<Subnet>(&before)?.ok_or(Refusal::NotFound { model: "Subnet" }),
    };
    found.map_err(|refusal| match refusal {
        Refusal::NotFound { .. } => Refusal::field(
            field,
            "Select a valid choice. That choice is not one of the available choices.",
        ),
        other => other,
    })
}

/// A route with its subnets; none when one of them is gone.
fn detail(details: &Details, route: StaticRoute) -> Result<Option<StaticRouteDetail>, Refusal> {
    let source = details.subnet(route.source)?;
    let destination = details.subnet(route.destination)?;
    Ok(source.zip(destination).map(|(source, destination)| StaticRouteDetail {
        route,
        source,
        destination,
    }))
}

fn missing() -> Refusal {
    Refusal::NotFound { model: "StaticRoute" }
}
