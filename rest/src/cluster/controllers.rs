//! `rackcontrollers/` and `regioncontrollers/`: the nodes of the cluster.

use api::controllers::{Controller, ControllerInterface, ControllerLink, Service};
use model::access::Permission;
use model::controller;
use model::error::Kind;
use model::id::SystemId;
use model::mac::MacAddress;
use model::time_service::TimeState;
use ops::cluster::controllers::{
    self, AddressDetail, ControllerChange, Placement, RackDetail, RegionDetail,
};
use ops::image::boot_resources;
use serde_json::json;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::refused::Refused;
use crate::reply::Reply;
use crate::shapes;

const RACK: &str = "rackcontrollers/{system_id}/";
const REGION: &str = "regioncontrollers/{system_id}/";

const HOSTNAME: Param<String> = Param::text("hostname", "Only those names.");
const MAC_ADDRESS: Param<String> = Param::text("mac_address", "The address.");
const FORCE: Param<bool> = Param::boolean("force", "Whether VLANs may lose it.");

const DESCRIPTION: Param<String> = Param::text("description", "Free text.");
const ZONE: Param<String> = Param::text("zone", "The zone, by name or id.");
const NODES: Param<String> = Param::text("nodes", "The controllers, by id.");

/// What a controller cannot be told.
const POWER: Refused = Refused::new(
    &[
        "power_type",
        "power_parameters_power_address",
        "power_parameters_power_user",
        "power_parameters_power_pass",
    ],
    "Controllers are not switched on or off from here: leave it out.",
)
.unless("manual");

/// What is asked of power parameters.
const SKIP_CHECK: Refused = Refused::new(
    &["power_parameters_skip_check"],
    "Controllers have no power parameters that could be checked: leave it out.",
);

const DOMAIN: Refused = Refused::new(
    &["domain"],
    "Controllers have names in the default domain: leave it out, or make another one the default.",
);

/// What MAAS finds nodes by.
const CONSTRAINTS: Refused = Refused::new(
    &[
        "id",
        "not_id",
        "system_id",
        "not_hostname",
        "mac_address",
        "domain",
        "not_domain",
        "zone",
        "not_in_zone",
        "pool",
        "not_in_pool",
        "agent_name",
        "not_agent_name",
        "arch",
        "not_arch",
        "cpu_count",
        "cpu_speed",
        "mem",
        "link_speed",
        "tags",
        "not_tags",
        "fabrics",
        "not_fabrics",
        "fabric_classes",
        "not_fabric_classes",
        "subnets",
        "not_subnets",
        "vlans",
        "not_vlans",
        "storage",
        "interfaces",
        "devices",
        "owner",
        "not_owner",
        "power_state",
        "not_power_state",
        "status",
        "not_status",
        "simple_status",
        "not_simple_status",
        "deployment_target",
        "not_deployment_target",
        "pod",
        "not_pod",
        "pod_type",
        "not_pod_type",
    ],
    NOT_FOUND_BY,
);

/// What region controllers are not found by either.
const BY_HOSTNAME: Refused = Refused::new(&["hostname"], NOT_FOUND_BY);

const NOT_FOUND_BY: &str =
    "Controllers are not found by that: leave it out, and choose from the list.";

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("RackControllersHandler", "rackcontrollers/", |call| Box::pin(racks(call)))
        .doc("List all rack controllers.")
        .params(&[HOSTNAME.repeated()])
        .refuses(&[CONSTRAINTS]),
    Operation::get("RackControllersHandler", "rackcontrollers/", |call| Box::pin(has_rack(call)))
        .op("is_registered")
        .doc("Whether a rack controller has that address.")
        .params(&[MAC_ADDRESS.needed()]),
    Operation::post("RackControllersHandler", "rackcontrollers/", |call| Box::pin(set_zone(call)))
        .op("set_zone")
        .requires(Permission::ManageControllers)
        .doc("Move rack controllers to a zone.")
        .params(&[ZONE.needed(), NODES.repeated()]),
    Operation::get("RackControllerHandler", RACK, |call| Box::pin(rack(call)))
        .doc("Read a rack controller."),
    Operation::get("RackControllerHandler", RACK, |call| Box::pin(boot_images(call)))
        .op("list_boot_images")
        .reserved(Permission::ManageControllers)
        .doc("List the images that a rack controller can give to machines."),
    Operation::put("RackControllerHandler", RACK, |call| Box::pin(update_rack(call)))
        .reserved(Permission::ManageControllers)
        .doc("Describe a rack controller, or move it to another zone.")
        .params(&[DESCRIPTION.optional(), ZONE.optional()])
        .refuses(&[POWER, SKIP_CHECK, DOMAIN]),
    Operation::delete("RackControllerHandler", RACK, |call| Box::pin(delete_rack(call)))
        .requires(Permission::ManageControllers)
        .doc("Forget a rack controller.")
        .params(&[FORCE.optional()]),
    Operation::get("RegionControllersHandler", "regioncontrollers/", |call| {
        Box::pin(regions(call))
    })
    .doc("List all region controllers.")
    .refuses(&[CONSTRAINTS, BY_HOSTNAME]),
    Operation::post("RegionControllersHandler", "regioncontrollers/", |call| {
        Box::pin(set_zone(call))
    })
    .op("set_zone")
    .requires(Permission::ManageControllers)
    .doc("Move region controllers to a zone.")
    .params(&[ZONE.needed(), NODES.repeated()]),
    Operation::get("RegionControllerHandler", REGION, |call| Box::pin(region(call)))
        .doc("Read a region controller."),
    Operation::put("RegionControllerHandler", REGION, |call| Box::pin(update_region(call)))
        .reserved(Permission::ManageControllers)
        .doc("Describe a region controller, or move it to another zone.")
        .params(&[DESCRIPTION.optional(), ZONE.optional()])
        .refuses(&[POWER, SKIP_CHECK, DOMAIN]),
    Operation::delete("RegionControllerHandler", REGION, |call| Box::pin(delete_region(call)))
        .requires(Permission::ManageControllers)
        .doc("Refused: `ironraft cluster remove` takes a region out of the cluster."),
];

async fn racks(call: Call) -> Result<Reply, Problem> {
    let hostnames = HOSTNAME.all(&call.params);
    let racks = controllers::list_racks(&call.parts.tables, &call.actor, hostnames).await?;
    Ok(Reply::json(&racks.iter().map(rack_shape).collect::<Vec<_>>()))
}

async fn has_rack(call: Call) -> Result<Reply, Problem> {
    let Ok(mac) = MAC_ADDRESS.required(&call.params)?.parse::<MacAddress>() else {
        return Ok(Reply::json(&false));
    };
    let known = controllers::is_registered(&call.parts.tables, &call.actor, mac).await?;
    Ok(Reply::json(&known))
}

async fn rack(call: Call) -> Result<Reply, Problem> {
    let id: SystemId = call.id("system_id", "RackController")?;
    let rack = controllers::get_rack(&call.parts.tables, &call.actor, &id).await?;
    Ok(Reply::json(&rack_shape(&rack)))
}

async fn delete_rack(call: Call) -> Result<Reply, Problem> {
    let id: SystemId = call.id("system_id", "RackController")?;
    let force = FORCE.is_set(&call.params)?;
    controllers::delete_rack(&call.parts.tables, &call.actor, &id, force).await?;
    Ok(Reply::no_content())
}

async fn boot_images(call: Call) -> Result<Reply, Problem> {
    let id: SystemId = call.id("system_id", "RackController")?;
    let (tables, actor) = (&call.parts.tables, &call.actor);
    let rack = controllers::get_rack(tables, actor, &id).await?;
    // It fetches them from the regions when machines ask, so it has what they have.
    let resources =
        if rack.is_connected { boot_resources::list(tables, actor).await? } else { vec![] };
    let whole = resources.iter().filter(|resource| resource.latest_complete().is_some());
    let images = whole.map(|resource| {
        let (arch, kind) = resource.architecture.split_once('/').unwrap_or_default();
        json!({
            "name": resource.name, "architecture": arch, "subarches": [kind], "status": "synced",
        })
    });
    let status = if rack.is_connected { "synced" } else { "unknown" };
    Ok(Reply::json(&json!({
        "images": images.collect::<Vec<_>>(),
        "connected": rack.is_connected,
        "status": status,
    })))
}

async fn update_rack(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params);
    let id: SystemId = call.id("system_id", "RackController")?;
    let rack = controllers::update_rack(&call.parts.tables, &call.actor, &id, &change).await?;
    Ok(Reply::json(&rack_shape(&rack)))
}

async fn update_region(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params);
    let id: SystemId = call.id("system_id", "RegionController")?;
    let region = controllers::update_region(&call.parts.tables, &call.actor, &id, &change).await?;
    Ok(Reply::json(&region_shape(&region)))
}

async fn set_zone(call: Call) -> Result<Reply, Problem> {
    let zone = ZONE.required(&call.params)?;
    let nodes = NODES.items(&call.params).unwrap_or_default();
    controllers::set_zone(&call.parts.tables, &call.actor, &nodes, &zone).await?;
    Ok(Reply::json(&()))
}

async fn delete_region(call: Call) -> Result<Reply, Problem> {
    let id: SystemId = call.id("system_id", "RegionController")?;
    let region = controllers::get_region(&call.parts.tables, &call.actor, &id).await?;
    let message = format!(
        "Region {} is a member of the cluster: `ironraft cluster remove` takes it out.",
        region.region.hostname
    );
    Err(Problem::text(Kind::Invalid, message))
}

fn change(params: &Params) -> ControllerChange {
    ControllerChange { description: DESCRIPTION.given(params), zone: ZONE.named(params) }
}

async fn regions(call: Call) -> Result<Reply, Problem> {
    let regions = controllers::list_regions(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&regions.iter().map(region_shape).collect::<Vec<_>>()))
}

async fn region(call: Call) -> Result<Reply, Problem> {
    let id: SystemId = call.id("system_id", "RegionController")?;
    let region = controllers::get_region(&call.parts.tables, &call.actor, &id).await?;
    Ok(Reply::json(&region_shape(&region)))
}

/// The shape of a rack.
pub(crate) fn rack_shape(detail: &RackDetail) -> Controller {
    let rack = &detail.rack;
    let (status, info) =
        if detail.is_connected { ("running", "") } else { ("dead", "no session with a region") };
    // A session shows that the process runs; of what it serves, nothing is reported.
    let parts = ["dhcpd", "tftp", "http", "dns_rack"].map(|name| service(name, "unknown", ""));
    let time = time_service("ntp_rack", detail.time.as_ref());
    let service_set = [service("rackd", status, info)].into_iter().chain(parts).chain([time]);
    let interfaces = detail.interfaces.iter().enumerate();
    let addresses = detail.interfaces.iter().flat_map(|(_, addresses)| addresses);
    Controller {
        ip_addresses: addresses.map(|(ip, _)| *ip).collect(),
        interface_set: interfaces
            .map(|(id, (interface, addresses))| {
                interface_shape(&rack.system_id, id, interface, addresses)
            })
            .collect(),
        service_set: service_set.collect(),
        version: rack.version.clone(),
        ..blank(&detail.placement, &rack.system_id, &rack.hostname, false)
    }
}

/// The shape of a region.
pub(crate) fn region_shape(detail: &RegionDetail) -> Controller {
    let region = &detail.region;
    Controller {
        ip_addresses: vec![region.address],
        service_set: vec![time_service("ntp_region", detail.time.as_ref())],
        version: region.version.clone(),
        ..blank(&detail.placement, &region.system_id, &region.hostname, true)
    }
}

fn service(name: &str, status: &str, info: &str) -> Service {
    Service { name: name.to_owned(), status: status.to_owned(), status_info: info.to_owned() }
}

/// A time service as it was told last.
fn time_service(name: &str, state: Option<&TimeState>) -> Service {
    match state {
        Some(state) => service(name, state.name(), &state.info()),
        None => service(name, "unknown", ""),
    }
}

fn blank(
    placement: &Placement,
    system_id: &SystemId,
    hostname: &str,
    is_region: bool,
) -> Controller {
    let domain = shapes::domain(&placement.domain);
    let (node_type, name, path) = if is_region {
        (3, "Region controller", "regioncontrollers")
    } else {
        (2, "Rack controller", "rackcontrollers")
    };
    Controller {
        system_id: system_id.clone(),
        hostname: hostname.to_owned(),
        fqdn: format!("{hostname}.{}", domain.name),
        domain: Some(domain),
        zone: placement.zone.as_deref().map(Into::into),
        description: placement.description.clone(),
        hardware_uuid: None,
        architecture: String::new(),
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
    }
}

fn interface_shape(
    system_id: &SystemId,
    id: usize,
    interface: &controller::ControllerInterface,
    addresses: &[AddressDetail],
) -> ControllerInterface {
    let links = addresses.iter().enumerate().map(|(id, (ip, subnet))| ControllerLink {
        id,
        mode: "static".to_owned(),
        ip_address: *ip,
        subnet: subnet.as_deref().map(shapes::subnet),
    });
    let links: Vec<ControllerLink> = links.collect();
    let vlan = links.iter().find_map(|link| link.subnet.as_ref().map(|subnet| subnet.vlan.clone()));
    ControllerInterface {
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
    }
}
