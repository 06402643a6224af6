//! Snippets of DHCP configuration.

use serde_json::{Value, json};

use crate::harness::{Answer, By, Region};

/// A form with the field that is refused, and why.
type Refused<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

const MACHINE: [(&str, &str); 4] = [
    ("architecture", "amd64/generic"),
    ("mac_addresses", "52:54:00:00:01:01"),
    ("commission", "false"),
    ("hostname", "web"),
];

/// A region with subnets 1 (IPv4, with the dynamic range 1 and the reserved range 2), 2 (IPv4), 3 (IPv6).
async fn start() -> Region {
    let region = Region::start().await;
    for cidr in ["10.0.0.0/24", "10.1.0.0/24", "fd00::/64"] {
        region.post(By::Admin, "subnets/", &[("cidr", cidr)]).await.assert(200);
    }
    for (kind, first, last) in
        [("dynamic", "10.0.0.100", "10.0.0.200"), ("reserved", "10.0.0.2", "10.0.0.9")]
    {
        let form = [("type", kind), ("start_ip", first), ("end_ip", last), ("subnet", "1")];
        region.post(By::Admin, "ipranges/", &form).await.assert(200);
    }
    region
}

async fn create(region: &Region, form: &[(&str, &str)]) -> Answer {
    let mut all = vec![("name", "s"), ("value", "next-server 10.0.0.9;")];
    all.retain(|(known, _)| form.iter().all(|(name, _)| name != known));
    all.extend(form);
    region.post(By::Admin, "dhcp-snippets/", &all).await
}

#[tokio::test]
async fn a_snippet_has_maas_shape() {
    let region = start().await;
    let form = [("subnet", "10.1.0.0/24"), ("description", "d"), ("enabled", "false")];
    let answer = create(&region, &form).await.assert(200);
    let created = answer.json()["history"][0]["created"].as_str().unwrap().to_owned();
    assert!(created.contains(", ") && created.ends_with(" +0000"), "{created}");
    insta::assert_snapshot!(answer.text.replace(&created, "<date>"));
}

#[tokio::test]
async fn a_snippet_is_for_a_device_as_long_as_there_is_one() {
    let region = start().await;
    let form = [("hostname", "switch"), ("mac_addresses", "52:54:00:00:07:01")];
    let device = region.post(By::User, "devices/", &form).await.assert(200).json();
    let id = device["system_id"].as_str().unwrap();
    for (number, named) in ["switch", id].into_iter().enumerate() {
        let name = format!("for the switch {number}");
        let form = [("name", name.as_str()), ("node", named)];
        let made = create(&region, &form).await.assert(200).json();
        let node = &made["node"];
        assert_eq!((&node["system_id"], &node["node_type"]), (&json!(id), &json!(1)));
    }
    region.delete(By::User, &format!("devices/{id}/")).await.assert(204);
    assert_eq!(region.get(By::Admin, "dhcp-snippets/").await.json(), json!([]));
}

#[tokio::test]
async fn a_snippet_is_for_a_machine_a_subnet_a_range_or_all() {
    let region = start().await;
    let machine = region.post(By::Admin, "machines/", &MACHINE).await.assert(200).json();
    let id = machine["system_id"].as_str().unwrap();
    let scope = |found: &Value| {
        let node = found["node"]["system_id"].clone();
        (node, found["subnet"]["id"].clone(), found["global_snippet"].clone())
    };
    let made = create(&region, &[]).await.assert(200).json();
    assert_eq!(scope(&made), (Value::Null, Value::Null, json!(true)));
    let all: [(&[(&str, &str)], _); 6] = [
        (&[("node", "web")], (json!(id), Value::Null, json!(false))),
        (&[("subnet", "2")], (Value::Null, json!(2), json!(false))),
        (&[("node", id)], (json!(id), Value::Null, json!(false))),
        (&[("subnet", "1"), ("iprange", "1")], (Value::Null, json!(1), json!(false))),
        (&[("description", "d")], (Value::Null, json!(1), json!(false))),
        (&[("global_snippet", "true")], (Value::Null, Value::Null, json!(true))),
    ];
    for (form, want) in all {
        let changed = region.put(By::Admin, "dhcp-snippets/1/", form).await.assert(200).json();
        assert_eq!(scope(&changed), want, "{form:?}");
    }
}

#[tokio::test]
async fn a_snippet_has_one_scope() {
    let region = start().await;
    region.post(By::Admin, "machines/", &MACHINE).await.assert(200);
    let no_choice = "Select a valid choice. That choice is not one of the available choices.";
    let all: [Refused<'_>; 9] = [
        (
            &[("node", "web"), ("subnet", "1")],
            "__all__",
            "A DHCP snippet cannot be enabled on a node and subnet at the same time.",
        ),
        (
            &[("iprange", "1")],
            "__all__",
            "A DHCP snippet cannot be enabled on an iprange without a parent subnet",
        ),
        (
            &[("iprange", "1"), ("subnet", "2")],
            "__all__",
            "A DHCP snippet's IP Range must be within the parent subnet",
        ),
        (
            &[("iprange", "2"), ("subnet", "1")],
            "iprange",
            "No client gets an address of a reserved range: name a dynamic one.",
        ),
        (
            &[("global_snippet", "true"), ("subnet", "1")],
            "global_snippet",
            "A global DHCP snippet is for all clients: leave node, subnet and iprange out.",
        ),
        (&[("subnet", "3")], "subnet", "Racks serve DHCP for IPv4 only: name an IPv4 subnet."),
        (&[("subnet", "9")], "subnet", no_choice),
        (&[("iprange", "9"), ("subnet", "1")], "iprange", no_choice),
        (
            &[("node", "nobody")],
            "node",
            "Select a valid choice. nobody is not one of the available choices.",
        ),
    ];
    for (form, field, message) in all {
        create(&region, form).await.assert_field(field, message);
    }
    assert_eq!(region.get(By::User, "dhcp-snippets/").await.assert(200).json(), json!([]));
}

#[tokio::test]
async fn a_text_is_read_when_it_is_set() {
    let region = start().await;
    let none = region.post(By::Admin, "dhcp-snippets/", &[("description", "d")]).await.assert(400);
    assert_eq!(
        none.json(),
        json!({ "name": ["This field is required."], "value": ["This field is required."] })
    );
    for (value, message) in [
        ("option nosuch 1;", "line 1: `nosuch`: there is no such option"),
        (
            "\nmax-lease-time 3600;",
            "line 2: `3600`: lease times are from 60 to 600 seconds, because addresses are promised \
             so long",
        ),
        (
            "option dhcp-server-identifier 10.0.0.9;",
            "line 1: `dhcp-server-identifier`: cannot be set: it is the rack's address",
        ),
    ] {
        create(&region, &[("value", value)]).await.assert_field("value", message);
    }
    create(&region, &[]).await.assert(200);
    let bad = region.put(By::Admin, "dhcp-snippets/1/", &[("value", "zone x {}")]).await;
    let message = "line 1: `zone`: is not taken here: names of clients are in DNS without it";
    bad.assert_field("value", message);
    let kept = region.get(By::Admin, "dhcp-snippets/1/").await.json();
    assert_eq!(kept["value"], "next-server 10.0.0.9;");
}

#[tokio::test]
async fn options_that_a_global_snippet_defines_are_known_to_others() {
    let region = start().await;
    let uses = [("value", "option lab 10.0.0.1;"), ("subnet", "1")];
    let unknown = "line 1: `lab`: there is no such option";
    create(&region, &uses).await.assert_field("value", unknown);
    let define = [("value", "option lab code 230 = ip-address;")];
    create(&region, &define).await.assert(200);
    let used = create(&region, &uses).await.assert(200).json();
    let other = create(&region, &[("value", "option lab code 231 = text;")]).await;
    other.assert_field("value", "line 1: `lab`: is defined as code 230 of another type already");
    let defining = used["id"].as_u64().unwrap() - 1;
    let path = format!("dhcp-snippets/{}/", used["id"]);
    let defining = format!("dhcp-snippets/{defining}/");
    let rest = format!(
        "Other DHCP snippets rest on the options that this one defines. Change them first: s ({unknown})."
    );
    let refused = region.delete(By::Admin, &defining).await.assert(409);
    assert_eq!(refused.text, rest);
    let otherwise = [
        [("value", "next-server 10.0.0.9;")],
        [("enabled", "false")],
        [("subnet", "2")],
        [("value", "option lab code 231 = ip-address;")],
    ];
    for form in &otherwise {
        let refused = region.put(By::Admin, &defining, form).await.assert(409);
        assert!(refused.text.starts_with("Other DHCP snippets rest on"), "{}", refused.text);
    }
    // It may say more, as long as the option is the same.
    let more = [("value", "option lab code 230 = ip-address; next-server 10.0.0.9;")];
    region.put(By::Admin, &defining, &more).await.assert(200);
    region.put(By::Admin, &path, &[("value", "next-server 10.0.0.9;")]).await.assert(200);
    region.delete(By::Admin, &defining).await.assert(204);
    region.put(By::Admin, &path, &[("enabled", "false")]).await.assert(200);
    region
        .put(By::Admin, &path, &[("value", "option lab 10.0.0.2;")])
        .await
        .assert_field("value", unknown);
}

#[tokio::test]
async fn an_option_is_not_defined_otherwise_than_a_subnet_does() {
    let region = start().await;
    let own = [("subnet", "1"), ("value", "option lab code 230 = ip-address; option lab 1.2.3.4;")];
    create(&region, &own).await.assert(200);
    let other = create(&region, &[("value", "option lab code 231 = text;")]).await.assert(409);
    let message = "s (line 1: `lab`: is defined as code 231 of another type already).";
    assert!(other.text.ends_with(message), "{}", other.text);
    create(&region, &[("value", "option lab code 230 = ip-address;")]).await.assert(200);
}

#[tokio::test]
async fn what_is_sent_empty_is_taken_away_or_refused() {
    let region = start().await;
    create(&region, &[("subnet", "1"), ("iprange", "1")]).await.assert(200);
    let path = "dhcp-snippets/1/";
    for field in ["name", "value"] {
        let refused = region.put(By::Admin, path, &[(field, " ")]).await;
        refused.assert_field(field, "This field is required.");
    }
    let scope = async |form: &[(&str, &str)]| {
        let found = region.put(By::Admin, path, form).await.assert(200).json();
        (found["subnet"]["id"].clone(), found["global_snippet"].clone())
    };
    assert_eq!(scope(&[("node", "")]).await, (json!(1), json!(false)));
    assert_eq!(scope(&[("iprange", "")]).await, (json!(1), json!(false)));
    assert_eq!(scope(&[("subnet", "")]).await, (Value::Null, json!(true)));
}

#[tokio::test]
async fn earlier_texts_are_kept_and_come_back() {
    let region = start().await;
    create(&region, &[]).await.assert(200);
    let path = "dhcp-snippets/1/";
    for file in ["a", "a", "b"] {
        let value = format!("filename \"{file}\";\r\n");
        region.put(By::Admin, path, &[("value", &value)]).await.assert(200);
    }
    let history = |found: &Value| -> Vec<(u64, String)> {
        let versions = found["history"].as_array().unwrap().iter();
        let value = |version: &Value| version["value"].as_str().unwrap().trim().to_owned();
        versions.map(|version| (version["id"].as_u64().unwrap(), value(version))).collect()
    };
    let found = region.get(By::User, path).await.assert(200).json();
    let texts = [(3, "filename \"b\";"), (2, "filename \"a\";"), (1, "next-server 10.0.0.9;")];
    let texts = texts.map(|(id, text)| (id, text.to_owned()));
    assert_eq!(history(&found), texts);
    let revert = "dhcp-snippets/1/?op=revert";
    for (to, message) in [
        ("x", "x is an invalid 'to' value"),
        ("-3", "Goes too far back."),
        ("7", "7 not found in history"),
    ] {
        assert_eq!(region.post(By::Admin, revert, &[("to", to)]).await.assert(400).text, message);
    }
    let none = region.post(By::Admin, revert, &[("other", "1")]).await.assert(400);
    assert_eq!(none.text, "You must specify where to revert to");
    let back = region.post(By::Admin, revert, &[("to", "-1")]).await.assert(200).json();
    assert_eq!((back["value"].as_str(), history(&back).len()), (Some("filename \"a\";\n"), 2));
    let first = region.post(By::Admin, revert, &[("to", "1")]).await.assert(200).json();
    assert_eq!(history(&first), texts[2..]);
}

#[tokio::test]
async fn administrators_change_snippets_and_others_look() {
    let region = start().await;
    create(&region, &[("name", "lab net")]).await.assert(200);
    for path in ["dhcp-snippets/1/", "dhcp-snippets/lab%20net/", "dhcp-snippets/name:lab%20net/"] {
        assert_eq!(region.get(By::User, path).await.assert(200).json()["id"], 1);
    }
    let missing = region.get(By::User, "dhcp-snippets/nosuch/").await.assert(404);
    assert_eq!(missing.text, "No DHCPSnippet matches the given query.");
    let form = [("name", "x"), ("value", "next-server 10.0.0.9;")];
    region.post(By::User, "dhcp-snippets/", &form).await.assert(403);
    region.put(By::User, "dhcp-snippets/1/", &[("name", "x")]).await.assert(403);
    region.post(By::User, "dhcp-snippets/1/?op=revert", &[("to", "0")]).await.assert(403);
    region.delete(By::User, "dhcp-snippets/1/").await.assert(403);
    region.delete(By::Admin, "dhcp-snippets/lab%20net/").await.assert(204);
    region.get(By::Admin, "dhcp-snippets/1/").await.assert(404);
}

#[tokio::test]
async fn a_snippet_goes_with_what_it_is_for() {
    let region = start().await;
    let machine = region.post(By::Admin, "machines/", &MACHINE).await.assert(200).json();
    let scopes: [&[(&str, &str)]; 4] =
        [&[], &[("node", "web")], &[("subnet", "1"), ("iprange", "1")], &[("subnet", "2")]];
    for scope in scopes {
        create(&region, scope).await.assert(200);
    }
    let machine = format!("machines/{}/", machine["system_id"].as_str().unwrap());
    for path in [machine.as_str(), "ipranges/1/", "subnets/2/"] {
        region.delete(By::Admin, path).await.assert(204);
    }
    let left = region.get(By::Admin, "dhcp-snippets/").await.assert(200).json();
    let ids: Vec<&Value> = left.as_array().unwrap().iter().map(|found| &found["id"]).collect();
    assert_eq!(ids, [&json!(1)]);
}
