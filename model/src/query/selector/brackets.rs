//! The parts of a selector, and what brackets in one stand for: `r[1-2]n[01-03,07]` is eight names.

use super::{NAMES_MAX, wrong};
use crate::query::error::QueryError;

/// The parts between commas that do not stand in brackets, with their places.
pub(super) fn parts(text: &str) -> Result<Vec<(usize, &str)>, QueryError> {
    let mut parts = Vec::new();
    let (mut from, mut open) = (0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '[' if open => return Err(wrong((at, "["), "a bracket stands within brackets")),
            '[' => open = true,
            ']' if !open => {
                return Err(wrong((at, "]"), "a bracket is closed that was not opened"));
            }
            ']' => open = false,
            ',' if !open => {
                parts.push((from, &text[from..at]));
                from = at + 1;
            }
            _ => {}
        }
    }
    let last = (from, &text[from..]);
    if open {
        return Err(wrong(last, "a bracket is not closed"));
    }
    parts.push(last);
    match parts.iter().find(|(_, part)| part.trim_start_matches('-').is_empty()) {
        // Nothing at all selects everything.
        Some(_) if text.trim().is_empty() => Ok(Vec::new()),
        Some(empty) => Err(wrong(*empty, "a name is missing")),
        None => Ok(parts),
    }
}

/// The names that a part stands for.
pub(super) fn names(part: (usize, &str)) -> Result<Vec<String>, QueryError> {
    let mut names = vec![String::new()];
    let mut rest = part.1;
    while let Some((before, after)) = rest.split_once('[') {
        let (numbers, after) = after.split_once(']').unwrap_or((after, ""));
        let numbers = ranges(part, numbers)?;
        if names.len().saturating_mul(numbers.len()) > NAMES_MAX {
            return Err(wrong(part, "the selector stands for more than 4096 names"));
        }
        let each = names
            .iter()
            .flat_map(|name| numbers.iter().map(move |number| format!("{name}{before}{number}")));
        names = each.collect();
        rest = after;
    }
    for name in &mut names {
        name.push_str(rest);
    }
    Ok(names)
}

/// The numbers between brackets, as wide as the first of each range is written; or words.
fn ranges(part: (usize, &str), text: &str) -> Result<Vec<String>, QueryError> {
    let mut found = Vec::new();
    for range in text.split(',') {
        let Some((from, to)) = range.split_once('-') else {
            if range.is_empty() {
                return Err(wrong(part, "a number is missing between the brackets"));
            }
            found.push(range.to_owned());
            continue;
        };
        let number = |text: &str| -> Option<usize> {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_number)
        };
        let (Some(first), Some(last)) = (number(from), number(to)) else {
            return Err(wrong(part, "between brackets, a range is of numbers, as in [001-040]"));
        };
        if first > last {
            return Err(wrong(part, "the range between brackets runs backwards"));
        }
        if last - first >= NAMES_MAX {
            return Err(wrong(part, "the selector stands for more than 4096 names"));
        }
        let width = from.len();
        found.extend((first..=last).map(|number| format!("{number:0width$}")));
    }
    Ok(found)
}
