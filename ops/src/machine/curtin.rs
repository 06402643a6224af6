//! What a machine is installed from, and how, as MAAS tells it: in the form of curtin's configuration. The agent
//! gets it in another form, with credentials that do not stand here.

use model::access::Actor;
use model::error::Kind;
use model::id::SystemId;
use model::machine::status::Status;
use model::machine::storage::curtin::{Flag, Item};
use model::machine::storage::{render, size};
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
    let items = render::of_machine(&machine);
    if !items.is_empty() {
        let items: Vec<Value> = items.iter().map(as_curtin_has_it).collect();
        config["storage"] = json!({ "version": 1, "config": items });
    }
    Ok(config)
}

/// An item with what curtin has to be told besides: what is taken off a device first, and where the first partition begins.
fn as_curtin_has_it(item: &Item) -> Value {
    let mut told = json!(item);
    match item {
        Item::Disk(_) => told["wipe"] = json!("superblock"),
        Item::Partition(partition) => {
            if partition.number == 1 {
                told["offset"] = json!(format!("{}B", size::FIRST_PARTITION_AT));
            }
            match partition.flag {
                Some(Flag::BiosGrub) => told["wipe"] = json!("zero"),
                Some(Flag::Prep) => {
                    told["wipe"] = json!("zero");
                    told["grub_device"] = json!(true);
                }
                Some(Flag::Extended) => {}
                Some(Flag::Boot | Flag::Logical) | None => told["wipe"] = json!("superblock"),
            }
        }
        Item::Mount(mount) => {
            if let Some(fstype) = &mount.fstype {
                told["spec"] = json!(fstype);
            }
        }
        Item::LvmVolgroup(_)
        | Item::LvmPartition(_)
        | Item::Raid(_)
        | Item::Bcache(_)
        | Item::Format(_) => {}
    }
    told
}
