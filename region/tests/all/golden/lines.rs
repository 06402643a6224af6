//! The lines of `rows`: `table key stored-bytes-in-base64 # what`.
//!
//! The table of a row is its name; entries of indexes have `u/<index>` or `i/<index>` there, and
//! counters and guards these words. Keys are text with other bytes as `%xx`.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// One key of a store, with what is stored under it.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) table: String,
    pub(crate) key: String,
    pub(crate) stored: String,
    pub(crate) what: String,
}

impl Line {
    /// The line of a key of the store.
    pub(crate) fn of(key: &[u8], value: &[u8], what: &str) -> Self {
        let text = escaped(key);
        let (kind, rest) = text.split_once('/').unwrap();
        let (table, key) = match kind {
            "t" => {
                let (table, key) = rest.split_once('/').unwrap();
                (table.to_owned(), key)
            }
            "u" | "i" => {
                let (index, key) = rest.split_once('/').unwrap();
                (format!("{kind}/{index}"), key)
            }
            _ => (kind.to_owned(), rest),
        };
        let (key, stored) = (key.to_owned(), STANDARD.encode(value));
        Self { table, key, stored, what: what.to_owned() }
    }

    pub(crate) fn is_row(&self) -> bool {
        !self.table.contains('/') && !["counter", "guard"].contains(&self.table.as_str())
    }

    /// The key in the store.
    pub(crate) fn store_key(&self) -> Vec<u8> {
        let kind = if self.is_row() { "t/" } else { "" };
        unescaped(&format!("{kind}{}/{}", self.table, self.key))
    }

    /// What is stored.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        STANDARD.decode(&self.stored).unwrap()
    }
}

pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/all/golden").join(name)
}

/// All lines, oldest first: of several lines of one key the last is the newest.
pub(crate) fn read() -> Vec<Line> {
    let text = std::fs::read_to_string(path("rows")).unwrap_or_default();
    let line = |line: &str| {
        let (stored, what) = line.split_once(" # ").unwrap();
        let mut parts = stored.split(' ').map(str::to_owned);
        let mut part = || parts.next().unwrap();
        Line { table: part(), key: part(), stored: part(), what: what.to_owned() }
    };
    text.lines().map(line).collect()
}

/// Adds lines when that is asked for; otherwise there must be none to add.
#[track_caller]
pub(crate) fn add(lines: &[Line]) {
    let shown = |line: &Line| {
        let Line { table, key, stored, what } = line;
        format!("{table} {key} {stored} # {what}\n")
    };
    append("rows", &lines.iter().map(shown).collect::<String>());
}

/// Appends to a file when that is asked for; otherwise there must be nothing to append.
#[track_caller]
pub(crate) fn append(name: &str, text: &str) {
    let path = path(name);
    if std::env::var_os("UPDATE_GOLDEN").is_none() {
        assert!(text.is_empty(), "lines to add to {name}, with UPDATE_GOLDEN=1:\n{text}");
        return;
    }
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    std::fs::write(&path, old + text).unwrap();
}

fn escaped(key: &[u8]) -> String {
    let byte = |byte: &u8| match byte {
        b'%' | b'#' => format!("%{byte:02x}"),
        0x21..=0x7e => char::from(*byte).to_string(),
        _ => format!("%{byte:02x}"),
    };
    key.iter().map(byte).collect()
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut key = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let (byte, rest) = part.split_at(2);
        key.push(u8::from_str_radix(byte, 16).unwrap());
        key.extend_from_slice(rest.as_bytes());
    }
    key
}

#[test]
fn a_key_stays_itself_as_text() {
    for key in [b"t/tag/a b%#".as_slice(), b"i/x/\x00\x01\xff", b"counter/vlan"] {
        assert_eq!(Line::of(key, b"", "").store_key(), key);
    }
}
