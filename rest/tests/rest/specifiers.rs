//! What objects are named by in paths.

use crate::harness::{By, Region};

#[tokio::test]
async fn specifiers_of_every_kind_are_understood_in_every_path() {
    let region = Region::start().await;
    for (path, form) in [
        ("fabrics/", [("name", "office"), ("class_type", "")]),
        ("spaces/", [("name", "dmz"), ("description", "")]),
        ("subnets/", [("cidr", "10.0.0.0/24"), ("name", "lab")]),
        ("subnets/", [("cidr", "fd00::/64"), ("name", "six")]),
        ("domains/", [("name", "b.example"), ("ttl", "60")]),
        ("zones/", [("name", "cellar"), ("description", "")]),
        ("resourcepools/", [("name", "deep"), ("description", "")]),
        ("dhcp-snippets/", [("name", "short"), ("value", "max-lease-time 60;")]),
        ("tags/", [("name", "fast"), ("comment", "")]),
    ] {
        region.post(By::Admin, path, &form).await.assert(200);
    }
    for same in [
        &["subnets/1/", "subnets/id:1/", "subnets/lab/", "subnets/name:lab/"][..],
        &["subnets/1/", "subnets/10.0.0.0/24/", "subnets/cidr:10.0.0.0/24/"],
        &["subnets/1/", "subnets/10.0.0.0%2F24/", "subnets/cidr:10.0.0.0%2F24/"],
        &["subnets/1/", "subnets/ip:10.0.0.5/", "subnets/ip:::ffff:10.0.0.5/"],
        &["subnets/2/", "subnets/fd00::/64/", "subnets/cidr:fd00::/64/", "subnets/ip:fd00::7/"],
        &["subnets/1/?op=statistics", "subnets/ip:::ffff:10.0.0.5/?op=statistics"],
        &["fabrics/0/", "fabrics/id:0/", "fabrics/fabric-0/", "fabrics/name:fabric-0/"],
        &["spaces/1/", "spaces/id:1/", "spaces/dmz/", "spaces/name:dmz/"],
        &["vlans/1/", "fabrics/0/vlans/0/", "fabrics/fabric-0/vlans/untagged/"],
        &["vlans/1/", "fabrics/name:fabric-0/vlans/vid:0/"],
        &["domains/1/", "domains/b.example/", "domains/name:b.example/"],
        &["zones/cellar/", "zones/2/"],
        &["resourcepool/1/", "resourcepool/deep/"],
        &["dhcp-snippets/1/", "dhcp-snippets/short/", "dhcp-snippets/name:short/"],
    ] {
        let first = region.get(By::User, same[0]).await.assert(200).json();
        for path in &same[1..] {
            assert_eq!(region.get(By::User, path).await.assert(200).json(), first, "{path}");
        }
    }
    for missing in ["subnets/ip:10.9.9.9/", "subnets/name:none/", "fabrics/none/", "zones/none/"] {
        region.get(By::User, missing).await.assert(404);
    }
}
