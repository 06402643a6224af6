//! Installs an operating system on the disks of a machine.
//!
//! `plan` decides every step beforehand; this file carries the plan out. It always begins by stopping and wiping what
//! is on the disks, so it can be started at any time, whatever an earlier system or an earlier try has left behind.

mod action;
mod error;
mod files;
mod flat;
#[cfg(test)]
mod generated;
pub mod in_memory;
mod plan;
#[cfg(test)]
mod real;
mod target;

use std::borrow::Cow;

use api::agent::{Install, ReportedDisk};
use model::machine::storage::curtin::Item;

use crate::command::{CommandError, Invocation};
use crate::image::{self, Image, ImageError};
use crate::inventory::disk::{DisksError, by_id_links, disks};
use crate::inventory::identity;
use crate::inventory::tools::read;
use crate::journal::Journal;
use crate::region::RegionClient;
use crate::storage::{StorageError, inspect};
use action::{Action, ROOT, Step};
use error::PlanError;
use target::{Identifiers, Target};

/// Damaged downloads and passing faults of a disk are worth another try, but not many.
const TRIES: u32 = 3;

/// Why nothing was installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The disks are not known.
    #[error(transparent)]
    Disks(#[from] DisksError),
    /// What stands on the disks is not known.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The order does not fit to the machine.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A tool failed.
    #[error("{step}: {source}")]
    Step {
        /// The step's title.
        step: String,
        /// Why.
        source: CommandError,
    },
    /// The image did not arrive, or not well.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The machine has too little memory to run the image in it.
    #[error(
        "image {sha256} does not fit into memory: {free_mib} MiB are free, and it needs {needed_mib} MiB at least"
    )]
    Memory {
        /// The image.
        sha256: String,
        /// The free memory.
        free_mib: u64,
        /// What it needs.
        needed_mib: u64,
    },
}

/// Installs what is ordered; a failed try is repeated from the start.
///
/// # Errors
/// When the last try failed, or the order cannot be carried out at all.
pub async fn install(
    region: &RegionClient,
    order: &Install,
    journal: &Journal,
) -> Result<(), InstallError> {
    in_tries(journal, async || attempt(region, order, journal).await).await
}

/// Does something once more from the start when it failed in a way that may pass.
async fn in_tries(
    journal: &Journal,
    attempt: impl AsyncFn() -> Result<(), InstallError>,
) -> Result<(), InstallError> {
    let mut tried = 1;
    loop {
        match attempt().await {
            Err(error) if tried < TRIES && error.is_worth_another_try() => {
                journal
                    .warn(&format!("{error}; attempt {tried} of {TRIES} failed, starting again"));
                tried += 1;
            }
            result => return result,
        }
    }
}

impl InstallError {
    /// Whether the same order may succeed when it is tried again.
    fn is_worth_another_try(&self) -> bool {
        match self {
            Self::Plan(_) | Self::Image(ImageError::Type { .. }) | Self::Memory { .. } => false,
            Self::Disks(_) | Self::Storage(_) | Self::Step { .. } | Self::Image(_) => true,
        }
    }
}

async fn attempt(
    region: &RegionClient,
    order: &Install,
    journal: &Journal,
) -> Result<(), InstallError> {
    let target =
        Target { disks: disks().await?, links: by_id_links(), firmware: identity::firmware() };
    let items = items(order, &target)?;
    let identifiers = Identifiers::choose(&items, &mut || read("/proc/sys/kernel/random/uuid"));
    let steps = plan::plan(order, &items, &target, &identifiers)?;
    let clearing = plan::clear_disks(&items, &target, &inspect().await?)?;
    carry_out(region, order.into(), &[clearing], journal).await?;
    let result = carry_out(region, order.into(), &steps, journal).await;
    let release = Invocation::new("umount", ["--recursive", ROOT]);
    if result.is_err()
        && let Err(error) = release.run().await
    {
        journal.detail(&error.to_string());
    }
    result
}

async fn carry_out(
    region: &RegionClient,
    image: Image<'_>,
    steps: &[Step],
    journal: &Journal,
) -> Result<(), InstallError> {
    for step in steps {
        journal.step(&step.title);
        for action in &step.actions {
            match action {
                Action::Unpack => image::unpack(region, image, ROOT, journal).await?,
                Action::Run(invocation) => {
                    let output = invocation.run().await;
                    let output = output.map_err(|source| InstallError::Step {
                        step: step.title.clone(),
                        source,
                    })?;
                    journal.detail(&format!("{invocation}\n{output}"));
                }
                Action::Attempt(invocation) => match invocation.run().await {
                    Ok(output) => journal.detail(&format!("{invocation}\n{output}")),
                    Err(error) => journal.detail(&format!("not needed: {error}")),
                },
            }
        }
    }
    Ok(())
}

/// What is ordered of the disks.
fn items<'a>(order: &'a Install, target: &Target) -> Result<Cow<'a, [Item]>, PlanError> {
    if !order.storage.is_empty() {
        return Ok(Cow::Borrowed(&order.storage));
    }
    let disk = choose_disk(&target.disks, order)?;
    Ok(Cow::Owned(flat::items(disk, target.firmware)))
}

/// The disk with the ordered serial number; without one, the one of the ordered name.
fn choose_disk<'a>(
    disks: &'a [ReportedDisk],
    order: &Install,
) -> Result<&'a ReportedDisk, PlanError> {
    let serial = order.disk_serial.as_str();
    let chosen = disks.iter().find(|disk| {
        if serial.is_empty() { disk.name == order.disk } else { disk.serial == serial }
    });
    chosen.ok_or_else(|| PlanError::NoDisk {
        disk: order.disk.clone(),
        serial: serial.to_owned(),
        present: disks.iter().map(|disk| disk.name.as_str()).collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use api::agent::ReportedDisk;

    use super::choose_disk;
    use super::plan::tests::order;

    #[test]
    fn serial_number_decides_over_the_name() {
        let disk = |name: &str, serial: &str| ReportedDisk {
            name: name.to_owned(),
            serial: serial.to_owned(),
            ..ReportedDisk::default()
        };
        let disks = [disk("sda", "S1"), disk("sdb", "S2")];
        let mut order = order();
        order.disk = "sda".to_owned();
        order.disk_serial = "S2".to_owned();
        assert_eq!(choose_disk(&disks, &order).expect("found").name, "sdb");
        order.disk_serial.clear();
        assert_eq!(choose_disk(&disks, &order).expect("found").name, "sda");
        order.disk_serial = "S3".to_owned();
        let error = choose_disk(&disks, &order).expect_err("not there").to_string();
        assert_eq!(error, "disk sda (serial \"S3\") is not in the machine, which has: sda, sdb");
    }
}
