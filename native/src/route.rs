//! What stands at which path: everything that the router serves, and everything that the document names.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::offered::ALL;
use crate::registry::RESOURCES;
use crate::resource::Resource;
use crate::verb::{Verb, verbs};

/// What a route does.
#[derive(Debug, Clone)]
pub enum Act {
    /// A page of a resource's objects.
    List(&'static Resource),
    /// One object.
    Read(&'static Resource),
    /// What became of one object.
    History(&'static Resource),
    /// An operation that both APIs have.
    Run(Box<Verb>),
    /// A verb on many of a resource's objects.
    Many(&'static Resource),
    /// What only this API has.
    Own(&'static crate::own::Own),
}

/// A method at a path.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The elements of the path below the root; those in braces are placeholders.
    pub path: Vec<String>,
    /// What is done.
    pub act: Act,
}

/// All routes.
pub static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(routes);

fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    for resource in RESOURCES {
        let path = vec![resource.name.to_owned()];
        routes.push(Route { method: "GET", path: path.clone(), act: Act::List(resource) });
        let path = [path, vec![format!("{{{}}}", resource.singular)]].concat();
        routes.push(Route { method: "GET", path: path.clone(), act: Act::Read(resource) });
        if resource.rows.is_some() {
            let path = [path, vec!["history".to_owned()]].concat();
            routes.push(Route { method: "GET", path, act: Act::History(resource) });
        }
    }
    for own in crate::own::OWN {
        let path = own.path.split('/').map(str::to_owned).collect();
        routes.push(Route { method: own.method, path, act: Act::Own(own) });
    }
    let verbs = verbs(RESOURCES, &ALL);
    for resource in RESOURCES {
        if verbs.iter().any(|verb| verb.is_for_many_of(resource)) {
            let path = vec![resource.name.to_owned(), "actions".to_owned()];
            routes.push(Route { method: "POST", path, act: Act::Many(resource) });
        }
    }
    routes.extend(verbs.into_iter().map(|verb| Route {
        method: verb.method,
        path: verb.path.clone(),
        act: Act::Run(Box::new(verb)),
    }));
    routes
}

/// What is at a path, by method.
#[derive(Debug)]
pub enum Found<'a> {
    /// This, with the values of its placeholders.
    Route(&'a Route, BTreeMap<String, String>),
    /// Only other methods.
    Methods(Vec<&'static str>),
    /// Nothing.
    Nothing,
}

/// Finds what is at a path. Literal elements are closer than placeholders.
#[must_use]
pub fn find<'a>(routes: &'a [Route], method: &str, elements: &[String]) -> Found<'a> {
    let here: Vec<(&Route, BTreeMap<String, String>)> =
        routes.iter().filter_map(|route| Some((route, matched(&route.path, elements)?))).collect();
    let of_method = here.iter().filter(|(route, _)| route.method == method);
    if let Some((route, values)) = of_method.min_by_key(|(_, values)| values.len()) {
        return Found::Route(route, values.clone());
    }
    let mut methods: Vec<&'static str> = here.iter().map(|(route, _)| route.method).collect();
    methods.sort_unstable();
    methods.dedup();
    if methods.is_empty() { Found::Nothing } else { Found::Methods(methods) }
}

fn matched(template: &[String], elements: &[String]) -> Option<BTreeMap<String, String>> {
    if template.len() != elements.len() {
        return None;
    }
    let mut values = BTreeMap::new();
    for (part, element) in template.iter().zip(elements) {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => {
                values.insert(name.to_owned(), element.clone());
            }
            None if part == element => {}
            None => return None,
        }
    }
    Some(values)
}
