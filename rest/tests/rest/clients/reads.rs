//! What a client demands of an object that it reads: which fields, of which types. Clients written in Go fail at a
//! field of another type, and those in Python at one that is missing.

use serde_json::Value;

/// An address in Go: text, and none where there is no address.
pub(crate) const SUBNET: &str = "id:int cidr:text name:text space:text gateway_ip:text? dns_servers:texts \
    vlan:map rdns_mode:int allow_dns:flag allow_proxy:flag active_discovery:flag managed:flag resource_uri:text";
pub(crate) const VLAN: &str = "id:int vid:int mtu:int name:text fabric:text fabric_id:int space:text \
    dhcp_on:flag primary_rack:text? secondary_rack:text? relay_vlan:map? external_dhcp:text? resource_uri:text";
pub(crate) const FABRIC: &str = "id:int name:text vlans:list class_type:text? resource_uri:text";
pub(crate) const SPACE: &str = "id:int name:text vlans:list subnets:list resource_uri:text";
pub(crate) const IP_RANGE: &str = "id:int type:text start_ip:text end_ip:text subnet:map user:map? comment:text? resource_uri:text";
pub(crate) const STATIC_ROUTE: &str =
    "id:int source:map destination:map gateway_ip:text metric:int resource_uri:text";
pub(crate) const DOMAIN: &str = "id:int name:text authoritative:flag ttl:int? is_default:flag resource_record_count:int resource_uri:text";
pub(crate) const DNS_RESOURCE: &str =
    "id:int fqdn:text address_ttl:int? ip_addresses:list resource_records:list resource_uri:text";
pub(crate) const DNS_RECORD: &str =
    "id:int fqdn:text rrtype:text rrdata:text ttl:int? resource_uri:text";
pub(crate) const ZONE: &str = "id:int name:text description:text resource_uri:text";
pub(crate) const POOL: &str = "id:int name:text description:text resource_uri:text";
pub(crate) const TAG: &str =
    "name:text definition:text comment:text kernel_opts:text resource_uri:text";
pub(crate) const USER: &str = "username:text email:text is_superuser:flag resource_uri:text";
pub(crate) const DEVICE: &str = "system_id:text hostname:text fqdn:text description:text domain:map owner:text? \
    owner_data:map parent:text? tag_names:texts address_ttl:int? ip_addresses:texts interface_set:list zone:map \
    node_type:int node_type_name:text resource_uri:text";
pub(crate) const BOOT_SOURCE: &str = "id:int url:text keyring_filename:text keyring_data:text created:text \
    updated:text resource_uri:text";
pub(crate) const SELECTION: &str = "id:int boot_source_id:int os:text release:text arches:texts subarches:texts \
    labels:texts resource_uri:text";
pub(crate) const BOOT_RESOURCE: &str = "id:int type:text name:text architecture:text base_image:text \
    last_deployed:text? subarches:text resource_uri:text";
pub(crate) const INTERFACE: &str = "id:int name:text type:text mac_address:text? system_id:text vlan:map? \
    links:list parents:texts children:texts tags:texts discovered:list? enabled:flag effective_mtu:int \
    link_connected:flag interface_speed:int link_speed:int sriov_max_vf:int numa_node:int? product:text? \
    vendor:text? firmware_version:text? resource_uri:text";
pub(crate) const BLOCK_DEVICE: &str = "id:int name:text type:text model:text? serial:text? id_path:text? \
    path:text size:int block_size:int used_size:int available_size:int used_for:text uuid:text? \
    partition_table_type:text? partitions:list filesystem:map? tags:texts system_id:text numa_node:int? \
    firmware_version:text? storage_pool:text? resource_uri:text";
pub(crate) const MACHINE: &str = "system_id:text hostname:text fqdn:text description:text architecture:text \
    osystem:text distro_series:text hwe_kernel:text? min_hwe_kernel:text? status:int status_name:text \
    status_message:text? status_action:text? power_type:text power_state:text owner:text? owner_data:map \
    workload_annotations:map hardware_info:map hardware_uuid:text? pod:map? pool:map zone:map domain:map \
    tag_names:texts ip_addresses:texts interface_set:list boot_interface:map? boot_disk:map? blockdevice_set:list \
    physicalblockdevice_set:list virtualblockdevice_set:list volume_groups:list raids:list \
    bcaches:list cache_sets:list special_filesystems:list numanode_set:list default_gateways:map \
    node_type:int node_type_name:text memory:int storage:number cpu_count:int cpu_speed:int swap_size:int? \
    address_ttl:int? bios_boot_method:text? locked:flag netboot:flag enable_hw_sync:flag \
    ephemeral_deploy:flag sync_interval:int? next_sync:text? last_sync:text? current_commissioning_result_id:int? \
    current_installation_result_id:int? current_testing_result_id:int? commissioning_status:int \
    commissioning_status_name:text testing_status:int testing_status_name:text cpu_test_status:int \
    cpu_test_status_name:text memory_test_status:int memory_test_status_name:text storage_test_status:int \
    storage_test_status_name:text network_test_status:int network_test_status_name:text interface_test_status:int \
    interface_test_status_name:text other_test_status:int other_test_status_name:text resource_uri:text";
pub(crate) const CONTROLLER: &str = "system_id:text hostname:text fqdn:text description:text architecture:text? \
    osystem:text distro_series:text version:text? domain:map zone:map ip_addresses:texts interface_set:list \
    service_set:list tag_names:texts cpu_count:int memory:int node_type:int node_type_name:text power_type:text \
    power_state:text resource_uri:text";

/// Checks an object by a list of `field:type`; a `?` after the type lets it be null.
#[track_caller]
pub(crate) fn reads(object: &Value, fields: &str) {
    for field in fields.split_whitespace() {
        let (name, kind) = field.split_once(':').unwrap();
        let value = object.get(name).unwrap_or_else(|| panic!("no {name} in {object:#}"));
        let (kind, nullable) = kind.strip_suffix('?').map_or((kind, false), |kind| (kind, true));
        let is_texts = |list: &Vec<Value>| list.iter().all(Value::is_string);
        let fits = match kind {
            "text" => value.is_string(),
            "int" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "flag" => value.is_boolean(),
            "list" => value.is_array(),
            "texts" => value.as_array().is_some_and(is_texts),
            "map" => value.is_object(),
            other => panic!("{other} is no type"),
        };
        assert!(fits || nullable && value.is_null(), "{name} is no {kind}: {value}");
    }
}

/// Checks each object of a list, and that there is one.
#[track_caller]
pub(crate) fn each_reads(list: &Value, fields: &str) {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    assert!(!list.is_empty());
    for object in list {
        reads(object, fields);
    }
}

/// Checks a machine with what stands in it.
#[track_caller]
pub(crate) fn reads_machine(machine: &Value) {
    reads(machine, MACHINE);
    reads(&machine["domain"], DOMAIN);
    reads(&machine["zone"], ZONE);
    reads(&machine["pool"], POOL);
    for interface in machine["interface_set"].as_array().unwrap() {
        reads(interface, INTERFACE);
        if !interface["vlan"].is_null() {
            reads(&interface["vlan"], VLAN);
        }
        for link in interface["links"].as_array().unwrap() {
            reads(link, "id:int mode:text");
            if let Some(subnet) = link.get("subnet") {
                reads(subnet, SUBNET);
            }
        }
    }
    for disk in machine["blockdevice_set"].as_array().unwrap() {
        reads(disk, BLOCK_DEVICE);
    }
    for family in ["ipv4", "ipv6"] {
        reads(&machine["default_gateways"][family], "gateway_ip:text? link_id:int?");
    }
}
