//! Deployments that run in memory: which machines can be deployed so, and what their agents are told.

use api::agent::RunInMemory;
use model::boot::in_memory::{BESIDE_MIB, memory_min_mib};
use model::error::Kind;
use model::machine::{Deployment, Machine};

use crate::error::Refusal;
use crate::machine::{credentials, deploy};
use tables::error::TableError;
use tables::tx::Tx;

/// The cluster version from which on systems run in memory. A region of an earlier one would have them installed.
const SINCE: u32 = 9;

/// Whether an image can run in the memory of a machine, as far as is known before it is unpacked.
///
/// # Errors
/// [`Refusal`] where it cannot.
pub(super) fn check(tx: &Tx, machine: &Machine, image: &Deployment) -> Result<(), Refusal> {
    if tx.cluster_version() < SINCE {
        let message = "Not all regions know deployments in memory yet: upgrade them first.";
        return Err(Refusal::with_message(Kind::Conflict, message));
    }
    let (has, needed) = (machine.hardware.memory_mib, memory_min_mib(image.image_bytes));
    if has == 0 || has >= needed {
        return Ok(());
    }
    let (name, packed) = (&image.distro_series, needed - BESIDE_MIB);
    let message = format!(
        "Image '{name}' does not fit into the memory of the machine, which has {has} MiB: packed it has \
         {packed} MiB, and {BESIDE_MIB} MiB are needed beside it."
    );
    Err(Refusal::field("ephemeral_deploy", message))
}

/// What the agent of a machine is told; none where nothing is to be run.
///
/// # Errors
/// [`TableError`].
pub(super) fn order(
    tx: &mut Tx,
    machine: &Machine,
    rack: &str,
) -> Result<Option<RunInMemory>, TableError> {
    let Some(deployment) = &machine.deployment else { return Ok(None) };
    let token = credentials::current(tx, machine)?;
    let files = deploy::target_files(tx, machine, &token, rack)?;
    Ok(Some(RunInMemory {
        image_sha256: deployment.image_sha256.clone(),
        image_bytes: deployment.image_bytes,
        image_type: deployment.image_type.clone(),
        fqdn: deploy::fqdn(tx, machine)?,
        files,
    }))
}
