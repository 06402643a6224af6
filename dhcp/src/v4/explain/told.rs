//! The options of a reply, with what they mean and where they come from.

use std::fmt::Write;
use std::net::Ipv4Addr;

use model::dhcp::routes::decode;

use crate::v4::explain::source::{Source, source_of};
use crate::wire::code;
use crate::wire::options::Options;

/// An option that a client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldOption {
    /// Its code.
    pub code: u8,
    /// Its value.
    pub value: Vec<u8>,
    /// Where the value comes from.
    pub source: Source,
}

impl ToldOption {
    /// Its name; `option` where there is none.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        name_of(self.code)
    }

    /// Its value as people write it; hexadecimal where its form is not known.
    #[must_use]
    pub fn text(&self) -> String {
        let value = self.value.as_slice();
        match self.code {
            code::SUBNET_MASK
            | code::ROUTER
            | code::DOMAIN_NAME_SERVER
            | code::BROADCAST_ADDRESS
            | code::NTP_SERVERS
            | code::SERVER_IDENTIFIER => addresses(value),
            code::LEASE_TIME | code::RENEWAL_TIME | code::REBINDING_TIME => {
                number(value).map(|seconds| format!("{seconds} s"))
            }
            code::INTERFACE_MTU | code::MESSAGE_TYPE => {
                number(value).map(|number| number.to_string())
            }
            code::HOST_NAME
            | code::DOMAIN_NAME
            | code::VENDOR_CLASS
            | code::TFTP_SERVER_NAME
            | code::BOOT_FILE_NAME => text(value),
            code::DOMAIN_SEARCH => names(value),
            TIME_OFFSET => value
                .first_chunk()
                .filter(|_| value.len() == 4)
                .map(|bytes| format!("{} s", i32::from_be_bytes(*bytes))),
            code::CLASSLESS_ROUTES | code::CLASSLESS_ROUTES_WINDOWS => routes(value),
            _ => None,
        }
        .unwrap_or_else(|| hexadecimal(value))
    }
}

/// The offset of the client's time zone (RFC 2132 §3.4), which only snippets tell.
const TIME_OFFSET: u8 = 2;

/// The name of an option; `option` where there is none.
#[must_use]
pub const fn name_of(code: u8) -> &'static str {
    match code {
        code::SUBNET_MASK => "subnet mask",
        code::ROUTER => "routers",
        code::DOMAIN_NAME_SERVER => "DNS servers",
        code::HOST_NAME => "host name",
        code::DOMAIN_NAME => "domain name",
        code::INTERFACE_MTU => "interface MTU",
        code::BROADCAST_ADDRESS => "broadcast address",
        code::NTP_SERVERS => "NTP servers",
        code::VENDOR_SPECIFIC => "vendor-specific information",
        code::LEASE_TIME => "lease time",
        code::MESSAGE_TYPE => "message type",
        code::SERVER_IDENTIFIER => "server identifier",
        code::RENEWAL_TIME => "renewal time",
        code::REBINDING_TIME => "rebinding time",
        code::VENDOR_CLASS => "vendor class",
        code::TFTP_SERVER_NAME => "TFTP server name",
        code::BOOT_FILE_NAME => "boot file name",
        code::RELAY_AGENT_INFORMATION => "relay agent information",
        code::DOMAIN_SEARCH => "domain search list",
        code::IPXE_ENCAPSULATED => "iPXE options",
        TIME_OFFSET => "time offset",
        code::CLASSLESS_ROUTES => "classless static routes",
        code::CLASSLESS_ROUTES_WINDOWS => "classless static routes (Windows)",
        _ => "option",
    }
}

/// A reply as its client reads it.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) yiaddr: Ipv4Addr,
    pub(super) siaddr: Ipv4Addr,
    pub(super) options: Options,
}

impl Told {
    /// Reads what a server wrote.
    pub(super) fn read(packet: &[u8]) -> Self {
        let field = |range: std::ops::Range<usize>| packet.get(range).unwrap_or_default();
        let address = |start: usize| {
            let bytes = <[u8; 4]>::try_from(field(start..start + 4)).unwrap_or_default();
            Ipv4Addr::from(bytes)
        };
        let options = packet.get(240..).unwrap_or_default();
        Self {
            yiaddr: address(16),
            siaddr: address(20),
            options: Options::parse(options, field(108..236), field(44..108)),
        }
    }

    /// Its options, without message type, relay agent information and what only says how they are packed.
    pub(super) fn told(&self) -> Vec<ToldOption> {
        const OF_THE_PACKET: [u8; 3] =
            [code::MESSAGE_TYPE, code::RELAY_AGENT_INFORMATION, code::OVERLOAD];
        let told = self.options.iter().filter(|(code, _)| !OF_THE_PACKET.contains(code));
        told.map(|(code, value)| ToldOption {
            code,
            value: value.to_vec(),
            source: source_of(code),
        })
        .collect()
    }
}

fn addresses(value: &[u8]) -> Option<String> {
    let all: Vec<String> =
        value.chunks(4).map(<[u8; 4]>::try_from).map_while(Result::ok).map(dotted).collect();
    (all.len() * 4 == value.len()).then(|| all.join(", "))
}

fn dotted(bytes: [u8; 4]) -> String {
    Ipv4Addr::from(bytes).to_string()
}

fn number(value: &[u8]) -> Option<u32> {
    match *value {
        [a] => Some(u32::from(a)),
        [a, b] => Some(u32::from(u16::from_be_bytes([a, b]))),
        [a, b, c, d] => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    }
}

/// A text; a NUL behind it is none of it.
fn text(value: &[u8]) -> Option<String> {
    let value = value.strip_suffix(&[0]).unwrap_or(value);
    let text = std::str::from_utf8(value).ok()?;
    text.chars().all(|character| !character.is_control()).then(|| text.to_owned())
}

/// Names in the form of DNS messages, without compression (RFC 1035 §3.1).
fn names(mut value: &[u8]) -> Option<String> {
    let (mut names, mut labels) = (Vec::new(), Vec::new());
    while let Some((length, rest)) = value.split_first() {
        let (label, rest) = rest.split_at_checked(usize::from(*length))?;
        value = rest;
        if label.is_empty() {
            names.push(std::mem::take(&mut labels).join("."));
        } else {
            labels.push(text(label)?);
        }
    }
    labels.is_empty().then(|| names.join(", "))
}

fn routes(value: &[u8]) -> Option<String> {
    let routes = decode(value)?.into_iter();
    let told = routes.map(|route| format!("{} via {}", route.destination, route.router));
    Some(told.collect::<Vec<_>>().join(", "))
}

fn hexadecimal(value: &[u8]) -> String {
    value.iter().fold(String::from("0x"), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: u8, value: &[u8], want: &str) {
        let told = ToldOption { code, value: value.to_vec(), source: source_of(code) };
        assert_eq!(told.text(), want);
    }

    #[test]
    fn values_are_written_by_their_form_and_else_in_hexadecimal() {
        check(6, &[10, 0, 0, 2, 9, 9, 9, 9], "10.0.0.2, 9.9.9.9");
        check(6, &[10, 0, 0], "0x0a0000");
        check(51, &[0, 0, 2, 88], "600 s");
        check(26, &[35, 40], "9000");
        check(67, b"a.efi\0", "a.efi");
        check(12, b"a\nb", "0x610a62");
        check(119, b"\x02ab\x01c\x00\x01d\x00", "ab.c, d");
        check(119, b"\x02a", "0x0261");
        check(2, &[255, 255, 241, 240], "-3600 s");
        check(
            121,
            &[8, 10, 10, 0, 0, 7, 0, 10, 0, 0, 1],
            "10.0.0.0/8 via 10.0.0.7, 0.0.0.0/0 via 10.0.0.1",
        );
        check(249, &[8, 10], "0x080a");
        check(200, &[1, 255], "0x01ff");
    }
}
