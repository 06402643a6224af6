//! The Terraform provider `maas`, resource by resource: create, update, read, delete. It rests on gomaasclient, which
//! sends `op` in the query of each POST, also an empty one, and everything else as a form.
//!
//! Not served: `maas_block_device*`, `maas_raid`, `maas_logical_volume*`, `maas_volume_group` (storage),
//! `maas_network_interface_*` of machines and so `network_interfaces` of `maas_instance`, `maas_node_script`,
//! `maas_vm_host*`.

use serde_json::{Value, json};

use crate::clients::reads::{
    BLOCK_DEVICE, BOOT_RESOURCE, BOOT_SOURCE, CONTROLLER, DEVICE, DNS_RECORD, DNS_RESOURCE, DOMAIN,
    FABRIC, INTERFACE, IP_RANGE, POOL, SELECTION, SPACE, SUBNET, TAG, USER, VLAN, ZONE, each_reads,
    reads, reads_machine,
};
use crate::harness::{By, Region};
use crate::stock::{machine, rack};

/// The provider, with an administrator's key.
struct Terraform {
    region: Region,
}

type Form<'a> = &'a [(&'a str, &'a str)];

impl Terraform {
    async fn start() -> Self {
        let terraform = Self { region: Region::start().await };
        terraform.get("users/?op=whoami").await;
        terraform
    }

    async fn get(&self, path: &str) -> Value {
        self.region.get(By::Admin, path).await.assert(200).json()
    }

    /// What is made, by a POST without an operation.
    async fn create(&self, path: &str, form: Form<'_>) -> Value {
        let answer = self.region.post(By::Admin, &format!("{path}?op="), form).await;
        assert!([200, 201].contains(&answer.status), "{path}: {}", answer.text);
        answer.json()
    }

    async fn post(&self, path: &str, op: &str, form: Form<'_>) -> Value {
        self.region.post(By::Admin, &format!("{path}?op={op}"), form).await.assert(200).json()
    }

    async fn update(&self, path: &str, form: Form<'_>) -> Value {
        self.region.put(By::Admin, path, form).await.assert(200).json()
    }

    async fn delete(&self, path: &str) {
        self.region.delete(By::Admin, path).await.assert(204);
    }

    /// The one of a list that it looks for by comparing.
    async fn find(&self, path: &str, field: &str, value: impl Into<Value>) -> Value {
        let (list, value) = (self.get(path).await, value.into());
        let found = list.as_array().unwrap().iter().find(|one| one[field] == value);
        found.unwrap_or_else(|| panic!("no {field} {value} in {list:#}")).clone()
    }
}

fn id(object: &Value) -> String {
    object["id"].to_string()
}

#[tokio::test]
async fn fabrics_spaces_vlans_subnets_and_ranges_are_applied_and_destroyed() {
    let to = Terraform::start().await;
    let space = to.create("spaces/", &[("name", "tf-space")]).await;
    let space_path = format!("spaces/{}/", id(&space));
    reads(&to.update(&space_path, &[("name", "tf-space")]).await, SPACE);

    let fabric = to.create("fabrics/", &[("name", "tf-fabric")]).await;
    let fabric_path = format!("fabrics/{}/", id(&fabric));
    reads(&to.update(&fabric_path, &[("name", "tf-fabric")]).await, FABRIC);
    each_reads(&to.get("fabrics/").await, FABRIC);

    let vlans = format!("{fabric_path}vlans/");
    let settings = [
        ("dhcp_on", "false"),
        ("mtu", "1500"),
        ("name", "tf-vlan"),
        ("space", "tf-space"),
        ("vid", "14"),
    ];
    let vlan = to.create(&vlans, &settings).await;
    reads(&vlan, VLAN);
    let found = to.find(&vlans, "id", vlan["id"].clone()).await;
    reads(&found, VLAN);
    let vlan_path = format!("{vlans}{}/", found["vid"]);
    assert_eq!(to.update(&vlan_path, &settings).await["space"], "tf-space");

    let (fabric_id, vlan_id) = (id(&fabric), id(&vlan));
    let subnet_form = [
        ("active_discovery", "true"),
        ("allow_dns", "true"),
        ("allow_proxy", "true"),
        ("cidr", "10.88.88.0/24"),
        ("dns_servers", "1.1.1.1"),
        ("dns_servers", "8.8.8.8"),
        ("fabric", &fabric_id),
        ("gateway_ip", "10.88.88.1"),
        ("managed", "true"),
        ("name", "tf-subnet"),
        ("rdns_mode", "2"),
        ("vid", "14"),
        ("vlan", &vlan_id),
    ];
    let subnet = to.create("subnets/", &subnet_form).await;
    let subnet_path = format!("subnets/{}/", id(&subnet));
    reads(&to.update(&subnet_path, &subnet_form).await, SUBNET);
    let read = to.get(&subnet_path).await;
    reads(&read["vlan"], VLAN);
    assert_eq!(read["dns_servers"], json!(["1.1.1.1", "8.8.8.8"]), "each is sent by itself");
    assert_eq!((&read["gateway_ip"], &read["vlan"]["vid"]), (&json!("10.88.88.1"), &json!(14)));
    each_reads(&to.get("subnets/").await, SUBNET);

    let subnet_id = id(&subnet);
    let range = |kind, start, end| {
        [
            ("comment", "tf"),
            ("end_ip", end),
            ("start_ip", start),
            ("subnet", subnet_id.as_str()),
            ("type", kind),
        ]
    };
    let dynamic = range("dynamic", "10.88.88.50", "10.88.88.99");
    let dynamic = to.create("ipranges/", &dynamic).await;
    reads(&dynamic, IP_RANGE);
    let reserved = to.create("ipranges/", &range("reserved", "10.88.88.2", "10.88.88.9")).await;
    let reserved_path = format!("ipranges/{}/", id(&reserved));
    let longer = range("reserved", "10.88.88.2", "10.88.88.19");
    assert_eq!(to.update(&reserved_path, &longer).await["end_ip"], "10.88.88.19");
    each_reads(&to.get("ipranges/").await, IP_RANGE);
    reads(&to.get(&reserved_path).await["subnet"], SUBNET);

    // `maas_vlan_dhcp` of a VLAN with racks, found by `maas_rack_controller`.
    to.region.store(&rack(7)).await;
    let racks = to.get("rackcontrollers/").await;
    each_reads(&racks, CONTROLLER);
    let primary = racks[0]["system_id"].as_str().unwrap();
    let on = [("dhcp_on", "true"), ("primary_rack", primary), ("vid", "14")];
    let on = to.update(&vlan_path, &on).await;
    reads(&on, VLAN);
    assert_eq!((&on["dhcp_on"], &on["primary_rack"]), (&json!(true), &json!(primary)));
    assert_eq!(
        to.update(&vlan_path, &[("dhcp_on", "false"), ("vid", "14")]).await["dhcp_on"],
        false
    );

    for path in [
        reserved_path,
        format!("ipranges/{}/", id(&dynamic)),
        subnet_path,
        vlan_path,
        fabric_path,
        space_path,
    ] {
        to.delete(&path).await;
        to.region.get(By::Admin, &path).await.assert(404);
    }
}

#[tokio::test]
async fn domains_and_records_are_applied_and_destroyed() {
    let to = Terraform::start().await;
    to.create("subnets/", &[("cidr", "10.99.11.0/24"), ("vlan", "1")]).await;
    let form = [("authoritative", "true"), ("name", "cloudbase"), ("ttl", "3600")];
    let domain = to.create("domains/", &form).await;
    reads(&domain, DOMAIN);
    let path = format!("domains/{}/", id(&domain));
    reads(&to.update(&path, &form).await, DOMAIN);
    each_reads(&to.get("domains/").await, DOMAIN);

    // A TTL that is not given is sent as 0.
    let form = [
        ("address_ttl", "0"),
        ("domain", "cloudbase"),
        ("ip_addresses", "10.99.11.33"),
        ("name", "test-a"),
    ];
    let address = to.create("dnsresources/", &form).await;
    let address_path = format!("dnsresources/{}/", id(&address));
    reads(&to.update(&address_path, &form).await, DNS_RESOURCE);
    let read = to.get(&address_path).await;
    reads(&read, DNS_RESOURCE);
    assert_eq!(read["ip_addresses"][0]["ip"], "10.99.11.33");
    let form =
        [("fqdn", "test-txt.cloudbase"), ("rrdata", "\"@\""), ("rrtype", "TXT"), ("ttl", "0")];
    let text = to.create("dnsresourcerecords/", &form).await;
    let text_path = format!("dnsresourcerecords/{}/", id(&text));
    reads(&to.update(&text_path, &form).await, DNS_RECORD);
    reads(&to.get(&text_path).await, DNS_RECORD);
    to.find("dnsresourcerecords/", "fqdn", "test-txt.cloudbase").await;
    to.find("dnsresources/", "fqdn", "test-a.cloudbase").await;

    to.delete(&text_path).await;
    to.delete(&address_path).await;
    to.get("dnsresources/").await;
    let release = [("ip", "10.99.11.33")];
    let released = to.region.post(By::Admin, "ipaddresses/?op=release", &release).await;
    assert_eq!(released.status, 204);
    let again = to.region.post(By::Admin, "ipaddresses/?op=release", &release).await;
    assert!(again.text.contains("does not exist"), "that is taken as done: {}", again.text);
    to.post(&path, "set_default", &[]).await;
    to.post("domains/0/", "set_default", &[]).await;
    to.delete(&path).await;
}

#[tokio::test]
async fn what_machines_are_sorted_by_is_applied_and_destroyed() {
    let to = Terraform::start().await;
    for (list, one, name) in
        [("zones/", "zones/", "tf-zone"), ("resourcepools/", "resourcepool/", "tf-pool")]
    {
        let form = [("description", "by Terraform"), ("name", name)];
        let made = to.create(list, &form).await;
        reads(&made, if list == "zones/" { ZONE } else { POOL });
        to.find(list, "name", name).await;
        let path =
            if list == "zones/" { format!("{one}{name}/") } else { format!("{one}{}/", id(&made)) };
        assert_eq!(to.update(&path, &form).await["description"], "by Terraform");
        to.get(&path).await;
        to.delete(&path).await;
    }

    for number in [1, 2] {
        to.region.store(&machine(number)).await;
    }
    let form = [("comment", ""), ("definition", ""), ("kernel_opts", ""), ("name", "virtual")];
    reads(&to.create("tags/", &form).await, TAG);
    let listed = to.get("machines/").await;
    let ids: Vec<&str> =
        listed.as_array().unwrap().iter().map(|one| one["system_id"].as_str().unwrap()).collect();
    let add: Vec<(&str, &str)> = ids.iter().map(|id| ("add", *id)).collect();
    to.post("tags/virtual/", "update_nodes", &add).await;
    assert_eq!(to.get("tags/virtual/?op=machines").await.as_array().unwrap().len(), 2);
    to.post("tags/virtual/", "update_nodes", &[("remove", ids[0])]).await;
    let left = to.get("tags/virtual/?op=machines").await;
    assert_eq!(left[0]["system_id"], ids[1]);
    reads_machine(&left[0]);
    to.update("tags/virtual/", &form).await;
    each_reads(&to.get("tags/").await, TAG);
    to.delete("tags/virtual/").await;

    let form = [
        ("email", "tf@example.com"),
        ("is_superuser", "0"),
        ("password", "correct horse"),
        ("username", "tf"),
    ];
    reads(&to.create("users/", &form).await, USER);
    reads(&to.get("users/tf/").await, USER);
    to.delete("users/tf/?transfer_resources_to=admin").await;
}

#[tokio::test]
async fn images_and_settings_are_applied_and_looked_up() {
    let to = Terraform::start().await;
    to.region.put_image().await;
    each_reads(&to.get("boot-resources/").await, BOOT_RESOURCE);
    reads(&to.get("boot-resources/1/").await, BOOT_RESOURCE);
    let form =
        [("keyring_filename", "/usr/share/keyrings/k.gpg"), ("url", "http://images.example/")];
    let source = to.create("boot-sources/", &form).await;
    reads(&source, BOOT_SOURCE);
    let path = format!("boot-sources/{}/", id(&source));
    reads(&to.update(&path, &form).await, BOOT_SOURCE);
    each_reads(&to.get("boot-sources/").await, BOOT_SOURCE);
    let selections = format!("{path}selections/");
    let form = [
        ("arches", "amd64"),
        ("labels", "*"),
        ("os", "ubuntu"),
        ("release", "noble"),
        ("subarches", "*"),
    ];
    let selection = to.create(&selections, &form).await;
    reads(&selection, SELECTION);
    let selection_path = format!("{selections}{}/", id(&selection));
    reads(&to.update(&selection_path, &form).await, SELECTION);
    reads(&to.get(&selection_path).await, SELECTION);
    to.delete(&selection_path).await;
    to.delete(&path).await;

    let set = [("name", "kernel_opts"), ("value", "console=ttyS0")];
    to.region.post(By::Admin, "maas/?op=set_config", &set).await.assert(200);
    assert_eq!(to.get("maas/?name=kernel_opts&op=get_config").await, "console=ttyS0");
    each_reads(
        &to.get("package-repositories/").await,
        "id:int name:text url:text arches:texts components:texts \
        disabled_components:texts disabled_pockets:texts distributions:texts key:text enabled:flag disable_sources:flag",
    );
}

#[tokio::test]
async fn a_device_is_applied_and_destroyed() {
    let to = Terraform::start().await;
    let form = [
        ("description", "by Terraform"),
        ("domain", "maas"),
        ("hostname", "tf-device"),
        ("mac_addresses", "12:23:45:67:89:de"),
        ("zone", "default"),
    ];
    let device = to.create("devices/", &form).await;
    reads(&device, DEVICE);
    let path = format!("devices/{}/", device["system_id"].as_str().unwrap());
    let read = to.find("devices/", "hostname", "tf-device").await;
    reads(&read, DEVICE);
    each_reads(&read["interface_set"], INTERFACE);
    reads(&to.update(&path, &[("hostname", "tf-device"), ("zone", "default")]).await, DEVICE);
    let port = format!("nodes/{}/interfaces/", device["system_id"].as_str().unwrap());
    each_reads(&to.get(&port).await, INTERFACE);
    to.delete(&path).await;
}

#[tokio::test]
async fn a_machine_is_applied_and_destroyed() {
    let to = Terraform::start().await;
    let form = [
        ("architecture", "amd64/generic"),
        ("commission", "true"),
        ("domain", "maas"),
        ("hostname", "tf-machine"),
        ("mac_addresses", "52:54:00:c1:d2:e3"),
        ("pool", "default"),
        ("power_parameters_power_address", "10.113.1.11"),
        ("power_parameters_power_pass", "pw"),
        ("power_parameters_power_user", "maas"),
        ("power_type", "ipmi"),
        ("zone", "default"),
    ];
    let made = to.create("machines/", &form).await;
    reads_machine(&made);
    assert_eq!(made["status_name"], "Commissioning", "it waits for Ready from here");
    let path = format!("machines/{}/", made["system_id"].as_str().unwrap());
    let updated = to.update(&path, &form).await;
    reads_machine(&updated);
    let read = to.get(&path).await;
    assert_eq!(read["interface_set"][0]["mac_address"], "52:54:00:c1:d2:e3");
    assert_eq!(to.get(&format!("{path}?op=power_parameters")).await["power_user"], "maas");
    to.find("machines/", "fqdn", "tf-machine.maas").await;
    let taken = to.region.post(By::Admin, "machines/?op=", &form).await.assert(400).json();
    let said = "MAC address 52:54:00:c1:d2:e3 already in use on tf-machine.";
    assert_eq!(taken["mac_addresses"][0], said, "it looks for these words");
    to.delete(&path).await;
}

#[tokio::test]
async fn what_is_there_is_looked_up_by_id() {
    let to = Terraform::start().await;
    to.region.store(&machine(4)).await;
    for (path, fields) in
        [("fabrics/0/", FABRIC), ("domains/0/", DOMAIN), ("resourcepool/0/", POOL)]
    {
        reads(&to.get(path).await, fields);
    }
    let node = format!("nodes/{}/", machine(4).system_id);
    for (list, fields) in [("blockdevices/", BLOCK_DEVICE), ("interfaces/", INTERFACE)] {
        let all = to.get(&format!("{node}{list}")).await;
        each_reads(&all, fields);
        reads(&to.get(&format!("{node}{list}{}/", all[0]["id"])).await, fields);
    }
}

#[tokio::test]
async fn an_instance_is_applied_and_destroyed() {
    let to = Terraform::start().await;
    to.create("subnets/", &[("cidr", "10.0.0.0/24"), ("vlan", "1")]).await;
    to.region.put_image().await;
    to.region.store(&machine(4)).await;
    let form = [
        ("cpu_count", "2"),
        ("mem", "2048"),
        ("name", "web-4"),
        ("pool", "default"),
        ("zone", "default"),
    ];
    let taken = to.post("machines/", "allocate", &form).await;
    reads_machine(&taken);
    let path = format!("machines/{}/", taken["system_id"].as_str().unwrap());
    each_reads(
        &to.get(&format!("nodes/{}/interfaces/", taken["system_id"].as_str().unwrap())).await,
        INTERFACE,
    );
    let form = [("distro_series", "bookworm"), ("user_data", "I2Nsb3VkLWNvbmZpZwo=")];
    assert_eq!(to.post(&path, "deploy", &form).await["status_name"], "Deploying");
    let read = to.get(&path).await;
    reads_machine(&read);
    assert_eq!(read["ip_addresses"].as_array().unwrap().len(), 1);
    let release =
        [("comment", "Released by Terraform"), ("machines", taken["system_id"].as_str().unwrap())];
    to.post("machines/", "release", &release).await;
    reads_machine(&to.get(&path).await);
}
