//! The commands that make and run nodes.

pub(crate) mod dev;
pub(crate) mod rack;
pub(crate) mod region;

use std::path::PathBuf;

use anyhow::Context;
use clap::builder::{PathBufValueParser, TypedValueParser};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The file that says a host's name.
const HOSTNAME_FILE: &str = "/proc/sys/kernel/hostname";

/// Runs a node until it ends, or until SIGTERM or SIGINT has stopped it cleanly.
pub(crate) async fn until_stopped<F>(run: impl FnOnce(CancellationToken) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let shutdown = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let node = run(shutdown.clone());
    tokio::pin!(node);
    tokio::select! {
        outcome = &mut node => return outcome,
        _ = terminate.recv() => tracing::info!("stopping on SIGTERM"),
        _ = interrupt.recv() => tracing::info!("stopping on SIGINT"),
    }
    shutdown.cancel();
    node.await
}

/// A path as operators write it, made absolute where it comes in: it is written into files, and told to programs that
/// have another working directory.
pub(crate) fn absolute_path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(std::path::absolute)
}

/// Where a region's gRPC is, as operators write it: `host:port`.
pub(crate) fn grpc_address(text: &str) -> Result<String, String> {
    let wrong =
        |why: &str| Err(format!("{why}: it is `ip:port` of a region's gRPC, 10.0.0.1:5241"));
    if text.contains('/') {
        return wrong("this is a URL");
    }
    match text.rsplit_once(':') {
        // Where the address ends and the port begins nobody could tell.
        Some((host, _)) if host.contains(':') && !is_in_brackets(host) => {
            wrong("an address of IPv6 stands in brackets, [fd00::1]:5241")
        }
        Some((host, port))
            if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) =>
        {
            Ok(text.to_owned())
        }
        Some(_) | None => wrong("there is no port"),
    }
}

fn is_in_brackets(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    address.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
}

/// The given name, or the host's.
pub(crate) fn name_or_hostname(name: Option<String>) -> anyhow::Result<String> {
    match name {
        Some(name) => Ok(name),
        None => Ok(std::fs::read_to_string(HOSTNAME_FILE)
            .context("cannot read the host's name; give --name")?
            .trim()
            .to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Parser, Subcommand};

    use super::*;

    #[derive(Debug, Parser)]
    struct Nodes {
        #[command(subcommand)]
        node: Node,
    }

    #[derive(Debug, Subcommand)]
    enum Node {
        #[command(subcommand)]
        Region(region::RegionCommand),
        #[command(subcommand)]
        Rack(rack::RackCommand),
        Dev(dev::DevArguments),
    }

    /// chronyd takes no path that does not begin with `/`.
    #[test]
    fn a_data_folder_is_absolute_from_the_command_line_on() {
        let here = std::env::current_dir().unwrap();
        let expected = format!("{:?}", here.join("r1"));
        for line in [
            "region init --address 10.0.0.1",
            "region join 10.0.0.1:5241 --token t --address 10.0.0.2",
            "region run --tls-cert c --tls-key k",
            "rack join 10.0.0.1:5241 --token t",
            "rack run --boot-files b",
            "dev",
        ] {
            let words = line.split(' ').chain(["--data-dir", "r1"]);
            let parsed = Nodes::try_parse_from(["ironraft"].into_iter().chain(words)).unwrap();
            let shown = format!("{parsed:?}");
            assert!(shown.contains(&format!("data_dir: {expected}")), "{line}: {shown}");
            for relative in ["(\"c\")", "(\"k\")", "(\"b\")"] {
                assert!(!shown.contains(relative), "{line}: {shown}");
            }
        }
    }

    #[test]
    fn a_region_is_asked_at_a_host_and_a_port() {
        for right in ["10.0.0.1:5241", "[fd00::1]:5241", "region-1.example.com:5241"] {
            assert_eq!(grpc_address(right).as_deref(), Ok(right));
        }
        for wrong in [
            "http://10.0.0.1:5240",
            "https://a:5241/",
            "10.0.0.1",
            ":5241",
            "a:0",
            "a:x",
            "fd00::1",
            "fd00::1:5241",
            "[fd00::1]",
        ] {
            assert!(grpc_address(wrong).is_err(), "{wrong}");
        }
    }
}
