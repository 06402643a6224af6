//! Values of options: from words to the bytes that clients are told.

use std::net::Ipv4Addr;

use crate::dhcp::error::{Reason, SnippetError};
use crate::dhcp::option::{Atom, OptionType, Repeat};
use crate::dhcp::token::{Kind, Reader, Token};

/// How long the value of an option may be, in bytes: more does not fit into a packet with the rest.
pub(super) const VALUE_BYTES_MAX: usize = 1_024;

/// Reads a value of that type. It stops before what follows.
pub(super) fn read(reader: &mut Reader, kind: &OptionType) -> Result<Vec<u8>, SnippetError> {
    let begin = reader.peek().clone();
    let mut value = Vec::new();
    read_all(reader, &kind.atoms, &mut value)?;
    let again = match kind.repeat {
        Repeat::Nothing => &[],
        Repeat::All => kind.atoms.as_slice(),
        Repeat::Last => kind.atoms.last().map(std::slice::from_ref).unwrap_or_default(),
    };
    while !again.is_empty() && reader.takes(',') {
        read_all(reader, again, &mut value)?;
    }
    if value.len() > VALUE_BYTES_MAX {
        let reason = Reason::TooMuch { what: "bytes in a value", max: VALUE_BYTES_MAX };
        return Err(begin.refused(reason));
    }
    Ok(value)
}

fn read_all(reader: &mut Reader, atoms: &[Atom], value: &mut Vec<u8>) -> Result<(), SnippetError> {
    for atom in atoms {
        let token = reader.take();
        let bytes = bytes(&token, *atom);
        value.extend(bytes.ok_or_else(|| token.refused(Reason::Value(atom.to_string())))?);
        while *atom == Atom::Names && reader.takes(',') {
            let token = reader.take();
            let name = bytes_of_name(&token);
            value.extend(name.ok_or_else(|| token.refused(Reason::Value(atom.to_string())))?);
        }
    }
    Ok(())
}

fn bytes(token: &Token, atom: Atom) -> Option<Vec<u8>> {
    match (atom, &token.kind) {
        (Atom::Address, Kind::Word(word)) => {
            word.parse::<Ipv4Addr>().ok().map(|ip| ip.octets().to_vec())
        }
        (Atom::Text | Atom::Bytes, Kind::Text(text)) => (!text.is_empty()).then(|| text.clone()),
        (Atom::Bytes, Kind::Word(word)) => hexadecimal(word),
        (Atom::Flag, Kind::Word(word)) => match word.to_ascii_lowercase().as_str() {
            "on" | "true" => Some(vec![1]),
            "off" | "false" => Some(vec![0]),
            _ => None,
        },
        (Atom::Number { bytes, signed }, Kind::Word(word)) => number(word, bytes, signed),
        (Atom::Name | Atom::Names, _) => bytes_of_name(token),
        (Atom::Address | Atom::Flag | Atom::Number { .. }, Kind::Text(_))
        | (Atom::Text, Kind::Word(_))
        | (_, Kind::Mark(_) | Kind::End) => None,
    }
}

/// Bytes like `01:2f:a`.
pub(super) fn hexadecimal(word: &str) -> Option<Vec<u8>> {
    let byte = |digits: &str| {
        let plain = matches!(digits.len(), 1 | 2) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        plain.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
    };
    word.split(':').map(byte).collect()
}

/// A whole number in decimal, with `0x` in hexadecimal, with `0` in octal.
pub(super) fn whole_number(word: &str) -> Option<i64> {
    let (sign, digits) = word.strip_prefix('-').map_or((1, word), |digits| (-1, digits));
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let lower = digits.to_ascii_lowercase();
    let value = if let Some(digits) = lower.strip_prefix("0x") {
        u32::from_str_radix(digits, 16).ok()
    } else if lower.len() > 1 && lower.starts_with('0') {
        u32::from_str_radix(&lower, 8).ok()
    } else {
        lower.parse().ok()
    };
    value.map(|value: u32| sign * i64::from(value))
}

/// ISC takes large numbers without a sign for signed types as well.
fn number(word: &str, bytes: u8, signed: bool) -> Option<Vec<u8>> {
    let value = whole_number(word)?;
    let bits = 8 * u32::from(bytes);
    let min = if signed { -(1_i64 << (bits - 1)) } else { 0 };
    let all = value.to_be_bytes();
    (min..1_i64 << bits).contains(&value).then(|| all[all.len() - usize::from(bytes)..].to_vec())
}

/// A name in the form of DNS messages (RFC 1035 §3.1), without compression.
fn bytes_of_name(token: &Token) -> Option<Vec<u8>> {
    let Kind::Text(text) = &token.kind else { return None };
    let name = std::str::from_utf8(text).ok()?;
    let name = name.strip_suffix('.').unwrap_or(name);
    let mut bytes = Vec::with_capacity(name.len() + 2);
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        bytes.push(length);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    (bytes.len() <= 255).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: &str, text: &str, want: Option<&[u8]>) {
        let kind = OptionType::of_format(format).unwrap();
        let mut reader = Reader::of(text).unwrap();
        let value = read(&mut reader, &kind).ok().filter(|_| reader.peek().kind == Kind::End);
        assert_eq!(value.as_deref(), want, "{format} {text}");
    }

    #[test]
    fn values_are_written_as_isc_writes_them() {
        check("I", "10.0.0.1", Some(&[10, 0, 0, 1]));
        check("I", "router.example.com", None);
        check("IA", "10.0.0.1, 10.0.0.2", Some(&[10, 0, 0, 1, 10, 0, 0, 2]));
        check("IA", "10.0.0.1,", None);
        check("IIA", "10.1.0.0 10.0.0.1", Some(&[10, 1, 0, 0, 10, 0, 0, 1]));
        check("IIA", "10.1.0.0, 10.0.0.1", None);
        check("t", "\"lab\"", Some(b"lab"));
        check("t", "lab", None);
        check("t", "\"\"", None);
        check("X", "01:2F:a", Some(&[1, 0x2f, 10]));
        check("X", "\"PXE\"", Some(b"PXE"));
        check("X", "01:100", None);
        check("f", "TRUE", Some(&[1]));
        check("f", "off", Some(&[0]));
        check("f", "maybe", None);
        check("d", "\"example.com.\"", Some(b"\x07example\x03com\x00"));
        check("D", "\"a.b\", \"c\"", Some(b"\x01a\x01b\x00\x01c\x00"));
        check("D", "\"a..b\"", None);
        check(
            "BIID",
            "1 9.9.9.9 8.8.8.8 \"a\"",
            Some(b"\x01\x09\x09\x09\x09\x08\x08\x08\x08\x01a\x00"),
        );
        check("fIa", "on 10.0.0.1, 10.0.0.2", Some(&[1, 10, 0, 0, 1, 10, 0, 0, 2]));
    }

    #[test]
    fn numbers_have_their_bounds() {
        check("B", "255", Some(&[255]));
        check("B", "256", None);
        check("b", "-128", Some(&[128]));
        check("b", "255", Some(&[255]));
        check("b", "-129", None);
        check("S", "0x1ff", Some(&[1, 255]));
        check("S", "010", Some(&[0, 8]));
        check("s", "-1", Some(&[255, 255]));
        check("L", "4294967295", Some(&[255, 255, 255, 255]));
        check("L", "4294967296", None);
        check("l", "-2147483648", Some(&[128, 0, 0, 0]));
        check("l", "--1", None);
        check("L", "-1", None);
    }

    #[test]
    fn a_value_has_an_end() {
        let many = vec!["10.0.0.1"; VALUE_BYTES_MAX / 4];
        let kind = OptionType::of_format("IA").unwrap();
        let read = |text: &str| read(&mut Reader::of(text).unwrap(), &kind);
        assert!(read(&many.join(",")).is_ok());
        let error = read(&format!("{},10.0.0.1", many.join(","))).unwrap_err();
        assert_eq!(
            error.reason,
            Reason::TooMuch { what: "bytes in a value", max: VALUE_BYTES_MAX }
        );
    }
}
