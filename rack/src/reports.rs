//! What the rack saw machines and others do, sent to the region for the event log.
//!
//! Reports are best effort: serving a machine never waits for them, and what does not fit in the
//! queue is dropped.

use std::net::IpAddr;
use std::time::Duration;

use dhcp::external_dhcp::ExternalServers;
use dhcp::v4::output::Exchange;
use dhcp::v4::probes::{Conflict, Finding};
use dhcp::v4::sightings::HeardTwice;
use model::mac::MacAddress;
use proto::convert::{ip_to_bytes, mac_to_bytes};
use proto::rack::{
    ExternalDhcpServer, ReportBootRequest, ReportConflictRequest, ReportExternalDhcpRequest,
    ReportHeardTwiceRequest,
};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::Status;
use tracing::debug;

use crate::dhcp::news::News;
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

/// What the rack tells.
#[derive(Debug)]
enum Report {
    Boot(BootReport),
    Conflict(ReportConflictRequest),
    HeardTwice(ReportHeardTwiceRequest),
    ExternalDhcp(ReportExternalDhcpRequest),
    /// Of `DHCPv6`.
    ExternalDhcpV6(ReportExternalDhcpRequest),
}

/// Where parts of the rack leave their reports.
#[derive(Debug, Clone)]
pub struct Reports {
    queue: mpsc::Sender<Report>,
}

/// A queue of reports and the task that empties it into `uplink`; runs until all senders are gone.
pub fn reports(uplink: Uplink) -> (Reports, impl Future<Output = ()> + Send) {
    let (queue, mut waiting) = mpsc::channel(QUEUE);
    let run = async move {
        while let Some(report) = waiting.recv().await {
            match timeout(SEND_TIMEOUT, send(&uplink, report)).await {
                Ok(Ok(())) => {}
                Ok(Err(status)) => debug!("a report was not taken: {}", status.message()),
                Err(_) => debug!("a report was not taken in time"),
            }
        }
    };
    (Reports { queue }, run)
}

impl Reports {
    /// Leaves a report of what a machine did; it is dropped when too many wait.
    pub fn booted(&self, report: BootReport) {
        self.put(Report::Boot(report));
    }

    /// Leaves a report of what DHCP tells; it is dropped when too many wait.
    pub fn heard(&self, news: News) {
        match news {
            News::Exchange(exchange) => {
                if let Some(report) = exchanged(&exchange) {
                    self.booted(report);
                }
            }
            News::Conflict(finding) => self.put(Report::Conflict(conflict(finding))),
            News::HeardTwice(found) => self.put(Report::HeardTwice(heard_twice(&found))),
            News::ExternalDhcp(found) => {
                let complete = found.complete;
                let report = ReportExternalDhcpRequest { complete, ..external_dhcp(&found) };
                self.put(Report::ExternalDhcp(report));
            }
            News::ExternalDhcpV6(found) => {
                let dhcpv6_complete = found.complete;
                let report = ReportExternalDhcpRequest { dhcpv6_complete, ..external_dhcp(&found) };
                self.put(Report::ExternalDhcpV6(report));
            }
        }
    }

    fn put(&self, report: Report) {
        if self.queue.try_send(report).is_err() {
            debug!("a report was dropped");
        }
    }
}

/// What a machine is known by is its hardware address; who has none is none.
fn exchanged(exchange: &Exchange<IpAddr>) -> Option<BootReport> {
    let boot = exchange.boot.as_ref().map(|file| format!(", boots {file}"));
    Some(BootReport {
        mac: exchange.client.mac()?,
        stage: Stage::Dhcp,
        detail: format!("got address {}{}", exchange.ip, boot.unwrap_or_default()),
        ip: Some(exchange.ip),
    })
}

fn conflict(finding: Finding) -> ReportConflictRequest {
    let (Conflict { vlan, ip, by }, answers_for_many) = match finding {
        Finding::InUse(conflict) => (conflict, false),
        Finding::AnswersForMany(conflict) => (conflict, true),
    };
    ReportConflictRequest {
        vlan: vlan.0,
        ip: ip_to_bytes(ip.into()),
        mac: by.map(mac_to_bytes).unwrap_or_default(),
        answers_for_many,
    }
}

fn heard_twice(found: &HeardTwice) -> ReportHeardTwiceRequest {
    let [one, other] = found.places.each_ref().map(ToString::to_string);
    ReportHeardTwiceRequest { vlan: found.vlan.0, mac: mac_to_bytes(found.mac), one, other }
}

/// Servers of either family; that they are all of it is not said.
fn external_dhcp<A: Copy + Into<IpAddr>>(found: &ExternalServers<A>) -> ReportExternalDhcpRequest {
    let servers = found.servers.iter().map(|server| ExternalDhcpServer {
        ip: ip_to_bytes(server.ip.into()),
        mac: mac_to_bytes(server.mac),
    });
    let (vlan, servers) = (found.vlan.0, servers.collect());
    ReportExternalDhcpRequest { vlan, servers, complete: false, dhcpv6_complete: false }
}

async fn send(uplink: &Uplink, report: Report) -> Result<(), Status> {
    let mut client = uplink.connected().await;
    match report {
        Report::Boot(report) => {
            let request = ReportBootRequest {
                mac: mac_to_bytes(report.mac),
                stage: report.stage.as_str().to_owned(),
                detail: report.detail,
                ip: report.ip.map(ip_to_bytes),
                vlan: None,
                uefi: None,
            };
            client.report_boot(request).await.map(drop)
        }
        Report::Conflict(request) => client.report_conflict(request).await.map(drop),
        Report::HeardTwice(request) => client.report_heard_twice(request).await.map(drop),
        Report::ExternalDhcp(request) => client.report_external_dhcp(request).await.map(drop),
        Report::ExternalDhcpV6(request) => {
            // One that knows no such servers would forget them at the next search by DHCPv4.
            if !uplink.offers().is_some_and(|offers| offers.takes_dhcpv6_servers) {
                return Ok(());
            }
            client.report_external_dhcp(request).await.map(drop)
        }
    }
}
