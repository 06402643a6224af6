//! Rules about the text of one source file: its first line, its notes, its tests.

use super::finding::Finding;

/// What must not stand in a source file, and what the rule is called.
const BANNED_ANYWHERE: &[(&str, &str, &str)] = &[
    (concat!("FIX", "ME"), "no loose notes", "open an issue and name it: TODO(#123)"),
    (concat!("#[", "ignore"), "no ignored tests", "a test that does not run proves nothing"),
    (concat!("#[", "should_panic"), "no should_panic", "check the error that comes back"),
];

/// What must not stand in a test.
const SLEEP: &str = concat!("sle", "ep(");

/// The exception: the pause between two looks at a condition that has a bound.
const POLL: &str = concat!("sle", "ep(POLL)");

/// Checks one file. `path` is relative to the root.
#[must_use]
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line: usize, rule, message: &str| {
        let place = format!("{path}:{}", line + 1);
        findings.push(Finding { place, rule, message: message.to_owned() });
    };
    if !text.starts_with("//!") {
        find(0, "file says why", "the file must begin with //!: what it is and why");
    }
    let tests_from = first_test_line(path, text);
    for (number, line) in text.lines().enumerate() {
        for (banned, rule, message) in BANNED_ANYWHERE {
            if line.contains(banned) {
                find(number, rule, message);
            }
        }
        if has_loose_note(line) {
            find(number, "no loose notes", "a note for later names its issue: TODO(#123)");
        }
        if number >= tests_from && line.contains(SLEEP) && !line.contains(POLL) {
            find(
                number,
                "no sleep in tests",
                "wait for a condition, with a pause of POLL between two looks",
            );
        }
    }
    findings
}

/// The line from which on a file holds tests; the number of its lines when it holds none.
#[must_use]
pub fn first_test_line(path: &str, text: &str) -> usize {
    if path.split('/').any(|part| part == "tests") || path.ends_with("/tests.rs") {
        return 0;
    }
    let is_test_module = |lines: &[&str]| {
        lines[0].trim() == "#[cfg(test)]"
            && lines.get(1).is_some_and(|next| next.trim_start().starts_with("mod "))
            && !lines.get(1).is_some_and(|next| next.trim_end().ends_with(';'))
    };
    let lines: Vec<&str> = text.lines().collect();
    (0..lines.len()).find(|&number| is_test_module(&lines[number..])).unwrap_or(lines.len())
}

fn has_loose_note(line: &str) -> bool {
    let word = concat!("TO", "DO");
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + word.len()..];
        let is_word = !before.is_some_and(char::is_alphanumeric)
            && !after.chars().next().is_some_and(char::is_alphanumeric);
        is_word && line[..at].contains("//") && !names_issue(after)
    })
}

fn names_issue(after: &str) -> bool {
    let Some(rest) = after.strip_prefix("(#") else { return false };
    rest.split_once(')')
        .is_some_and(|(digits, _)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[track_caller]
    fn found(path: &str, text: &str) -> Vec<String> {
        check(path, text)
            .into_iter()
            .map(|finding| format!("{}: {}", finding.place, finding.rule))
            .collect()
    }

    #[test]
    fn a_file_that_says_why_passes() {
        assert!(found("a/src/lib.rs", "//! Why.\nfn a() {}\n").is_empty());
    }

    #[test]
    fn a_file_without_a_reason_is_found() {
        assert_eq!(found("a/src/lib.rs", "fn a() {}\n"), ["a/src/lib.rs:1: file says why"]);
    }

    #[test]
    fn a_note_without_an_issue_is_found() {
        let loose = concat!("//! Why.\n// TO", "DO later\n");
        assert_eq!(found("a/src/lib.rs", loose), ["a/src/lib.rs:2: no loose notes"]);
        let tied = concat!("//! Why.\n// TO", "DO(#12): later\n");
        assert!(found("a/src/lib.rs", tied).is_empty());
    }

    #[test]
    fn a_fix_me_is_found() {
        let text = concat!("//! Why.\n// FIX", "ME\n");
        assert_eq!(found("a/src/lib.rs", text), ["a/src/lib.rs:2: no loose notes"]);
    }

    #[test]
    fn an_ignored_test_is_found() {
        let text = concat!("//! Why.\n#[", "ignore]\nfn a() {}\n");
        assert_eq!(found("a/src/lib.rs", text), ["a/src/lib.rs:2: no ignored tests"]);
    }

    #[test]
    fn a_should_panic_is_found() {
        let text = concat!("//! Why.\n#[", "should_panic]\nfn a() {}\n");
        assert_eq!(found("a/src/lib.rs", text), ["a/src/lib.rs:2: no should_panic"]);
    }

    #[test]
    fn a_sleeping_test_is_found() {
        let text = concat!("//! Why.\n#[cfg(test)]\nmod tests {\n    fn a() { sle", "ep(1) }\n}\n");
        assert_eq!(found("a/src/lib.rs", text), ["a/src/lib.rs:4: no sleep in tests"]);
        let text = concat!("//! Why.\nfn a() { sle", "ep(1) }\n");
        assert_eq!(found("a/tests/b.rs", text), ["a/tests/b.rs:2: no sleep in tests"]);
        assert!(found("a/src/lib.rs", text).is_empty());
    }
}
