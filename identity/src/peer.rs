//! Who is at the other end of a connection: what a certificate's name says about its holder, and whom
//! a client expects.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;

use crate::error::IdentityError;

/// What a node is in its cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A region controller.
    Region {
        /// Its Raft node id.
        node_id: u64,
    },
    /// A rack controller.
    Rack {
        /// Its system id.
        system_id: String,
    },
}

/// A node of a cluster, proven by its certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PeerIdentity {
    /// What it is.
    pub role: Role,
    /// The cluster it belongs to.
    pub cluster_id: String,
}

/// What is known of the connection that a request came over.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The client, when it showed a certificate.
    pub peer: Option<PeerIdentity>,
    /// The client's address.
    pub remote: SocketAddr,
}

impl PeerIdentity {
    /// The peer that sent a request, when it showed a certificate of this cluster.
    pub fn of<T>(request: &tonic::Request<T>) -> Option<&Self> {
        Self::behind(request.extensions())
    }

    /// The peer behind the connection whose extensions these are, when it showed a certificate.
    #[must_use]
    pub fn behind(extensions: &tonic::Extensions) -> Option<&Self> {
        extensions.get::<Connection>().and_then(|connection| connection.peer.as_ref())
    }

    /// The address that a request came from.
    pub fn address_of<T>(request: &tonic::Request<T>) -> Option<IpAddr> {
        let connection = request.extensions().get::<Connection>();
        connection.map(|connection| connection.remote.ip().to_canonical())
    }

    /// The region node id of the peer that sent a request; none for racks and strangers.
    pub fn region_of<T>(request: &tonic::Request<T>) -> Option<u64> {
        Self::of(request).and_then(Self::node_id)
    }

    /// The system id of the rack that sent a request; none for regions and strangers.
    pub fn rack_of<T>(request: &tonic::Request<T>) -> Option<&str> {
        Self::of(request).and_then(Self::system_id)
    }

    /// The Raft node id, for a region.
    #[must_use]
    pub fn node_id(&self) -> Option<u64> {
        match &self.role {
            Role::Region { node_id } => Some(*node_id),
            Role::Rack { .. } => None,
        }
    }

    /// The system id, for a rack.
    #[must_use]
    pub fn system_id(&self) -> Option<&str> {
        match &self.role {
            Role::Region { .. } => None,
            Role::Rack { system_id } => Some(system_id),
        }
    }

    /// Reads the DNS name of a certificate.
    ///
    /// # Errors
    /// [`IdentityError::ForeignName`] when the name is not of the form this crate issues.
    pub fn parse(name: &str) -> Result<Self, IdentityError> {
        let foreign = || IdentityError::ForeignName { name: name.to_owned() };
        let (node, cluster_id) = name.split_once('.').ok_or_else(foreign)?;
        let (kind, id) = node.split_once('-').ok_or_else(foreign)?;
        if id.is_empty() || !is_label(id) || !is_label(cluster_id) {
            return Err(foreign());
        }
        let role = match kind {
            "region" => Role::Region { node_id: id.parse().map_err(|_| foreign())? },
            "rack" => Role::Rack { system_id: id.to_owned() },
            _ => return Err(foreign()),
        };
        Ok(Self { role, cluster_id: cluster_id.to_owned() })
    }

    /// Reads the name of a certificate. It says nothing about who signed it.
    ///
    /// # Errors
    /// When the certificate does not parse or does not have exactly one name of ours.
    pub fn of_certificate(certificate: &CertificateDer<'_>) -> Result<Self, IdentityError> {
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
            .map_err(|error| IdentityError::malformed("certificate", error))?;
        let names = parsed
            .subject_alternative_name()
            .map_err(|error| IdentityError::malformed("certificate", error))?;
        match names.map(|extension| extension.value.general_names.as_slice()) {
            Some([GeneralName::DNSName(name)]) => Self::parse(name),
            _ => Err(IdentityError::ForeignName { name: String::new() }),
        }
    }
}

/// Whom a client wants to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedPeer {
    /// This region node and no other.
    Region(u64),
    /// Any region node of the own cluster.
    AnyRegion,
}

impl fmt::Display for ExpectedPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Region(node_id) => write!(f, "region node {node_id}"),
            Self::AnyRegion => f.write_str("a region node"),
        }
    }
}

impl fmt::Display for PeerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.role, self.cluster_id)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Region { node_id } => write!(f, "region-{node_id}"),
            Self::Rack { system_id } => write!(f, "rack-{system_id}"),
        }
    }
}

/// Whether `text` can be one label of a DNS name as we write them.
fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in ["region-3.c0ffee", "rack-4y3h7n.c0ffee"] {
            assert_eq!(PeerIdentity::parse(name).unwrap().to_string(), name);
        }
    }

    #[test]
    fn other_names_are_refused() {
        for name in
            ["", "region-1", "region-x.c", "rack-.c", "web-1.c", "region-1.a.b", "rack-a_b.c"]
        {
            assert!(PeerIdentity::parse(name).is_err(), "{name}");
        }
    }
}
