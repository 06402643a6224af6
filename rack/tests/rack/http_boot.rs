//! UEFI HTTP boot: the URL that DHCP hands out (architecture 16) is served by the rack's HTTP door.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use dhcp::v4::boot::{BootClient, Cpu, HTTP_PORT};
use http_body_util::BodyExt;
use rack::generation::Generations;
use rack::http::images::ImageCache;
use rack::http::proxy::Proxy;
use rack::http::{HttpState, router};
use rack::metrics::Metrics;
use rack::reports::reports;
use rack::tftp::files::BootFolder;
use rack::uplink::Uplink;
use tower::ServiceExt;

/// A UEFI HTTP boot client's DHCPDISCOVER as far as it matters here: options 60 and 93.
fn discover() -> Vec<u8> {
    let mut packet = vec![0; 240];
    packet[..4].copy_from_slice(&[1, 1, 6, 0]);
    packet[28..34].copy_from_slice(&[0x52, 0x54, 0, 0, 0, 1]);
    packet[236..240].copy_from_slice(&[99, 130, 83, 99]);
    packet.extend([53, 1, 1]);
    packet.extend([60, 10]);
    packet.extend(b"HTTPClient");
    packet.extend([93, 2, 0, 16, 255]);
    packet
}

async fn door(boot_files: &std::path::Path, cache: &std::path::Path) -> Router {
    let (uplink, metrics) = (Uplink::default(), Arc::new(Metrics::default()));
    let (reports, _sending) = reports(uplink.clone());
    let images =
        ImageCache::open(cache.to_owned(), 1 << 20, uplink.clone(), Arc::clone(&metrics)).await;
    router(HttpState {
        generations: Generations::default(),
        uplink: uplink.clone(),
        images: Arc::new(images.unwrap()),
        boot_files: BootFolder::new(boot_files.to_owned()),
        proxy: Arc::new(Proxy::new(uplink).unwrap()),
        reports,
        metrics,
    })
}

async fn ask(door: &Router, method: Method, path: &str) -> (StatusCode, String, Vec<u8>) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = door.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let header = |name| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let described = format!("{:?} {:?}", header("content-type"), header("content-length"));
    (head.status, described, body.collect().await.unwrap().to_bytes().to_vec())
}

#[tokio::test]
async fn the_boot_url_of_dhcp_leads_to_the_boot_program() {
    let (files, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(files.path().join("snponly.efi"), b"MZ a program").unwrap();
    let door = door(files.path(), cache.path()).await;
    let message = dhcp::wire::message::Message::parse(&discover()).unwrap();
    let client = BootClient::of(&message, &[]).unwrap();
    assert_eq!(client, BootClient::UefiHttp { cpu: Cpu::X64 });
    let url = client.reply(&message, [10, 0, 0, 1].into(), None).unwrap().file;
    let path = url.strip_prefix(&format!("http://10.0.0.1:{HTTP_PORT}")).unwrap();

    let described = "Some(\"application/efi\") Some(\"12\")";
    let whole = (StatusCode::OK, described.to_owned(), b"MZ a program".to_vec());
    assert_eq!(ask(&door, Method::GET, path).await, whole);
    // Firmware asks for the size first (EDK II HttpBootDxe).
    let size = (StatusCode::OK, described.to_owned(), Vec::new());
    assert_eq!(ask(&door, Method::HEAD, path).await, size);
}

#[tokio::test]
async fn nothing_outside_the_folder_is_sent() {
    let (files, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir(files.path().join("boot")).unwrap();
    std::fs::write(files.path().join("secret"), b"secret").unwrap();
    let door = door(&files.path().join("boot"), cache.path()).await;
    for path in ["/boot/..%2Fsecret", "/boot/nothing.efi", "/boot/%2E%2E%2Fsecret"] {
        assert_eq!(ask(&door, Method::GET, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}
