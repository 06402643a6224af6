//! Which cluster the commands talk to: what the environment says, a profile file that only its owner may read, or the region
//! node on this host, for who can read its data.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use client::key::ApiKey;
use client::{Client, ClientError, Patience};
use model::secret::Secret;
use proto::cluster::StatusReply;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::local_node::LocalNode;
use crate::cli::private_file;

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
pub(crate) const TRUSTED_VARIABLE: &str = "IRONRAFT_CA";

/// The variable that names another file for the profile.
const FILE_VARIABLE: &str = "IRONRAFT_PROFILE";

/// How long commands wait: the regions are asked in turn for longer than an election takes.
pub(crate) const PATIENCE: Patience = Patience {
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

    /// The region node on this host and the other regions, with the key of an administrator.
    ///
    /// # Errors
    /// There is no node, or who asks must not read its data.
    pub(crate) async fn of_local_node(node: &LocalNode) -> Result<Self, Failure> {
        let (config, _) = node.open()?;
        let api_key = node.api_key(None, None).await?.api_key.into();
        let tls = config.tls.as_ref().filter(|tls| tls.only);
        let own = match tls {
            Some(_) => format!("https://{}", config.https()),
            None => format!("http://{}", config.http()),
        };
        let trusted = tls.map(|tls| certificates(&tls.certificate)).transpose()?;
        let others =
            if tls.is_some() { Vec::new() } else { plain_endpoints(&node.status().await?) };
        let others = others.into_iter().filter(|endpoint| *endpoint != own);
        let endpoints = std::iter::once(own.clone()).chain(others).collect();
        Ok(Self { endpoints, api_key, trusted })
    }

    /// Keeps it for the commands that follow, and says where.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn save(&self) -> anyhow::Result<PathBuf> {
        let path = path()?;
        private_file::write(&path, &toml::to_string(self)?)?;
        Ok(path)
    }
}

/// Where the members of a cluster serve the API without TLS.
fn plain_endpoints(status: &StatusReply) -> Vec<String> {
    let peers = status.members.iter().filter_map(|member| member.peer.as_ref());
    peers.filter(|peer| !peer.http.is_empty()).map(|peer| format!("http://{}", peer.http)).collect()
}

/// A client of the cluster that is meant.
///
/// # Errors
/// Nobody is logged in, and no node of this host can be asked.
pub(crate) async fn client() -> Result<Client, Failure> {
    Ok(load().await?.client()?)
}

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

/// The profile: from `IRONRAFT_ENDPOINTS` and `IRONRAFT_API_KEY`, or else from the file, or else that of the region node on
/// this host.
///
/// # Errors
/// Nobody is logged in, and no node of this host can be asked.
pub(crate) async fn load() -> Result<Profile, Failure> {
    Ok(found().await?.0)
}

/// The profile, and where it is from.
///
/// # Errors
/// Nobody is logged in, and no node of this host can be asked.
pub(crate) async fn found() -> Result<(Profile, Origin), Failure> {
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
    let file = path();
    if let Ok(path) = &file
        && let Some(profile) = read(path)?
    {
        return Ok((profile, Origin::File(path.clone())));
    }
    let not_logged_in = |why: &str| {
        Failure::Denied(format!(
            "not logged in ({why}): run `ironraft login http://REGION:5240`; `ironraft apikey` prints a key on \
             the host of a region"
        ))
    };
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

/// What stands in a file with certificates.
pub(crate) fn certificates(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn read(path: &Path) -> anyhow::Result<Option<Profile>> {
    let Some(text) = private_file::read(path)? else { return Ok(None) };
    toml::from_str(&text).with_context(|| format!("{} is wrong", path.display())).map(Some)
}

/// Where it is kept.
///
/// # Errors
/// There is no home folder, and no other place is named.
pub(crate) fn path() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os(FILE_VARIABLE) {
        return Ok(path.into());
    }
    let home = std::env::var_os("HOME");
    let home = home.with_context(|| format!("HOME is not set; set {FILE_VARIABLE}"))?;
    Ok(Path::new(&home).join(".config/ironraft/profile.toml"))
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
    use std::os::unix::fs::PermissionsExt;

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
        assert!(read(&path).unwrap().is_none());
        let profile = Profile {
            endpoints: vec!["http://r1".to_owned()],
            api_key: "a:b:c".into(),
            trusted: None,
        };
        private_file::write(&path, &toml::to_string(&profile).unwrap()).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().endpoints, profile.endpoints);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("readable by others"));
    }
}
