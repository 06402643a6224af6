//! All commands but MAAS's: which there are, and who carries them out. Arguments are read before anything is started, so that
//! help and completion cost milliseconds.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
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
    /// Choose between several clusters
    #[command(subcommand)]
    Profile(cli::profile::command::ProfileCommand),
    /// Show which cluster commands talk to, and where that is said
    #[command(subcommand)]
    Config(cli::config::ConfigCommand),
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
    /// Ask what is known of an IP address
    #[command(subcommand)]
    Ip(cli::native::explained::IpCommand),
    /// Ask what is known of a hardware address
    #[command(subcommand)]
    Mac(cli::native::explained::MacCommand),
    /// Say which kinds of objects there are, their fields, and what can be done with them
    Explain(cli::native::fields::ExplainArguments),
    /// Print what operators configured of the whole site, as YAML
    #[command(
        after_help = "Examples:\n  ironraft export > site.yaml\n  ironraft export --resources subnets,vlans"
    )]
    Export(cli::site::ExportArguments),
    /// Print what `apply` would change, and exit with 8 if that is something
    #[command(
        after_help = "Examples:\n  ironraft diff -f site.yaml\n  ironraft diff -f new.yaml --against old.yaml"
    )]
    Diff(cli::site::DiffArguments),
    /// Have the site be as a file says: make, change, and with --prune remove
    #[command(
        after_help = "Examples:\n  ironraft apply -f site.yaml --plan\n  ironraft apply -f site.yaml --prune --yes"
    )]
    Apply(cli::site::ApplyArguments),
    /// Watch regions, machines, address pools and events on one screen
    #[command(after_help = "Example:\n  ironraft top")]
    Top(cli::top::TopArguments),
    /// Help to find out what is wrong
    #[command(subcommand)]
    Debug(cli::bundle::DebugCommand),
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

/// All commands. What can be done with objects is told of those that are wanted.
pub(crate) fn whole(is_wanted: impl Fn(&str) -> bool) -> clap::Command {
    cli::native::grammar::added(Cli::command(), is_wanted).after_long_help(exit_codes())
}

/// What the exit codes say, for help and manual page.
fn exit_codes() -> String {
    let lines = EXIT_CODES.iter().map(|(code, what, _)| format!("\n  {code:3}  {what}"));
    format!("Exit codes:{}", lines.collect::<String>())
}

/// What the arguments say. Nothing is read, asked or started until it is carried out.
enum Asked {
    /// What may stand next on a command line of these words.
    Completion(Vec<String>),
    /// Something with objects.
    OfObjects(ArgMatches),
    /// Any other command.
    Other(Command),
}

/// Carries out what the arguments say.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let outcome = match asked(words, std::env::args_os()) {
        Ok(Asked::Completion(words)) => {
            let whole = whole(|name| words.iter().any(|word| word == name));
            wait(async { cli::native::complete::run(&whole, &words).await })
        }
        Ok(Asked::OfObjects(matches)) => match cli::native::grammar::chosen(&matches) {
            Some(chosen) => wait(interruptible(cli::native::run::run(chosen))),
            None => Ok(()),
        },
        Ok(Asked::Other(command)) => carry_out(command),
        Err(error) => error.exit(),
    };
    ended(outcome)
}

/// Reads the arguments, which as text are these words. What is to be printed of the commands themselves, help and version, is
/// an "error" here.
fn asked(
    words: &[String],
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Asked, clap::Error> {
    if let Some((first, rest)) = words.split_first()
        && first == cli::native::complete::COMMAND
    {
        return Ok(Asked::Completion(rest.to_vec()));
    }
    let is_wanted = |name: &str| words.iter().any(|word| word == name);
    let matches = whole(is_wanted).try_get_matches_from(arguments);
    let matches = matches.map_err(cli::native::grammar::hinted)?;
    if cli::native::grammar::chosen(&matches).is_some() {
        return Ok(Asked::OfObjects(matches));
    }
    Ok(Asked::Other(Cli::from_arg_matches(&matches)?.command))
}

fn ended(outcome: Result<(), Failure>) -> ExitCode {
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
        Command::Profile(command) => cli::profile::command::run(command),
        Command::Maas { arguments } => Err(Failure::Usage(format!(
            "`maas` is the first word: ironraft maas {}",
            arguments.join(" ")
        ))),
        Command::Explain(arguments) => cli::native::fields::explain(&arguments),
        Command::Completion(arguments) => cli::manual::completion(&arguments, || whole(|_| true)),
        Command::Man(arguments) => cli::manual::man(&arguments, whole(|_| true)),
        command => wait(interruptible(ask(command))),
    }
}

/// The commands that ask a cluster.
async fn ask(command: Command) -> Result<(), Failure> {
    match command {
        Command::Cluster(command) => cli::cluster::run(command).await,
        Command::Login(arguments) => cli::login::run(arguments).await,
        Command::Config(command) => cli::config::run(command).await,
        Command::Apikey(arguments) => cli::apikey::run(arguments).await,
        Command::Password(arguments) => cli::password::run(arguments).await,
        Command::Dhcp(command) => cli::dhcp::run(command).await,
        Command::Image(command) => cli::image::run(command).await,
        Command::Ephemeral(command) => cli::image::run_ephemeral(command).await,
        Command::Ip(command) => cli::native::explained::ip(command).await,
        Command::Mac(command) => cli::native::explained::mac(command).await,
        Command::Export(arguments) => cli::site::export(arguments).await,
        Command::Diff(arguments) => cli::site::diff(arguments).await,
        Command::Apply(arguments) => cli::site::apply(arguments).await,
        Command::Top(arguments) => cli::top::run(arguments).await,
        Command::Debug(command) => cli::bundle::run(command).await,
        Command::Region(_)
        | Command::Rack(_)
        | Command::Dev(_)
        | Command::Store(_)
        | Command::Profile(_)
        | Command::Maas { .. }
        | Command::Explain(_)
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
mod documents;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod start;
