//! The commands of all nouns, made of what can be done with them. Parameters are told of those nouns that are wanted only, so
//! that help costs milliseconds.

use std::path::PathBuf;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Args, Command};

use crate::cli::native::exchange::{ConnectionArguments, Reading};
use crate::cli::native::noun::{self, Deed, Kind, NOUNS, Noun};
use crate::cli::output::OutputArguments;

/// The words of a command that are neither options nor the names of what is above. No parameter is called so.
const WORDS: &str = "<words>";

/// What a command that names objects needs first: those that they are below, from the outside in. No parameter is called so.
const PARENTS: [&str; 2] = ["<outer>", "<inner>"];

/// Which objects are listed, and how many of them.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "List")]
pub(crate) struct ListArguments {
    /// Only those that this filter means, besides the one that stands behind the command
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    pub(crate) filter: Vec<String>,
    /// Sort by these fields; `-` before one turns its order round
    #[arg(long, value_name = "FIELD", value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) sort: Vec<String>,
    /// So many at most; on a terminal 50 unless it is said
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// All of them, also on a terminal
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
    /// Then show what changes, a row for each, until it is interrupted
    #[arg(short, long)]
    pub(crate) watch: bool,
}

/// How something is changed.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Change")]
pub(crate) struct ChangeArguments {
    /// Show what would change, and change nothing
    #[arg(long, visible_alias = "dry-run")]
    pub(crate) plan: bool,
    /// The same, with exit code 8 if anything would change
    #[arg(long)]
    pub(crate) check: bool,
    /// Do it only if that is still what a plan showed, whose word this is
    #[arg(long, value_name = "PLAN", conflicts_with_all = ["plan", "check"])]
    pub(crate) if_plan: Option<String>,
    /// Do not ask, also when machines lose power or data, or objects go
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Then wait until this holds: a status, or a filter; until nothing is under way when none is given
    #[arg(
        long,
        value_name = "STATUS|FILTER",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    pub(crate) wait: Option<String>,
    /// How long to wait: `90s`, `30m`, `2h`
    #[arg(
        long,
        value_name = "TIME",
        default_value = "2h",
        value_parser = span,
        hide_default_value = true
    )]
    pub(crate) timeout: Duration,
}

/// How far back, and who.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "History")]
pub(crate) struct HistoryArguments {
    /// So many changes
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 50,
        value_parser = clap::value_parser!(u64).range(1..=500)
    )]
    pub(crate) limit: u64,
    /// Only those before this revision
    #[arg(long, value_name = "REVISION")]
    pub(crate) before: Option<u64>,
}

/// How something is edited.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct EditArguments {
    /// The editor; `VISUAL` or `EDITOR` unless it is said
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) editor: Option<PathBuf>,
}

/// A command that was chosen.
#[derive(Debug)]
pub(crate) struct Chosen<'a> {
    /// What it is about, from the outside in.
    pub(crate) nouns: Vec<&'static Noun>,
    /// What is done.
    pub(crate) deed: &'static Deed,
    /// With which arguments.
    pub(crate) matches: &'a ArgMatches,
}

/// All commands with those of the nouns.
pub(crate) fn added(mut whole: Command, is_wanted: impl Fn(&str) -> bool) -> Command {
    for noun in NOUNS.iter() {
        let is_wanted = is_wanted(&noun.name) || is_wanted(&noun.plural);
        let name = noun.name.as_str();
        let is_there = whole.get_subcommands().any(|below| below.get_name() == name);
        let filled = |command: Command| also(filled(command, noun, is_wanted), noun);
        whole = if is_there {
            whole.mut_subcommand(name, filled)
        } else {
            whole.subcommand(filled(Command::new(name).about(noun.about.as_str())))
        };
    }
    match undo() {
        Some((noun, deed)) => whole.subcommand(of_deed(&[noun], deed).about(UNDO)),
        None => whole,
    }
}

/// What is said of taking back.
const UNDO: &str = "Take back what was changed at a revision, as a whole";

/// Taking back a revision stands among the first words, too.
fn undo() -> Option<(&'static Noun, &'static Deed)> {
    let noun = noun::find("revision")?;
    Some((noun, noun.deed("undo")?))
}

/// The command that the arguments name, if it is one of a noun.
pub(crate) fn chosen(matches: &ArgMatches) -> Option<Chosen<'_>> {
    let (name, below) = matches.subcommand()?;
    if let Some((noun, deed)) = undo().filter(|(_, deed)| deed.name == name) {
        return Some(Chosen { nouns: vec![noun], deed, matches: below });
    }
    let mut nouns = vec![noun::find(name)?];
    let (mut word, mut at) = below.subcommand()?;
    if let Some(noun) = nouns[0].below.iter().find(|noun| noun.name == word) {
        nouns.push(noun);
        (word, at) = at.subcommand()?;
    }
    let deed = nouns.last()?.deed(word)?;
    Some(Chosen { nouns, deed, matches: at })
}

/// A word that is no command of its own, but of what is below objects, says of which: `raid` is `machine raid`.
pub(crate) fn hinted(mut error: clap::Error) -> clap::Error {
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
    {
        let below = noun::below(word);
        if !below.is_empty() {
            error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(below));
        }
    }
    error
}

/// The command, which may also be called what many are.
fn also(command: Command, noun: &'static Noun) -> Command {
    let others = [&noun.plural].into_iter().chain(&noun.also).filter(|other| **other != noun.name);
    command.aliases(others.map(String::as_str))
}

fn filled(mut command: Command, noun: &'static Noun, is_wanted: bool) -> Command {
    if !is_wanted {
        return command;
    }
    command = command.subcommand_required(true).arg_required_else_help(true);
    let has =
        |command: &Command, name: &str| command.get_subcommands().any(|it| it.get_name() == name);
    for deed in &noun.deeds {
        if !has(&command, &deed.name) {
            command = command.subcommand(of_deed(&[noun], deed));
        }
    }
    for below in &noun.below {
        if has(&command, &below.name) {
            continue;
        }
        let mut of_it = also(Command::new(below.name.as_str()), below)
            .about(below.about.as_str())
            .subcommand_required(true)
            .arg_required_else_help(true);
        for deed in &below.deeds {
            of_it = of_it.subcommand(of_deed(&[noun, below], deed));
        }
        command = command.subcommand(of_it);
    }
    command
}

fn of_deed(nouns: &[&'static Noun], deed: &'static Deed) -> Command {
    let mut command = Command::new(deed.name.as_str());
    if deed.kind == Kind::Set {
        command = command.alias("update");
    }
    command = with_words(command, nouns, deed);
    let is_list = deed.kind == Kind::List && nouns.len() == 1 && nouns[0].resource.is_some();
    command = match deed.kind {
        Kind::List | Kind::Watch if is_list => {
            Reading::augment_args(ListArguments::augment_args(command))
        }
        Kind::Watch => ListArguments::augment_args(command),
        Kind::Get | Kind::Describe => Reading::augment_args(command),
        Kind::History => HistoryArguments::augment_args(command),
        Kind::Edit => EditArguments::augment_args(ChangeArguments::augment_args(command)),
        Kind::List | Kind::Ask | Kind::AskAll | Kind::Why => command,
        Kind::Create | Kind::Set | Kind::Delete | Kind::Change | Kind::ChangeAll => {
            ChangeArguments::augment_args(command)
        }
    };
    command = ConnectionArguments::augment_args(OutputArguments::augment_args(command));
    if !matches!(deed.kind, Kind::Edit) && !is_list {
        command = with_parameters(command, deed);
    }
    let about = if deed.about.is_empty() { deed.name.clone() } else { deed.about.clone() };
    let first = about.split(". ").next().unwrap_or_default().to_owned();
    let example = format!("Example:\n  {}", example(nouns, deed));
    command.about(first).long_about(about).after_help(example)
}

/// What stands behind the command without an option before it.
fn with_words(mut command: Command, nouns: &[&'static Noun], deed: &'static Deed) -> Command {
    let noun = nouns[nouns.len() - 1];
    for (parent, owner) in PARENTS.into_iter().zip(&noun.owners) {
        let parent = Arg::new(parent).value_name(owner.as_str()).required(true);
        command = command.arg(parent.help("Its name, or what it is known by"));
    }
    let words = Arg::new(WORDS);
    let takes_values = !deed.parameters.is_empty() || deed.takes_any;
    let words = match deed.kind {
        Kind::List | Kind::Watch if noun.resource.is_some() => words
            .value_name("FILTER")
            .num_args(0..)
            .help("Only those that this filter means, `status:failed* -tag:gpu`, or this selector, `n[01-40],@gpu`"),
        Kind::List | Kind::AskAll | Kind::ChangeAll | Kind::Create | Kind::Watch if takes_values => words
            .value_name("NAME=VALUE")
            .num_args(0..)
            .help("Parameters; what is behind `@` stands in that file"),
        Kind::List | Kind::AskAll | Kind::ChangeAll | Kind::Create | Kind::Watch => return command,
        Kind::Describe | Kind::Why | Kind::Edit | Kind::History => words
            .value_name(noun.upper.as_str())
            .num_args(1)
            .required(true)
            .help("Its name, or what it is known by"),
        Kind::Get | Kind::Set | Kind::Delete | Kind::Change | Kind::Ask => {
            let is_one = noun.resource.is_none();
            let value = if is_one { noun.upper.as_str() } else { "SELECTOR" };
            let help = match (is_one, takes_values) {
                (true, false) => "Its name, or what it is known by",
                (true, true) => "Its name, or what it is known by; then parameters, NAME=VALUE",
                (false, false) => "Names, `n[001-040],@rack3,-n007`, or a filter, `status:ready pool:lab`",
                (false, true) => {
                    "Names, `n[001-040],@rack3,-n007`, or a filter, `status:ready pool:lab`; then parameters, NAME=VALUE"
                }
            };
            words.value_name(value).num_args(1..).required(true).help(help)
        }
    };
    command.arg(words)
}

/// An option for each parameter whose name none has yet.
fn with_parameters(mut command: Command, deed: &'static Deed) -> Command {
    for parameter in &deed.parameters {
        let Some(flag) = &parameter.flag else { continue };
        let taken = |known: &Arg| {
            known.get_id() == parameter.name
                || known.get_long() == Some(flag.as_str())
                || known.get_all_aliases().is_some_and(|all| all.contains(&flag.as_str()))
        };
        if matches!(flag.as_str(), "help" | "version") || command.get_arguments().any(taken) {
            continue;
        }
        let needed = if parameter.is_needed { " (needed)" } else { "" };
        let arg = Arg::new(parameter.name)
            .long(flag.as_str())
            .value_name("VALUE")
            .action(ArgAction::Append)
            .allow_hyphen_values(true)
            .help_heading("Parameters")
            .help(format!("{}{needed}", parameter.doc));
        command = command.arg(if flag == parameter.name { arg } else { arg.alias(parameter.name) });
    }
    command
}

/// A line that shows how it is used.
fn example(nouns: &[&'static Noun], deed: &Deed) -> String {
    let noun = nouns[nouns.len() - 1];
    let mut line = "ironraft".to_owned();
    for noun in nouns {
        line += &format!(" {}", noun.name);
    }
    line += &format!(" {}", deed.name);
    for owner in &noun.owners {
        line += &format!(" {owner}");
    }
    if !matches!(
        deed.kind,
        Kind::List | Kind::Create | Kind::ChangeAll | Kind::AskAll | Kind::Watch
    ) {
        line += &format!(" {}", noun.upper);
    }
    let needed = deed.parameters.iter().filter(|parameter| parameter.is_needed);
    let mut shown: Vec<&str> = needed.map(|parameter| parameter.name).collect();
    if shown.is_empty() && deed.kind == Kind::Set {
        shown.extend(deed.parameters.first().map(|parameter| parameter.name));
    }
    for name in shown {
        line += &format!(" {name}=…");
    }
    line
}

/// A span: `90`, `90s`, `30m`, `2h`.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let wrong = || "it is a number and s, m or h: 90s, 30m, 2h".to_owned();
    let (number, unit) = match text.char_indices().last().filter(|(_, it)| it.is_ascii_alphabetic())
    {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        Some(_) => return Err(wrong()),
        None => (text, 1),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(number.saturating_mul(unit)))
}

impl Chosen<'_> {
    /// The innermost noun.
    pub(crate) fn noun(&self) -> &'static Noun {
        self.nouns[self.nouns.len() - 1]
    }

    /// The words of the command: `machine deploy`.
    pub(crate) fn words(&self) -> String {
        let mut words: Vec<&str> = self.nouns.iter().map(|noun| noun.name.as_str()).collect();
        words.push(&self.deed.name);
        words.join(" ")
    }

    /// The objects that the one that is meant is below, from the outside in.
    pub(crate) fn parents(&self) -> Vec<&str> {
        let ids = PARENTS.into_iter().take(self.noun().owners.len());
        ids.filter_map(|id| self.matches.get_one::<String>(id).map(String::as_str)).collect()
    }

    /// What stands behind the command.
    pub(crate) fn given(&self) -> Vec<String> {
        let has_words = self.matches.try_contains_id(WORDS).is_ok();
        let given = if has_words { self.matches.get_many::<String>(WORDS) } else { None };
        given.into_iter().flatten().cloned().collect()
    }

    /// The parameters that were given as options.
    pub(crate) fn options(&self) -> Vec<(String, String)> {
        let mut options = Vec::new();
        for parameter in &self.deed.parameters {
            let is_option = self
                .matches
                .try_get_many::<String>(parameter.name)
                .ok()
                .flatten()
                .filter(|_| parameter.flag.is_some());
            let values = is_option.into_iter().flatten();
            options.extend(values.map(|value| (parameter.name.to_owned(), value.clone())));
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Command {
        added(Command::new("ironraft"), |_| true)
    }

    #[test]
    fn every_command_is_well_formed() {
        all().debug_assert();
    }

    #[test]
    fn what_is_not_wanted_costs_nothing() {
        let few = added(Command::new("ironraft"), |name| name == "machine");
        let machine = few.find_subcommand("machine").unwrap();
        assert!(machine.find_subcommand("deploy").is_some());
        assert!(!few.find_subcommand("fabric").unwrap().has_subcommands());
    }

    #[track_caller]
    fn read(line: &str) -> (String, Vec<String>, Vec<(String, String)>) {
        let matches = all().try_get_matches_from(line.split(' ')).unwrap();
        let command = chosen(&matches).unwrap();
        (command.words(), command.given(), command.options())
    }

    #[test]
    fn parameters_are_options_or_words() {
        let (words, given, options) =
            read("ironraft machine deploy n[1-2] comment=x --distro-series debian/bookworm --plan");
        assert_eq!(words, "machine deploy");
        assert_eq!(given, ["n[1-2]", "comment=x"]);
        assert_eq!(options, [("distro_series".to_owned(), "debian/bookworm".to_owned())]);
        let (words, given, _) = read("ironraft fabric vlan update plant 101 dhcp_on=true");
        assert_eq!((words.as_str(), given.len()), ("fabric vlan set", 2));
    }

    #[test]
    fn what_is_below_has_the_names_of_what_it_is_below_first() {
        let parents = |line: &str| {
            let matches = all().try_get_matches_from(line.split(' ')).unwrap();
            let command = chosen(&matches).unwrap();
            let parents: Vec<String> = command.parents().into_iter().map(str::to_owned).collect();
            (command.words(), parents, command.given())
        };
        let (words, above, given) =
            parents("ironraft machine block-device format web sdb fstype=xfs");
        assert_eq!(
            (words.as_str(), above, given.len()),
            ("machine blockdevice format", vec!["web".to_owned()], 2)
        );
        let (words, above, given) =
            parents("ironraft machine partition mount web sdb sdb-part1 mount_point=/srv");
        assert_eq!(
            (words.as_str(), given),
            (
                "machine partition mount",
                vec!["sdb-part1".to_owned(), "mount_point=/srv".to_owned()]
            )
        );
        assert_eq!(above, ["web", "sdb"]);
        let (words, above, given) = parents("ironraft machine partitions create web sdb size=5G");
        assert_eq!((words.as_str(), above.len(), given.len()), ("machine partition create", 2, 1));
        let (words, above, _) = parents("ironraft machine raids list web");
        assert_eq!((words.as_str(), above), ("machine raid list", vec!["web".to_owned()]));
    }

    #[test]
    fn words_of_what_is_below_say_where_they_belong() {
        let said = |line: &str| {
            let error = all().try_get_matches_from(line.split(' ')).unwrap_err();
            hinted(error).to_string()
        };
        assert!(said("ironraft block-device list web").contains("machine blockdevice"));
        assert!(said("ironraft partition list web sda").contains("machine partition"));
        assert!(!said("ironraft tape list").contains("machine"));
    }

    #[test]
    fn parameters_may_be_called_what_the_grammar_has_words_for() {
        let (_, given, options) = read("ironraft machine interface create-bridge web parent=bond0");
        assert_eq!((given, options), (vec!["parent=bond0".to_owned()], vec![]));
        let (_, _, options) =
            read("ironraft machine interface create-bond web --parents eth0 --parents eth1");
        let parents = ["eth0", "eth1"].map(|name| ("parents".to_owned(), name.to_owned()));
        assert_eq!(options, parents);
    }

    #[test]
    fn plurals_and_waits_are_understood() {
        let (words, given, _) = read("ironraft machines list status:ready --sort -updated -w");
        assert_eq!((words.as_str(), given), ("machine list", vec!["status:ready".to_owned()]));
        read("ironraft machine release web --wait --timeout 90s -y");
        read("ironraft machine release web --wait=ready");
    }

    #[test]
    fn spans_have_units() {
        assert_eq!(span("90"), Ok(Duration::from_secs(90)));
        assert_eq!(span("2h"), Ok(Duration::from_secs(7200)));
        assert!(span("2d").is_err() && span("x").is_err() && span("").is_err());
    }
}
