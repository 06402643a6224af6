//! The API over TLS: a certificate that a region made itself, one that takes its place without a restart, and one that
//! cannot.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cluster::{Node, ironraft, run, run_with, succeeds, wait_for};
use crate::rest::Rest;

const ADDRESS: &str = "127.0.58.1";

/// A node with a certificate, and its administrator's key.
fn init(folder: &Path, name: &str) -> (PathBuf, String) {
    let data = folder.join(name);
    let mut init = ironraft(&["region", "init", "--address", ADDRESS, "--tls-self-made"]);
    init.arg("--data-dir").arg(&data);
    let printed = succeeds(init);
    let line = printed.lines().find(|line| line.starts_with("api key")).unwrap();
    (data, line.split_whitespace().last().unwrap().to_owned())
}

/// An operator who trusts the certificate in a file.
fn operator(api_key: &str, trusted: &Path, arguments: &[&str]) -> Command {
    let mut command = ironraft(arguments);
    command
        .env("IRONRAFT_ENDPOINTS", format!("https://{ADDRESS}:5443"))
        .env("IRONRAFT_API_KEY", api_key)
        .env("IRONRAFT_CA", trusted);
    command
}

fn hang_up(node: &Node) {
    let pid = node.process.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
}

fn works(api_key: &str, trusted: &Path) -> bool {
    operator(api_key, trusted, &["user", "list"]).output().unwrap().status.success()
}

fn replace(from: &Path, to: &Path) {
    for file in ["key.pem", "certificate.pem"] {
        fs::copy(from.join("tls").join(file), to.join("tls").join(file)).unwrap();
    }
}

#[test]
fn a_certificate_is_replaced_while_the_api_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let (data, key) = init(folder.path(), "r1");
    let (other, _) = init(folder.path(), "other");
    let old = folder.path().join("old.pem");
    fs::copy(data.join("tls/certificate.pem"), &old).unwrap();
    let new = other.join("tls/certificate.pem");

    let node = run(ADDRESS, &data);
    wait_for("the API over TLS", || works(&key, &old).then_some(()));
    succeeds(operator(&key, &old, &["fabric", "create", "name=over-tls"]));
    assert!(!works(&key, &new), "a certificate that is not trusted is refused");

    replace(&other, &data);
    hang_up(&node);
    wait_for("the new certificate", || works(&key, &new).then_some(()));
    assert!(!works(&key, &old), "the old one is not shown any more");

    fs::write(data.join("tls/certificate.pem"), "nothing").unwrap();
    hang_up(&node);
    wait_for("what is said of a bad file", || {
        let log = fs::read_to_string(data.with_extension("log")).unwrap();
        log.contains("the certificate of the API stays as it was").then_some(())
    });
    assert!(works(&key, &new), "what was in use stays");
    drop(node);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_serves_the_api_over_tls_only_goes_on_serving_machines_without() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("r1");
    let address = "127.0.59.1";
    let mut init = ironraft(&["region", "init", "--address", address]);
    init.arg("--data-dir").arg(&data);
    let printed = succeeds(init);
    let key = printed.lines().find_map(|line| line.strip_prefix("api key")).unwrap().trim();
    let refused = ironraft(&["region", "run", "--tls-only", "--data-dir"]).arg(&data).output();
    let refused = String::from_utf8(refused.unwrap().stderr).unwrap();
    assert!(refused.contains("--tls-only wants a certificate"), "{refused}");

    let made = folder.path().join("made");
    let mut init = ironraft(&["region", "init", "--address", address, "--tls-self-made"]);
    init.arg("--data-dir").arg(&made);
    succeeds(init);
    let [certificate, private] =
        ["certificate.pem", "key.pem"].map(|file| made.join("tls").join(file));
    let (certificate, private) = (certificate.to_str().unwrap(), private.to_str().unwrap());
    let node =
        run_with(address, &data, &["--tls-cert", certificate, "--tls-key", private, "--tls-only"]);
    wait_for("the API over TLS", || {
        let mut command = ironraft(&["user", "list"]);
        command
            .env("IRONRAFT_ENDPOINTS", format!("https://{address}:5443"))
            .env("IRONRAFT_API_KEY", key)
            .env("IRONRAFT_CA", certificate);
        command.output().unwrap().status.success().then_some(())
    });
    let answer = Rest::new(address, key).get("users/").await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(answer.text.contains("over TLS only"), "{answer:?}");
    let metadata = reqwest::get(format!("http://{address}:5240/MAAS/metadata/")).await.unwrap();
    assert_ne!(metadata.status(), 403);
    let native = reqwest::get(format!("http://{address}:5240/api/v1/zones")).await.unwrap();
    assert_eq!(native.status(), 403);
    drop(node);
}

#[test]
fn a_region_without_tls_goes_on_after_a_hangup() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("r1");
    let mut init = ironraft(&["region", "init", "--address", "127.0.150.1"]);
    succeeds({
        init.arg("--data-dir").arg(&data);
        init
    });
    let mut node = run("127.0.150.1", &data);
    let log = || fs::read_to_string(data.with_extension("log")).unwrap();
    wait_for("a region that serves", || log().contains("serves http://").then_some(()));
    hang_up(&node);
    wait_for("what is said of it", || log().contains("SIGHUP: there is nothing").then_some(()));
    assert!(node.process.try_wait().unwrap().is_none(), "{}", log());
}
