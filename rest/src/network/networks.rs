//! `networks/`: subnets as MAAS showed them before 2.0. They are read and no more.

use std::future::ready;

use api::networks::{ConnectedMac, Network};
use model::access::Permission;
use ops::network::networks;
use ops::network::subnets::SubnetDetail;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL: &str = "networks/";
const ONE: &str = "networks/{name}/";
const GONE: &str = "Gone: use the subnets endpoint instead.";

const NODE: Param<String> = Param::text("node", "Only networks that all these machines are on.");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("NetworksHandler", ALL, |call| Box::pin(list(call)))
        .doc("List networks. Deprecated: use subnets.")
        .params(&[NODE.repeated()]),
    Operation::post("NetworksHandler", ALL, |_| Box::pin(ready(gone())))
        .reserved(Permission::ManageNetwork)
        .doc(GONE),
    Operation::get("NetworkHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a network. Deprecated: use subnets."),
    Operation::put("NetworkHandler", ONE, |_| Box::pin(ready(gone())))
        .reserved(Permission::ManageNetwork)
        .doc(GONE),
    Operation::delete("NetworkHandler", ONE, |_| Box::pin(ready(gone())))
        .reserved(Permission::ManageNetwork)
        .doc(GONE),
    Operation::get("NetworkHandler", ONE, |call| Box::pin(macs(call)))
        .op("list_connected_macs")
        .doc("List the hardware addresses of machines on a network. Deprecated: use subnets."),
    Operation::post("NetworkHandler", ONE, |_| Box::pin(ready(gone())))
        .op("connect_macs")
        .reserved(Permission::ManageNetwork)
        .doc(GONE),
    Operation::post("NetworkHandler", ONE, |_| Box::pin(ready(gone())))
        .op("disconnect_macs")
        .reserved(Permission::ManageNetwork)
        .doc(GONE),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let nodes = NODE.all(&call.params);
    let found = networks::list(&call.parts.tables, &call.actor, nodes).await?;
    Ok(Reply::json(&found.iter().map(|found| shape(found)).collect::<Vec<_>>()))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let found = networks::get(&call.parts.tables, &call.actor, call.segment("name")).await?;
    Ok(Reply::json(&shape(&found)))
}

async fn macs(call: Call) -> Result<Reply, Problem> {
    let found = networks::macs(&call.parts.tables, &call.actor, call.segment("name")).await?;
    let macs = found.iter().map(|mac| ConnectedMac { mac_address: mac.to_string() });
    Ok(Reply::json(&macs.collect::<Vec<_>>()))
}

fn gone() -> Result<Reply, Problem> {
    Err(Problem::status(410, "Gone"))
}

fn shape(detail: &SubnetDetail) -> Network {
    let subnet = &detail.subnet;
    Network {
        name: format!("subnet-{}", subnet.id),
        ip: subnet.cidr.network(),
        netmask: subnet.cidr.netmask(),
        vlan_tag: detail.vlan.vlan.vid,
        description: subnet.name.clone(),
        default_gateway: subnet.gateway_ip,
        dns_servers: subnet.dns_servers.clone(),
        resource_uri: format!("/MAAS/api/2.0/networks/subnet-{}/", subnet.id),
    }
}
