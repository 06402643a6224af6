//! Reads parameters from query strings and from the three kinds of body that MAAS accepts.
//!
//! MAAS's own clients send `multipart/form-data` made by Python's email package: parts may be
//! base64 (`Content-Transfer-Encoding`), which general multipart readers do not undo.

use crate::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use model::error::Kind;

use crate::params::Params;

/// How many values a body has at most. Millions of short ones would keep a thread for long, and take many times their
/// bytes.
const VALUES_MAX: usize = 16_384;

/// Adds the parameters of a query string or an urlencoded body.
pub fn read_urlencoded(text: &[u8], params: &mut Params) {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(text).unwrap_or_default();
    for (name, value) in pairs {
        params.add(name, value);
    }
}

/// Whether a content type is one of a form.
#[must_use]
pub fn is_form(content_type: &str) -> bool {
    let forms = ["application/x-www-form-urlencoded", "application/json", "multipart/form-data"];
    forms.contains(&kind(content_type).as_str())
}

/// Whether a signature of a request covers a body of this content type.
#[must_use]
pub fn is_covered_form(content_type: &str) -> bool {
    kind(content_type) == "application/x-www-form-urlencoded"
}

fn kind(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Adds the parameters of a body; returns false when the content type is none of a form.
///
/// # Errors
/// 400 when the body is not what its content type says.
pub async fn read_body(
    content_type: &str,
    body: &Bytes,
    params: &mut Params,
) -> Result<bool, Problem> {
    match kind(content_type).as_str() {
        "application/x-www-form-urlencoded" => {
            check_count(body.iter().filter(|byte| **byte == b'&').count())?;
            read_urlencoded(body, params);
        }
        "application/json" => read_json(body, params)?,
        "multipart/form-data" => read_multipart(content_type, body.clone(), params).await?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Refuses JSON with very many values, without reading it.
///
/// # Errors
/// 400.
pub fn check_json(body: &[u8]) -> Result<(), Problem> {
    let (mut in_text, mut is_escaped, mut values) = (false, false, 0);
    for byte in body {
        match (byte, in_text) {
            _ if is_escaped => is_escaped = false,
            (b'\\', true) => is_escaped = true,
            (b'"', _) => in_text = !in_text,
            (b',' | b'[' | b'{', false) => values += 1,
            _ => {}
        }
    }
    check_count(values)
}

fn check_count(values: usize) -> Result<(), Problem> {
    if values <= VALUES_MAX {
        return Ok(());
    }
    let message = format!("The body has too many values: at most {VALUES_MAX}.");
    Err(Problem::text(Kind::Invalid, message))
}

fn read_json(body: &Bytes, params: &mut Params) -> Result<(), Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    check_json(body)?;
    let invalid = |reason: String| Problem::text(Kind::Invalid, format!("Invalid JSON: {reason}"));
    let value: serde_json::Value =
        serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))?;
    let serde_json::Value::Object(fields) = value else {
        return Err(invalid("not an object".to_owned()));
    };
    for (name, value) in fields {
        match value {
            serde_json::Value::Array(items) => {
                for item in items {
                    params.add(name.clone(), scalar(item));
                }
            }
            value => params.add(name, scalar(value)),
        }
    }
    Ok(())
}

fn scalar(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

async fn read_multipart(
    content_type: &str,
    body: Bytes,
    params: &mut Params,
) -> Result<(), Problem> {
    let invalid = |error: multer::Error| {
        Problem::text(Kind::Invalid, format!("Invalid multipart body: {error}"))
    };
    // Python clients send a delimiter and its end, with nothing between, when there is no parameter.
    if !names_a_part(&body) {
        return Ok(());
    }
    let boundary = multer::parse_boundary(content_type).map_err(invalid)?;
    let body = futures::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut parts = multer::Multipart::new(body, boundary);
    let mut count = 0;
    while let Some(part) = parts.next_field().await.map_err(invalid)? {
        count += 1;
        check_count(count)?;
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.file_name().is_some();
        let encoding = part.headers().get("content-transfer-encoding");
        let base64 = encoding.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"base64"));
        let mut content = part.bytes().await.map_err(invalid)?;
        if base64 {
            content = decode_base64(&content)?;
        }
        if is_file {
            params.add_file(name, content);
        } else {
            params.add(name, String::from_utf8_lossy(&content));
        }
    }
    Ok(())
}

/// Whether any part of a body has the header that names it (RFC 7578 §4.2).
fn names_a_part(body: &[u8]) -> bool {
    const HEADER: &[u8] = b"content-disposition:";
    body.windows(HEADER.len()).any(|bytes| bytes.eq_ignore_ascii_case(HEADER))
}

fn decode_base64(content: &Bytes) -> Result<Bytes, Problem> {
    let letters: Vec<u8> =
        content.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD
        .decode(letters)
        .map(Bytes::from)
        .map_err(|error| Problem::text(Kind::Invalid, format!("Invalid base64 part: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(content_type: &str, body: &str) -> Params {
        let mut params = Params::default();
        let body = Bytes::copy_from_slice(body.as_bytes());
        assert_eq!(read_body(content_type, &body, &mut params).await, Ok(true));
        params
    }

    #[tokio::test]
    async fn base64_parts_of_python_clients_are_decoded() {
        let body = "--===============12==\r\nContent-Transfer-Encoding: base64\r\n\
            Content-Disposition: form-data; name=\"name\"\r\nMIME-Version: 1.0\r\n\
            Content-Type: text/plain; charset=\"utf-8\"\r\n\r\nZmFi\r\ncmlj\r\n\r\n\
            --===============12==--\r\n";
        let params = read("multipart/form-data; boundary=\"===============12==\"", body).await;
        assert_eq!(params.get("name"), Some("fabric"));
    }

    #[tokio::test]
    async fn a_last_boundary_without_line_end_is_enough() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nv\r\n--b--";
        assert_eq!(read("multipart/form-data; boundary=b", body).await.get("n"), Some("v"));
    }

    #[tokio::test]
    async fn a_body_without_parts_has_no_parameters() {
        let params = read("multipart/form-data; boundary=b", "--b\r\n\r\n--b--\r\n").await;
        assert!(params.is_empty());
    }

    #[tokio::test]
    async fn a_body_has_so_many_values_and_no_more() {
        let json = |count: usize| format!("{{\"a\": [{}1]}}", "1,".repeat(count));
        let form = |count: usize| "a=1&".repeat(count);
        for (content_type, body, is_taken) in [
            ("application/json", json(VALUES_MAX - 2), true),
            ("application/json", json(VALUES_MAX), false),
            ("application/json", format!("{{\"a\": \"\\\"{}\"}}", "[,".repeat(VALUES_MAX)), true),
            ("application/x-www-form-urlencoded", form(VALUES_MAX), true),
            ("application/x-www-form-urlencoded", form(VALUES_MAX + 1), false),
        ] {
            let read = read_body(content_type, &body.into(), &mut Params::default()).await;
            assert_eq!(read.is_ok(), is_taken, "{content_type}: {read:?}");
        }
    }

    #[tokio::test]
    async fn json_scalars_and_lists_become_values() {
        let params = read("application/json", r#"{"a": true, "b": ["x", 2], "c": null}"#).await;
        assert_eq!(params.get("a"), Some("true"));
        assert_eq!(params.all("b"), ["x", "2"]);
        assert_eq!(params.get("c"), Some(""));
    }
}
