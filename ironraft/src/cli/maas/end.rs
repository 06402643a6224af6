//! How a command ends that is not done, with the exit codes of MAAS's command.

use std::process::ExitCode;

use client::ClientError;

use crate::cli::output::say;

/// MAAS's code for what was refused or makes no sense.
const REFUSED: u8 = 2;

/// MAAS's code for what was interrupted, and where it says no more than a line.
const SAID: u8 = 1;

/// How a command ends that is not done.
#[derive(Debug)]
pub(crate) enum End {
    /// Help was asked for.
    Help(String),
    /// Arguments that a level refuses, and that level's help.
    Usage(String, String),
    /// Arguments that the level refuses that knows them; it adds its help.
    Wrong(String),
    /// One line, and no more.
    Said(String),
    /// The API refused, and what it said is printed.
    Refused,
    /// Anything else: the help of the whole command is shown with it, unless `--debug` is given.
    Failed(anyhow::Error),
    /// Somebody stopped it.
    Interrupted,
}

impl End {
    /// One line.
    pub(crate) fn said(line: impl Into<String>) -> Self {
        Self::Said(line.into())
    }

    /// Says it, where and as MAAS's command does, and returns the exit code.
    pub(crate) fn report(self, whole: &str, is_debug: bool) -> ExitCode {
        let code = match self {
            Self::Help(help) => {
                say(format_args!("{}", help.trim_end_matches('\n')));
                return ExitCode::SUCCESS;
            }
            Self::Usage(help, message) => {
                eprint!("{help}\n{message}\n");
                REFUSED
            }
            Self::Wrong(message) => {
                eprint!("{whole}\n{message}\n");
                REFUSED
            }
            Self::Said(line) => {
                eprintln!("{line}");
                SAID
            }
            Self::Failed(error) if is_debug => {
                eprintln!("{error:#}");
                SAID
            }
            Self::Failed(error) => {
                eprint!("{whole}\n{error:#}\n");
                REFUSED
            }
            Self::Refused => REFUSED,
            Self::Interrupted => SAID,
        };
        ExitCode::from(code)
    }
}

impl From<anyhow::Error> for End {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<ClientError> for End {
    fn from(error: ClientError) -> Self {
        Self::Failed(error.into())
    }
}
