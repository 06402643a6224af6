//! `ironraft image` and `ironraft ephemeral`: uploads in parts, checked by hash.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use client::Client;
use reqwest::Method;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::cli::failure::Failure;
use crate::cli::output::say;
use crate::cli::profile;

/// The size of a part.
const PART_BYTES: usize = 4 << 20;

/// The commands on images.
#[derive(Debug, Subcommand)]
pub(crate) enum ImageCommand {
    /// Upload a root file-system image
    #[command(
        after_help = "Example:\n  ironraft image upload debian/bookworm bookworm.tgz --title 'Debian 12'"
    )]
    Upload {
        /// Its name, `debian/bookworm` or `custom/web`
        name: String,
        /// The file
        file: PathBuf,
        /// Its title
        #[arg(long, default_value = "")]
        title: String,
        /// The architecture it is for
        #[arg(long, default_value = "amd64/generic")]
        architecture: String,
        /// MAAS's file type, or `tzst`: a tar archive by zstd
        #[arg(long, default_value = "tgz")]
        filetype: String,
        /// What a custom image is made from
        #[arg(long, default_value = "")]
        base_image: String,
    },
}

/// The commands on the ephemeral system.
#[derive(Debug, Subcommand)]
pub(crate) enum EphemeralCommand {
    /// Upload kernel and initramfs, and make machines boot them
    #[command(
        after_help = "Example:\n  ironraft ephemeral upload vmlinuz initrd.img --label 2026-11"
    )]
    Upload {
        /// The kernel
        kernel: PathBuf,
        /// The initramfs
        initrd: PathBuf,
        /// The architecture they are for
        #[arg(long, default_value = "amd64")]
        architecture: String,
        /// What this build is called; the kernel's hash by default
        #[arg(long)]
        label: Option<String>,
    },
}

/// A file to upload.
struct LocalFile {
    path: PathBuf,
    sha256: String,
    size_bytes: u64,
}

pub(crate) async fn run(command: ImageCommand) -> Result<(), Failure> {
    let client = profile::client().await?;
    match command {
        ImageCommand::Upload { name, file, title, architecture, filetype, base_image } => {
            let local = LocalFile::open(&file).await?;
            let fields = [
                ("name", name.as_str()),
                ("title", &title),
                ("architecture", &architecture),
                ("filetype", &filetype),
                ("base_image", &base_image),
                ("sha256", &local.sha256),
                ("size", &local.size_bytes.to_string()),
            ];
            let resource = post(&client, "boot-resources/", &fields).await?;
            let sets = resource["sets"].as_object().into_iter().flat_map(|sets| sets.values());
            let files = sets.filter_map(|set| set["files"].as_object()).flat_map(|f| f.values());
            for file in files {
                upload(&client, &local, file).await?;
            }
            say(format_args!("image {name} is on the cluster ({})", local.sha256));
        }
    }
    Ok(())
}

pub(crate) async fn run_ephemeral(command: EphemeralCommand) -> Result<(), Failure> {
    let EphemeralCommand::Upload { kernel, initrd, architecture, label } = command;
    let client = profile::client().await?;
    let (kernel, initrd) = (LocalFile::open(&kernel).await?, LocalFile::open(&initrd).await?);
    for file in [&kernel, &initrd] {
        let size = file.size_bytes.to_string();
        let fields = [("sha256", file.sha256.as_str()), ("size", &size)];
        let begun = post(&client, "contents/", &fields).await?;
        upload(&client, file, &begun).await?;
    }
    let label = label.unwrap_or_else(|| kernel.sha256.chars().take(12).collect());
    let fields = vec![
        ("kernel_sha256".to_owned(), kernel.sha256),
        ("initrd_sha256".to_owned(), initrd.sha256),
        ("version".to_owned(), label.clone()),
    ];
    let path = format!("boot-files/{architecture}/");
    client.send(&Method::PUT, &path, None, fields).await?;
    say(format_args!("machines of {architecture} boot {label}"));
    Ok(())
}

async fn post(client: &Client, path: &str, fields: &[(&str, &str)]) -> Result<Value, Failure> {
    let given = fields.iter().filter(|(_, value)| !value.is_empty());
    let fields = given.map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Ok(client.send(&Method::POST, path, None, fields).await?)
}

impl LocalFile {
    async fn open(path: &Path) -> anyhow::Result<Self> {
        let what = || format!("cannot read {}", path.display());
        let mut file = File::open(path).await.with_context(what)?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; PART_BYTES];
        let mut size_bytes = 0_u64;
        loop {
            let length = file.read(&mut buffer).await.with_context(what)?;
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

/// Sends the parts of a file to where the cluster wants them; nothing, when it has them.
async fn upload(client: &Client, local: &LocalFile, wanted: &Value) -> Result<(), Failure> {
    let Some(path) = wanted["upload_uri"].as_str() else { return Ok(()) };
    let what = || format!("cannot read {}", local.path.display());
    let mut file = File::open(&local.path).await.with_context(what)?;
    loop {
        let mut part = Vec::with_capacity(PART_BYTES);
        let limit = PART_BYTES as u64;
        (&mut file).take(limit).read_to_end(&mut part).await.with_context(what)?;
        if part.is_empty() {
            return Ok(());
        }
        client.put_bytes(path, part).await?;
    }
}
