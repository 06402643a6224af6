//! Imports point only downward: which crate of ours may name which.
//!
//! `region` and `rack` are two towers on one ground and meet only in `proto`. The table is the
//! whole rule; it is compared with what `cargo metadata` says, tests and build scripts included.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::finding::Finding;

/// The crates, lowest first, and what each may import.
const ALLOWED: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("identity", &[]),
    ("http-server", &[]),
    ("ntp", &[]),
    ("proto", &["model"]),
    ("dhcp", &["model"]),
    ("api", &["model"]),
    ("client", &["model", "api"]),
    ("oidc", &["model", "client"]),
    ("raft-store", &["proto", "identity"]),
    ("tables", &["model", "raft-store", "identity"]),
    ("ops", &["model", "dhcp", "api", "raft-store", "identity", "tables"]),
    ("images", &["model", "api", "raft-store", "identity", "tables", "ops"]),
    ("rest", &["model", "api", "oidc", "ops", "images"]),
    ("native", &["model", "api", "raft-store", "identity", "tables", "ops", "rest"]),
    ("web-ui", &["raft-store", "tables"]),
    (
        "region",
        &[
            "model",
            "proto",
            "api",
            "http-server",
            "raft-store",
            "identity",
            "tables",
            "ops",
            "images",
            "rest",
            "native",
            "web-ui",
            "ntp",
        ],
    ),
    ("rack", &["model", "proto", "dhcp", "http-server", "identity", "ntp"]),
    ("fuzz", &["model", "dhcp", "raft-store", "tables", "ops", "rest"]),
    ("agent", &["model", "api"]),
    (
        "ironraft",
        &[
            "model",
            "proto",
            "api",
            "client",
            "dhcp",
            "raft-store",
            "identity",
            "tables",
            "ops",
            "images",
            "rest",
            "native",
            "region",
            "rack",
            "agent",
            "ntp",
        ],
    ),
    ("store-node", &["identity", "raft-store"]),
    ("testkit", &["model", "api", "client"]),
    (
        "region-bench",
        &[
            "model",
            "api",
            "client",
            "proto",
            "identity",
            "raft-store",
            "tables",
            "ops",
            "region",
            "store-node",
            "testkit",
        ],
    ),
    ("net-bench", &["client", "store-node", "testkit", "region-bench"]),
    ("chaos-tests", &["model", "api", "client", "raft-store", "identity", "testkit", "store-node"]),
    ("xtask", &[]),
];

/// What the tests of a crate may import besides: the world around what they test.
const ALLOWED_IN_TESTS: &[(&str, &[&str])] =
    &[("rest", &["tables", "raft-store"]), ("native", &["client"]), ("fuzz", &["testkit"])];

/// What `cargo metadata` prints, as far as the rule needs it.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    packages: Vec<MetadataPackage>,
}

#[derive(Debug, Deserialize)]
struct MetadataPackage {
    name: String,
    manifest_path: String,
    dependencies: Vec<MetadataDependency>,
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct MetadataDependency {
    name: String,
    path: Option<String>,
    kind: Option<String>,
    features: Vec<String>,
}

/// A crate of ours with what it imports of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The crate's name.
    pub name: String,
    /// Its folder's name.
    pub folder: String,
    /// The crates of ours that it names, in any kind of dependency.
    pub dependencies: Vec<Dependency>,
    /// Its features, and what each brings along.
    pub features: BTreeMap<String, Vec<String>>,
}

/// A crate of ours as another one names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The crate's name.
    pub name: String,
    /// It is for tests only.
    pub dev: bool,
    /// The features that are asked for.
    pub features: Vec<String>,
}

/// Asks cargo for the workspace's packages.
///
/// # Errors
/// When cargo fails or prints what this does not understand.
pub fn metadata(root: &Path) -> anyhow::Result<Metadata> {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("cannot read the output of cargo metadata")
}

/// The packages of ours with their imports of ours.
///
/// # Errors
/// When a manifest has no folder.
pub fn packages(metadata: &Metadata) -> anyhow::Result<Vec<Package>> {
    let mut packages = Vec::new();
    for package in &metadata.packages {
        let folder = Path::new(&package.manifest_path)
            .parent()
            .and_then(Path::file_name)
            .with_context(|| format!("{} has no folder", package.manifest_path))?;
        let ours = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
        packages.push(Package {
            name: package.name.clone(),
            folder: folder.to_string_lossy().into_owned(),
            dependencies: ours.map(dependency).collect(),
            features: package.features.clone(),
        });
    }
    Ok(packages)
}

fn dependency(named: &MetadataDependency) -> Dependency {
    let dev = named.kind.as_deref() == Some("dev");
    Dependency { name: named.name.clone(), dev, features: named.features.clone() }
}

/// Compares the packages with the table.
#[must_use]
pub fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |package: &Package, rule, message| {
        let place = format!("{}/Cargo.toml", package.folder);
        findings.push(Finding { place, rule, message });
    };
    for package in packages {
        if package.folder != package.name {
            find(package, "folder is crate", format!("crate {} lies elsewhere", package.name));
        }
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
            find(package, "imports", format!("crate {} is not in the table", package.name));
            continue;
        };
        let in_tests = ALLOWED_IN_TESTS.iter().find(|(name, _)| *name == package.name);
        let in_tests = in_tests.map_or(&[][..], |(_, allowed)| *allowed);
        // A crate names itself to get its own testing feature in its tests.
        let foreign = |named: &&Dependency| named.name != package.name;
        for Dependency { name, dev, .. } in package.dependencies.iter().filter(foreign) {
            let name = name.as_str();
            let may = allowed.contains(&name) || (*dev && in_tests.contains(&name));
            if !may {
                find(package, "imports", format!("{} must not import {name}", package.name));
            }
        }
    }
    findings
}

/// Every crate takes the workspace's lints.
///
/// # Errors
/// When a manifest cannot be read.
pub fn check_manifests(root: &Path, metadata: &Metadata) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let path = Path::new(&package.manifest_path);
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let place = path.strip_prefix(root).unwrap_or(path).display().to_string();
        findings.extend(check_lints(&place, &text)?);
    }
    Ok(findings)
}

/// One manifest's lints.
///
/// # Errors
/// When the manifest is not TOML.
pub fn check_lints(place: &str, manifest: &str) -> anyhow::Result<Vec<Finding>> {
    let manifest: toml::Table = manifest.parse().with_context(|| format!("cannot read {place}"))?;
    let taken = manifest
        .get("lints")
        .and_then(|lints| lints.get("workspace"))
        .and_then(toml::Value::as_bool)
        .unwrap_or(false);
    if taken {
        return Ok(Vec::new());
    }
    let message = "[lints] workspace = true is missing".to_owned();
    Ok(vec![Finding { place: place.to_owned(), rule: "lints", message }])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Dependency, Package, check, check_lints};

    fn package(name: &str, folder: &str, imports: &[&str]) -> Package {
        let import =
            |name: &&str| Dependency { name: (*name).to_owned(), dev: false, features: Vec::new() };
        Package {
            name: name.to_owned(),
            folder: folder.to_owned(),
            dependencies: imports.iter().map(import).collect(),
            features: BTreeMap::new(),
        }
    }

    #[track_caller]
    fn found(package: Package) -> Vec<String> {
        check(&[package]).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn allowed_imports_pass() {
        assert!(found(package("rack", "rack", &["model", "proto", "dhcp"])).is_empty());
    }

    #[test]
    fn rack_must_not_import_region() {
        assert_eq!(
            found(package("rack", "rack", &["region"])),
            ["rack/Cargo.toml: rack must not import region (imports)"]
        );
    }

    #[test]
    fn the_rest_door_touches_tables_in_tests_only() {
        let mut rest = package("rest", "rest", &["model", "ops", "tables"]);
        assert_eq!(found(rest.clone()), ["rest/Cargo.toml: rest must not import tables (imports)"]);
        rest.dependencies[2].dev = true;
        assert!(found(rest).is_empty());
    }

    #[test]
    fn an_unknown_crate_is_found() {
        assert_eq!(
            found(package("common", "common", &[])),
            ["common/Cargo.toml: crate common is not in the table (imports)"]
        );
    }

    #[test]
    fn a_folder_with_another_name_is_found() {
        assert_eq!(
            found(package("rack", "racks", &[])),
            ["racks/Cargo.toml: crate rack lies elsewhere (folder is crate)"]
        );
    }

    #[test]
    fn a_manifest_without_lints_is_found() {
        let findings = check_lints("x/Cargo.toml", "[package]\nname = \"x\"\n").expect("toml");
        assert_eq!(findings.len(), 1);
        let taken = "[package]\nname = \"x\"\n[lints]\nworkspace = true\n";
        assert!(check_lints("x/Cargo.toml", taken).expect("toml").is_empty());
    }
}
