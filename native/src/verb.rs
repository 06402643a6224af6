//! What MAAS's API can do, at the paths of this one: an operation at `subnets/{id}/` with the `op` `statistics` is
//! `GET /api/v1/subnets/{subnet}/statistics` here. Operations of no resource keep their path.

use rest::operation::{Method, Operation};

use crate::resource::Resource;

/// Paths that are not taken over: what only MAAS's clients need.
pub const LEFT_OUT: &[&str] = &["describe/", "networks/", "networks/{name}/", "nodes/"];

/// An operation at a path of this API.
#[derive(Debug, Clone)]
pub struct Verb {
    /// The resource it is about; none for what belongs to none.
    pub resource: Option<&'static Resource>,
    /// The method.
    pub method: &'static str,
    /// The elements of the path; those in braces are placeholders.
    pub path: Vec<String>,
    /// What runs.
    pub operation: Operation,
    /// The placeholder of the operation that the object's key in the path is for.
    pub object: Option<&'static str>,
}

/// The verbs of all operations; a resource's lists and single reads are not among them.
#[must_use]
pub fn verbs(resources: &'static [Resource], operations: &[Operation]) -> Vec<Verb> {
    let mut verbs: Vec<Verb> = Vec::new();
    // What is described comes before other paths of the same.
    let described = operations.iter().filter(|operation| !operation.alias);
    let aliases = operations.iter().filter(|operation| operation.alias);
    for operation in described.chain(aliases) {
        for verb in at_paths(resources, operation) {
            let is_known =
                |known: &Verb| known.method == verb.method && alike(&known.path, &verb.path);
            if !verbs.iter().any(is_known) {
                verbs.push(verb);
            }
        }
    }
    verbs
}

/// The verbs that an operation is: one for each resource that has it.
fn at_paths(resources: &'static [Resource], operation: &Operation) -> Vec<Verb> {
    let mut found = Vec::new();
    for resource in resources {
        let of_one = resource.items.iter().filter_map(|item| {
            let below = operation.path.strip_prefix(item)?;
            Some(of_object(resource, item, below, operation))
        });
        found.extend(of_one.flatten());
        if found.iter().any(|verb: &Verb| verb.resource.map(|of| of.name) == Some(resource.name)) {
            continue;
        }
        if resource.collections.contains(&operation.path) {
            found.extend(of_all(resource, operation));
        }
    }
    let left_out = LEFT_OUT.contains(&operation.path) || operation.path.starts_with("nodes/");
    let is_of_some = resources.iter().any(|resource| {
        resource.collections.contains(&operation.path)
            || resource.items.iter().any(|item| operation.path.starts_with(item))
    });
    if found.is_empty() && !left_out && !is_of_some {
        let path = split(operation.path);
        found.push(verb(None, path, operation, None));
    }
    found
}

fn of_object(
    resource: &'static Resource,
    item: &'static str,
    below: &str,
    operation: &Operation,
) -> Option<Verb> {
    let object = item.rsplit('{').next().and_then(|rest| rest.split('}').next());
    if below.is_empty() && operation.method == Method::Get && operation.op.is_none() {
        return None;
    }
    let mut path = vec![resource.name.to_owned(), format!("{{{}}}", resource.singular)];
    path.extend(split(below));
    Some(verb(Some(resource), path, operation, object))
}

fn of_all(resource: &'static Resource, operation: &Operation) -> Option<Verb> {
    if operation.method == Method::Get && operation.op.is_none() {
        return None;
    }
    Some(verb(Some(resource), vec![resource.name.to_owned()], operation, None))
}

fn verb(
    resource: Option<&'static Resource>,
    mut path: Vec<String>,
    operation: &Operation,
    object: Option<&'static str>,
) -> Verb {
    path.extend(operation.op.map(|op| op.replace('_', "-")));
    let method = match operation.method {
        Method::Put if operation.takes_content => "PUT",
        Method::Put => "PATCH",
        other => other.name(),
    };
    Verb { resource, method, path, operation: *operation, object }
}

fn split(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Whether two paths match the same requests.
fn alike(one: &[String], other: &[String]) -> bool {
    let is_placeholder = |part: &str| part.starts_with('{');
    let same = |(one, other): (&String, &String)| {
        one == other || (is_placeholder(one) && is_placeholder(other))
    };
    one.len() == other.len() && one.iter().zip(other).all(same)
}

impl Verb {
    /// What it is called: `create`, `update`, `delete`, or the last element of its path.
    #[must_use]
    pub fn name(&self) -> String {
        let last = self.path.last().map_or("", String::as_str);
        let is_plain = self.operation.op.is_none();
        match self.method {
            "POST" if is_plain => "create".to_owned(),
            "PATCH" | "PUT" if is_plain => "update".to_owned(),
            "DELETE" => "delete".to_owned(),
            _ => last.to_owned(),
        }
    }

    /// Whether it can be done to many objects of a resource by one request: it changes one of them, which is all that its
    /// path names.
    #[must_use]
    pub fn is_for_many_of(&self, resource: &Resource) -> bool {
        let is_its = self.resource.is_some_and(|of| of.name == resource.name);
        let named = rest::paths::placeholders(self.operation.path);
        let is_of_one = self.object.is_some_and(|object| named.eq([object]));
        let is_change = self.method != "GET" && !self.operation.takes_content;
        // A `create` below an object makes what belongs to it.
        let is_own = self.path.len() <= 2 || self.operation.op.is_some();
        is_its && is_of_one && is_change && is_own && self.path.len() <= 3
    }
}
