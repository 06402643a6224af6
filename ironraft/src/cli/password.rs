//! `ironraft password`: changes the own password, or sets that of another user.

use clap::Args;
use client::Body;
use http::Method;
use model::secret::Secret;
use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::{ConnectionArguments, NativeApi};
use crate::cli::native::path::path;
use crate::cli::output::say;

/// Whose password becomes which.
#[derive(Debug, Args)]
pub(crate) struct PasswordArguments {
    /// Another user, by an administrator; without one, it is yours
    user: Option<String>,
    /// Your password until now; none when you have none
    #[arg(long, env = "IRONRAFT_OLD_PASSWORD", hide_env_values = true, default_value = "")]
    old_password: Secret,
    /// The new password
    #[arg(long, env = "IRONRAFT_NEW_PASSWORD", hide_env_values = true)]
    new_password: Secret,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: PasswordArguments) -> Result<(), Failure> {
    let api = NativeApi::connect(&arguments.connection).await?;
    let (old, new) = (arguments.old_password.expose(), arguments.new_password.expose());
    let (path, body) = match &arguments.user {
        None => {
            let body = json!({ "old_password": old, "new_password": new });
            (path(&["account", "change-password"]), body)
        }
        Some(user) if user.is_empty() => {
            return Err(Failure::Usage("a user has a name".to_owned()));
        }
        Some(user) => (path(&["users", user, "set-password"]), json!({ "new_password": new })),
    };
    let sent = api.send(Method::POST, path, Body::Json(body.to_string().into())).await;
    sent.map_err(|failure| failure.of("password"))?;
    say(format_args!("the password is changed, and all sessions of the user have ended"));
    Ok(())
}
