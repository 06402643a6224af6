//! What a simulated machine has on its disk: the files that an installation wrote.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, bail};
use model::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An installed system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// The hash of the image it was made from.
    pub image_sha256: String,
    /// Its full name.
    pub fqdn: String,
    /// The files that were written for cloud-init, path to content.
    pub files: BTreeMap<String, Secret>,
}

impl Installed {
    /// Reads the disk; `None` when it is empty.
    ///
    /// # Errors
    /// When the disk's file cannot be read.
    pub fn load(disk: &Path) -> anyhow::Result<Option<Self>> {
        let text = match fs::read_to_string(disk) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => bail!("cannot read {}: {error}", disk.display()),
        };
        Ok(Some(serde_json::from_str(&text).context("the disk's content")?))
    }

    /// Writes the disk, as a whole or not at all: the machine may be switched off at any time.
    ///
    /// # Errors
    /// When the disk's file cannot be written.
    pub fn store(&self, disk: &Path) -> anyhow::Result<()> {
        let new = disk.with_extension("new");
        let text = serde_json::to_string_pretty(self).context("the disk's content")?;
        fs::write(&new, text).with_context(|| format!("cannot write {}", new.display()))?;
        fs::rename(&new, disk).with_context(|| format!("cannot write {}", disk.display()))
    }

    /// Erases the disk.
    ///
    /// # Errors
    /// When the disk's file cannot be removed.
    pub fn erase(disk: &Path) -> anyhow::Result<()> {
        match fs::remove_file(disk) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                bail!("cannot erase {}: {error}", disk.display())
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// A value of the configuration that cloud-init would read: the files that are JSON (and so
    /// YAML), searched for `pointer`.
    #[must_use]
    pub fn setting(&self, pointer: &str) -> Option<String> {
        self.files.values().find_map(|content| {
            let value: Value = serde_json::from_str(content.expose()).ok()?;
            value.pointer(pointer)?.as_str().map(str::to_owned)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Installed;

    #[test]
    fn what_was_installed_is_there_until_it_is_erased() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let disk = folder.path().join("disk.json");
        assert_eq!(Installed::load(&disk).expect("no disk is empty"), None);
        let content = r#"{"datasource": {"MAAS": {"metadata_url": "http://x/"}}}"#;
        let files = BTreeMap::from([("/etc/cloud/a.cfg".to_owned(), content.into())]);
        let installed =
            Installed { image_sha256: "0a".to_owned(), fqdn: "a.maas".to_owned(), files };
        installed.store(&disk).expect("stored");
        let read = Installed::load(&disk).expect("readable").expect("something");
        assert_eq!(read, installed);
        assert_eq!(read.setting("/datasource/MAAS/metadata_url").as_deref(), Some("http://x/"));
        Installed::erase(&disk).expect("erased");
        Installed::erase(&disk).expect("erased twice");
        assert_eq!(Installed::load(&disk).expect("readable"), None);
    }
}
