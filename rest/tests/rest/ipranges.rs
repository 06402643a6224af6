//! IP ranges.

use crate::harness::{By, Region};

async fn with_subnet() -> Region {
    let region = Region::start().await;
    let form = [("cidr", "10.0.0.0/24"), ("gateway_ip", "10.0.0.1")];
    region.post(By::Admin, "subnets/", &form).await.assert(200);
    region
}

async fn create(
    region: &Region,
    by: By,
    kind: &str,
    first: &str,
    last: &str,
) -> crate::harness::Answer {
    let form = [("type", kind), ("start_ip", first), ("end_ip", last), ("subnet", "1")];
    region.post(by, "ipranges/", &form).await
}

#[tokio::test]
async fn ranges_are_made_changed_and_deleted() {
    let region = with_subnet().await;
    let range = create(&region, By::Admin, "dynamic", "10.0.0.100", "10.0.0.200").await;
    let range = range.assert(200).json();
    assert_eq!(range["subnet"]["cidr"], "10.0.0.0/24");
    assert_eq!(range["user"]["username"], "admin");
    let changed = region.put(By::Admin, "ipranges/1/", &[("end_ip", "10.0.0.210")]).await;
    assert_eq!(changed.assert(200).json()["end_ip"], "10.0.0.210");
    region.delete(By::Admin, "ipranges/1/").await.assert(204);
    region.get(By::Admin, "ipranges/1/").await.assert(404);
}

#[tokio::test]
async fn wrong_ranges_are_refused_in_maas_words() {
    let region = with_subnet().await;
    let cases = [
        (
            "10.0.0.9",
            "10.0.0.5",
            "end_ip",
            "End IP address must not be less than Start IP address.",
        ),
        ("10.1.0.5", "10.1.0.9", "start_ip", "IP addresses must be within subnet: 10.0.0.0/24."),
        ("10.0.0.5", "10.0.1.9", "end_ip", "End IP address must be within subnet: 10.0.0.0/24."),
        (
            "10.0.0.0",
            "10.0.0.9",
            "start_ip",
            "Reserved network address cannot be included in IP range.",
        ),
        ("10.0.0.9", "10.0.0.255", "end_ip", "Broadcast address cannot be included in IP range."),
        (
            "10.0.0.5",
            "fd00::1",
            "start_ip",
            "Start IP address and end IP address must be in the same address family.",
        ),
        (
            "10.0.0.1",
            "10.0.0.9",
            "start_ip",
            "Requested dynamic range conflicts with an existing IP address or range.",
        ),
    ];
    for (first, last, field, message) in cases {
        create(&region, By::Admin, "dynamic", first, last).await.assert_field(field, message);
    }
}

#[tokio::test]
async fn ranges_do_not_overlap() {
    let region = with_subnet().await;
    create(&region, By::Admin, "dynamic", "10.0.0.100", "10.0.0.200").await.assert(200);
    create(&region, By::Admin, "reserved", "10.0.0.150", "10.0.0.210")
        .await
        .assert_field("end_ip", "Requested reserved range conflicts with an existing range.");
    for (kind, first, last, with) in [
        ("reserved", "10.0.0.150", "10.0.0.210", "It is range 1, 10.0.0.100 to 10.0.0.200."),
        ("dynamic", "10.0.0.1", "10.0.0.9", "It is 10.0.0.1, which is in use."),
    ] {
        let refused = create(&region, By::Admin, kind, first, last).await.assert(400).json();
        assert_eq!(refused["start_ip"][1], with, "{refused}");
    }
    create(&region, By::Admin, "reserved", "10.0.0.1", "10.0.0.9").await.assert(200);
}

#[tokio::test]
async fn users_make_reserved_ranges_and_change_only_their_own() {
    let region = with_subnet().await;
    create(&region, By::User, "dynamic", "10.0.0.100", "10.0.0.200").await.assert(403);
    create(&region, By::User, "reserved", "10.0.0.20", "10.0.0.29").await.assert(200);
    create(&region, By::Admin, "reserved", "10.0.0.30", "10.0.0.39").await.assert(200);
    region.delete(By::User, "ipranges/2/").await.assert(403);
    region.delete(By::User, "ipranges/1/").await.assert(204);
}

#[tokio::test]
async fn who_may_make_no_range_for_dhcp_does_not_change_one_into_it() {
    let region = with_subnet().await;
    create(&region, By::User, "dynamic", "10.0.0.100", "10.0.0.200").await.assert(403);
    create(&region, By::User, "reserved", "10.0.0.100", "10.0.0.200").await.assert(200);
    region.put(By::User, "ipranges/1/", &[("type", "dynamic")]).await.assert(403);
    region.put(By::User, "ipranges/1/", &[("end_ip", "10.0.0.150")]).await.assert(200);
    region.put(By::Admin, "ipranges/1/", &[("type", "dynamic")]).await.assert(200);
    region.put(By::User, "ipranges/1/", &[("end_ip", "10.0.0.160")]).await.assert(403);
    region.put(By::User, "ipranges/1/", &[("comment", "mine")]).await.assert(200);
}
