//! Addresses of servers that we ask or send people to: which are encrypted, and which never leave the host.

use std::net::IpAddr;

/// The longest address, in bytes.
const BYTES_MAX: usize = 2_048;

/// An address that begins with `http://` or `https://`, in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebUrl<'a> {
    /// Whether it is asked over TLS.
    pub is_encrypted: bool,
    /// The host's name or address, without brackets.
    pub host: &'a str,
    /// What follows host and port, from the first `/` on; with query and fragment.
    pub path: &'a str,
}

impl<'a> WebUrl<'a> {
    /// Reads an address; none when it is no such one, has a user or a password in it, or signs that belong encoded.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
        if text.len() > BYTES_MAX || !text.bytes().all(is_plain) {
            return None;
        }
        let (is_encrypted, rest) = match text.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("http://")?),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let is_port = |port: &str| port.parse::<u16>().is_ok();
        let is_good = !host.is_empty()
            && !host.contains(['@', '['])
            && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
        is_good.then_some(Self { is_encrypted, host, path })
    }

    /// Whether what is sent there stays on this host.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
        self.host == "localhost" || self.host.parse().is_ok_and(is_loopback)
    }

    /// Whether nobody in between reads what is sent there.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.is_encrypted || self.is_loopback()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_address_and_what_is_not() {
        for (text, private) in [
            ("https://id.example.com", Some(true)),
            ("https://id.example.com:8443/realms/site?x=y", Some(true)),
            ("http://id.example.com/", Some(false)),
            ("http://127.0.0.9:9400", Some(true)),
            ("http://localhost:9400/", Some(true)),
            ("http://[::1]:80/x", Some(true)),
            ("http://localhost.example.com", Some(false)),
            ("ftp://id.example.com", None),
            ("https://", None),
            ("https://:443", None),
            ("https://a:b@id.example.com", None),
            ("https://id.example.com@evil.example", None),
            ("https://id.example.com:99999", None),
            ("https://id.example.com/ x", None),
            ("https://id.example.com\\@evil", None),
        ] {
            assert_eq!(WebUrl::parse(text).map(|url| url.is_private()), private, "{text}");
        }
        let url = WebUrl::parse("https://id.example.com:8443/realms/site?x=y").unwrap();
        assert_eq!((url.host, url.path), ("id.example.com", "/realms/site?x=y"));
    }
}
