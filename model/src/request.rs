//! What is known of a request besides what it asks: where it comes from, and what it is called, so that what a client saw, what a
//! log says of it and what it changed can be put together.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How long an id is at most, in bytes.
pub const LENGTH_MAX: usize = 128;

/// What a request is called: by its client, or else by the region that answers it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

/// Where a request comes from, and what it is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// The other end of the connection; none in a test without connections.
    pub address: Option<IpAddr>,
    /// The id of the request; none of what comes without one.
    pub request_id: Option<RequestId>,
}

/// Without an id: what nodes are asked by other nodes.
impl From<Option<IpAddr>> for Source {
    fn from(address: Option<IpAddr>) -> Self {
        Self { address, request_id: None }
    }
}

/// A text that is no id of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id of a request has 1 to {LENGTH_MAX} printable characters of ASCII")]
pub struct InvalidRequestId;

impl RequestId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RequestId {
    type Error = InvalidRequestId;

    fn try_from(text: String) -> Result<Self, InvalidRequestId> {
        let is_printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let is_id = is_printable && !text.trim().is_empty() && text.len() <= LENGTH_MAX;
        if is_id { Ok(Self(text)) } else { Err(InvalidRequestId) }
    }
}

impl FromStr for RequestId {
    type Err = InvalidRequestId;

    fn from_str(text: &str) -> Result<Self, InvalidRequestId> {
        text.to_owned().try_into()
    }
}

impl From<RequestId> for String {
    fn from(RequestId(text): RequestId) -> Self {
        text
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_printable() {
        let longest = "x".repeat(LENGTH_MAX);
        for text in ["a", "0196f1c2-7a", "a b", "~!", &longest] {
            assert_eq!(text.parse::<RequestId>().map(String::from), Ok(text.to_owned()));
        }
        let too_long = "x".repeat(LENGTH_MAX + 1);
        for text in ["", " ", "a\nb", "a\tb", "ä", "a\u{7f}", &too_long] {
            assert_eq!(text.parse::<RequestId>(), Err(InvalidRequestId), "{text:?}");
        }
    }

    #[test]
    fn a_stored_text_that_is_no_id_is_not_read_as_one() {
        assert!(serde_json::from_str::<RequestId>("\"a\\nb\"").is_err());
        let read: RequestId = serde_json::from_str("\"a\"").unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"a\"");
    }
}
