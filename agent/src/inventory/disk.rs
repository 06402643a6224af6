//! Disks that an operating system can be installed on.

use std::fs;
use std::path::Path;

use api::agent::ReportedDisk;
use serde::Deserialize;

use super::sysfs::numa_node;
use super::tools::Tools;

/// Kernel names of block devices that are no disks of the machine.
const NOT_DISKS: [&str; 5] = ["loop", "ram", "zram", "fd", "sr"];

const LSBLK: [&str; 5] = [
    "--json",
    "--bytes",
    "--nodeps",
    "--output",
    "NAME,TYPE,MODEL,SERIAL,SIZE,LOG-SEC,ROTA,RO,RM,TRAN,WWN",
];

/// The machine's disks; SMART data of each is kept with the outputs.
pub(crate) async fn examine(tools: &mut Tools<'_>) -> Vec<ReportedDisk> {
    let lsblk = tools.run("lsblk", "lsblk", &LSBLK).await;
    let mut disks = parse_lsblk(&lsblk).unwrap_or_else(|error| {
        tools.note(&format!("cannot read the output of lsblk: {error}"));
        Vec::new()
    });
    let links = by_id_links();
    for disk in &mut disks {
        disk.id_path = best_link(&links, &disk.name, &disk.serial);
        let hardware = Path::new("/sys/class/block").join(&disk.name).canonicalize();
        disk.numa_node = hardware.ok().map(|path| numa_node(&path));
        let device = format!("/dev/{}", disk.name);
        // Virtual disks know nothing of SMART.
        if !disk.name.starts_with("vd") {
            tools.run(&format!("smartctl-{}", disk.name), "smartctl", &["-x", &device]).await;
        }
    }
    disks
}

/// The machine's disks alone, for installing and erasing.
///
/// # Errors
/// When `lsblk` fails or prints something else than it should.
pub async fn disks() -> Result<Vec<ReportedDisk>, DisksError> {
    let output = crate::command::Invocation::new("lsblk", LSBLK).run().await?;
    Ok(parse_lsblk(&output)?)
}

/// Why the disks are not known.
#[derive(Debug, thiserror::Error)]
pub enum DisksError {
    /// The tool failed.
    #[error(transparent)]
    Command(#[from] crate::command::CommandError),
    /// Its output is something else.
    #[error("cannot read the output of lsblk: {0}")]
    Output(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Lsblk {
    blockdevices: Vec<BlockDevice>,
}

#[derive(Deserialize)]
struct BlockDevice {
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    model: Option<String>,
    serial: Option<String>,
    size: Option<u64>,
    #[serde(rename = "log-sec")]
    sector: Option<u32>,
    rota: Option<bool>,
    ro: Option<bool>,
    rm: Option<bool>,
}

/// Reads the output of `lsblk`; leaves out what is read-only, removable, empty or no disk.
fn parse_lsblk(text: &str) -> Result<Vec<ReportedDisk>, serde_json::Error> {
    let lsblk: Lsblk = serde_json::from_str(text)?;
    Ok(lsblk.blockdevices.into_iter().filter(is_own_disk).map(reported).collect())
}

fn is_own_disk(device: &BlockDevice) -> bool {
    device.kind.as_deref() == Some("disk")
        && device.size.is_some_and(|size| size > 0)
        && device.ro != Some(true)
        && device.rm != Some(true)
        && !NOT_DISKS.iter().any(|prefix| device.name.starts_with(prefix))
}

fn reported(device: BlockDevice) -> ReportedDisk {
    let text = |value: Option<String>| value.map(|v| v.trim().to_owned()).unwrap_or_default();
    ReportedDisk {
        name: device.name,
        id_path: String::new(),
        model: text(device.model),
        serial: text(device.serial),
        size_bytes: device.size.unwrap_or(0),
        block_size_bytes: device.sector.unwrap_or(512),
        rotational: device.rota.unwrap_or(false),
        numa_node: None,
    }
}

/// `(link, kernel name)` of all links in `/dev/disk/by-id`, sorted.
pub(crate) fn by_id_links() -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir("/dev/disk/by-id") else {
        return Vec::new();
    };
    let mut links: Vec<(String, String)> = entries
        .flatten()
        .filter_map(|entry| {
            let target = fs::read_link(entry.path()).ok()?;
            let link = entry.file_name().into_string().ok()?;
            Some((link, target.file_name()?.to_str()?.to_owned()))
        })
        .collect();
    links.sort();
    links
}

/// The link that names the serial number, or else the first one.
fn best_link(links: &[(String, String)], disk: &str, serial: &str) -> String {
    let own = || links.iter().filter(|(_, name)| name == disk).map(|(link, _)| link);
    own()
        .find(|link| !serial.is_empty() && link.contains(serial))
        .or_else(|| own().next())
        .map(|link| format!("/dev/disk/by-id/{link}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{best_link, parse_lsblk};

    #[test]
    fn disks_have_model_serial_and_size() {
        let disks = parse_lsblk(include_str!("samples/lsblk.json")).expect("lsblk's output");
        insta::assert_json_snapshot!(disks);
    }

    #[test]
    fn drives_for_media_and_read_only_devices_are_no_disks() {
        let text = r#"{"blockdevices": [
            {"name":"sr0","type":"rom","size":1024,"ro":false,"rm":true},
            {"name":"loop0","type":"loop","size":1024,"ro":true,"rm":false},
            {"name":"sdz","type":"disk","size":0,"ro":false,"rm":false},
            {"name":"sdb","type":"disk","size":4096,"ro":false,"rm":true},
            {"name":"sda","type":"disk","size":4096,"log-sec":4096,"rota":true,"serial":" S1 "}]}"#;
        let disks = parse_lsblk(text).expect("json");
        assert_eq!(disks.len(), 1);
        assert_eq!((disks[0].serial.as_str(), disks[0].block_size_bytes), ("S1", 4096));
    }

    #[test]
    fn link_with_the_serial_is_preferred() {
        let links =
            [("nvme-eui.0025", "nvme0n1"), ("nvme-Samsung_S4", "nvme0n1"), ("ata-x", "sda")]
                .map(|(link, name)| (link.to_owned(), name.to_owned()));
        assert_eq!(best_link(&links, "nvme0n1", "S4"), "/dev/disk/by-id/nvme-Samsung_S4");
        assert_eq!(best_link(&links, "nvme0n1", ""), "/dev/disk/by-id/nvme-eui.0025");
        assert_eq!(best_link(&links, "vda", "x"), "");
    }
}
