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
    record("a", "MX", "x")
        .await
        .assert_field("rrdata", "Invalid MX: should be '<preference> <server>'.");
    record("a", "CNAME", "www.maas").await.assert(200);
    record("a", "TXT", "t").await.assert_field("__all__", "Cannot add record: CNAME present.");
    record("b", "SRV", "0 5 5060 sip.maas").await.assert(200);
    record("b", "CNAME", "a.maas")
        .await
        .assert_field("__all__", "CNAME records for a name cannot coexist with non-CNAME records.");
}
