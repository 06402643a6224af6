//! What a machine is installed from, and how, as MAAS tells it: in the form of curtin's configuration. The agent
//! gets it in another form, with credentials that do not stand here.

use model::access::Actor;
use model::error::Kind;
use model::id::SystemId;
use model::machine::status::Status;
use serde_json::{Value, json};

use crate::details::Details;
use crate::error::Refusal;
use crate::machine::{deploy, machines};
use tables::update::Tables;

/// The configuration of a machine's deployment.
///
/// # Errors
/// [`Refusal`] where it is not in a deployment.
pub async fn curtin_config(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
) -> Result<Value, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    let machine = machines::readable(details.view(), actor, id)?;
    let status = Status::of(&machine.lifecycle);
    if !matches!(status, Status::Deploying | Status::Deployed | Status::FailedDeployment) {
        let message = format!("Machine {} is not in a deployment state.", machine.hostname);
        return Err(Refusal::with_message(Kind::Invalid, message));
    }
    let mut config = deploy::network_config(details.view(), &machine, "")?;
    if let Some(deployment) = &machine.deployment {
        config["sources"] = json!({ "root_image": {
            "type": deployment.image_type,
            "uri": format!("sha256:{}", deployment.image_sha256),
        } });
    }
    if let Some(disk) = machine.block_devices.iter().find(|disk| disk.boot) {
        let disk = json!({
            "id": disk.name,
            "name": disk.name,
            "type": "disk",
            "model": disk.model,
            "serial": disk.serial,
            "wipe": "superblock",
            "grub_device": true,
        });
        config["storage"] = json!({ "version": 1, "config": [disk] });
    }
    Ok(config)
}
