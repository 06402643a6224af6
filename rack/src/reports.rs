//! What the rack saw machines do, sent to the region for the event log.
//!
//! Reports are best effort: serving a machine never waits for them, and what does not fit in the
//! queue is dropped.

use std::net::IpAddr;
use std::time::Duration;

use model::mac::MacAddress;
use proto::convert::{ip_to_bytes, mac_to_bytes};
use proto::rack::ReportBootRequest;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::debug;

use crate::uplink::Uplink;

const QUEUE: usize = 256;
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// Something a machine did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootReport {
    /// The interface it did it from.
    pub mac: MacAddress,
    /// What it did.
    pub stage: Stage,
    /// Details, for people.
    pub detail: String,
    /// Its address, if known.
    pub ip: Option<IpAddr>,
}

/// The steps of a network boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It asked for an address.
    Dhcp,
    /// It fetched a boot program by TFTP.
    Tftp,
    /// It fetched a boot file by HTTP.
    Http,
    /// It asked what to boot.
    Script,
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Dhcp => "dhcp",
            Self::Tftp => "tftp",
            Self::Http => "http",
            Self::Script => "script",
        }
    }
}

/// Where parts of the rack leave their reports.
#[derive(Debug, Clone)]
pub struct BootReports {
    queue: mpsc::Sender<BootReport>,
}

/// A queue of reports and the task that empties it into `uplink`; runs until all senders are gone.
pub fn boot_reports(uplink: Uplink) -> (BootReports, impl Future<Output = ()> + Send) {
    let (queue, mut reports) = mpsc::channel(QUEUE);
    let run = async move {
        while let Some(report) = reports.recv().await {
            send(&uplink, report).await;
        }
    };
    (BootReports { queue }, run)
}

impl BootReports {
    /// Leaves a report; it is dropped when too many wait.
    pub fn send(&self, report: BootReport) {
        if self.queue.try_send(report).is_err() {
            debug!("a boot report was dropped");
        }
    }
}

async fn send(uplink: &Uplink, report: BootReport) {
    let request = ReportBootRequest {
        mac: mac_to_bytes(report.mac),
        stage: report.stage.as_str().to_owned(),
        detail: report.detail,
        ip: report.ip.map(ip_to_bytes),
        vlan: None,
        uefi: None,
    };
    let mut client = uplink.connected().await;
    match timeout(SEND_TIMEOUT, client.report_boot(request)).await {
        Ok(Ok(_)) => {}
        Ok(Err(status)) => debug!("a boot report was not taken: {}", status.message()),
        Err(_) => debug!("a boot report was not taken in time"),
    }
}
