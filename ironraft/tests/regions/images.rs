//! An image that was uploaded to one region is on the disks of all, also of one that was down.

use images::serve::LOCAL_ONLY;
use sha2::{Digest, Sha256};

use crate::cluster::{Cluster, POLL, run, succeeds};
use crate::rest::Rest;

/// Waits until a region sends a content, from its own disk when `header` says so.
async fn content(rest: &Rest, sha256: &str, header: Option<&str>) -> Vec<u8> {
    for _ in 0..600 {
        if let Some(content) = rest.content(sha256, header).await {
            return content;
        }
        tokio::time::sleep(POLL).await;
    }
    panic!("content {sha256} did not arrive");
}

#[tokio::test]
async fn an_image_reaches_every_region() {
    let mut cluster = Cluster::form(["127.0.56.1", "127.0.56.2", "127.0.56.3"]);
    // Longer than one part of an upload, so that parts are put together too.
    let image: Vec<u8> =
        (0..5_000_011_u32).map(|at| at.wrapping_mul(at).to_be_bytes()[2]).collect();
    let sha256 = Sha256::digest(&image).iter().fold(String::new(), |mut text, byte| {
        text.push_str(&format!("{byte:02x}"));
        text
    });
    let file = cluster.folder.path().join("image.tgz");
    std::fs::write(&file, &image).unwrap();

    cluster.nodes[2].process.kill().unwrap();
    cluster.nodes[2].process.wait().unwrap();
    succeeds(cluster.operator(0, &["image", "upload", "custom/web", file.to_str().unwrap()]));
    let second = Rest::new("127.0.56.2", &cluster.api_key);
    assert!(content(&second, &sha256, None).await == image, "read from another region");
    assert!(content(&second, &sha256, Some(LOCAL_ONLY)).await == image, "a copy of its own");

    let (address, data) = (cluster.nodes[2].address.clone(), cluster.nodes[2].data.clone());
    cluster.nodes[2] = run(&address, &data);
    let third = Rest::new(&address, &cluster.api_key);
    assert!(content(&third, &sha256, Some(LOCAL_ONLY)).await == image, "it caught up");
}
