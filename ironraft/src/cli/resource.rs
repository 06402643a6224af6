//! One REST client for every resource: commands, paths and columns come from the tables in
//! `resources.rs`, so that a new resource is a new table and no code.

use std::fmt::Write;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use client::{Client, ClientError};
use ipnet::IpNet;
use serde_json::Value;

use crate::cli::differences;
use crate::cli::failure::Failure;
use crate::cli::fields::{self, Fields};
use crate::cli::named::Missing;
use crate::cli::output::{OutputArguments, field, say, text};
pub(crate) use crate::cli::resources::find;
use crate::cli::resources::{RESOURCES, Resource, Shows, Verb};
use crate::cli::{power_query, profile};

/// How MAAS's API ends what it says of an object that there is not.
const NO_MATCH: &str = " matches the given query.";

/// The commands of all resources. What fields their verbs take is told in the help of those that are wanted.
pub(crate) fn commands(is_wanted: impl Fn(&str) -> bool) -> Vec<Command> {
    RESOURCES.iter().map(|resource| command(resource, is_wanted(resource.name))).collect()
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
    let given: Vec<&String> = at.get_many::<String>("fields").into_iter().flatten().collect();
    let (others, given) = more_objects(verb, &given);
    let work = Work {
        resource,
        verb,
        fields: Fields::read(verb, given.into_iter())?,
        is_check: verb.name == "update" && at.get_flag("check"),
        client: profile::client().await?,
        output: OutputArguments::from_arg_matches(at).map_err(Failure::other)?,
    };
    let named: Vec<(&str, &String)> = placeholders(verb.path)
        .filter_map(|name| Some((name, at.get_one::<String>(name)?)))
        .collect();
    if others.is_empty() {
        work.on_one(&named).await
    } else {
        work.on_several(&named, &others).await
    }
}

/// What stands behind the name of an object: more objects, and then fields.
fn more_objects<'a>(verb: &Verb, given: &[&'a String]) -> (Vec<&'a String>, Vec<&'a String>) {
    let takes_several = verb.path.ends_with("}/");
    given.iter().partition(|text| takes_several && !text.contains('='))
}

/// What is to be done.
struct Work<'a> {
    resource: &'a Resource,
    verb: &'a Verb,
    fields: Fields,
    is_check: bool,
    client: Client,
    output: OutputArguments,
}

impl Work<'_> {
    /// Does it with one object, or with none.
    async fn on_one(&self, named: &[(&str, &String)]) -> Result<(), Failure> {
        let (path, mut answer) =
            self.done(named).await.map_err(|failure| failure.of(&self.what(named)))?;
        if self.is_check {
            return differences::told(&self.fields.sent, &answer, &self.what(named));
        }
        if let (Shows::List, Some(rows)) = (self.verb.shows, answer.as_array_mut()) {
            self.fields.choose(self.resource, rows)?;
        }
        self.print(&answer)?;
        if self.verb.op == Some("query_power_state") {
            return power_query::told(&self.client, &path, &answer).await;
        }
        Ok(())
    }

    /// Does it with one object after the other. What fails is told at once, and how many there were at the end.
    async fn on_several(
        &self,
        named: &[(&str, &String)],
        others: &[&String],
    ) -> Result<(), Failure> {
        let mut named = named.to_vec();
        let Some((_, first)) = named.last().copied() else {
            return Err(Failure::Usage("no object is named".to_owned()));
        };
        let mut failures = Vec::new();
        let mut answers = Vec::new();
        for object in std::iter::once(first).chain(others.iter().copied()) {
            if let Some(last) = named.last_mut() {
                last.1 = object;
            }
            let what = self.what(&named);
            let outcome = match self.done(&named).await {
                Ok((_, answer)) if self.is_check => {
                    differences::told(&self.fields.sent, &answer, &what)
                }
                Ok((_, answer)) => {
                    answers.push((object, answer));
                    Ok(())
                }
                Err(failure) => Err(failure.of(&what)),
            };
            if let Err(failure) = outcome {
                failure.report();
                failures.push(failure);
            }
        }
        self.print_several(&answers)?;
        let (failed, all) = (failures.len(), others.len() + 1);
        match failures.pop() {
            None => Ok(()),
            Some(Failure::Differs(_)) if !answers.is_empty() || failed == all => {
                Err(Failure::Differs(format!("{failed} of {all} differ")))
            }
            Some(last) if failed == all => Err(last.of(&format!("none of {all} was done"))),
            Some(_) => {
                let done = all - failed;
                Err(Failure::Partial(format!("{done} of {all} were done, {failed} were not")))
            }
        }
    }

    /// What was asked of the API, and what it answered.
    async fn done(&self, named: &[(&str, &String)]) -> Result<(String, Value), Failure> {
        let path = fill(&self.client, self.verb.path, named).await?;
        match self.send(&path).await {
            // It may be called by a name that the API does not know it by.
            Err(ClientError::Refused { status: 404, text }) if text.ends_with(NO_MATCH) => {
                let Some(missing) = missing(self.resource, self.verb, &path) else {
                    return Err(ClientError::Refused { status: 404, text }.into());
                };
                let id = missing.find(&self.client).await?;
                let path = format!("{}{id}/", missing.list);
                let answer = self.send(&path).await?;
                Ok((path, answer))
            }
            other => Ok((path, other?)),
        }
    }

    async fn send(&self, path: &str) -> Result<Value, ClientError> {
        if self.is_check {
            return self.client.get(path).await;
        }
        self.client.send(&self.verb.method, path, self.verb.op, self.fields.sent.clone()).await
    }

    /// `machine deploy web-01`.
    fn what(&self, named: &[(&str, &String)]) -> String {
        let names: String = named.iter().map(|(_, name)| format!(" {name}")).collect();
        format!("{} {}{names}", self.resource.name, self.verb.name)
    }

    fn print(&self, answer: &Value) -> Result<(), Failure> {
        let (output, columns) = (&self.output, self.resource.all_columns());
        match self.verb.shows {
            Shows::List => {
                let rows = answer.as_array().map_or(&[][..], Vec::as_slice);
                output.print_list(columns, rows, answer)
            }
            Shows::ListIn(name) => {
                let rows = answer[name].as_array().map_or(&[][..], Vec::as_slice);
                output.print_list(columns, rows, answer)
            }
            Shows::Row => output.print_list(columns, std::slice::from_ref(answer), answer),
            Shows::Fields => {
                output.print_object(answer);
                Ok(())
            }
            Shows::Nothing | Shows::Value if !output.is_columns() => {
                output.print_answer(std::slice::from_ref(answer), answer);
                Ok(())
            }
            Shows::Nothing => {
                say(format_args!("done"));
                Ok(())
            }
            Shows::Value => {
                say(format_args!("{}", text(answer)));
                Ok(())
            }
        }
    }

    fn print_several(&self, answers: &[(&String, Value)]) -> Result<(), Failure> {
        let rows: Vec<Value> = answers.iter().map(|(_, answer)| answer.clone()).collect();
        match self.verb.shows {
            _ if answers.is_empty() => Ok(()),
            Shows::Nothing | Shows::Value if self.output.is_columns() => {
                for (name, answer) in answers {
                    let shown =
                        if self.verb.shows == Shows::Nothing { "done" } else { &text(answer) };
                    say(format_args!("{name}: {shown}"));
                }
                Ok(())
            }
            _ => {
                let columns = self.resource.all_columns();
                self.output.print_list(columns, &rows, &Value::Array(rows.clone()))
            }
        }
    }
}

fn command(resource: &'static Resource, has_fields: bool) -> Command {
    let mut command = Command::new(resource.name)
        .about(resource.about)
        .subcommand_required(true)
        .arg_required_else_help(true);
    for verb in resource.verbs.iter().filter(|verb| !verb.name.contains(' ')) {
        command = command.subcommand(verb_command(verb.name, resource, verb, has_fields));
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
            let name = verb.name.split_once(' ').map_or(verb.name, |name| name.1);
            verb_command(name, resource, verb, has_fields)
        });
        let below: Vec<Command> = below.collect();
        let names: Vec<&str> = below.iter().map(Command::get_name).collect();
        let (_, several) = resource.nouns;
        let about = format!("Switch the {group} of {several}, or ask for it: {}", names.join(", "));
        command = command.subcommand(
            Command::new(group)
                .about(about)
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommands(below),
        );
    }
    command
}

fn verb_command(
    name: &'static str,
    resource: &'static Resource,
    verb: &'static Verb,
    has_fields: bool,
) -> Command {
    let example = format!("Example:\n  {}", resource.example(verb.name));
    let mut command = Command::new(name).after_help(example.clone());
    if has_fields {
        let fields = fields_told(verb);
        command = command.after_long_help(format!("{fields}{example}"));
    }
    for placeholder in placeholders(verb.path) {
        command = command.arg(Arg::new(placeholder).required(true).help(meaning(placeholder)));
    }
    let takes_several = verb.path.ends_with("}/");
    let (value_name, help) = match (takes_several, verb.shows) {
        (true, _) => ("NAME|FIELD=VALUE", "More of them, and parameters as MAAS's API names them"),
        (false, Shows::List) => ("FIELD=VALUE", "Only those of which this holds; `-` is nothing"),
        (false, _) => ("FIELD=VALUE", "Parameters as MAAS's API names them"),
    };
    command = command.arg(Arg::new("fields").value_name(value_name).num_args(0..).help(help));
    if verb.name == "update" {
        command = command.arg(
            Arg::new("check")
                .long("check")
                .action(ArgAction::SetTrue)
                .help("Change nothing; say what would change, with exit code 8 if anything would"),
        );
    }
    // It has words of its own of what it is about.
    OutputArguments::augment_args(command).about(resource.about(verb))
}

/// The fields that the API has a use for, with what they mean.
fn fields_told(verb: &Verb) -> String {
    let Some(operation) = fields::operation(verb) else { return String::new() };
    let mut told = String::new();
    for spec in operation.params {
        let name = spec.name.replace("{param}", "…");
        let presence = match spec.presence {
            rest::param::Presence::Required => " (needed)",
            rest::param::Presence::Optional | rest::param::Presence::Repeated => "",
        };
        let doc = spec.doc.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = writeln!(told, "  {name:24} {doc}{presence}");
    }
    if told.is_empty() { told } else { format!("Fields:\n{told}\n") }
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
    named: &[(&str, &String)],
) -> Result<String, Failure> {
    let mut path = template.to_owned();
    for (name, given) in named {
        let value = match *name {
            "machine" => node_id(client, "machines/", given).await?,
            "device" => node_id(client, "devices/", given).await?,
            "node" => node_id(client, "nodes/", given).await?,
            "subnet" => subnet_id(client, given).await?,
            _ => (*given).clone(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_tables_is_well_formed() {
        for command in commands(|_| true) {
            command.debug_assert();
        }
    }

    /// The words of a line as a shell makes them.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut is_quoted = false;
        for letter in line.chars() {
            match letter {
                '\'' => is_quoted = !is_quoted,
                ' ' if !is_quoted => words.push(String::new()),
                letter => words.last_mut().expect("there is one").push(letter),
            }
        }
        words
    }

    #[test]
    fn every_verb_has_an_example_that_it_understands() {
        for resource in RESOURCES {
            assert_eq!(resource.examples.len(), resource.verbs.len(), "{}", resource.name);
            for verb in resource.verbs {
                let line = resource.example(verb.name);
                let words = words(&line);
                let matches = command(resource, false).try_get_matches_from(&words[1..]);
                let matches = matches.unwrap_or_else(|error| panic!("{line}: {error}"));
                let mut at = &matches;
                while let Some((_, below)) = at.subcommand() {
                    at = below;
                }
                let given: Vec<&String> =
                    at.get_many::<String>("fields").into_iter().flatten().collect();
                let (_, given) = more_objects(verb, &given);
                let read = Fields::read(verb, given.into_iter());
                assert!(read.is_ok(), "{line}: {read:?}");
            }
        }
    }

    #[test]
    fn a_power_command_is_below_power() {
        let machine = command(find("machine").expect("there are machines"), false);
        let matches = machine.try_get_matches_from(["machine", "power", "on", "web-1"]).unwrap();
        let (group, below) = matches.subcommand().unwrap();
        let (verb, arguments) = below.subcommand().unwrap();
        assert_eq!((group, verb), ("power", "on"));
        assert_eq!(arguments.get_one::<String>("machine").unwrap(), "web-1");
    }

    #[test]
    fn objects_stand_before_fields() {
        let verb =
            find("machine").unwrap().verbs.iter().find(|verb| verb.name == "deploy").unwrap();
        let given = ["web-2", "distro_series=x", "web-3"].map(str::to_owned);
        let given: Vec<&String> = given.iter().collect();
        let (others, fields) = more_objects(verb, &given);
        assert_eq!(others, [given[0], given[2]]);
        assert_eq!(fields, [given[1]]);
    }
}
