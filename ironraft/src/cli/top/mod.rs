//! `top`: the cluster on one screen, as it is now: regions, machines by status, what needs somebody, address pools, events.

mod metrics;
mod run;
mod screen;
mod state;

use std::io::{self, IsTerminal};
use std::time::Duration;

use clap::Args;
use client::Patience;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::{ConnectionArguments, NativeApi};

/// What `top` is asked.
#[derive(Debug, Args)]
pub(crate) struct TopArguments {
    #[command(flatten)]
    connection: ConnectionArguments,
}

/// How long regions are asked in turn before it is told that none answers.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(1),
    answer: Duration::from_secs(10),
    total: Duration::from_secs(3),
    pause: Duration::from_millis(100),
    repeat_unanswered: false,
};

/// Puts the terminal back as it was, whatever happens.
struct Restored;

impl Drop for Restored {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Shows the cluster until somebody ends it.
///
/// # Errors
/// There is no terminal, nobody is logged in, or it was refused.
pub(crate) async fn run(arguments: TopArguments) -> Result<(), Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        let hint = "`ironraft machine list` and `ironraft event list` print what programs can read";
        return Err(Failure::Usage(format!("top needs a terminal; {hint}")));
    }
    let (profile, _) = arguments.connection.found().await?;
    // What `-v` tells would stand on the screen.
    let connection = ConnectionArguments { verbose: false, ..arguments.connection };
    let api = NativeApi::patient(&connection, PATIENCE).await?;
    // Also what panics restores it, by a hook.
    let mut terminal = ratatui::try_init().map_err(Failure::other)?;
    let _restored = Restored;
    run::run(&mut terminal, &api, &profile).await
}
