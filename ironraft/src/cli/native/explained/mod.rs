//! `ip explain` and `mac explain`: everything that the cluster knows of an address, in one answer.

mod ip;
mod mac;
mod source;
mod told;

use std::net::IpAddr;

use clap::Subcommand;
use model::mac::MacAddress;

use crate::cli::failure::Failure;
use crate::cli::native::explained::told::Asking;

/// The commands on IP addresses.
#[derive(Debug, Subcommand)]
pub(crate) enum IpCommand {
    /// Say whose an IP address is, and why: subnet, range, reservation, lease, interface, who was seen with it
    #[command(after_help = "Example:\n  ironraft ip explain 10.0.0.17")]
    Explain {
        /// The address
        address: IpAddr,
        #[command(flatten)]
        asking: Asking,
    },
}

/// The commands on hardware addresses.
#[derive(Debug, Subcommand)]
pub(crate) enum MacCommand {
    /// Say whose a hardware address is, and what it has: machine, lease, reservation, what happened to it
    #[command(after_help = "Example:\n  ironraft mac explain 52:54:00:12:34:56")]
    Explain {
        /// The address, in any notation
        address: MacAddress,
        #[command(flatten)]
        asking: Asking,
    },
}

/// Carries it out.
///
/// # Errors
/// It was refused, or nobody answers.
pub(crate) async fn ip(command: IpCommand) -> Result<(), Failure> {
    let IpCommand::Explain { address, asking } = command;
    let what = format!("ip explain {address}");
    ip::explain(address, &asking).await.map_err(|failure| failure.of(&what))
}

/// Carries it out.
///
/// # Errors
/// It was refused, or nobody answers.
pub(crate) async fn mac(command: MacCommand) -> Result<(), Failure> {
    let MacCommand::Explain { address, asking } = command;
    let what = format!("mac explain {address}");
    mac::explain(&address.to_string(), &asking).await.map_err(|failure| failure.of(&what))
}

#[cfg(test)]
mod tests {
    use model::query::Query;
    use model::time::Timestamp;
    use serde_json::{Map, json};

    use super::*;
    use crate::cli::native::explained::told::told;
    use crate::cli::native::noun;

    #[test]
    fn what_is_known_is_said_in_lines() {
        let known = json!({"leases": [{"ip": "10.0.0.17", "client": "52:54:00:12:34:56", "name": "web", "state": "active",
            "promised_until": "2026-11-30T12:00:00Z"}]});
        let lines = told(vec!["in no subnet".to_owned()], ip::SOURCES, known.as_object().unwrap());
        assert_eq!(
            lines[1],
            "lease of 10.0.0.17 to 52:54:00:12:34:56 (web), active, until 2026-11-30T12:00:00Z"
        );
        let none = told(vec!["in no subnet".to_owned()], ip::SOURCES, &Map::new());
        assert_eq!(none[1], "nobody has it, and nobody was seen with it");
    }

    #[test]
    fn every_source_has_the_field_that_is_asked_for() {
        for (sources, address) in [
            (ip::SOURCES, "10.0.0.1"),
            (ip::SOURCES, "fd00::1"),
            (mac::SOURCES, "52:54:00:12:34:56"),
        ] {
            for source in sources {
                let fields = noun::of_resource(source.resource).unwrap().fields();
                let filter = format!("{}:{address}", source.field);
                let read = Query::parse(&filter, fields, Timestamp::default());
                assert!(read.is_ok(), "{}: {read:?}", source.resource);
            }
        }
    }
}
