//! Turns failures of the tables and of authentication into MAAS's answers.

use api::problem::Problem;
use model::error::Kind;

use crate::auth::caller::AuthenticateError;
use crate::tables::error::TableError;

/// MAAS's message for a unique index: the field it names, and the text.
const UNIQUE_MESSAGES: &[(&str, &str, &str)] = &[
    ("fabric.name", "name", "Fabric with this Name already exists."),
    ("vlan.vid", "__all__", "VLAN with this Fabric and Vid already exists."),
    ("space.name", "name", "Space with this Name already exists."),
    ("subnet.cidr", "cidr", "Subnet with this Cidr already exists."),
    ("address", "ip_address", "IP address is already in use."),
    ("domain.name", "name", "Domain with this Name already exists."),
    ("dnsresource.name", "name", "DNSResource with this Domain and Name already exists."),
    ("machine.hostname", "hostname", "Node with this Hostname already exists."),
    ("zone.name", "name", "Physical zone with this Name already exists."),
    ("pool.name", "name", "Resource pool with this Name already exists."),
    ("user.name", "username", "A user with that username already exists."),
];

/// What a client should do when nobody knows whether its change was made.
const OUTCOME_OPEN: &str = "The change may still be made. Look before you repeat it.";

impl From<TableError> for Problem {
    fn from(error: TableError) -> Self {
        match &error {
            TableError::Duplicate { index, key, holder } => duplicate(index, key, holder),
            TableError::Unavailable { outcome_open: true, .. } => {
                Self::text(error.kind(), format!("{error}\n{OUTCOME_OPEN}"))
            }
            TableError::Exists { .. }
            | TableError::Conflict { .. }
            | TableError::Unavailable { outcome_open: false, .. } => {
                Self::text(error.kind(), error.to_string())
            }
            TableError::Corrupt { .. } | TableError::Invalid { .. } => {
                tracing::error!(%error, "a request failed inside");
                Self::text(Kind::Internal, error.to_string())
            }
        }
    }
}

impl From<AuthenticateError> for Problem {
    fn from(error: AuthenticateError) -> Self {
        if let AuthenticateError::Tables(error) = error {
            return error.into();
        }
        Self::text(Kind::Unauthenticated, error.to_string())
            .with_header("WWW-Authenticate", "OAuth realm=\"OAuth\"")
    }
}

fn duplicate(index: &str, key: &str, holder: &str) -> Problem {
    if index == "mac" {
        let holder = holder.rsplit('/').next().unwrap_or_default();
        let mac: Vec<&str> =
            (0..key.len()).step_by(2).filter_map(|at| key.get(at..at + 2)).collect();
        let message = format!("MAC address {} already in use on {holder}.", mac.join(":"));
        return Problem::field("mac_addresses", message);
    }
    match UNIQUE_MESSAGES.iter().find(|(name, _, _)| *name == index) {
        Some((_, field, message)) => Problem::field(*field, *message),
        None => Problem::field("__all__", format!("{index} {key} exists already.")),
    }
}
