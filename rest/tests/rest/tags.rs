//! Tags: what is accepted of them is evaluated and booted with, what cannot be is refused by name.

use ops::machine::tag_evaluation::go_on;

use crate::harness::{By, Region};

const MACHINE: [(&str, &str); 3] = [
    ("architecture", "amd64/generic"),
    ("mac_addresses", "52:54:00:00:01:01"),
    ("commission", "false"),
];

#[tokio::test]
async fn a_tag_has_all_that_maas_gives_it() {
    let region = Region::start().await;
    let form = [
        ("name", "bare"),
        ("comment", "c"),
        ("definition", "not(//node)"),
        ("kernel_opts", "nomodeset"),
    ];
    let made = region.post(By::Admin, "tags/", &form).await.assert(200).json();
    for (name, value) in form {
        assert_eq!(made[name], value);
    }
    assert_eq!(made["resource_uri"], "/MAAS/api/2.0/tags/bare/");
    region.post(By::Admin, "machines/", &MACHINE).await.assert(200);
    while go_on(&region.tables).await.unwrap() {}
    let found = region.get(By::User, "tags/bare/?op=machines").await.assert(200).json();
    assert_eq!(found[0]["tag_names"][0], "bare");
    let cleared = region.put(By::Admin, "tags/bare/", &[("definition", "")]).await.assert(200);
    assert_eq!(
        (cleared.json()["definition"].as_str(), cleared.json()["comment"].as_str()),
        (Some(""), Some("c"))
    );
}

#[tokio::test]
async fn what_is_no_definition_or_no_option_is_refused_by_name() {
    let region = Region::start().await;
    for (field, wrong) in [
        ("definition", "//node["),
        ("definition", "no-such()"),
        ("definition", "//foo:node"),
        ("kernel_opts", "quiet\nshell"),
        ("kernel_opts", "quiet || shell"),
        ("kernel_opts", "${net0/ip}"),
    ] {
        let refused = region.post(By::Admin, "tags/", &[("name", "a"), (field, wrong)]).await;
        let messages = refused.assert(400).json()[field].clone();
        assert_eq!(messages.as_array().map(Vec::len), Some(1), "{field}={wrong}: {messages}");
    }
    region.get(By::Admin, "tags/a/").await.assert(404);
    let set = [("op", "set_config"), ("name", "kernel_opts"), ("value", "a\nshell")];
    region.post(By::Admin, "maas/", &set).await.assert(400);
}

#[tokio::test]
async fn a_worker_with_an_old_definition_changes_nothing() {
    let region = Region::start().await;
    let made = region.post(By::Admin, "machines/", &MACHINE).await.assert(200).json();
    let id = made["system_id"].as_str().unwrap();
    region.post(By::Admin, "tags/", &[("name", "a")]).await.assert(200);
    let update = |definition| {
        [("op", "update_nodes"), ("add", id), ("add", "zzzzzz"), ("definition", definition)]
    };
    let old = region.post(By::Admin, "tags/a/", &update("foobar")).await.assert(409);
    assert_eq!(old.text, "Definition supplied 'foobar' doesn't match current definition ''");
    for _ in 0..2 {
        let updated = region.post(By::Admin, "tags/a/", &update("")).await.assert(200).json();
        assert_eq!(updated, serde_json::json!({"added": 1, "removed": 0}));
    }
    region.post(By::User, "tags/a/", &update("")).await.assert(403);
}

#[tokio::test]
async fn nodes_of_a_tag_are_listed_by_kind_and_it_is_rebuilt_by_administrators() {
    let region = Region::start().await;
    region.post(By::Admin, "tags/", &[("name", "a")]).await.assert(200);
    for kind in ["nodes", "machines", "devices", "rack_controllers", "region_controllers"] {
        let path = format!("tags/a/?op={kind}");
        assert_eq!(region.get(By::User, &path).await.assert(200).text.trim(), "[]", "{kind}");
        let path = format!("tags/nosuch/?op={kind}");
        region.get(By::User, &path).await.assert(404);
    }
    let rebuild = [("op", "rebuild")];
    let answer = region.post(By::Admin, "tags/a/", &rebuild).await.assert(200).json();
    assert_eq!(answer, serde_json::json!({"rebuilding": "a"}));
    region.post(By::User, "tags/a/", &rebuild).await.assert(403);
    region.post(By::Admin, "tags/nosuch/", &rebuild).await.assert(404);
}
