//! The modules of Ansible's collection `maas.maas`: each looks in a list, compares what it finds with what is wanted, and
//! makes, changes or deletes. They send parts of a form without a line end behind the last boundary, booleans as
//! Python prints them, and two slashes before an id.
//!
//! Not served: `block_device`, `vm_host*`, `vm_nic_physical`, `network_interface_physical` and `network_interface_link`
//! (storage, hosts of virtual machines, interfaces of machines are not changed).

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use crate::clients::reads::{
    BOOT_RESOURCE, DNS_RECORD, DNS_RESOURCE, DOMAIN, FABRIC, IP_RANGE, POOL, SPACE, STATIC_ROUTE,
    SUBNET, TAG, USER, VLAN, ZONE, each_reads, reads,
};
use crate::harness::{Answer, By, Region};
use crate::stock::machine;

const BOUNDARY: &str = "0A1b2C3d4E5f";

struct Ansible {
    region: Region,
}

type Form<'a> = &'a [(&'a str, &'a str)];

impl Ansible {
    async fn start() -> Self {
        Self { region: Region::start().await }
    }

    async fn send(&self, method: &str, path: &str, form: Form<'_>) -> Answer {
        let mut body = String::new();
        for (name, value) in form {
            body.push_str(&format!("--{BOUNDARY}\r\n"));
            body.push_str(&format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n"));
            body.push_str(&format!("{value}\r\n"));
        }
        body.push_str(&format!("--{BOUNDARY}--"));
        let request = Request::builder().method(method).uri(format!("/MAAS/api/2.0/{path}"));
        let request = request
            .header("accept", "application/json")
            .header("authorization", self.region.authorization(By::Admin).unwrap())
            .header("content-type", format!("multipart/form-data; boundary=\"{BOUNDARY}\""));
        self.region.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn get(&self, path: &str) -> Value {
        self.region.get(By::Admin, path).await.assert(200).json()
    }

    async fn post(&self, path: &str, form: Form<'_>) -> Value {
        let answer = self.send("POST", path, form).await;
        assert!([200, 201].contains(&answer.status), "{path}: {}", answer.text);
        answer.json()
    }

    async fn put(&self, path: &str, form: Form<'_>) -> Value {
        self.send("PUT", path, form).await.assert(200).json()
    }

    async fn delete(&self, path: &str) {
        let answer = self.region.delete(By::Admin, path).await;
        assert!([200, 204].contains(&answer.status), "{path}: {}", answer.text);
    }

    /// The one object of a list that has this value.
    async fn only(&self, path: &str, field: &str, value: &str) -> Value {
        let list = self.get(path).await;
        let found: Vec<_> =
            list.as_array().unwrap().iter().filter(|one| one[field] == value).collect();
        assert_eq!(found.len(), 1, "{field} {value} in {list:#}");
        found[0].clone()
    }
}

fn id(object: &Value) -> String {
    object["id"].to_string()
}

#[tokio::test]
async fn networks_are_present_changed_and_absent() {
    let with = Ansible::start().await;
    with.post("spaces/", &[("name", "storage"), ("description", "of disks")]).await;
    let space = with.only("spaces/", "name", "storage").await;
    reads(&space, SPACE);
    let renamed = with.put(&format!("spaces/{}/", id(&space)), &[("name", "disks")]).await;
    assert_eq!(renamed["name"], "disks");
    with.post("fabrics/", &[("name", "plant"), ("class_type", "10g")]).await;
    let fabric = with.only("fabrics/", "name", "plant").await;
    reads(&fabric, FABRIC);
    assert_eq!(fabric["class_type"], "10g");
    with.put(&format!("fabrics/{}/", id(&fabric)), &[("description", "all")]).await;

    let vlans = format!("fabrics/{}/vlans/", id(&fabric));
    let form = [
        ("vid", "102"),
        ("name", "drives"),
        ("description", "of disks"),
        ("mtu", "1500"),
        ("dhcp_on", "False"),
        ("space", "disks"),
    ];
    with.post(&vlans, &form).await;
    let vlan = with.only(&vlans, "name", "drives").await;
    reads(&vlan, VLAN);
    let vlan_path = format!("vlans/{}/", id(&vlan));
    assert_eq!(with.put(&vlan_path, &[("mtu", "9000")]).await["mtu"], 9000);
    reads(&with.get(&vlan_path).await, VLAN);

    let (fabric_id, vlan_id) = (id(&fabric), id(&vlan));
    let form = [
        ("name", "subnet-102"),
        ("cidr", "10.23.1.0/24"),
        ("fabric", &fabric_id),
        ("vlan", &vlan_id),
        ("rdns_mode", "1"),
        ("allow_dns", "True"),
        ("allow_proxy", "True"),
        ("gateway_ip", "10.23.1.1"),
        ("dns_servers", "10.23.1.100,10.23.1.101"),
    ];
    let subnet = with.post("subnets/", &form).await;
    assert_eq!(
        (&subnet["vlan"]["name"], &subnet["vlan"]["fabric"]),
        (&json!("drives"), &json!("plant"))
    );
    let subnet = with.only("subnets/", "name", "subnet-102").await;
    reads(&subnet, SUBNET);
    assert_eq!(subnet["dns_servers"], json!(["10.23.1.100", "10.23.1.101"]));
    let subnet_id = id(&subnet);
    for (kind, start, end) in
        [("reserved", "10.23.1.10", "10.23.1.15"), ("dynamic", "10.23.1.20", "10.23.1.25")]
    {
        let form = [("type", kind), ("start_ip", start), ("end_ip", end), ("subnet", &subnet_id)];
        reads(&with.post("ipranges/", &form).await, IP_RANGE);
    }
    let ranges = with.get("ipranges/").await;
    each_reads(&ranges, IP_RANGE);
    assert!(ranges.as_array().unwrap().iter().all(|range| range["subnet"]["name"] == "subnet-102"));
    let changed = with.put(&format!("subnets//{subnet_id}/"), &[("allow_dns", "False")]).await;
    assert_eq!(changed["allow_dns"], false);

    let other = with
        .post("subnets/", &[("name", "other"), ("cidr", "10.24.1.0/24"), ("vlan", &vlan_id)])
        .await;
    let (from, to) = (id(&subnet), id(&other));
    let form = [
        ("source", from.as_str()),
        ("destination", &to),
        ("gateway_ip", "10.23.1.1"),
        ("metric", "100"),
    ];
    let route = with.post("static-routes/", &form).await;
    reads(&route, STATIC_ROUTE);
    each_reads(&with.get("static-routes/").await, STATIC_ROUTE);
    with.put(&format!("static-routes/{}/", id(&route)), &[("metric", "50")]).await;

    with.delete(&format!("static-routes/{}/", id(&route))).await;
    for range in ranges.as_array().unwrap() {
        with.delete(&format!("ipranges/{}/", range["id"])).await;
    }
    for path in [format!("subnets//{subnet_id}/"), format!("subnets//{}/", id(&other)), vlan_path] {
        with.delete(&path).await;
    }
    with.delete(&format!("fabrics/{fabric_id}/")).await;
    with.delete(&format!("spaces/{}/", id(&space))).await;
}

#[tokio::test]
async fn names_are_present_changed_and_absent() {
    let with = Ansible::start().await;
    with.post("subnets/", &[("cidr", "192.168.0.0/24"), ("vlan", "1")]).await;
    with.post("domains/", &[("name", "new-domain"), ("authoritative", "True"), ("ttl", "50")])
        .await;
    let domain = with.only("domains/", "name", "new-domain").await;
    reads(&domain, DOMAIN);
    let path = format!("domains//{}/", id(&domain));
    assert_eq!(with.put(&path, &[("ttl", "60")]).await["ttl"], 60);
    let default = format!("domains/{}/?op=set_default", id(&domain));
    with.post(&default, &[]).await;
    with.post("domains/0/?op=set_default", &[]).await;

    let form = [
        ("name", "service"),
        ("domain", "new-domain"),
        ("address_ttl", "15"),
        ("ip_addresses", "192.168.0.1 192.168.0.2"),
    ];
    reads(&with.post("dnsresources/", &form).await, DNS_RESOURCE);
    let service = with.only("dnsresources/", "fqdn", "service.new-domain").await;
    assert_eq!(service["ip_addresses"].as_array().unwrap().len(), 2);
    let form = [("address_ttl", "20"), ("ip_addresses", "192.168.0.1")];
    let changed = with.put(&format!("dnsresources//{}/", id(&service)), &form).await;
    assert_eq!(
        (&changed["address_ttl"], &changed["ip_addresses"][0]["ip"]),
        (&json!(20), &json!("192.168.0.1"))
    );
    for (kind, data) in [
        ("CNAME", "service.new-domain"),
        ("MX", "10 service.new-domain"),
        ("NS", "service.new-domain"),
        ("SRV", "5 10 5060 service.new-domain"),
        ("TXT", "some text"),
    ] {
        let name = kind.to_lowercase();
        let form =
            [("name", name.as_str()), ("domain", "new-domain"), ("rrtype", kind), ("rrdata", data)];
        let form =
            if kind == "SRV" { [("name", "_sip._tcp"), form[1], form[2], form[3]] } else { form };
        let record = with.post("dnsresourcerecords/", &form).await;
        reads(&record, DNS_RECORD);
        let one = format!("dnsresourcerecords//{}/", id(&record));
        reads(
            &with.put(&one, &[("rrtype", kind), ("rrdata", data), ("ttl", "30")]).await,
            DNS_RECORD,
        );
    }
    let all = with.get("dnsresources/").await;
    each_reads(&all, DNS_RESOURCE);
    for resource in all.as_array().unwrap() {
        for record in resource["resource_records"].as_array().unwrap() {
            reads(record, DNS_RECORD);
        }
        with.delete(&format!("dnsresources//{}/", resource["id"])).await;
    }
    with.delete(&path).await;
}

#[tokio::test]
async fn the_site_is_present_changed_and_absent() {
    let with = Ansible::start().await;
    let form = [
        ("username", "jdoe"),
        ("password", "correct horse"),
        ("email", "j@example.com"),
        ("is_superuser", "0"),
    ];
    reads(&with.post("users/", &form).await, USER);
    each_reads(&with.get("users/").await, USER);
    reads(&with.get("users/jdoe/").await, USER);
    with.delete("users/jdoe/").await;
    with.post("zones/", &[("name", "cellar"), ("description", "below")]).await;
    each_reads(&with.get("zones/").await, ZONE);
    with.put("zones/cellar/", &[("description", "far below")]).await;
    with.delete("zones/cellar/").await;
    with.post("maas/?op=set_config", &[("name", "maas_name"), ("value", "plant")]).await;
    assert_eq!(with.get("maas/?op=get_config&name=maas_name").await, "plant");
    let form = [
        ("name", "extra"),
        ("url", "http://deb.example/"),
        ("distributions", "noble"),
        ("enabled", "True"),
    ];
    let repository = with.post("package-repositories/", &form).await;
    with.delete(&format!("package-repositories/{}/", id(&repository))).await;
    let form = [
        ("name", "lease"),
        ("value", "default-lease-time 600;"),
        ("enabled", "True"),
        ("global_snippet", "True"),
    ];
    let snippet = with.post("dhcp-snippets/", &form).await;
    with.delete(&format!("dhcp-snippets/{}/", id(&snippet))).await;
    with.region.put_image().await;
    each_reads(&with.get("boot-resources/").await, BOOT_RESOURCE);
}

/// What `Machine.from_maas` and `NetworkInterface.from_maas` take for granted.
#[track_caller]
fn reads_machine(machine: &Value) {
    reads(
        machine,
        "fqdn:text hostname:text system_id:text memory:int cpu_count:int domain:map zone:map pool:map \
        tag_names:texts interface_set:list blockdevice_set:list status_name:text osystem:text distro_series:text \
        hwe_kernel:text? min_hwe_kernel:text? power_type:text architecture:text boot_interface:map",
    );
    reads(&machine["pool"], POOL);
    reads(&machine["boot_interface"], "system_id:text");
    for interface in machine["interface_set"].as_array().unwrap() {
        reads(
            interface,
            "id:int name:text mac_address:text system_id:text tags:texts effective_mtu:int vlan:map?",
        );
    }
    for disk in machine["blockdevice_set"].as_array().unwrap() {
        reads(disk, "id:int name:text size:int");
    }
}

#[tokio::test]
async fn machines_are_added_changed_and_removed_and_tagged() {
    let with = Ansible::start().await;
    let form = [
        ("power_type", "ipmi"),
        ("mac_addresses", "00:00:00:00:00:01"),
        ("architecture", "amd64/generic"),
        ("hostname", "new-machine"),
        ("domain", "0"),
        ("zone", "1"),
        ("pool", "0"),
        ("power_parameters_power_address", "172.16.99.10"),
        ("power_parameters_power_user", "u"),
        ("power_parameters_power_pass", "p"),
    ];
    let made = with.post("machines/", &form).await;
    reads_machine(&made);
    let found = with.only("machines/", "fqdn", "new-machine.maas").await;
    reads_machine(&found);
    let path = format!("machines/{}/", found["system_id"].as_str().unwrap());
    reads_machine(&with.put(&path, &[("hostname", "updated")]).await);
    reads(&with.post("tags/", &[("name", "fast")]).await, TAG);
    each_reads(&with.get("tags/").await, TAG);
    let system_id = found["system_id"].as_str().unwrap();
    with.post("tags/fast/?op=update_nodes", &[("add", system_id)]).await;
    assert_eq!(with.get(&path).await["tag_names"], json!(["fast"]));
    with.post("tags/fast/?op=update_nodes", &[("remove", system_id)]).await;
    with.delete(&path).await;
    assert_eq!(with.region.get(By::Admin, &path).await.status, 404);
}

#[tokio::test]
async fn an_instance_is_deployed_and_ready_again() {
    let with = Ansible::start().await;
    with.post("subnets/", &[("cidr", "10.0.0.0/24"), ("vlan", "1")]).await;
    with.region.put_image().await;
    with.region.store(&machine(2)).await;
    let taken = with.post("machines/?op=allocate", &[("cpu_count", "1"), ("mem", "2048")]).await;
    reads_machine(&taken);
    let path = format!("machines/{}/", taken["boot_interface"]["system_id"].as_str().unwrap());
    let form = [("osystem", "debian"), ("distro_series", "bookworm")];
    let node = path.replace("machines", "nodes");
    each_reads(&with.get(&format!("{node}interfaces/")).await, "id:int name:text mac_address:text");
    each_reads(&with.get(&format!("{node}blockdevices/")).await, "id:int name:text size:int");
    let deployed = with.post(&format!("{path}?op=deploy"), &form).await;
    assert_eq!(deployed["status_name"], "Deploying");
    let link = &deployed["interface_set"][0]["links"][0];
    reads(&link["subnet"], "cidr:text vlan:map");
    reads_machine(&with.post(&format!("{path}?op=release"), &[]).await);
    reads_machine(&with.get(&path).await);
    let commissioned = with.send("POST", path.trim_end_matches('/'), &[]).await;
    assert_eq!(commissioned.status, 404, "it sends this without the last slash, as to MAAS");
}
