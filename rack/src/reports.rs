//! What the rack saw machines and others do, sent to the region for the event log.
//!
//! Serving a machine never waits for reports, and what does not fit in the queue is dropped. What a machine did is told once, and
//! lost if no region takes it. What was found on a link is kept until one does, in the order in which it was found, up to a
//! bound: a rack tells of it once, and nobody else may have seen it.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use dhcp::external_dhcp::ExternalServers;
use dhcp::leases::declines::DeclinedReservation;
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
use tokio::time::{MissedTickBehavior, interval, timeout};
use tonic::{Code, Status};
use tracing::debug;

use crate::dhcp::news::News;
use crate::uplink::Uplink;

const QUEUE: usize = 256;
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
/// How many findings are kept that no region has taken yet; of more the oldest are dropped.
const KEPT_MAX: usize = 256;
/// How often a region may refuse one: the first regions after a change of leader may.
const REFUSED_MAX: u32 = 30;
/// How long there is until what was not taken is sent again.
const PAUSE: Duration = Duration::from_secs(1);

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
#[derive(Debug, Clone, PartialEq)]
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
        let mut kept = Kept::default();
        let mut again = interval(PAUSE);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let report = tokio::select! {
                report = waiting.recv() => report,
                _ = again.tick(), if !kept.is_empty() => {
                    tell_kept(&uplink, &mut kept).await;
                    continue;
                }
            };
            match report {
                None => return,
                Some(report @ Report::Boot(_)) => drop(tell(&uplink, report).await),
                Some(finding) => {
                    let others_wait = !kept.is_empty();
                    kept.add(finding);
                    if !others_wait {
                        tell_kept(&uplink, &mut kept).await;
                    }
                }
            }
        }
    };
    (Reports { queue }, run)
}

/// Tells what was found, up to what no region takes now.
async fn tell_kept(uplink: &Uplink, kept: &mut Kept) {
    while let Some(finding) = kept.first() {
        match tell(uplink, finding).await {
            Ok(()) => kept.told(),
            Err(NotTaken::Refused) => return kept.refused(),
            Err(NotTaken::Silence) => return,
        }
    }
}

/// No region took a report, and one may later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NotTaken {
    /// A region did not take it.
    Refused,
    /// There is no region, or none answers.
    Silence,
}

async fn tell(uplink: &Uplink, report: Report) -> Result<(), NotTaken> {
    match timeout(SEND_TIMEOUT, send(uplink, report)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(status)) => {
            debug!("a report was not taken: {}", status.message());
            if is_final(status.code()) { Ok(()) } else { Err(NotTaken::Refused) }
        }
        Err(_) => {
            debug!("a report was not taken in time");
            Err(NotTaken::Silence)
        }
    }
}

/// Whether a region will not take the same report later either.
const fn is_final(code: Code) -> bool {
    matches!(
        code,
        Code::Ok
            | Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Unauthenticated
    )
}

/// What was found and no region has taken yet, in the order in which it was found.
#[derive(Debug, Default)]
struct Kept {
    findings: VecDeque<Report>,
    /// How often a region did not take the first of them.
    refused: u32,
}

impl Kept {
    fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    fn first(&self) -> Option<Report> {
        self.findings.front().cloned()
    }

    /// The first is told, or given up.
    fn told(&mut self) {
        self.findings.pop_front();
        self.refused = 0;
    }

    /// A region did not take the first. One that is refused again and again is given up, and holds up no others.
    fn refused(&mut self) {
        self.refused += 1;
        if self.refused >= REFUSED_MAX {
            self.told();
            debug!("a report that regions refuse was dropped");
        }
    }

    /// Adds a finding. All servers of a link say what single ones said before; of too many findings the oldest go.
    fn add(&mut self, finding: Report) {
        if let Some(servers) = finding.all_servers() {
            self.findings.retain(|kept| !kept.is_of_servers(servers));
        }
        while self.findings.len() >= KEPT_MAX {
            self.told();
            debug!("a report that no region took was dropped");
        }
        self.findings.push_back(finding);
    }
}

/// The servers of one family on a link.
type ServersOf = (bool, u32);

impl Report {
    /// Of which servers it tells all there are.
    fn all_servers(&self) -> Option<ServersOf> {
        match self {
            Self::ExternalDhcp(all) if all.complete => Some((false, all.vlan)),
            Self::ExternalDhcpV6(all) if all.dhcpv6_complete => Some((true, all.vlan)),
            Self::Boot(_)
            | Self::Conflict(_)
            | Self::HeardTwice(_)
            | Self::ExternalDhcp(_)
            | Self::ExternalDhcpV6(_) => None,
        }
    }

    /// Whether it tells of some of these servers.
    fn is_of_servers(&self, servers: ServersOf) -> bool {
        match self {
            Self::ExternalDhcp(some) => servers == (false, some.vlan),
            Self::ExternalDhcpV6(some) => servers == (true, some.vlan),
            Self::Boot(_) | Self::Conflict(_) | Self::HeardTwice(_) => false,
        }
    }
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
            News::DeclinedReservation(found) => self.put(Report::Conflict(declined(&found))),
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
        kept_for: Vec::new(),
    }
}

/// Who uses the address is not known.
fn declined(found: &DeclinedReservation<IpAddr>) -> ReportConflictRequest {
    ReportConflictRequest {
        vlan: found.vlan.0,
        ip: ip_to_bytes(found.ip),
        kept_for: mac_to_bytes(found.mac),
        ..ReportConflictRequest::default()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(vlan: u32, count: u8, complete: bool) -> Report {
        let server = |last| ExternalDhcpServer { ip: vec![10, 0, 0, last], mac: vec![2; 6] };
        let servers = (0..count).map(server).collect();
        Report::ExternalDhcp(ReportExternalDhcpRequest {
            vlan,
            servers,
            complete,
            dhcpv6_complete: false,
        })
    }

    fn conflict(vlan: u32) -> Report {
        Report::Conflict(ReportConflictRequest { vlan, ..ReportConflictRequest::default() })
    }

    fn kept(findings: impl IntoIterator<Item = Report>) -> Vec<Report> {
        let mut kept = Kept::default();
        findings.into_iter().for_each(|finding| kept.add(finding));
        let mut told = Vec::new();
        while let Some(first) = kept.first() {
            told.push(first);
            kept.told();
        }
        told
    }

    #[test]
    fn what_was_not_taken_is_told_in_the_order_in_which_it_was_found() {
        let findings = [servers(1, 1, false), conflict(1), servers(2, 1, false)];
        assert_eq!(kept(findings.clone()), findings);
        let all = servers(1, 2, true);
        let [_, second, third] = findings.clone();
        assert_eq!(kept(findings.into_iter().chain([all.clone()])), [second, third, all]);
    }

    #[test]
    fn of_more_than_there_is_room_for_the_oldest_go() {
        let told = kept((0..300).map(conflict));
        assert_eq!((told.len(), told.first()), (KEPT_MAX, Some(&conflict(44))));
    }

    #[test]
    fn one_that_regions_refuse_again_and_again_holds_up_no_others() {
        let mut kept = Kept::default();
        kept.add(conflict(1));
        kept.add(conflict(2));
        (1..REFUSED_MAX).for_each(|_| kept.refused());
        assert_eq!(kept.first(), Some(conflict(1)));
        kept.refused();
        assert_eq!((kept.first(), kept.refused), (Some(conflict(2)), 0));
    }

    #[test]
    fn what_a_region_refuses_for_good_is_not_told_again() {
        assert!(is_final(Code::InvalidArgument) && is_final(Code::PermissionDenied));
        assert!(!is_final(Code::Unavailable) && !is_final(Code::DeadlineExceeded));
    }
}
