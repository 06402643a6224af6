//! The disks of machines: what MAAS's clients make of them, who may, and when.

use model::id::UserId;
use model::machine::Machine;
use model::machine::lifecycle::Phase;
use model::machine::storage::Drives;
use model::machine::storage::config::LayoutName;
use model::machine::storage::ids::Counted;
use serde_json::{Value, json};
use tables::read::Reads;
use tables::site::USER_BY_NAME;

use crate::harness::{Answer, By, Region};
use crate::stock::{machine, path_of};

const GIGABYTE: u64 = 1_000_000_000;

/// A Ready machine with that many disks of 20 GB, on which nothing is made.
fn blank(number: u32, disks: u32) -> Machine {
    let mut machine = machine(number);
    let template = machine.block_devices[0].clone();
    let disks = (0..disks).map(|at| {
        let mut disk = template.clone();
        disk.id.0 = number * 100 + at;
        disk.name = format!("sd{}", char::from_u32(u32::from('a') + at).unwrap());
        disk.serial = format!("S{number}-{at}");
        disk.size_bytes = 20 * GIGABYTE;
        disk.boot = at == 0;
        disk
    });
    machine.block_devices = disks.collect();
    machine.storage.layout = Some(LayoutName::Blank);
    machine
}

struct Site {
    region: Region,
    machine: Machine,
    node: String,
}

impl Site {
    async fn start(disks: u32) -> Self {
        let (region, machine) = (Region::start().await, blank(1, disks));
        region.store(&machine).await;
        let node = format!("nodes/{}/", machine.system_id);
        Self { region, machine, node }
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.region.post(By::Admin, &format!("{}{path}", self.node), form).await
    }

    async fn get(&self, path: &str) -> Value {
        self.region.get(By::User, &format!("{}{path}", self.node)).await.assert(200).json()
    }

    async fn put(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.region.put(By::Admin, &format!("{}{path}", self.node), form).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.region.delete(By::Admin, &format!("{}{path}", self.node)).await
    }

    async fn on_machine(&self, op: &str, form: &[(&str, &str)]) -> Answer {
        let path = format!("{}?op={op}", path_of(&self.machine));
        self.region.post(By::Admin, &path, form).await
    }
}

/// A shape with its UUIDs put in order, because they are random.
fn settled(shape: &Value) -> String {
    let mut text = serde_json::to_string_pretty(shape).unwrap();
    let mut at = 0;
    while let Some(found) = text[at..].find("\"uuid\": \"") {
        let start = at + found + 9;
        text.replace_range(start..start + 36, "UUID");
        at = start;
    }
    text
}

#[tokio::test]
async fn volume_groups_have_maas_shape() {
    let site = Site::start(3).await;
    let form = [("name", "vg0"), ("block_devices", "sdb,sdc")];
    let made = site.post("volume-groups/", &form).await.assert(200).json();
    let path = format!("volume-group/{}/", made["id"]);
    let form = [("op", "create_logical_volume"), ("name", "lv0"), ("size", "5G")];
    let volume = site.post(&path, &form).await.assert(200).json();
    assert_eq!((&volume["name"], &volume["type"]), (&json!("vg0-lv0"), &json!("virtual")));
    insta::assert_snapshot!(settled(&site.get(&path).await));
    assert_eq!(site.get("volume-groups/vg0/").await, site.get(&path).await, "another name of it");
    assert_eq!(site.get("volume-groups/").await, json!([site.get(&path).await]));
    let kept = site.delete(&path).await.assert(400);
    assert_eq!(kept.text, "This volume group has logical volumes; it cannot be deleted.");
    let id = volume["id"].to_string();
    for _ in 0..2 {
        let form = [("op", "delete_logical_volume"), ("id", id.as_str())];
        site.post(&path, &form).await.assert(204);
    }
    let form = [("remove_block_devices", "sdc"), ("name", "vg1")];
    let changed = site.put(&path, &form).await.assert(200).json();
    assert_eq!((&changed["name"], &changed["human_size"]), (&json!("vg1"), &json!("20.0 GB")));
    site.delete(&path).await.assert(204);
    site.region.get(By::User, &format!("{}{path}", site.node)).await.assert(404);
}

#[tokio::test]
async fn raids_have_maas_shape() {
    let site = Site::start(4).await;
    let form = [("level", "raid-1"), ("block_devices", "sda,sdb"), ("spare_devices", "sdc")];
    let made = site.post("raids/", &form).await.assert(200).json();
    insta::assert_snapshot!(settled(&made));
    let path = format!("raid/{}/", made["id"]);
    assert_eq!(site.get(&path).await, made);
    assert_eq!(site.get("raids/").await, json!([made]));
    let form = [("add_block_devices", "sdd"), ("remove_spare_partitions", "sdc-part2")];
    let changed = site.put(&path, &form).await.assert(200).json();
    let count = |field: &str| changed[field].as_array().unwrap().len();
    assert_eq!((count("devices"), count("spare_devices")), (3, 0));
    let none = site.post("raids/", &[("level", "raid-5")]).await;
    let message = "At least one block device or partition must be added to the array.";
    none.assert_field("__all__", message);
    site.delete(&path).await.assert(204);
    assert_eq!(site.get("raids/").await, json!([]));
}

#[tokio::test]
async fn cached_devices_and_cache_sets_have_maas_shape() {
    let site = Site::start(3).await;
    let set = site.post("bcache-cache-sets/", &[("cache_device", "sdb")]).await.assert(200).json();
    assert_eq!((&set["name"], &set["cache_device"]["name"]), (&json!("cache0"), &json!("sdb")));
    let form = [("cache_set", "cache0"), ("backing_device", "sda"), ("cache_mode", "writeback")];
    let made = site.post("bcaches/", &form).await.assert(200).json();
    insta::assert_snapshot!(settled(&made));
    let path = format!("bcache/{}/", made["id"]);
    assert_eq!(site.get("bcaches/").await, json!([site.get(&path).await]));
    let set_path = format!("bcache-cache-set/{}/", set["id"]);
    assert_eq!(site.get("bcache-cache-sets/").await, json!([site.get(&set_path).await]));
    let used = site.delete(&set_path).await.assert(400);
    assert_eq!(used.text, "Cannot delete cache set; it's currently in use.");
    let moved = site.put(&set_path, &[("cache_device", "sdc")]).await.assert(200).json();
    assert_eq!(moved["cache_device"]["name"], "sdc");
    let form = [("cache_mode", "writethrough"), ("name", "fast")];
    let changed = site.put(&path, &form).await.assert(200).json();
    assert_eq!(changed["virtual_device"]["name"], "fast");
    assert_eq!(changed["cache_mode"], "writethrough");
    site.delete(&path).await.assert(204);
    site.delete(&set_path).await.assert(204);
}

#[tokio::test]
async fn datastores_have_maas_shape() {
    let site = Site::start(2).await;
    let early = site.post("vmfs-datastores/", &[("name", "ds2"), ("block_devices", "sdb")]).await;
    let message = "VMFS Datastores may only be created after the VMFS6 or VMFS7 storage layout \
                   has been applied.";
    early.assert_field("VMFS", message);
    site.on_machine("set_storage_layout", &[("storage_layout", "vmfs6")]).await.assert(200);
    let form = [("name", "ds2"), ("block_devices", "sdb")];
    let made = site.post("vmfs-datastores/", &form).await.assert(200).json();
    insta::assert_snapshot!(settled(&made));
    let path = format!("vmfs-datastore/{}/", made["id"]);
    let renamed = site.put(&path, &[("name", "ds3")]).await.assert(200).json();
    assert_eq!(renamed["filesystem"]["mount_point"], "/vmfs/volumes/ds3");
    let names = site.get("vmfs-datastores/").await;
    assert_eq!((&names[0]["name"], &names[1]["name"]), (&json!("datastore1"), &json!("ds3")));
    site.delete(&path).await.assert(204);
}

#[tokio::test]
async fn devices_and_partitions_have_maas_shape() {
    let site = Site::start(2).await;
    let id = site.machine.block_devices[1].id;
    let path = format!("blockdevices/{id}/partitions/");
    let form = [("size", "5G"), ("bootable", "true")];
    let made = site.post(&path, &form).await.assert(200).json();
    let partition = format!("blockdevices/sdb/partition/{}", made["id"]);
    for (op, form) in [
        ("format", vec![("fstype", "xfs"), ("label", "data")]),
        ("mount", vec![("mount_point", "/srv"), ("mount_options", "noatime")]),
        ("add_tag", vec![("tag", "fast")]),
        ("add_tag", vec![("tag", "slow")]),
        ("remove_tag", vec![("tag", "slow")]),
    ] {
        site.post(&format!("{partition}?op={op}"), &form).await.assert(200);
    }
    insta::assert_snapshot!(settled(&site.get(&format!("blockdevices/{id}/")).await));
    let read = site.get(&partition).await;
    assert_eq!(site.get(&path).await, json!([read]));
    assert_eq!(site.get("blockdevices/sdb/partitions/sdb-part2").await, read);
    let mounted = site.post(&format!("{partition}?op=unformat"), &[]).await.assert(400);
    assert!(mounted.text.starts_with("Filesystem is mounted and cannot be unformatted."));
    site.post(&format!("{partition}?op=unmount"), &[]).await.assert(200);
    let left = site.post(&format!("{partition}?op=unformat"), &[]).await.assert(200).json();
    assert_eq!((&left["filesystem"], &left["used_for"]), (&Value::Null, &json!("Unused")));
    site.delete(&partition).await.assert(204);
    site.region.get(By::User, &format!("{}{partition}", site.node)).await.assert(404);
    let other = format!("{}blockdevices/sdx/", site.node);
    site.region.get(By::User, &other).await.assert(404);
}

#[tokio::test]
async fn disks_are_told_by_hand_and_booted_from() {
    let site = Site::start(1).await;
    let form = [
        ("name", "sdx"),
        ("model", "M"),
        ("serial", "X"),
        ("size", "500G"),
        ("block_size", "4096"),
        ("numa_node", "0"),
    ];
    let path = format!("{}blockdevices/", site.node);
    let refused = site.region.post(By::User, &path, &form).await.assert(403);
    assert_eq!(refused.text, "This method is reserved for admin users.");
    let made = site.post("blockdevices/", &form).await.assert(200).json();
    assert_eq!((&made["type"], &made["size"]), (&json!("physical"), &json!(500 * GIGABYTE)));
    let path = format!("blockdevices/{}/", made["id"]);
    assert_eq!(site.post(&format!("{path}?op=set_boot_disk"), &[]).await.assert(200).text, "OK");
    let shown = site.region.get(By::User, &path_of(&site.machine)).await.json();
    assert_eq!(shown["boot_disk"]["name"], "sdx");
    let tagged = site.post(&format!("{path}?op=add_tag"), &[("tag", "ssd")]).await.assert(200);
    assert_eq!(tagged.json()["tags"], json!(["ssd"]));
    let changed = site.put(&path, &[("name", "sdy")]).await.assert(200).json();
    assert_eq!(changed["path"], "/dev/disk/by-dname/sdy");
    site.put(&path, &[("partition_table_type", "MBR")])
        .await
        .assert_field("partition_table_type", "Block device has no partition table");
    site.delete(&path).await.assert(204);
    assert_eq!(site.get("blockdevices/").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_machine_shows_its_layout() {
    let site = Site::start(2).await;
    let form = [("storage_layout", "lvm"), ("boot_size", "1G"), ("lv_size", "50%")];
    let shown = site.on_machine("set_storage_layout", &form).await.assert(200).json();
    let count = |field: &str| shown[field].as_array().unwrap().len();
    assert_eq!((count("blockdevice_set"), count("physicalblockdevice_set")), (3, 2));
    assert_eq!(shown["virtualblockdevice_set"][0]["name"], "vgroot-lvroot");
    assert_eq!(shown["volume_groups"][0]["__incomplete__"], true);
    assert_eq!(shown["boot_disk"]["used_for"], "GPT partitioned with 2 partitions");
    let form = [("fstype", "tmpfs"), ("mount_point", "/tmp"), ("mount_option", "size=1G")];
    let shown = site.on_machine("mount_special", &form).await.assert(200).json();
    let special = &shown["special_filesystems"][0];
    assert_eq!(
        (&special["mount_point"], &special["mount_options"]),
        (&json!("/tmp"), &json!("size=1G"))
    );
    let form = [("mount_point", "/tmp")];
    let shown = site.on_machine("unmount_special", &form).await.assert(200).json();
    assert_eq!(shown["special_filesystems"], json!([]));
    let shown = site.on_machine("restore_storage_configuration", &[]).await.assert(200).json();
    assert_eq!(shown["volume_groups"], json!([]));
    assert_eq!(shown["boot_disk"]["partitions"][0]["filesystem"]["mount_point"], "/");
    let blank = [("storage_layout", "blank")];
    site.on_machine("set_storage_layout", &blank).await.assert(200);
    let shown = site.on_machine("restore_default_configuration", &[]).await.assert(200).json();
    assert_eq!(shown["boot_disk"]["used_for"], "GPT partitioned with 1 partition");
    let unknown = site.on_machine("set_storage_layout", &[("storage_layout", "x")]).await;
    let message = "'x' is not a valid storage_layout.  It should be one of: 'bcache', 'blank', \
                   'custom', 'flat', 'lvm', 'vmfs6', 'vmfs7'.";
    unknown.assert_field("storage_layout", message);
}

/// A form as it is sent.
type Form = &'static [(&'static str, &'static str)];

/// What is refused of a machine that is deployed.
const WHILE_DEPLOYED: &[(&str, Form, &str)] = &[
    (
        "blockdevices/sdb/?op=format",
        &[("fstype", "ext4")],
        "Cannot format block device because the machine is not Ready or Allocated.",
    ),
    (
        "blockdevices/sdb/?op=unformat",
        &[],
        "Cannot unformat block device because the machine is not Ready or Allocated.",
    ),
    (
        "blockdevices/sdb/?op=mount",
        &[("mount_point", "/")],
        "Cannot mount block device because the machine is not Ready or Allocated.",
    ),
    (
        "blockdevices/sdb/?op=set_boot_disk",
        &[],
        "Cannot set as boot disk because the machine is not Ready.",
    ),
    (
        "blockdevices/sdb/?op=add_tag",
        &[("tag", "x")],
        "Cannot update block device because the machine is not Ready.",
    ),
    ("blockdevices/sdb/partitions/", &[], "Cannot create partition because the node is not Ready."),
    ("raids/", &[("level", "raid-0")], "Cannot create RAID because the machine is not Ready."),
    (
        "volume-groups/",
        &[("name", "vg")],
        "Cannot create volume group because the machine is not Ready.",
    ),
    ("bcaches/", &[], "Cannot create Bcache because the machine is not Ready."),
    ("bcache-cache-sets/", &[], "Cannot create cache set because the node is not Ready."),
    (
        "vmfs-datastores/",
        &[("name", "ds")],
        "Cannot create VMFS group because the machine is not Ready.",
    ),
];

#[tokio::test]
async fn disks_are_laid_out_while_a_machine_is_ready_by_those_who_may_edit_it() {
    let site = Site::start(2).await;
    for (path, form, _) in WHILE_DEPLOYED {
        let path = format!("{}{path}", site.node);
        let by_user = site.region.post(By::User, &path, form).await.assert(403);
        if path.ends_with("op=format") {
            let message = "Cannot format block device because you don't have the permissions on a \
                           Ready machine.";
            assert_eq!(by_user.text, message);
        }
    }
    let mut deployed = site.region.stored(&site.machine).await;
    deployed.lifecycle.phase = Phase::Deployed;
    site.region.store(&deployed).await;
    for (path, form, text) in WHILE_DEPLOYED {
        assert_eq!(site.post(path, form).await.assert(409).text, *text, "{path}");
    }
    let refused = site.on_machine("set_storage_layout", &[("storage_layout", "flat")]).await;
    let text = "Cannot change the storage layout on a machine that is not Ready.";
    assert_eq!(refused.assert(409).text, text);
    let refused = site.on_machine("restore_storage_configuration", &[]).await.assert(409);
    let text =
        "Machine must be in a ready or failed testing state to restore storage configuration.";
    assert_eq!(refused.text, text);
    let refused = site.put("blockdevices/sdb/", &[("size", "1G")]).await.assert(409);
    assert_eq!(refused.text, "Cannot update block device because the machine is not Ready.");
    let replaced = site.put("blockdevices/sdb/", &[("serial", "NEW")]).await.assert(200).json();
    assert_eq!(replaced["serial"], "NEW", "a broken disk is replaced");
    deployed.placement.locked = true;
    site.region.store(&deployed).await;
    site.put("blockdevices/sdb/", &[("serial", "NEWER")]).await.assert(403);
}

#[tokio::test]
async fn what_an_owner_formats_is_gone_when_the_machine_is_given_back() {
    let site = Site::start(2).await;
    let view = site.region.tables.view().await.unwrap();
    let user: UserId = view.find(&USER_BY_NAME, &"user".to_owned()).unwrap().unwrap().id;
    let mut mine = site.machine.clone();
    mine.lifecycle.phase = Phase::Allocated;
    mine.placement.owner = Some(user);
    site.region.store(&mine).await;
    let path = format!("{}blockdevices/sdb/", site.node);
    for (op, form) in [("format", ("fstype", "btrfs")), ("mount", ("mount_point", "/srv"))] {
        let path = format!("{path}?op={op}");
        site.region.post(By::User, &path, &[form]).await.assert(200);
    }
    let release = format!("{}?op=release", path_of(&site.machine));
    site.region.post(By::User, &release, &[]).await.assert(200);
    assert_eq!(site.get("blockdevices/sdb/").await["filesystem"], Value::Null);
    assert_eq!(site.region.stored(&mine).await.storage, site.machine.storage);
}

#[tokio::test]
async fn nothing_is_deployed_without_a_root_file_system() {
    let site = Site::start(1).await;
    site.region.put_image().await;
    site.region.post(By::Admin, "subnets/", &[("cidr", "10.0.0.0/24")]).await.assert(200);
    let refused = site.on_machine("deploy", &[]).await;
    let message = "Mount the root '/' filesystem to be able to deploy this node.";
    refused.assert_field("storage", message);
    site.on_machine("set_storage_layout", &[("storage_layout", "flat")]).await.assert(200);
    site.on_machine("deploy", &[]).await.assert(200);
    let config = format!("{}?op=get_curtin_config", path_of(&site.machine));
    let config = site.region.get(By::Admin, &config).await.assert(200).text;
    for part in ["flag: bios_grub\n", "fstype: ext4\n", "path: /\n", "wipe: superblock\n"] {
        assert!(config.contains(part), "{part} is not in {config}");
    }
}

#[tokio::test]
async fn disks_that_an_earlier_version_left_are_flat_before_anything_is_made_of_them() {
    let site = Site::start(2).await;
    let mut earlier = site.machine.clone();
    earlier.storage = model::machine::storage::Storage::default();
    site.region.store(&earlier).await;
    assert_eq!(site.get("blockdevices/sda/").await["partitions"], json!([]));
    site.post("blockdevices/sdb/?op=format", &[("fstype", "ext4")]).await.assert(200);
    let root = &site.get("blockdevices/sda/").await["partitions"][0]["filesystem"];
    assert_eq!(root["mount_point"], "/");
}

#[tokio::test]
async fn a_layout_is_cloned_to_disks_that_are_as_large() {
    let site = Site::start(2).await;
    let form = [("storage_layout", "bcache")];
    site.on_machine("set_storage_layout", &form).await.assert(200);
    let (like, mut small) = (blank(2, 3), blank(3, 2));
    small.block_devices[1].size_bytes = 10 * GIGABYTE;
    for machine in [&like, &small] {
        site.region.store(machine).await;
    }
    let source = site.machine.system_id.as_str();
    let clone = async |to: &Machine| {
        let form =
            [("source", source), ("destinations", to.system_id.as_str()), ("storage", "true")];
        site.region.post(By::Admin, "machines/?op=clone", &form).await
    };
    let message = format!(
        "{} (web-3.maas) is invalid: destination node physical disks do not match the source nodes \
         physical disks: sdb (20.0 GB)",
        small.system_id
    );
    clone(&small).await.assert_field("destinations", &message);
    clone(&like).await.assert(204);
    let after = site.region.stored(&like).await;
    assert_eq!(after.storage.layout, Some(LayoutName::Bcache));
    assert_eq!(Drives::of(&after).issues("debian"), Vec::<String>::new());
    assert_eq!(after.interfaces, like.interfaces, "they were not asked for");
}

#[tokio::test]
async fn the_layout_of_the_site_is_that_of_the_setting() {
    let site = Site::start(2).await;
    let form = [("name", "default_storage_layout"), ("value", "lvm")];
    site.region.post(By::Admin, "maas/?op=set_config", &form).await.assert(200);
    let shown = site.on_machine("restore_storage_configuration", &[]).await.assert(200).json();
    assert_eq!(shown["volume_groups"].as_array().unwrap().len(), 1);
    let mut expected = Drives::of(&site.machine);
    expected.apply_default(&mut Counted::default(), LayoutName::Lvm, None).unwrap();
    let stored = Drives::of(&site.region.stored(&site.machine).await);
    assert_eq!(stored.storage.groups[0].name, expected.storage.groups[0].name);
}
