//! MAAS's own CLI makes its commands of the description of the API: what it takes for granted in it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::clients::reads::{each_reads, reads};
use crate::harness::{By, Region};

const HANDLER: &str = "name:text doc:text path:text uri:text params:texts actions:list";
const ACTION: &str = "name:text method:text op:text? restful:flag doc:text";

/// The name of the command that it makes of a handler: `vlans` of `VlansHandler`, `boot-source` of `BootSourceHandler`.
fn command(handler: &str) -> String {
    let name = handler.trim_start_matches("Anon").trim_end_matches("Handler");
    let mut command = String::new();
    for (at, letter) in name.char_indices() {
        let after_small = name[..at].ends_with(|before: char| before.is_lowercase());
        if letter.is_uppercase() && after_small {
            command.push('-');
        }
        command.extend(letter.to_lowercase());
    }
    command
}

#[tokio::test]
async fn the_description_has_all_that_commands_are_made_of() {
    let region = Region::start().await;
    let answer = region.get(By::Nobody, "describe/").await.assert(200);
    assert_eq!(answer.headers["content-type"], "application/json", "it compares the text");
    let described = answer.json();
    reads(&described, "doc:text hash:text handlers:list resources:list");
    assert_eq!(answer.headers["x-maas-api-hash"], described["hash"].as_str().unwrap());
    assert_eq!(described["hash"].as_str().unwrap().len(), 40);

    let mut commands = BTreeSet::new();
    let mut handlers = 0;
    for resource in described["resources"].as_array().unwrap() {
        reads(resource, "name:text anon:map? auth:map?");
        for side in ["anon", "auth"] {
            let handler = &resource[side];
            if handler.is_null() {
                continue;
            }
            handlers += 1;
            assert!(described["handlers"].as_array().unwrap().contains(handler));
            check(handler);
        }
        let whole = if resource["auth"].is_null() { &resource["anon"] } else { &resource["auth"] };
        assert!(commands.insert(command(whole["name"].as_str().unwrap())), "{resource}");
    }
    assert_eq!(described["handlers"].as_array().unwrap().len(), handlers);
    for expected in
        ["machines", "machine", "vlans", "boot-source-selections", "dnsresource", "sshkeys", "maas"]
    {
        assert!(commands.contains(expected), "{expected} in {commands:?}");
    }
}

#[track_caller]
fn check(handler: &Value) {
    reads(handler, HANDLER);
    each_reads(&handler["actions"], ACTION);
    let path = handler["path"].as_str().unwrap();
    assert!(path.starts_with("/MAAS/api/2.0/"), "{path}");
    assert!(handler["uri"].as_str().unwrap().ends_with(path), "{handler}");
    assert!(!handler["doc"].as_str().unwrap().is_empty(), "{path} says what it is for");
    // It formats the path with its positional arguments, in this order.
    let placeholders: Vec<&str> =
        path.split('{').skip(1).map(|part| part.split('}').next().unwrap()).collect();
    let params: Vec<&str> =
        handler["params"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(params, placeholders);
    let mut names = BTreeSet::new();
    for action in handler["actions"].as_array().unwrap() {
        let name = action["name"].as_str().unwrap();
        assert!(names.insert(name), "{path} has {name} twice");
        assert_eq!(action["restful"].as_bool().unwrap(), action["op"].is_null(), "{path} {name}");
        assert!(!action["doc"].as_str().unwrap().is_empty(), "{path} {name}");
        let by_method = match action["method"].as_str().unwrap() {
            "GET" => "read",
            "POST" => "create",
            "PUT" => "update",
            "DELETE" => "delete",
            other => panic!("{other} is no method of MAAS"),
        };
        assert_eq!(name, action["op"].as_str().unwrap_or(by_method));
    }
}

#[tokio::test]
async fn what_is_refused_by_name_can_be_sent() {
    let region = Region::start().await;
    let described = region.get(By::Nobody, "describe/").await.json();
    let resources = described["resources"].as_array().unwrap();
    let machine = resources.iter().find(|one| one["name"] == "MachineHandler").unwrap();
    let actions = machine["auth"]["actions"].as_array().unwrap();
    let commission = actions.iter().find(|action| action["name"] == "commission").unwrap();
    let doc = commission["doc"].as_str().unwrap();
    // Without such a line it takes no `name=value` at all, and so no `testing_scripts=none`.
    assert!(doc.contains("\n:param testing_scripts: Refused. "), "{doc}");
}
