//! `nodes/{system_id}/devices/`: PCI and USB devices in a node.

use api::node_devices::NodeDevice;
use model::access::Permission;
use model::id::SystemId;
use model::machine::hardware::Device;
use ops::machine::node_devices;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::refused::Refused;
use crate::reply::Reply;

const ALL: &str = "nodes/{system_id}/devices/";
const ONE: &str = "nodes/{system_id}/devices/{id}/";

const BUS: Param<String> = Param::text("bus", "Only those on this bus, `PCIE` or `USB`.");
const VENDOR_ID: Param<String> = Param::text("vendor_id", "Only those with this vendor id.");
const PRODUCT_ID: Param<String> = Param::text("product_id", "Only those with this product id.");
const VENDOR_NAME: Param<String> = Param::text("vendor_name", "Only those of this vendor.");
const PRODUCT_NAME: Param<String> = Param::text("product_name", "Only those of this name.");
const DRIVER: Param<String> =
    Param::text("commissioning_driver", "Only those with this kernel driver.");

/// What nothing says of a device.
const KIND: Refused = Refused::new(
    &["hardware_type"],
    "What sort of hardware a device is, is not known: leave it out.",
);

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("NodeDevicesHandler", ALL, |call| Box::pin(list(call)))
        .doc("List the PCI and USB devices in a node.")
        .params(&[
            BUS.optional(),
            VENDOR_ID.optional(),
            PRODUCT_ID.optional(),
            VENDOR_NAME.optional(),
            PRODUCT_NAME.optional(),
            DRIVER.optional(),
        ])
        .refuses(&[KIND]),
    Operation::get("NodeDeviceHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a device in a node, by its number, its PCI address or its place on a USB bus."),
    Operation::delete("NodeDeviceHandler", ONE, |call| Box::pin(delete(call)))
        .reserved(Permission::EditMachine)
        .doc("Forget a device in a machine until the machine is examined again."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let params = &call.params;
    let bus = BUS.named(params).map(|bus| bus.to_ascii_lowercase());
    let (vendor_id, product_id) = (VENDOR_ID.named(params), PRODUCT_ID.named(params));
    let (vendor, product) = (VENDOR_NAME.named(params), PRODUCT_NAME.named(params));
    let driver = DRIVER.named(params);
    if let Some(bus) = bus.as_deref().filter(|bus| !["pcie", "usb"].contains(bus)) {
        return Err(Problem::field("bus", format!("'{bus}' is no bus: PCIE or USB.")));
    }
    let system_id = system_id(&call)?;
    let found = node_devices::list(&call.parts.tables, &call.actor, &system_id).await?;
    let is = |wanted: &Option<String>, text: &str| {
        wanted.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(text))
    };
    let meant = found.iter().filter(|device| {
        is(&vendor_id, &device.vendor_id)
            && is(&product_id, &device.product_id)
            && is(&vendor, &device.vendor_name)
            && is(&product, &device.product_name)
            && is(&driver, &device.driver)
            && bus.as_deref().is_none_or(|bus| (bus == "usb") == (device.bus == "usb"))
    });
    Ok(Reply::json(&meant.map(|device| shape(&system_id, device)).collect::<Vec<_>>()))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let (id, device) = (system_id(&call)?, call.segment("id"));
    let found = node_devices::get(&call.parts.tables, &call.actor, &id, device).await?;
    Ok(Reply::json(&shape(&id, &found)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let (id, device) = (system_id(&call)?, call.segment("id"));
    node_devices::delete(&call.parts.tables, &call.actor, &id, device).await?;
    Ok(Reply::no_content())
}

fn system_id(call: &Call) -> Result<SystemId, Problem> {
    call.id("system_id", "Node")
}

fn shape(system_id: &SystemId, device: &Device) -> NodeDevice {
    let (place, is_usb) = (device.place(), device.bus == "usb");
    let id = place.number;
    NodeDevice {
        id,
        bus: if is_usb { 2 } else { 1 },
        bus_name: if is_usb { "USB" } else { "PCIE" }.to_owned(),
        hardware_type: 0,
        hardware_type_name: "Node".to_owned(),
        system_id: system_id.clone(),
        numa_node: 0,
        physical_blockdevice: None,
        physical_interface: None,
        vendor_id: device.vendor_id.clone(),
        product_id: device.product_id.clone(),
        vendor_name: device.vendor_name.clone(),
        product_name: device.product_name.clone(),
        commissioning_driver: device.driver.clone(),
        bus_number: place.bus,
        device_number: place.device,
        pci_address: (!is_usb).then(|| device.address.clone()),
        resource_uri: format!("/MAAS/api/2.0/nodes/{system_id}/devices/{id}/"),
    }
}
