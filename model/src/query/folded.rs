//! Texts without regard to case: letter by letter, so that a part is folded as it is in the whole.

use std::borrow::Cow;

use crate::query::field::Scalar;

/// A text in lower case.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    let is_folded = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if text.bytes().all(is_folded) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().flat_map(char::to_lowercase).collect())
    }
}

/// A value as free text and wildcards see it; none for what is no text to anybody.
pub(crate) fn text<'a>(scalar: &Scalar<'a>) -> Option<Cow<'a, str>> {
    match scalar {
        Scalar::Text(text) => Some(fold(text)),
        Scalar::Number(number) => Some(Cow::Owned(number.to_string())),
        Scalar::Address(address) => Some(Cow::Owned(address.to_canonical().to_string())),
        Scalar::Mac(mac) => Some(Cow::Owned(mac.to_string())),
        Scalar::Boolean(_) | Scalar::Time(_) => None,
    }
}
