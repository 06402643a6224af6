//! The operator's commands, typed as a person would type them.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, ensure};
use client::key::ApiKey;
use serde_json::Value;
use tokio::process::Command;

/// The CLI of the real binary, logged in to a cluster.
#[derive(Debug, Clone)]
pub struct Cli {
    binary: PathBuf,
    endpoints: String,
    key: ApiKey,
}

impl Cli {
    /// The CLI of `binary` for regions like `http://10.0.0.1:5240`.
    #[must_use]
    pub fn new(binary: &Path, regions: &[String], key: ApiKey) -> Self {
        Self { binary: binary.to_owned(), endpoints: regions.join(","), key }
    }

    /// Runs a command and returns what it printed.
    ///
    /// # Errors
    /// When it cannot be started or fails; the error has what it said.
    pub async fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let shown = || format!("ironraft {}", arguments.join(" "));
        let output = Command::new(&self.binary)
            .args(arguments)
            .env("IRONRAFT_ENDPOINTS", &self.endpoints)
            .env("IRONRAFT_API_KEY", self.key.text())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .with_context(|| format!("cannot run `{}`", shown()))?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`{}`: {}", shown(), complaint.trim());
        String::from_utf8(output.stdout).with_context(|| format!("the output of `{}`", shown()))
    }

    /// Runs a command on a resource and returns what the API answered.
    ///
    /// # Errors
    /// As [`Self::run`], and when the answer is no JSON.
    pub async fn json(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let printed = self.run(&[arguments, &["--output", "json"]].concat()).await?;
        let what = || format!("the answer of `ironraft {}`", arguments.join(" "));
        serde_json::from_str(&printed).with_context(what)
    }
}
