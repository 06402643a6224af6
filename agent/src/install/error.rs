//! Why an installation cannot be planned.

/// Why an order cannot be planned.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A disk of the storage configuration is not there.
    #[error("disk {disk} (serial {serial:?}) is not in the machine, which has: {present}")]
    NoDisk {
        /// Its kernel name.
        disk: String,
        /// Its serial number.
        serial: String,
        /// The names of those that are.
        present: String,
    },
    /// An item is made of something that is not described before it.
    #[error("the storage configuration makes {item} of {names}, which is not described before it")]
    Unknown {
        /// The item.
        item: String,
        /// What it names.
        names: String,
    },
    /// A file system of a type that cannot be made.
    #[error("{item}: file systems of type {fstype:?} cannot be made")]
    FileSystem {
        /// The item.
        item: String,
        /// The type.
        fstype: String,
    },
    /// A UUID is none.
    #[error("{item}: {value:?} is no UUID")]
    Uuid {
        /// The item.
        item: String,
        /// What it has.
        value: String,
    },
    /// Nothing is mounted at `/`.
    #[error("the storage configuration mounts no file system at /")]
    NoRoot,
    /// The machine boots by UEFI, and the configuration is for a BIOS.
    #[error(
        "the machine boots by UEFI, and the storage configuration mounts no EFI system partition at /boot/efi"
    )]
    NoEsp,
}
