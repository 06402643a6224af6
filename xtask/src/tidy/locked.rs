//! Crates that `deny.toml` bans are not in `Cargo.lock`.
//!
//! `cargo deny` checks this too, but needs to be installed; one TLS provider and one runtime are
//! worth a check that always runs.

use anyhow::Context;

use super::finding::Finding;

/// Compares the bans with the locked packages.
///
/// # Errors
/// When either text is not TOML.
pub fn check(deny: &str, lock: &str) -> anyhow::Result<Vec<Finding>> {
    let deny: toml::Table = deny.parse().context("cannot read deny.toml")?;
    let lock: toml::Table = lock.parse().context("cannot read Cargo.lock")?;
    let banned = names(deny.get("bans").and_then(|bans| bans.get("deny")), "crate");
    let locked = names(lock.get("package"), "name");
    let found = banned.into_iter().filter(|name| locked.contains(name));
    Ok(found
        .map(|name| Finding {
            place: "Cargo.lock".to_owned(),
            rule: "banned crates",
            message: format!("crate {name} is banned by deny.toml"),
        })
        .collect())
}

fn names(tables: Option<&toml::Value>, key: &str) -> Vec<String> {
    let tables = tables.and_then(toml::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    tables.iter().filter_map(|table| Some(table.get(key)?.as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_banned_crate_is_found() {
        let deny = "[bans]\ndeny = [{ crate = \"openssl\", reason = \"rustls\" }]\n";
        let lock = "[[package]]\nname = \"openssl\"\nversion = \"1.0.0\"\n";
        assert_eq!(check(deny, lock).expect("toml").len(), 1);
        assert!(check(deny, "").expect("toml").is_empty());
    }
}
