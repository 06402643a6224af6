//! The data of records that users make, in zone-file form (RFC 1035 §5.1): what is taken is served.
//!
//! A TXT record whose data is not quoted is one text, as in MAAS; data that is quoted is a list of texts.
//! A text of more than 255 bytes is served as several (RFC 1035 §3.3.14), which readers put together again.

use crate::dns::name::DnsName;

/// The types of record that users can make, besides addresses.
pub const RECORD_TYPES: [&str; 6] = ["SRV", "NS", "MX", "SSHFP", "TXT", "CNAME"];

/// The greatest TTL, in seconds (RFC 2181 §8).
pub const TTL_MAX: u32 = 0x7fff_ffff;

/// The longest data of a record, in bytes: its answer has to fit into a message.
const DATA_BYTES_MAX: usize = 16_384;

/// The longest string of a TXT record, in bytes.
const STRING_BYTES_MAX: usize = 255;

/// The longest name of a domain, in characters (RFC 1035 §2.3.4).
const NAME_MAX: usize = 253;

/// The longest label, in characters.
const LABEL_MAX: usize = 63;

/// Whether a text is a label, or some with dots between them (RFC 1123 §2.1); `_` begins the names
/// of services (RFC 2782).
#[must_use]
pub fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        let inner = label.strip_prefix('_').unwrap_or(label);
        !inner.is_empty()
            && label.len() <= LABEL_MAX
            && !inner.starts_with('-')
            && !inner.ends_with('-')
            && inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    text.len() <= NAME_MAX && text.split('.').all(label) && DnsName::parse(text).is_some()
}

/// Checks a record's data (RFC 1035 §5.1, RFC 2782, RFC 4255).
///
/// # Errors
/// What is wrong with it, in MAAS's words where it has some.
pub fn check(rrtype: &str, rrdata: &str) -> Result<(), String> {
    if rrdata.len() > DATA_BYTES_MAX {
        return Err(format!("Ensure this value has at most {DATA_BYTES_MAX} characters."));
    }
    let fields: Vec<&str> = rrdata.split_whitespace().collect();
    let host = |text: &str| is_name(text.strip_suffix('.').unwrap_or(text));
    let number = |text: &str| text.parse::<u16>().is_ok();
    let small = |text: &str| text.parse::<u8>().is_ok();
    let is_right = match (rrtype, fields.as_slice()) {
        ("CNAME" | "NS", [target]) => host(target),
        ("MX", [preference, target]) => number(preference) && host(target),
        ("SRV", [priority, weight, port, target]) => {
            [priority, weight, port].into_iter().all(|text| number(text))
                && (*target == "." || host(target))
        }
        ("SSHFP", [algorithm, kind, print]) => {
            let is_hexadecimal = print.bytes().all(|byte| byte.is_ascii_hexdigit());
            small(algorithm) && small(kind) && is_hexadecimal && print.len().is_multiple_of(2)
        }
        ("TXT", _) => return strings(rrdata).map(drop),
        (_, []) => return Err("This field is required.".to_owned()),
        _ => false,
    };
    if is_right { Ok(()) } else { Err(wrong(rrtype).to_owned()) }
}

fn wrong(rrtype: &str) -> &'static str {
    match rrtype {
        "CNAME" => "Invalid CNAME: Should be '<server>'.",
        "NS" => "Invalid NS: should be a domain name.",
        "MX" => "Invalid MX: Should be '<preference> <server>'. Range for preference is 0-65535.",
        "SRV" => {
            "Invalid SRV: Should be '<priority> <weight> <port> <server>'. Range for priority, \
             weight, and port are 0-65535."
        }
        _ => "Invalid SSHFP: Should be '<algorithm> <fptype> <fingerprint>'.",
    }
}

/// The strings of a TXT record, each of at most 255 bytes.
///
/// # Errors
/// What is wrong with the data.
pub fn strings(rrdata: &str) -> Result<Vec<Vec<u8>>, String> {
    let text = rrdata.trim();
    let texts = match text.strip_prefix('"') {
        Some(_) => quoted(text)?,
        None if text.is_empty() => return Err("This field is required.".to_owned()),
        None => vec![text.as_bytes().to_vec()],
    };
    let mut strings = Vec::new();
    for text in texts {
        if text.is_empty() {
            strings.push(text);
        } else {
            strings.extend(text.chunks(STRING_BYTES_MAX).map(<[u8]>::to_vec));
        }
    }
    Ok(strings)
}

/// Texts in quotes with blanks between them. `\` makes the next character an ordinary one, or stands with
/// three digits for the byte of that number.
fn quoted(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut texts = Vec::new();
    let mut rest = text.as_bytes();
    loop {
        rest = rest.trim_ascii_start();
        let Some((first, inside)) = rest.split_first() else { return Ok(texts) };
        if *first != b'"' {
            return Err("Invalid TXT: what follows a quoted text has to be quoted.".to_owned());
        }
        let (text, behind) = one_quoted(inside)?;
        texts.push(text);
        rest = behind;
    }
}

fn one_quoted(mut rest: &[u8]) -> Result<(Vec<u8>, &[u8]), String> {
    let open = || "Invalid TXT: a quote is not closed.".to_owned();
    let mut text = Vec::new();
    loop {
        let (byte, behind) = rest.split_first().ok_or_else(open)?;
        rest = behind;
        match byte {
            b'"' => return Ok((text, rest)),
            b'\\' => {
                let number = rest.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit));
                if let Some(digits) = number {
                    let number =
                        digits.iter().fold(0_u16, |sum, at| sum * 10 + u16::from(at - b'0'));
                    let wrong = |_| format!("Invalid TXT: \\{number:03} is no byte.");
                    text.push(u8::try_from(number).map_err(wrong)?);
                    rest = &rest[3..];
                } else {
                    let (byte, behind) = rest.split_first().ok_or_else(open)?;
                    text.push(*byte);
                    rest = behind;
                }
            }
            byte => text.push(*byte),
        }
    }
}

/// Checks a TTL.
///
/// # Errors
/// What is wrong with it, in Django's words.
pub fn check_ttl(ttl: Option<u32>, least: u32) -> Result<(), String> {
    match ttl {
        Some(ttl) if ttl < least => {
            Err(format!("Ensure this value is greater than or equal to {least}."))
        }
        Some(ttl) if ttl > TTL_MAX => {
            Err(format!("Ensure this value is less than or equal to {TTL_MAX}."))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_strings(rrdata: &str, expected: &[&[u8]]) {
        assert_eq!(strings(rrdata), Ok(expected.iter().map(|text| text.to_vec()).collect()));
    }

    #[test]
    fn texts_are_one_or_quoted_and_split_where_they_are_long() {
        check_strings("v=spf1 -all", &[b"v=spf1 -all"]);
        check_strings(r#" "a b" "c" "#, &[b"a b", b"c"]);
        check_strings(r#""a\"b\\c\065""#, &[b"a\"b\\cA"]);
        check_strings(r#""""#, &[b""]);
        check_strings("say \"x\"", &[b"say \"x\""]);
        let long = "k".repeat(600);
        let lengths: Vec<usize> = strings(&long).unwrap().iter().map(Vec::len).collect();
        assert_eq!(lengths, [255, 255, 90]);
        assert_eq!(strings(&format!("\"{long}\"")), strings(&long));
    }

    #[test]
    fn texts_that_cannot_be_served_are_refused() {
        for wrong in ["\"", "\"a", "\"a\" b", "\"a\\", "\"\\256\"", "", "  "] {
            assert!(check("TXT", wrong).is_err(), "{wrong:?}");
        }
        assert!(check("TXT", &"x".repeat(DATA_BYTES_MAX + 1)).is_err());
        assert_eq!(check("TXT", &"x".repeat(DATA_BYTES_MAX)), Ok(()));
    }

    #[test]
    fn data_of_other_types_is_what_racks_can_write() {
        for (rrtype, right) in [
            ("CNAME", "a.b."),
            ("NS", "ns1"),
            ("MX", "65535 mail"),
            ("SRV", "0 0 443 ."),
            ("SSHFP", "4 2 0aFF"),
        ] {
            assert_eq!(check(rrtype, right), Ok(()), "{rrtype} {right}");
        }
        for (rrtype, wrong) in [
            ("CNAME", "a b"),
            ("CNAME", ""),
            ("NS", "-a"),
            ("MX", "65536 mail"),
            ("SRV", "0 0 443"),
            ("SSHFP", "256 2 aa"),
            ("SSHFP", "4 2 aaa"),
            ("CNAME", &["a"; 127].join(".")),
        ] {
            assert!(check(rrtype, wrong).is_err() || wrong.len() == 253, "{rrtype} {wrong}");
        }
        assert!(check_ttl(Some(u32::MAX), 0).is_err() && check_ttl(Some(TTL_MAX), 0).is_ok());
        assert!(check_ttl(Some(0), 1).is_err() && check_ttl(None, 1).is_ok());
    }
}
