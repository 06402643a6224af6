//! The clusters that somebody is logged in to, by name: a file that only its owner may read.
//!
//! What a region describes stands beside it, named by its hash, unless it is what this program describes itself.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use api::describe::Description;
use client::key::ApiKey;
use client::{Client, Patience, Trust};
use model::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::cli::private_file;

/// The variable that names another file.
const FILE_VARIABLE: &str = "IRONRAFT_MAAS_PROFILES";

/// How long the regions are asked in turn: longer than an election takes.
const TOTAL: Duration = Duration::from_secs(30);

/// How long the only region that is known is asked.
const TOTAL_OF_ONE: Duration = Duration::from_secs(10);

/// A cluster and somebody's key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// Where the regions' APIs are, `http://10.0.0.1:5240/MAAS/api/2.0/`, one or several.
    pub(crate) urls: Vec<String>,
    /// `consumer:token:secret`; none for somebody whom nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_key: Option<Secret>,
    /// The certificates that regions are trusted by over TLS, PEM; those of the host when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cacerts: Option<String>,
    /// The hash of what the regions describe.
    pub(crate) hash: String,
}

impl Profile {
    /// The regions in one text.
    pub(crate) fn url(&self) -> String {
        self.urls.join(",")
    }

    /// The path of the API at its hosts, `/MAAS/api/2.0/`.
    pub(crate) fn path(&self) -> &str {
        let url = self.urls.first().map_or("", String::as_str);
        let (_, behind) = url.split_once("://").unwrap_or(("", url));
        behind.find('/').map_or("/", |at| &behind[at..])
    }

    /// A client of its regions.
    ///
    /// # Errors
    /// A key or certificate that cannot be one.
    pub(crate) fn client(&self, is_insecure: bool) -> anyhow::Result<Client> {
        let key = self.api_key.as_ref().map(|key| ApiKey::parse(key.expose())).transpose()?;
        let trust = match &self.cacerts {
            _ if is_insecure => Trust::Anybody,
            Some(pem) => Trust::These(pem.clone()),
            None => Trust::Host,
        };
        let patience = Patience {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(600),
            total: if self.urls.len() > 1 { TOTAL } else { TOTAL_OF_ONE },
            pause: Duration::from_millis(300),
            repeat_unanswered: false,
        };
        let hosts = self.urls.iter().map(|url| host(url).to_owned()).collect();
        Ok(Client::of(hosts, key, patience, &trust)?)
    }
}

/// Scheme, host and port of a URL.
fn host(url: &str) -> &str {
    let behind = url.find("://").map_or(0, |at| at + 3);
    url[behind..].find('/').map_or(url, |at| &url[..behind + at])
}

/// All profiles.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Profiles {
    /// By their names.
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Profile>,
    /// Where they stand.
    #[serde(skip)]
    path: PathBuf,
}

impl Profiles {
    /// Reads them; there may be none yet.
    ///
    /// # Errors
    /// The file cannot be read, or others can read it.
    pub(crate) fn read() -> anyhow::Result<Self> {
        Self::read_at(path()?)
    }

    fn read_at(path: PathBuf) -> anyhow::Result<Self> {
        let Some(text) = private_file::read(&path)? else {
            return Ok(Self { path, ..Self::default() });
        };
        let read: Self =
            toml::from_str(&text).with_context(|| format!("{} is wrong", path.display()))?;
        Ok(Self { path, ..read })
    }

    /// Writes them, and drops descriptions that none of them has.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        private_file::write(&self.path, &toml::to_string(self)?)?;
        let is_used = |name: &str| self.profiles.values().any(|it| cache_name(&it.hash) == name);
        let entries = fs::read_dir(self.folder()).into_iter().flatten().flatten();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(CACHE_PREFIX) && !is_used(&name) {
                // Nothing depends on its being gone.
                let _left = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }

    /// What a profile's regions describe, as far as it is known here.
    ///
    /// # Errors
    /// What was kept of it cannot be read.
    pub(crate) fn description(
        &self,
        profile: &Profile,
    ) -> anyhow::Result<Cow<'static, Description>> {
        let built_in = &*rest::describe::DESCRIPTION;
        let path = self.folder().join(cache_name(&profile.hash));
        if profile.hash == built_in.hash || !path.exists() {
            return Ok(Cow::Borrowed(built_in));
        }
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let read = serde_json::from_slice(&text);
        Ok(Cow::Owned(read.with_context(|| format!("{} is wrong", path.display()))?))
    }

    /// Keeps what regions describe.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn keep(&self, description: &Description) -> anyhow::Result<()> {
        if description.hash == rest::describe::DESCRIPTION.hash {
            return Ok(());
        }
        let path = self.folder().join(cache_name(&description.hash));
        private_file::write(&path, &serde_json::to_string(description)?)
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or_else(|| Path::new("."))
    }
}

/// How the files with descriptions begin.
const CACHE_PREFIX: &str = "maas-describe-";

/// The file of the description with a hash, which a region may have made up.
fn cache_name(hash: &str) -> String {
    let hash: String = hash.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{CACHE_PREFIX}{hash}.json")
}

fn path() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os(FILE_VARIABLE) {
        return Ok(path.into());
    }
    let home = std::env::var_os("HOME");
    let home = home.with_context(|| format!("HOME is not set; set {FILE_VARIABLE}"))?;
    Ok(Path::new(&home).join(".config/ironraft/maas.toml"))
}

/// The URL of an API from what somebody writes: with a version, and a slash at its end.
pub(crate) fn api_url(text: &str) -> String {
    let text = text.trim();
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let text = format!("{}/", text.trim_end_matches('/'));
    let is_version = |part: &str| part.chars().all(|it| it.is_ascii_digit() || it == '.');
    let has_version = text
        .trim_end_matches('/')
        .rsplit_once("/api/")
        .is_some_and(|(_, version)| !version.is_empty() && is_version(version));
    if has_version { text } else { format!("{text}api/2.0/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(hash: &str) -> Profile {
        Profile {
            urls: vec!["http://r1:5240/MAAS/api/2.0/".to_owned()],
            api_key: Some("a:b:c".into()),
            cacerts: None,
            hash: hash.to_owned(),
        }
    }

    #[test]
    fn urls_have_a_version_as_maas_adds_it() {
        for (given, url) in [
            ("http://example.com/", "http://example.com/api/2.0/"),
            ("http://example.com/foo", "http://example.com/foo/api/2.0/"),
            ("http://example.com/api/7.9", "http://example.com/api/7.9/"),
            ("http://example.com/api/7.9/", "http://example.com/api/7.9/"),
            ("r1:5240/MAAS", "http://r1:5240/MAAS/api/2.0/"),
        ] {
            assert_eq!(api_url(given), url, "{given}");
        }
        assert_eq!(host("https://r1:5443/MAAS/api/2.0/"), "https://r1:5443");
        assert_eq!(profile("x").path(), "/MAAS/api/2.0/");
    }

    #[test]
    fn a_description_is_kept_as_long_as_a_profile_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("maas.toml");
        let mut profiles = Profiles::read_at(path.clone()).unwrap();
        let mut other = rest::describe::DESCRIPTION.clone();
        other.hash = "0123".to_owned();
        other.resources.truncate(1);
        profiles.keep(&other).unwrap();
        profiles.profiles.insert("admin".to_owned(), profile("0123"));
        profiles.write().unwrap();

        let mut profiles = Profiles::read_at(path).unwrap();
        let known = profiles.profiles["admin"].clone();
        assert_eq!(profiles.description(&known).unwrap().resources.len(), 1);
        profiles.profiles.clear();
        profiles.write().unwrap();
        assert!(profiles.description(&known).unwrap().resources.len() > 1, "it is forgotten");
    }
}
