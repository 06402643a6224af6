//! A page of what is listed a page at a time ([`paged`](crate::paged)), as an answer.

use axum::response::Response;
use model::query::Query;
use rest::params::Params;
use tables::update::now;

use crate::item::Item;
use crate::list::body::Body;
use crate::list::query::{LIMIT_DEFAULT, LIMIT_MAX, members};
use crate::paged::{PARAMETERS, PageQuery, Pages};
use crate::problem::Problem;
use crate::read::{only, page_answer, with_revision};
use crate::registry::known_fields;
use crate::request::Request;
use crate::resource::Resource;
use crate::revision;

/// The page that is asked for.
///
/// # Errors
/// [`Problem`].
pub async fn list(
    request: &Request,
    resource: &'static Resource,
    pages: Pages,
    params: &Params,
) -> Result<Response, Problem> {
    check_names(resource, params)?;
    let page = (pages.page)(request, &query(resource, params)?).await?;
    let members = members(params)?;
    let shown = |object| only(with_revision(request, resource, object), &members);
    let items = page.items.into_iter().map(shown).collect();
    let body = Body::uncounted(items, page.next, request.view.revision());
    Ok(page_answer(request, body))
}

fn query(resource: &'static Resource, params: &Params) -> Result<PageQuery, Problem> {
    let fields = known_fields(resource);
    let text = params.get("filter").unwrap_or_default();
    let filter = Query::parse(text, &fields.fields, now())
        .map_err(|error| Problem::parameter("filter", error.to_string()))?;
    let limit = match params.get("limit") {
        None => LIMIT_DEFAULT,
        Some(text) => {
            let read = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
            let message = || Problem::parameter("limit", format!("It is from 1 to {LIMIT_MAX}."));
            read.ok_or_else(message)?
        }
    };
    let named = |(place, words): (usize, Vec<String>)| {
        fields.fields.get(place).map(|field| (field.name.to_string(), words))
    };
    let only_words = filter.only_exact_words().is_some();
    let words = filter.exact_words().into_iter().filter_map(named).collect();
    let after = params.get("page_token").filter(|token| !token.is_empty()).map(str::to_owned);
    let meant = move |object| {
        let item = Item { object, fields, key: resource.key };
        filter.matches(&item).then_some(item.object)
    };
    Ok(PageQuery { words, only_words, meant: Box::new(meant), limit, after })
}

fn check_names(resource: &Resource, params: &Params) -> Result<(), Problem> {
    for (name, _) in params.iter() {
        let known = PARAMETERS.iter().chain(revision::PARAMETERS).any(|(known, _)| *known == name);
        if ["sort", "facets", "group"].contains(&name) {
            let message =
                format!("There are too many {} for that: they come in one order.", resource.name);
            return Err(Problem::parameter(name, message));
        }
        if !known && !name.starts_with("oauth_") {
            return Err(Problem::parameter(name, "There is no such parameter."));
        }
    }
    Ok(())
}
