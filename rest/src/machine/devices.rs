//! `devices/`: what has a name and addresses and is never deployed.

use std::collections::BTreeMap;

use api::field_errors::FieldErrors;
use model::access::Permission;
use model::id::SystemId;
use model::mac::MacAddress;
use ops::machine::devices::{self, DeviceChange, DeviceDetail, NewDevice};
use ops::machine::nodes as all_nodes;

use crate::call::Call;
use crate::machine::constraints::LIST;
use crate::machine::machines::{OAUTH, filter_of};
use crate::machine::{by_mac, device_shape, nodes};
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::refused::Refused;
use crate::reply::Reply;

const HANDLER: &str = "DevicesHandler";
const PATH: &str = "devices/";
const ONE_HANDLER: &str = "DeviceHandler";
const ONE: &str = "devices/{system_id}/";

const MAC_ADDRESSES: Param<String> = Param::text("mac_addresses", "Its hardware addresses.");
const HOSTNAME: Param<String> = Param::text("hostname", "Its name; generated if it is absent.");
const DESCRIPTION: Param<String> = Param::text("description", "Free text.");
const DOMAIN: Param<String> =
    Param::text("domain", "Its domain, by name or id; by default that of its parent.");
const ZONE: Param<String> = Param::text("zone", "Its zone, by name or id.");
const PARENT: Param<String> =
    Param::text("parent", "The machine or device that it goes with, by id or name.");
const KEY: Param<String> =
    Param::text("key", "Any name but `op`; an empty value takes the note away.");

/// What devices are not.
const DEPLOYED: &[Refused] =
    &[Refused::new(&["swap_size", "disable_ipv4"], "Devices are not deployed: leave it out.")];

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(HANDLER, PATH, |call| Box::pin(list(call)))
        .any_name()
        .doc("List devices.")
        .params(LIST),
    by_mac::registered(HANDLER, PATH),
    by_mac::action_in_progress(HANDLER, PATH),
    Operation::post(HANDLER, PATH, |call| Box::pin(create(call)))
        .requires(Permission::EditDevice)
        .doc("Create a device, which is the caller's.")
        .params(&[
            MAC_ADDRESSES.repeated(),
            HOSTNAME.optional(),
            DESCRIPTION.optional(),
            DOMAIN.optional(),
            PARENT.optional(),
            ZONE.optional(),
        ])
        .refuses(DEPLOYED),
    Operation::post(HANDLER, PATH, |call| Box::pin(nodes::set_zone(call)))
        .op("set_zone")
        .doc("Set the zone of devices; all or none.")
        .params(&[nodes::ZONE.needed(), nodes::NODES.repeated()]),
    Operation::get(ONE_HANDLER, ONE, |call| Box::pin(read(call))).doc("Read a device."),
    Operation::put(ONE_HANDLER, ONE, |call| Box::pin(update(call)))
        .requires(Permission::EditDevice)
        .doc("Update a device.")
        .params(&[
            HOSTNAME.described("Its name.").optional(),
            DESCRIPTION.optional(),
            DOMAIN.optional(),
            PARENT.optional(),
            ZONE.optional(),
        ])
        .refuses(DEPLOYED),
    Operation::delete(ONE_HANDLER, ONE, |call| Box::pin(delete(call)))
        .requires(Permission::EditDevice)
        .doc("Delete a device, also the devices that go with it."),
    Operation::get(ONE_HANDLER, ONE, |call| Box::pin(power_parameters(call)))
        .op("power_parameters")
        .of_now()
        .requires(Permission::ReadMachineSecrets)
        .doc("The power parameters of a device: none."),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(annotate(call)))
        .op("set_workload_annotations")
        .requires(Permission::EditDevice)
        .any_name()
        .doc("Note something of a device.")
        .params(&[KEY.repeated()]),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(annotate(call)))
        .op("set_owner_data")
        .requires(Permission::EditDevice)
        .any_name()
        .doc("Note something of a device: as set_workload_annotations.")
        .params(&[KEY.repeated()]),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(restore(call)))
        .op("restore_networking_configuration")
        .requires(Permission::EditMachine)
        .doc("Take the addresses of a device away, and link its first interface to its VLAN."),
    Operation::post(ONE_HANDLER, ONE, |call| Box::pin(restore(call)))
        .op("restore_default_configuration")
        .requires(Permission::EditMachine)
        .doc("As restore_networking_configuration: a device has no disks."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let filter = filter_of(&call.params, &[])?;
    let devices = devices::list(&call.parts.tables, &call.actor, &filter).await?;
    Ok(Reply::json_list(devices.map(|found| Ok::<_, Problem>(device_shape::device(&found?)))))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let device = devices::get(&call.parts.tables, &call.actor, &id(&call)?).await?;
    Ok(answer(&device))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let wanted = NewDevice {
        hostname: HOSTNAME.named(&call.params),
        description: DESCRIPTION.named(&call.params).unwrap_or_default(),
        domain: DOMAIN.named(&call.params),
        zone: ZONE.named(&call.params),
        parent: PARENT.named(&call.params),
        macs: macs(&call.params)?,
    };
    let device = devices::create(&call.parts.tables, &call.actor, &wanted).await?;
    Ok(answer(&device))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let change = DeviceChange {
        hostname: HOSTNAME.named(&call.params),
        description: DESCRIPTION.given(&call.params),
        domain: DOMAIN.named(&call.params),
        zone: ZONE.named(&call.params),
        parent: PARENT
            .given(&call.params)
            .map(|parent| Some(parent).filter(|parent| !parent.is_empty())),
    };
    let device = devices::update(&call.parts.tables, &call.actor, &id(&call)?, &change).await?;
    Ok(answer(&device))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    devices::delete(&call.parts.tables, &call.actor, &id(&call)?).await?;
    Ok(Reply::no_content())
}

async fn power_parameters(call: Call) -> Result<Reply, Problem> {
    let device = devices::get(&call.parts.tables, &call.actor, &id(&call)?).await?;
    let (tables, id) = (&call.parts.tables, &device.device.system_id);
    Ok(Reply::json(&all_nodes::power_parameters(tables, &call.actor, id).await?))
}

async fn annotate(call: Call) -> Result<Reply, Problem> {
    let sent = call.params.iter().filter(|(name, _)| !name.starts_with(OAUTH));
    let notes: BTreeMap<String, String> = sent
        .map(|(name, values)| (name.to_owned(), values.last().cloned().unwrap_or_default()))
        .collect();
    let device = devices::annotate(&call.parts.tables, &call.actor, &id(&call)?, &notes).await?;
    Ok(answer(&device))
}

async fn restore(call: Call) -> Result<Reply, Problem> {
    let id = id(&call)?;
    let device = devices::restore_networking(&call.parts.tables, &call.actor, &id).await?;
    Ok(answer(&device))
}

fn id(call: &Call) -> Result<SystemId, Problem> {
    call.id("system_id", "Device")
}

fn macs(params: &Params) -> Result<Vec<MacAddress>, Problem> {
    let mut errors = FieldErrors::default();
    let mut macs = Vec::new();
    for value in MAC_ADDRESSES.items(params).unwrap_or_default() {
        match value.parse::<MacAddress>() {
            Ok(mac) => macs.push(mac),
            Err(_) => errors.add("mac_addresses", format!("'{value}' is not a valid MAC address.")),
        }
    }
    errors.finish()?;
    Ok(macs)
}

fn answer(detail: &DeviceDetail) -> Reply {
    Reply::json(&device_shape::device(detail))
}
