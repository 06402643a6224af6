//! The server on a loopback socket, against curl and against a client made of packets.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use model::boot::files::BootFiles;
use model::time::Timestamp;
use proto::convert::Served;

use crate::generation::{Generation, Generations};
use crate::http::images::ImageCache;
use crate::metrics::Metrics;
use crate::reports::reports;
use crate::tftp::TftpServer;
use crate::tftp::files::BootFolder;
use crate::tftp::offer::Offer;
use crate::uplink::Uplink;

struct Server {
    address: SocketAddr,
    folder: tempfile::TempDir,
    generations: Generations,
    metrics: Arc<Metrics>,
    _tasks: JoinSet<()>,
}

/// A server of a folder, in which `images` is the image cache.
async fn server() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let metrics = Arc::new(Metrics::default());
    let offer = offer(folder.path(), &metrics).await;
    let generations = offer.generations.clone();
    let server = TftpServer::new(socket, offer);
    let mut tasks = JoinSet::new();
    tasks.spawn(server.run(CancellationToken::new()));
    Server { address, folder, generations, metrics, _tasks: tasks }
}

async fn offer(folder: &Path, metrics: &Arc<Metrics>) -> Offer {
    let (uplink, cache) = (Uplink::default(), folder.join("images"));
    let images = ImageCache::open(cache, 1 << 20, uplink.clone(), Arc::clone(metrics)).await;
    Offer {
        boot_files: BootFolder::new(folder.to_owned()),
        generations: Generations::default(),
        images: Arc::new(images.unwrap()),
        reports: reports(uplink).0,
        metrics: Arc::clone(metrics),
    }
}

fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|index| u8::try_from(index % 251).unwrap()).collect()
}

async fn curl(server: &Server, name: &str, options: &[&str]) -> std::process::Output {
    let url = format!("tftp://{}/{name}", server.address);
    Command::new("curl").args(["-s", "-m", "10"]).args(options).arg(url).output().await.unwrap()
}

#[tokio::test]
async fn curl_gets_files_of_any_length() {
    let server = server().await;
    for bytes in [0, 1, 511, 512, 513, 1428, 100_000] {
        std::fs::write(server.folder.path().join("f"), content(bytes)).unwrap();
        for options in [&["--tftp-blksize", "1428"][..], &["--tftp-no-options"]] {
            // curl refuses an option acknowledgment that says `tsize` 0 (RFC 2349 allows it).
            if bytes == 0 && options.len() == 2 {
                continue;
            }
            let output = curl(&server, "f", options).await;
            assert!(output.status.success(), "{bytes} {options:?} {:?}", output.status);
            assert_eq!(output.stdout, content(bytes));
        }
    }
}

#[tokio::test]
async fn missing_files_are_refused_at_once() {
    let server = server().await;
    // 68: file not found on the TFTP server; 69: permission problem.
    assert_eq!(curl(&server, "none", &[]).await.status.code(), Some(68));
    assert_eq!(curl(&server, "a/..%2f..%2fetc/passwd", &[]).await.status.code(), Some(69));
}

/// What GRUB asks for: it is told by the rack whom it asked, and what to load from there.
#[tokio::test]
async fn grub_is_told_what_its_machine_boots_and_loads_the_ephemeral_system() {
    let server = server().await;
    let told = async |name: &str| {
        let output = curl(&server, name, &["--tftp-blksize", "1024"]).await;
        assert!(output.status.success(), "{name} {:?}", output.status);
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(told("//grub/grub.cfg").await.contains("source $prefix/machine/$net_default_mac"));
    let machine = "/grub/machine/52:54:00:00:00:01";
    assert!(
        told(machine).await.starts_with("echo 'Ironraft: this rack has not heard from a region")
    );

    let (kernel, initrd) = ("aa".repeat(32), "bb".repeat(32));
    let mut generation = Generation { revision: 1, ..Generation::default() };
    generation.put(Served::BootFiles(BootFiles {
        architecture: "amd64".to_owned(),
        kernel_sha256: kernel.clone(),
        initrd_sha256: initrd.clone(),
        version: "1".to_owned(),
        created: Timestamp::default(),
    }));
    server.generations.publish(generation);
    let script = told(machine).await;
    assert!(
        script.contains(&format!("linux /images/{kernel} ironraft.rack=http://127.0.0.1:5248 "))
    );
    let cached = server.folder.path().join("images").join(&kernel);
    std::fs::write(cached, content(200_000)).unwrap();
    let other = server.folder.path().join("images").join("cc".repeat(32));
    std::fs::write(other, "an image to deploy").unwrap();
    let output = curl(&server, &format!("/images/{kernel}"), &["--tftp-blksize", "1024"]).await;
    assert_eq!(output.stdout, content(200_000));
    // 71: it is not here yet; 68: it is none of the ephemeral OS.
    assert_eq!(curl(&server, &format!("/images/{initrd}"), &[]).await.status.code(), Some(71));
    let none = curl(&server, &format!("/images/{}", "cc".repeat(32)), &[]).await;
    assert_eq!(none.status.code(), Some(68));
}

/// A client made of packets, as firmware sends them.
struct Firmware {
    socket: UdpSocket,
}

impl Firmware {
    async fn ask(server: &Server, request: &[u8]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.send_to(request, server.address).await.unwrap();
        Self { socket }
    }

    async fn receive(&self) -> (Vec<u8>, SocketAddr) {
        let mut buffer = vec![0; 2048];
        let received = timeout(Duration::from_secs(5), self.socket.recv_from(&mut buffer)).await;
        let (bytes, from) = received.unwrap().unwrap();
        buffer.truncate(bytes);
        (buffer, from)
    }
}

#[tokio::test]
async fn windows_go_on_from_the_last_block_that_arrived() {
    let server = server().await;
    std::fs::write(server.folder.path().join("f"), content(8 * 5 + 3)).unwrap();
    let request = b"\0\x01f\0octet\0blksize\x008\0windowsize\x004\0tsize\x000\0";
    let client = Firmware::ask(&server, request).await;
    let (options, transfer) = client.receive().await;
    assert_eq!(options, b"\0\x06blksize\x008\0tsize\x0043\0windowsize\x004\0");
    client.socket.send_to(b"\0\x04\0\0", transfer).await.unwrap();
    for block in 1..=4 {
        assert_eq!(client.receive().await.0[..4], [0, 3, 0, block]);
    }
    // Blocks 3 and 4 were lost. A second copy of the same word changes nothing.
    for _ in 0..2 {
        client.socket.send_to(b"\0\x04\0\x02", transfer).await.unwrap();
    }
    for block in 3..=6 {
        let (packet, _) = client.receive().await;
        assert_eq!(packet[..4], [0, 3, 0, block]);
        let start = 8 * usize::from(block - 1);
        assert_eq!(packet[4..], content(43)[start..(start + 8).min(43)]);
    }
    client.socket.send_to(b"\0\x04\0\x06", transfer).await.unwrap();
    let done = async {
        while server.metrics.tftp_transfers.get() == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(5), done).await.unwrap();
    assert!(
        timeout(Duration::from_millis(20), client.socket.recv(&mut [0; 64])).await.is_err(),
        "nothing is sent twice"
    );
}

#[tokio::test]
async fn size_probe_that_is_aborted_leaves_nothing_behind() {
    let server = server().await;
    std::fs::write(server.folder.path().join("f"), content(5000)).unwrap();
    let client = Firmware::ask(&server, b"\0\x01f\0octet\0tsize\x000\0blksize\x001468\0").await;
    let (options, transfer) = client.receive().await;
    assert_eq!(options, b"\0\x06blksize\x001468\0tsize\x005000\0");
    client.socket.send_to(b"\0\x05\0\x08User aborted\0", transfer).await.unwrap();
    // The same port may ask again: firmware does.
    let again = b"\0\x01f\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0";
    let answered = async {
        loop {
            client.socket.send_to(again, server.address).await.unwrap();
            let mut buffer = [0; 64];
            let received = client.socket.recv_from(&mut buffer);
            if let Ok(Ok((_, from))) = timeout(Duration::from_millis(50), received).await
                && from != transfer
            {
                return buffer;
            }
        }
    };
    let options = timeout(Duration::from_secs(5), answered).await.unwrap();
    assert!(options.starts_with(b"\0\x06blksize\x001468\0"));
    assert_eq!(server.metrics.tftp_failures.get(), 0);
}

#[tokio::test]
async fn writing_is_refused() {
    let server = server().await;
    let client = Firmware::ask(&server, b"\0\x02f\0octet\0").await;
    assert_eq!(client.receive().await.0[..4], [0, 5, 0, 2]);
}

/// A transfer, and a refusal, come from the address that was asked, whatever the kernel prefers.
#[tokio::test]
async fn a_client_is_answered_from_the_address_that_it_asked() {
    for (any, asked) in [("0.0.0.0:0", "127.0.0.2"), ("[::]:0", "::ffff:127.0.0.2")] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("f"), content(10)).unwrap();
        let socket = UdpSocket::bind(any).await.unwrap();
        let to = SocketAddr::new(asked.parse().unwrap(), socket.local_addr().unwrap().port());
        let metrics = Arc::new(Metrics::default());
        let offer = offer(folder.path(), &metrics).await;
        let server = TftpServer::new(socket, offer);
        let mut tasks = JoinSet::new();
        tasks.spawn(server.run(CancellationToken::new()));
        for name in ["f", "missing"] {
            let client = UdpSocket::bind(any).await.unwrap();
            let request = [b"\0\x01", name.as_bytes(), b"\0octet\0"].concat();
            client.send_to(&request, to).await.unwrap();
            let mut buffer = [0; 600];
            let answer = timeout(Duration::from_secs(10), client.recv_from(&mut buffer)).await;
            assert_eq!(answer.unwrap().unwrap().1.ip(), to.ip(), "{name}");
        }
    }
}
