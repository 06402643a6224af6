//! `rackcontrollers/` and `regioncontrollers/`: the nodes of the cluster.

use std::net::IpAddr;

use crate::problem::Problem;
use api::controllers::{Controller, ControllerInterface, ControllerLink, Service};
use model::controller::{self, RackController, RegionController};
use model::id::SystemId;
use model::net::subnet::Subnet;

use crate::call::Call;
use crate::operation::Operation;
use crate::reply::Reply;
use crate::shapes::Shapes;
use ops::cluster::bootstrap::DEFAULT_ZONE;
use ops::cluster::controllers;
use ops::dns::domains;
use tables::error::TableError;
use tables::read::Reads;
use tables::update::now;

const RACK: &str = "rackcontrollers/{system_id}/";
const REGION: &str = "regioncontrollers/{system_id}/";

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("RackControllersHandler", "rackcontrollers/", |call| Box::pin(racks(call)))
        .doc("List all rack controllers.\n\n:param hostname: Only those names. Optional."),
    Operation::get("RackControllersHandler", "rackcontrollers/", |call| Box::pin(has_rack(call)))
        .op("is_registered")
        .doc("Whether a rack controller has that address.\n\n:param mac_address: The address."),
    Operation::get("RackControllerHandler", RACK, |call| Box::pin(rack(call)))
        .doc("Read a rack controller."),
    Operation::delete("RackControllerHandler", RACK, |call| Box::pin(delete_rack(call)))
        .doc("Forget a rack controller.\n\n:param force: Whether VLANs may lose it. Optional."),
    Operation::get("RegionControllersHandler", "regioncontrollers/", |call| {
        Box::pin(regions(call))
    })
    .doc("List all region controllers."),
    Operation::get("RegionControllerHandler", REGION, |call| Box::pin(region(call)))
        .doc("Read a region controller."),
];

async fn racks(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let shapes = Shapes::new(&view);
    let wanted = call.params.all("hostname");
    let mut found = Vec::new();
    for rack in view.list::<RackController>()? {
        if wanted.is_empty() || wanted.contains(&rack.hostname) {
            found.push(rack_shape(&shapes, &rack)?);
        }
    }
    Ok(Reply::json(&found))
}

async fn has_rack(call: Call) -> Result<Reply, Problem> {
    let mac = call.params.required("mac_address")?.parse().ok();
    let racks = call.view().await?.list::<RackController>()?;
    let mut interfaces = racks.iter().flat_map(|rack| &rack.interfaces);
    Ok(Reply::json(&interfaces.any(|interface| Some(interface.mac) == mac)))
}

async fn rack(call: Call) -> Result<Reply, Problem> {
    let id: SystemId = call.id("system_id", "RackController")?;
    let view = call.view().await?;
    let rack = view.get::<RackController>(&id)?;
    let rack = rack.ok_or_else(|| Problem::not_found("RackController"))?;
    Ok(Reply::json(&rack_shape(&Shapes::new(&view), &rack)?))
}

async fn delete_rack(call: Call) -> Result<Reply, Problem> {
    call.admin()?;
    let id: SystemId = call.id("system_id", "RackController")?;
    let force = call.params.boolean("force")?.unwrap_or(false);
    let cause = call.cause("rack.delete");
    controllers::delete_rack(&call.parts.tables, &cause, &id, force).await?;
    Ok(Reply::no_content())
}

async fn regions(call: Call) -> Result<Reply, Problem> {
    let view = call.view().await?;
    let shapes = Shapes::new(&view);
    let regions = view.list::<RegionController>()?;
    let regions = regions.iter().map(|region| region_shape(&shapes, region));
    Ok(Reply::json(&regions.collect::<Result<Vec<_>, _>>()?))
}

async fn region(call: Call) -> Result<Reply, Problem> {
    let id: SystemId = call.id("system_id", "RegionController")?;
    let view = call.view().await?;
    let region = view.get::<RegionController>(&id)?;
    let region = region.ok_or_else(|| Problem::not_found("RegionController"))?;
    Ok(Reply::json(&region_shape(&Shapes::new(&view), &region)?))
}

fn rack_shape(shapes: &Shapes<'_>, rack: &RackController) -> Result<Controller, Problem> {
    let connected =
        rack.session.is_some() && now().since_ms(rack.last_seen) <= controllers::SILENCE_MAX_MS;
    let status = if connected { "running" } else { "dead" };
    let info = if connected { "" } else { "no session with a region" };
    let services = ["rackd", "dhcpd", "tftp", "http", "dns_rack"];
    let service_set = services
        .into_iter()
        .map(|name| Service {
            name: name.to_owned(),
            status: status.to_owned(),
            status_info: info.to_owned(),
        })
        .collect();
    let mut interface_set = Vec::new();
    for (id, interface) in rack.interfaces.iter().enumerate() {
        interface_set.push(interface_shape(shapes, &rack.system_id, id, interface)?);
    }
    let addresses = rack.interfaces.iter().flat_map(|interface| &interface.addresses);
    Ok(Controller {
        ip_addresses: addresses.map(ipnet::IpNet::addr).collect(),
        interface_set,
        service_set,
        version: rack.version.clone(),
        ..blank(shapes, &rack.system_id, &rack.hostname, false)?
    })
}

fn region_shape(shapes: &Shapes<'_>, region: &RegionController) -> Result<Controller, Problem> {
    Ok(Controller {
        ip_addresses: vec![region.address],
        version: region.version.clone(),
        ..blank(shapes, &region.system_id, &region.hostname, true)?
    })
}

fn blank(
    shapes: &Shapes<'_>,
    system_id: &SystemId,
    hostname: &str,
    is_region: bool,
) -> Result<Controller, Problem> {
    let domain = domains::default_domain(shapes.view())?;
    let (node_type, name, path) = if is_region {
        (3, "Region controller", "regioncontrollers")
    } else {
        (2, "Rack controller", "rackcontrollers")
    };
    Ok(Controller {
        system_id: system_id.clone(),
        hostname: hostname.to_owned(),
        fqdn: format!("{hostname}.{}", domain.name),
        description: String::new(),
        hardware_uuid: None,
        domain: Some(shapes.domain_of(&domain)?),
        zone: shapes.zone(DEFAULT_ZONE)?,
        architecture: "amd64/generic".to_owned(),
        cpu_count: 0,
        cpu_speed: 0,
        memory: 0,
        swap_size: None,
        osystem: String::new(),
        distro_series: String::new(),
        power_type: String::new(),
        power_state: "unknown".to_owned(),
        ip_addresses: Vec::new(),
        interface_set: Vec::new(),
        service_set: Vec::new(),
        node_type,
        node_type_name: name.to_owned(),
        version: String::new(),
        status_action: String::new(),
        tag_names: Vec::new(),
        hardware_info: std::collections::BTreeMap::new(),
        tests: api::controllers::NoTests::default(),
        resource_uri: format!("/MAAS/api/2.0/{path}/{system_id}/"),
    })
}

fn interface_shape(
    shapes: &Shapes<'_>,
    system_id: &SystemId,
    id: usize,
    interface: &controller::ControllerInterface,
) -> Result<ControllerInterface, TableError> {
    let subnets = shapes.view().list::<Subnet>()?;
    let subnet_of = |address: IpAddr| {
        let found = subnets.iter().find(|subnet| subnet.cidr.contains(&address));
        found.map_or(Ok(None), |subnet| shapes.subnet_of(subnet))
    };
    let mut links = Vec::new();
    for (id, address) in interface.addresses.iter().map(ipnet::IpNet::addr).enumerate() {
        let subnet = subnet_of(address)?;
        links.push(ControllerLink { id, mode: "static".to_owned(), ip_address: address, subnet });
    }
    let vlan = links.iter().find_map(|link| link.subnet.as_ref().map(|subnet| subnet.vlan.clone()));
    Ok(ControllerInterface {
        id,
        system_id: system_id.clone(),
        name: interface.name.clone(),
        kind: "physical".to_owned(),
        mac_address: interface.mac.to_string(),
        effective_mtu: vlan.as_ref().map_or(1500, |vlan| vlan.mtu),
        vlan,
        links,
        enabled: true,
        tags: Vec::new(),
        params: String::new(),
        parents: Vec::new(),
        children: Vec::new(),
    })
}
