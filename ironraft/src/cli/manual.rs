//! `ironraft completion` and `ironraft man`: what shells and `man` know of the commands, made from the commands themselves.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::failure::Failure;
use crate::cli::native::complete;

/// For which shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ironraft completion bash > /etc/bash_completion.d/ironraft
  source <(ironraft completion zsh)")]
pub(crate) struct CompletionArguments {
    /// The shell
    shell: Shell,
}

/// Where manual pages go.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ironraft man | man -l -
  ironraft man --dir /usr/local/share/man/man1")]
pub(crate) struct ManArguments {
    /// Write a page for every command into this folder; without it, that of `ironraft` is printed
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

/// Prints what a shell has to know; most ask the program itself, and need not be told all commands.
pub(crate) fn completion(
    arguments: &CompletionArguments,
    whole: impl FnOnce() -> Command,
) -> Result<(), Failure> {
    if let Some(script) = complete::script(arguments.shell) {
        return print(script.as_bytes());
    }
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut whole(), "ironraft", &mut script);
    print(&script)
}

/// Prints a page, or writes all of them.
pub(crate) fn man(arguments: &ManArguments, whole: Command) -> Result<(), Failure> {
    let Some(folder) = &arguments.dir else {
        let mut page = Vec::new();
        Man::new(whole).render(&mut page).map_err(Failure::other)?;
        return print(&page);
    };
    let cannot = || format!("cannot write to {}", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    Ok(write_pages(folder, whole, "").with_context(cannot)?)
}

fn write_pages(folder: &Path, command: Command, before: &str) -> io::Result<()> {
    let name = if before.is_empty() {
        command.get_name().to_owned()
    } else {
        format!("{before}-{}", command.get_name())
    };
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        write_pages(folder, below.clone(), &name)?;
    }
    let mut page = Vec::new();
    let shown = name.replace('-', " ");
    Man::new(command.bin_name(shown).display_name(name.clone())).render(&mut page)?;
    fs::write(folder.join(format!("{name}.1")), page)
}

/// A reader that went away is no failure.
fn print(bytes: &[u8]) -> Result<(), Failure> {
    use io::Write;
    let _gone = io::stdout().lock().write_all(bytes);
    Ok(())
}
