//! Imports of images (`boot-resources/` and `rackcontrollers/`), as states: nothing is fetched from the internet, and
//! regions and racks copy what they lack by themselves, so an import is over when it begins.

use std::future::ready;

use model::access::{Object, Permission, permits};
use model::id::SystemId;
use ops::cluster::controllers;

use crate::call::Call;
use crate::operation::Operation;
use crate::problem::Problem;
use crate::reply::Reply;

const RESOURCES: &str = "boot-resources/";
const RACKS: &str = "rackcontrollers/";
const RACK: &str = "rackcontrollers/{system_id}/";

/// The operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::post("BootResourcesHandler", RESOURCES, |call| {
        Box::pin(ready(said(&call, "Import of boot resources started")))
    })
    .op("import")
    .reserved(Permission::ManageImages)
    .doc("Nothing is imported: images are uploaded, and regions copy them by themselves."),
    Operation::post("BootResourcesHandler", RESOURCES, |call| {
        Box::pin(ready(said(&call, "Import of boot resources is being stopped")))
    })
    .op("stop_import")
    .reserved(Permission::ManageImages)
    .doc("Nothing is imported, so there is nothing to stop."),
    Operation::get("BootResourcesHandler", RESOURCES, |call| Box::pin(ready(is_importing(&call))))
        .op("is_importing")
        .doc("Whether images are imported: never."),
    Operation::post("RackControllersHandler", RACKS, |call| {
        Box::pin(ready(import_on_racks(&call)))
    })
    .op("import_boot_images")
    .reserved(Permission::ManageImages)
    .doc("Racks get images when machines ask for them, so there is nothing to import."),
    Operation::post("RackControllerHandler", RACK, |call| Box::pin(import_on_rack(call)))
        .op("import_boot_images")
        .reserved(Permission::ManageImages)
        .doc("A rack gets images when machines ask for them, so there is nothing to import."),
];

fn said(call: &Call, message: &'static str) -> Result<Reply, Problem> {
    permits(&call.actor, Permission::ManageImages, &Object::Site)?;
    Ok(Reply::text(message))
}

fn is_importing(call: &Call) -> Result<Reply, Problem> {
    permits(&call.actor, Permission::View, &Object::Site)?;
    Ok(Reply::json(&false))
}

fn import_on_racks(call: &Call) -> Result<Reply, Problem> {
    permits(&call.actor, Permission::ManageImages, &Object::Site)?;
    let message = "Import of boot images started on all rack controllers";
    Ok(Reply::text(message).with_status(202))
}

async fn import_on_rack(call: Call) -> Result<Reply, Problem> {
    permits(&call.actor, Permission::ManageImages, &Object::Site)?;
    let id: SystemId = call.id("system_id", "RackController")?;
    let found = controllers::get_rack(&call.parts.tables, &call.actor, &id).await?;
    let message = format!("Import of boot images started on {}", found.rack.hostname);
    Ok(Reply::text(message).with_status(202))
}
