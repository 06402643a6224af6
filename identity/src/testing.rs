//! Clusters of identities in temporary folders, for tests of what stands on this crate.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::authority::CertificateAuthority;
use crate::error::IdentityError;
use crate::node::{Identity, NodeRequest};
use crate::peer::Role;

/// A cluster whose nodes have certificates of one new authority.
#[derive(Debug)]
pub struct TestCluster {
    /// Signs more certificates.
    pub authority: CertificateAuthority,
    /// The regions by node id.
    pub regions: BTreeMap<u64, Identity>,
    /// The racks by system id.
    pub racks: BTreeMap<String, Identity>,
    root: TempDir,
}

/// A cluster of these region nodes and racks.
///
/// # Errors
/// When keys or files cannot be made.
pub fn cluster(regions: &[u64], racks: &[&str]) -> Result<TestCluster, IdentityError> {
    let root = tempfile::tempdir()
        .map_err(|source| IdentityError::File { path: std::env::temp_dir(), source })?;
    let mut cluster = TestCluster {
        authority: CertificateAuthority::create()?,
        regions: BTreeMap::new(),
        racks: BTreeMap::new(),
        root,
    };
    for &node_id in regions {
        cluster.regions.insert(node_id, cluster.enroll(Role::Region { node_id })?);
    }
    for &system_id in racks {
        let role = Role::Rack { system_id: system_id.to_owned() };
        cluster.racks.insert(system_id.to_owned(), cluster.enroll(role)?);
    }
    Ok(cluster)
}

impl TestCluster {
    /// The identity of one more node, in a folder of its own.
    ///
    /// # Errors
    /// When keys or files cannot be made.
    pub fn enroll(&self, role: Role) -> Result<Identity, IdentityError> {
        let folder = self.folder_of(&role);
        let request = NodeRequest::create()?;
        let issued = self.authority.issue(&request.request_pem, role)?;
        Identity::install(&folder, &request, &issued)
    }

    /// Where the files of a node are.
    #[must_use]
    pub fn folder_of(&self, role: &Role) -> PathBuf {
        match role {
            Role::Region { node_id } => self.root.path().join(format!("region-{node_id}")),
            Role::Rack { system_id } => self.root.path().join(format!("rack-{system_id}")),
        }
    }
}
