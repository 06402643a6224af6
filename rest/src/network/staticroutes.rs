//! `static-routes/`: routes between subnets.

use std::net::IpAddr;

use model::access::Permission;
use ops::network::staticroutes::{self, StaticRouteChange, StaticRouteDetail};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::shapes;

const SOURCE: Param<String> = Param::text("source", "The subnet whose hosts have the route.");
const DESTINATION: Param<String> = Param::text("destination", "The subnet that it leads to.");
const GATEWAY_IP: Param<IpAddr> =
    Param::address("gateway_ip", "The gateway, an address of the source.");
const METRIC: Param<u32> =
    Param::number("metric", "The route's weight: the least counts most; 0 by default.");

const ONE: &str = "static-routes/{id}/";

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("StaticRoutesHandler", "static-routes/", |call| Box::pin(list(call)))
        .doc("List all static routes."),
    Operation::post("StaticRoutesHandler", "static-routes/", |call| Box::pin(create(call)))
        .reserved(Permission::ManageNetwork)
        .doc("Create a static route.")
        .params(&[SOURCE.needed(), DESTINATION.needed(), GATEWAY_IP.needed(), METRIC.optional()]),
    Operation::get("StaticRouteHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a static route."),
    Operation::put("StaticRouteHandler", ONE, |call| Box::pin(update(call)))
        .requires(Permission::ManageNetwork)
        .doc("Update a static route.")
        .params(&[
            SOURCE.optional(),
            DESTINATION.optional(),
            GATEWAY_IP.optional(),
            METRIC.optional(),
        ]),
    Operation::delete("StaticRouteHandler", ONE, |call| Box::pin(delete(call)))
        .requires(Permission::ManageNetwork)
        .doc("Delete a static route."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let routes = staticroutes::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&routes.iter().map(shape).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let route = staticroutes::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&shape(&route)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id = call.id("id", "StaticRoute")?;
    Ok(Reply::json(&shape(&staticroutes::get(&call.parts.tables, &call.actor, id).await?)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (change, id) = (change(&call.params)?, call.id("id", "StaticRoute")?);
    let route = staticroutes::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&shape(&route)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id = call.id("id", "StaticRoute")?;
    staticroutes::delete(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::no_content())
}

fn shape(detail: &StaticRouteDetail) -> api::staticroutes::StaticRoute {
    let route = &detail.route;
    api::staticroutes::StaticRoute {
        id: route.id.0,
        source: shapes::subnet(&detail.source),
        destination: shapes::subnet(&detail.destination),
        gateway_ip: route.gateway_ip,
        metric: route.metric,
        resource_uri: format!("/MAAS/api/2.0/static-routes/{}/", route.id),
    }
}

fn change(params: &Params) -> Result<StaticRouteChange, Problem> {
    Ok(StaticRouteChange {
        source: SOURCE.named(params),
        destination: DESTINATION.named(params),
        gateway_ip: GATEWAY_IP.of(params)?,
        metric: METRIC.of(params)?,
    })
}
