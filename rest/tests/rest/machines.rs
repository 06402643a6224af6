//! Machines that are made and edited by hand: what is accepted has an effect.

use crate::harness::{By, Region};

const MACHINE: [(&str, &str); 3] = [
    ("architecture", "amd64/generic"),
    ("mac_addresses", "52:54:00:00:01:01"),
    ("commission", "false"),
];

#[tokio::test]
async fn drivers_and_architectures_that_nobody_has_are_refused_by_field() {
    let region = Region::start().await;
    for (name, value, message) in [
        (
            "power_type",
            "virsh",
            "'virsh' is not a valid power type.  It should be one of: 'ipmi', 'manual'.",
        ),
        (
            "architecture",
            "foo",
            "'foo' is not a valid architecture.  It should be one of: 'amd64/generic', \
             'arm64/generic', 'armhf/generic', 'i386/generic', 'ppc64el/generic', \
             'riscv64/generic', 's390x/generic'.",
        ),
    ] {
        let mut form: Vec<_> = MACHINE.into_iter().filter(|(known, _)| *known != name).collect();
        form.push((name, value));
        region.post(By::Admin, "machines/", &form).await.assert_field(name, message);
        let made = region.post(By::Admin, "machines/", &MACHINE).await.assert(200).json();
        let path = format!("machines/{}/", made["system_id"].as_str().unwrap());
        region.put(By::Admin, &path, &[(name, value)]).await.assert_field(name, message);
        assert_eq!(region.get(By::Admin, &path).await.json()[name], made[name]);
        region.delete(By::Admin, &path).await.assert(204);
    }
}

#[tokio::test]
async fn a_machine_is_made_in_the_zone_and_the_pool_that_are_named() {
    let region = Region::start().await;
    region.post(By::Admin, "zones/", &[("name", "z")]).await.assert(200);
    region.post(By::Admin, "resourcepools/", &[("name", "p")]).await.assert(200);
    let form = [MACHINE.as_slice(), &[("zone", "z"), ("pool", "p")]].concat();
    let made = region.post(By::Admin, "machines/", &form).await.assert(200).json();
    assert_eq!((&made["zone"]["name"], &made["pool"]["name"]), (&"z".into(), &"p".into()));
    for name in ["zone", "pool"] {
        let form = [&MACHINE[..1], &[("mac_addresses", "52:54:00:00:01:02"), (name, "nosuch")]];
        let form = form.concat();
        let refused = region.post(By::Admin, "machines/", &form).await;
        assert!(refused.assert(400).text.contains("Select a valid choice"), "{name}");
    }
}

#[tokio::test]
async fn names_in_filters_that_there_are_not_are_refused_by_field() {
    let region = Region::start().await;
    for (name, word, message) in [
        ("zone", "nosuch", "No such zone(s): nosuch."),
        ("not_in_pool", "nosuch", "No such pool(s): nosuch."),
        ("domain", "nosuch", "No such domain(s): 'nosuch'."),
        ("not_tags", "nosuch", "No such tag(s): 'nosuch'."),
        ("status", "bogus", "Invalid status: 'bogus' is none."),
    ] {
        let refused = region.get(By::User, &format!("machines/?{name}={word}")).await;
        refused.assert_field(name, message);
    }
    region.get(By::User, "machines/?zone=default&pool=default&domain=0").await.assert(200);
    region.get(By::User, "machines/?domain=nosuch").await.assert(400);
}

#[tokio::test]
async fn what_maas_has_and_this_api_has_not_is_said_to_be_that() {
    let region = Region::start().await;
    let scripts = region.get(By::User, "scripts/").await.assert(404);
    assert!(scripts.text.ends_with("MAAS has it, Ironraft does not."), "{}", scripts.text);
    let made = region.post(By::Admin, "machines/", &MACHINE).await.assert(200).json();
    let path = format!("machines/{}/", made["system_id"].as_str().unwrap());
    let test = region.post(By::Admin, &path, &[("op", "test")]).await.assert(400);
    assert!(test.text.contains("op=test. MAAS has it, Ironraft does not."), "{}", test.text);
}
