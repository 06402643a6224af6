//! Shows the largest files and functions: for judgement, they fail nothing.

use std::fmt::Write;

use super::source::first_test_line;

/// How many of each are shown.
const SHOWN: usize = 8;
/// Lines from which on a file is worth a look, tests not counted.
const LONG_FILE: usize = 400;
/// Lines from which on a function is worth a look.
const LONG_FUNCTION: usize = 70;

/// A report of sizes, a few lines long.
#[must_use]
pub fn show(sources: &[(String, String)]) -> String {
    let mut files = Vec::new();
    let mut functions = Vec::new();
    let mut total = 0;
    for (path, text) in sources {
        let code_lines = first_test_line(path, text);
        total += text.lines().count();
        files.push((code_lines, path.clone()));
        functions.extend(
            function_lengths(text)
                .into_iter()
                .map(|(line, length)| (length, format!("{path}:{line}"))),
        );
    }
    let mut report = format!("{} files, {total} lines, tests included\n", sources.len());
    list(&mut report, "files", files, LONG_FILE);
    list(&mut report, "functions", functions, LONG_FUNCTION);
    report
}

fn list(report: &mut String, what: &str, mut sizes: Vec<(usize, String)>, limit: usize) {
    sizes.retain(|(lines, _)| *lines > limit);
    sizes.sort_by(|a, b| b.cmp(a));
    if sizes.is_empty() {
        return;
    }
    let written = writeln!(report, "{} {what} over {limit} lines, the longest:", sizes.len());
    written.expect("writing to a string does not fail");
    for (lines, place) in sizes.into_iter().take(SHOWN) {
        writeln!(report, "  {lines:5} {place}").expect("writing to a string does not fail");
    }
}

/// Start (counted from 1) and length of every function. Relies on rustfmt: a function ends at the
/// first closing brace that stands as deep as its beginning.
fn function_lengths(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut lengths = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let declares = code.split(['(', '<']).next().is_some_and(|head| {
            head.split(' ').any(|word| word == "fn") && !head.starts_with("//")
        });
        if !declares {
            continue;
        }
        let end_line = format!("{}}}", &line[..line.len() - code.len()]);
        let end = lines[start..].iter().position(|candidate| **candidate == end_line);
        if let Some(length) = end {
            lengths.push((start + 1, length + 1));
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::{function_lengths, show};

    #[test]
    fn functions_are_measured() {
        let text = "fn a() {\n    x();\n}\nimpl B {\n    pub fn b(&self) {\n    }\n}\n";
        assert_eq!(function_lengths(text), [(1, 3), (5, 2)]);
    }

    #[test]
    fn a_long_file_is_shown_without_its_tests() {
        let long = "x\n".repeat(401);
        assert!(show(&[("a/src/a.rs".to_owned(), long.clone())]).contains("401 a/src/a.rs"));
        let tested = format!("#[cfg(test)]\nmod tests {{\n{long}}}\n");
        assert!(!show(&[("a/src/a.rs".to_owned(), tested)]).contains("a/src/a.rs"));
    }
}
