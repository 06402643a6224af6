//! A cluster as commands know it: its regions, and the key for it; in a file that only its owner may read.

use std::fs;
use std::path::Path;
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

/// The cluster's regions and the user's key.
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

    /// Keeps it in a file, for the commands that follow.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn save(&self, path: &Path) -> anyhow::Result<()> {
        private_file::write(path, &toml::to_string(self)?)
    }

    /// What is kept in a file; none when there is no such file.
    ///
    /// # Errors
    /// It cannot be read, or others than its owner can.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let Some(text) = private_file::read(path)? else { return Ok(None) };
        toml::from_str(&text).with_context(|| format!("{} is wrong", path.display())).map(Some)
    }
}

/// Where the members of a cluster serve the API without TLS.
fn plain_endpoints(status: &StatusReply) -> Vec<String> {
    let peers = status.members.iter().filter_map(|member| member.peer.as_ref());
    peers.filter(|peer| !peer.http.is_empty()).map(|peer| format!("http://{}", peer.http)).collect()
}

/// What stands in a file with certificates.
pub(crate) fn certificates(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_profile_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("profile.toml");
        assert!(Profile::read(&path).unwrap().is_none());
        let profile = Profile {
            endpoints: vec!["http://r1".to_owned()],
            api_key: "a:b:c".into(),
            trusted: None,
        };
        profile.save(&path).unwrap();
        assert_eq!(Profile::read(&path).unwrap().unwrap().endpoints, profile.endpoints);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Profile::read(&path).unwrap_err().to_string().contains("readable by others"));
    }
}
