//! What a request asks of a list.

use model::query::Query;
use model::query::field::Field;
use model::time::Timestamp;
use rest::params::Params;

use crate::list::order::SortKey;
use crate::list::token;
use crate::problem::Problem;

/// How many objects a page has by default.
pub const LIMIT_DEFAULT: usize = 50;

/// How many objects a page has at most.
pub const LIMIT_MAX: usize = 1_000;

/// How many fields a list is sorted by, and how many facets are counted, at most.
const FIELDS_MAX: usize = 8;

/// How many members of each object are named, at most.
const MEMBERS_MAX: usize = 128;

/// The parameters that select and order, with what they mean.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("filter", "Only objects that this filter means, `status:failed* -tag:gpu`."),
    ("sort", "Fields to sort by, with commas; `-` before one turns its order round."),
    ("limit", "How many objects a page has: 50 by default, 1000 at most, 0 for counts only."),
    ("page_token", "Where the page begins: `next` of the page before."),
    ("fields", "Only these members of each object, with commas."),
    ("facets", "Fields whose values are counted over all pages, with commas."),
    ("group", "A field to sort by first, whose values are counted as groups."),
];

/// Which objects are asked for, in which order, and which of them.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// What they have to be.
    pub filter: Query,
    /// The places of the fields to sort by, and whether the greatest comes first.
    pub sort: Vec<(usize, bool)>,
    /// The same as text, with the group: what a token belongs to.
    pub order: String,
    /// How many objects.
    pub limit: usize,
    /// Only what comes behind this.
    pub after: Option<SortKey>,
    /// The members of each object that are shown; all when empty.
    pub members: Vec<String>,
    /// The fields whose values are counted, by their names.
    pub facets: Vec<(String, usize)>,
    /// The field of the groups.
    pub group: Option<usize>,
}

impl ListQuery {
    /// Reads what a request asks of objects with these fields.
    ///
    /// # Errors
    /// 400 that names the parameter, and where in a filter the fault is.
    pub fn read(params: &Params, fields: &[Field], now: Timestamp) -> Result<Self, Problem> {
        let text = params.get("filter").unwrap_or_default();
        let filter = Query::parse(text, fields, now)
            .map_err(|error| Problem::parameter("filter", error.to_string()))?;
        let mut sort = Vec::new();
        for name in names(params, "sort")? {
            let (bare, down) = name.strip_prefix('-').map_or((name, false), |bare| (bare, true));
            sort.push((place(fields, "sort", bare)?, down));
        }
        let facets = names(params, "facets")?;
        let facets = facets
            .into_iter()
            .map(|name| Ok((name.to_owned(), place(fields, "facets", name)?)))
            .collect::<Result<_, Problem>>()?;
        let group = params.get("group").filter(|name| !name.is_empty());
        let order = format!("{};{}", group.unwrap_or(""), params.get("sort").unwrap_or_default());
        let group = group.map(|name| place(fields, "group", name)).transpose()?;
        let after = match params.get("page_token").filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(token::read(text, &order).ok_or_else(|| {
                Problem::parameter("page_token", "It is not of a list in this order.")
            })?),
        };
        let members = members(params)?;
        Ok(Self { filter, sort, order, limit: limit(params)?, after, members, facets, group })
    }
}

/// The members of each object that are shown; all when none are named.
///
/// # Errors
/// 400 for too many of them.
pub fn members(params: &Params) -> Result<Vec<String>, Problem> {
    let members = params.items("fields").unwrap_or_default();
    if members.len() > MEMBERS_MAX {
        return Err(Problem::parameter("fields", format!("At most {MEMBERS_MAX} members.")));
    }
    Ok(members)
}

fn limit(params: &Params) -> Result<usize, Problem> {
    let Some(text) = params.get("limit") else { return Ok(LIMIT_DEFAULT) };
    let limit = text.parse().ok().filter(|limit| *limit <= LIMIT_MAX);
    limit.ok_or_else(|| Problem::parameter("limit", format!("It is from 0 to {LIMIT_MAX}.")))
}

/// The names in a parameter that is a list with commas.
fn names<'a>(params: &'a Params, parameter: &'static str) -> Result<Vec<&'a str>, Problem> {
    let text = params.get(parameter).unwrap_or_default();
    let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.len() > FIELDS_MAX {
        let message = format!("At most {FIELDS_MAX} fields.");
        return Err(Problem::parameter(parameter, message));
    }
    Ok(names)
}

fn place(fields: &[Field], parameter: &'static str, name: &str) -> Result<usize, Problem> {
    fields.iter().position(|field| field.is_called(name)).ok_or_else(|| {
        let known: Vec<&str> = fields.iter().map(|field| &*field.name).collect();
        let message = format!("There is no field {name:?}; there are {}.", known.join(", "));
        Problem::parameter(parameter, message)
    })
}
