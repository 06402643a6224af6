//! Where a page ended, as text that a client sends back to get the next one. It means nothing to the client.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::list::order::SortKey;

#[derive(Serialize, Deserialize)]
struct Token {
    /// The order that it is of.
    order: String,
    /// The last object of the page.
    last: SortKey,
}

/// The token behind an object of a list in that order.
#[must_use]
pub fn written(last: &SortKey, order: &str) -> String {
    let token = Token { order: order.to_owned(), last: last.clone() };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
}

/// What a token says; none when it is none, or of another order.
#[must_use]
pub fn read(text: &str, order: &str) -> Option<SortKey> {
    let json = URL_SAFE_NO_PAD.decode(text).ok()?;
    let token: Token = serde_json::from_slice(&json).ok()?;
    (token.order == order).then_some(token.last)
}
