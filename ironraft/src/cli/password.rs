//! `ironraft password`: changes the own password, or sets that of another user.

use clap::Args;
use model::secret::Secret;

use crate::cli::failure::Failure;
use crate::cli::output::say;
use crate::cli::profile;

/// The root of what MAAS's API has not.
const ROOT: &str = "/MAAS/api/ironraft/";

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
}

pub(crate) async fn run(arguments: PasswordArguments) -> Result<(), Failure> {
    let client = profile::client().await?;
    let (old, new) = (arguments.old_password.expose(), arguments.new_password.expose());
    match &arguments.user {
        None => {
            let form = [("old_password", old.as_str()), ("new_password", new)];
            client.post(&format!("{ROOT}account/op-change_password/"), &form).await?;
        }
        Some(user) if user.is_empty() || user.contains(['/', '?', '#']) => {
            return Err(Failure::Usage(format!("`{user}` is no user's name")));
        }
        Some(user) => {
            let form = [("new_password", new.as_str())];
            client.post(&format!("{ROOT}users/{user}/op-set_password/"), &form).await?;
        }
    }
    say(format_args!("the password is changed, and all sessions of the user have ended"));
    Ok(())
}
