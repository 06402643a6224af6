//! What the rack is told at its start. Everything else comes from the regions.

use std::net::SocketAddr;
use std::path::PathBuf;

use identity::Identity;
use ntp::mode::Mode;

use crate::interfaces::own_hostname;

/// Port of boot files, images and the proxy to the regions.
pub const HTTP_PORT: u16 = 5248;

/// The configuration of a rack process.
#[derive(Debug, Clone)]
pub struct RackConfig {
    /// The folder of the image cache.
    pub data_dir: PathBuf,
    /// The rack's name, the host's by default.
    pub hostname: String,
    /// The rack's certificate and key.
    pub identity: Identity,
    /// gRPC addresses (`host:port`) of the regions of the join, at least one; the others become known
    /// from it, and are kept in the data folder.
    pub regions: Vec<String>,
    /// Where HTTP is served. Boot scripts name the port, so that machines find it.
    pub http_listen: SocketAddr,
    /// Where TFTP is served; none serves no TFTP.
    pub tftp_listen: Option<SocketAddr>,
    /// Where DNS is served, over UDP and TCP; none serves no DNS.
    pub dns_listen: Option<SocketAddr>,
    /// Whether DHCP is served.
    pub dhcp: bool,
    /// What it does with time.
    pub ntp: Mode,
    /// The folder of network boot programs (`undionly.kpxe`, `snponly.efi`, …).
    pub boot_files: PathBuf,
    /// The most bytes that cached images may take.
    pub image_cache_bytes_max: u64,
}

impl RackConfig {
    /// The usual configuration: all services on their standard ports, boot programs from Debian's
    /// `ipxe` package.
    #[must_use]
    pub fn new(data_dir: PathBuf, identity: Identity, regions: Vec<String>) -> Self {
        let any = |port| SocketAddr::from(([0, 0, 0, 0], port));
        Self {
            data_dir,
            hostname: own_hostname(),
            identity,
            regions,
            http_listen: any(HTTP_PORT),
            tftp_listen: Some(any(69)),
            dns_listen: Some(any(53)),
            dhcp: true,
            ntp: Mode::default(),
            boot_files: PathBuf::from("/usr/lib/ipxe"),
            image_cache_bytes_max: 20 << 30,
        }
    }
}
