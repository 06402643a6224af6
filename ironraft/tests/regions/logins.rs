//! Keys that an operator comes by, and what commands print and how they end.

use std::fs::{self, File};
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::cluster::{Cluster, PASSWORD, ironraft, succeeds, wait_for};

/// What a command that fails with a code says.
#[track_caller]
fn fails(mut command: Command, code: i32) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(Some(code), status.code(), "{command:?}: {said}");
    said
}

/// Somebody with a profile of their own, who may be logged in or not.
fn with_profile(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = ironraft(arguments);
    command.env("IRONRAFT_PROFILE", folder.join("profile.toml"));
    command
}

#[test]
fn a_key_is_come_by_in_every_way_that_is_documented() {
    let cluster = Cluster::form(["127.0.162.1", "127.0.162.2", "127.0.162.3"]);
    let folder = tempfile::tempdir().unwrap();
    let url = "http://127.0.162.2:5240";
    let said = fails(with_profile(folder.path(), &["machine", "list"]), 5);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("run `ironraft login http://REGION:5240`"), "{said}");

    // On the host of a region, also of one that joined.
    let local = |arguments: &[&str]| {
        let mut command = ironraft(arguments);
        command.env("IRONRAFT_DATA_DIR", &cluster.nodes[1].data).env("HOME", folder.path());
        command
    };
    assert_eq!(succeeds(local(&["apikey"])).trim(), cluster.api_key);
    assert_eq!(succeeds(local(&["machine", "list", "-o", "json"])), "[]\n");
    fails(local(&["apikey", "nobody"]), 3);
    let second = succeeds(local(&["apikey", "admin", "--new", "laptop"]));
    assert_ne!(second.trim(), cluster.api_key);
    succeeds(local(&["login"]));
    let saved = fs::read_to_string(folder.path().join(".config/ironraft/profile.toml")).unwrap();
    for node in 1..=3 {
        assert!(saved.contains(&format!("http://127.0.162.{node}:5240")), "{saved}");
    }

    // Elsewhere: by a key from standard input, or by password.
    let key = folder.path().join("key");
    fs::write(&key, second).unwrap();
    let mut login = with_profile(folder.path(), &["login", url, "--api-key", "-"]);
    login.stdin(File::open(&key).unwrap());
    assert!(succeeds(login).starts_with("logged in as admin; saved in "));
    succeeds(with_profile(folder.path(), &["machine", "list"]));
    let by_password = |password: &str| {
        let mut login = with_profile(folder.path(), &["login", url, "--username", "admin"]);
        login.env("IRONRAFT_PASSWORD", password);
        login
    };
    succeeds(by_password(PASSWORD));
    let said = fails(by_password("wrong"), 5);
    assert!(said.contains("admin is wrong"), "{said}");
    let said = fails(with_profile(folder.path(), &["login", url, "--api-key", "a:b:c"]), 5);
    assert!(said.contains("ironraft login"), "{said}");
    // Without a terminal nobody is asked.
    let mut detached = Command::new("setsid");
    detached.arg("--wait").arg(env!("CARGO_BIN_EXE_ironraft")).args(["login", url]);
    let said = fails(detached, 2);
    assert!(said.contains("--api-key - or IRONRAFT_API_KEY"), "{said}");
}

#[test]
fn commands_end_with_the_code_that_is_documented() {
    let mut cluster = Cluster::form(["127.0.163.1", "127.0.163.2", "127.0.163.3"]);
    let with = |arguments: &[&str]| cluster.operator(0, arguments);
    succeeds(with(&["fabric", "create", "name=plant"]));
    let wrong = fails(with(&["subnet", "create", "cidr=x"]), 2);
    assert!(wrong.starts_with("ironraft: subnet create: cidr: "), "{wrong}");
    let missing = fails(with(&["fabric", "describe", "nope"]), 3);
    assert_eq!(
        missing,
        "ironraft: fabric describe nope: There is no fabric \"nope\" (try: ironraft fabric list)\n"
    );
    let machine = [
        "hostname=web",
        "architecture=amd64",
        "power_type=manual",
        "mac_addresses=52:54:00:00:00:08",
    ];
    succeeds(with(&[&["machine", "create"], &machine[..]].concat()));
    succeeds(with(&["machine", "abort", "web"]));
    let state = fails(with(&["machine", "deploy", "web"]), 4);
    assert!(state.starts_with("ironraft: machine deploy web: "), "{state}");
    let mut unknown = with(&["machine", "list"]);
    unknown.env("IRONRAFT_API_KEY", "a:b:c");
    fails(unknown, 5);

    succeeds(with(&["fabric", "create", "name=works"]));
    let partly = fails(with(&["fabric", "set", "plant", "works", "name=same"]), 7);
    assert!(partly.contains("1 of 2 were done, 1 were not (operation "), "{partly}");
    let of_both = succeeds(with(&["fabric", "set", "same", "fabric-0", "class_type=10g"]));
    assert_eq!(of_both.matches("\tdone\t").count(), 2, "{of_both}");
    succeeds(with(&["fabric", "set", "same", "class_type=10g", "--check"]));
    let differs = fails(with(&["fabric", "set", "same", "class_type=1g", "--check"]), 8);
    assert_eq!(differs, "ironraft: fabric set same: 1 object would change\n");
    assert_eq!(
        succeeds(with(&["fabric", "list", "name:same", "--columns", "class-type", "--no-headers"])),
        "10g\n"
    );
    let unasked = fails(with(&["fabric", "delete", "same"]), 2);
    assert!(unasked.contains("(try: --yes, or --plan to see it all)"), "{unasked}");
    succeeds(with(&["fabric", "delete", "same", "--yes"]));

    let data = cluster.nodes[2].data.clone();
    cluster.nodes[2].process.kill().unwrap();
    cluster.nodes[2].process.wait().unwrap();
    let mut away = ironraft(&["cluster", "status", "--data-dir"]);
    away.arg(data);
    fails(away, 6);
}

#[test]
fn an_interrupted_command_says_so() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let mut command = ironraft(&["machine", "list"]);
    command.env("IRONRAFT_ENDPOINTS", url).env("IRONRAFT_API_KEY", "a:b:c");
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let (_asked, _) = silent.accept().unwrap();
    let pid = process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let code = wait_for("the end", || process.try_wait().unwrap()).code();
    let mut said = String::new();
    process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(
        (code, said.as_str()),
        (Some(130), "ironraft: interrupted: what was sent may have been done\n")
    );
}

#[test]
fn answers_are_printed_in_every_format() {
    let cluster = Cluster::form(["127.0.164.1", "127.0.164.2", "127.0.164.3"]);
    let list = |arguments: &[&str]| {
        succeeds(cluster.operator(0, &[&["fabric", "list"], arguments].concat()))
    };
    assert_eq!(list(&[]), "ID\tNAME\tCLASS-TYPE\tDESCRIPTION\n0\tfabric-0\t-\t-\n");
    assert_eq!(list(&["-o", "csv"]), "ID,NAME,CLASS-TYPE,DESCRIPTION\n0,fabric-0,-,-\n");
    assert_eq!(list(&["-o", "name"]), "fabric-0\n");
    assert_eq!(list(&["-o", "table", "--no-headers"]).split_whitespace().count(), 4);
    assert_eq!(list(&["-o", "template={name} is {id}"]), "fabric-0 is 0\n");
    assert!(list(&["-o", "yaml"]).starts_with("- "));
    assert_eq!(list(&["-o", "jsonl"]).lines().count(), 1);
    assert!(list(&["-o", "wide", "--color", "always"]).starts_with('\u{1b}'));
    let refused = fails(cluster.operator(0, &["fabric", "list", "--columns", "nope"]), 2);
    assert!(refused.contains("there is no column `nope`"), "{refused}");

    // On a terminal there are colors, unless nobody wants them, and as many columns as it has.
    let on_terminal = |line: &str| {
        let mut script = Command::new("script");
        let line = format!("stty cols 40; {} {line}", env!("CARGO_BIN_EXE_ironraft"));
        script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).env_remove("COLUMNS");
        script
            .env("IRONRAFT_ENDPOINTS", "http://127.0.164.1:5240")
            .env("IRONRAFT_API_KEY", &cluster.api_key);
        script
    };
    let shown = succeeds(on_terminal("subnet list"));
    assert!(shown.contains('\u{1b}'), "{shown}");
    let mut plain = on_terminal("event list --limit 3");
    plain.env("NO_COLOR", "1");
    let shown = succeeds(plain);
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert!(shown.lines().all(|line| line.trim_end().chars().count() <= 40), "{shown}");

    let folder = tempfile::tempdir().unwrap();
    let profiles = folder.path().join("maas.toml");
    let mut login =
        ironraft(&["maas", "login", "admin", "http://127.0.164.1:5240/MAAS", &cluster.api_key]);
    login.env("IRONRAFT_MAAS_PROFILES", &profiles);
    succeeds(login);
    let mut maas = on_terminal("maas admin tags read");
    maas.env("IRONRAFT_MAAS_PROFILES", &profiles);
    let shown = succeeds(maas).replace('\r', "");
    assert_eq!(shown, "Success.\nMachine-readable output follows:\n[]\n");
}

#[test]
fn completions_and_manual_pages_are_made() {
    let script = succeeds(ironraft(&["completion", "bash"]));
    assert!(script.contains("complete-words"), "{script}");
    assert_eq!(succeeds(ironraft(&["complete-words", "--", "machi"])), "machine\n");
    assert!(succeeds(ironraft(&["man"])).contains(".TH ironraft 1"));
    let folder = tempfile::tempdir().unwrap();
    succeeds(ironraft(&["man", "--dir", folder.path().to_str().unwrap()]));
    let page = fs::read_to_string(folder.path().join("ironraft-subnet-create.1")).unwrap();
    assert!(page.contains("cidr"), "{page}");
}
