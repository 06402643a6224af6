//! Where a time service gets its time from.

use std::fmt;
use std::net::IpAddr;

/// The longest name of a host (RFC 1035 section 2.3.4).
const HOST_MAX: usize = 253;

/// Where a time service gets its time from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    servers: Vec<Host>,
}

/// A server: an address, or a name of one or of several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Host {
    Address(IpAddr),
    Name(String),
}

impl Sources {
    /// Those hosts, each once. What can be no host is left out: nothing gets into a line of chrony's file but a host.
    pub fn of<T: AsRef<str>>(hosts: impl IntoIterator<Item = T>) -> Self {
        let mut servers: Vec<Host> =
            hosts.into_iter().filter_map(|host| Host::of(host.as_ref())).collect();
        servers.sort_unstable();
        servers.dedup();
        Self { servers }
    }
}

impl fmt::Display for Sources {
    /// As chrony's file of sources has them. A name may be of several servers, of which it takes up to four.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for server in &self.servers {
            match server {
                Host::Address(ip) => writeln!(f, "server {ip} iburst")?,
                Host::Name(name) => writeln!(f, "pool {name} iburst maxsources 4")?,
            }
        }
        f.write_str("")
    }
}

impl Host {
    fn of(text: &str) -> Option<Self> {
        if let Ok(ip) = text.parse() {
            return Some(Self::Address(ip));
        }
        let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let is_name = !text.is_empty() && text.len() <= HOST_MAX && text.chars().all(is_known);
        (is_name && !text.starts_with('-')).then(|| Self::Name(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_stands_once_and_nothing_else_gets_into_the_file() {
        let hosts =
            ["ntp.example.org", "10.0.0.2", "fd00::1", "10.0.0.2", "a b", "x\nallow", "-f", ""];
        let expected = "server 10.0.0.2 iburst\nserver fd00::1 iburst\npool ntp.example.org iburst maxsources 4\n";
        assert_eq!(Sources::of(hosts).to_string(), expected);
        assert_eq!(Sources::of(["a b"]), Sources::default());
    }
}
