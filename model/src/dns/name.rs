//! Names as zones sort them, and the records that belong to them.

use std::borrow::Borrow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The longest label and the longest name in bytes (RFC 1035 §2.3.4).
const LABEL_MAX: usize = 63;
const NAME_MAX: usize = 255;

/// A name in the order of zones: labels from the root down, in lower case, each behind its length.
/// All descendants of a name begin with its bytes and follow it, so a name, what is below it and
/// its absence are each found in logarithmic time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DnsName(Arc<[u8]>);

impl DnsName {
    /// The name that is written `text`, absolute, without a trailing dot; none when no name is
    /// written like that.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut key = Vec::with_capacity(text.len() + 1);
        for label in text.rsplit('.') {
            let printable = label.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
            if !(1..=LABEL_MAX).contains(&label.len()) || !printable {
                return None;
            }
            push_label(&mut key, label.as_bytes());
        }
        (key.len() < NAME_MAX).then(|| Self(key.into()))
    }

    /// The name with these bytes: labels from the root down, in lower case, each behind its length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its labels, from the root down.
    pub fn labels(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.as_bytes();
        std::iter::from_fn(move || {
            let (&length, behind) = rest.split_first()?;
            let (label, next) = behind.split_at_checked(usize::from(length))?;
            rest = next;
            Some(label)
        })
    }
}

impl Borrow<[u8]> for DnsName {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<_> = self.labels().map(String::from_utf8_lossy).collect();
        for (index, label) in labels.iter().rev().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            write!(f, "{dot}{label}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Appends a label to the bytes of its parent's name.
pub fn push_label(name: &mut Vec<u8>, label: &[u8]) {
    name.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
    name.extend(label.iter().map(u8::to_ascii_lowercase));
}

/// The bytes of a name and of all names above it, from the root down; the root itself has none.
pub fn ancestors(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut end = 0;
    std::iter::from_fn(move || {
        end += 1 + usize::from(*name.get(end)?);
        name.get(..end)
    })
}

/// The type of a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the type of that name")]
pub enum RecordKind {
    A,
    Aaaa,
    Cname,
    Mx,
    Ns,
    Ptr,
    Srv,
    Sshfp,
    Txt,
    /// Any other, by its name in upper case.
    Other(Arc<str>),
}

impl RecordKind {
    /// The type with that name, in any case.
    #[must_use]
    pub fn of(name: &str) -> Self {
        match name.to_ascii_uppercase().as_str() {
            "A" => Self::A,
            "AAAA" => Self::Aaaa,
            "CNAME" => Self::Cname,
            "MX" => Self::Mx,
            "NS" => Self::Ns,
            "PTR" => Self::Ptr,
            "SRV" => Self::Srv,
            "SSHFP" => Self::Sshfp,
            "TXT" => Self::Txt,
            other => Self::Other(other.into()),
        }
    }

    /// The type of the record of an address.
    #[must_use]
    pub fn of_address(ip: IpAddr) -> Self {
        if ip.is_ipv4() { Self::A } else { Self::Aaaa }
    }

    /// Its name in upper case.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Ptr => "PTR",
            Self::Srv => "SRV",
            Self::Sshfp => "SSHFP",
            Self::Txt => "TXT",
            Self::Other(name) => name,
        }
    }
}

/// The data of a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordData {
    /// A or AAAA.
    Address(IpAddr),
    /// PTR, NS or CNAME: another name, absolute, without a trailing dot.
    Name(Arc<str>),
    /// Any other type, in zone-file form (RFC 1035 §5.1) with absolute names.
    Text(Arc<str>),
}

impl RecordData {
    /// Sorts before all other data.
    pub(crate) const FIRST: Self = Self::Address(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
}

/// One record of a name. Records of a name stand together, of a type in the order of their TTLs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedRecord {
    /// The owner name.
    pub name: DnsName,
    /// The type.
    pub kind: RecordKind,
    /// TTL in seconds, as the source of the record wants it.
    pub ttl: u32,
    /// The data.
    pub data: RecordData,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let name = DnsName::parse(text);
        assert_eq!(name.map(|name| name.to_string()).as_deref(), expected, "{text}");
    }

    #[test]
    fn names_are_read_in_lower_case_and_refused_when_they_cannot_be_sent() {
        check("Web.Maas", Some("web.maas"));
        check("*.maas", Some("*.maas"));
        for wrong in ["", "a..b", ".maas", "maas.", "a b.maas", "a\\.b", "münchen"] {
            check(wrong, None);
        }
        check(&"a".repeat(64), None);
        check(&vec!["a".repeat(63); 4].join("."), None);
    }

    #[test]
    fn descendants_follow_their_name_and_begin_with_it() {
        let names = ["maas", "a.maas", "x.a.maas", "b.maas", "maas2"];
        let mut sorted: Vec<DnsName> =
            names.iter().filter_map(|name| DnsName::parse(name)).collect();
        sorted.sort();
        assert_eq!(sorted.iter().map(ToString::to_string).collect::<Vec<_>>(), names);
        let deep = &sorted[2];
        let above: Vec<&[u8]> = ancestors(deep.as_bytes()).collect();
        assert_eq!(above, [sorted[0].as_bytes(), sorted[1].as_bytes(), deep.as_bytes()]);
    }
}
