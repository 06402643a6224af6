//! Whose page sends a request. A form of another site could log a browser in as somebody else, who then sees what is done
//! in that name: before a login there is no token that only our pages have.

use http::{HeaderMap, Uri, header};

use crate::problem::Problem;

/// Refuses what a page of another site sends, as far as browsers say so. Other clients send none of these headers.
///
/// # Errors
/// 403, in Django's words.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("sec-fetch-site") == Some("same-origin") {
        return Ok(());
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else { return Ok(()) };
    let host = origin.parse::<Uri>().ok();
    let host = host.as_ref().and_then(|uri| uri.authority()).map(|authority| authority.as_str());
    // A proxy before us may say which host it was asked for.
    let own = [text(header::HOST.as_str()), text("x-forwarded-host")];
    if host.is_some() && own.contains(&host) {
        return Ok(());
    }
    let message = "CSRF verification failed. Request aborted. A page of another site sent it:";
    Err(Problem::status(403, format!("{message} {origin}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_taken(pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().expect("a value"));
        }
        check(&headers).is_ok()
    }

    #[test]
    fn forms_of_other_sites_are_refused() {
        let host = ("host", "maas.example:5240");
        for (taken, pairs) in [
            (true, vec![host]),
            (true, vec![host, ("origin", "http://maas.example:5240")]),
            (false, vec![host, ("origin", "http://evil.example")]),
            (false, vec![host, ("origin", "http://maas.example")]),
            (false, vec![host, ("origin", "null")]),
            (false, vec![host, ("origin", "http://evil.example"), ("sec-fetch-site", "same-site")]),
            (
                true,
                vec![host, ("origin", "https://maas.example"), ("sec-fetch-site", "same-origin")],
            ),
            (
                true,
                vec![
                    host,
                    ("origin", "https://maas.example"),
                    ("x-forwarded-host", "maas.example"),
                ],
            ),
        ] {
            assert_eq!(is_taken(&pairs), taken, "{pairs:?}");
        }
    }
}
