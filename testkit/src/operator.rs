//! What an operator does to a new cluster, through the REST API: describe the network, upload what
//! machines boot and what they are deployed with, and take a machine through its life.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::client::Client;
use crate::wait::wait_for;

/// The size of an upload's parts.
const PART_BYTES: usize = 4 << 20;
/// How long a part may take, with its copies on the other regions.
const PART_MAX: Duration = Duration::from_secs(60);

/// The provisioning network of a lab, as the API knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkWish {
    /// `10.10.0.0/24`.
    pub cidr: String,
    /// `10.10.0.1`.
    pub gateway: String,
    /// First and last address that DHCP may lease.
    pub dynamic: (String, String),
    /// The system ids of the racks that serve it, the first one first.
    pub racks: Vec<String>,
}

/// A file to upload, by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFile {
    path: PathBuf,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub size_bytes: u64,
}

impl LocalFile {
    /// Reads a file's size and hash.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn open(path: &Path) -> anyhow::Result<Self> {
        let mut file =
            File::open(path).await.with_context(|| format!("cannot read {}", path.display()))?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; PART_BYTES];
        let mut size_bytes = 0;
        loop {
            let length = file.read(&mut buffer).await.context("cannot read the file")?;
            if length == 0 {
                break;
            }
            digest.update(&buffer[..length]);
            size_bytes += length as u64;
        }
        let sha256 = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { path: path.to_owned(), sha256, size_bytes })
    }
}

/// Creates the subnet and its dynamic range on the first fabric's untagged VLAN, and turns DHCP on.
///
/// # Errors
/// When the API refuses.
pub async fn create_network(client: &Client, wish: &NetworkWish) -> anyhow::Result<()> {
    let fabrics = client.get("fabrics/").await?;
    let fabric = &fabrics[0];
    let vlan = &fabric["vlans"][0];
    let (fabric_id, vid) = (number(&fabric["id"])?, number(&vlan["vid"])?);
    let vlan_id = number(&vlan["id"])?;
    let subnet = client
        .post(
            "subnets/",
            &[
                ("cidr", &wish.cidr),
                ("name", "provisioning"),
                ("vlan", &vlan_id),
                ("gateway_ip", &wish.gateway),
            ],
        )
        .await
        .context("cannot create the subnet")?;
    let (start, end) = &wish.dynamic;
    let subnet_id = number(&subnet["id"])?;
    client
        .post(
            "ipranges/",
            &[("type", "dynamic"), ("start_ip", start), ("end_ip", end), ("subnet", &subnet_id)],
        )
        .await
        .context("cannot create the dynamic range")?;
    let mut form = vec![("dhcp_on", "true")];
    let names = ["primary_rack", "secondary_rack"];
    form.extend(names.into_iter().zip(wish.racks.iter().map(String::as_str)));
    let path = format!("fabrics/{fabric_id}/vlans/{vid}/");
    client.put(&path, &form).await.context("cannot turn DHCP on")?;
    Ok(())
}

/// Uploads kernel and initramfs of the ephemeral OS and makes machines boot them.
///
/// # Errors
/// When the API refuses.
pub async fn set_boot_files(
    client: &Client,
    kernel: &LocalFile,
    initrd: &LocalFile,
    version: &str,
) -> anyhow::Result<()> {
    for file in [kernel, initrd] {
        let size = file.size_bytes.to_string();
        let begun = client.post("contents/", &[("sha256", &file.sha256), ("size", &size)]).await?;
        upload(client, file, &begun).await?;
    }
    let form = [
        ("kernel_sha256", kernel.sha256.as_str()),
        ("initrd_sha256", &initrd.sha256),
        ("version", version),
    ];
    client.put("boot-files/amd64/", &form).await.context("cannot set the boot files")?;
    Ok(())
}

/// Uploads an image that machines can be deployed with.
///
/// # Errors
/// When the API refuses.
pub async fn upload_image(client: &Client, name: &str, image: &LocalFile) -> anyhow::Result<()> {
    let size = image.size_bytes.to_string();
    let form = [
        ("name", name),
        ("title", "Debian 12"),
        ("architecture", "amd64/generic"),
        ("filetype", "tgz"),
        ("sha256", &image.sha256),
        ("size", &size),
        ("base_image", "debian/bookworm"),
    ];
    let resource = client.post("boot-resources/", &form).await?;
    let sets = resource["sets"].as_object().context("the boot resource has no sets")?;
    let files = sets.values().filter_map(|set| set["files"].as_object()).flat_map(|f| f.values());
    for file in files {
        upload(client, image, file).await?;
    }
    Ok(())
}

/// Sends a file's parts to where `begun` says; nothing when the cluster has the content.
async fn upload(client: &Client, file: &LocalFile, begun: &Value) -> anyhow::Result<()> {
    if begun["complete"] == true {
        return Ok(());
    }
    let uri = begun["upload_uri"].as_str().context("the upload has no address")?;
    let place = || format!("cannot upload {}", file.path.display());
    let mut source = File::open(&file.path).await.with_context(place)?;
    loop {
        let mut part = Vec::with_capacity(PART_BYTES);
        let limit = PART_BYTES as u64;
        (&mut source).take(limit).read_to_end(&mut part).await.with_context(place)?;
        if part.is_empty() {
            return Ok(());
        }
        client.put_bytes(uri, part, PART_MAX).await.with_context(place)?;
    }
}

/// The system id of the machine with this hardware address, once it is enlisted.
///
/// # Errors
/// When no region answers.
pub async fn machine_by_mac(client: &Client, mac: &str) -> anyhow::Result<Option<Value>> {
    let machines = client.get(&format!("machines/?mac_address={mac}")).await?;
    Ok(machines.as_array().and_then(|machines| machines.first()).cloned())
}

/// Waits until a machine has a status of MAAS's, `Ready`; a failed one ends the wait.
///
/// # Errors
/// When it fails, or does not get there in time.
pub async fn wait_for_status(
    client: &Client,
    system_id: &str,
    status: &str,
    bound: Duration,
) -> anyhow::Result<Value> {
    let what = format!("machine {system_id} is {status}");
    let found = wait_for(&what, bound, async || {
        let machine = client.get(&format!("machines/{system_id}/")).await?;
        let now = machine["status_name"].as_str().unwrap_or_default();
        let ended = now == status || now.starts_with("Failed");
        Ok(ended.then_some(machine))
    })
    .await?;
    if found["status_name"] != status {
        bail!("machine {system_id} is {}: {}", found["status_name"], found["status_message"]);
    }
    Ok(found)
}

/// A number of the API, as it goes into a form or a path.
fn number(value: &Value) -> anyhow::Result<String> {
    value.as_u64().map(|number| number.to_string()).with_context(|| format!("{value} is no number"))
}
