//! Where things of the native API are.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The root of the API.
const ROOT: &str = "/api/v1";

/// What is written as it is in an element of a path.
const ELEMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':');

/// The path of some elements below the root.
pub(crate) fn path(elements: &[&str]) -> String {
    let mut path = ROOT.to_owned();
    for element in elements {
        path.push('/');
        path.extend(utf8_percent_encode(element, ELEMENT));
    }
    path
}
