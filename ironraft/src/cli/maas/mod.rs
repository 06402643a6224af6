//! `maas …`: MAAS's command line, for whoever has scripts or habits of it. Its commands are made from what regions describe
//! of their API, which this program knows by heart where it is of the same version.
//!
//! What it is like comes from MAAS: names, help, where what is said, exit codes (0; 1 when interrupted or where a line is
//! all there is to say; 2 when refused). Nothing of that is to be made nicer here: `ironraft` itself is for that.

mod action;
mod body;
mod catalogue;
mod end;
mod layout;
mod login;
pub(crate) mod names;
mod parser;
mod printed;
mod profiles;
mod upload;

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::maas::action::Call;
use crate::cli::maas::catalogue::HandlerCommand;
use crate::cli::maas::end::End;
use crate::cli::maas::parser::{Parser, Unread};
use crate::cli::maas::profiles::{Profile, Profiles};

/// What MAAS's command says of itself.
const HOME_PAGE: &str = "https://maas.io/";

/// What stands below the commands of a profile.
const PROFILE_HELP: &str = "\
This is a profile. Any commands you issue on this profile will operate
on the region servers.

The command information you see here comes from the region server's
API; it may differ for different profiles. If you believe the API may
have changed, use the command's 'refresh' sub-command to fetch the
latest version of this help information from the server.";

/// Whether the program was called as `maas`.
pub(crate) fn is_called(program: &str) -> bool {
    program.rsplit('/').next() == Some("maas")
}

/// Runs the command `maas` with these arguments.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let is_debug = arguments.iter().any(|it| it == "--debug" || it == "-d");
    let profiles = Profiles::read();
    let top = top("maas", profiles.as_ref().ok());
    let outcome = profiles.map_err(End::from).and_then(|read| decide(&top, &read, arguments));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(end) => end.report(&top.help(), is_debug),
    }
}

/// The parser of the whole command.
fn top(program: &str, profiles: Option<&Profiles>) -> Parser {
    let mut top = Parser::new(program, "");
    let own = login::COMMANDS.iter().map(|(name, about)| ((*name).to_owned(), (*about).to_owned()));
    top.commands = own.collect();
    for (name, profile) in profiles.iter().flat_map(|profiles| &profiles.profiles) {
        top.commands.push((name.clone(), format!("Interact with {}", profile.url())));
    }
    top.drills_down = true;
    top.options.push(parser::Opt::flag(&["--debug"], ""));
    HOME_PAGE.clone_into(&mut top.epilog);
    top
}

/// Reads the arguments down to a command, and has it carried out.
fn decide(top: &Parser, profiles: &Profiles, arguments: &[String]) -> Result<(), End> {
    let (command, rest) = top.drill_down(arguments).map_err(|unread| at(top, top, unread))?;
    if let Some((name, _)) = login::COMMANDS.iter().find(|(name, _)| *name == command) {
        let parser = login::parser(&top.program, name);
        let given = parser.read(rest).map_err(|unread| at(top, &parser, unread))?;
        return match *name {
            "login" => wait(login::login(&given)).map_err(|end| within(&parser, end)),
            "logout" => login::logout(&given),
            "list" => login::list(),
            _ => wait(login::refresh()),
        };
    }
    match profiles.profiles.get(command) {
        Some(profile) => act(top, profiles, (command, profile), rest),
        None => Err(End::said(format!("'{command}' is not an active profile."))),
    }
}

/// Reads the arguments behind a profile, and asks its regions.
fn act(
    top: &Parser,
    profiles: &Profiles,
    (name, profile): (&str, &Profile),
    arguments: &[String],
) -> Result<(), End> {
    let description = profiles.description(profile)?;
    let handlers = catalogue::handlers(&description, profile.api_key.is_none());
    let level = of_profile(&format!("{} {name}", top.program), profile, &handlers);
    let (word, rest) = level.drill_down(arguments).map_err(|unread| at(top, &level, unread))?;
    let handler = handlers.iter().find(|it| it.name == word);
    let handler = handler.ok_or_else(|| End::said(format!("no command {word}")))?;

    let level = of_handler(&format!("{} {word}", level.program), handler);
    let (word, rest) = level.drill_down(rest).map_err(|unread| at(top, &level, unread))?;
    let action = handler.actions.iter().find(|it| it.name == word);
    let action = action.ok_or_else(|| End::said(format!("no command {word}")))?;

    let parser = action::parser(&format!("{} {word}", level.program), handler, action);
    let given = parser.read(rest).map_err(|unread| match unread {
        Unread::Help => End::Help(action::help(&parser)),
        unread => at(top, &parser, unread),
    })?;
    let call = Call { name, profile, handler, action, description: &description };
    let read = call.arguments(&given)?;
    wait(call.carry_out(&read))
}

fn of_profile(program: &str, profile: &Profile, handlers: &[HandlerCommand<'_>]) -> Parser {
    let url = profile.url();
    let mut level =
        Parser::new(program, &format!("Issue commands to the MAAS region controller at {url}."));
    let commands = handlers.iter().map(|it| (it.name.clone(), it.doc.title.clone()));
    level.commands = commands.collect();
    level.drills_down = true;
    PROFILE_HELP.clone_into(&mut level.epilog);
    level
}

fn of_handler(program: &str, handler: &HandlerCommand<'_>) -> Parser {
    let mut level = Parser::new(program, &handler.doc.title);
    let commands = handler.actions.iter().map(|it| (it.name.clone(), it.doc.title.clone()));
    level.commands = commands.collect();
    level.drills_down = true;
    level.epilog.clone_from(&handler.doc.body);
    level
}

/// What becomes of arguments that a level does not read. What nobody knows is the whole command's affair.
fn at(top: &Parser, level: &Parser, unread: Unread) -> End {
    match unread {
        Unread::Help => End::Help(level.help()),
        Unread::Wrong(message) => End::Usage(level.help(), message),
        Unread::Unrecognized(all) => {
            End::Usage(top.help(), format!("unrecognized arguments: {}", all.join(" ")))
        }
    }
}

/// A refusal of an argument with the help of the level that knows it.
fn within(level: &Parser, end: End) -> End {
    match end {
        End::Wrong(message) => End::Usage(level.help(), message),
        end => end,
    }
}

/// Waits for what regions are asked, or for somebody to interrupt it.
fn wait(work: impl Future<Output = Result<(), End>>) -> Result<(), End> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| End::Failed(error.into()))?;
    runtime.block_on(async {
        // From now on, before anybody is asked anything.
        let interrupt = signal(SignalKind::interrupt());
        let mut interrupt = interrupt.map_err(|error| End::Failed(error.into()))?;
        tokio::select! {
            outcome = work => outcome,
            _ = interrupt.recv() => Err(End::Interrupted),
        }
    })
}

#[cfg(test)]
mod tests;
