//! What values a setting takes, and how the text that a client sends becomes one.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::boot::kernel_options;

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// True or false.
    Boolean,
    /// A whole number from the first to the last.
    Number(u64, u64),
    /// Any text.
    Text,
    /// A name: letters, digits, `.`, `_` and `-`, at most so many.
    Name(usize),
    /// One of these.
    Choice(&'static [&'static str]),
    /// IP addresses, separated by blanks or commas.
    Addresses,
    /// Host names or IP addresses, separated by blanks or commas.
    Hosts,
    /// IP addresses or prefixes, separated by blanks or commas.
    Networks,
    /// A host name or an IP address, with a port if one is wanted; empty for none.
    HostAndPort,
    /// An HTTP or HTTPS address; empty for none.
    Url,
    /// Options of a kernel, on one line.
    KernelOptions,
}

/// The items of a list in a text.
pub fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', '\t', '\n']).filter(|item| !item.is_empty())
}

/// A network, or an address as the network that holds nothing else.
#[must_use]
pub fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

impl Form {
    /// The value that a client's text stands for.
    ///
    /// # Errors
    /// What is wrong with the text, in MAAS's words where it has some.
    pub fn parse(self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        match self {
            Self::Boolean => boolean(text),
            Self::Number(first, last) => number(text, first, last),
            Self::Text => Ok(json!(text)),
            Self::Name(length) => name(text, length),
            Self::Choice(choices) if choices.contains(&text) => Ok(json!(text)),
            Self::Choice(choices) => Err(format!(
                "'{text}' is not a valid value. It should be one of: {}.",
                choices.join(", ")
            )),
            Self::Addresses => list(text, |item| item.parse::<IpAddr>().is_ok(), "IP address"),
            Self::Hosts => list(text, is_host, "hostname"),
            Self::Networks => list(text, |item| network(item).is_some(), "network"),
            Self::HostAndPort | Self::Url if text.is_empty() => Ok(Value::Null),
            Self::HostAndPort if is_host_and_port(text) => Ok(json!(text)),
            Self::HostAndPort => Err(format!("Invalid hostname: {text}.")),
            Self::Url if is_url(text) => Ok(json!(text)),
            Self::Url => Err("Enter a valid URL.".to_owned()),
            Self::KernelOptions => kernel_options::check(text).map(|()| json!(text)),
        }
    }

    /// The form in a word, for programs: `boolean`, `number`, `choice`, and else what a text is.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Number(..) => "number",
            Self::Text => "text",
            Self::Name(_) => "name",
            Self::Choice(_) => "choice",
            Self::Addresses => "addresses",
            Self::Hosts => "hosts",
            Self::Networks => "networks",
            Self::HostAndPort => "host-and-port",
            Self::Url => "url",
            Self::KernelOptions => "kernel-options",
        }
    }

    /// The values of which it is one; none when it is anything of its form.
    #[must_use]
    pub fn choices(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Choice(choices) => Some(choices),
            Self::Boolean
            | Self::Number(..)
            | Self::Text
            | Self::Name(_)
            | Self::Addresses
            | Self::Hosts
            | Self::Networks
            | Self::HostAndPort
            | Self::Url
            | Self::KernelOptions => None,
        }
    }

    /// The least and the greatest number; none when it is no number.
    #[must_use]
    pub fn bounds(self) -> Option<(u64, u64)> {
        match self {
            Self::Number(first, last) => Some((first, last)),
            Self::Boolean
            | Self::Text
            | Self::Name(_)
            | Self::Choice(_)
            | Self::Addresses
            | Self::Hosts
            | Self::Networks
            | Self::HostAndPort
            | Self::Url
            | Self::KernelOptions => None,
        }
    }

    /// The form in words, for the documentation.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::Number(first, last) => format!("number, {first} to {last}"),
            Self::Text => "text".to_owned(),
            Self::Name(length) => format!("name, at most {length} characters"),
            Self::Choice(choices) => format!("`{}`", choices.join("`, `")),
            Self::Addresses => "IP addresses".to_owned(),
            Self::Hosts => "host names or IP addresses".to_owned(),
            Self::Networks => "IP addresses or prefixes".to_owned(),
            Self::HostAndPort => "host name or IP address, with or without a port".to_owned(),
            Self::Url => "HTTP or HTTPS address".to_owned(),
            Self::KernelOptions => "kernel options on one line".to_owned(),
        }
    }
}

fn boolean(text: &str) -> Result<Value, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(json!(true)),
        "false" | "0" | "no" | "off" | "" => Ok(json!(false)),
        _ => Err(format!("`{text}` is not a valid boolean.")),
    }
}

fn number(text: &str, first: u64, last: u64) -> Result<Value, String> {
    match text.parse::<u64>() {
        Err(_) => Err("Enter a whole number.".to_owned()),
        Ok(number) if number < first => {
            Err(format!("Ensure this value is greater than or equal to {first}."))
        }
        Ok(number) if number > last => {
            Err(format!("Ensure this value is less than or equal to {last}."))
        }
        Ok(number) => Ok(json!(number)),
    }
}

fn name(text: &str, length: usize) -> Result<Value, String> {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if text.is_empty() {
        return Err("This field is required.".to_owned());
    }
    if text.len() > length {
        return Err(format!("Ensure this value has at most {length} characters."));
    }
    if text.bytes().all(named) { Ok(json!(text)) } else { Err("Enter a valid value.".to_owned()) }
}

fn list(text: &str, valid: impl Fn(&str) -> bool, kind: &str) -> Result<Value, String> {
    match items(text).find(|item| !valid(item)) {
        Some(item) => Err(format!("Invalid {kind}: {item}.")),
        None => Ok(json!(items(text).collect::<Vec<_>>().join(" "))),
    }
}

/// An IP address, or labels with dots between them (RFC 1123 §2.1).
fn is_host(text: &str) -> bool {
    let labels =
        || text.trim_end_matches('.').split('.').all(crate::machine::hostname::is_hostname);
    text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && labels())
}

fn is_host_and_port(text: &str) -> bool {
    if is_host(text) {
        return true;
    }
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    is_host(bare) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let printable = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    rest.is_some_and(|rest| {
        let authority = rest.split('/').next().unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        is_host_and_port(host) && rest.bytes().all(printable)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(form: Form, text: &str, expected: Result<Value, &str>) {
        assert_eq!(form.parse(text), expected.map_err(str::to_owned), "{form:?} of {text}");
    }

    #[test]
    fn values_are_read_by_their_form() {
        check(Form::Boolean, "true", Ok(json!(true)));
        check(Form::Boolean, "maybe", Err("`maybe` is not a valid boolean."));
        check(Form::Number(1, 60), " 45 ", Ok(json!(45)));
        check(Form::Number(1, 60), "0", Err("Ensure this value is greater than or equal to 1."));
        check(Form::Number(1, 60), "61", Err("Ensure this value is less than or equal to 60."));
        check(Form::Addresses, "9.9.9.9, 1.1.1.1", Ok(json!("9.9.9.9 1.1.1.1")));
        check(Form::Addresses, "9.9.9", Err("Invalid IP address: 9.9.9."));
        check(Form::Hosts, "ntp.example.com 10.0.0.1", Ok(json!("ntp.example.com 10.0.0.1")));
        check(Form::Hosts, "a_b", Err("Invalid hostname: a_b."));
        check(Form::Networks, "10.0.0.0/8 fd00::1", Ok(json!("10.0.0.0/8 fd00::1")));
        check(Form::Name(4), "maas", Ok(json!("maas")));
        check(Form::Name(4), "m s", Err("Enter a valid value."));
        let wrong = "'x' is not a valid value. It should be one of: a, b.";
        check(Form::Choice(&["a", "b"]), "x", Err(wrong));
    }

    #[test]
    fn addresses_of_servers_are_checked_and_may_be_empty() {
        for text in ["http://p:3128/", "https://u:p@10.0.0.1", "http://[fd00::1]:3128"] {
            check(Form::Url, text, Ok(json!(text)));
        }
        for text in ["p", "ftp://p", "http://", "http://p/ x", "http://p/\"", "http://a b/"] {
            check(Form::Url, text, Err("Enter a valid URL."));
        }
        for text in ["log", "log.example.com:514", "10.0.0.1", "[fd00::1]:514"] {
            check(Form::HostAndPort, text, Ok(json!(text)));
        }
        check(Form::HostAndPort, "a:0", Err("Invalid hostname: a:0."));
        check(Form::HostAndPort, "", Ok(Value::Null));
        check(Form::Url, "", Ok(Value::Null));
    }
}
