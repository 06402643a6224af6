//! One REST client for every resource: commands, paths and columns come from the tables in
//! `resources.rs`, so that a new resource is a new table and no code.

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use client::{Client, ClientError};
use ipnet::IpNet;
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::fields::Fields;
use crate::cli::named::Missing;
use crate::cli::output::{Format, field, print_json, print_rows, say, text};
pub(crate) use crate::cli::resources::find;
use crate::cli::resources::{RESOURCES, Resource, Shows, Verb};
use crate::cli::{power_query, profile};

/// How MAAS's API ends what it says of an object that there is not.
const NO_MATCH: &str = " matches the given query.";

/// The commands of all resources.
pub(crate) fn commands() -> Vec<Command> {
    RESOURCES.iter().map(command).collect()
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
    let fields = Fields::read(verb, at.get_many::<String>("fields").into_iter().flatten())?;
    let path = fill(&client, verb.path, at).await?;
    let send =
        async |path: &str| client.send(&verb.method, path, verb.op, fields.sent.clone()).await;
    let mut answer = match send(&path).await {
        // It may be called by a name that the API does not know it by.
        Err(ClientError::Refused { status: 404, text }) if text.ends_with(NO_MATCH) => {
            let Some(missing) = missing(resource, verb, &path) else {
                return Err(ClientError::Refused { status: 404, text }.into());
            };
            let id = missing.find(&client).await?;
            send(&format!("{}{id}/", missing.list)).await?
        }
        other => other?,
    };
    if let (Shows::List, Some(rows)) = (verb.shows, answer.as_array_mut()) {
        fields.choose(resource, rows)?;
    }
    let format = at.get_one::<Format>("output").copied().unwrap_or(Format::Table);
    print(resource, verb, &answer, format);
    if verb.op == Some("query_power_state") {
        return power_query::told(&client, &path, &answer).await;
    }
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
        "vid" => "The VLAN's VID, 0 for untagged, or its name",
        "tag" | "user" => "Its name",
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

/// What a path that ends in a placeholder asks for.
fn missing<'a>(resource: &'a Resource, verb: &Verb, path: &'a str) -> Option<Missing<'a>> {
    let (_, placeholder) = verb.path.strip_suffix("}/")?.rsplit_once('{')?;
    let (list, given) = path.strip_suffix('/')?.rsplit_once('/')?;
    let by = match (placeholder, resource.columns.first()) {
        ("vid", _) => "vid",
        (_, Some((_, by))) => *by,
        (_, None) => "id",
    };
    let looked_up = matches!(placeholder, "machine" | "device");
    Some(Missing { kind: resource.name, list: format!("{list}/"), looked_up, by, given })
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
