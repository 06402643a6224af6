//! `ironraft image` and `ironraft ephemeral`: uploads in parts, checked by hash.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use client::Body;
use http::Method;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::{ConnectionArguments, NativeApi};
use crate::cli::native::path::path;
use crate::cli::output::say;

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
        #[command(flatten)]
        connection: ConnectionArguments,
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
        #[command(flatten)]
        connection: ConnectionArguments,
    },
}

/// A file to upload.
struct LocalFile {
    path: PathBuf,
    sha256: String,
    size_bytes: u64,
}

pub(crate) async fn run(command: ImageCommand) -> Result<(), Failure> {
    let ImageCommand::Upload { name, file, title, architecture, filetype, base_image, connection } =
        command;
    let api = NativeApi::connect(&connection).await?;
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
    let resource = send(&api, Method::POST, &["images"], &fields).await?;
    let sets = resource["sets"].as_object().into_iter().flat_map(|sets| sets.values());
    let files = sets.filter_map(|set| set["files"].as_object()).flat_map(|files| files.values());
    for file in files {
        upload(&api, &local, file).await?;
    }
    say(format_args!("image {name} is on the cluster ({})", local.sha256));
    Ok(())
}

pub(crate) async fn run_ephemeral(command: EphemeralCommand) -> Result<(), Failure> {
    let EphemeralCommand::Upload { kernel, initrd, architecture, label, connection } = command;
    let api = NativeApi::connect(&connection).await?;
    let (kernel, initrd) = (LocalFile::open(&kernel).await?, LocalFile::open(&initrd).await?);
    for file in [&kernel, &initrd] {
        let size = file.size_bytes.to_string();
        let fields = [("sha256", file.sha256.as_str()), ("size", &size)];
        let begun = send(&api, Method::POST, &["contents"], &fields).await?;
        upload(&api, file, &begun).await?;
    }
    let label = label.unwrap_or_else(|| kernel.sha256.chars().take(12).collect());
    let fields = [
        ("kernel_sha256", kernel.sha256.as_str()),
        ("initrd_sha256", &initrd.sha256),
        ("version", &label),
    ];
    send(&api, Method::PATCH, &["boot-files", &architecture], &fields).await?;
    say(format_args!("machines of {architecture} boot {label}"));
    Ok(())
}

/// Sends the fields that have a value.
async fn send(
    api: &NativeApi,
    method: Method,
    elements: &[&str],
    fields: &[(&str, &str)],
) -> Result<Value, Failure> {
    let given = fields.iter().filter(|(_, value)| !value.is_empty());
    let members = given.map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
    let body = Value::Object(members.collect::<Map<_, _>>()).to_string();
    Ok(api.send(method, path(elements), Body::Json(body.into())).await?.body)
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
async fn upload(api: &NativeApi, local: &LocalFile, wanted: &Value) -> Result<(), Failure> {
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
        api.send(Method::PUT, path.to_owned(), Body::Bytes(part.into())).await?;
    }
}
