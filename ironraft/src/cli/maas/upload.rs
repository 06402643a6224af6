//! `boot-resources create content@=FILE`: the file is announced by its size and hash, and sent in parts to where the
//! region says.

use std::fs::File;
use std::io::Read;

use anyhow::anyhow;
use client::{Body, Client, Exchange};
use http::{Method, StatusCode};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::cli::maas::action::{Arguments, Call};
use crate::cli::maas::body::{Pair, Value, cannot_read};
use crate::cli::maas::end::End;
use crate::cli::maas::printed;
use crate::cli::output::say;

/// How much of a file is sent at once, in bytes; as MAAS's command does.
const PART_BYTES: usize = 1 << 22;

/// Announces the file and sends it. Nothing is printed of what worked, as MAAS's command does it.
pub(crate) async fn carry_out(
    call: &Call<'_>,
    client: &Client,
    arguments: &Arguments,
) -> Result<(), End> {
    let is_content = |pair: &&Pair| pair.name == "content";
    let Some(content) = arguments.pairs.iter().rev().find(is_content) else {
        say(format_args!("Missing content."));
        return Err(End::Refused);
    };
    let Value::File(path) = &content.value else {
        return Err(End::Failed(anyhow!("the content is a file: content@=PATH")));
    };
    let (size, sha256) = measure(path)?;
    let others = arguments.pairs.iter().filter(|pair| !is_content(pair)).cloned();
    let text = |name: &str, text: String| Pair { name: name.to_owned(), value: Value::Text(text) };
    let announced = others.chain([text("size", size.to_string()), text("sha256", sha256)]);
    let announced: Vec<Pair> = announced.collect();
    let answer = call.ask(client, arguments, &announced).await?;
    if !answer.status.is_success() {
        return call.conclude(&answer, arguments);
    }
    let made: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    let Some(file) = only_file(&made) else {
        say(format_args!("Failed to identify created resource."));
        return Err(End::Refused);
    };
    if file["complete"] == true {
        return Ok(());
    }
    let upload_uri = file["upload_uri"].as_str();
    let upload_uri =
        upload_uri.ok_or_else(|| anyhow!("the region does not say where to send it"))?;
    send(client, path, upload_uri).await
}

/// The size of a file and the SHA-256 of its content.
fn measure(path: &str) -> Result<(u64, String), End> {
    let cannot = |error: std::io::Error| cannot_read(path, &error);
    let mut file = File::open(path).map_err(cannot)?;
    let (mut size, mut digest) = (0, Sha256::new());
    loop {
        let part = part(&mut file).map_err(cannot)?;
        if part.is_empty() {
            break;
        }
        size += part.len() as u64;
        digest.update(&part);
    }
    Ok((size, digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

fn part(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut part = Vec::new();
    file.take(PART_BYTES as u64).read_to_end(&mut part)?;
    Ok(part)
}

/// The file of the newest set, if that has just one.
fn only_file(resource: &Json) -> Option<&Json> {
    let (_, newest) = resource["sets"].as_object()?.iter().max_by_key(|(name, _)| *name)?;
    let files = newest["files"].as_object()?;
    files.values().next().filter(|_| files.len() == 1)
}

async fn send(client: &Client, path: &str, upload_uri: &str) -> Result<(), End> {
    let cannot = |error: std::io::Error| cannot_read(path, &error);
    let mut file = File::open(path).map_err(cannot)?;
    loop {
        let part = part(&mut file).map_err(cannot)?;
        if part.is_empty() {
            return Ok(());
        }
        let (path, body) = (upload_uri.to_owned(), Body::Bytes(part.into()));
        let put =
            Exchange { method: Method::PUT, path, query: Vec::new(), headers: Vec::new(), body };
        let answer = client.exchange(&put).await?;
        if answer.status != StatusCode::OK {
            printed::print(&answer);
            return Err(End::Refused);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_file_is_that_of_the_newest_set() {
        let set = |id: u8| json!({"files": {"root-tgz": {"upload_uri": format!("/{id}/")}}});
        let resource = json!({"sets": {"20260101": set(1), "20260102": set(2)}});
        assert_eq!(only_file(&resource).unwrap()["upload_uri"], "/2/");
        assert!(only_file(&json!({"sets": {}})).is_none());
        let two = json!({"sets": {"1": {"files": {"a": {}, "b": {}}}}});
        assert!(only_file(&two).is_none());
    }

    #[test]
    fn a_file_is_announced_by_its_size_and_hash() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "abc").unwrap();
        let (size, sha256) = measure(path.to_str().unwrap()).unwrap();
        assert_eq!(size, 3);
        assert!(sha256.starts_with("ba7816bf"), "{sha256}");
        assert!(matches!(measure("/nonexistent/x"), Err(End::Failed(_))));
    }
}
