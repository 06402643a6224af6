//! What makes the machine boot from its disks: the initramfs of the new system, where its root needs more than
//! a disk, and GRUB.

use std::collections::BTreeSet;
use std::time::Duration;

use model::machine::hardware::Firmware;
use model::machine::storage::curtin::Item;

use super::filesystems::Family;
use super::grub::grub_disks;
use super::layout::Layout;
use super::raid;
use crate::command::Invocation;
use crate::install::action::{Action, ROOT, run};
use crate::install::error::PlanError;
use crate::install::files;
use crate::install::target::Identifiers;

/// Slow machines pack an initramfs, and look at disks, for minutes.
const TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// Adds modules to what an initramfs is made of, for later, and has the one that is there assemble the root: an image of
/// Ironraft's has what it lacks, as an archive for the kernel to unpack after it; of another image it is made anew.
/// The system is not asked to resume from its swap space, which it would wait for.
const MAKE_INITRAMFS: &str = "\
set -e
mkdir -p /etc/initramfs-tools/conf.d
echo '# Written by Ironraft at deployment.' >>/etc/initramfs-tools/modules
for module in \"$@\"; do echo \"$module\" >>/etc/initramfs-tools/modules; done
echo RESUME=none >/etc/initramfs-tools/conf.d/resume
is_made=
for more in /usr/lib/ironraft/initramfs-storage-*; do
    initramfs=/boot/initrd.img-${more#*/initramfs-storage-}
    [ -e \"$more\" ] && [ -e \"$initramfs\" ] || continue
    cd /
    {
        if [ -e etc/mdadm/mdadm.conf ]; then
            printf '%s\\n' etc etc/mdadm etc/mdadm/mdadm.conf | cpio --quiet -o -H newc
        fi
        cat \"$initramfs\" \"$more\"
    } >\"$initramfs.new\"
    mv \"$initramfs.new\" \"$initramfs\"
    is_made=yes
done
[ -z \"$is_made\" ] || exit 0
if ! command -v update-initramfs >/dev/null; then
    echo 'the image has no update-initramfs, and its root file system needs drivers' >&2
    exit 1
fi
update-initramfs -u -k all";

/// Installs GRUB at the path that firmware takes without a boot entry, which another firmware would lose; and one that
/// comes before the network would have firmware not ask the rack any more. Where the image has shim and a signed GRUB,
/// it is these, which boot with Secure Boot and without: that GRUB looks for its configuration in the folder of its
/// distribution. Without the program beside it that makes boot entries, shim starts GRUB. A machine with Secure Boot
/// would boot nothing else.
const INSTALL_ON_ESP: &str = "\
set -e
set -- --target=x86_64-efi --efi-directory=/boot/efi --no-nvram
if [ -e /usr/lib/shim/shimx64.efi.signed ] && [ -e /usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed ]; then
    . /etc/os-release
    grub-install \"$@\" --uefi-secure-boot --bootloader-id=\"$ID\"
    cd /boot/efi/EFI
    mkdir -p BOOT
    cp /usr/lib/shim/shimx64.efi.signed BOOT/BOOTX64.EFI
    cp /usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed BOOT/grubx64.efi
    [ ! -e /usr/lib/shim/mmx64.efi.signed ] || cp /usr/lib/shim/mmx64.efi.signed BOOT/mmx64.efi
    rm -f BOOT/fbx64.efi
    exit 0
fi
variable=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
if [ -e \"$variable\" ] && [ \"$(tail -c 1 \"$variable\" | od -An -tu1 | tr -d ' ')\" = 1 ]; then
    echo 'Secure Boot is on, and the image has no signed boot loader (packages shim-signed and grub-efi-amd64-signed)' >&2
    exit 1
fi
exec grub-install \"$@\" --removable";

/// What is booted, apart from its disks.
#[derive(Debug, Clone, Copy)]
pub(super) struct System<'a> {
    /// How the machine boots.
    pub firmware: Firmware,
    /// What the kernel is told besides.
    pub kernel_options: &'a str,
}

/// Makes the initramfs anew if need be, installs GRUB and writes its menu.
///
/// # Errors
/// When the firmware needs a partition that is not there.
pub(super) fn install(
    layout: &Layout<'_>,
    identifiers: &Identifiers,
    system: System<'_>,
) -> Result<Vec<Action>, PlanError> {
    let mut actions: Vec<Action> = ["/dev", "/proc", "/sys", "/run"]
        .iter()
        .map(|path| run("mount", &["--rbind", path, &format!("{ROOT}{path}")]))
        .collect();
    let modules = root_modules(layout)?;
    if !modules.is_empty() {
        let command = [&["/bin/sh", "-c", MAKE_INITRAMFS, "sh"], &modules[..]].concat();
        actions.push(chroot(&command));
    }
    match system.firmware {
        Firmware::Bios => actions.extend(
            grub_disks(layout)
                .iter()
                .map(|disk| chroot(&["grub-install", "--target=i386-pc", layout.path(&disk.id)])),
        ),
        Firmware::Uefi if layout.mounted_at("/boot/efi").is_none() => return Err(PlanError::NoEsp),
        Firmware::Uefi => actions.push(chroot(&["/bin/sh", "-c", INSTALL_ON_ESP])),
    }
    actions.push(chroot(&[
        "/bin/sh",
        "-c",
        &files::grub_menu(&menu(layout, identifiers, system)?),
    ]));
    Ok(actions)
}

/// Runs a program of the new system.
fn chroot(command: &[&str]) -> Action {
    let arguments = [&[ROOT], command].concat();
    Action::Run(Invocation::new("chroot", arguments).within(TIMEOUT))
}

/// What the first menu of GRUB names.
fn menu<'a>(
    layout: &Layout<'_>,
    identifiers: &Identifiers,
    system: System<'a>,
) -> Result<files::Menu<'a>, PlanError> {
    let uuid = |path: &str| -> Result<Option<String>, PlanError> {
        let Some((_, format)) = layout.mounted_at(path) else { return Ok(None) };
        Ok(Some(Family::of(format)?.found_by(identifiers.of(&format.id))))
    };
    let root_uuid = uuid("/")?.ok_or(PlanError::NoRoot)?;
    let boot_uuid = uuid("/boot")?;
    Ok(files::Menu {
        kernel_options: system.kernel_options,
        has_own_boot: boot_uuid.is_some(),
        boot_uuid: boot_uuid.unwrap_or_else(|| root_uuid.clone()),
        root_uuid,
    })
}

/// All that the file systems stand on which an initramfs mounts.
fn root_stack<'a>(layout: &Layout<'a>) -> Vec<&'a Item> {
    let mounted = ["/", "/usr"].into_iter().filter_map(|path| layout.mounted_at(path));
    mounted.flat_map(|(mount, _)| layout.stack(&mount.id)).collect()
}

/// Modules of the kernel that an initramfs needs for the root beyond those of disks and ext4.
fn root_modules(layout: &Layout<'_>) -> Result<Vec<&'static str>, PlanError> {
    let mut modules = BTreeSet::new();
    for item in root_stack(layout) {
        match item {
            Item::Raid(raid) => {
                modules.insert(raid::personality(raid.raidlevel));
            }
            Item::LvmVolgroup(_) => {
                modules.insert("dm_mod");
            }
            Item::Bcache(_) => {
                modules.insert("bcache");
            }
            Item::Format(format) => match Family::of(format)? {
                Family::Xfs => {
                    modules.insert("xfs");
                }
                Family::Btrfs => {
                    modules.insert("btrfs");
                }
                Family::Ext(_) | Family::Fat(_) | Family::Swap => {}
            },
            Item::Disk(_) | Item::Partition(_) | Item::LvmPartition(_) | Item::Mount(_) => {}
        }
    }
    Ok(modules.into_iter().collect())
}
