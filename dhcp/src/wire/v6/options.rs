//! Walks options without copying them.
//!
//! What a message is made of is checked once: whole options, lengths that their meaning allows, and no
//! second one where there may be one. A packet that is not so is dropped as a whole (RFC 9915 §16). Values
//! that hold options are walked by who knows them, to a depth that is fixed; nothing here recurses.

use crate::wire::v6::code;
use crate::wire::v6::duid;

/// Why options are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// An option, or its head, is cut off.
    #[error("an option is cut off")]
    Cut,
    /// An option is shorter or longer than one with its meaning.
    #[error("option {code} has {len} bytes")]
    Length {
        /// The option.
        code: u16,
        /// How long it is.
        len: usize,
    },
    /// An option is there twice that may be there once.
    #[error("option {code} is repeated")]
    Repeated {
        /// The option.
        code: u16,
    },
}

/// Options that were checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    bytes: &'a [u8],
}

impl<'a> Options<'a> {
    /// Checks the options of a message, a relay's message, or another option.
    ///
    /// # Errors
    /// [`OptionsError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, OptionsError> {
        let mut rest = bytes;
        let mut seen = 0_u16;
        while !rest.is_empty() {
            let (code, value, tail) = split(rest).ok_or(OptionsError::Cut)?;
            if !may_have(code, value.len()) {
                return Err(OptionsError::Length { code, len: value.len() });
            }
            if let Some(bit) = SINGLE.iter().position(|own| *own == code).map(|at| 1 << at) {
                if seen & bit != 0 {
                    return Err(OptionsError::Repeated { code });
                }
                seen |= bit;
            }
            rest = tail;
        }
        Ok(Self { bytes })
    }

    /// All of them, in their order.
    pub fn iter(self) -> impl Iterator<Item = (u16, &'a [u8])> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            let (code, value, tail) = split(rest)?;
            rest = tail;
            Some((code, value))
        })
    }

    /// The value of the first with this code.
    #[must_use]
    pub fn get(self, wanted: u16) -> Option<&'a [u8]> {
        self.iter().find(|(code, _)| *code == wanted).map(|(_, value)| value)
    }
}

/// The first option, and what follows it.
fn split(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    let [a, b, c, d] = *head;
    let (value, tail) = rest.split_at_checked(usize::from(u16::from_be_bytes([c, d])))?;
    Some((u16::from_be_bytes([a, b]), value, tail))
}

/// What may be there once.
const SINGLE: [u16; 14] = [
    code::CLIENT_ID,
    code::SERVER_ID,
    code::OPTION_REQUEST,
    code::PREFERENCE,
    code::ELAPSED_TIME,
    code::RELAY_MESSAGE,
    code::RAPID_COMMIT,
    code::USER_CLASS,
    code::INTERFACE_ID,
    code::REMOTE_ID,
    code::CLIENT_FQDN,
    code::CLIENT_ARCHITECTURE,
    code::CLIENT_LINK_LAYER_ADDRESS,
    code::RELAY_SOURCE_PORT,
];

/// Whether an option of a client or a relay may be so long.
fn may_have(code: u16, len: usize) -> bool {
    match code {
        code::CLIENT_ID | code::SERVER_ID => (duid::LEN_MIN..=duid::LEN_MAX).contains(&len),
        code::IA_NA | code::IA_PD => len >= 12,
        code::IA_TA => len >= 4,
        code::IA_ADDRESS => len >= 24,
        code::IA_PREFIX => len >= 25,
        code::OPTION_REQUEST => len.is_multiple_of(2),
        code::CLIENT_ARCHITECTURE => len > 0 && len.is_multiple_of(2),
        code::PREFERENCE => len == 1,
        code::ELAPSED_TIME | code::RELAY_SOURCE_PORT => len == 2,
        code::RAPID_COMMIT | code::RECONFIGURE_ACCEPT => len == 0,
        code::STATUS => len >= 2,
        code::CLIENT_FQDN => len >= 1,
        code::VENDOR_CLASS | code::REMOTE_ID => len >= 4,
        code::CLIENT_LINK_LAYER_ADDRESS => len >= 2,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], want: Result<usize, OptionsError>) {
        assert_eq!(Options::parse(bytes).map(|options| options.iter().count()), want);
    }

    /// V6-18, V6-19.
    #[test]
    fn what_is_cut_off_too_long_or_twice_is_not_taken() {
        check(&[], Ok(0));
        check(&[0, 8, 0, 2, 255, 255], Ok(1));
        check(&[0, 8, 0, 2, 255], Err(OptionsError::Cut));
        check(&[0, 8, 0], Err(OptionsError::Cut));
        check(&[0, 8, 0, 3, 1, 2, 3], Err(OptionsError::Length { code: 8, len: 3 }));
        check(&[0, 3, 0, 4, 0, 0, 0, 1], Err(OptionsError::Length { code: 3, len: 4 }));
        check(&[0, 14, 0, 0, 0, 14, 0, 0], Err(OptionsError::Repeated { code: 14 }));
        check(&[0, 200, 0, 0, 0, 200, 0, 0], Ok(2));
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_are_they_are_walked_to_an_end(
            bytes in proptest::collection::vec(0..40_u8, 0..400),
        ) {
            if let Ok(options) = Options::parse(&bytes) {
                let len: usize = options.iter().map(|(_, value)| value.len() + 4).sum();
                prop_assert_eq!(len, bytes.len());
            }
        }
    }
}
