//! What an operator does in a shell, at a region: names that are completed, an editor, what is printed in which form, and exit
//! codes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::cluster::{Cluster, ironraft, succeeds};

/// A region with machines, zones, and a subnet with a range.
fn site() -> Cluster {
    let cluster = Cluster::single("127.0.187.1");
    let done = |line: &str| succeeds(command(&cluster, line));
    for zone in ["lab-1", "lab-2", "attic"] {
        done(&format!("zone create name={zone}"));
    }
    for (number, name) in [(1, "web-01"), (2, "web-02"), (3, "db-01")] {
        done(&format!(
            "machine create hostname={name} architecture=amd64/generic mac_addresses=52:54:00:00:00:0{number} \
             power_type=manual commission=false"
        ));
    }
    done("subnet create cidr=10.9.0.0/24 name=rows");
    done("ip-range create type=dynamic start_ip=10.9.0.100 end_ip=10.9.0.199 comment=pool");
    cluster
}

fn command(cluster: &Cluster, line: &str) -> Command {
    cluster.operator(0, &line.split_whitespace().collect::<Vec<_>>())
}

/// What a command says on standard error when it fails with a code.
#[track_caller]
fn fails(mut command: Command, code: i32) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{command:?}: {said}");
    said
}

#[test]
fn a_region_is_looked_after_from_a_shell() {
    let cluster = site();
    completion(&cluster);
    formats(&cluster);
    editor(&cluster);
    waiting(&cluster);
    explained(&cluster);
    older_commands(&cluster);
    exit_codes(&cluster);
}

fn completion(cluster: &Cluster) {
    let words = |words: &[&str]| {
        let words = [&["complete-words", "--"][..], words].concat();
        let mut found: Vec<String> =
            succeeds(cluster.operator(0, &words)).lines().map(str::to_owned).collect();
        found.sort_unstable();
        found
    };
    assert_eq!(words(&["zone", "describe", "la"]), ["lab-1", "lab-2"]);
    assert_eq!(words(&["zone", "delete", "attic,lab"]), ["attic,lab-1", "attic,lab-2"]);
    let machines = words(&["machine", "why", "web"]);
    assert!(machines.iter().all(|name| name.starts_with("web-0")), "{machines:?}");
    assert_eq!(machines.len(), 2, "{machines:?}");
    assert_eq!(words(&["subnet", "get", "ro"]), ["rows"]);
    // Nobody answers there: nothing is said, and nothing is printed that is no word.
    let mut nobody = cluster.operator(0, &["complete-words", "--", "zone", "get", ""]);
    nobody.env("IRONRAFT_ENDPOINTS", "http://127.0.187.99:5240");
    assert_eq!(succeeds(nobody), "");
}

fn formats(cluster: &Cluster) {
    let listed =
        |form: &str| succeeds(command(cluster, &format!("zone list lab-* --sort name -o {form}")));
    assert_eq!(listed("name"), "lab-1\nlab-2\n");
    assert_eq!(listed("template={name}:{description}"), "lab-1:-\nlab-2:-\n");
    let json: Value = serde_json::from_str(&listed("json")).unwrap();
    assert_eq!(json[1]["name"], "lab-2");
    let lines = listed("jsonl");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(lines), json);
    assert!(listed("yaml").contains("name: lab-1\n"), "{}", listed("yaml"));
    assert_eq!(listed("csv").lines().next(), Some("ID,NAME,DESCRIPTION"));
    assert_eq!(listed("tsv").lines().count(), 3);
    assert!(listed("table").lines().next().unwrap().contains("NAME"));
    assert!(listed("wide").lines().count() == 3);
    let columns =
        "machine list web-* --sort hostname --columns fqdn,since,age --no-headers -o table";
    let ages = succeeds(command(cluster, columns));
    for line in ages.lines() {
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells.len(), 3, "{ages}");
        assert!(cells[1..].iter().all(|age| age.ends_with(['s', 'm'])), "{ages}");
    }
    let headers = succeeds(command(cluster, "machine list -o table"));
    for header in ["SINCE", "OWNER", "AGE"] {
        assert!(headers.lines().next().unwrap().contains(header), "{headers}");
    }
    let used =
        succeeds(command(cluster, "subnet get rows --columns used,total --no-headers -o tsv"));
    assert_eq!(used, "0\t254\n");
}

/// An editor that does that to the file.
fn with_editor(cluster: &Cluster, name: &str, does: &str) -> PathBuf {
    let path = cluster.folder.path().join(name);
    fs::write(&path, format!("#!/bin/sh\n{does}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

fn editor(cluster: &Cluster) {
    let writes = with_editor(
        cluster,
        "writes",
        "sed -i 's/^description = .*/description = \"edited\"/' \"$1\"",
    );
    let edit = |words: &str, editor: &PathBuf| {
        let mut edit = command(cluster, &format!("zone edit {words}"));
        edit.env("EDITOR", editor).env_remove("VISUAL");
        edit
    };
    let plan = succeeds(edit("attic --plan", &writes));
    assert!(plan.contains("description: - → edited"), "{plan}");
    let differs = fails(edit("attic --check", &writes), 8);
    assert!(differs.contains("1 object would change"), "{differs}");
    let described = || succeeds(command(cluster, "zone get attic -o template={description}"));
    assert_eq!(described(), "-\n", "plans change nothing");
    succeeds(edit("attic", &writes));
    assert_eq!(described(), "edited\n");
    let again = edit("attic", &writes).output().unwrap();
    assert!(again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("nothing was changed"));
    let gives_up = with_editor(cluster, "gives-up", "exit 1");
    assert!(fails(edit("attic", &gives_up), 1).contains("nothing was changed"));
    let scribbles = with_editor(cluster, "scribbles", "echo 'name = ' > \"$1\"");
    assert!(fails(edit("attic", &scribbles), 2).contains("no TOML"));
    // Who changes it meanwhile is not overwritten.
    let key = &cluster.api_key;
    let address = &cluster.nodes[0].address;
    let overtaken = with_editor(
        cluster,
        "overtaken",
        &format!(
            "IRONRAFT_API_KEY='{key}' IRONRAFT_ENDPOINTS='http://{address}:5240' '{}' zone set attic \
             description=meanwhile >&2\nsed -i 's/^description = .*/description = \"late\"/' \"$1\"",
            env!("CARGO_BIN_EXE_ironraft"),
        ),
    );
    fails(edit("attic", &overtaken), 4);
    assert_eq!(described(), "meanwhile\n");
}

fn waiting(cluster: &Cluster) {
    let broken = "machine mark-broken web-01 comment=fan --yes --wait=broken -o name";
    assert_eq!(succeeds(command(cluster, broken)).lines().last(), Some("web-01.maas"));
    let settled = "machine mark-fixed web-01 --yes --wait";
    succeeds(command(cluster, settled));
    let late = "machine mark-broken web-02 comment=fan --yes --wait=deployed --timeout 1s";
    let said = fails(command(cluster, late), 1);
    assert!(said.contains("failed: web-02"), "{said}");
    let late = "zone set lab-1 description=x --wait=description:y --timeout 1s";
    assert!(fails(command(cluster, late), 6).contains("0 of 1"));
    let many = "zone set lab-* description=many --wait=description:many";
    succeeds(command(cluster, many));
}

fn explained(cluster: &Cluster) {
    succeeds(command(
        cluster,
        "reserved-ip create ip=10.9.0.17 mac_address=52:54:00:00:00:01 comment=printer",
    ));
    let told = succeeds(command(cluster, "ip explain 10.9.0.17"));
    assert!(told.contains("in subnet 10.9.0.0/24 (rows), VLAN 0 of fabric-"), "{told}");
    assert!(told.contains("DHCP keeps 10.9.0.17 for 52:54:00:00:00:01 (printer)"), "{told}");
    let told = succeeds(command(cluster, "ip explain 10.9.0.150"));
    assert!(told.contains("in the dynamic range 10.9.0.100 - 10.9.0.199 (pool)"), "{told}");
    assert!(told.contains("nobody has it"), "{told}");
    let told = succeeds(command(cluster, "mac explain 52-54-00-00-00-01 -o json"));
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["machines"][0]["hostname"], "web-01", "{told}");
    assert_eq!(told["reserved-ips"][0]["ip"], "10.9.0.17", "{told}");
    let told = succeeds(command(cluster, "mac explain 52:54:00:00:00:03"));
    assert!(told.contains("an interface of machine db-01.maas (New)"), "{told}");
    fails(command(cluster, "ip explain nowhere"), 2);
}

/// What had commands before there was the native API, and asks that now.
fn older_commands(cluster: &Cluster) {
    assert_eq!(succeeds(command(cluster, "dhcp leases -o name")), "");
    let told =
        succeeds(command(cluster, "dhcp leases --subnet 10.9.0.0/24 --state active -o json -v"));
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["leases"], Value::Array(Vec::new()));
    let explained = succeeds(command(
        cluster,
        "dhcp explain --mac 52:54:00:00:00:01 --vlan fabric-0 0 -o json",
    ));
    assert!(serde_json::from_str::<Value>(&explained).unwrap().is_object());

    succeeds(command(
        cluster,
        "user create username=alice email=a@example.com password=of-alice-before is_superuser=false",
    ));
    let mut set = command(cluster, "password alice");
    set.env("IRONRAFT_NEW_PASSWORD", "of-alice-now-1");
    succeeds(set);
    let mut wrong = command(cluster, "password");
    wrong.env("IRONRAFT_OLD_PASSWORD", "guessed").env("IRONRAFT_NEW_PASSWORD", "another-one-1");
    let refused = wrong.output().unwrap();
    assert!(!refused.status.success());
    assert!(!String::from_utf8_lossy(&refused.stderr).contains("another-one-1"));
    let mut nobody = command(cluster, "password nobody");
    nobody.env("IRONRAFT_NEW_PASSWORD", "another-one-1");
    fails(nobody, 3);

    let file = cluster.folder.path().join("image.tgz");
    // More than one part.
    fs::write(&file, vec![7_u8; 5_000_000]).unwrap();
    let upload =
        |name: &str| cluster.operator(0, &["image", "upload", name, file.to_str().unwrap(), "-v"]);
    let output = upload("custom/web").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    assert_eq!(told.matches("> PUT").count(), 2, "{told}");
    assert!(!told.contains("/MAAS/api/"), "only this API is asked: {told}");
    let again = upload("custom/web").output().unwrap();
    assert_eq!(String::from_utf8(again.stderr).unwrap().matches("> PUT").count(), 0, "it is there");
    let kernel = file.to_str().unwrap();
    let ephemeral = ["ephemeral", "upload", kernel, kernel, "--label", "test"];
    assert_eq!(succeeds(cluster.operator(0, &ephemeral)), "machines of amd64 boot test\n");
}

fn exit_codes(cluster: &Cluster) {
    fails(command(cluster, "zone list colour:red"), 2);
    fails(command(cluster, "zone get nope"), 3);
    fails(command(cluster, "machine release db-01 --yes"), 4);
    let mut denied = command(cluster, "zone list");
    denied.env("IRONRAFT_API_KEY", "a:b:c");
    fails(denied, 5);
    // One of them has to stay.
    fails(command(cluster, "zone delete lab-1,default --yes"), 7);
    fails(command(cluster, "zone set lab-2 description=other --check"), 8);
}

#[test]
fn several_clusters_are_kept_as_profiles() {
    let (first, second) = (Cluster::single("127.0.187.3"), Cluster::single("127.0.187.4"));
    succeeds(second.operator(0, &["zone", "create", "name=of-the-second"]));
    let home = tempfile::tempdir().unwrap();
    let at_home = |line: &str| {
        let mut command = ironraft(&line.split_whitespace().collect::<Vec<_>>());
        command.env("HOME", home.path()).env_remove("IRONRAFT_PROFILE");
        command
    };
    let login = |cluster: &Cluster, more: &str| {
        let mut login = at_home(&format!("login http://{}:5240 {more}", cluster.nodes[0].address));
        login.env("IRONRAFT_API_KEY", &cluster.api_key);
        succeeds(login)
    };
    assert!(login(&first, "--profile first").contains("profile first is in use"));
    let said = login(&second, "--profile second");
    assert!(said.contains("profile first stays in use"), "{said}");
    let listed = succeeds(at_home("profile list -o tsv"));
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(
        lines,
        [
            "NAME\tIN-USE\tREGIONS",
            "first\tyes\thttp://127.0.187.3:5240",
            "second\tno\thttp://127.0.187.4:5240",
        ]
    );
    assert!(!succeeds(at_home("profile list -o json")).contains(&first.api_key));
    let zones = |line: &str| succeeds(at_home(&format!("zone list of-* -o name {line}")));
    assert_eq!(zones(""), "");
    assert_eq!(zones("--profile second"), "of-the-second\n");
    let completed = "complete-words -- zone get --profile second of";
    assert_eq!(succeeds(at_home(completed)), "of-the-second\n");
    assert_eq!(succeeds(at_home("complete-words -- profile use s")), "second\n");
    let mut by_variable = at_home("zone list of-* -o name");
    by_variable.env("IRONRAFT_PROFILE", "second");
    assert_eq!(succeeds(by_variable), "of-the-second\n");
    succeeds(at_home("profile use second"));
    assert_eq!(zones(""), "of-the-second\n");
    assert!(succeeds(at_home("config view")).contains("http://127.0.187.4:5240"));
    succeeds(at_home("profile remove second"));
    fails(at_home("profile use second"), 3);
    fails(at_home("zone list --profile second"), 3);
    assert_eq!(succeeds(at_home("zone list of-* -o name --profile first")), "");
}
