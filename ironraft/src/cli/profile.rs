//! Which cluster the commands talk to: the profile that is named, what the environment says, the profile in use, or the region
//! node on this host, for who can read its data.

pub(crate) mod command;
pub(crate) mod content;
pub(crate) mod kept;

use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::cli::local_node::LocalNode;
use crate::cli::profile::content::{Profile, certificates};
use crate::cli::profile::kept::{FILE_VARIABLE, Kept, ProfileName, unknown};

/// The variable that names a file with certificates to trust.
pub(crate) const TRUSTED_VARIABLE: &str = "IRONRAFT_CA";

/// Where a profile is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The environment.
    Environment,
    /// A file.
    File(PathBuf),
    /// The region node on this host.
    LocalNode,
}

/// The profile of that name; or else from `IRONRAFT_ENDPOINTS` and `IRONRAFT_API_KEY`, or else the one in use, or else that of
/// the region node on this host; and where it is from.
///
/// # Errors
/// There is no such profile; or nobody is logged in, and no node of this host can be asked.
pub(crate) async fn found(asked: Option<&ProfileName>) -> Result<(Profile, Origin), Failure> {
    if let Some(name) = asked {
        let kept = Kept::at_home()?;
        let profile = kept.read(name)?.ok_or_else(|| unknown(name))?;
        return Ok((profile, Origin::File(kept.file(name))));
    }
    if let (Ok(endpoints), Ok(api_key)) =
        (std::env::var("IRONRAFT_ENDPOINTS"), std::env::var("IRONRAFT_API_KEY"))
    {
        let endpoints = endpoints.split(',').map(base_url).collect();
        let trusted = std::env::var_os(TRUSTED_VARIABLE).map(PathBuf::from);
        let trusted = trusted.as_deref().map(certificates).transpose()?;
        let profile = Profile { endpoints, api_key: api_key.into(), trusted };
        return Ok((profile, Origin::Environment));
    }
    // A service may have no home, and needs none on the host of a region.
    let file = usual_file();
    if let Ok(path) = &file
        && let Some(profile) = Profile::read(path)?
    {
        return Ok((profile, Origin::File(path.clone())));
    }
    if std::env::var_os(FILE_VARIABLE).is_some() {
        return Err(not_logged_in(&format!("there is no {}", file?.display())));
    }
    match Profile::of_local_node(&LocalNode::by_environment()).await {
        Ok(profile) => Ok((profile, Origin::LocalNode)),
        Err(Failure::NotFound(_)) => Err(not_logged_in("and no region node runs on this host")),
        Err(Failure::Denied(_)) => {
            Err(not_logged_in("and the region node on this host serves root and its owner only"))
        }
        Err(other) => {
            Err(other.of("not logged in, and the region node on this host does not help"))
        }
    }
}

fn not_logged_in(why: &str) -> Failure {
    Failure::Denied(format!(
        "not logged in ({why}): run `ironraft login http://REGION:5240`; `ironraft apikey` prints a key on the host of \
         a region"
    ))
}

/// The file of the profile that is meant when none is named: what `IRONRAFT_PROFILE` says, a name or a file, or else the one
/// in use.
///
/// # Errors
/// There is no home folder.
pub(crate) fn usual_file() -> anyhow::Result<PathBuf> {
    let Some(said) = std::env::var_os(FILE_VARIABLE) else {
        let kept = Kept::at_home()?;
        return Ok(kept.file(&kept.used()?));
    };
    match said.to_str().and_then(named) {
        Some(name) => Ok(Kept::at_home()?.file(&name)),
        None => Ok(said.into()),
    }
}

/// The profile that `IRONRAFT_PROFILE` names; none when it is a file.
fn named(said: &str) -> Option<ProfileName> {
    let is_file = said.contains('/') || Path::new(said).extension().is_some_and(|it| it == "toml");
    if is_file { None } else { said.parse().ok() }
}

/// Scheme, host and port; what MAAS's clients write behind it is left out.
pub(crate) fn base_url(text: &str) -> String {
    let text = text.trim().trim_end_matches('/');
    let text = text.strip_suffix("/api/2.0").unwrap_or(text);
    let text = text.strip_suffix("/MAAS").unwrap_or(text);
    if text.contains("://") { text.to_owned() } else { format!("http://{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_maas_clients_are_understood() {
        for text in
            ["10.0.0.1:5240", "http://10.0.0.1:5240/MAAS/", "http://10.0.0.1:5240/MAAS/api/2.0/"]
        {
            assert_eq!(base_url(text), "http://10.0.0.1:5240", "{text}");
        }
    }

    #[test]
    fn the_variable_names_a_profile_or_a_file() {
        for (said, name) in [
            ("lab", Some("lab")),
            ("/tmp/lab", None),
            ("./lab", None),
            ("profile.toml", None),
            ("a b", None),
        ] {
            assert_eq!(named(said).map(|name| name.to_string()).as_deref(), name, "{said}");
        }
    }
}
