//! What is shown without asking anybody.

use super::*;

fn profile() -> Profile {
    Profile {
        urls: vec!["http://10.0.0.1:5240/MAAS/api/2.0/".to_owned()],
        api_key: Some("a:b:c".into()),
        cacerts: None,
        hash: rest::describe::DESCRIPTION.hash.clone(),
    }
}

fn profiles() -> Profiles {
    let mut profiles = Profiles::default();
    profiles.profiles.insert("admin".to_owned(), profile());
    profiles
}

/// How a command ends that asks nobody.
fn end(arguments: &str) -> End {
    let profiles = profiles();
    let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
    let outcome = decide(&top("maas", Some(&profiles)), &profiles, &arguments);
    outcome.expect_err("it asks a region")
}

#[track_caller]
fn help(arguments: &str) -> String {
    match end(arguments) {
        End::Help(text) => text,
        other => panic!("{arguments}: {other:?}"),
    }
}

#[track_caller]
fn refused(arguments: &str) -> (String, String) {
    match end(arguments) {
        End::Usage(help, message) => (help.lines().next().unwrap_or_default().to_owned(), message),
        other => panic!("{arguments}: {other:?}"),
    }
}

#[test]
fn every_level_has_help() {
    insta::assert_snapshot!("top", help("--help"));
    insta::assert_snapshot!("login", help("login -h"));
    insta::assert_snapshot!("profile", help("admin --help"));
    insta::assert_snapshot!("handler", help("admin subnets --help"));
    insta::assert_snapshot!("action", help("admin subnet update --help"));
}

#[test]
fn what_nobody_takes_is_refused_by_the_level_that_should() {
    let (usage, message) = refused("admin machines nonsense");
    assert_eq!(usage, "usage: maas admin machines [-h] COMMAND ...");
    assert!(message.starts_with("argument COMMAND: invalid choice: 'nonsense' (choose from '"));
    let (usage, message) = refused("nobody");
    assert_eq!(usage, "usage: maas [-h] COMMAND ...");
    assert!(message.ends_with("(choose from 'login', 'logout', 'list', 'refresh', 'admin')"));
    assert_eq!(refused("admin").1, "too few arguments");
    let (usage, message) = refused("admin machine read");
    assert_eq!(usage, "usage: maas admin machine read [--help] [-d] [-k] system_id");
    assert_eq!(message, "the following arguments are required: system_id");
    let (usage, message) = refused("admin machine read abc x=1");
    assert_eq!(usage, "usage: maas [-h] COMMAND ...", "nothing is described that it takes");
    assert_eq!(message, "unrecognized arguments: x=1");
    let End::Said(line) = end("admin subnets create cidr") else { panic!("a line is said") };
    assert_eq!(line, "'cidr' is not a name=value or name@=filename pair");
}

#[test]
fn the_program_is_known_by_its_name() {
    for (program, is_maas) in [("maas", true), ("/usr/bin/maas", true), ("./ironraft", false)] {
        assert_eq!(is_called(program), is_maas, "{program}");
    }
}
