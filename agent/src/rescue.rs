//! Rescue mode: the owner of the machine logs in to the ephemeral OS by SSH.
//!
//! The keys come with each answer of the region, so one that is added or taken away there counts here within
//! seconds. Passwords are never asked for. The host's own key is made anew at each boot: it lies in memory.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::command::{CommandError, Invocation};

/// Why nobody can log in.
#[derive(Debug, thiserror::Error)]
pub enum RescueError {
    /// The keys could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The SSH server does not run. An ephemeral OS of an earlier version has none.
    #[error("the SSH server of the ephemeral OS does not start: {0}")]
    Server(#[from] CommandError),
}

/// What was done for rescue mode since this system started.
#[derive(Debug)]
pub struct Rescue {
    root: PathBuf,
    keys: Option<Vec<String>>,
}

impl Rescue {
    /// Nothing yet, in the file system below `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), keys: None }
    }

    /// Whether those can log in that may.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.keys.is_some()
    }

    /// Whether somebody may be logged in since this system started, also when another agent let them in.
    #[must_use]
    pub fn lets_in(&self) -> bool {
        self.is_open() || self.runs_server()
    }

    fn runs_server(&self) -> bool {
        let pid = fs::read_to_string(self.root.join("run/dropbear.pid")).ok();
        pid.is_some_and(|pid| Path::new("/proc").join(pid.trim()).exists())
    }

    /// Lets the holders of these keys log in, and nobody else; says so, for people.
    ///
    /// # Errors
    /// See [`RescueError`].
    pub async fn open(&mut self, keys: &[String]) -> Result<String, RescueError> {
        if self.keys.as_deref() != Some(keys) {
            self.write_keys(keys)?;
            self.start_server().await?;
            self.keys = Some(keys.to_owned());
        }
        Ok(match keys.len() {
            0 => "in rescue mode; nobody has an SSH key to log in with".to_owned(),
            count => format!("in rescue mode; SSH keys that may log in as root: {count}"),
        })
    }

    /// Another file takes the place of the one before, so that none is read that is half written.
    fn write_keys(&self, keys: &[String]) -> Result<(), RescueError> {
        let folder = self.root.join("root/.ssh");
        let (path, new) = (folder.join("authorized_keys"), folder.join("authorized_keys.new"));
        let text: String = keys.iter().flat_map(|key| [key.as_str(), "\n"]).collect();
        let write = || {
            DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            options.open(&new)?.write_all(text.as_bytes())?;
            fs::rename(&new, &path)
        };
        write().map_err(|source| RescueError::Write { path: path.clone(), source })
    }

    /// Starts the SSH server, unless it runs: an agent that is started anew finds it.
    async fn start_server(&self) -> Result<(), RescueError> {
        if self.runs_server() {
            return Ok(());
        }
        // The server makes its key there.
        let folder = self.root.join("etc/dropbear");
        let made = fs::create_dir_all(&folder);
        made.map_err(|source| RescueError::Write { path: folder, source })?;
        let pid_file = self.root.join("run/dropbear.pid").to_string_lossy().into_owned();
        Invocation::new("dropbear", ["-R", "-s", "-P", &pid_file]).run().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn keys_are_those_of_the_last_answer_and_nobody_else_reads_them() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("run")).unwrap();
        // A server that runs.
        let own = std::process::id().to_string();
        fs::write(root.path().join("run/dropbear.pid"), own).unwrap();
        let mut rescue = Rescue::new(root.path());
        assert!(rescue.lets_in() && !rescue.is_open(), "the agent before this one let somebody in");
        let keys = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect::<Vec<_>>();
        let said = rescue.open(&keys(&["ssh-ed25519 A a", "ssh-rsa B b"])).await.unwrap();
        assert_eq!(said, "in rescue mode; SSH keys that may log in as root: 2");
        let path = root.path().join("root/.ssh/authorized_keys");
        assert_eq!(fs::read_to_string(&path).unwrap(), "ssh-ed25519 A a\nssh-rsa B b\n");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let said = rescue.open(&[]).await.unwrap();
        assert!(said.contains("nobody") && rescue.is_open());
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_named() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("root"), "no folder").unwrap();
        let mut rescue = Rescue::new(root.path());
        let error = rescue.open(&[]).await.unwrap_err().to_string();
        assert!(error.contains("root/.ssh/authorized_keys") && !rescue.is_open(), "{error}");
    }
}
