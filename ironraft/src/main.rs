//! The one binary: `ironraft region`, `rack` and `dev` serve; everything else talks to a cluster.

mod cli;
mod serve;
mod telemetry;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::cli::failure::Failure;

/// Also RocksDB's: its many small blocks of many threads fragment glibc's heap.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

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
    Dev(serve::dev::DevArguments),
    /// Look after the cluster, on a region node
    #[command(subcommand)]
    Cluster(cli::cluster::ClusterCommand),
    /// Look into the files of a stopped region node
    #[command(subcommand)]
    Store(cli::store::StoreCommand),
    /// Remember a cluster and a key for the other commands
    Login(cli::profile::LoginArguments),
    /// Change your password, or set that of another user
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
}

fn main() -> ExitCode {
    let matches = Cli::command().subcommands(cli::resource::commands()).get_matches();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::other(error).report(),
    };
    let outcome = match matches
        .subcommand()
        .and_then(|(name, sub)| cli::resource::find(name).map(|resource| (resource, sub)))
    {
        Some((resource, sub)) => runtime.block_on(cli::resource::run(resource, sub)),
        None => match Cli::from_arg_matches(&matches) {
            Ok(cli) => runtime.block_on(run(cli.command)),
            Err(error) => error.exit(),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Region(command) => Ok(serve::region::run(command).await?),
        Command::Rack(command) => Ok(serve::rack::run(command).await?),
        Command::Dev(arguments) => Ok(serve::dev::run(arguments).await?),
        Command::Cluster(command) => cli::cluster::run(command).await,
        Command::Store(command) => cli::store::run(command),
        Command::Login(arguments) => cli::profile::login(arguments).await,
        Command::Password(arguments) => cli::password::run(arguments).await,
        Command::Dhcp(command) => cli::dhcp::run(command).await,
        Command::Image(command) => cli::image::run(command).await,
        Command::Ephemeral(command) => cli::image::run_ephemeral(command).await,
    }
}
