//! Usage and help as Python's argparse lays them out.

use crate::cli::terminal;

/// Where what is said of an argument begins at most.
const HELP_COLUMN_MAX: usize = 24;

/// A part of a help under a heading.
#[derive(Debug)]
pub(crate) struct Section {
    heading: &'static str,
    entries: Vec<Entry>,
}

/// An argument and what is said of it.
#[derive(Debug)]
pub(crate) struct Entry {
    invocation: String,
    help: String,
    /// What stands below it, indented.
    pub(crate) below: Vec<Self>,
}

impl Section {
    pub(crate) fn new(heading: &'static str, entries: Vec<Entry>) -> Self {
        Self { heading, entries }
    }
}

impl Entry {
    pub(crate) fn new(invocation: String, help: &str) -> Self {
        Self { invocation, help: help.to_owned(), below: Vec::new() }
    }
}

/// How wide lines are.
fn width() -> usize {
    terminal::columns().unwrap_or(80).saturating_sub(2)
}

/// `usage: program [-h] …`, in as many lines as it takes.
pub(crate) fn usage(program: &str, options: &[String], positionals: &[String]) -> String {
    let prefix = "usage: ";
    let width = width();
    let words: Vec<&str> = options.iter().chain(positionals).map(String::as_str).collect();
    let whole = [&[program], words.as_slice()].concat().join(" ");
    if prefix.len() + whole.len() <= width {
        return format!("{prefix}{whole}\n");
    }
    let strs = |list: &[String]| list.iter().map(|it| (*it).clone()).collect::<Vec<String>>();
    let mut lines = Vec::new();
    if 4 * (prefix.len() + program.len()) <= 3 * width {
        let indent = prefix.len() + program.len() + 1;
        let first = [vec![program.to_owned()], strs(options)].concat();
        if options.is_empty() {
            let all = [vec![program.to_owned()], strs(positionals)].concat();
            lines.extend(filled(&all, indent, Some(prefix.len()), width));
        } else {
            lines.extend(filled(&first, indent, Some(prefix.len()), width));
            lines.extend(filled(positionals, indent, None, width));
        }
    } else {
        let indent = prefix.len();
        let all = [strs(options), strs(positionals)].concat();
        let mut below = filled(&all, indent, None, width);
        if below.len() > 1 {
            below = filled(options, indent, None, width);
            below.extend(filled(positionals, indent, None, width));
        }
        lines.push(program.to_owned());
        lines.extend(below);
    }
    format!("{prefix}{}\n", lines.join("\n"))
}

/// Words in lines that are indented; the first line begins behind a prefix instead, if there is one.
fn filled(words: &[String], indent: usize, prefix: Option<usize>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line: Vec<&str> = Vec::new();
    let mut length = prefix.unwrap_or(indent) - 1;
    let pad = " ".repeat(indent);
    for word in words {
        if length + 1 + word.len() > width && !line.is_empty() {
            lines.push(format!("{pad}{}", line.join(" ")));
            line.clear();
            length = indent - 1;
        }
        line.push(word);
        length += word.len() + 1;
    }
    if !line.is_empty() {
        lines.push(format!("{pad}{}", line.join(" ")));
    }
    if let (Some(_), Some(first)) = (prefix, lines.first_mut()) {
        *first = first.trim_start().to_owned();
    }
    lines
}

/// A whole help.
pub(crate) fn help(usage: &str, description: &str, sections: &[Section], epilog: &str) -> String {
    let all = || sections.iter().flat_map(|section| &section.entries);
    let longest = all()
        .flat_map(|entry| std::iter::once(entry).chain(&entry.below))
        .map(|entry| entry.invocation.chars().count() + 2)
        .max();
    let width = width();
    let column_max = HELP_COLUMN_MAX.min(width.saturating_sub(20).max(4));
    let column = (longest.unwrap_or(0) + 2).min(column_max);
    let mut text = format!("{usage}\n");
    if !description.trim().is_empty() {
        text += &format!("{description}\n\n");
    }
    for section in sections.iter().filter(|section| !section.entries.is_empty()) {
        text += &format!("{}:\n", section.heading);
        section.entries.iter().for_each(|entry| add(&mut text, entry, 2, column, width));
        text.push('\n');
    }
    if !epilog.trim().is_empty() {
        text += &format!("{epilog}\n");
    }
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    format!("{}\n", text.trim_matches('\n'))
}

fn add(text: &mut String, entry: &Entry, indent: usize, column: usize, width: usize) {
    let (pad, name) = (" ".repeat(indent), &entry.invocation);
    let room = column.saturating_sub(indent + 2);
    let lines = wrapped(&entry.help, width.saturating_sub(column).max(11));
    let mut lines = lines.iter();
    if name.chars().count() <= room && !entry.help.trim().is_empty() {
        let first = lines.next().map_or("", String::as_str);
        *text += &format!("{pad}{name:room$}  {first}\n");
    } else {
        *text += &format!("{pad}{name}\n");
    }
    for line in lines {
        *text += &format!("{}{line}\n", " ".repeat(column));
    }
    entry.below.iter().for_each(|below| add(text, below, indent + 2, column, width));
}

/// A text in lines that are so wide at most, as Python's textwrap makes them: words may be divided behind a hyphen,
/// and one that is too long anywhere.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        for (number, piece) in pieces(word).into_iter().enumerate() {
            let gap = usize::from(number == 0 && !line.is_empty());
            let length = line.chars().count();
            if length + gap + piece.chars().count() <= width {
                line.push_str(&" ".repeat(gap));
                line.push_str(piece);
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            let mut rest: Vec<char> = piece.chars().collect();
            while rest.len() > width {
                lines.push(rest.drain(..width).collect());
            }
            line = rest.into_iter().collect();
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The parts of a word that may stand in different lines.
fn pieces(word: &str) -> Vec<&str> {
    let bytes = word.as_bytes();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut pieces = Vec::new();
    let mut from = 0;
    for (at, _) in word.match_indices('-') {
        let before = bytes[from..at].iter().rev().take_while(|byte| is_word(byte)).count();
        let ends_in_letter = at > 0 && bytes[at - 1].is_ascii_alphabetic();
        let behind = bytes[at + 1..].iter().take_while(|byte| is_word(byte));
        let goes_on = behind.skip(1).any(u8::is_ascii_alphabetic);
        if before >= 2 && ends_in_letter && goes_on {
            pieces.push(&word[from..=at]);
            from = at + 1;
        }
    }
    pieces.push(&word[from..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_divided_where_python_divides_them() {
        assert_eq!(wrapped("the command-line client", 14), ["the command-", "line client"]);
        assert_eq!(wrapped("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrapped("a-b x--y 12-34", 100), ["a-b x--y 12-34"]);
        assert!(wrapped("  ", 10).is_empty());
    }
}
