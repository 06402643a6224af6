//! Where deployed systems get packages from (MAAS `package-repositories`): the archives of Ubuntu, of which there are
//! two that nobody can delete, and others besides.

use serde::{Deserialize, Serialize};

use crate::id::PackageRepositoryId;
use crate::time::Timestamp;

/// The architectures that there are packages for.
pub const ARCHITECTURES: [&str; 6] = ["amd64", "arm64", "armhf", "i386", "ppc64el", "s390x"];
/// Those of Ubuntu's main archive.
pub const MAIN_ARCHITECTURES: [&str; 2] = ["amd64", "i386"];
/// Those of its other archive.
pub const PORTS_ARCHITECTURES: [&str; 4] = ["armhf", "arm64", "ppc64el", "s390x"];
/// The pockets of Ubuntu's archives that can be left out.
pub const POCKETS: [&str; 3] = ["updates", "security", "backports"];
/// The components of Ubuntu's archives.
pub const COMPONENTS: [&str; 4] = ["main", "restricted", "universe", "multiverse"];
/// The longest name, in characters, as in MAAS.
pub const NAME_MAX: usize = 41;
/// The longest list and the longest text of each other field.
const ITEMS_MAX: usize = 64;
const TEXT_MAX: usize = 1_024;
const KEY_BYTES_MAX: usize = 64 << 10;

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageRepository {
    /// Its id.
    pub id: PackageRepositoryId,
    /// Its name, which no other one has.
    pub name: String,
    /// Where it is: a URL, or `ppa:owner/name`.
    pub url: String,
    /// Its distributions; that of the deployed system when there are none.
    pub distributions: Vec<String>,
    /// The pockets that are left out.
    pub disabled_pockets: Vec<String>,
    /// The components of an archive of Ubuntu that are left out.
    pub disabled_components: Vec<String>,
    /// Whether there are no sources of packages.
    pub disable_sources: bool,
    /// Its components; `main` when there are none.
    pub components: Vec<String>,
    /// The architectures of machines that use it.
    pub arches: Vec<String>,
    /// The public key that its lists are signed with.
    pub signing: String,
    /// Whether it is used.
    pub enabled: bool,
    /// When it was made.
    pub created: Timestamp,
}

/// A value that a repository cannot have: the field of MAAS, and what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The field.
    pub field: &'static str,
    /// What is wrong.
    pub message: String,
}

impl PackageRepository {
    /// The two archives of Ubuntu as they are before anybody changes them.
    #[must_use]
    pub fn defaults() -> [Self; 2] {
        let archive = |id, name: &str, url: &str, arches: &[&str]| Self {
            name: name.to_owned(),
            url: url.to_owned(),
            arches: owned(arches),
            ..Self::blank(PackageRepositoryId(id), Timestamp::default())
        };
        let ports = "http://ports.ubuntu.com/ubuntu-ports";
        [
            archive(1, "main_archive", "http://archive.ubuntu.com/ubuntu", &MAIN_ARCHITECTURES),
            archive(2, "ports_archive", ports, &PORTS_ARCHITECTURES),
        ]
    }

    /// A repository of which nothing is said yet.
    #[must_use]
    pub fn blank(id: PackageRepositoryId, created: Timestamp) -> Self {
        Self {
            id,
            name: String::new(),
            url: String::new(),
            distributions: Vec::new(),
            disabled_pockets: Vec::new(),
            disabled_components: Vec::new(),
            disable_sources: true,
            components: Vec::new(),
            arches: owned(&MAIN_ARCHITECTURES),
            signing: String::new(),
            enabled: true,
            created,
        }
    }

    /// Whether it is an archive of Ubuntu, which cannot be deleted.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.id.0 <= 2
    }

    /// Whether a machine of an architecture uses it.
    #[must_use]
    pub fn is_for(&self, architecture: &str) -> bool {
        self.enabled && self.arches.iter().any(|known| known == architecture)
    }

    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<Invalid> {
        let mut found = Vec::new();
        let mut wrong = |field, message: String| found.push(Invalid { field, message });
        let length = self.name.chars().count();
        if length > NAME_MAX {
            let most = format!("Ensure this value has at most {NAME_MAX} characters");
            wrong("name", format!("{most} (it has {length})."));
        }
        if !is_location(&self.url) {
            wrong("url", "Enter a valid repository URL or PPA location.".to_owned());
        }
        if self.signing.len() > KEY_BYTES_MAX {
            wrong("key", format!("A key has at most {KEY_BYTES_MAX} bytes."));
        }
        if let Some(other) = first_other(&self.arches, &ARCHITECTURES) {
            let known = ARCHITECTURES.join(", ");
            let message =
                format!("'{other}' is not a valid architecture. Known architectures: {known}");
            wrong("arches", message);
        }
        if let Some(other) = first_other(&self.disabled_pockets, &POCKETS) {
            wrong("disabled_pockets", not_to_disable(other, "pocket", &POCKETS));
        }
        for (field, items) in
            [("distributions", &self.distributions), ("components", &self.components)]
        {
            if items.len() > ITEMS_MAX || !items.iter().all(|item| is_word(item)) {
                wrong(field, format!("Enter at most {ITEMS_MAX} words."));
            }
        }
        if !self.is_default() && !self.disabled_components.is_empty() {
            let message = "This is a custom repository. Please update 'components' instead.";
            wrong("disabled_components", message.to_owned());
        } else if let Some(other) = first_other(&self.disabled_components, &COMPONENTS[1..]) {
            wrong("disabled_components", not_to_disable(other, "component", &COMPONENTS[1..]));
        }
        if self.is_default() && !self.components.is_empty() {
            let message =
                "This is a default Ubuntu repository. Please update 'disabled_components' instead.";
            wrong("components", message.to_owned());
        }
        if self.is_default() && !self.enabled {
            wrong("__all__", "Default repositories may not be disabled.".to_owned());
        }
        found
    }

    /// The lines of `sources.list` for an archive of Ubuntu: `$RELEASE` is for who writes them to fill in.
    #[must_use]
    pub fn archive_lines(&self) -> String {
        let kept = |all: &[&str], disabled: &[String]| -> Vec<String> {
            let kept = all.iter().filter(|one| !disabled.iter().any(|other| other == *one));
            kept.map(|one| (*one).to_owned()).collect()
        };
        let components = kept(&COMPONENTS, &self.disabled_components).join(" ");
        let pockets = kept(&POCKETS, &self.disabled_pockets);
        let suites = pockets.iter().map(|pocket| format!("$RELEASE-{pocket}"));
        let mut lines = String::new();
        for suite in std::iter::once("$RELEASE".to_owned()).chain(suites) {
            for kind in self.kinds() {
                lines.push_str(&format!("{kind} {} {suite} {components}\n", self.url));
            }
        }
        lines
    }

    /// The lines of `sources.list` for any other repository, and the distribution of each; none for a PPA.
    #[must_use]
    pub fn lines(&self) -> Vec<(String, String)> {
        let release = ["$RELEASE".to_owned()];
        let distributions: &[String] =
            if self.distributions.is_empty() { &release } else { &self.distributions };
        let main = ["main".to_owned()];
        let components: &[String] =
            if self.components.is_empty() { &main } else { &self.components };
        let mut lines = Vec::new();
        for distribution in distributions {
            // One that is a folder has no components (sources.list(5)).
            let of_folder = distribution.ends_with('/');
            let rest = if of_folder { String::new() } else { format!(" {}", components.join(" ")) };
            for kind in self.kinds() {
                lines.push((
                    distribution.clone(),
                    format!("{kind} {} {distribution}{rest}", self.url),
                ));
            }
        }
        lines
    }

    fn kinds(&self) -> &'static [&'static str] {
        if self.disable_sources { &["deb"] } else { &["deb", "deb-src"] }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn first_other<'a>(items: &'a [String], known: &[&str]) -> Option<&'a String> {
    items.iter().find(|item| !known.contains(&item.as_str()))
}

fn not_to_disable(other: &str, what: &str, known: &[&str]) -> String {
    let known: Vec<String> = known.iter().map(|one| format!("'{one}'")).collect();
    let known = known.join(", ");
    format!("'{other}' is not a valid Ubuntu archive {what}. You can only disable [{known}].")
}

/// Whether it can stand in a line of `sources.list`, between blanks.
fn is_word(text: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"[]#".contains(c);
    !text.is_empty() && text.len() <= TEXT_MAX && text.chars().all(plain)
}

/// Whether it is a URL that apt can read from, or a personal package archive.
fn is_location(text: &str) -> bool {
    let name = |text: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-+.".contains(c);
        !text.is_empty() && text.chars().all(allowed)
    };
    if let Some(archive) = text.strip_prefix("ppa:") {
        let parts = archive.split_once('/');
        return text.len() <= TEXT_MAX
            && parts.is_some_and(|(owner, archive)| name(owner) && name(archive));
    }
    let schemes = ["http://", "https://", "ftp://", "ftps://"];
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    let host = rest.and_then(|rest| rest.split(['/', '?']).next());
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '#';
    text.len() <= TEXT_MAX
        && text.chars().all(plain)
        && host.is_some_and(|host| host.chars().any(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom() -> PackageRepository {
        PackageRepository {
            name: "tools".to_owned(),
            url: "http://repo.example.com/apt".to_owned(),
            ..PackageRepository::blank(PackageRepositoryId(3), Timestamp::default())
        }
    }

    #[track_caller]
    fn check(repository: &PackageRepository, expected: &[(&str, &str)]) {
        let found = repository.check();
        let found: Vec<_> =
            found.iter().map(|found| (found.field, found.message.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_default_archives_are_what_a_repository_may_be() {
        let [main, ports] = PackageRepository::defaults();
        check(&main, &[]);
        check(&ports, &[]);
        check(&custom(), &[]);
        assert!(main.is_for("amd64") && !main.is_for("arm64") && ports.is_for("arm64"));
        assert!(main.is_default() && ports.is_default() && !custom().is_default());
        assert!(!PackageRepository { enabled: false, ..custom() }.is_for("amd64"));
    }

    #[test]
    fn locations_are_urls_and_personal_archives() {
        let at = |url: &str| PackageRepository { url: url.to_owned(), ..custom() };
        for url in ["https://[fd00::1]:80/x", "ftp://a", "ppa:owner/name", "http://a/?x"] {
            check(&at(url), &[]);
        }
        let message = [("url", "Enter a valid repository URL or PPA location.")];
        for url in ["", "x", "file:///etc", "http://", "http:///x", "http://a b", "http://a\nb"] {
            check(&at(url), &message);
        }
        for url in ["ppa:", "ppa:owner", "ppa:owner/", "ppa:owner/a b", "http://a#b", "http://a [x"]
        {
            check(&at(url), &message);
        }
    }

    #[test]
    fn only_words_that_are_known_are_taken() {
        let words = |words: &[&str]| owned(words);
        let arches = "'sparc' is not a valid architecture. Known architectures: amd64, arm64, armhf, i386, ppc64el, s390x";
        check(&PackageRepository { arches: words(&["sparc"]), ..custom() }, &[("arches", arches)]);
        let pockets = "'x' is not a valid Ubuntu archive pocket. You can only disable ['updates', 'security', 'backports'].";
        let disabled = words(&["security", "x"]);
        let other = PackageRepository { disabled_pockets: disabled, ..custom() };
        check(&other, &[("disabled_pockets", pockets)]);
        let line = "Enter at most 64 words.";
        let other = PackageRepository { components: words(&["main\ndeb x"]), ..custom() };
        check(&other, &[("components", line)]);
        let other = PackageRepository { distributions: words(&["jammy x"]), ..custom() };
        check(&other, &[("distributions", line)]);
        let long = PackageRepository { name: "x".repeat(42), ..custom() };
        check(&long, &[("name", "Ensure this value has at most 41 characters (it has 42).")]);
    }

    #[test]
    fn archives_of_ubuntu_and_others_are_changed_by_different_fields() {
        let [main, _] = PackageRepository::defaults();
        let universe = owned(&["universe"]);
        let other = PackageRepository { disabled_components: universe.clone(), ..custom() };
        let message = "This is a custom repository. Please update 'components' instead.";
        check(&other, &[("disabled_components", message)]);
        let archive = PackageRepository { components: universe, ..main.clone() };
        let message =
            "This is a default Ubuntu repository. Please update 'disabled_components' instead.";
        check(&archive, &[("components", message)]);
        let archive = PackageRepository { disabled_components: owned(&["main"]), ..main.clone() };
        let message = "'main' is not a valid Ubuntu archive component. You can only disable ['restricted', 'universe', 'multiverse'].";
        check(&archive, &[("disabled_components", message)]);
        let archive = PackageRepository { enabled: false, ..main };
        check(&archive, &[("__all__", "Default repositories may not be disabled.")]);
    }

    #[test]
    fn lines_have_what_is_left() {
        let [main, _] = PackageRepository::defaults();
        let archive = PackageRepository {
            disabled_components: owned(&["universe", "multiverse"]),
            disabled_pockets: owned(&["backports", "security"]),
            disable_sources: false,
            ..main
        };
        let at = "http://archive.ubuntu.com/ubuntu";
        let expected = [
            format!("deb {at} $RELEASE main restricted\n"),
            format!("deb-src {at} $RELEASE main restricted\n"),
            format!("deb {at} $RELEASE-updates main restricted\n"),
            format!("deb-src {at} $RELEASE-updates main restricted\n"),
        ];
        assert_eq!(archive.archive_lines(), expected.concat());
        let line = |distribution: &str, rest: &str| {
            (distribution.to_owned(), format!("deb http://repo.example.com/apt {rest}"))
        };
        assert_eq!(custom().lines(), [line("$RELEASE", "$RELEASE main")]);
        let other = PackageRepository {
            distributions: owned(&["jammy", "flat/"]),
            components: owned(&["a", "b"]),
            ..custom()
        };
        assert_eq!(other.lines(), [line("jammy", "jammy a b"), line("flat/", "flat/")]);
    }
}
