//! Problems of the native API (RFC 9457) as failures of commands: one line, with the exit code that its status means.

use client::Answer;
use serde_json::Value;

use crate::cli::failure::Failure;

/// The failure that an answer means.
pub(crate) fn failure(answer: &Answer) -> Failure {
    let text = String::from_utf8_lossy(&answer.body);
    of(answer.status.as_u16(), &text, answer.header("x-request-id"))
}

/// The failure of a status and a body.
pub(crate) fn of(status: u16, body: &str, request: Option<&str>) -> Failure {
    let mut message = said(status, body);
    // What the region's log has more of.
    if let Some(request) = request.filter(|_| status >= 500) {
        message += &format!(" (request {request})");
    }
    match status {
        400 | 405 | 413 | 415 | 422 => Failure::Usage(message),
        401 => Failure::Denied(message).hint("ironraft login; `ironraft apikey` prints a key"),
        403 => Failure::Denied(message),
        404 | 410 => Failure::NotFound(message),
        409 | 412 => Failure::Conflict(message),
        408 | 429 | 503 => Failure::Unavailable(message),
        _ => Failure::Other(anyhow::anyhow!(message)),
    }
}

/// What a problem says, in a line.
fn said(status: u16, body: &str) -> String {
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |name: &str| problem[name].as_str().map(str::trim).filter(|text| !text.is_empty());
    let said = text("detail").or_else(|| text("title")).unwrap_or_else(|| body.trim());
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = if said.is_empty() {
        let status = http::StatusCode::from_u16(status).ok();
        status.map(|status| status.to_string()).unwrap_or_default()
    } else {
        said
    };
    said.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_line_and_its_status_is_the_exit_code() {
        let body = |detail: &str| serde_json::json!({"title": "T", "detail": detail}).to_string();
        let told = |status, detail: &str| of(status, &body(detail), None).told();
        assert_eq!(told(404, "There is no zone \"x\"."), (3, "There is no zone \"x\"".to_owned()));
        for (status, code) in [
            (400, 2),
            (401, 5),
            (403, 5),
            (404, 3),
            (409, 4),
            (410, 3),
            (412, 4),
            (422, 2),
            (429, 6),
            (500, 1),
            (503, 6),
        ] {
            assert_eq!(told(status, "a\nb").0, code, "{status}");
            assert!(!told(status, "a\nb").1.contains('\n'), "{status}");
        }
        assert_eq!(told(500, "").1, "T");
        assert_eq!(of(502, "", Some("r-1")).told().1, "502 Bad Gateway (request r-1)");
        assert_eq!(of(404, "", Some("r-1")).told().1, "404 Not Found");
    }
}
