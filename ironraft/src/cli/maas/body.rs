//! What is sent with a request: `key=value` in the query or in a form, and `key@=file` by the file's content.

use std::fs;

use client::Body;

/// A `key=value` or `key@=file` argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The parameter.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: Value,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// As it stands.
    Text(String),
    /// The content of the file at a path.
    File(String),
}

impl Pair {
    /// Reads an argument.
    ///
    /// # Errors
    /// What MAAS says of one that is none.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let Some((name, value)) = text.split_once('=') else {
            return Err(format!("'{text}' is not a name=value or name@=filename pair"));
        };
        let value = value.to_owned();
        Ok(match name.strip_suffix('@') {
            Some(name) => Self { name: name.to_owned(), value: Value::File(value) },
            None => Self { name: name.to_owned(), value: Value::Text(value) },
        })
    }

    /// The bytes of the value.
    fn bytes(&self) -> anyhow::Result<Vec<u8>> {
        match &self.value {
            Value::Text(text) => Ok(text.clone().into_bytes()),
            Value::File(path) => fs::read(path).map_err(|error| cannot_read(path, &error)),
        }
    }
}

/// What is said of a file that cannot be read.
pub(crate) fn cannot_read(path: &str, error: &std::io::Error) -> anyhow::Error {
    anyhow::anyhow!("cannot read '{path}': {error}")
}

/// The parameters behind the path of a request that has no body.
///
/// # Errors
/// A file cannot be read, or is no text.
pub(crate) fn query(pairs: &[Pair]) -> anyhow::Result<Vec<(String, String)>> {
    let text = |pair: &Pair| {
        let value = String::from_utf8(pair.bytes()?);
        let value = value.map_err(|_| anyhow::anyhow!("the value of {} is no text", pair.name))?;
        Ok((pair.name.clone(), value))
    };
    pairs.iter().map(text).collect()
}

/// A form of parts (RFC 7578), as MAAS's command sends it; nothing when there is nothing to send.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn form(pairs: &[Pair]) -> anyhow::Result<Body> {
    if pairs.is_empty() {
        return Ok(Body::Nothing);
    }
    let boundary = format!("ironraft-{:032x}", rand::random::<u128>());
    let mut body = Vec::new();
    for pair in pairs {
        let name = quoted(&pair.name);
        body.extend(
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"").bytes(),
        );
        if let Value::File(path) = &pair.value {
            let file = quoted(path.rsplit('/').next().unwrap_or(path));
            body.extend(
                format!("; filename=\"{file}\"\r\nContent-Type: application/octet-stream").bytes(),
            );
        }
        body.extend(b"\r\n\r\n");
        body.extend(pair.bytes()?);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    Ok(Body::Multipart(format!("multipart/form-data; boundary={boundary}"), body.into()))
}

/// A name as it may stand between quotation marks of a header.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value as it stands in a path: what would end the path, or is not allowed in it, is encoded.
pub(crate) fn in_path(value: &str) -> String {
    let mut encoded = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_texts_or_files() {
        let pair = |name: &str, value| Ok(Pair { name: name.to_owned(), value });
        assert_eq!(Pair::read("a=b=c"), pair("a", Value::Text("b=c".to_owned())));
        assert_eq!(Pair::read("a@=/tmp/x"), pair("a", Value::File("/tmp/x".to_owned())));
        assert_eq!(Pair::read("a="), pair("a", Value::Text(String::new())));
        let message = "'a' is not a name=value or name@=filename pair";
        assert_eq!(Pair::read("a"), Err(message.to_owned()));
    }

    #[test]
    fn a_form_has_a_part_for_each_pair() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.bin");
        fs::write(&path, b"\x00\xff").unwrap();
        let file = format!("content@={}", path.display());
        let pairs = [Pair::read("name=x").unwrap(), Pair::read(&file).unwrap()];
        let Body::Multipart(kind, body) = form(&pairs).unwrap() else { panic!("it is a form") };
        assert!(kind.starts_with("multipart/form-data; boundary="), "{kind}");
        let shown = String::from_utf8_lossy(&body);
        assert!(shown.contains("name=\"name\"\r\n\r\nx\r\n"), "{shown}");
        assert!(shown.contains("name=\"content\"; filename=\"k.bin\"\r\n"), "{shown}");
        assert!(body.windows(6).any(|bytes| bytes == b"\r\n\x00\xff\r\n"), "{shown}");
        assert!(query(&pairs).is_err(), "what is no text has no place in a query");
        assert!(matches!(form(&[]).unwrap(), Body::Nothing));
    }

    #[test]
    fn a_value_stays_in_its_place_of_a_path() {
        assert_eq!(in_path("a b?c#d/é"), "a%20b%3Fc%23d/%C3%A9");
        assert_eq!(in_path("10.0.0.0/24"), "10.0.0.0/24");
    }
}
