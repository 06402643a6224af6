//! python-libmaas and its command `maas`, unmodified, in the lab: each takes a machine of its own from Ready to
//! Deployed and gives it back. `deploy/maas-clients` installs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use testkit::lab::slot::home;
use testkit::site::{self, IMAGE, Site};

#[tokio::test]
async fn python_libmaas_and_its_command_deploy_and_release_machines() {
    let binaries = site::binaries().expect("the binaries are built");
    let site = Site::build(&binaries, 1, 1, 2).await.expect("a site");
    let ids = site.make_ready().await.expect("machines that are Ready");
    let url = format!("{}/MAAS/", site.cluster.region_urls()[0]);
    let key = site.cluster.key().text();

    let shown = site.client.get(&format!("machines/{}/", ids[1])).await.expect("it is there");
    let hostname = shown["hostname"].as_str().expect("a name").to_owned();

    let by_library = life(&url, &key, &ids[0]);
    let by_command = tokio::task::spawn_blocking({
        let (url, key) = (url.clone(), key.clone());
        move || command_life(&url, &key, &hostname)
    });
    let by_library = tokio::task::spawn_blocking(|| printed(by_library)).await;
    assert!(by_library.expect("it ends").contains("released Ready"));
    by_command.await.expect("the command deploys and releases");
}

fn life(url: &str, key: &str, id: &str) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libmaas/life.py");
    let (osystem, series) = IMAGE;
    let mut python = Command::new(program("python"));
    python.arg(script).args([url, key, id, osystem, series]);
    python
}

/// `maas deploy` and `maas release`, which wait themselves.
fn command_life(url: &str, key: &str, hostname: &str) {
    let folder = tempfile::tempdir().expect("a folder for the profile");
    let maas = |arguments: &[&str]| {
        let mut command = Command::new(program("maas"));
        command.args(arguments).env("HOME", folder.path()).env("PYTHONWARNINGS", "ignore");
        printed(command)
    };
    maas(&["login", "-p", "lab", "--apikey", key, url]);
    let (osystem, series) = IMAGE;
    let deployed = maas(&["deploy", &format!("{osystem}/{series}"), hostname]);
    assert!(deployed.contains(&format!("Deployed {series} on {hostname}")), "{deployed}");
    let shown = maas(&["machine", hostname]);
    for word in ["Deployed", series, "ipmi", "admin"] {
        assert!(shown.contains(word), "{word} is not in\n{shown}");
    }
    assert!(maas(&["release", hostname, "--comment", "no longer wanted"]).contains("Released"));
    assert!(maas(&["machine", hostname]).contains("Ready"));
}

/// What stands in the folder of the clients' programs.
fn program(name: &str) -> PathBuf {
    let programs = home().expect("a home").join(".cache/ironraft/maas-clients/bin");
    let program = programs.join(name);
    assert!(program.exists(), "{} is missing: deploy/setup installs it", program.display());
    program
}

fn printed(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("it starts");
    let printed = String::from_utf8_lossy(&stdout).into_owned();
    let errors = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}: {printed}{errors}");
    printed
}
