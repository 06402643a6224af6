//! The profiles that are kept, each in a file that only its owner may read, and which of them is in use.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context;

use crate::cli::failure::Failure;
use crate::cli::private_file;
use crate::cli::profile::content::Profile;

/// The variable that names another profile, or another file for it.
pub(crate) const FILE_VARIABLE: &str = "IRONRAFT_PROFILE";

/// The profile of who has never named one.
const DEFAULT: &str = "default";

/// How long a name is at most.
const NAME_MAX: usize = 64;

/// The name of a profile, which is also that of its file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProfileName(String);

impl ProfileName {
    /// Of the profile of who has never named one.
    pub(crate) fn default_one() -> Self {
        Self(DEFAULT.to_owned())
    }

    fn is_default(&self) -> bool {
        self.0 == DEFAULT
    }
}

impl FromStr for ProfileName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let begins_well = text.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        if begins_well && text.chars().all(is_letter) && text.len() <= NAME_MAX {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("it is of letters, digits and -_. , {NAME_MAX} at most: lab, site-a"))
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The folder that profiles are kept in.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// Those of who runs the command.
    ///
    /// # Errors
    /// There is no home folder.
    pub(crate) fn at_home() -> anyhow::Result<Self> {
        let home = std::env::var_os("HOME");
        let home = home.with_context(|| format!("HOME is not set; set {FILE_VARIABLE}"))?;
        Ok(Self { folder: Path::new(&home).join(".config/ironraft") })
    }

    /// The file of a profile.
    pub(crate) fn file(&self, name: &ProfileName) -> PathBuf {
        if name.is_default() {
            return self.folder.join("profile.toml");
        }
        self.named().join(format!("{name}.toml"))
    }

    /// A profile; none when there is none of that name.
    ///
    /// # Errors
    /// It cannot be read, or others than its owner can.
    pub(crate) fn read(&self, name: &ProfileName) -> anyhow::Result<Option<Profile>> {
        Profile::read(&self.file(name))
    }

    /// The names of all, in their order.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(crate) fn names(&self) -> anyhow::Result<Vec<ProfileName>> {
        let folder = self.named();
        let cannot = || format!("cannot read {}", folder.display());
        let mut names = Vec::new();
        match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            entries => {
                for entry in entries.with_context(cannot)? {
                    let file = entry.with_context(cannot)?.file_name();
                    let name = file.to_str().and_then(|file| file.strip_suffix(".toml"));
                    names.extend(name.and_then(|name| name.parse::<ProfileName>().ok()));
                }
            }
        }
        let default = ProfileName::default_one();
        if self.file(&default).exists() {
            names.push(default);
        }
        names.sort_unstable();
        Ok(names)
    }

    /// The profile in use; the one that has no name of its own unless another was chosen.
    ///
    /// # Errors
    /// What says so cannot be read.
    pub(crate) fn used(&self) -> anyhow::Result<ProfileName> {
        let path = self.marker();
        match private_file::read(&path)? {
            None => Ok(ProfileName::default_one()),
            Some(text) => {
                let name = text.trim().parse().map_err(anyhow::Error::msg);
                name.with_context(|| format!("{} is wrong", path.display()))
            }
        }
    }

    /// Has commands use a profile from now on.
    ///
    /// # Errors
    /// It cannot be noted.
    pub(crate) fn set_used(&self, name: &ProfileName) -> anyhow::Result<()> {
        private_file::write(&self.marker(), &format!("{name}\n"))
    }

    /// Removes a profile; false when there is none of that name. If it is in use, none is afterwards.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(crate) fn remove(&self, name: &ProfileName) -> anyhow::Result<bool> {
        let file = self.file(name);
        match fs::remove_file(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            removed => removed.with_context(|| format!("cannot remove {}", file.display()))?,
        }
        let marker = self.marker();
        if marker.exists() && self.used()? == *name {
            fs::remove_file(&marker)
                .with_context(|| format!("cannot remove {}", marker.display()))?;
        }
        Ok(true)
    }

    fn named(&self) -> PathBuf {
        self.folder.join("profiles")
    }

    /// The file that names the profile in use.
    fn marker(&self) -> PathBuf {
        self.folder.join("profile-in-use")
    }
}

/// There is no profile of that name.
pub(crate) fn unknown(name: &ProfileName) -> Failure {
    Failure::NotFound(format!("there is no profile {name}")).hint("ironraft profile list")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ProfileName {
        text.parse().unwrap()
    }

    fn profile(region: &str) -> Profile {
        Profile { endpoints: vec![region.to_owned()], api_key: "a:b:c".into(), trusted: None }
    }

    #[test]
    fn a_name_is_no_path() {
        for text in ["", "..", ".a", "a/b", "-a", "a b", "ä", &"a".repeat(65)] {
            assert!(text.parse::<ProfileName>().is_err(), "{text:?}");
        }
        assert_eq!(name("site-a.2").to_string(), "site-a.2");
    }

    #[test]
    fn profiles_are_kept_apart_and_one_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept { folder: folder.path().join("ironraft") };
        assert_eq!(kept.names().unwrap(), []);
        assert_eq!(kept.used().unwrap(), name("default"));
        profile("http://r1").save(&kept.file(&name("default"))).unwrap();
        profile("http://r2").save(&kept.file(&name("lab"))).unwrap();
        assert_eq!(kept.names().unwrap(), [name("default"), name("lab")]);
        assert_eq!(kept.read(&name("lab")).unwrap().unwrap().endpoints, ["http://r2"]);
        assert!(kept.read(&name("nope")).unwrap().is_none());
        kept.set_used(&name("lab")).unwrap();
        assert_eq!(kept.used().unwrap(), name("lab"));
        assert!(kept.remove(&name("lab")).unwrap());
        assert_eq!(kept.used().unwrap(), name("default"), "what is gone is not in use");
        assert!(!kept.remove(&name("lab")).unwrap());
        assert_eq!(kept.names().unwrap(), [name("default")]);
    }

    #[test]
    fn one_that_is_not_in_use_is_removed_without_a_change_of_that() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept { folder: folder.path().to_owned() };
        for text in ["lab", "site-a"] {
            profile("http://r1").save(&kept.file(&name(text))).unwrap();
        }
        kept.set_used(&name("lab")).unwrap();
        assert!(kept.remove(&name("site-a")).unwrap());
        assert_eq!(kept.used().unwrap(), name("lab"));
    }
}
