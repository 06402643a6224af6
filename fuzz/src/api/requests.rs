//! A request: an action of the table that `describe` is made of, somebody who asks for it, and what is sent.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rest::operation::{Method, Operation};
use rest::paths::placeholders;

use super::found::Found;
use super::roles::Role;
use super::values;
use crate::draws::Draws;

/// Parameters that are passwords: what is sent in them is secret.
const PASSWORDS: [&str; 4] =
    ["password", "power_parameters_power_pass", "power_parameters_k_g", "power_pass"];

/// How parameters are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Behind the path.
    Query,
    /// As a form in the body.
    Urlencoded,
    /// As a form of parts.
    Multipart,
    /// As an object of JSON, which is no form.
    Json,
    /// As bytes of no type.
    Bytes,
}

/// A request.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) role: Role,
    pub(crate) action: Operation,
    /// The path with everything before it.
    pub(crate) path: String,
    pub(crate) op: Option<String>,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) form: Form,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short = |(name, value): &(String, String)| {
            format!("{name}={:?}", value.chars().take(200).collect::<String>())
        };
        f.debug_struct("Request")
            .field("role", &self.role)
            .field("method", &self.action.method.name())
            .field("path", &self.path)
            .field("op", &self.op)
            .field("form", &self.form)
            .field("params", &self.params.iter().map(short).collect::<Vec<_>>())
            .finish()
    }
}

impl Request {
    /// What was sent as a password, if it is long enough to be found again.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let sent = self.params.iter().filter(|(name, _)| PASSWORDS.contains(&name.as_str()));
        sent.map(|(_, value)| value.as_str()).filter(|value| value.starts_with(SENT))
    }

    /// Whether nothing may be changed by it, whoever asks.
    pub(crate) fn only_reads(&self) -> bool {
        // Asking a machine's BMC is a job for a rack.
        self.action.method == Method::Get && self.action.op != Some("query_power_state")
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

/// An action below its root.
pub(crate) type Rooted = (&'static str, Operation);

/// How names go on of which the beginning is declared.
const REST: [&str; 3] = ["power_pass", "power_address", "note"];

/// How passwords begin.
const SENT: &str = "sent-secret-";

/// Draws a request.
pub(crate) fn draw(actions: &[Rooted], found: &Found, draws: &mut Draws) -> Request {
    let (root, action) = *draws.pick(actions);
    let role = *draws.pick(&Role::ALL);
    let mut params = Vec::new();
    let share = *draws.pick(&[0, 30, 70, 100]);
    for spec in action.params {
        if draws.percent(share) {
            // What is noted under any name is no password.
            let rest = if spec.name == "{param}" { "note" } else { REST[draws.below(REST.len())] };
            let name = spec.name.replace("{param}", rest);
            let value = value_of(found, &name, draws);
            if draws.percent(8) {
                params.push((name.clone(), values::draw(&name, found, draws)));
            }
            params.push((name, value));
        }
    }
    for name in action.refused.iter().flat_map(|refused| refused.names) {
        if draws.percent(2) {
            params.push(((*name).to_owned(), values::odd(draws)));
        }
    }
    if draws.percent(4) {
        params.push((values::odd(draws), values::odd(draws)));
    }
    let op = if draws.percent(3) { Some(values::odd(draws)) } else { action.op.map(str::to_owned) };
    Request {
        role,
        action,
        path: format!("{root}{}", path(found, &action, draws)),
        op,
        params,
        form: form(&action, draws),
    }
}

fn form(action: &Operation, draws: &mut Draws) -> Form {
    if matches!(action.method, Method::Get | Method::Delete) && draws.percent(95) {
        return Form::Query;
    }
    match draws.below(20) {
        0..=1 => Form::Query,
        2..=4 => Form::Multipart,
        5 => Form::Json,
        6 => Form::Bytes,
        _ => Form::Urlencoded,
    }
}

fn value_of(found: &Found, name: &str, draws: &mut Draws) -> String {
    if PASSWORDS.contains(&name) {
        return format!("{SENT}{}", draws.number());
    }
    values::draw(name, found, draws)
}

/// The path with its placeholders filled: by what there is, by what is elsewhere, by anything.
fn path(found: &Found, action: &Operation, draws: &mut Draws) -> String {
    let mut path = action.path.to_owned();
    for name in placeholders(action.path) {
        let value = segment(found, action.path, name, draws);
        // Numbers and ids stay legible; what has another meaning in a path is written otherwise.
        let value = utf8_percent_encode(&value, NON_ALPHANUMERIC).to_string();
        path = path.replacen(&format!("{{{name}}}"), &value, 1);
    }
    path
}

fn segment(found: &Found, template: &str, name: &str, draws: &mut Draws) -> String {
    let mut parts = template.split('/');
    let resource = parts.next().unwrap_or_default();
    let (before, _) = template.split_once(&format!("{{{name}}}")).unwrap_or_default();
    let nearest = before.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let candidates = match (nearest, name) {
        (_, "vid") => found.of_field("vid"),
        ("interfaces", _) => found.of_resource("interface_set"),
        ("blockdevices", _) => found.of_resource("blockdevice_set"),
        ("prefs", _) | ("sshkeys" | "sslkeys", _) => found.of_resource(nearest),
        (_, "system_id") if resource == "nodes" => found.of_field("system_id"),
        _ => found.of_resource(nearest),
    };
    match draws.below(20) {
        0 => values::odd(draws),
        1 => draws.below(40).to_string(),
        2 => (*draws.pick(&["abcdef", "ip:10.0.0.5", "name:x", "cidr:10.0.0.0/24", "10.0.0.0/24"]))
            .to_owned(),
        3 => found_or(found.of_field("system_id"), draws),
        4 => found_or(found.of_field("id"), draws),
        _ => found_or(candidates, draws),
    }
}

fn found_or(candidates: &[String], draws: &mut Draws) -> String {
    if candidates.is_empty() { draws.below(9).to_string() } else { draws.pick(candidates).clone() }
}
