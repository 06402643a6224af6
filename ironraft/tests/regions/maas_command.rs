//! The command `maas` of this program at real regions, by what MAAS's documentation has people do.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::clients::program;
use crate::cluster::{Cluster, ironraft, succeeds, wait_for};

/// Somebody with profiles of their own.
struct Maas<'a>(&'a Path);

impl Maas<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = ironraft(&["maas"]);
        command.args(arguments).env("IRONRAFT_MAAS_PROFILES", self.0.join("maas.toml"));
        command
    }

    #[track_caller]
    fn done(&self, arguments: &str) -> String {
        succeeds(self.command(&arguments.split(' ').collect::<Vec<_>>()))
    }

    #[track_caller]
    fn json(&self, arguments: &str) -> Value {
        serde_json::from_str(&self.done(arguments)).unwrap()
    }

    /// What is printed on standard output and standard error by a command that fails with a code.
    #[track_caller]
    fn fails(&self, arguments: &str, code: i32) -> (String, String) {
        let words: Vec<&str> = arguments.split(' ').collect();
        let Output { status, stdout, stderr } = self.command(&words).output().unwrap();
        let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(Some(code), status.code(), "maas {arguments}: {stdout}{stderr}");
        (stdout, stderr)
    }
}

#[test]
fn what_the_documentation_of_maas_has_people_do_is_done() {
    let cluster = Cluster::form(["127.0.158.1", "127.0.158.2", "127.0.158.3"]);
    let folder = tempfile::tempdir().unwrap();
    let (maas, key) = (Maas(folder.path()), &cluster.api_key);
    let url = "http://127.0.158.1:5240/MAAS";
    let told = maas.done(&format!("login admin {url} {key}"));
    let expected = format!(
        "\nYou are now logged in to the MAAS server at\n{url}/api/2.0/ with the profile name 'admin'.\n\n\
         For help with the available commands, try:\n\n  maas admin --help\n\n"
    );
    assert_eq!(told, expected);
    assert_eq!(maas.done("list"), format!("admin {url}/api/2.0/ {key}\n"));

    assert_eq!(maas.done("admin machines read"), "[]");
    let subnet = maas.json("admin subnets create cidr=10.9.0.0/24 name=lab gateway_ip=10.9.0.1");
    assert_eq!(subnet["name"], "lab");
    let id = &subnet["id"];
    maas.done(&format!("admin subnet update {id} name=drives"));
    assert_eq!(maas.json(&format!("admin subnet read {id}"))["name"], "drives");
    maas.done(&format!(
        "admin ipranges create type=dynamic start_ip=10.9.0.100 end_ip=10.9.0.200 subnet={id}"
    ));
    maas.done("admin maas set-config name=upstream_dns value=10.9.0.53");
    assert_eq!(maas.done("admin maas get-config name=upstream_dns"), "\"10.9.0.53\"");
    let tag = maas.json("admin tags create name=bar comment=second definition=true()");
    assert_eq!(tag["name"], "bar");
    maas.done("admin tag delete bar");

    let machine = maas.json(
        "admin machines create hostname=web architecture=amd64 power_type=manual mac_addresses=52:54:00:00:00:09",
    );
    let id = machine["system_id"].as_str().unwrap();
    maas.done(&format!("admin machine abort {id}"));
    let (printed, _) = maas.fails(&format!("admin machine deploy {id}"), 2);
    assert!(!printed.is_empty(), "what the API says of it is printed where answers are");

    images(&maas, folder.path());
    refusals(&maas, &cluster);
    maas.done("refresh");
    maas.done("logout admin");
    assert_eq!(maas.done("list"), "");
}

fn images(maas: &Maas<'_>, folder: &Path) {
    let content = folder.join("image.tgz");
    fs::write(&content, vec![7_u8; 5 << 20]).unwrap();
    let create = format!(
        "admin boot-resources create name=custom/web title=Web architecture=amd64/generic filetype=tgz content@={}",
        content.display()
    );
    assert_eq!(maas.done(&create), "");
    assert_eq!(maas.done(&create), "", "what is there already is not sent again");
    let images = maas.json("admin boot-resources read");
    assert_eq!(images.as_array().unwrap().len(), 1);
    let (printed, _) =
        maas.fails("admin boot-resources create name=custom/x architecture=amd64/generic", 2);
    assert_eq!(printed, "Missing content.\n");
    fs::write(&content, [0, 255, 10]).unwrap();
    maas.done(&format!("admin files create filename=notes file@={}", content.display()));
    let mut read = maas.command(&["admin", "files", "get", "filename=notes"]);
    assert_eq!(read.output().unwrap().stdout, [0, 255, 10]);
}

fn refusals(maas: &Maas<'_>, cluster: &Cluster) {
    let url = "http://127.0.158.2:5240/MAAS/api/2.0/";
    let (_, said) = maas.fails(&format!("login x {url} a:b:c"), 1);
    assert_eq!(said, "The MAAS server rejected your API key.\n");
    let (_, said) = maas.fails(&format!("login x {url} abc"), 2);
    assert!(said.ends_with("\nMalformed credentials string. Expected 3 colon-separated items.\n"));
    let (_, said) = maas.fails("login x http://127.0.158.9:5240/MAAS a:b:c", 2);
    assert!(said.starts_with("usage: maas [-h] COMMAND ...\n"), "{said}");
    let (printed, said) = maas.fails("admin machine read zzzzzz", 2);
    assert_eq!((printed.as_str(), said.as_str()), ("No Machine matches the given query.", ""));
    let (printed, said) = maas.fails("admin subnets create -d cidr=x", 2);
    assert!(printed.contains("\"cidr\""), "{printed}");
    assert!(said.starts_with("400 Bad Request\n\n"), "{said}");
    let (_, said) = maas.fails("admin machine explode abc", 2);
    assert!(said.contains("invalid choice: 'explode'"), "{said}");

    // From standard input, and by nobody.
    let mut login = maas.command(&["login", "second", url, "-"]);
    let key = cluster.folder.path().join("key");
    fs::write(&key, format!("{}\n", cluster.api_key)).unwrap();
    login.stdin(fs::File::open(&key).unwrap());
    succeeds(login);
    maas.done("second users whoami");
    maas.done("logout second");
    let mut login = maas.command(&["login", "nobody", url, ""]);
    login.env("COLUMNS", "80");
    succeeds(login);
    assert!(maas.done("nobody version read").contains("capabilities"));
    maas.done("logout nobody");
}

#[test]
fn commands_and_helps_are_made_by_the_rules_of_maas() {
    let cluster = Cluster::form(["127.0.159.1", "127.0.159.2", "127.0.159.3"]);
    let folder = tempfile::tempdir().unwrap();
    let url = "http://127.0.159.1:5240/MAAS/api/2.0/";
    Maas(folder.path()).done(&format!("login admin {url} {}", cluster.api_key));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/maas_help.py");
    let mut python = Command::new(program("python"));
    python.args(["-W", "ignore"]).arg(script).args([url, env!("CARGO_BIN_EXE_ironraft"), "admin"]);
    python.env("IRONRAFT_MAAS_PROFILES", folder.path().join("maas.toml"));
    let levels: usize = succeeds(python).trim().parse().unwrap();
    assert!(levels > 150, "{levels} levels");
}

#[test]
fn another_region_is_asked_when_one_is_killed() {
    let mut cluster = Cluster::form(["127.0.160.1", "127.0.160.2", "127.0.160.3"]);
    let folder = tempfile::tempdir().unwrap();
    let maas = Maas(folder.path());
    let urls = [1, 2, 3].map(|node| format!("http://127.0.160.{node}:5240/MAAS/"));
    maas.done(&format!("login admin {} {}", urls.join(","), cluster.api_key));
    cluster.nodes[0].process.kill().unwrap();
    cluster.nodes[0].process.wait().unwrap();
    assert_eq!(maas.done("admin machines read"), "[]");
    wait_for("a new leader", || {
        let tag = maas.command(&["admin", "tags", "create", "name=after"]).output().unwrap();
        tag.status.success().then_some(())
    });
    maas.done("admin tag update after comment=repeated");
    maas.done("admin tag delete after");
}

#[test]
fn a_description_that_is_old_is_refreshed() {
    let cluster = Cluster::form(["127.0.161.1", "127.0.161.2", "127.0.161.3"]);
    let folder = tempfile::tempdir().unwrap();
    let maas = Maas(folder.path());
    maas.done(&format!("login admin http://127.0.161.1:5240/MAAS {}", cluster.api_key));
    let file = folder.path().join("maas.toml");
    let before = fs::read_to_string(&file).unwrap();
    let line = before.lines().find(|line| line.starts_with("hash = ")).unwrap();
    fs::write(&file, before.replace(line, "hash = \"of-an-older-region\"")).unwrap();
    let older = r#"{"doc": "", "hash": "of-an-older-region", "handlers": [], "resources": [
        {"name": "VersionHandler", "anon": null, "auth": {"name": "VersionHandler", "doc": "Version.",
         "params": [], "path": "/MAAS/api/2.0/version/", "uri": "", "actions": [
            {"name": "read", "method": "GET", "op": null, "restful": true, "doc": "Read it."}]}}]}"#;
    fs::write(folder.path().join("maas-describe-ofanolderregion.json"), older).unwrap();
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    maas.fails("admin machines read", 2);
    maas.done("admin version read");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    assert!(!folder.path().join("maas-describe-ofanolderregion.json").exists());
    assert_eq!(maas.done("admin machines read"), "[]");
}
