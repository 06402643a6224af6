//! Answers as MAAS's command prints them: the body alone where a program reads it, and with a word before it on a terminal.

use std::fmt::Write as _;
use std::io::{self, Write};

use client::Answer;
use http::StatusCode;

/// Prints an answer's body. A reader that went away is no failure.
pub(crate) fn print(answer: &Answer) {
    let bytes = body(answer, crate::cli::terminal::is_read_by_people());
    let _gone = io::stdout().lock().write_all(&bytes);
}

fn body(answer: &Answer, is_terminal: bool) -> Vec<u8> {
    let mut printed = Vec::new();
    let has_words = is_terminal && is_textual(answer);
    if has_words && answer.status.is_success() {
        printed.extend(b"Success.\nMachine-readable output follows:\n");
    }
    printed.extend(&answer.body);
    if has_words {
        if !answer.status.is_success() && answer.body.is_empty() {
            let (code, reason) = (answer.status.as_u16(), reason(answer.status));
            printed.extend(format!("Request failed with code {code}: {reason}").bytes());
        }
        printed.push(b'\n');
    }
    printed
}

/// Status and headers, for `--debug`.
pub(crate) fn summary(answer: &Answer) -> String {
    let status = answer.status;
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    headers.push(("status".to_owned(), status.as_u16().to_string()));
    headers.sort();
    let width = headers.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 2;
    let mut text = format!("{} {}\n\n", status.as_u16(), reason(status));
    for (name, value) in headers {
        let _ = writeln!(text, "{:>width$}: {value}", capitalized(&name));
    }
    text + "\n"
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or_default()
}

fn capitalized(header: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    header.split('-').map(word).collect::<Vec<_>>().join("-")
}

/// Whether people can read it. What has no type has no content.
fn is_textual(answer: &Answer) -> bool {
    let kind = answer.header("content-type").unwrap_or("text/plain");
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.ends_with("/json") || kind.starts_with("text/")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;

    fn answer(status: u16, kind: &'static str, body: &'static str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", http::HeaderValue::from_static(kind));
        Answer {
            endpoint: String::new(),
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    #[track_caller]
    fn check(answer: &Answer, piped: &str, on_terminal: &str) {
        assert_eq!(String::from_utf8_lossy(&body(answer, false)), piped);
        assert_eq!(String::from_utf8_lossy(&body(answer, true)), on_terminal);
    }

    #[test]
    fn answers_are_printed_as_maas_prints_them() {
        let success = "Success.\nMachine-readable output follows:\n";
        check(
            &answer(200, "application/json; charset=utf-8", "[]"),
            "[]",
            &format!("{success}[]\n"),
        );
        check(&answer(204, "text/plain", ""), "", &format!("{success}\n"));
        check(&answer(404, "text/plain", "Not Found"), "Not Found", "Not Found\n");
        check(
            &answer(500, "text/plain", ""),
            "",
            "Request failed with code 500: Internal Server Error\n",
        );
        check(&answer(200, "image/png", "x"), "x", "x");
    }

    #[test]
    fn headers_are_told_in_order() {
        let expected = "200 OK\n\n  Content-Type: text/plain\n        Status: 200\n\n";
        assert_eq!(summary(&answer(200, "text/plain", "")), expected);
    }
}
