//! Domains, DNS resources and records.

use crate::harness::{By, Region};

#[tokio::test]
async fn exactly_one_domain_is_the_default() {
    let region = Region::start().await;
    let maas = region.get(By::User, "domains/0/").await.assert(200).json();
    assert_eq!((&maas["name"], &maas["is_default"]), (&"maas".into(), &true.into()));
    region.delete(By::Admin, "domains/0/").await.assert(400);

    region.post(By::Admin, "domains/", &[("name", "lab.example")]).await.assert(200);
    let form = [("op", "set_default")];
    let lab = region.post(By::Admin, "domains/lab.example/", &form).await.assert(200).json();
    assert_eq!(lab["is_default"], true);
    let all = region.get(By::User, "domains/").await.json();
    let defaults = all.as_array().unwrap().iter().filter(|domain| domain["is_default"] == true);
    assert_eq!(defaults.count(), 1);
    region.delete(By::Admin, "domains/maas/").await.assert(204);
}

#[tokio::test]
async fn wrong_domains_are_refused() {
    let region = Region::start().await;
    let bad = region.post(By::Admin, "domains/", &[("name", "a..b")]).await;
    bad.assert_field("name", "Invalid domain name: a..b.");
    let again = region.post(By::Admin, "domains/", &[("name", "MAAS")]).await;
    again.assert_field("name", "Domain with this Name already exists.");
    let ttl = region.put(By::Admin, "domains/0/", &[("ttl", "x")]).await;
    ttl.assert_field("ttl", "Enter a whole number.");
    let set = region.put(By::Admin, "domains/0/", &[("ttl", "60")]).await.assert(200).json();
    assert_eq!(set["ttl"], 60);
    let cleared = region.put(By::Admin, "domains/0/", &[("ttl", "")]).await.assert(200).json();
    assert!(cleared["ttl"].is_null());
}

#[tokio::test]
async fn a_name_has_addresses_and_records() {
    let region = Region::start().await;
    let form = [("fqdn", "www.maas"), ("ip_addresses", "10.0.0.5 fd00::5"), ("address_ttl", "9")];
    let www = region.post(By::Admin, "dnsresources/", &form).await.assert(200).json();
    assert_eq!(www["fqdn"], "www.maas");
    assert_eq!(www["ip_addresses"][1]["ip"], "fd00::5");
    assert!(www["ip_addresses"][1].get("created").is_none(), "nothing says when it was given");
    let again = region.post(By::Admin, "dnsresources/", &form).await;
    again.assert_field("name", "DNS resource www.maas exists already.");

    let text = [("name", "www"), ("domain", "maas"), ("rrtype", "txt"), ("rrdata", "hello")];
    let text = region.post(By::Admin, "dnsresourcerecords/", &text).await.assert(200).json();
    assert_eq!((&text["rrtype"], &text["fqdn"]), (&"TXT".into(), &"www.maas".into()));
    let by_type = region.get(By::User, "dnsresourcerecords/?rrtype=TXT").await.json();
    assert_eq!(by_type[0], text);
    let count = region.get(By::User, "domains/0/").await.json();
    assert_eq!(count["resource_record_count"], 3);

    region.delete(By::Admin, "dnsresourcerecords/1/").await.assert(204);
    region.get(By::User, "dnsresourcerecords/1/").await.assert(404);
    region.delete(By::Admin, "dnsresources/1/").await.assert(204);
    let left = region.get(By::User, "dnsresources/?domain=maas").await.json();
    assert_eq!(left, serde_json::json!([]));
}

#[tokio::test]
async fn an_alias_stands_alone_and_records_are_checked() {
    let region = Region::start().await;
    let record = async |name: &'static str, rrtype: &'static str, rrdata: &'static str| {
        let form = [("name", name), ("domain", "maas"), ("rrtype", rrtype), ("rrdata", rrdata)];
        region.post(By::Admin, "dnsresourcerecords/", &form).await
    };
    record("a", "A", "10.0.0.1")
        .await
        .assert_field("rrtype", "A is not one of SRV NS MX SSHFP TXT CNAME.");
    record("a", "MX", "x").await.assert_field(
        "rrdata",
        "Invalid MX: Should be '<preference> <server>'. Range for preference is 0-65535.",
    );
    record("a", "CNAME", "www.maas").await.assert(200);
    record("a", "TXT", "t").await.assert_field("__all__", "Cannot add record: CNAME present.");
    record("b", "SRV", "0 5 5060 sip.maas").await.assert(200);
    record("b", "CNAME", "a.maas")
        .await
        .assert_field("__all__", "CNAME records for a name cannot coexist with non-CNAME records.");
}

#[tokio::test]
async fn what_racks_cannot_serve_is_refused() {
    let region = Region::start().await;
    let long = "x".repeat(600);
    for (field, value, is_right) in [
        ("rrdata", long.as_str(), true),
        ("rrdata", "\"open", false),
        ("ttl", "4294967295", false),
        ("ttl", "2147483647", true),
    ] {
        let mut form = vec![("name", "a"), ("domain", "maas"), ("rrtype", "TXT")];
        if field != "rrdata" {
            form.push(("rrdata", "t"));
        }
        form.push((field, value));
        let answer = region.post(By::Admin, "dnsresourcerecords/", &form).await;
        let status = answer.assert(if is_right { 200 } else { 400 });
        assert_eq!(status.json()[field].is_array(), !is_right, "{field}={value}");
    }
    let form = [("fqdn", "b.maas"), ("ip_addresses", "10.0.0.5"), ("address_ttl", "4294967295")];
    let refused = region.post(By::Admin, "dnsresources/", &form).await;
    refused.assert_field("address_ttl", "Ensure this value is less than or equal to 2147483647.");
    let label = "a".repeat(63);
    let deep = [label.as_str(); 4].join(".");
    let form = [("name", deep.as_str()), ("domain", "maas"), ("ip_addresses", "10.0.0.5")];
    region.post(By::Admin, "dnsresources/", &form).await.assert(400);
}

#[tokio::test]
async fn a_domain_with_a_name_in_it_is_not_deleted() {
    let region = Region::start().await;
    region.post(By::Admin, "domains/", &[("name", "lab")]).await.assert(200);
    let form = [("fqdn", "www.lab"), ("ip_addresses", "10.0.0.5")];
    region.post(By::Admin, "dnsresources/", &form).await.assert(200);
    let refused = region.delete(By::Admin, "domains/lab/").await.assert(400);
    assert_eq!(refused.text, "Domain lab cannot be deleted: DNS resource www is in it.");
    region.delete(By::Admin, "dnsresources/1/").await.assert(204);
    region.delete(By::Admin, "domains/lab/").await.assert(204);
}

#[tokio::test]
async fn serials_are_set_by_administrators_within_their_bounds() {
    let region = Region::start().await;
    let set = |serial| [("op", "set_serial"), ("serial", serial)];
    let done = region.post(By::Admin, "domains/", &set("4294967295")).await.assert(200);
    assert_eq!(done.text.trim(), "null");
    let between = "Expected a serial number between 1 and 4294967295";
    for (wrong, message) in [
        ("0", between),
        ("4294967296", between),
        ("-1", between),
        ("x", "Expected a serial number"),
    ] {
        region.post(By::Admin, "domains/", &set(wrong)).await.assert_field("serial", message);
    }
    let missing = region.post(By::Admin, "domains/", &[("op", "set_serial")]).await;
    missing.assert_field("serial", "Missing parameter");
    region.post(By::User, "domains/", &set("7")).await.assert(403);
}

/// As Terraform's provider makes and destroys a record.
#[tokio::test]
async fn an_address_of_a_name_is_reserved_and_released() {
    let region = Region::start().await;
    region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/29")]).await.assert(200);
    let form = [("fqdn", "www.maas"), ("ip_addresses", "10.0.0.1")];
    let made = region.post(By::Admin, "dnsresources/", &form).await.assert(200).json();
    let reserved = region.get(By::Admin, "ipaddresses/").await.json();
    assert_eq!(reserved[0]["ip"], "10.0.0.1");
    let form = [("op", "reserve"), ("subnet", "1")];
    let other = region.post(By::User, "ipaddresses/", &form).await.assert(200).json();
    assert_eq!(other["ip"], "10.0.0.2");
    // What somebody else has is only named.
    let form = [("ip_addresses", "10.0.0.1 10.0.0.2")];
    let path = format!("dnsresources/{}/", made["id"]);
    region.put(By::Admin, &path, &form).await.assert(200);
    region.delete(By::Admin, &path).await.assert(204);
    let release = [("op", "release"), ("ip", "10.0.0.1")];
    region.post(By::Admin, "ipaddresses/", &release).await.assert(204);
    assert_eq!(region.get(By::Admin, "ipaddresses/").await.text, "[]");
    assert_eq!(region.get(By::User, "ipaddresses/").await.json()[0]["ip"], "10.0.0.2");
}
