//! What is made for tests stays out of what is shipped: the feature `testing` puts simulated
//! processes and deliberate defects into the store.
//!
//! Only dev-dependencies may ask for it, and crates that are tests themselves, which nothing that is
//! shipped may import. No other feature may bring it along. A build of the whole workspace unifies
//! features all the same, so what is shipped is built with `--package ironraft`.

use super::finding::Finding;
use super::imports::{Dependency, Package};

const FEATURE: &str = "testing";

/// The crates that are tests from end to end.
const TESTS: &[&str] = &["chaos-tests"];

/// Finds the crates that ask for it in what is shipped.
#[must_use]
pub fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |package: &Package, message| {
        let place = format!("{}/Cargo.toml", package.folder);
        findings.push(Finding { place, rule: "testing is for tests", message });
    };
    for package in packages {
        let is_test = TESTS.contains(&package.name.as_str());
        for dependency in package.dependencies.iter().filter(|it| !it.dev) {
            let Dependency { name, features, .. } = dependency;
            if !is_test && features.iter().any(|feature| feature == FEATURE) {
                find(package, format!("{name} with feature {FEATURE} is no dev-dependency"));
            }
            if TESTS.contains(&name.as_str()) {
                find(package, format!("{name} is a test and no dev-dependency"));
            }
        }
        for (feature, brings) in &package.features {
            if feature != FEATURE && brings.iter().any(|name| enables(name)) {
                find(package, format!("feature {feature} brings feature {FEATURE} along"));
            }
        }
    }
    findings
}

/// Whether an entry of a feature enables it, here or in a dependency (`raft-store/testing`).
fn enables(entry: &str) -> bool {
    entry.rsplit_once('/').map_or(entry, |(_, feature)| feature) == FEATURE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: Vec<Dependency>, features: &[(&str, &str)]) -> Package {
        let feature =
            |(name, brings): &(&str, &str)| ((*name).to_owned(), vec![(*brings).to_owned()]);
        Package {
            name: name.to_owned(),
            folder: name.to_owned(),
            dependencies,
            features: features.iter().map(feature).collect(),
        }
    }

    fn dependency(name: &str, dev: bool, features: &[&str]) -> Dependency {
        let features = features.iter().map(|feature| (*feature).to_owned()).collect();
        Dependency { name: name.to_owned(), dev, features }
    }

    #[track_caller]
    fn found(package: Package) -> Vec<String> {
        check(&[package]).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn tests_may_ask_for_it() {
        let dev = dependency("raft-store", true, &["testing"]);
        assert!(found(package("region", vec![dev], &[])).is_empty());
        let normal = dependency("raft-store", false, &["testing"]);
        assert!(found(package("chaos-tests", vec![normal], &[("testing", "dep:x")])).is_empty());
    }

    #[test]
    fn what_is_shipped_may_not() {
        let normal = dependency("raft-store", false, &["testing"]);
        assert_eq!(
            found(package("region", vec![normal], &[])),
            ["region/Cargo.toml: raft-store with feature testing is no dev-dependency \
              (testing is for tests)"]
        );
        let through = dependency("chaos-tests", false, &[]);
        assert_eq!(
            found(package("testkit", vec![through], &[])),
            ["testkit/Cargo.toml: chaos-tests is a test and no dev-dependency \
              (testing is for tests)"]
        );
    }

    #[test]
    fn no_other_feature_brings_it_along() {
        for brings in ["testing", "raft-store/testing", "raft-store?/testing"] {
            assert_eq!(
                found(package("region", vec![], &[("default", brings)])),
                ["region/Cargo.toml: feature default brings feature testing along \
                  (testing is for tests)"]
            );
        }
    }
}
