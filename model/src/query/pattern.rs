//! Texts with wildcards, without regard to case. Matching is linear: each part between two wildcards is looked for once, at
//! the first place where it can stand.

use crate::query::folded::fold;
use crate::query::glyph::{Glyph, text_of};

/// What stands between the wildcards, in lower case: one part when there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    parts: Vec<String>,
}

impl Pattern {
    /// The pattern in some letters, of which only `*` that is not quoted is a wildcard.
    pub(crate) fn of(glyphs: &[Glyph]) -> Self {
        let parts = glyphs.split(|glyph| glyph.means('*'));
        let mut parts: Vec<String> = parts.map(|part| fold(&text_of(part)).into_owned()).collect();
        let last = parts.len() - 1;
        let mut place = 0;
        // Wildcards side by side are one.
        parts.retain(|part| {
            let is_end = place == 0 || place == last;
            place += 1;
            is_end || !part.is_empty()
        });
        Self { parts }
    }

    /// Its parts, which wildcards stand between.
    pub(crate) fn parts(&self) -> &[String] {
        &self.parts
    }

    /// The text that it is, when it has no wildcard.
    pub(crate) fn literal(&self) -> Option<&str> {
        if let [literal] = self.parts.as_slice() { Some(literal) } else { None }
    }

    /// Whether there is nothing but wildcards.
    pub(crate) fn is_anything(&self) -> bool {
        self.parts.len() > 1 && self.parts.iter().all(String::is_empty)
    }

    /// The same with other parts.
    pub(crate) fn map(mut self, change: impl Fn(&str) -> String) -> Self {
        for part in &mut self.parts {
            *part = change(part);
        }
        self
    }

    /// Whether a text in lower case is as the pattern says, as a whole.
    pub(crate) fn is_whole(&self, text: &str) -> bool {
        let Some((first, rest)) = self.parts.split_first() else { return false };
        let Some((last, between)) = rest.split_last() else { return first == text };
        let Some(text) = text.strip_prefix(first.as_str()) else { return false };
        let Some(text) = text.strip_suffix(last.as_str()) else { return false };
        after_all(text, between).is_some()
    }

    /// Whether some part of a text in lower case is as the pattern says.
    pub(crate) fn is_within(&self, text: &str) -> bool {
        after_all(text, &self.parts).is_some()
    }
}

/// What follows in a text when all parts were found in it, in their order.
fn after_all<'a>(text: &'a str, parts: &[String]) -> Option<&'a str> {
    parts.iter().try_fold(text, |text, part| {
        let at = text.find(part.as_str())?;
        Some(&text[at + part.len()..])
    })
}
