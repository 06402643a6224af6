//! What an installation does, as data: from an order and a target to a list of steps.
//!
//! Pure, so that every command an installation runs can be read in a snapshot. What is made of the disks comes as
//! items in the words of curtin; each kind of them has a file of its own here.

mod bcache;
mod boot_loader;
mod capacity;
mod disks;
mod filesystems;
mod grub;
mod layout;
mod lvm;
mod mounts;
mod raid;

use std::collections::BTreeSet;

use api::agent::Install;
use model::machine::storage::curtin::Item;

use super::action::{Action, ROOT, Step, attempt, run, step, write};
use super::error::PlanError;
use super::files;
use super::target::{Identifiers, Target};
use crate::storage::clear::{Clearing, clear, stop_array, stop_cache};
use crate::storage::found::Found;
use layout::Layout;
#[cfg(test)]
pub(super) use layout::below;

/// Stops and wipes what stands on the disks of the items from earlier, an earlier try of this installation
/// included.
///
/// # Errors
/// When a disk is not there, or an item names one that is not.
pub(super) fn clear_disks(
    items: &[Item],
    target: &Target,
    found: &Found,
) -> Result<Step, PlanError> {
    let layout = Layout::new(items, target)?;
    let disks: Vec<&str> = layout.disks().map(|(_, disk)| disk.name.as_str()).collect();
    let Clearing { stop, wipe_partitions, wipe_disks } = clear(found, &disks);
    let mut actions = vec![attempt("umount", &["--recursive", ROOT])];
    actions.extend(stop.into_iter().chain(wipe_partitions).map(Action::Attempt));
    actions.extend(wipe_disks.into_iter().map(Action::Run));
    // A disk that had a table and gets none still has its partitions.
    actions.extend(
        disks.iter().map(|name| attempt("blockdev", &["--rereadpt", &format!("/dev/{name}")])),
    );
    actions.push(run("udevadm", &["settle", "--timeout=60"]));
    Ok(step(&format!("clearing {}", disks.join(", ")), actions))
}

/// The whole installation, on disks that are cleared.
///
/// # Errors
/// When the items do not fit to each other or to the machine.
pub(super) fn plan(
    order: &Install,
    items: &[Item],
    target: &Target,
    identifiers: &Identifiers,
) -> Result<Vec<Step>, PlanError> {
    let layout = Layout::new(items, target)?;
    let mut steps = disks::partition_disks(&layout, target.firmware)?;
    steps.extend(combine(&layout, order, identifiers)?);
    let made = layout
        .formats()
        .map(|format| filesystems::make(format, layout.path(&format.volume), identifiers));
    steps.push(step("making file systems", made.collect::<Result<_, _>>()?));
    steps.push(step("mounting file systems", mounts::mount(&layout)?));
    steps.push(step("unpacking image", vec![Action::Unpack]));
    steps.push(step("writing configuration", configure(order, &layout, identifiers)?));
    let system =
        boot_loader::System { firmware: target.firmware, kernel_options: &order.kernel_options };
    let boot = boot_loader::install(&layout, identifiers, system)?;
    steps.push(step("installing boot loader", boot));
    steps.push(step("writing everything to disk", finish(&layout)));
    Ok(steps)
}

/// Arrays, cached devices and volumes, in their order.
fn combine(
    layout: &Layout<'_>,
    order: &Install,
    identifiers: &Identifiers,
) -> Result<Vec<Step>, PlanError> {
    let (mut steps, mut caches) = (Vec::new(), BTreeSet::new());
    for item in layout.items() {
        let (title, actions) = match item {
            Item::Raid(raid) => {
                let host = files::short_name(&order.fqdn);
                let actions = raid::make(layout, raid, identifiers, host)?;
                (format!("making array {}", raid.name), actions)
            }
            Item::Bcache(bcache) => {
                let is_new = caches.insert(bcache.cache_device.as_str());
                let actions = bcache::make(layout, bcache, identifiers, is_new)?;
                (format!("making cached device {}", bcache.name), actions)
            }
            Item::LvmVolgroup(group) => {
                let mut actions = lvm::make_group(layout, group);
                actions.extend(lvm::make_volumes(layout, group));
                actions.push(run("udevadm", &["settle", "--timeout=60"]));
                (format!("making volume group {}", group.name), actions)
            }
            Item::Disk(_)
            | Item::Partition(_)
            | Item::LvmPartition(_)
            | Item::Format(_)
            | Item::Mount(_) => continue,
        };
        steps.push(step(&title, actions));
    }
    Ok(steps)
}

fn configure(
    order: &Install,
    layout: &Layout<'_>,
    identifiers: &Identifiers,
) -> Result<Vec<Action>, PlanError> {
    let mut actions = vec![
        write("/etc/fstab", &mounts::fstab(layout, identifiers)?),
        write("/etc/hostname", &files::hostname(&order.fqdn)),
        write("/etc/hosts", &files::hosts(&order.fqdn)),
        write("/etc/default/grub.d/50-ironraft.cfg", &files::grub_defaults(&order.kernel_options)),
    ];
    let arrays = raid::configuration(layout, identifiers);
    actions.extend(arrays.map(|text| write("/etc/mdadm/mdadm.conf", &text)));
    actions.extend(order.files.iter().map(|(path, content)| write(path, content.expose())));
    actions.extend(mounts::folders(layout));
    Ok(actions)
}

/// Ends the use of everything in the order of its making, reversed, so that arrays and caches are found clean.
fn finish(layout: &Layout<'_>) -> Vec<Action> {
    let mut actions = vec![run("umount", &["--recursive", ROOT])];
    for item in layout.items().iter().rev() {
        match item {
            Item::LvmVolgroup(group) => {
                actions.push(attempt("vgchange", &["--activate=n", &group.name]));
            }
            Item::Raid(raid) => {
                actions.push(Action::Attempt(stop_array(layout.path(&raid.id))));
            }
            Item::Bcache(bcache) => {
                let parts = [&bcache.backing_device, &bcache.cache_device];
                let paths = parts.map(|id| layout.path(id));
                actions.extend(paths.map(|path| Action::Attempt(stop_cache(path))));
            }
            Item::Disk(_)
            | Item::Partition(_)
            | Item::LvmPartition(_)
            | Item::Format(_)
            | Item::Mount(_) => {}
        }
    }
    actions.push(run("sync", &[]));
    let disks = layout.disks().map(|(disk, _)| layout.path(&disk.id));
    actions.extend(disks.map(|path| run("blockdev", &["--flushbufs", path])));
    actions
}

#[cfg(test)]
mod repeated;
#[cfg(test)]
pub(super) mod tests;
