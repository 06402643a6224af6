//! All commands but MAAS's: which there are, and who carries them out. Arguments are read before anything is started, so that
//! help and completion cost milliseconds.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::failure::{EXIT_CODES, Failure};
use crate::{cli, serve};

/// Bare metal as a service, without a single point of failure.
#[derive(Debug, Parser)]
#[command(name = "ironraft", version, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make, join or run a region node
    #[command(subcommand)]
    Region(serve::region::RegionCommand),
    /// Join or run a rack node
    #[command(subcommand)]
    Rack(serve::rack::RackCommand),
    /// Run a region and a rack in one process, for a look around
    #[command(after_help = "Example:\n  sudo ironraft dev --data-dir /tmp/look")]
    Dev(serve::dev::DevArguments),
    /// Look after the cluster, on a region node
    #[command(subcommand)]
    Cluster(cli::cluster::ClusterCommand),
    /// Look into the files of a stopped region node
    #[command(subcommand)]
    Store(cli::store::StoreCommand),
    /// Remember a cluster and a key for the other commands
    Login(cli::login::LoginArguments),
    /// Print an API key, on the host of a region
    Apikey(cli::apikey::ApiKeyArguments),
    /// Change your password, or set that of another user
    #[command(
        after_help = "Examples:\n  IRONRAFT_NEW_PASSWORD=… ironraft password\n  IRONRAFT_NEW_PASSWORD=… ironraft password alice"
    )]
    Password(cli::password::PasswordArguments),
    /// Look at leases, and ask why a client gets its address
    #[command(subcommand)]
    Dhcp(cli::dhcp::DhcpCommand),
    /// Look after images that machines are deployed with
    #[command(subcommand)]
    Image(cli::image::ImageCommand),
    /// Look after the system that machines boot to be examined and installed
    #[command(subcommand)]
    Ephemeral(cli::image::EphemeralCommand),
    /// MAAS's command line
    #[command(
        disable_help_flag = true,
        after_help = "Example:\n  ironraft maas login admin http://10.0.0.1:5240/MAAS/"
    )]
    Maas {
        /// What `maas` takes; `--help` lists it
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Print what a shell needs to complete commands
    Completion(cli::manual::CompletionArguments),
    /// Print the manual page, or write those of all commands
    Man(cli::manual::ManArguments),
}

/// All commands. The fields that resources have are told of those that are wanted.
pub(crate) fn whole(is_wanted: impl Fn(&str) -> bool) -> clap::Command {
    Cli::command().subcommands(cli::resource::commands(is_wanted)).after_long_help(exit_codes())
}

/// What the exit codes say, for help and manual page.
fn exit_codes() -> String {
    let lines = EXIT_CODES.iter().map(|(code, what, _)| format!("\n  {code:3}  {what}"));
    format!("Exit codes:{}", lines.collect::<String>())
}

/// Carries out what the arguments say.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let is_wanted = |name: &str| words.iter().any(|word| word == name);
    let matches = whole(is_wanted).get_matches();
    let chosen = matches
        .subcommand()
        .and_then(|(name, below)| cli::resource::find(name).map(|resource| (resource, below)));
    let outcome = match chosen {
        Some((resource, below)) => wait(interruptible(cli::resource::run(resource, below))),
        None => match Cli::from_arg_matches(&matches) {
            Ok(cli) => carry_out(cli.command),
            Err(error) => error.exit(),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Nodes take signals themselves; everything else is interrupted by one.
fn carry_out(command: Command) -> Result<(), Failure> {
    match command {
        Command::Region(command) => wait(async { Ok(serve::region::run(command).await?) }),
        Command::Rack(command) => wait(async { Ok(serve::rack::run(command).await?) }),
        Command::Dev(arguments) => wait(async { Ok(serve::dev::run(arguments).await?) }),
        Command::Store(command) => cli::store::run(command),
        Command::Maas { arguments } => Err(Failure::Usage(format!(
            "`maas` is the first word: ironraft maas {}",
            arguments.join(" ")
        ))),
        Command::Completion(arguments) => cli::manual::completion(&arguments, whole(|_| false)),
        Command::Man(arguments) => cli::manual::man(&arguments, whole(|_| true)),
        command => wait(interruptible(ask(command))),
    }
}

/// The commands that ask a cluster.
async fn ask(command: Command) -> Result<(), Failure> {
    match command {
        Command::Cluster(command) => cli::cluster::run(command).await,
        Command::Login(arguments) => cli::login::run(arguments).await,
        Command::Apikey(arguments) => cli::apikey::run(arguments).await,
        Command::Password(arguments) => cli::password::run(arguments).await,
        Command::Dhcp(command) => cli::dhcp::run(command).await,
        Command::Image(command) => cli::image::run(command).await,
        Command::Ephemeral(command) => cli::image::run_ephemeral(command).await,
        Command::Region(_)
        | Command::Rack(_)
        | Command::Dev(_)
        | Command::Store(_)
        | Command::Maas { .. }
        | Command::Completion(_)
        | Command::Man(_) => Ok(()),
    }
}

/// Until it is done, or somebody interrupts it.
async fn interruptible(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    // From now on, before anybody is asked anything.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::other)?;
    tokio::select! {
        outcome = work => outcome,
        _ = interrupt.recv() => Err(Failure::Interrupted),
    }
}

fn wait(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(Failure::other)?.block_on(work)
}

#[cfg(test)]
mod reference;
