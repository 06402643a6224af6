//! Subnets and their addresses.

use crate::harness::{By, Region};

#[tokio::test]
async fn a_subnet_has_maas_shape() {
    let region = Region::start().await;
    let form =
        [("cidr", "10.0.0.0/24"), ("gateway_ip", "10.0.0.1"), ("dns_servers", "10.0.0.2,10.0.0.3")];
    let answer = region.post(By::Admin, "subnets/", &form).await.assert(200);
    insta::assert_snapshot!(answer.text);
}

#[tokio::test]
async fn a_subnet_is_found_by_many_names() {
    let region = Region::start().await;
    let form = [("cidr", "10.0.0.0/24"), ("name", "lab net")];
    let subnet = region.post(By::Admin, "subnets/", &form).await.assert(200).json();
    for path in [
        "subnets/1/",
        "subnets/10.0.0.0/24/",
        "subnets/cidr:10.0.0.0/24/",
        "subnets/lab%20net/",
        "subnets/name:lab%20net/",
        "subnets/ip:10.0.0.77/",
        "subnets/ip:::ffff:10.0.0.77/",
        "subnets/id:1/",
        "subnets/vlan:1/",
        "subnets/vid:0/",
        "subnets/fabric:fabric-0/",
        "subnets/space:undefined/",
    ] {
        assert_eq!(region.get(By::User, path).await.assert(200).json(), subnet, "{path}");
    }
    let missing = region.get(By::User, "subnets/9/").await.assert(404);
    assert_eq!(missing.text, "No Subnet matches the given query.");
}

#[tokio::test]
async fn overlapping_and_equal_prefixes_are_refused() {
    let region = Region::start().await;
    region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/16")]).await.assert(200);
    let inside = region.post(By::Admin, "subnets/", &[("cidr", "10.0.7.0/24")]).await;
    inside.assert_field("cidr", "subnet 10.0.7.0/24 overlaps subnet 10.0.0.0/16.");
    let equal = region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/16")]).await;
    equal.assert_field("cidr", "Subnet with this Cidr already exists.");
    region.post(By::Admin, "subnets/", &[("cidr", "fd00::/64")]).await.assert(200);
}

#[tokio::test]
async fn wrong_values_name_their_field() {
    let region = Region::start().await;
    let none = region.post(By::Admin, "subnets/", &[("name", "x")]).await;
    none.assert_field("cidr", "This field is required.");
    let bad = region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0")]).await;
    bad.assert_field("cidr", "Required format: <network>/<prefixlen>.");
    let gateway =
        region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24"), ("gateway_ip", "10.0.1.1")]);
    gateway.await.assert_field("gateway_ip", "gateway IP must be within CIDR range.");
    let vlan = region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24"), ("vlan", "99")]).await;
    vlan.assert_field(
        "vlan",
        "Select a valid choice. That choice is not one of the available choices.",
    );
}

#[tokio::test]
async fn absent_fields_stay_and_empty_ones_are_cleared() {
    let region = Region::start().await;
    let form = [("cidr", "10.0.0.0/24"), ("gateway_ip", "10.0.0.1"), ("managed", "false")];
    region.post(By::Admin, "subnets/", &form).await.assert(200);
    let named = region.put(By::Admin, "subnets/1/", &[("name", "n")]).await.assert(200).json();
    assert_eq!((&named["gateway_ip"], &named["managed"]), (&"10.0.0.1".into(), &false.into()));
    let cleared = region.put(By::Admin, "subnets/1/", &[("gateway_ip", "")]).await.json();
    assert!(cleared["gateway_ip"].is_null());
}

#[tokio::test]
async fn addresses_are_counted_by_use() {
    let region = Region::start().await;
    let form = [("cidr", "10.0.0.0/24"), ("gateway_ip", "10.0.0.1")];
    region.post(By::Admin, "subnets/", &form).await.assert(200);
    let range = [("type", "dynamic"), ("start_ip", "10.0.0.101"), ("end_ip", "10.0.0.200")];
    region.post(By::Admin, "ipranges/", &range).await.assert(200);
    let counts = region.get(By::User, "subnets/1/?op=statistics").await.assert(200).json();
    assert_eq!(counts["total_addresses"], 254);
    assert_eq!(counts["num_unavailable"], 101);
    assert_eq!(counts["largest_available"], 99);
    assert_eq!(counts["usage_string"], "40%");
    let used = region.get(By::User, "subnets/1/?op=reserved_ip_ranges").await.json();
    assert_eq!(used[0]["purpose"][0], "gateway-ip");
    assert_eq!(used[1]["num_addresses"], 100);
    let unused = region.get(By::User, "subnets/1/?op=unreserved_ip_ranges").await.json();
    assert_eq!(
        (&unused[0]["start"], &unused[0]["end"]),
        (&"10.0.0.2".into(), &"10.0.0.100".into())
    );
}

#[tokio::test]
async fn ways_to_boot_are_switched_off_by_name_or_code() {
    let region = Region::start().await;
    let methods = "0x00 uefi_amd64_tftp,00:10";
    let form = [("cidr", "10.0.0.0/24"), ("disabled_boot_architectures", methods)];
    let made = region.post(By::Admin, "subnets/", &form).await.assert(200).json();
    let names = serde_json::json!(["pxe", "uefi_amd64_http", "uefi_amd64_tftp"]);
    assert_eq!(made["disabled_boot_architectures"], names);
    let unknown = [("disabled_boot_architectures", "pxe floppy")];
    let refused = region.put(By::Admin, "subnets/1/", &unknown).await;
    refused.assert_field("disabled_boot_architectures", "Unknown boot architecture floppy");
    let none = [("disabled_boot_architectures", "")];
    let cleared = region.put(By::Admin, "subnets/1/", &none).await.assert(200).json();
    assert_eq!(cleared["disabled_boot_architectures"], serde_json::json!([]));
}

/// Nobody else gets the address of a gateway, so what somebody has stays no gateway.
#[tokio::test]
async fn an_address_that_somebody_has_or_may_get_is_no_gateway() {
    let region = Region::start().await;
    region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.assert(200);
    let range = [("type", "dynamic"), ("start_ip", "10.0.0.100"), ("end_ip", "10.0.0.199")];
    region.post(By::Admin, "ipranges/", &range).await.assert(200);
    let reserve = |ip, mac| [("op", "reserve"), ("ip", ip), ("mac", mac)];
    let reserved = reserve("10.0.0.9", "52:54:00:00:00:09");
    region.post(By::Admin, "ipaddresses/?op=reserve", &reserved[1..]).await.assert(200);
    let open = reserve("10.0.0.8", "");
    region.post(By::Admin, "ipaddresses/?op=reserve", &open[1..2]).await.assert(200);
    for (gateway, why) in [
        ("10.0.0.0", "10.0.0.0 is the network address of subnet 10.0.0.0/24."),
        ("10.0.0.255", "10.0.0.255 is the broadcast address of subnet 10.0.0.0/24."),
        ("10.0.0.150", "10.0.0.150 is within the dynamic range from 10.0.0.100 to 10.0.0.199"),
        ("10.0.0.9", "The IP address 10.0.0.9 is reserved for 52:54:00:00:00:09."),
    ] {
        let answer = region.put(By::Admin, "subnets/1/", &[("gateway_ip", gateway)]).await;
        answer.assert_field("gateway_ip", why);
    }
    for gateway in ["10.0.0.1", "10.0.0.8", ""] {
        region.put(By::Admin, "subnets/1/", &[("gateway_ip", gateway)]).await.assert(200);
    }
}
