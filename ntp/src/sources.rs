//! Where a time service gets its time from.

use std::fmt::{self, Write as _};
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

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
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

/// chrony's file.
///
/// `folder` is for this service alone. A service without sources that are heard says so to its clients, unless it is one of
/// those that agree among each other then: of `is_orphan` ones, all follow the one with the least reference.
pub(crate) fn file(folder: &str, listen: Option<IpAddr>, is_orphan: bool, steers: bool) -> String {
    let mut text = String::from("# Written by Ironraft at each start.\n");
    if let Some(ip) = listen {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "bindaddress {ip}");
    }
    let _ = write!(
        text,
        "cmdport 0\n\
         bindcmdaddress {folder}/chronyd.sock\n\
         pidfile {folder}/chronyd.pid\n\
         driftfile {folder}/drift\n\
         sourcedir {folder}/sources\n\
         allow\n\
         ratelimit interval 1 burst 16\n"
    );
    if is_orphan {
        text.push_str("local stratum 10 orphan\n");
    }
    if steers {
        text.push_str("makestep 1 3\nrtcsync\n");
    }
    text
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
        assert!(Sources::of(["a b"]).is_empty());
    }

    #[test]
    fn only_who_may_sets_the_clock_and_only_regions_agree_without_sources() {
        let plain = file("/data/ntp", None, false, false);
        assert!(
            !plain.contains("makestep") && !plain.contains("rtcsync") && !plain.contains("local"),
            "{plain}"
        );
        let all = file("/data/ntp", Some([10, 0, 0, 1].into()), true, true);
        for line in ["bindaddress 10.0.0.1", "local stratum 10 orphan", "makestep 1 3", "cmdport 0"]
        {
            assert!(all.lines().any(|found| found == line), "{line}: {all}");
        }
    }
}
