//! Disks.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use testkit::lab::inside::Inside;
use testkit::lab::machine::{Firmware, Parts};
use testkit::operator::number;

use super::inspect::{above, addresses, is_well, mounted};
use super::machine::{Configured, replace_disk};
use super::networks::{
    asks_for_an_address, first_card, has_an_address_of_its_own, is_given_an_address,
};

const GIB: u64 = 1 << 30;
const ONE_DISK: Parts = Parts::ONE;
const TWO_DISKS: Parts = Parts { disks: 2, cards: 1 };

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_with_uefi_has_its_root_on_a_logical_volume() {
    let machine = Configured::ready("uefi-lvm", Firmware::Uefi, ONE_DISK).await;
    let machine = machine.expect("a machine");
    let outcome = on_a_logical_volume(&machine).await;
    machine.keep().expect("logs are kept");
    outcome.expect("it is as configured");
}

async fn on_a_logical_volume(machine: &Configured) -> anyhow::Result<()> {
    machine.ask("set_storage_layout", &[("storage_layout", "lvm")]).await?;
    let inside = machine.deployed().await?;
    is_well(&inside)?;
    let root = mounted(&inside, "/")?;
    ensure!(root == ("/dev/mapper/vgroot-lvroot".to_owned(), "ext4".to_owned()), "{root:?}");
    ensure!(mounted(&inside, "/boot/efi")?.1 == "vfat");
    let volumes = inside.json("volumes")?;
    let volume = &volumes["report"][0]["lv"][0];
    ensure!(volume["lv_name"] == "lvroot" && volume["vg_name"] == "vgroot", "{volumes}");
    Ok(())
}

/// What boots and is mounted on two disks goes on with either of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_with_a_bios_boots_from_an_array_that_has_lost_a_disk() {
    let machine = Configured::ready("bios-raid1", Firmware::Bios, TWO_DISKS).await;
    let machine = machine.expect("a machine");
    let outcome = on_an_array(&machine).await;
    machine.keep().expect("logs are kept");
    outcome.expect("it is as configured");
}

async fn on_an_array(machine: &Configured) -> anyhow::Result<()> {
    mirrored(machine, Firmware::Bios).await?;
    let inside = machine.deployed().await?;
    is_well(&inside)?;
    ensure!(mounted(&inside, "/")? == ("/dev/md0".to_owned(), "ext4".to_owned()));
    ensure!(inside.text("arrays").contains("[2/2] [UU]"), "{}", inside.text("arrays"));
    let bare = machine.restarted(|folder| replace_disk(folder, 1)).await?;
    ensure!(mounted(&bare, "/")?.0 == "/dev/md0");
    let arrays = bare.text("arrays");
    ensure!(arrays.contains("[2/1]"), "{arrays}");
    Ok(())
}

/// A partition of each disk, and a RAID 1 of both with the root file system.
pub(super) async fn mirrored(machine: &Configured, firmware: Firmware) -> anyhow::Result<()> {
    machine.ask("set_storage_layout", &[("storage_layout", "blank")]).await?;
    if firmware == Firmware::Uefi {
        let disk = disks(machine).await?.remove(0);
        formatted_partition(machine, &disk, GIB / 2, "fat32", "/boot/efi").await?;
    }
    let device = array(machine, 4 * GIB).await?;
    format_and_mount(machine, &format!("blockdevices/{device}/"), "ext4", "/").await
}

/// A RAID 1 of a partition of each disk: the id of the device.
async fn array(machine: &Configured, size: u64) -> anyhow::Result<String> {
    let mut partitions = Vec::new();
    for disk in disks(machine).await? {
        partitions.push(partition(machine, &disk, size).await?);
    }
    let mut form = vec![("name", "md0"), ("level", "raid-1")];
    form.extend(partitions.iter().map(|partition| ("partitions", partition.as_str())));
    let array = machine.post("raids/", &form).await?;
    number(&array["virtual_device"]["id"])
}

/// A RAID 1 with a volume group: volumes for the root, for data and for swapping.
pub(super) async fn volumes_on_an_array(machine: &Configured) -> anyhow::Result<()> {
    machine.ask("set_storage_layout", &[("storage_layout", "blank")]).await?;
    let device = array(machine, 5 * GIB).await?;
    let form = [("name", "vg0"), ("block_devices", device.as_str())];
    let group = number(&machine.post("volume-groups/", &form).await?["id"])?;
    let volumes = [
        ("root", 3 * GIB, "ext4", "/"),
        ("data", GIB, "xfs", "/srv"),
        ("swap", GIB / 2, "swap", "none"),
    ];
    for (name, size, fstype, mount_point) in volumes {
        let (path, size) =
            (format!("volume-group/{group}/?op=create_logical_volume"), size.to_string());
        let volume = machine.post(&path, &[("name", name), ("size", &size)]).await?;
        let path = format!("blockdevices/{}/", number(&volume["id"])?);
        format_and_mount(machine, &path, fstype, mount_point).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_with_a_bios_has_its_root_behind_a_cache() {
    let machine = Configured::ready("bios-bcache", Firmware::Bios, TWO_DISKS).await;
    let machine = machine.expect("a machine");
    let outcome = behind_a_cache(&machine).await;
    machine.keep().expect("logs are kept");
    outcome.expect("it is as configured");
}

async fn behind_a_cache(machine: &Configured) -> anyhow::Result<()> {
    cached(machine).await?;
    let address = has_an_address_of_its_own(machine).await?;
    let inside = machine.deployed().await?;
    is_well(&inside)?;
    let told = addresses(&inside, &first_card(machine).await?)?;
    ensure!(told.iter().any(|told| told.starts_with(&format!("{address}/"))), "{told:?}");
    let root = mounted(&inside, "/")?;
    ensure!(root == ("/dev/bcache0".to_owned(), "ext4".to_owned()), "{root:?}");
    ensure!(mounted(&inside, "/boot")?.1 == "ext4");
    let cached = [above(&inside, "/dev/vda")?, above(&inside, "/dev/vdb")?];
    let has_it = |above: &Vec<String>| above.contains(&"/dev/bcache0".to_owned());
    ensure!(cached.iter().all(has_it), "{cached:?}");
    Ok(())
}

/// The layout with a cache, on a disk that does not say that it is an SSD.
async fn cached(machine: &Configured) -> anyhow::Result<()> {
    let cache = disks(machine).await?.pop().context("a disk for the cache")?;
    let form = [("storage_layout", "bcache"), ("cache_device", &cache)];
    machine.ask("set_storage_layout", &form).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_with_uefi_has_xfs_swap_and_a_file_system_in_memory() {
    let machine = Configured::ready("uefi-custom", Firmware::Uefi, ONE_DISK).await;
    let machine = machine.expect("a machine");
    let outcome = of_parts(&machine).await;
    machine.keep().expect("logs are kept");
    outcome.expect("it is as configured");
}

async fn of_parts(machine: &Configured) -> anyhow::Result<()> {
    parts(machine).await?;
    asks_for_an_address(machine).await?;
    let inside = machine.deployed().await?;
    is_well(&inside)?;
    ensure!(mounted(&inside, "/")?.1 == "xfs");
    ensure!(mounted(&inside, "/boot")?.1 == "ext4");
    ensure!(mounted(&inside, "/boot/efi")?.1 == "vfat");
    ensure!(inside.text("swaps").lines().count() == 2, "{}", inside.text("swaps"));
    ensure!(mounted(&inside, "/scratch")? == ("tmpfs".to_owned(), "tmpfs".to_owned()));
    is_given_an_address(machine, &inside).await
}

/// Partitions with a root of XFS, swap space, and a file system in memory.
async fn parts(machine: &Configured) -> anyhow::Result<()> {
    machine.ask("set_storage_layout", &[("storage_layout", "blank")]).await?;
    let disk = disks(machine).await?.remove(0);
    let parts = [
        (GIB / 2, "fat32", "/boot/efi"),
        (GIB, "ext4", "/boot"),
        (GIB / 2, "swap", "none"),
        (3 * GIB, "xfs", "/"),
    ];
    for (size, fstype, mount_point) in parts {
        formatted_partition(machine, &disk, size, fstype, mount_point).await?;
    }
    let scratch = [("fstype", "tmpfs"), ("mount_point", "/scratch"), ("mount_options", "size=64M")];
    machine.ask("mount_special", &scratch).await?;
    Ok(())
}

/// A machine that is given back and configured otherwise shows nothing of what it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_is_deployed_over_other_layouts_has_nothing_left_of_them() {
    let machine = Configured::ready("uefi-again", Firmware::Uefi, TWO_DISKS).await;
    let mut machine = machine.expect("a machine");
    let outcome = again(&mut machine).await;
    machine.keep().expect("logs are kept");
    outcome.expect("it is as configured");
}

/// One layout after the other: what is found then is what each is made of, and no more.
async fn again(machine: &mut Configured) -> anyhow::Result<()> {
    cached(machine).await?;
    has_only(&machine.deployed().await?, &["PMBR", "bcache", "ext4", "gpt", "vfat"])?;
    machine.taken_back().await?;
    mirrored(machine, Firmware::Uefi).await?;
    has_only(&machine.deployed().await?, &["PMBR", "ext4", "gpt", "linux_raid_member", "vfat"])?;
    machine.taken_back().await?;
    machine.ask("set_storage_layout", &[("storage_layout", "lvm")]).await?;
    let inside = machine.deployed().await?;
    has_only(&inside, &["LVM2_member", "PMBR", "ext4", "gpt", "vfat"])?;
    is_bare(&inside, "/dev/vdb")?;
    machine.taken_back().await?;
    machine.ask("set_storage_layout", &[("storage_layout", "flat")]).await?;
    let inside = machine.deployed().await?;
    is_well(&inside)?;
    has_only(&inside, &["PMBR", "ext4", "gpt", "vfat"])?;
    is_bare(&inside, "/dev/vdb")?;
    for question in ["volumes", "groups", "physical volumes"] {
        let told = inside.text(question);
        ensure!(!told.contains("_name"), "{question}: {told}");
    }
    ensure!(!inside.text("arrays").contains("md"), "{}", inside.text("arrays"));
    Ok(())
}

/// These are all signatures on all devices.
fn has_only(inside: &Inside, wanted: &[&str]) -> anyhow::Result<()> {
    let text = inside.text("signatures");
    let found: BTreeSet<&str> =
        text.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    ensure!(found.iter().eq(wanted), "there should be {wanted:?}, and there is {text}");
    Ok(())
}

fn is_bare(inside: &Inside, device: &str) -> anyhow::Result<()> {
    let above = above(inside, device)?;
    ensure!(above.is_empty(), "{device} has {above:?}");
    Ok(())
}

/// The ids of the disks, in their order.
async fn disks(machine: &Configured) -> anyhow::Result<Vec<String>> {
    let devices = machine.get("blockdevices/").await?;
    let devices = devices.as_array().context("block devices")?;
    let disks = devices.iter().filter(|device| device["type"] == "physical");
    disks.map(|disk| number(&disk["id"])).collect()
}

/// Makes a partition; returns its id.
async fn partition(machine: &Configured, disk: &str, size: u64) -> anyhow::Result<String> {
    let form = [("size", size.to_string())];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let made = machine.post(&format!("blockdevices/{disk}/partitions/"), &form).await?;
    number(&made["id"])
}

/// Makes a partition with a file system.
async fn formatted_partition(
    machine: &Configured,
    disk: &str,
    size: u64,
    fstype: &str,
    mount_point: &str,
) -> anyhow::Result<()> {
    let partition = partition(machine, disk, size).await?;
    let path = format!("blockdevices/{disk}/partition/{partition}");
    format_and_mount(machine, &path, fstype, mount_point).await
}

async fn format_and_mount(
    machine: &Configured,
    device: &str,
    fstype: &str,
    mount_point: &str,
) -> anyhow::Result<()> {
    machine.post(&format!("{device}?op=format"), &[("fstype", fstype)]).await?;
    machine.post(&format!("{device}?op=mount"), &[("mount_point", mount_point)]).await?;
    Ok(())
}
