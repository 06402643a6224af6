//! Static routes.

use serde_json::json;

use crate::harness::{Answer, By, Region};

/// A form with the field that is refused, and why.
type Refused<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

async fn start() -> Region {
    let region = Region::start().await;
    for cidr in ["10.0.0.0/24", "10.1.0.0/24", "fd00::/64"] {
        region.post(By::Admin, "subnets/", &[("cidr", cidr)]).await.assert(200);
    }
    region
}

async fn create(region: &Region, by: By, form: &[(&str, &str)]) -> Answer {
    let mut all = vec![("source", "1"), ("destination", "10.1.0.0/24"), ("gateway_ip", "10.0.0.7")];
    all.retain(|(known, _)| form.iter().all(|(name, _)| name != known));
    all.extend(form);
    region.post(by, "static-routes/", &all).await
}

#[tokio::test]
async fn a_static_route_has_maas_shape() {
    let region = start().await;
    let answer = create(&region, By::Admin, &[("metric", "5")]).await.assert(200);
    insta::assert_snapshot!(answer.text);
    let found = region.get(By::User, "static-routes/1/").await.assert(200);
    assert_eq!(found.text, answer.text);
    assert_eq!(region.get(By::User, "static-routes/").await.json(), json!([found.json()]));
}

#[tokio::test]
async fn static_routes_are_made_changed_and_deleted_by_administrators() {
    let region = start().await;
    create(&region, By::User, &[]).await.assert(403);
    let made = create(&region, By::Admin, &[]).await.assert(200).json();
    assert_eq!(made["metric"], 0);
    region.put(By::User, "static-routes/1/", &[("metric", "7")]).await.assert(403);
    let changed = region.put(By::Admin, "static-routes/1/", &[("metric", "7")]).await;
    let changed = changed.assert(200).json();
    assert_eq!((&changed["metric"], &changed["gateway_ip"]), (&json!(7), &json!("10.0.0.7")));
    region.delete(By::User, "static-routes/1/").await.assert(403);
    region.delete(By::Admin, "static-routes/1/").await.assert(204);
    let missing = region.get(By::Admin, "static-routes/1/").await.assert(404);
    assert_eq!(missing.text, "No StaticRoute matches the given query.");
    region.delete(By::Admin, "static-routes/1/").await.assert(404);
}

/// The router may be none of the site's machines, and the subnet have no gateway.
#[tokio::test]
async fn the_address_of_a_router_is_given_to_nobody() {
    let region = start().await;
    create(&region, By::Admin, &[("gateway_ip", "10.0.0.2")]).await.assert(200);
    let servers = [("dns_servers", "10.0.0.3")];
    region.put(By::Admin, "subnets/1/", &servers).await.assert(200);
    let mut given = Vec::new();
    for _ in 0..3 {
        let form = [("op", "reserve"), ("subnet", "1")];
        let reserved = region.post(By::User, "ipaddresses/", &form).await.assert(200).json();
        given.push(reserved["ip"].as_str().unwrap().to_owned());
    }
    assert_eq!(given, ["10.0.0.1", "10.0.0.4", "10.0.0.5"]);
}

#[tokio::test]
async fn routes_that_lead_nowhere_are_refused_in_maas_words() {
    let region = start().await;
    let no_choice = "Select a valid choice. That choice is not one of the available choices.";
    let all: [Refused<'_>; 7] = [
        (&[("gateway_ip", "10.1.0.7")], "gateway_ip", "Enter an IP address in 10.0.0.0/24."),
        (&[("gateway_ip", "x")], "gateway_ip", "Enter a valid IPv4 or IPv6 address."),
        (&[("destination", "1")], "__all__", "source and destination cannot be the same subnet."),
        (&[("destination", "3")], "__all__", "source and destination must be the same IP version."),
        (&[("source", "9")], "source", no_choice),
        (&[("destination", "9")], "destination", no_choice),
        (&[("metric", "-1")], "metric", "Ensure this value is greater than or equal to 0."),
    ];
    for (form, field, message) in all {
        create(&region, By::Admin, form).await.assert_field(field, message);
    }
    let none = region.post(By::Admin, "static-routes/", &[("metric", "1")]).await.assert(400);
    let required = json!(["This field is required."]);
    assert_eq!(
        none.json(),
        json!({ "source": required, "destination": required, "gateway_ip": required })
    );
    create(&region, By::Admin, &[]).await.assert(200);
    create(&region, By::Admin, &[]).await.assert_field(
        "__all__",
        "Static route with this Source, Destination and Gateway IP already exists.",
    );
}

#[tokio::test]
async fn a_subnet_takes_its_routes_with_it_and_keeps_their_gateways() {
    let region = start().await;
    create(&region, By::Admin, &[]).await.assert(200);
    let back = [("source", "2"), ("destination", "1"), ("gateway_ip", "10.1.0.7")];
    create(&region, By::Admin, &back).await.assert(200);
    let moved = region.put(By::Admin, "subnets/1/", &[("cidr", "10.2.0.0/24")]).await;
    moved.assert_field("cidr", "gateway 10.0.0.7 of static route 1 is outside of it.");
    let moved = region.put(By::Admin, "subnets/2/", &[("cidr", "fd01::/64")]).await.assert(400);
    assert!(moved.text.contains("static route"), "{}", moved.text);
    region.delete(By::Admin, "subnets/2/").await.assert(204);
    assert_eq!(region.get(By::Admin, "static-routes/").await.json(), json!([]));
}

#[tokio::test]
async fn a_route_leads_through_a_host_that_keeps_its_address() {
    let region = start().await;
    let range = [("type", "dynamic"), ("start_ip", "10.0.0.100"), ("end_ip", "10.0.0.199")];
    region.post(By::Admin, "ipranges/", &range).await.assert(200);
    for (gateway, why) in [
        ("10.0.0.0", "10.0.0.0 is the network address of subnet 10.0.0.0/24."),
        ("10.0.0.255", "10.0.0.255 is the broadcast address of subnet 10.0.0.0/24."),
        ("10.0.0.150", "10.0.0.150 is within the dynamic range from 10.0.0.100 to 10.0.0.199"),
    ] {
        let answer = create(&region, By::Admin, &[("gateway_ip", gateway)]).await;
        answer.assert_field("gateway_ip", why);
    }
    create(&region, By::Admin, &[]).await.assert(200);
    let around = [("type", "dynamic"), ("start_ip", "10.0.0.5"), ("end_ip", "10.0.0.9")];
    let answer = region.post(By::Admin, "ipranges/", &around).await;
    let why = "Requested dynamic range conflicts with an existing IP address or range.";
    answer.assert_field("start_ip", why);
}
