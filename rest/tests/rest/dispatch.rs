//! Paths, methods, `op`, describe, and what has no answer.

use axum::body::Body;
use http::Request;
use rest::router::collapse_slashes;

use crate::harness::{By, Region};

#[tokio::test]
async fn op_comes_from_query_form_or_path() {
    let region = Region::start().await;
    for path in ["users/?op=whoami", "users/op-whoami", "users/op-whoami/"] {
        assert_eq!(region.get(By::User, path).await.assert(200).json()["username"], "user");
    }
    let form = [("op", "create_authorisation_token")];
    region.post(By::User, "account/", &form).await.assert(200);
    region.get(By::User, "zones/?op=").await.assert(200);
}

#[tokio::test]
async fn what_is_not_served_is_named() {
    let region = Region::start().await;
    let answer = region.get(By::User, "nothing/").await.assert(404);
    assert_eq!(answer.text, "Unknown API endpoint: /MAAS/api/2.0/nothing/.");
    region.get(By::User, "zones").await.assert(404);
    let answer = region.get(By::User, "zones/?op=nosuch").await.assert(400);
    assert_eq!(answer.text, "Unrecognised signature: method=GET op=nosuch");
    let answer = region.delete(By::User, "zones/").await.assert(405);
    assert_eq!(answer.headers["allow"], "GET, POST");
    let answer = region.get(By::User, "zones/?format=xml").await.assert(400);
    assert_eq!(answer.text, "Invalid output format specified 'xml'.");
}

#[tokio::test]
async fn runs_of_slashes_count_as_one() {
    let region = Region::start().await;
    let authorization = region.authorization(By::User).unwrap();
    let request = Request::get("//MAAS///api/2.0//zones//default/?x=//")
        .header("authorization", authorization)
        .body(Body::empty())
        .unwrap();
    let request = collapse_slashes(request);
    assert_eq!(request.uri(), "/MAAS/api/2.0/zones/default/?x=//");
    region.send(request).await.assert(200);
}

#[tokio::test]
async fn describe_names_every_operation_with_its_parameters() {
    let region = Region::start().await;
    let answer = region.get(By::Nobody, "describe/").await.assert(200);
    assert_eq!(answer.headers["content-type"], "application/json");
    let described = answer.json();
    assert_eq!(answer.headers["x-maas-api-hash"], described["hash"].as_str().unwrap());
    let resources = described["resources"].as_array().unwrap();
    let subnets = resources.iter().find(|found| found["name"] == "SubnetsHandler").unwrap();
    let create = &subnets["auth"]["actions"][0];
    assert_eq!(
        (create["name"].as_str(), create["method"].as_str()),
        (Some("create"), Some("POST"))
    );
    assert!(create["doc"].as_str().unwrap().contains(":param cidr: "));
    let subnet = resources.iter().find(|found| found["name"] == "SubnetHandler").unwrap();
    assert_eq!(subnet["auth"]["path"], "/MAAS/api/2.0/subnets/{id}/");
    assert_eq!(subnet["auth"]["params"], serde_json::json!(["id"]));
}

#[tokio::test]
async fn json_is_indented_by_four() {
    let region = Region::start().await;
    let answer = region.get(By::User, "zones/default/").await.assert(200);
    assert_eq!(answer.headers["content-type"], "application/json; charset=utf-8");
    insta::assert_snapshot!(answer.text, @r#"
    {
        "id": 1,
        "name": "default",
        "description": "",
        "resource_uri": "/MAAS/api/2.0/zones/default/"
    }
    "#);
}

#[tokio::test]
async fn an_update_without_a_form_is_refused_as_maas_does_it() {
    let region = Region::start().await;
    let authorization = region.authorization(By::Admin).unwrap();
    let request = Request::put("/MAAS/api/2.0/zones/default/")
        .header("authorization", authorization)
        .body(Body::empty())
        .unwrap();
    assert_eq!(region.send(request).await.assert(400).text, "{}");
    region.put(By::Admin, "zones/default/", &[("description", "d")]).await.assert(200);
}

#[tokio::test]
async fn the_description_of_the_api_is_this() {
    let region = Region::start().await;
    let described = region.get(By::Nobody, "describe/").await.assert(200).json();
    let mut text = String::new();
    for resource in described["resources"].as_array().unwrap() {
        for side in ["anon", "auth"] {
            let handler = &resource[side];
            for action in handler["actions"].as_array().into_iter().flatten() {
                let word = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
                let head = [&action["method"], &handler["path"], &action["op"]].map(word);
                let names = [&handler["name"], &action["name"]].map(word);
                let doc = word(&action["doc"]).replace('\n', "\n    ");
                text += &format!("{} ({side} {})\n    {doc}\n", head.join(" "), names.join("."));
            }
        }
    }
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn what_is_not_done_is_refused_by_name_and_nothing_happens() {
    let region = Region::start().await;
    let form = [("name", "a.b"), ("forward_dns_servers", "10.0.0.1")];
    let message =
        "Domains have no servers of their own: leave it out, and set the site's `upstream_dns`.";
    region.post(By::Admin, "domains/", &form).await.assert_field("forward_dns_servers", message);
    region.get(By::Admin, "domains/a.b/").await.assert(404);
    region.post(By::Admin, "domains/", &[("name", "a.b")]).await.assert(200);
    let asked = "machines/abcdef/?op=power_on";
    let answer = region.post(By::User, &format!("{asked}&bridge_all=1"), &[]).await.assert(400);
    assert!(answer.json()["bridge_all"][0].as_str().unwrap().contains("leave it out"));
    region.post(By::User, &format!("{asked}&bridge_all=0&bridge_fd=0"), &[]).await.assert(404);
}

/// The names are those of MAAS's `ReadNodesForm` and `AcquireNodeForm`.
#[tokio::test]
async fn every_constraint_that_is_taken_is_described() {
    let region = Region::start().await;
    let names = "agent_name arch cpu_count cpu_speed deployment_target devices domain \
        fabric_classes fabrics hostname id interfaces link_speed mac_address mem name \
        not_agent_name not_arch not_deployment_target not_domain not_fabric_classes not_fabrics \
        not_hostname not_id not_in_pool not_in_zone not_owner not_pod not_pod_type \
        not_power_state not_simple_status not_status not_subnets not_tags not_vlans owner pod \
        pod_type pool power_state simple_status status storage subnets system_id tags vlans zone";
    let all = rest::operations();
    let list = all.iter().find(|found| found.path == "machines/" && found.op.is_none()).unwrap();
    for name in names.split_whitespace() {
        let answer = region.get(By::User, &format!("machines/?{name}=")).await;
        assert!(!answer.text.contains("No such constraint"), "{name} is not taken");
        assert!(list.params.iter().any(|spec| spec.is_for(name)), "{name} is not described");
    }
    for spec in list.params {
        let answer = region.get(By::User, &format!("machines/?{}=", spec.name)).await;
        assert!(
            !answer.text.contains("No such constraint"),
            "{} is described, not taken",
            spec.name
        );
    }
    region.get(By::User, "machines/?nothing=1").await.assert(400);
}
