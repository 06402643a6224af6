//! The folder of boot programs. Names are taken as firmware writes them: with either slash, with
//! doubled or leading slashes; nothing outside the folder can be named.
//!
//! Firmware of which it is not known that Secure Boot is off is told to load `bootx64.efi`. That is shim, which
//! firmware knows by Microsoft's signature, and which loads `grubx64.efi` from beside itself: a signed GRUB. Both
//! are found in the folder, or where packages of Debian and Ubuntu put them; without both of them it is iPXE, which
//! nobody has signed.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

/// The largest file that is served by TFTP, in bytes; larger ones go over HTTP.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// What firmware is told to load.
const FIRST_PROGRAM: &str = "bootx64.efi";
/// What shim loads.
const GRUB: &str = "grubx64.efi";
/// The name under which operators may put a shim of their own into the folder.
const SHIM: &str = "shimx64.efi";
/// What firmware is told to load without both.
const IPXE: &str = "snponly.efi";

/// Why a file is not served.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is none of that name.
    #[error("file {name} is not here")]
    NotFound {
        /// The name that was asked for.
        name: String,
    },
    /// The name leads out of the folder.
    #[error("file name {name} is not allowed")]
    Outside {
        /// The name that was asked for.
        name: String,
    },
    /// It is there and cannot be read.
    #[error("file {name} cannot be read: {reason}")]
    Unreadable {
        /// The name that was asked for.
        name: String,
        /// Why.
        reason: String,
    },
}

/// Programs that are signed for Secure Boot, outside the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPrograms {
    /// shim, signed by Microsoft.
    pub shim: PathBuf,
    /// GRUB with what it needs to boot from the network, signed by whom that shim trusts.
    pub grub: PathBuf,
}

impl SignedPrograms {
    /// Where the packages `shim-signed` and `grub-efi-amd64-signed` have them.
    #[must_use]
    pub fn of_packages() -> Self {
        Self {
            shim: "/usr/lib/shim/shimx64.efi.signed".into(),
            grub: "/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed".into(),
        }
    }
}

/// A folder whose files are served, read-only.
#[derive(Debug, Clone)]
pub struct BootFolder {
    root: PathBuf,
    signed: Option<SignedPrograms>,
}

impl BootFolder {
    /// The files below `root`.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root, signed: None }
    }

    /// The same, with signed programs where the folder has none.
    #[must_use]
    pub fn with_signed(mut self, signed: SignedPrograms) -> Self {
        self.signed = Some(signed);
        self
    }

    /// Whether machines with Secure Boot find here what they can boot.
    pub async fn serves_secure_boot(&self) -> bool {
        self.signed_pair().await.is_some()
    }

    /// The content of a file.
    ///
    /// # Errors
    /// See [`FileError`].
    pub async fn read(&self, name: &str) -> Result<Bytes, FileError> {
        let path = self.path_of(&relative(name)?).await;
        let unreadable = |reason: String| FileError::Unreadable { name: name.to_owned(), reason };
        let metadata = match tokio::fs::metadata(&path).await {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(_) => return Err(FileError::NotFound { name: name.to_owned() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(FileError::NotFound { name: name.to_owned() });
            }
            Err(error) => return Err(unreadable(error.to_string())),
        };
        if metadata.len() > FILE_BYTES_MAX {
            return Err(unreadable(format!("{} bytes are too many for TFTP", metadata.len())));
        }
        let content = tokio::fs::read(&path).await;
        content.map(Bytes::from).map_err(|error| unreadable(error.to_string()))
    }

    /// The file that a name stands for.
    async fn path_of(&self, name: &Path) -> PathBuf {
        let own = self.root.join(name);
        if (name != Path::new(FIRST_PROGRAM) && name != Path::new(GRUB)) || is_file(&own).await {
            return own;
        }
        match self.signed_pair().await {
            Some(SignedPrograms { shim, .. }) if name == Path::new(FIRST_PROGRAM) => shim,
            Some(SignedPrograms { grub, .. }) => grub,
            None if name == Path::new(FIRST_PROGRAM) => self.root.join(IPXE),
            None => own,
        }
    }

    /// shim and GRUB, if both are here. They are looked for each time: packages may be installed meanwhile.
    async fn signed_pair(&self) -> Option<SignedPrograms> {
        let (shim, grub) = (self.root.join(SHIM), self.root.join(GRUB));
        let other = self.signed.as_ref();
        Some(SignedPrograms {
            shim: first_file([Some(shim), other.map(|signed| signed.shim.clone())]).await?,
            grub: first_file([Some(grub), other.map(|signed| signed.grub.clone())]).await?,
        })
    }
}

async fn first_file(candidates: [Option<PathBuf>; 2]) -> Option<PathBuf> {
    for path in candidates.into_iter().flatten() {
        if is_file(&path).await {
            return Some(path);
        }
    }
    None
}

async fn is_file(path: &Path) -> bool {
    tokio::fs::metadata(path).await.is_ok_and(|metadata| metadata.is_file())
}

pub(super) fn relative(name: &str) -> Result<PathBuf, FileError> {
    let name_with_slashes = name.replace('\\', "/");
    let parts: Vec<&str> =
        name_with_slashes.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.is_empty() || parts.contains(&"..") || name.contains('\0') {
        return Err(FileError::Outside { name: name.to_owned() });
    }
    Ok(parts.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_firmware_are_understood() {
        for name in ["a/b.efi", "/a/b.efi", "//a//b.efi", "a\\b.efi", "./a/b.efi"] {
            assert_eq!(relative(name).unwrap(), PathBuf::from("a/b.efi"), "{name}");
        }
    }

    #[tokio::test]
    async fn firmware_gets_shim_where_its_grub_is_too_and_ipxe_elsewhere() {
        let (folder, packages) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file =
            |path: PathBuf| std::fs::write(&path, path.file_name().unwrap().as_encoded_bytes());
        let (own, other) = (folder.path(), packages.path());
        let signed = SignedPrograms { shim: other.join("shim"), grub: other.join("grub") };
        let boot = BootFolder::new(own.to_owned()).with_signed(signed);
        let read = async |name: &str| {
            let content = boot.read(name).await.ok()?;
            Some(String::from_utf8(content.to_vec()).unwrap())
        };
        assert_eq!(read("bootx64.efi").await, None);
        file(own.join("snponly.efi")).unwrap();
        file(other.join("shim")).unwrap();
        assert_eq!(read("bootx64.efi").await.unwrap(), "snponly.efi", "shim alone boots nothing");
        assert_eq!(read("grubx64.efi").await, None);
        assert!(!boot.serves_secure_boot().await);
        file(other.join("grub")).unwrap();
        assert!(boot.serves_secure_boot().await);
        assert_eq!(read("//bootx64.efi").await.unwrap(), "shim");
        assert_eq!(read("/grubx64.efi").await.unwrap(), "grub");
        // What the operator put there goes before.
        file(own.join("shimx64.efi")).unwrap();
        file(own.join("grubx64.efi")).unwrap();
        assert_eq!(read("bootx64.efi").await.unwrap(), "shimx64.efi");
        assert_eq!(read("grubx64.efi").await.unwrap(), "grubx64.efi");
        file(own.join("bootx64.efi")).unwrap();
        assert_eq!(read("bootx64.efi").await.unwrap(), "bootx64.efi");
        assert_eq!(read("snponly.efi").await.unwrap(), "snponly.efi");
    }

    #[test]
    fn names_outside_the_folder_are_refused() {
        for name in ["", "/", "../etc/passwd", "a/../../b", "..\\x", "a/.."] {
            assert!(matches!(relative(name), Err(FileError::Outside { .. })), "{name}");
        }
    }
}
