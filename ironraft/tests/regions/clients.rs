//! Clients of MAAS's API as they are on `PyPI`, at real regions: python-libmaas, its command `maas`, and maas-api.
//! `deploy/maas-clients` installs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::cluster::{Cluster, PASSWORD, succeeds};
use crate::rest::Rest;

/// What stands in the folder of the clients' programs.
pub(crate) fn program(name: &str) -> PathBuf {
    let home = PathBuf::from(std::env::var_os("HOME").unwrap());
    let program = home.join(".cache/ironraft/maas-clients/bin").join(name);
    assert!(program.exists(), "{} is missing: deploy/setup installs it", program.display());
    program
}

#[test]
fn the_libraries_read_make_change_and_delete_every_kind_that_they_know() {
    let cluster = Cluster::form(["127.0.147.1", "127.0.147.2", "127.0.147.3"]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    // Each at another region: they are one.
    let scripts = [
        (0, "access.py"),
        (1, "networks.py"),
        (2, "site.py"),
        (0, "nodes.py"),
        (1, "by_description.py"),
        (2, "openapi.py"),
    ];
    for (node, script) in scripts {
        let url = format!("http://{}:5240/MAAS/", cluster.nodes[node].address);
        let mut python = Command::new(program("python"));
        python.args(["-W", "ignore"]).arg(folder.join(script));
        python.args([&url, &cluster.api_key, PASSWORD]).env("HOME", cluster.folder.path());
        succeeds(python);
    }
}

/// The command `maas`, with profiles of its own.
struct Maas<'a>(&'a Cluster);

impl Maas<'_> {
    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(program("maas"));
        command.args(arguments.split(' ')).env("HOME", self.0.folder.path());
        command.env("PYTHONWARNINGS", "ignore").stdin(Stdio::null());
        command
    }

    #[track_caller]
    fn done(&self, arguments: &str) -> String {
        succeeds(self.command(arguments))
    }

    /// What each of some commands prints, which run beside each other.
    #[track_caller]
    fn tell(&self, expected: &[(&str, &[&str])]) {
        let start = |arguments: &str| {
            let mut command = self.command(arguments);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let started: Vec<_> = expected.iter().map(|(arguments, _)| start(arguments)).collect();
        for ((arguments, words), child) in expected.iter().zip(started) {
            let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
            let printed = String::from_utf8(stdout).unwrap();
            let errors = String::from_utf8_lossy(&stderr);
            assert!(status.success(), "maas {arguments}: {printed}{errors}");
            for word in *words {
                assert!(printed.contains(word), "{word} is not in maas {arguments}:\n{printed}");
            }
        }
    }
}

/// One object of each kind.
async fn furnish(rest: &Rest) {
    for (path, form) in [
        ("spaces/", &[("name", "storage")][..]),
        ("fabrics/", &[("name", "plant")]),
        ("fabrics/plant/vlans/", &[("vid", "101"), ("name", "disks"), ("space", "storage")]),
        ("subnets/", &[("cidr", "10.20.0.0/24"), ("name", "drives"), ("vlan", "3")]),
        ("tags/", &[("name", "fast"), ("comment", "enough")]),
        ("devices/", &[("hostname", "printer"), ("mac_addresses", "52:54:00:00:01:01")]),
        (
            "machines/",
            &[
                ("hostname", "web"),
                ("architecture", "amd64"),
                ("power_type", "manual"),
                ("mac_addresses", "52:54:00:00:00:01"),
            ],
        ),
        (
            "machines/",
            &[
                ("hostname", "old"),
                ("architecture", "amd64"),
                ("power_type", "manual"),
                ("mac_addresses", "52:54:00:00:00:02"),
                ("deployed", "true"),
            ],
        ),
    ] {
        let answer = rest.post(path, form).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn the_command_maas_logs_in_lists_every_kind_and_acts_on_machines() {
    let cluster = Cluster::form(["127.0.148.1", "127.0.148.2", "127.0.148.3"]);
    furnish(&Rest::new("127.0.148.2", &cluster.api_key)).await;
    let maas = Maas(&cluster);
    let key = &cluster.api_key;
    let as_admin = format!("login -p admin http://127.0.148.1:5240/MAAS/ admin {PASSWORD}");
    assert!(maas.done(&as_admin).contains("You are logged in"));
    maas.done(&format!("login -p key --apikey {key} http://127.0.148.3:5240/MAAS/api/2.0/"));
    maas.done("login -p nobody --anonymous http://127.0.148.1:5240/MAAS/");
    let wrong = maas.command("login -p x http://127.0.148.1:5240/MAAS/ admin wrong");
    assert!(!{ wrong }.status().unwrap().success());
    let profiles = maas.done("profiles --format csv");
    for name in ["admin", "key", "nobody"] {
        assert!(profiles.contains(name), "{profiles}");
    }
    maas.done("logout nobody");
    maas.done("switch admin");
    maas.done("profiles --refresh");

    maas.tell(&[
        ("machines", &["web", "Commissioning", "old", "Deployed", "admin"]),
        ("machines --owned", &["old"]),
        ("machine web", &["Commissioning", "manual", "1 physical", "default"]),
        ("nodes", &["web", "Machine", "printer", "Device", "r3", "Regiond"]),
    ]);
    maas.tell(&[
        ("node printer", &["printer", "Device", "admin"]),
        ("devices", &["printer", "admin"]),
        ("device printer", &["1 physical"]),
        ("controllers --profile key", &["r1", "r2", "r3"]),
    ]);
    maas.tell(&[
        ("controller r2", &["Regiond"]),
        ("fabrics", &["fabric-0", "plant", "untagged", "101", "storage", "10.20.0.0/24 (drives)"]),
        ("fabric plant", &["101", "10.20.0.0/24 (drives)"]),
        ("spaces", &["storage", "(undefined)"]),
    ]);
    maas.tell(&[
        ("space storage", &["10.20.0.0/24 (drives)"]),
        ("subnets --format json", &["10.20.0.0/24 (drives)", "plant", "storage"]),
        ("subnet drives", &["Active", "RFC 2317"]),
        ("vlans plant", &["untagged", "101"]),
    ]);
    maas.tell(&[
        ("vlan plant untagged", &["1500", "Disabled"]),
        ("tags", &["fast", "enough"]),
        ("files", &["File name"]),
        ("help commands --no-pager", &["deploy"]),
    ]);
    for (act, told) in [
        ("abort web", "Aborted"),
        ("mark-broken web --comment dusty", "Marked broken"),
        ("mark-fixed web", "Marked fixed"),
        ("commission --no-wait web", "Commissioning"),
        ("release old", "Released"),
    ] {
        assert!(maas.done(act).contains(told), "{act}");
    }
    maas.tell(&[("machines", &["web", "Commissioning", "old", "New"])]);
}
