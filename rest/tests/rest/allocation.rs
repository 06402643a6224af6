//! Allocation: what may be asked for, what is told of what was found, and MAAS's words where nothing is.

use model::machine::interface::LinkMode;
use serde_json::{Value, json};

use crate::harness::{Answer, By, Region};
use crate::stock::{link, machine};

async fn allocate(region: &Region, form: &[(&str, &str)]) -> Answer {
    region.post(By::User, "machines/?op=allocate", form).await
}

/// Three machines, smaller ones first. The first is on the VLAN of a space and of a subnet.
async fn site() -> Region {
    let region = Region::start().await;
    region.post(By::Admin, "spaces/", &[("name", "dmz")]).await.assert(200);
    let fabric = region.post(By::Admin, "fabrics/", &[("name", "storage"), ("class_type", "10g")]);
    let fabric = fabric.await.assert(200).json();
    let vlan = fabric["vlans"][0]["id"].to_string();
    region.put(By::Admin, "fabrics/0/vlans/0/", &[("space", "dmz")]).await.assert(200);
    let subnet = [("cidr", "10.0.0.0/24"), ("name", "front")];
    let subnet = region.post(By::Admin, "subnets/", &subnet).await.assert(200).json();
    let subnet = u32::try_from(subnet["id"].as_u64().unwrap()).unwrap();
    for number in 1..=3 {
        let mut machine = machine(number);
        machine.interfaces[0].tags = vec!["fast".to_owned()];
        match number {
            2 => machine.interfaces[0].tags.push("blue".to_owned()),
            3 => machine.interfaces[1].tags.push("fast".to_owned()),
            _ => {}
        }
        let links = &mut machine.interfaces[0].links;
        if number == 1 {
            links.push(link(1, LinkMode::Auto, subnet));
        } else {
            machine.interfaces[1].vlan = Some(vlan.parse().unwrap());
        }
        region.store(&machine).await;
    }
    region
}

#[tokio::test]
async fn what_met_each_label_is_told() {
    let region = site().await;
    let form = [
        ("storage", "root:8(ssd),data:2"),
        ("interfaces", "front:space=dmz,subnet_cidr=10.0.0.0/24;any:fabric=fabric-0"),
        ("mem", "1024"),
    ];
    let found = allocate(&region, &form).await.assert(200).json();
    assert_eq!(found["hostname"], "web-1");
    let expected = json!({
        "storage": { "root": [11], "data": [12] },
        "interfaces": { "front": [10], "any": [10, 11] },
    });
    assert_eq!(found["constraints_by_type"], expected);
    let ids: Vec<&Value> =
        found["interface_set"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [&json!(10), &json!(11)], "what is told can be looked up in the machine");
}

#[tokio::test]
async fn a_verbose_answer_names_the_machine_and_a_dry_run_takes_it_not() {
    let region = site().await;
    let form =
        [("storage", "root:8"), ("interfaces", "a:vid=0"), ("verbose", "true"), ("dry_run", "1")];
    let found = allocate(&region, &form).await.assert(200).json();
    let id = found["system_id"].as_str().unwrap();
    let by_type = &found["constraints_by_type"];
    assert_eq!(by_type["verbose_storage"][id], json!({ "11": "root" }));
    assert_eq!(by_type["verbose_interfaces"], json!({ "a": { id: [10, 11] } }));
    assert_eq!((&found["status_name"], &found["owner"]), (&json!("Ready"), &Value::Null));
    let none = allocate(&region, &[("dry_run", "true")]).await.assert(200).json();
    assert_eq!(none["constraints_by_type"], json!({}), "nothing had a label");
}

#[tokio::test]
async fn machines_are_found_by_name_and_by_id_of_what_they_are_in() {
    let region = site().await;
    let free = |constraint: (&'static str, &'static str)| {
        let region = &region;
        async move {
            let answer = allocate(region, &[constraint, ("dry_run", "true")]).await;
            if answer.status == 409 {
                return "none".to_owned();
            }
            answer.assert(200).json()["hostname"].as_str().unwrap().to_owned()
        }
    };
    for (constraint, found) in [
        (("zone", "default"), "web-1"),
        (("zone", "1"), "web-1"),
        (("pool", "default"), "web-1"),
        (("pool", "0"), "web-1"),
        (("not_in_pool", "0"), "none"),
        (("fabrics", "storage"), "web-2"),
        (("fabrics", "1"), "web-2"),
        (("fabric_classes", "10g"), "web-2"),
        (("not_fabrics", "storage"), "web-1"),
        (("subnets", "front"), "web-1"),
        (("subnets", "cidr:10.0.0.0/24"), "web-1"),
        (("subnets", "ip:10.0.0.77"), "web-1"),
        (("subnets", "space:dmz"), "web-1"),
        (("subnets", "fabric:storage"), "web-2"),
        (("not_subnets", "front"), "web-2"),
        (("not_subnets", "space:dmz"), "none"),
        (("vlans", "fabric:storage"), "web-2"),
        (("interfaces", "a:fabric_class=10g"), "web-2"),
        (("interfaces", "a:space=dmz,fabric=storage"), "none"),
        (("interfaces", "a:not_space=dmz"), "web-2"),
        (("interfaces", "a:name=eth0,name=eth1,not_name=eth0"), "web-1"),
        (("interfaces", "a:mode=unconfigured,hostname=web-3"), "web-3"),
        (("interfaces", "a:link_speed=10000"), "none"),
        (("interfaces", "a:tag=fast"), "web-1"),
        (("interfaces", "a:tag=fast&&blue"), "web-2"),
        (("interfaces", "a:tag=fast,not_tag=blue,name=eth1"), "web-3"),
        (("interfaces", "a:tag=slow"), "none"),
        (("cpu_count", "3.0"), "web-3"),
        (("arch", "amd64"), "web-1"),
        (("arch", "arm"), "none"),
        (("pod", "host"), "none"),
        (("not_pod", "host"), "web-1"),
        (("name", "web-2.maas"), "web-2"),
        (("name", "web-2.other"), "none"),
    ] {
        assert_eq!(free(constraint).await, found, "{constraint:?}");
    }
}

#[tokio::test]
async fn what_there_is_not_is_refused_by_field_in_the_words_of_maas() {
    let region = site().await;
    for (name, value, message) in [
        ("zone", "nosuch", "No such zone(s): nosuch."),
        ("not_in_zone", "nosuch", "No such zone(s): nosuch."),
        ("pool", "77", "No such pool(s): 77."),
        ("tags", "fast", "No such tag(s): 'fast'."),
        ("arch", "z80", "Architecture not recognised."),
        ("subnets", "10.9.0.0/16", "No matching subnets found."),
        ("not_subnets", "space:nosuch", "No matching subnets found."),
        ("vlans", "nosuch", "No matching VLANs found."),
        ("mem", "much", "Invalid memory: number of MiB required."),
        ("cpu_count", "x", "Invalid CPU count: number required."),
        ("storage", "root", "Malformed storage constraint, \"root\"."),
        ("interfaces", "a:spaces=x", "Unknown interfaces constraint: 'spaces"),
        ("devices", "vendor=x", "Unknown devices constraint: 'vendor"),
        ("bogus", "1", "No such constraint."),
    ] {
        allocate(&region, &[(name, value)]).await.assert_field(name, message);
    }
}

#[tokio::test]
async fn where_nothing_is_free_the_request_is_repeated() {
    let region = site().await;
    let form = [("mem", "99999"), ("arch", "amd64"), ("agent_name", "it's")];
    let none = allocate(&region, &form).await.assert(409);
    assert_eq!(
        none.text,
        "No available machine matches constraints: [('agent_name', [\"it's\"]), ('arch', ['amd64']), \
         ('mem', ['99999'])] (resolved to \"arch=amd64/generic mem=99999.0\")"
    );
    let taken = allocate(&region, &[("name", "web-1")]).await.assert(200).json();
    let id = taken["system_id"].as_str().unwrap();
    let none = allocate(&region, &[("system_id", id)]).await.assert(409);
    assert_eq!(none.text, format!("No machine with system ID {id} available."));
    for _ in 0..2 {
        allocate(&region, &[]).await.assert(200);
    }
    assert_eq!(allocate(&region, &[]).await.assert(409).text, "No machine available.");
}
