//! One REST client for every resource: commands, paths and columns come from the tables in
//! `resources.rs`, so that a new resource is a new table and no code.

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use client::Client;
use ipnet::IpNet;
use reqwest::Method;
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::output::{Format, field, print_json, print_rows, say, text};
use crate::cli::profile;
use crate::cli::resources::RESOURCES;

/// A resource of the API as a command.
#[derive(Debug)]
pub(crate) struct Resource {
    /// The command's name.
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) about: &'static str,
    /// The columns of its table: header, and the path of the field.
    pub(crate) columns: &'static [(&'static str, &'static str)],
    /// What can be done.
    pub(crate) verbs: &'static [Verb],
}

/// Something that can be done with a resource.
#[derive(Debug)]
pub(crate) struct Verb {
    /// The sub-command's name; with a space, a sub-command of a sub-command.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
    /// The HTTP method.
    pub(crate) method: Method,
    /// The path below the API's root; a `{placeholder}` becomes an argument.
    pub(crate) path: &'static str,
    /// MAAS's `op`.
    pub(crate) op: Option<&'static str>,
    /// Where the objects are in the answer.
    pub(crate) shows: Shows,
}

impl Verb {
    /// The verb with MAAS's `op`.
    pub(crate) const fn with_op(mut self, op: &'static str) -> Self {
        self.op = Some(op);
        self
    }
}

/// What is printed of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    /// A row for each object of the list.
    List,
    /// A row for each object of a list in this field.
    ListIn(&'static str),
    /// One row.
    Row,
    /// Every field.
    Fields,
    /// The answer, which is one value.
    Value,
    /// That it was done.
    Nothing,
}

/// The commands of all resources.
pub(crate) fn commands() -> Vec<Command> {
    RESOURCES.iter().map(command).collect()
}

/// The resource that a command is named after.
pub(crate) fn find(name: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.name == name)
}

/// Carries out the verb that was chosen.
pub(crate) async fn run(resource: &Resource, matches: &ArgMatches) -> Result<(), Failure> {
    let mut chosen = Vec::new();
    let mut at = matches;
    while let Some((name, below)) = at.subcommand() {
        chosen.push(name);
        at = below;
    }
    let chosen = chosen.join(" ");
    let verb = resource.verbs.iter().find(|verb| verb.name == chosen);
    let verb = verb.ok_or_else(|| Failure::Usage(format!("no command `{chosen}`")))?;
    let client = profile::load()?.client()?;
    let path = fill(&client, verb.path, at).await?;
    let given = at.get_many::<String>("fields").into_iter().flatten();
    let fields = given.map(|text| parse_field(text)).collect::<Result<Vec<_>, _>>()?;
    let answer = client.send(&verb.method, &path, verb.op, fields).await?;
    let format = at.get_one::<Format>("output").copied().unwrap_or(Format::Table);
    print(resource, verb, &answer, format);
    Ok(())
}

fn command(resource: &'static Resource) -> Command {
    let mut command = Command::new(resource.name)
        .about(resource.about)
        .subcommand_required(true)
        .arg_required_else_help(true);
    for verb in resource.verbs.iter().filter(|verb| !verb.name.contains(' ')) {
        command = command.subcommand(verb_command(verb.name, verb));
    }
    let mut groups: Vec<&'static str> = Vec::new();
    for group in resource.verbs.iter().filter_map(|verb| Some(verb.name.split_once(' ')?.0)) {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    for group in groups {
        let of_group = |verb: &&'static Verb| verb.name.split_once(' ').map(|n| n.0) == Some(group);
        let below = resource.verbs.iter().filter(of_group).map(|verb| {
            verb_command(verb.name.split_once(' ').map_or(verb.name, |name| name.1), verb)
        });
        command = command.subcommand(
            Command::new(group)
                .about("The commands below it")
                .subcommand_required(true)
                .subcommands(below),
        );
    }
    command
}

fn verb_command(name: &'static str, verb: &'static Verb) -> Command {
    let mut command = Command::new(name).about(verb.about);
    for placeholder in placeholders(verb.path) {
        command = command.arg(Arg::new(placeholder).required(true).help(meaning(placeholder)));
    }
    command
        .arg(
            Arg::new("fields")
                .value_name("FIELD=VALUE")
                .num_args(0..)
                .help("Parameters as MAAS's API names them"),
        )
        .arg(
            Arg::new("output")
                .short('o')
                .long("output")
                .action(ArgAction::Set)
                .value_parser(value_parser!(Format))
                .default_value("table")
                .help("How to print the answer"),
        )
}

/// What is given for a placeholder.
fn meaning(placeholder: &str) -> &'static str {
    match placeholder {
        "machine" | "device" => "Its host name or system id",
        "node" => "The host name or system id of a device or machine",
        "interface" => "Its id, as `list` shows it",
        "subnet" => "Its id, name or CIDR",
        "fabric" => "The fabric's id or name",
        "vid" => "The VLAN's VID: 0 for untagged",
        "tag" => "Its name",
        _ => "Its id, as `list` shows it, or its name",
    }
}

fn placeholders(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}').map(|split| split.0))
}

/// The path with its placeholders filled from the arguments. A machine or device may be named instead, and a
/// subnet given as its CIDR.
async fn fill(
    client: &Client,
    template: &'static str,
    matches: &ArgMatches,
) -> Result<String, Failure> {
    let mut path = template.to_owned();
    for name in placeholders(template) {
        let given = matches.get_one::<String>(name).cloned().unwrap_or_default();
        let value = match name {
            "machine" => node_id(client, "machines/", &given).await?,
            "device" => node_id(client, "devices/", &given).await?,
            "node" => node_id(client, "nodes/", &given).await?,
            "subnet" => subnet_id(client, &given).await?,
            _ => given,
        };
        if value.is_empty() || value.contains(['/', '?', '#']) {
            return Err(Failure::Usage(format!(
                "`{value}` is not a valid {name}: it must not be empty or contain / ? #"
            )));
        }
        path = path.replace(&format!("{{{name}}}"), &value);
    }
    Ok(path)
}

/// The system id of the node with that host name in a list, or else what was given.
async fn node_id(client: &Client, list: &str, given: &str) -> Result<String, Failure> {
    let hostname = given.split('.').next().unwrap_or(given);
    let found = client.query(list, &[("hostname", hostname)]).await?;
    match found.as_array().map(Vec::as_slice) {
        Some([node]) => Ok(field(node, "system_id")),
        _ => Ok(given.to_owned()),
    }
}

/// The id of the subnet with that CIDR, or else what was given.
async fn subnet_id(client: &Client, given: &str) -> Result<String, Failure> {
    if !given.contains('/') {
        return Ok(given.to_owned());
    }
    let Ok(cidr) = given.parse::<IpNet>() else {
        let message = format!("`{given}` is no CIDR: an address and a prefix length, 10.0.0.0/24");
        return Err(Failure::Usage(message));
    };
    let cidr = cidr.trunc().to_string();
    let found = client.query("subnets/", &[]).await?;
    let mut subnets = found.as_array().map(Vec::as_slice).unwrap_or_default().iter();
    let subnet = subnets.find(|subnet| subnet["cidr"] == cidr.as_str());
    let subnet = subnet.ok_or_else(|| Failure::NotFound(format!("there is no subnet {given}")))?;
    Ok(field(subnet, "id"))
}

fn parse_field(text: &str) -> Result<(String, String), Failure> {
    let wrong = || Failure::Usage(format!("`{text}` is not of the form field=value"));
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    Ok((name.to_owned(), value.to_owned()))
}

fn print(resource: &Resource, verb: &Verb, answer: &Value, format: Format) {
    if format == Format::Json {
        return print_json(answer);
    }
    let rows = match verb.shows {
        Shows::List => answer.as_array().cloned().unwrap_or_default(),
        Shows::ListIn(name) => answer[name].as_array().cloned().unwrap_or_default(),
        Shows::Row => vec![answer.clone()],
        Shows::Fields => {
            for (name, _) in answer.as_object().into_iter().flatten() {
                say(format_args!("{name:28} {}", field(answer, name)));
            }
            return;
        }
        Shows::Nothing => return say(format_args!("done")),
        Shows::Value => return say(format_args!("{}", text(answer))),
    };
    let header: Vec<&str> = resource.columns.iter().map(|(header, _)| *header).collect();
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| resource.columns.iter().map(|(_, path)| field(row, path)).collect())
        .collect();
    print_rows(&header, &rows);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_tables_is_well_formed() {
        for command in commands() {
            command.debug_assert();
        }
    }

    #[test]
    fn a_power_command_is_below_power() {
        let machine = command(find("machine").expect("there are machines"));
        let matches = machine.try_get_matches_from(["machine", "power", "on", "web-1"]).unwrap();
        let (group, below) = matches.subcommand().unwrap();
        let (verb, arguments) = below.subcommand().unwrap();
        assert_eq!((group, verb), ("power", "on"));
        assert_eq!(arguments.get_one::<String>("machine").unwrap(), "web-1");
    }
}
