//! What every answer over HTTP says besides what was asked: the id of its request, and which region it is of.
//!
//! The id is the client's, if it sends a well-formed one, and stands in everything that is logged meanwhile.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use model::request::RequestId;
use tracing::Instrument;

/// The header with the id of a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header with the name of the region that answers.
pub const REGION: HeaderName = HeaderName::from_static("x-ironraft-region");

/// The same routes, whose answers say so. They have to be outside of all that may answer.
pub(crate) fn told(routes: Router, hostname: &str) -> Router {
    // A name that is no text of ASCII is not told.
    let region = HeaderValue::from_str(hostname).ok();
    routes.layer(from_fn_with_state(region, tell))
}

async fn tell(
    State(region): State<Option<HeaderValue>>,
    mut request: Request<Body>,
    next: Next,
) -> Response {
    let id = sent(request.headers()).unwrap_or_else(drawn);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span =
        tracing::info_span!("request", request.id = %id, http.method = %method, http.path = path);
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).instrument(span).await;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(region) = region {
        headers.insert(REGION, region);
    }
    response
}

/// The id that a client sends, if it is well-formed and the only one.
fn sent(headers: &HeaderMap) -> Option<RequestId> {
    let mut ids = headers.get_all(REQUEST_ID).iter();
    let id = ids.next().filter(|_| ids.next().is_none())?;
    id.to_str().ok()?.parse().ok()
}

/// A new one.
fn drawn() -> RequestId {
    let text = format!("{:032x}", rand::random::<u128>());
    text.parse().expect("hexadecimal digits are printable")
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use http::StatusCode;
    use tower::ServiceExt;

    use super::*;

    async fn answer(path: &str, ids: &[&[u8]]) -> Response {
        let seen = async |request: Request<Body>| {
            let id = request.extensions().get::<RequestId>().map(ToString::to_string);
            id.unwrap_or_default()
        };
        let routes = told(Router::new().route("/seen", get(seen)), "r1");
        let mut request = Request::builder().uri(path);
        for id in ids {
            request = request.header(REQUEST_ID, HeaderValue::from_bytes(id).unwrap());
        }
        routes.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    fn id_of(response: &Response) -> &str {
        response.headers()[REQUEST_ID].to_str().unwrap()
    }

    #[tokio::test]
    async fn a_well_formed_id_is_kept_and_told_to_who_answers() {
        let response = answer("/seen", &[b"of the client"]).await;
        assert_eq!(id_of(&response), "of the client");
        assert_eq!(response.headers()[REGION], "r1");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(body, "of the client");
    }

    #[tokio::test]
    async fn another_one_is_replaced_by_a_new_one_and_an_answer_of_nobody_has_one_too() {
        let too_long = vec![b'x'; 129];
        let many: [&[&[u8]]; 5] =
            [&[], &[b""], &["\u{e4}".as_bytes()], &[&too_long], &[b"a", b"b"]];
        let mut known = Vec::new();
        for ids in many {
            let response = answer("/nothing", ids).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND);
            assert_eq!(id_of(&response).len(), 32, "{ids:?}");
            known.push(id_of(&response).to_owned());
        }
        known.sort_unstable();
        known.dedup();
        assert_eq!(known.len(), many.len(), "each is another one");
    }
}
