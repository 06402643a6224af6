//! The cookie that a session is presented by.

use http::{HeaderMap, header};

/// Its name.
pub(crate) const NAME: &str = "sessionid";

/// What a request presents of it.
#[must_use]
pub fn presented(headers: &HeaderMap) -> Option<&str> {
    presented_as(headers, NAME)
}

/// What a request presents of the cookie of that name.
pub(crate) fn presented_as<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).into_iter();
    let texts = cookies.filter_map(|value| value.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';'));
    let found =
        pairs.find_map(|pair| pair.trim().split_once('=').filter(|(name, _)| *name == wanted));
    found.map(|(_, value)| value)
}
