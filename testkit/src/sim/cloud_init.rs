//! The deployed OS of a simulated machine: what cloud-init's MAAS datasource does at first boot.
//!
//! It signs with the node credentials that were installed, reads the metadata and the user data,
//! and reports the end of its last stage. Then the machine just runs until it is switched off.

use std::future::pending;
use std::time::Duration;

use anyhow::Context;
use client::key::ApiKey;
use reqwest::StatusCode;
use serde_json::json;
use tokio::time::sleep;

use super::installed::Installed;
use super::{Ended, SimSpec};

/// How long cloud-init waits between two tries.
const RETRY: Duration = Duration::from_millis(500);
const VERSION: &str = "2012-03-01";

/// Boots the installed system; does not end by itself.
///
/// # Errors
/// When the installed system lacks its configuration.
pub async fn run(
    http: &reqwest::Client,
    spec: &SimSpec,
    installed: &Installed,
) -> anyhow::Result<Ended> {
    let source = Source::of(installed)?;
    spec.gates().pass("first-boot").await;
    while let Err(error) = source.first_boot(http).await {
        tracing::warn!("{}: metadata service: {error:#}", spec.name);
        sleep(RETRY).await;
    }
    tracing::info!("{} runs {}", spec.name, installed.fqdn);
    pending().await
}

/// The datasource as it is configured on the disk.
struct Source {
    url: String,
    report_url: Option<String>,
    key: ApiKey,
}

impl Source {
    fn of(installed: &Installed) -> anyhow::Result<Self> {
        let setting = |name: &str| {
            let pointer = format!("/datasource/MAAS/{name}");
            installed.setting(&pointer).with_context(|| format!("the disk has no {pointer}"))
        };
        let key = ApiKey::new(
            &setting("consumer_key")?,
            &setting("token_key")?,
            &setting("token_secret")?,
        );
        Ok(Self {
            url: setting("metadata_url")?,
            report_url: installed.setting("/reporting/maas/endpoint"),
            key,
        })
    }

    async fn first_boot(&self, http: &reqwest::Client) -> anyhow::Result<()> {
        for name in ["meta-data/instance-id", "meta-data/local-hostname", "user-data"] {
            self.get(http, name).await?;
        }
        let Some(report_url) = &self.report_url else { return Ok(()) };
        let report = json!({
            "name": "modules-final",
            "description": "running modules for final",
            "event_type": "finish",
            "origin": "cloudinit",
            "result": "SUCCESS",
        });
        let request = http.post(report_url).header("authorization", self.key.authorization());
        request.json(&report).send().await?.error_for_status()?;
        Ok(())
    }

    /// Not found is an answer: a machine may have no user data.
    async fn get(&self, http: &reqwest::Client, name: &str) -> anyhow::Result<()> {
        let url = format!("{}/{VERSION}/{name}", self.url.trim_end_matches('/'));
        let request = http.get(&url).header("authorization", self.key.authorization());
        let response = request.send().await?;
        if response.status() != StatusCode::NOT_FOUND {
            response.error_for_status()?;
        }
        Ok(())
    }
}
