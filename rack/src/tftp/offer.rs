//! What is served by TFTP, by name: boot programs, and for GRUB, which speaks nothing else, what it is
//! configured by, and the kernel and initial RAM disk of the ephemeral OS.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use model::boot::content::is_sha256;
use model::boot::files::BootFiles;
use model::mac::MacAddress;
use tracing::info;

use crate::config::HTTP_PORT;
use crate::generation::{Generation, Generations};
use crate::http::boot::{decide, summary};
use crate::http::images::ImageCache;
use crate::metrics::Metrics;
use crate::reports::{BootReport, Reports, Stage};
use crate::tftp::content::Content;
use crate::tftp::files::{BootFolder, FileError, relative};
use crate::tftp::grub;

/// What the server answers from.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Boot programs.
    pub boot_files: BootFolder,
    /// The rack's copy of what it serves.
    pub generations: Generations,
    /// Images by hash.
    pub images: Arc<ImageCache>,
    /// What machines were seen to do.
    pub reports: Reports,
    /// Counters.
    pub metrics: Arc<Metrics>,
}

/// What a name stands for.
#[derive(Debug, PartialEq, Eq)]
enum Named<'a> {
    /// What GRUB asks for by itself.
    FirstConfiguration,
    /// What that leads to.
    MachineConfiguration(MacAddress),
    /// A file of the image cache.
    Image(&'a str),
    /// A boot program.
    Program,
}

impl Offer {
    /// What a client that asked this rack at `asked` is sent.
    ///
    /// # Errors
    /// See [`FileError`].
    pub(super) async fn find(
        &self,
        name: &str,
        client: SocketAddr,
        asked: IpAddr,
    ) -> Result<Content, FileError> {
        let path = relative(name)?;
        match named(path.to_str().unwrap_or_default()) {
            Named::FirstConfiguration => Ok(Content::Memory(grub::FIRST.into())),
            Named::MachineConfiguration(mac) => {
                Ok(Content::Memory(self.configuration(mac, client, asked).into()))
            }
            Named::Image(sha256) => self.image(name, sha256).await,
            Named::Program => self.boot_files.read(name).await.map(Content::Memory),
        }
    }

    /// What a machine boots, for GRUB.
    fn configuration(&self, mac: MacAddress, client: SocketAddr, asked: IpAddr) -> String {
        let generation = self.generations.load();
        let boot = decide(&generation, Some(mac), None);
        let detail = summary(&boot);
        info!(mac = %mac, client = %client.ip(), "machine {mac} is told to boot: {detail}");
        self.metrics.boot_scripts.inc();
        self.reports.booted(BootReport {
            mac,
            stage: Stage::Script,
            detail: detail.to_owned(),
            ip: Some(client.ip()),
        });
        grub::render(&boot, mac, SocketAddr::new(asked, HTTP_PORT))
    }

    /// A file of the ephemeral OS: images to deploy are too large for TFTP.
    async fn image(&self, name: &str, sha256: &str) -> Result<Content, FileError> {
        if !is_of_ephemeral(&self.generations.load(), sha256) {
            return Err(FileError::NotFound { name: name.to_owned() });
        }
        let unreadable = |reason: String| FileError::Unreadable { name: name.to_owned(), reason };
        // Nobody else is served while this waits, so it does not wait for a region.
        let Some(path) = self.images.file_if_here(sha256).await else {
            return Err(unreadable("it is being fetched from a region".to_owned()));
        };
        Content::open(&path).await.map_err(|error| unreadable(error.to_string()))
    }
}

fn named(path: &str) -> Named<'_> {
    if path == grub::FIRST_NAME {
        return Named::FirstConfiguration;
    }
    let mac = path.strip_prefix(grub::MACHINES).and_then(|mac| mac.parse().ok());
    let sha256 = path.strip_prefix(grub::IMAGES).filter(|sha256| is_sha256(sha256));
    match (mac, sha256) {
        (Some(mac), _) => Named::MachineConfiguration(mac),
        (None, Some(sha256)) => Named::Image(sha256),
        (None, None) => Named::Program,
    }
}

fn is_of_ephemeral(generation: &Generation, sha256: &str) -> bool {
    let is_of = |files: &BootFiles| files.kernel_sha256 == sha256 || files.initrd_sha256 == sha256;
    generation.boot_files.values().any(|files| is_of(files))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_configurations_images_and_programs() {
        let mac = MacAddress([0x52, 0x54, 0, 1, 2, 3]);
        assert_eq!(named("grub/grub.cfg"), Named::FirstConfiguration);
        for written in ["52:54:00:01:02:03", "52-54-00-01-02-03"] {
            let name = format!("grub/machine/{written}");
            assert_eq!(named(&name), Named::MachineConfiguration(mac));
        }
        let sha256 = "0a".repeat(32);
        assert_eq!(named(&format!("images/{sha256}")), Named::Image(&sha256));
        for other in ["bootx64.efi", "grub/machine/", "images/x", "grub/x86_64-efi/fs.lst"] {
            assert_eq!(named(other), Named::Program, "{other}");
        }
    }
}
