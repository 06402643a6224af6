//! `docs/reference/commands.md`, made from the commands themselves: this test keeps it from getting old.

use std::fmt::Write;
use std::path::Path;

use clap::{Command, ValueEnum};

use crate::cli::failure::EXIT_CODES;
use crate::cli::output::Format;
use crate::commands::whole;

const HEAD: &str = "\
# Commands, formats and exit codes of `ironraft`
Made from the commands: `UPDATE_DOCS=1`, and the test `reference` of the crate `ironraft`. `--help` after any command tells more, and
`ironraft man --dir FOLDER` writes manual pages. The command `maas` has [a page of its own](../how-to/maas-command.md).
";

fn page() -> String {
    let mut page =
        format!("{HEAD}\n## Exit codes\n| code | what it says | for example |\n|---|---|---|\n");
    for (code, what, example) in EXIT_CODES {
        let _ = writeln!(page, "| {code} | {what} | {example} |");
    }
    page += "\n## Formats (`-o`)\n| format | what is printed |\n|---|---|\n";
    for format in Format::value_variants() {
        let value = format.to_possible_value().expect("every format has a name");
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(page, "| `{}` | {help} |", value.get_name());
    }
    page += "\n## Commands\n| command | what it does | for example |\n|---|---|---|\n";
    let mut all = whole(|_| true);
    all.build();
    add(&mut page, &all);
    page
}

fn add(page: &mut String, command: &Command) {
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        if below.has_subcommands() {
            add(page, below);
            continue;
        }
        let name = below.get_bin_name().unwrap_or_else(|| below.get_name());
        let about = below.get_about().map(ToString::to_string).unwrap_or_default();
        let examples = below.get_after_help().map(ToString::to_string).unwrap_or_default();
        let example = examples.lines().find_map(|line| line.strip_prefix("  "));
        let example = example.unwrap_or_else(|| panic!("{name} has no example"));
        assert!(!about.is_empty(), "{name} does not say what it does");
        let _ = writeln!(page, "| `{name}` | {} | `{}` |", cell(&about), cell(example));
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[test]
fn the_reference_is_what_the_commands_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/commands.md");
    let made = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let present = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(present == made, "docs/reference/commands.md is old; run this test with UPDATE_DOCS=1");
}

#[test]
fn help_looks_as_people_are_shown_it() {
    let mut all = whole(|name| ["subnet", "machine"].contains(&name));
    all.build();
    insta::assert_snapshot!("whole", all.render_long_help());
    let find = |names: &[&str]| {
        let mut at = &all;
        for name in names {
            at = at.find_subcommand(name).unwrap();
        }
        at.clone().render_long_help().to_string()
    };
    insta::assert_snapshot!("login", find(&["login"]));
    insta::assert_snapshot!("subnet_create", find(&["subnet", "create"]));
    insta::assert_snapshot!("machine_list", find(&["machine", "list"]));
    insta::assert_snapshot!("machine_release", find(&["machine", "release"]));
}
