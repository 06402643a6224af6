//! Where a delivery goes: the host of its URL is looked up, each address is judged, and the connection is made to an address
//! that was judged, so that a name that means something else a moment later gains nothing.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use http::Uri;
use model::controller::{RackController, RegionController};
use model::net::internal::{is_internal, plain};
use tables::error::TableError;
use tables::read::{Reads, View};

use crate::webhooks::send::SendError;

/// The host, port and path that a URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whether it is asked over TLS.
    pub is_tls: bool,
    /// The host, as a name or an address without brackets.
    pub host: String,
    /// The host and the port as the URL has them.
    pub authority: String,
    /// The port.
    pub port: u16,
    /// The path with the query.
    pub path: String,
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`SendError::Url`] when it is none of `http` or `https`.
    pub fn parse(url: &str) -> Result<Self, SendError> {
        let wrong = || SendError::Url(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong()),
        };
        let authority = uri.authority().filter(|found| !found.as_str().contains('@'));
        let authority = authority.ok_or_else(wrong)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        Ok(Self {
            is_tls,
            host: host.to_owned(),
            authority: authority.to_string(),
            port: authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }

    /// The addresses that it may be reached at.
    ///
    /// # Errors
    /// [`SendError::NoAddress`] when the name has none, and [`SendError::Internal`] when it has internal ones only.
    pub async fn addresses(&self, guard: &Guard) -> Result<Vec<SocketAddr>, SendError> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let found = found.map_err(|error| SendError::NoAddress(self.host.clone(), error))?;
        let all: Vec<SocketAddr> = found.collect();
        let allowed: Vec<SocketAddr> =
            all.iter().copied().filter(|address| guard.allows(address.ip())).collect();
        match (allowed.is_empty(), all.first()) {
            (false, _) => Ok(allowed),
            (true, Some(first)) => Err(SendError::Internal(first.ip())),
            (true, None) => {
                let none = std::io::Error::from(std::io::ErrorKind::NotFound);
                Err(SendError::NoAddress(self.host.clone(), none))
            }
        }
    }
}

/// Which addresses are not sent to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    allow_internal: bool,
    /// Those of regions and racks.
    own: BTreeSet<IpAddr>,
}

impl Guard {
    /// That of a hook: everything that is internal, and all addresses of the cluster, unless they are allowed.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn of(view: &View, allow_internal: bool) -> Result<Self, TableError> {
        let mut own = BTreeSet::new();
        for region in view.list::<RegionController>()? {
            own.insert(plain(region.address));
        }
        for rack in view.list::<RackController>()? {
            let addresses = rack.interfaces.iter().flat_map(|found| &found.addresses);
            own.extend(addresses.map(|address| plain(address.addr())));
        }
        Ok(Self { allow_internal, own })
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.allow_internal || !(is_internal(address) || self.own.contains(&plain(address)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_to() {
        let target = Target::parse("https://hooks.example.com:8443/a?b=c").unwrap();
        assert_eq!((target.host.as_str(), target.port), ("hooks.example.com", 8443));
        assert_eq!(
            (target.path.as_str(), target.authority.as_str()),
            ("/a?b=c", "hooks.example.com:8443")
        );
        let target = Target::parse("http://[2a00::1]").unwrap();
        assert_eq!((target.host.as_str(), target.port, target.path.as_str()), ("2a00::1", 80, "/"));
        for url in ["", "ftp://a/", "http://", "/path", "http://user:word@a/", "http://a b/"] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn internal_addresses_and_those_of_the_cluster_are_not_sent_to() {
        let own: BTreeSet<IpAddr> = ["1.2.3.4".parse().unwrap()].into();
        let guard = Guard { allow_internal: false, own: own.clone() };
        let addresses = async |guard: &Guard, url: &str| {
            Target::parse(url).unwrap().addresses(guard).await.map_err(|error| error.to_string())
        };
        for url in [
            "http://127.0.0.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://localhost/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://169.254.169.254/latest/",
            "http://1.2.3.4/",
            "http://[::ffff:1.2.3.4]/",
        ] {
            assert!(addresses(&guard, url).await.is_err(), "{url}");
        }
        assert_eq!(addresses(&guard, "http://1.1.1.1/").await.unwrap().len(), 1);
        let open = Guard { allow_internal: true, own };
        assert_eq!(addresses(&open, "http://127.0.0.1:81/").await.unwrap()[0].port(), 81);
    }
}
