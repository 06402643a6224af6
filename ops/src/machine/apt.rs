//! Where a deployed system gets packages from, as cloud-init's module `apt` takes it: the archive of Ubuntu for a
//! system that is Ubuntu, and all other package repositories for its architecture.

use model::package_repository::PackageRepository;
use serde_json::{Map, Value, json};

/// The operating system whose archives are told.
const UBUNTU: &str = "ubuntu";

/// What is deployed, as far as its packages depend on it.
#[derive(Debug, Clone, Copy)]
pub struct System<'a> {
    /// The operating system, `ubuntu`.
    pub osystem: &'a str,
    /// The architecture and its kind, `amd64/generic`.
    pub architecture: &'a str,
}

/// The configuration of `apt`; empty where the system's own is all there is.
#[must_use]
pub fn config(
    system: System<'_>,
    repositories: &[PackageRepository],
    proxy: Option<&str>,
) -> Map<String, Value> {
    let mut apt = Map::new();
    let architecture = system.architecture.split('/').next().unwrap_or_default();
    let of_it = || repositories.iter().filter(|repository| repository.is_for(architecture));
    let mut sources = Map::new();
    if system.osystem == UBUNTU
        && let Some(archive) = of_it().find(|repository| repository.is_default())
    {
        add_archive(&mut apt, &mut sources, archive);
    }
    for repository in of_it().filter(|repository| !repository.is_default()) {
        add_repository(&mut sources, repository);
    }
    if !sources.is_empty() {
        apt.insert("sources".to_owned(), sources.into());
    }
    if let Some(proxy) = proxy {
        apt.insert("proxy".to_owned(), json!(proxy));
    }
    // Without it, the archives of the image would be replaced by what cloud-init thinks they are.
    if system.osystem != UBUNTU && !apt.is_empty() {
        apt.insert("preserve_sources_list".to_owned(), json!(true));
    }
    apt
}

fn add_archive(
    apt: &mut Map<String, Value>,
    sources: &mut Map<String, Value>,
    archive: &PackageRepository,
) {
    let everywhere = json!([{ "arches": ["default"], "uri": archive.url }]);
    apt.insert("preserve_sources_list".to_owned(), json!(false));
    apt.insert("primary".to_owned(), everywhere.clone());
    apt.insert("security".to_owned(), everywhere);
    // cloud-init's own lines have all components, and no sources.
    if archive.disabled_components.is_empty() && archive.disable_sources {
        if !archive.disabled_pockets.is_empty() {
            apt.insert("disable_suites".to_owned(), json!(archive.disabled_pockets));
        }
    } else {
        apt.insert("sources_list".to_owned(), json!(archive.archive_lines()));
    }
    if !archive.signing.is_empty() {
        sources.insert("archive_key".to_owned(), json!({ "key": archive.signing }));
    }
}

fn add_repository(sources: &mut Map<String, Value>, repository: &PackageRepository) {
    let name = file_name(&repository.name);
    let mut add = |id: String, source: &str| {
        let mut entry = Map::new();
        entry.insert("source".to_owned(), json!(source));
        entry.insert("filename".to_owned(), json!(format!("{id}.list")));
        if !repository.signing.is_empty() {
            entry.insert("key".to_owned(), json!(repository.signing));
        }
        sources.insert(id, entry.into());
    };
    if repository.url.starts_with("ppa:") {
        add(format!("{}_{name}", repository.id), &repository.url);
        return;
    }
    for (number, (_, line)) in repository.lines().iter().enumerate() {
        add(format!("{}_{name}_{number}", repository.id), line);
    }
}

/// A name that stays in its folder.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' };
    name.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use model::id::PackageRepositoryId;
    use model::time::Timestamp;

    use super::*;

    const UBUNTU_ON_AMD64: System<'_> = System { osystem: UBUNTU, architecture: "amd64/generic" };

    fn custom() -> PackageRepository {
        PackageRepository {
            name: "../tools".to_owned(),
            url: "http://repo.example.com/apt".to_owned(),
            signing: "a key".to_owned(),
            ..PackageRepository::blank(PackageRepositoryId(3), Timestamp::default())
        }
    }

    fn of(system: System<'_>, repositories: &[PackageRepository]) -> Value {
        Value::Object(config(system, repositories, None))
    }

    #[test]
    fn ubuntu_is_told_the_archive_of_its_architecture() {
        let archives = PackageRepository::defaults();
        let everywhere = |uri: &str| json!([{ "arches": ["default"], "uri": uri }]);
        let main = everywhere("http://archive.ubuntu.com/ubuntu");
        let expected = json!({ "preserve_sources_list": false, "primary": main, "security": main });
        assert_eq!(of(UBUNTU_ON_AMD64, &archives), expected);
        let arm = System { architecture: "arm64/generic", ..UBUNTU_ON_AMD64 };
        let ports = everywhere("http://ports.ubuntu.com/ubuntu-ports");
        assert_eq!(of(arm, &archives)["primary"], ports);
    }

    #[test]
    fn what_is_switched_off_is_left_out() {
        let [main, _] = PackageRepository::defaults();
        let pockets = vec!["backports".to_owned()];
        let archive = PackageRepository { disabled_pockets: pockets, ..main };
        let told = of(UBUNTU_ON_AMD64, std::slice::from_ref(&archive));
        assert_eq!(told["disable_suites"], json!(["backports"]));
        let components = vec!["universe".to_owned()];
        let archive = PackageRepository { disabled_components: components, ..archive };
        let told = of(UBUNTU_ON_AMD64, std::slice::from_ref(&archive));
        assert_eq!(told["sources_list"], archive.archive_lines());
        let off = PackageRepository { enabled: false, ..custom() };
        assert_eq!(of(UBUNTU_ON_AMD64, &[off]), json!({}));
    }

    #[test]
    fn every_system_is_told_the_other_repositories_and_keeps_its_own() {
        let debian = System { osystem: "debian", ..UBUNTU_ON_AMD64 };
        let [main, ports] = PackageRepository::defaults();
        assert_eq!(of(debian, &[main.clone(), ports]), json!({}));
        let personal = PackageRepository {
            id: PackageRepositoryId(4),
            url: "ppa:owner/name".to_owned(),
            signing: String::new(),
            ..custom()
        };
        let source = "deb http://repo.example.com/apt $RELEASE main";
        let expected = json!({
            "preserve_sources_list": true,
            "sources": {
                "3____tools_0": { "source": source, "filename": "3____tools_0.list", "key": "a key" },
                "4____tools": { "source": "ppa:owner/name", "filename": "4____tools.list" },
            },
        });
        assert_eq!(of(debian, &[main, custom(), personal]), expected);
        let arm = System { architecture: "arm64/generic", ..debian };
        assert_eq!(of(arm, &[custom()]), json!({}));
    }
}
