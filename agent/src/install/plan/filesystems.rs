//! File systems and swap space.

use std::time::Duration;

use model::machine::storage::curtin::Format;

use crate::command::Invocation;
use crate::install::action::Action;
use crate::install::error::PlanError;
use crate::install::target::Identifiers;

/// Large and slow disks take their time, above all to forget what they held.
const TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// Makes a file system on a device.
///
/// # Errors
/// When it is of a type that cannot be made.
pub(super) fn make(
    format: &Format,
    path: &str,
    identifiers: &Identifiers,
) -> Result<Action, PlanError> {
    let uuid = identifiers.of(&format.id);
    let (program, options, label, label_length): (&str, Vec<String>, &str, usize) =
        match Family::of(format)? {
            // Inode tables are initialised later, by the running system.
            Family::Ext(program) => {
                let lazy = ["-q", "-F", "-E", "lazy_itable_init=1", "-U", uuid];
                (program, lazy.map(str::to_owned).to_vec(), "-L", 16)
            }
            Family::Xfs => (
                "mkfs.xfs",
                vec!["-q".to_owned(), "-f".to_owned(), format!("-muuid={uuid}")],
                "-L",
                12,
            ),
            Family::Btrfs => (
                "mkfs.btrfs",
                ["--quiet", "--force", "--uuid", uuid].map(str::to_owned).to_vec(),
                "--label",
                255,
            ),
            Family::Fat(bits) => {
                let mut options = vec!["-i".to_owned(), fat_id(uuid)];
                options.extend(bits.map(|bits| format!("-F{bits}")));
                ("mkfs.vfat", options, "-n", 11)
            }
            Family::Swap => {
                ("mkswap", ["--force", "--uuid", uuid].map(str::to_owned).to_vec(), "--label", 15)
            }
        };
    let mut arguments = options;
    if let Some(text) = format.label.as_deref().filter(|text| !text.is_empty()) {
        arguments.extend([label.to_owned(), text.chars().take(label_length).collect()]);
    }
    arguments.push(path.to_owned());
    Ok(Action::Run(Invocation::new(program, arguments).within(TIMEOUT)))
}

/// How a file system is made and known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// By this program.
    Ext(&'static str),
    Xfs,
    Btrfs,
    /// With so many bits in its table, if it is said.
    Fat(Option<u8>),
    Swap,
}

impl Family {
    /// That of a format.
    ///
    /// # Errors
    /// When it is of a type that cannot be made.
    pub(super) fn of(format: &Format) -> Result<Self, PlanError> {
        match format.fstype.as_str() {
            "ext2" => Ok(Self::Ext("mkfs.ext2")),
            "ext3" => Ok(Self::Ext("mkfs.ext3")),
            "ext4" => Ok(Self::Ext("mkfs.ext4")),
            "xfs" => Ok(Self::Xfs),
            "btrfs" => Ok(Self::Btrfs),
            "fat32" => Ok(Self::Fat(Some(32))),
            "fat16" => Ok(Self::Fat(Some(16))),
            "fat" | "vfat" => Ok(Self::Fat(None)),
            "swap" => Ok(Self::Swap),
            other => {
                Err(PlanError::FileSystem { item: format.id.clone(), fstype: other.to_owned() })
            }
        }
    }

    /// Its name for `mount` and `/etc/fstab`.
    pub(super) fn mount_type(self) -> &'static str {
        match self {
            Self::Ext(program) => program.trim_start_matches("mkfs."),
            Self::Xfs => "xfs",
            Self::Btrfs => "btrfs",
            Self::Fat(_) => "vfat",
            Self::Swap => "swap",
        }
    }

    /// What it is mounted with while it is installed on. Until the end nothing here is worth a barrier: a crash starts
    /// the installation over.
    pub(super) fn install_options(self) -> &'static str {
        match self {
            Self::Ext("mkfs.ext4") => "noatime,nobarrier,commit=300",
            Self::Btrfs => "noatime,nobarrier,commit=300",
            Self::Ext(_) | Self::Xfs | Self::Fat(_) | Self::Swap => "noatime",
        }
    }

    /// Whether it is checked at boot, as the number of `/etc/fstab`: the root file system before others.
    pub(super) fn check_order(self, is_root: bool) -> u8 {
        match self {
            Self::Ext(_) | Self::Fat(_) if is_root => 1,
            Self::Ext(_) | Self::Fat(_) => 2,
            Self::Xfs | Self::Btrfs | Self::Swap => 0,
        }
    }

    /// The UUID by which it is found, of the one it is made with.
    pub(super) fn found_by(self, uuid: &str) -> String {
        match self {
            Self::Fat(_) => {
                let id = fat_id(uuid);
                format!("{}-{}", &id[..4], &id[4..])
            }
            Self::Ext(_) | Self::Xfs | Self::Btrfs | Self::Swap => uuid.to_owned(),
        }
    }
}

/// The volume id of a FAT: the first eight hexadecimal digits, upper case.
fn fat_id(uuid: &str) -> String {
    let digits: String = uuid.chars().filter(char::is_ascii_hexdigit).take(8).collect();
    format!("{digits:0<8}").to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::{Family, fat_id};

    #[test]
    fn volume_ids_of_fat_are_the_beginning_of_a_uuid() {
        assert_eq!(fat_id("0f1e2d3c-1111-4222-8333-444455556666"), "0F1E2D3C");
        assert_eq!(fat_id("ABCD-1234"), "ABCD1234");
        assert_eq!(fat_id("12"), "12000000");
        assert_eq!(Family::Fat(Some(32)).found_by("0f1e2d3c-1111"), "0F1E-2D3C");
    }

    #[test]
    fn the_root_is_checked_first_and_what_checks_itself_never() {
        let order = |family: Family, is_root| family.check_order(is_root);
        assert_eq!(order(Family::Ext("mkfs.ext4"), true), 1);
        assert_eq!(order(Family::Fat(None), false), 2);
        assert_eq!(order(Family::Xfs, true), 0);
    }
}
