//! The question for the address of a name, and its answer (RFC 1035 §4), as a stub resolver knows them.

use std::net::Ipv4Addr;

/// The name is there.
pub const NO_ERROR: u8 = 0;
/// There is no such name.
pub const NAME_ERROR: u8 = 3;

const RECURSION_DESIRED: u8 = 1;
const TYPE_A: u16 = 1;
const CLASS_IN: u16 = 1;
const HEAD_BYTES: usize = 12;
/// The two highest bits of a length that points elsewhere instead (§4.1.4).
const POINTER: u8 = 0xc0;

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Which question it answers.
    pub id: u16,
    /// Its response code.
    pub code: u8,
    /// The addresses.
    pub addresses: Vec<Ipv4Addr>,
}

/// Asks for the addresses of a name. Labels longer than 63 bytes are cut.
#[must_use]
pub fn question(id: u16, name: &str) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    let mut bytes = vec![high, low, RECURSION_DESIRED, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.').map(str::as_bytes) {
        let label = label.get(..63).unwrap_or(label);
        bytes.push(u8::try_from(label.len()).unwrap_or_default());
        bytes.extend(label);
    }
    bytes.push(0);
    bytes.extend(TYPE_A.to_be_bytes());
    bytes.extend(CLASS_IN.to_be_bytes());
    bytes
}

/// Reads an answer; none when it is something else.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Answer> {
    let word = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let is_answer = bytes.get(2)? & 0x80 != 0;
    let (questions, answers) = (word(4)?, word(6)?);
    let mut at = HEAD_BYTES;
    for _ in 0..questions {
        at = after_name(bytes, at)? + 4;
    }
    let mut addresses = Vec::new();
    for _ in 0..answers {
        at = after_name(bytes, at)?;
        let (kind, length) = (word(at)?, usize::from(word(at + 8)?));
        let data = bytes.get(at + 10..at + 10 + length)?;
        if kind == TYPE_A {
            let octets: [u8; 4] = data.try_into().ok()?;
            addresses.push(octets.into());
        }
        at += 10 + length;
    }
    is_answer.then_some(Answer { id: word(0)?, code: bytes[3] & 0xf, addresses })
}

/// Where a name that begins there ends.
fn after_name(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = *bytes.get(at)?;
        match length {
            0 => return Some(at + 1),
            pointer if pointer & POINTER == POINTER => return Some(at + 2),
            length => at += 1 + usize::from(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u8, addresses: &[[u8; 4]]) -> Vec<u8> {
        let mut bytes = question(7, "c1.maas");
        bytes[2] |= 0x80;
        bytes[3] = code;
        bytes[7] = u8::try_from(addresses.len()).unwrap();
        for address in addresses {
            bytes.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4]);
            bytes.extend(address);
        }
        bytes
    }

    #[test]
    fn a_question_is_laid_out_as_servers_read_it() {
        let bytes = question(7, "c1.maas");
        assert_eq!(bytes[12..], *b"\x02c1\x04maas\x00\x00\x01\x00\x01");
        assert_eq!(read(&bytes), None, "it is no answer");
    }

    #[test]
    fn answers_are_read_also_without_addresses_and_never_beyond_their_end() {
        let known = Answer { id: 7, code: NO_ERROR, addresses: vec![[10, 0, 0, 1].into()] };
        let bytes = answer(NO_ERROR, &[[10, 0, 0, 1]]);
        assert_eq!(read(&bytes), Some(known));
        let none = Answer { id: 7, code: NAME_ERROR, addresses: vec![] };
        assert_eq!(read(&answer(NAME_ERROR, &[])), Some(none));
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), None, "{length}");
        }
    }
}
