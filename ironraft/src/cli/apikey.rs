//! `ironraft apikey`: prints an API key, on the host of a region. Whoever can read a region's data folder can read all keys
//! in its store; this is the short way.

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::local_node::LocalNode;
use crate::cli::output::say;

/// Whose key is printed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sudo ironraft apikey
  sudo ironraft apikey alice --new laptop
  ironraft login http://10.0.0.1:5240 --api-key - < <(ssh root@10.0.0.1 ironraft apikey)")]
pub(crate) struct ApiKeyArguments {
    /// The user; the first administrator by default
    user: Option<String>,
    /// Make a new key of this name, in place of taking one that there is
    #[arg(long, value_name = "NAME")]
    new: Option<String>,
    #[command(flatten)]
    node: LocalNode,
}

pub(crate) async fn run(arguments: ApiKeyArguments) -> Result<(), Failure> {
    let ApiKeyArguments { user, new, node } = arguments;
    let reply = node.api_key(user.as_deref(), new.as_deref()).await;
    let reply =
        reply.map_err(|failure| failure.of(&format!("apikey {}", user.unwrap_or_default())))?;
    say(format_args!("{}", reply.api_key));
    Ok(())
}
