//! The region node on this host: where its data is, and what an operator may ask it for who can read that.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use identity::{ExpectedPeer, Identity};
use proto::cluster::cluster_client::ClusterClient;
use proto::cluster::{ApiKeyReply, ApiKeyRequest, StatusReply, StatusRequest};
use region::config::Config;
use tonic::transport::Channel;

use crate::cli::failure::Failure;
use crate::serve::region::load;

/// The variable that names the folder.
const FOLDER_VARIABLE: &str = "IRONRAFT_DATA_DIR";

/// Where a node's data is when nobody says otherwise and no node runs.
const USUAL_FOLDER: &str = "/var/lib/ironraft";

/// How long the region has to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The region node on this host.
#[derive(Debug, Default, Args)]
pub(crate) struct LocalNode {
    /// The data folder of a region node on this host; that of the node that runs, or else /var/lib/ironraft, by default
    #[arg(long, env = FOLDER_VARIABLE)]
    data_dir: Option<PathBuf>,
}

impl LocalNode {
    /// The one that the environment names, or that runs.
    pub(crate) fn by_environment() -> Self {
        Self { data_dir: std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from) }
    }

    /// Its configuration and its certificate.
    ///
    /// # Errors
    /// There is none, several run, or its data cannot be read.
    pub(crate) fn open(&self) -> Result<(Config, Identity), Failure> {
        let folder = match &self.data_dir {
            Some(folder) => folder.clone(),
            None => find()?,
        };
        let folder = region_folder(&folder);
        if let Err(error) = fs::File::open(folder.join("region.toml"))
            && error.kind() == io::ErrorKind::PermissionDenied
        {
            let folder = folder.display();
            return Err(Failure::Denied(format!("only root and its owner can read {folder}")));
        }
        let config = load(&folder)?;
        let identity = Identity::load(&config.identity_dir()).map_err(|error| {
            let (folder, who) = (folder.display(), "its owner and root can");
            Failure::Denied(format!("cannot read the certificate in {folder}, {who}: {error}"))
        })?;
        Ok((config, identity))
    }

    /// An API key of a user, or of the first administrator.
    ///
    /// # Errors
    /// As [`Self::open`]; the region does not answer, or there is no such user.
    pub(crate) async fn api_key(
        &self,
        username: Option<&str>,
        new_name: Option<&str>,
    ) -> Result<ApiKeyReply, Failure> {
        let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let request = ApiKeyRequest { username: owned(username), new_name: owned(new_name) };
        let (config, mut client) = self.client()?;
        answered(&config, client.api_key(request)).await
    }

    /// What the region knows of the cluster.
    ///
    /// # Errors
    /// As [`Self::open`]; the region does not answer.
    pub(crate) async fn status(&self) -> Result<StatusReply, Failure> {
        let (config, mut client) = self.client()?;
        answered(&config, client.status(StatusRequest {})).await
    }

    fn client(&self) -> Result<(Config, ClusterClient<Channel>), Failure> {
        let (config, identity) = self.open()?;
        let own = ExpectedPeer::Region(config.node_id);
        let client = ClusterClient::new(identity.channel(&config.grpc().to_string(), own));
        Ok((config, client))
    }
}

async fn answered<T>(
    config: &Config,
    asked: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(ANSWER_MAX, asked).await {
        Ok(reply) => Ok(reply.map_err(Failure::of_status)?.into_inner()),
        Err(_) => {
            let at = config.grpc();
            Err(Failure::Unavailable(format!("the region on this host ({at}) does not answer")))
        }
    }
}

/// Where the region's files are in a data folder: `ironraft dev` has them in a folder below.
fn region_folder(folder: &Path) -> PathBuf {
    let below = folder.join("region");
    if below.join("region.toml").exists() { below } else { folder.to_owned() }
}

/// The data folder of the only region node that runs on this host, or the usual one.
fn find() -> Result<PathBuf, Failure> {
    let running: BTreeSet<PathBuf> = processes().filter_map(|process| data_dir(&process)).collect();
    let running: Vec<PathBuf> = running.into_iter().filter(|folder| has_region(folder)).collect();
    match running.as_slice() {
        [one] => Ok(one.clone()),
        [] if has_region(Path::new(USUAL_FOLDER)) => Ok(PathBuf::from(USUAL_FOLDER)),
        [] => Err(Failure::NotFound(
            "no region node runs on this host, as far as can be seen; --data-dir says where one has its data"
                .to_owned(),
        )),
        several => {
            let folders: Vec<String> =
                several.iter().map(|folder| folder.display().to_string()).collect();
            let folders = folders.join(", ");
            Err(Failure::Usage(format!("several region nodes run here, --data-dir says which: {folders}")))
        }
    }
}

/// Whether a region has its data in a folder. One that must not be looked into may have.
fn has_region(folder: &Path) -> bool {
    match fs::metadata(region_folder(folder).join("region.toml")) {
        Ok(_) => true,
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    }
}

fn processes() -> impl Iterator<Item = PathBuf> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    all.filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The data folder of a process, if it is a region.
fn data_dir(process: &Path) -> Option<PathBuf> {
    let texts = |file: &str| -> Option<Vec<String>> {
        let bytes = fs::read(process.join(file)).ok()?;
        let parts = bytes.split(|byte| *byte == 0).filter(|part| !part.is_empty());
        Some(parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect())
    };
    let variable = || {
        let environment = texts("environ")?;
        let named =
            |text: &String| Some(text.strip_prefix(FOLDER_VARIABLE)?.strip_prefix('=')?.to_owned());
        environment.iter().find_map(named)
    };
    let folder = said(&texts("cmdline")?)?.or_else(variable)?;
    let at = fs::read_link(process.join("cwd")).unwrap_or_default();
    Some(at.join(folder))
}

/// What a command line says of the data folder: nothing at all if it is not that of a region.
fn said(words: &[String]) -> Option<Option<String>> {
    let (program, arguments) = words.split_first()?;
    if program.rsplit('/').next() != Some("ironraft") {
        return None;
    }
    let is_region = match arguments {
        [first, ..] if first == "dev" => true,
        [first, second, ..] => first == "region" && second == "run",
        _ => false,
    };
    if !is_region {
        return None;
    }
    let joined = arguments.iter().find_map(|word| word.strip_prefix("--data-dir="));
    let apart = arguments.iter().skip_while(|word| *word != "--data-dir").nth(1);
    Some(joined.map(str::to_owned).or_else(|| apart.cloned()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_region_is_known_by_its_command_line() {
        let said = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            super::said(&words)
        };
        let folder = |folder: &str| Some(Some(folder.to_owned()));
        assert_eq!(said("/usr/bin/ironraft region run --data-dir /d --tls-only"), folder("/d"));
        assert_eq!(said("ironraft dev --data-dir=x"), folder("x"));
        assert_eq!(said("ironraft region run"), Some(None), "its environment says it");
        assert_eq!(said("ironraft rack run --data-dir /d"), None);
        assert_eq!(said("ironraft region init --data-dir /d"), None);
        assert_eq!(said("vim region run"), None);
    }
}
