//! What is named like a secret is a `Secret`: a password that is a `String` gets into a log with
//! the first `{:?}`.

use super::Finding;

/// The folders whose fields are looked at.
const FOLDERS: &[&str] = &[
    "agent/src/",
    "api/src/",
    "ironraft/src/",
    "model/src/",
    "oidc/src/",
    "ops/src/",
    "rack/src/",
    "region/src/",
];

/// Words in the name of a field that holds a secret.
const WORDS: &[&str] =
    &["pass", "passphrase", "passwd", "password", "secret", "secrets", "token", "tokens"];

/// The last words of the name of a field that holds a secret.
const LAST_WORDS: &[&str] = &["key", "parameters"];

/// Types that print what they hold.
const PLAIN: &[&str] = &["String", "Vec<u8>", "Bytes", "BTreeMap<String, String>"];

/// Fields that are named so and may be seen by everybody: file and name, and what they are.
const PUBLIC: &[(&str, &str, &str)] = &[
    ("api/src/account.rs", "consumer_key", "names the consumer"),
    ("api/src/account.rs", "token_key", "names the token"),
    ("api/src/packagerepositories.rs", "key", "is a public key"),
    ("api/src/sshkeys.rs", "key", "is a public key"),
    ("api/src/sslkeys.rs", "key", "is a certificate"),
    ("oidc/src/document.rs", "token_endpoint", "is an address"),
    ("model/src/user.rs", "consumer_key", "names the consumer"),
    ("model/src/user.rs", "key", "names the token"),
];

/// Checks the fields that one file declares.
#[must_use]
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    if !FOLDERS.iter().any(|folder| path.starts_with(folder)) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some((name, kind)) = field(line) else { continue };
        let public = PUBLIC.iter().any(|(file, field, _)| *file == path && *field == name);
        if is_plain(kind) && is_secret(name) && !public {
            findings.push(Finding {
                place: format!("{path}:{}", number + 1),
                rule: "plain secret",
                message: format!("{name} is a {kind}; what is secret is a Secret"),
            });
        }
    }
    findings
}

/// The name and the type of the field that a line declares.
fn field(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.trim_start(),
        None => line,
    };
    let (name, kind) = line.strip_suffix(',')?.split_once(": ")?;
    let named = name.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_'));
    named.then_some((name, kind))
}

fn is_secret(name: &str) -> bool {
    let last = name.rsplit('_').next().unwrap_or(name);
    name == "user_data"
        || LAST_WORDS.contains(&last)
        || name.split('_').any(|word| WORDS.contains(&word))
}

fn is_plain(kind: &str) -> bool {
    let inner = kind.strip_prefix("Option<").and_then(|rest| rest.strip_suffix('>'));
    PLAIN.contains(&inner.unwrap_or(kind))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn plain_fields_with_the_names_of_secrets_are_found() {
        for line in [
            "    pub password: String,",
            "    pub(crate) api_key: String,",
            "    bmc_password: Option<String>,",
            "    pub user_data: Option<Vec<u8>>,",
            "    pub parameters: BTreeMap<String, String>,",
        ] {
            let findings = check("model/src/x.rs", line);
            assert_eq!(findings.len(), 1, "{line}");
            assert_eq!(findings[0].place, "model/src/x.rs:1");
        }
    }

    #[test]
    fn secrets_other_names_other_folders_and_public_keys_pass() {
        for line in ["    pub password: Secret,", "    pub name: String,", "    key: &str,"] {
            assert!(check("model/src/x.rs", line).is_empty(), "{line}");
        }
        assert!(check("chaos-tests/src/x.rs", "    token: String,").is_empty());
        assert!(check("model/src/user.rs", "    pub key: String,").is_empty());
    }
}
