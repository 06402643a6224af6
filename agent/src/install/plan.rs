//! What an installation does, as data: from an order and a target to a list of steps.
//!
//! Pure, so that every command an installation runs can be read in a snapshot.

use api::agent::Install;
use model::machine::hardware::Firmware;

use super::files;
use crate::command::Invocation;

/// Where the new root file system is mounted.
pub(super) const ROOT: &str = "/target";

/// GPT partition types.
const BIOS_BOOT: &str = "21686148-6449-6E6F-744E-656564454649";
const EFI_SYSTEM: &str = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
const LINUX_ROOT: &str = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709";

/// The disk and how the machine boots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// `/dev/vda`.
    pub device: String,
    /// How it was booted, and so will be.
    pub firmware: Firmware,
    /// Names of the new file systems.
    pub identifiers: Identifiers,
}

/// Random names that are chosen beforehand, so that the plan is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identifiers {
    /// The root file system's UUID.
    pub root_uuid: String,
    /// The EFI system partition's volume id: eight hexadecimal digits, upper case.
    pub esp_volume_id: String,
}

/// A named group of actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// For people: `making file systems`.
    pub title: String,
    /// In this order.
    pub actions: Vec<Action>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// A command that must succeed.
    Run(Invocation),
    /// A command that may fail because there is nothing to do.
    Attempt(Invocation),
    /// Download, check and unpack the image.
    Unpack,
}

impl Identifiers {
    /// Derives both from one random UUID.
    #[must_use]
    pub(super) fn from_uuid(uuid: &str) -> Self {
        let esp_volume_id =
            uuid.chars().filter(char::is_ascii_hexdigit).take(8).collect::<String>();
        Self { root_uuid: uuid.to_owned(), esp_volume_id: esp_volume_id.to_ascii_uppercase() }
    }
}

impl Target {
    /// The volume id of the EFI system partition, when there is one.
    #[must_use]
    pub(super) fn esp_volume_id(&self) -> Option<&str> {
        (self.firmware == Firmware::Uefi).then_some(self.identifiers.esp_volume_id.as_str())
    }

    /// `/dev/vda2`, but `/dev/nvme0n1p2`.
    fn partition(&self, number: u32) -> String {
        let separator = if self.device.ends_with(|c: char| c.is_ascii_digit()) { "p" } else { "" };
        format!("{}{separator}{number}", self.device)
    }
}

/// The whole installation.
#[must_use]
pub(super) fn plan(order: &Install, target: &Target) -> Vec<Step> {
    vec![
        step("unmounting the disk", vec![attempt("umount", &["--recursive", ROOT])]),
        step(&format!("partitioning {}", target.device), partition(target)),
        step("making file systems", make_file_systems(target)),
        step("unpacking image", vec![Action::Unpack]),
        step("writing configuration", configure(order, target)),
        step("installing boot loader", boot_loader(target)),
        step(
            "writing everything to disk",
            vec![
                run("umount", &["--recursive", ROOT]),
                run("sync", &[]),
                run("blockdev", &["--flushbufs", &target.device]),
            ],
        ),
    ]
}

/// One program call makes the whole table: `sfdisk` also removes old signatures and tells the
/// kernel. (`sgdisk` does the same and sleeps for seconds.)
fn partition(target: &Target) -> Vec<Action> {
    let (size, kind, name) = match target.firmware {
        Firmware::Bios => ("1M", BIOS_BOOT, "bios-boot"),
        Firmware::Uefi => ("256M", EFI_SYSTEM, "efi-system"),
    };
    let table = format!(
        "label: gpt\nsize={size}, type={kind}, name={name}\ntype={LINUX_ROOT}, name=root\n"
    );
    let options = ["--wipe=always", "--wipe-partitions=always", "--lock=no", &target.device];
    vec![
        Action::Run(Invocation::new("sfdisk", options).stdin(&table)),
        run("udevadm", &["settle", "--timeout=30"]),
    ]
}

fn make_file_systems(target: &Target) -> Vec<Action> {
    let root = target.partition(2);
    let uuid = target.identifiers.root_uuid.as_str();
    let mut actions = vec![
        // Inode tables are initialised later, by the running system.
        run(
            "mkfs.ext4",
            &["-q", "-F", "-L", "root", "-U", uuid, "-E", "lazy_itable_init=1", &root],
        ),
        run("mkdir", &["-p", ROOT]),
        // Until the end nothing here is worth a barrier: a crash starts the installation over.
        run("mount", &["-t", "ext4", "-o", "noatime,nobarrier,commit=300", &root, ROOT]),
    ];
    if let Some(id) = target.esp_volume_id() {
        let esp = target.partition(1);
        let mount_point = format!("{ROOT}/boot/efi");
        actions.push(run("mkfs.vfat", &["-F", "32", "-n", "ESP", "-i", id, &esp]));
        actions.push(run("mkdir", &["-p", &mount_point]));
        actions.push(run("mount", &["-t", "vfat", &esp, &mount_point]));
    }
    actions
}

fn configure(order: &Install, target: &Target) -> Vec<Action> {
    let mut actions = vec![
        write("/etc/fstab", &files::fstab(target)),
        write("/etc/hostname", &files::hostname(&order.fqdn)),
        write("/etc/hosts", &files::hosts(&order.fqdn)),
        write("/etc/default/grub.d/50-ironraft.cfg", files::GRUB_DEFAULTS),
    ];
    actions.extend(order.files.iter().map(|(path, content)| write(path, content.expose())));
    actions
}

fn boot_loader(target: &Target) -> Vec<Action> {
    let mut actions: Vec<Action> = ["/dev", "/proc", "/sys"]
        .iter()
        .map(|path| run("mount", &["--rbind", path, &format!("{ROOT}{path}")]))
        .collect();
    let device = target.device.as_str();
    actions.push(match target.firmware {
        Firmware::Bios => chroot(&["grub-install", "--target=i386-pc", device]),
        // The path that firmware takes without a boot entry, which another firmware would lose.
        Firmware::Uefi => chroot(&[
            "grub-install",
            "--target=x86_64-efi",
            "--efi-directory=/boot/efi",
            "--removable",
            "--no-nvram",
        ]),
    });
    let script = files::grub_menu(&target.identifiers.root_uuid);
    actions.push(chroot(&["/bin/sh", "-c", &script]));
    actions
}

fn step(title: &str, actions: Vec<Action>) -> Step {
    Step { title: title.to_owned(), actions }
}

fn run(program: &str, arguments: &[&str]) -> Action {
    Action::Run(Invocation::new(program, arguments.iter().copied()))
}

fn attempt(program: &str, arguments: &[&str]) -> Action {
    Action::Attempt(Invocation::new(program, arguments.iter().copied()))
}

fn chroot(command: &[&str]) -> Action {
    run("chroot", &[&[ROOT], command].concat())
}

/// Writes a file inside the new root: there, the image's symbolic links mean what they should.
fn write(path: &str, content: &str) -> Action {
    let script = "mkdir -p \"${1%/*}\" && cat >\"$1\" && chmod \"$2\" \"$1\"";
    let arguments = [ROOT, "/bin/sh", "-c", script, "sh", path, files::mode(path)];
    Action::Run(Invocation::new("chroot", arguments).stdin(content))
}

#[cfg(test)]
pub(super) mod tests {
    use api::agent::Install;
    use model::machine::hardware::Firmware;

    use super::{Action, Identifiers, Target, plan};
    use crate::install::files::fstab;

    pub(in crate::install) fn order() -> Install {
        let datasource = "/etc/cloud/cloud.cfg.d/90_datasource.cfg".to_owned();
        Install {
            disk: "vda".to_owned(),
            disk_serial: String::new(),
            image_sha256: "ab".repeat(32),
            image_bytes: 1000,
            image_type: "root-tgz".to_owned(),
            fqdn: "web-1.maas".to_owned(),
            files: [(datasource, "datasource_list: [MAAS]\n".into())].into(),
        }
    }

    fn target(device: &str, firmware: Firmware) -> Target {
        let identifiers = Identifiers::from_uuid("0f1e2d3c-1111-4222-8333-444455556666");
        Target { device: device.to_owned(), firmware, identifiers }
    }

    fn printed(target: &Target) -> String {
        let mut lines = Vec::new();
        for step in plan(&order(), target) {
            lines.push(format!("# {}", step.title));
            lines.extend(step.actions.iter().map(|action| match action {
                Action::Run(invocation) => invocation.to_string(),
                Action::Attempt(invocation) => format!("{invocation} || true"),
                Action::Unpack => "(unpack the image)".to_owned(),
            }));
        }
        lines.join("\n")
    }

    #[test]
    fn bios_machine_gets_a_bios_boot_partition() {
        insta::assert_snapshot!(printed(&target("/dev/vda", Firmware::Bios)));
    }

    #[test]
    fn uefi_machine_gets_an_efi_system_partition() {
        insta::assert_snapshot!(printed(&target("/dev/nvme0n1", Firmware::Uefi)));
    }

    #[test]
    fn file_system_table_names_what_the_plan_makes() {
        let bios = fstab(&target("/dev/vda", Firmware::Bios));
        let root =
            "UUID=0f1e2d3c-1111-4222-8333-444455556666 / ext4 defaults,errors=remount-ro 0 1\n";
        assert_eq!(bios, root);
        let uefi = fstab(&target("/dev/vda", Firmware::Uefi));
        assert_eq!(uefi, format!("{root}UUID=0F1E-2D3C /boot/efi vfat umask=0077 0 1\n"));
    }
}
