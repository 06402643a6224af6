//! The server on a loopback socket, against curl and against a client made of packets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;
use crate::tftp::TftpServer;
use crate::tftp::files::BootFolder;

struct Server {
    address: SocketAddr,
    folder: tempfile::TempDir,
    metrics: Arc<Metrics>,
    _tasks: JoinSet<()>,
}

async fn server() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let metrics = Arc::new(Metrics::default());
    let boot = BootFolder::new(folder.path().to_owned());
    let server = TftpServer::new(socket, boot, Arc::clone(&metrics));
    let mut tasks = JoinSet::new();
    tasks.spawn(server.run(CancellationToken::new()));
    Server { address, folder, metrics, _tasks: tasks }
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
        let boot = BootFolder::new(folder.path().to_owned());
        let server = TftpServer::new(socket, boot, Arc::new(Metrics::default()));
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
