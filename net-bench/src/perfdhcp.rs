//! perfdhcp, ISC's load generator for DHCP: its arguments, and what it prints.
//!
//! It plays a relay: it sends from the relay's address and is answered there. An exchange whose
//! answer comes later than a second counts as lost (`-d`), whether or not it comes. Its clients are
//! numbered from a hardware address on, so every run gets one of its own: otherwise the clients of
//! the second run would have their leases already.

use std::net::IpAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::clients::{self, Family, Target};
use crate::server::Server;

/// How many different clients there are.
const CLIENTS: &str = "10000000";
/// How long it waits for the last answers, microseconds.
const LAST_WAIT_US: &str = "1000000";
/// How much longer than its period it may take.
const LATE_MAX: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);
/// It ends with this status when an exchange was not completed.
const INCOMPLETE: i32 = 3;

/// What one kind of exchange came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Packets sent.
    pub sent: u32,
    /// Answers that came in time.
    pub received: u32,
    /// Answers to nothing: twice, late, or to somebody else.
    pub orphans: u32,
    /// Addresses that were given to two clients.
    pub not_unique: u32,
    /// Answers that gave no lease.
    pub rejected: u32,
    /// Mean time until the answer, milliseconds.
    pub mean_ms: f64,
    /// The longest, milliseconds.
    pub max_ms: f64,
}

/// What a run printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Printed {
    /// DISCOVER and OFFER, or SOLICIT and ADVERTISE.
    pub offers: Exchange,
    /// REQUEST and ACK, or REQUEST and REPLY.
    pub acks: Exchange,
    /// How long the avalanche took until all clients had an address, seconds.
    pub provisioned_s: Option<f64>,
    /// Packets that the avalanche sent again.
    pub resent: Option<u32>,
}

impl Printed {
    /// The share of begun exchanges that did not end with an acknowledgment in time, 0 to 1.
    #[must_use]
    pub fn loss(&self) -> f64 {
        let sent = f64::from(self.offers.sent);
        if sent > 0.0 { 1.0 - f64::from(self.acks.received).min(sent) / sent } else { 1.0 }
    }
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub enum Load {
    /// New clients at a rate, for some seconds.
    Rate {
        /// Exchanges begun per second.
        per_second: u32,
        /// For how long.
        seconds: u32,
    },
    /// So many clients at once, which repeat until all are answered.
    Avalanche {
        /// How many.
        clients: u32,
    },
}

/// Runs perfdhcp in the clients' namespace.
///
/// # Errors
/// When it cannot be started, does not end, or prints something else than figures.
pub async fn run(server: &Server, load: Load) -> anyhow::Result<Printed> {
    let lab = server.lab();
    let mut command = Command::new("perfdhcp");
    command.args(arguments(server.family(), server.target(), server.next_group(), load));
    let log = lab.logs().join("perfdhcp.log");
    if log.exists() {
        std::fs::remove_file(&log).context("cannot remove the log of perfdhcp")?;
    }
    let mut process = lab.start_process(clients::NODE, "perfdhcp", command)?;
    let period = match load {
        Load::Rate { seconds, .. } => Duration::from_secs(u64::from(seconds)),
        Load::Avalanche { .. } => LATE_MAX,
    };
    let end = Instant::now() + period + LATE_MAX;
    let status = loop {
        if let Some(status) = process.ended()? {
            break status;
        }
        ensure!(Instant::now() < end, "perfdhcp does not end: {}", process.log_tail());
        sleep(LOOK).await;
    };
    if !status.success() && status.code() != Some(INCOMPLETE) {
        bail!("perfdhcp ended with {status}: {}", process.log_tail());
    }
    let printed = std::fs::read_to_string(&log).context("cannot read what perfdhcp printed")?;
    parse(server.family(), &printed)
}

fn arguments(family: Family, target: Target, group: u16, load: Load) -> Vec<String> {
    let [high, low] = group.to_be_bytes();
    let base = format!("mac=02:{high:02x}:{low:02x}:00:00:00");
    // One level of relay messages (`-A`); over IPv4 it is a relay by itself.
    let (version, (relay, server)): (&[&str], (IpAddr, IpAddr)) = match family {
        Family::V4 => (&["-4"], (clients::RELAY.into(), target.address.into())),
        Family::V6 => (&["-6", "-A", "1"], (clients::RELAY_V6.into(), clients::SERVER_V6.into())),
    };
    let mut arguments: Vec<String> =
        version.iter().chain(&["-b", &base]).map(|text| (*text).to_owned()).collect();
    match load {
        Load::Rate { per_second, seconds } => {
            let (rate, period) = (per_second.to_string(), seconds.to_string());
            let given = ["-r", &rate, "-R", CLIENTS, "-p", &period, "-W", LAST_WAIT_US, "-u"];
            arguments.extend(given.map(str::to_owned));
        }
        Load::Avalanche { clients } => {
            let clients = clients.to_string();
            let given = ["--scenario", "avalanche", "-R", &clients];
            arguments.extend(given.map(str::to_owned));
        }
    }
    if target.is_broadcast {
        arguments.push("-B".to_owned());
    }
    arguments.extend(["-l".to_owned(), relay.to_string(), server.to_string()]);
    arguments
}

/// Reads what perfdhcp 2.2 prints at its end.
///
/// # Errors
/// When a section is missing.
pub fn parse(family: Family, text: &str) -> anyhow::Result<Printed> {
    let (first, second) = match family {
        Family::V4 => ("DISCOVER-OFFER", "REQUEST-ACK"),
        Family::V6 => ("SOLICIT-ADVERTISE", "REQUEST-REPLY"),
    };
    let offers = section(text, &format!("***Statistics for: {first}***"))?;
    let acks = section(text, &format!("***Statistics for: {second}***"))?;
    Ok(Printed {
        offers: exchange(offers)?,
        acks: exchange(acks)?,
        provisioned_s: provisioned(text),
        resent: value(text, "Requests resent:").and_then(|text| text.parse().ok()),
    })
}

fn section<'a>(text: &'a str, title: &str) -> anyhow::Result<&'a str> {
    let (_, rest) = text.rsplit_once(title).with_context(|| format!("no {title} in: {text}"))?;
    Ok(rest.split_once("***").map_or(rest, |(section, _)| section))
}

fn exchange(section: &str) -> anyhow::Result<Exchange> {
    let count = |name: &str| -> anyhow::Result<u32> {
        let text = value(section, name).with_context(|| format!("no {name} in: {section}"))?;
        text.parse().with_context(|| format!("{name} {text}"))
    };
    // Without an answer it prints `inf ms` or `n/a`.
    let millis = |name: &str| {
        let text = value(section, name).and_then(|text| text.strip_suffix(" ms"));
        text.and_then(|text| text.parse::<f64>().ok()).filter(|ms| ms.is_finite()).unwrap_or(0.0)
    };
    Ok(Exchange {
        sent: count("sent packets:")?,
        received: count("received packets:")?,
        orphans: count("orphans:")?,
        not_unique: count("non unique addresses:")?,
        rejected: count("rejected leases:")?,
        mean_ms: millis("avg delay:"),
        max_ms: millis("max delay:"),
    })
}

/// What stands behind a name at the beginning of a line.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// The seconds of `It took 00:01:02.605129 to provision 500 clients.`
fn provisioned(text: &str) -> Option<f64> {
    let time = value(text, "It took ")?.split(' ').next()?;
    let parts = time.split(':').map(str::parse::<f64>);
    parts.reduce(|sum, part| Ok(sum? * 60.0 + part?))?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_losses_and_delays_are_read() {
        let printed = parse(Family::V4, include_str!("perfdhcp/rate.txt")).unwrap();
        let offers = printed.offers;
        assert_eq!((offers.sent, offers.received, offers.orphans), (1499, 1489, 2));
        assert_eq!((printed.acks.sent, printed.acks.received), (1489, 1484));
        assert!((printed.acks.mean_ms - 0.221).abs() < 1e-9);
        assert!((printed.acks.max_ms - 4.363).abs() < 1e-9);
        assert!((printed.loss() - 15.0 / 1499.0).abs() < 1e-9);
        assert_eq!((printed.acks.not_unique, printed.provisioned_s), (1, None));
    }

    #[test]
    fn a_server_without_answers_is_all_loss() {
        let printed = parse(Family::V4, include_str!("perfdhcp/silent.txt")).unwrap();
        assert_eq!((printed.offers.sent, printed.offers.received), (1499, 0));
        assert!((printed.loss() - 1.0).abs() < f64::EPSILON);
        assert!(printed.acks.max_ms.abs() < f64::EPSILON);
        assert!((Printed::default().loss() - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn an_avalanche_says_how_long_it_took() {
        let printed = parse(Family::V4, include_str!("perfdhcp/avalanche.txt")).unwrap();
        assert!((printed.provisioned_s.unwrap() - 62.605_129).abs() < 1e-9);
        assert_eq!(printed.resent, Some(509));
        assert_eq!(printed.acks.received, 500);
    }

    #[test]
    fn other_output_is_an_error() {
        let error = parse(Family::V4, "perfdhcp: cannot bind").unwrap_err();
        assert!(error.to_string().contains("cannot bind"));
    }

    #[test]
    fn a_relay_of_two_servers_broadcasts() {
        let load = Load::Rate { per_second: 500, seconds: 5 };
        let target = |is_broadcast| Target { address: clients::SERVER, is_broadcast };
        let line = arguments(Family::V4, target(false), 0, load).join(" ");
        let want = "-4 -b mac=02:00:00:00:00:00 -r 500 -R 10000000 -p 5 -W 1000000 -u -l 10.128.0.1 10.10.0.2";
        assert_eq!(line, want);
        let line = arguments(Family::V6, target(false), 1, load).join(" ");
        let want = "-6 -A 1 -b mac=02:00:01:00:00:00 -r 500 -R 10000000 -p 5 -W 1000000 -u -l fd00:128::1 fd00:10::2";
        assert_eq!(line, want);
        let line =
            arguments(Family::V4, target(true), 259, Load::Avalanche { clients: 7 }).join(" ");
        let want =
            "-4 -b mac=02:01:03:00:00:00 --scenario avalanche -R 7 -B -l 10.128.0.1 10.10.0.2";
        assert_eq!(line, want);
    }
}
