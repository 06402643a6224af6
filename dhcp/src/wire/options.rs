//! Walks the options of a message from the network.
//!
//! Pieces of one option are joined wherever they stand (RFC 3396), and the `file` and `sname`
//! fields are read when option 52 says so (RFC 2131 §4.1). An option that makes no sense hides
//! nothing that follows it, because values are not interpreted here.

use std::net::Ipv4Addr;

use crate::wire::code;

const PAD: u8 = 0;
const END: u8 = 255;

/// The options of a message, in the order of their first pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    entries: Vec<(u8, Vec<u8>)>,
}

impl Options {
    /// Reads the options field, and the two other fields if they are overloaded.
    #[must_use]
    pub fn parse(options: &[u8], file: &[u8], sname: &[u8]) -> Self {
        let mut parsed = Self::default();
        parsed.walk(options);
        let overload = parsed.first_byte(code::OVERLOAD).unwrap_or_default();
        if overload & 1 != 0 {
            parsed.walk(file);
        }
        if overload & 2 != 0 {
            parsed.walk(sname);
        }
        parsed
    }

    /// All options with their values, in the order of their first pieces.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &[u8])> {
        self.entries.iter().map(|(code, value)| (*code, value.as_slice()))
    }

    /// The value of an option.
    #[must_use]
    pub fn get(&self, code: u8) -> Option<&[u8]> {
        self.entries.iter().find(|(own, _)| *own == code).map(|(_, value)| value.as_slice())
    }

    /// The value of an option that is an address; none when it has another length.
    #[must_use]
    pub fn address(&self, code: u8) -> Option<Ipv4Addr> {
        let bytes: [u8; 4] = self.get(code)?.try_into().ok()?;
        Some(Ipv4Addr::from(bytes))
    }

    /// The value of an option that is a 16-bit number; more bytes after it are ignored.
    #[must_use]
    pub fn number_u16(&self, code: u8) -> Option<u16> {
        let value = self.get(code)?;
        Some(u16::from_be_bytes([*value.first()?, *value.get(1)?]))
    }

    /// The value of an option that is a 32-bit number.
    #[must_use]
    pub fn number_u32(&self, code: u8) -> Option<u32> {
        let bytes: [u8; 4] = self.get(code)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    }

    /// The first byte of an option.
    #[must_use]
    pub fn first_byte(&self, code: u8) -> Option<u8> {
        self.get(code)?.first().copied()
    }

    /// Walks one field up to its end option, its end, or the first piece that is cut off.
    fn walk(&mut self, mut field: &[u8]) {
        loop {
            match field {
                [] | [END, ..] => return,
                [PAD, rest @ ..] => field = rest,
                [code, length, rest @ ..] => {
                    let Some((value, rest)) = rest.split_at_checked(usize::from(*length)) else {
                        return;
                    };
                    self.append(*code, value);
                    field = rest;
                }
                [_] => return,
            }
        }
    }

    fn append(&mut self, code: u8, value: &[u8]) {
        match self.entries.iter_mut().find(|(own, _)| *own == code) {
            Some((_, whole)) => whole.extend_from_slice(value),
            None => self.entries.push((code, value.to_vec())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3396.
    #[test]
    fn pieces_are_joined_wherever_they_stand() {
        let options = Options::parse(&[12, 2, b'a', b'b', 0, 53, 1, 1, 12, 1, b'c', 255], &[], &[]);
        assert_eq!(options.get(12), Some(b"abc".as_slice()));
        assert_eq!(options.first_byte(53), Some(1));
    }

    #[test]
    fn overloaded_fields_are_read_file_first() {
        let options =
            Options::parse(&[52, 1, 3, 12, 1, b'a', 255], &[12, 1, b'b', 255], &[12, 1, b'c', 255]);
        assert_eq!(options.get(12), Some(b"abc".as_slice()));
        let plain = Options::parse(&[12, 1, b'a', 255], &[12, 1, b'b', 255], &[]);
        assert_eq!(plain.get(12), Some(b"a".as_slice()));
    }

    #[test]
    fn a_cut_piece_ends_the_walk_and_keeps_what_came_before() {
        for tail in [&[50_u8][..], &[50, 4], &[50, 4, 10, 0, 0]] {
            let field = [&[53, 1, 3][..], tail].concat();
            let options = Options::parse(&field, &[], &[]);
            assert_eq!(options.first_byte(53), Some(3));
            assert_eq!(options.get(50), None);
        }
    }

    #[test]
    fn wrong_lengths_are_no_values() {
        let options = Options::parse(&[50, 3, 1, 2, 3, 57, 1, 1, 51, 0, 255], &[], &[]);
        assert_eq!(options.address(50), None);
        assert_eq!(options.number_u16(57), None);
        assert_eq!(options.number_u32(51), None);
    }
}
