//! `BootFiles` on the wire. When they were stored is the region's business.

use model::boot::files::BootFiles;
use model::time::Timestamp;

use crate::rack;

impl From<&BootFiles> for rack::BootFiles {
    fn from(files: &BootFiles) -> Self {
        let BootFiles { architecture, kernel_sha256, initrd_sha256, version, created: _ } = files;
        Self {
            architecture: architecture.clone(),
            kernel_sha256: kernel_sha256.clone(),
            initrd_sha256: initrd_sha256.clone(),
            version: version.clone(),
        }
    }
}

impl From<rack::BootFiles> for BootFiles {
    fn from(files: rack::BootFiles) -> Self {
        Self {
            architecture: files.architecture,
            kernel_sha256: files.kernel_sha256,
            initrd_sha256: files.initrd_sha256,
            version: files.version,
            created: Timestamp::default(),
        }
    }
}
