//! Completion: what may stand next on a command line, with the names of what there is in the cluster. A shell asks for it by
//! `ironraft complete-words`; it waits for a second at most, and says nothing when nobody answers.

use std::time::Duration;

use clap::{Arg, Command};
use client::Patience;
use tokio::time::timeout;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::{ConnectionArguments, NativeApi, Reading, Wanted};
use crate::cli::native::noun::{self, Kind, Noun};
use crate::cli::output::{field, say};
use crate::cli::profile::kept::{Kept, ProfileName};

/// How long a region has.
const WAIT: Duration = Duration::from_secs(1);

/// How many names are told.
const NAMES: usize = 200;

/// The option that names a profile, and the command that is about them.
const PROFILE: &str = "profile";

/// The command that shells ask.
pub(crate) const COMMAND: &str = "complete-words";

const BASH: &str = r#"_ironraft() {
    local IFS=$'\n'
    COMPREPLY=($(ironraft complete-words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    if [ ${#COMPREPLY[@]} -eq 0 ]; then
        compopt -o default
    fi
}
complete -F _ironraft ironraft
"#;

const ZSH: &str = r#"#compdef ironraft
_ironraft() {
    local -a found
    found=("${(@f)$(ironraft complete-words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [ -n "$found" ]; then
        compadd -Q -- $found
    else
        _files
    fi
}
compdef _ironraft ironraft
"#;

const FISH: &str = r"function __ironraft_complete
    set -l words (commandline -opc) (commandline -ct)
    ironraft complete-words -- $words[2..-1] 2>/dev/null
end
complete -c ironraft -f -a '(__ironraft_complete)'
";

/// What a shell has to know, for those that ask the program itself.
pub(crate) fn script(shell: clap_complete::Shell) -> Option<&'static str> {
    match shell {
        clap_complete::Shell::Bash => Some(BASH),
        clap_complete::Shell::Zsh => Some(ZSH),
        clap_complete::Shell::Fish => Some(FISH),
        _ => None,
    }
}

/// Prints what may stand in the place of the last word.
///
/// # Errors
/// Never: who completes is told nothing then.
pub(crate) async fn run(whole: &Command, words: &[String]) -> Result<(), Failure> {
    let words = if words.first().is_some_and(|word| word == "--") { &words[1..] } else { words };
    let Some((last, before)) = words.split_last() else { return Ok(()) };
    let place = place(whole, before);
    let mut found = candidates(&place, last);
    if place.is_profile {
        found.extend(profiles(last));
    }
    if let Some(named) = place.named.filter(|_| !last.starts_with('-')) {
        found.extend(names(named, last, profile_in(before)).await);
    }
    found.iter().for_each(|word| say(format_args!("{word}")));
    Ok(())
}

/// Where a word stands.
struct Place<'a> {
    /// The command that it belongs to.
    command: &'a Command,
    /// The option whose value it is.
    option: Option<&'a Arg>,
    /// Of what it may be a name.
    named: Option<&'static Noun>,
    /// Whether it is the name of a profile.
    is_profile: bool,
}

fn place<'a>(whole: &'a Command, before: &[String]) -> Place<'a> {
    let mut at = whole;
    let mut path: Vec<&str> = Vec::new();
    let mut given = 0;
    let mut option = None;
    for word in before {
        if option.take().is_some() {
            continue;
        }
        if word.starts_with('-') {
            let name = word.trim_start_matches('-');
            let is_it = |arg: &&Arg| {
                arg.get_long() == Some(name)
                    || arg.get_short().is_some_and(|it| *name == it.to_string())
            };
            let found = at.get_arguments().find(is_it);
            option =
                found.filter(|arg| arg.get_action().takes_values() && !arg.is_require_equals_set());
        } else if let Some(below) = at.find_subcommand(word) {
            at = below;
            path.push(below.get_name());
        } else {
            given += 1;
        }
    }
    let named = if option.is_some() { None } else { named(&path, given) };
    let is_profile = match option {
        Some(option) => option.get_id() == PROFILE,
        None => given == 0 && matches!(path.as_slice(), [PROFILE, "use" | "remove"]),
    };
    Place { command: at, option, named, is_profile }
}

/// The profiles whose names begin so.
fn profiles(last: &str) -> Vec<String> {
    let names = Kept::at_home().and_then(|kept| kept.names()).unwrap_or_default();
    names.iter().map(ToString::to_string).filter(|name| name.starts_with(last)).collect()
}

/// The profile that words before name.
fn profile_in(before: &[String]) -> Option<ProfileName> {
    let at = before.iter().position(|word| word == "--profile")?;
    before.get(at + 1)?.parse().ok()
}

/// Of what a word may be a name that stands behind these commands and so many other words.
fn named(path: &[&str], given: usize) -> Option<&'static Noun> {
    let noun = noun::find(path.first()?)?;
    let word = path.get(1)?;
    if noun.below.iter().any(|below| below.name == *word) {
        return (given == 0).then_some(noun);
    }
    let kind = noun.deed(word)?.kind;
    let takes_many =
        matches!(kind, Kind::Get | Kind::Set | Kind::Delete | Kind::Change | Kind::Ask);
    let takes_one = matches!(kind, Kind::Describe | Kind::Edit | Kind::History | Kind::Why);
    (takes_many || (takes_one && given == 0)).then_some(noun)
}

/// What the commands themselves know.
fn candidates(place: &Place<'_>, last: &str) -> Vec<String> {
    let begins = |text: &str| text.starts_with(last);
    if let Some(option) = place.option {
        let values = option.get_possible_values();
        return values.iter().map(|it| it.get_name().to_owned()).filter(|it| begins(it)).collect();
    }
    if last.starts_with('-') {
        let options = place.command.get_arguments().filter(|arg| !arg.is_hide_set());
        let options = options.filter_map(Arg::get_long).map(|name| format!("--{name}"));
        return options.filter(|it| begins(it)).collect();
    }
    let below = place.command.get_subcommands().filter(|it| !it.is_hide_set());
    below.map(|it| it.get_name().to_owned()).filter(|it| begins(it)).collect()
}

/// The names of objects that begin so; none when nobody answers in time.
async fn names(noun: &'static Noun, last: &str, profile: Option<ProfileName>) -> Vec<String> {
    let Some(resource) = noun.resource else { return Vec::new() };
    // Of a selector the last part is completed.
    let at = last.rfind(',').map_or(0, |at| at + 1);
    let (before, part) = last.split_at(at);
    let patience = Patience {
        connect: WAIT,
        answer: WAIT,
        total: Duration::ZERO,
        pause: Duration::from_millis(10),
        repeat_unanswered: false,
    };
    let fields = std::iter::once(resource.key).chain(resource.also.iter().copied());
    let wanted = Wanted {
        fields: fields.map(str::to_owned).collect(),
        limit: Some(NAMES),
        reading: Reading { at: None, stale: true },
        ..Wanted::default()
    };
    let asked = async {
        let connection = ConnectionArguments { profile, ..ConnectionArguments::default() };
        let api = NativeApi::patient(&connection, patience).await?;
        api.list(resource.name, &wanted).await
    };
    let Ok(Ok(found)) = timeout(WAIT, asked).await else { return Vec::new() };
    let named = |object: &serde_json::Value| {
        let also = resource.also.iter().map(|also| field(object, also)).find(|name| name != "-");
        also.unwrap_or_else(|| field(object, resource.key))
    };
    let names = found.items.iter().map(named).filter(|name| name.starts_with(part));
    names.map(|name| format!("{before}{name}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::native::grammar::added;

    fn complete(words: &[&str]) -> (Vec<String>, Option<&'static str>) {
        let whole = added(Command::new("ironraft"), |_| true);
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let (last, before) = words.split_last().unwrap();
        let place = place(&whole, before);
        (candidates(&place, last), place.named.map(|noun| noun.name.as_str()))
    }

    #[test]
    fn commands_options_and_names_are_completed() {
        assert_eq!(complete(&["machi"]).0, ["machine"]);
        assert!(complete(&["machine", "po"]).0.contains(&"power-on".to_owned()));
        assert_eq!(complete(&["machine", "deploy", "--distro"]).0, ["--distro-series"]);
        assert_eq!(complete(&["machine", "deploy", ""]).1, Some("machine"));
        assert_eq!(complete(&["machine", "deploy", "--distro-series", ""]).1, None);
        assert_eq!(complete(&["fabric", "vlan", "list", ""]).1, Some("fabric"));
        assert_eq!(complete(&["machine", "list", ""]).1, None);
        assert_eq!(complete(&["fabric", "list", "--color", "al"]).0, ["always"]);
    }
}
