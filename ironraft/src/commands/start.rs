//! What it costs to say what commands there are: nobody is asked, nothing is started, and little is made.

use std::ffi::OsString;

use clap::Command as Grammar;
use clap::error::ErrorKind;

use crate::commands::{Asked, Command, asked, whole};

fn of(line: &str) -> Result<Asked, clap::Error> {
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let arguments = std::iter::once("ironraft").chain(line.split_whitespace());
    let arguments: Vec<OsString> = arguments.map(OsString::from).collect();
    asked(&words, arguments)
}

/// How many commands and arguments are made to read a line.
fn made(line: &str) -> usize {
    let words: Vec<&str> = line.split_whitespace().collect();
    parts(&whole(|name| words.contains(&name)))
}

fn parts(command: &Grammar) -> usize {
    let below: usize = command.get_subcommands().map(parts).sum();
    1 + command.get_arguments().count() + below
}

#[test]
fn help_and_version_are_said_before_there_is_anything_to_carry_out() {
    for (line, kind) in [
        ("--help", ErrorKind::DisplayHelp),
        ("-h", ErrorKind::DisplayHelp),
        ("-V", ErrorKind::DisplayVersion),
        ("machine --help", ErrorKind::DisplayHelp),
        ("machine deploy --help", ErrorKind::DisplayHelp),
        ("image upload --help", ErrorKind::DisplayHelp),
        ("", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
    ] {
        let said = of(line).err().unwrap_or_else(|| panic!("`{line}` is carried out"));
        assert_eq!(said.kind(), kind, "{line}");
    }
}

#[test]
fn what_a_shell_needs_is_known_without_the_commands_that_it_completes() {
    for shell in ["bash", "zsh", "fish"] {
        let Ok(Asked::Other(Command::Completion(arguments))) = of(&format!("completion {shell}"))
        else {
            panic!("{shell} is completed");
        };
        let all = || panic!("all commands are made for {shell}");
        crate::cli::manual::completion(&arguments, all).unwrap();
    }
    assert!(
        matches!(of("complete-words -- mach"), Ok(Asked::Completion(words)) if words == ["--", "mach"])
    );
}

#[test]
fn only_what_a_line_is_about_is_made() {
    let all = parts(&whole(|_| true));
    for line in ["--help", "-V", "completion bash", "login --help", "complete-words -- mach"] {
        assert!(made(line) * 10 < all, "{line}: {} of {all}", made(line));
    }
    assert!(made("zone list") * 5 < all, "{} of {all}", made("zone list"));
}
