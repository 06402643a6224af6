//! Which cluster the commands talk to: a profile file that only its owner may read.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use client::key::ApiKey;
use client::{Client, ClientError, Patience};
use model::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::output::say;

/// The clusters regions and the user's key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// `http://10.0.0.1:5240`, one or several.
    pub(crate) endpoints: Vec<String>,
    /// `consumer:token:secret`.
    pub(crate) api_key: Secret,
    /// The certificates that regions are trusted by over TLS, PEM; those of the host when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trusted: Option<String>,
}

/// The variable that names a file with certificates to trust.
const TRUSTED_VARIABLE: &str = "IRONRAFT_CA";

/// How long commands wait: the regions are asked in turn for longer than an election takes.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(2),
    answer: Duration::from_secs(120),
    total: Duration::from_secs(30),
    pause: Duration::from_millis(300),
    repeat_unanswered: false,
};

impl Profile {
    /// A client of the cluster.
    pub(crate) fn client(&self) -> Result<Client, ClientError> {
        let key = ApiKey::parse(self.api_key.expose())?;
        Client::trusting(self.endpoints.clone(), key, PATIENCE, self.trusted.as_deref())
    }
}

/// What to remember.
#[derive(Debug, Args)]
pub(crate) struct LoginArguments {
    /// Regions, `http://10.0.0.1:5240`; with several, the next one is asked when one is away
    #[arg(required = true)]
    endpoints: Vec<String>,
    /// The API key, `consumer:token:secret`
    #[arg(long, env = "IRONRAFT_API_KEY", hide_env_values = true)]
    api_key: Secret,
    /// A file with the certificate of the regions, or of its authority (PEM), where the host does not trust it
    #[arg(long, env = TRUSTED_VARIABLE)]
    ca: Option<PathBuf>,
}

pub(crate) async fn login(arguments: LoginArguments) -> Result<(), Failure> {
    let endpoints = arguments.endpoints.iter().map(|endpoint| base_url(endpoint)).collect();
    let trusted = arguments.ca.as_deref().map(certificates).transpose()?;
    let profile = Profile { endpoints, api_key: arguments.api_key, trusted };
    let user = profile.client()?.whoami().await?;
    let path = path()?;
    save(&path, &profile)?;
    say(format_args!("logged in as {}; saved in {}", user.username, path.display()));
    Ok(())
}

/// The profile: from `IRONRAFT_ENDPOINTS` and `IRONRAFT_API_KEY`, or else from the file.
pub(crate) fn load() -> anyhow::Result<Profile> {
    if let (Ok(endpoints), Ok(api_key)) =
        (std::env::var("IRONRAFT_ENDPOINTS"), std::env::var("IRONRAFT_API_KEY"))
    {
        let endpoints = endpoints.split(',').map(base_url).collect();
        let trusted = std::env::var_os(TRUSTED_VARIABLE).map(PathBuf::from);
        let trusted = trusted.as_deref().map(certificates).transpose()?;
        return Ok(Profile { endpoints, api_key: api_key.into(), trusted });
    }
    read(&path()?)
}

fn certificates(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn read(path: &Path) -> anyhow::Result<Profile> {
    let metadata = fs::metadata(path).context("not logged in; run `ironraft login`")?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!("{} is readable by others (mode {mode:o}); make it 0600", path.display());
    }
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is wrong", path.display()))
}

fn save(path: &Path, profile: &Profile) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = path.with_extension("new");
    let _leftover = fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(toml::to_string(profile)?.as_bytes())?;
    fs::rename(&new, path).with_context(|| format!("cannot write {}", path.display()))
}

fn path() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("IRONRAFT_PROFILE") {
        return Ok(path.into());
    }
    let home = std::env::var_os("HOME").context("HOME is not set; set IRONRAFT_PROFILE")?;
    Ok(Path::new(&home).join(".config/ironraft/profile.toml"))
}

/// Scheme, host and port; what MAAS's clients write behind it is left out.
fn base_url(text: &str) -> String {
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
    fn a_profile_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("profile.toml");
        let profile = Profile {
            endpoints: vec!["http://r1".to_owned()],
            api_key: "a:b:c".into(),
            trusted: None,
        };
        save(&path, &profile).unwrap();
        assert_eq!(read(&path).unwrap().endpoints, profile.endpoints);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("readable by others"));
    }
}
