//! Regions and racks fail while a machine works with them: calls are repeated until somebody
//! answers, and downloads go on where they broke.

use agent::image::{self, ImageError};
use agent::journal::Journal;
use agent::region::{CallError, RegionClient};
use api::agent::{Hello, Install, Welcome, Work};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Answers one connection after the other with the given bytes and closes it; the requests are
/// what the set returns.
async fn server(answers: Vec<Vec<u8>>) -> (String, JoinSet<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.expect("a request");
            requests.push(String::from_utf8_lossy(&request[..length]).to_lowercase());
            stream.write_all(&answer).await.expect("written");
            stream.shutdown().await.expect("closed");
        }
        requests
    });
    (url, tasks)
}

fn answer(status: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn json(status: &str, body: &str) -> Vec<u8> {
    answer(status, body.len(), body.as_bytes())
}

fn hello() -> Hello {
    Hello {
        interfaces: Vec::new(),
        boot_mac: "52:54:00:00:00:01".to_owned(),
        architecture: "amd64/generic".to_owned(),
        uuid: String::new(),
        firmware: "bios".to_owned(),
        secure_boot: None,
        erases_as_told: true,
        bmc_address: String::new(),
    }
}

/// A tar archive with one file, packed by the tools that the ephemeral OS has, too.
fn archive(content: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("motd"), content).expect("written");
    let output = std::process::Command::new("tar")
        .args(["--create", "--bzip2", "--directory"])
        .arg(folder.path())
        .arg("motd")
        .output()
        .expect("tar runs");
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

fn order(image: &[u8]) -> Install {
    let hash = Sha256::digest(image);
    Install {
        disk: "vda".to_owned(),
        disk_serial: String::new(),
        storage: Vec::new(),
        image_sha256: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        image_bytes: image.len() as u64,
        image_type: "root-tbz".to_owned(),
        fqdn: "web-1.maas".to_owned(),
        kernel_options: String::new(),
        files: std::collections::BTreeMap::new(),
    }
}

#[tokio::test]
async fn hello_is_repeated_until_a_leader_answers() {
    let welcome = Welcome {
        system_id: "abc123".to_owned(),
        hostname: "web-1".to_owned(),
        token: "secret".into(),
        job: 7,
        work: Work::Wait { seconds: 1 },
    };
    let body = serde_json::to_string(&welcome).expect("json");
    let answers = vec![json("503 Service Unavailable", "no leader"), json("200 OK", &body)];
    let (url, mut server) = server(answers).await;
    let region = RegionClient::new(&url).expect("client");
    assert_eq!(region.hello(&hello()).await.expect("answered"), welcome);
    let requests = server.join_next().await.expect("a server").expect("it ended");
    assert_eq!(requests.len(), 2);
}

#[tokio::test]
async fn refusal_is_not_repeated() {
    let (url, _server) = server(vec![json("401 Unauthorized", "unknown token")]).await;
    let region = RegionClient::new(&url).expect("client");
    let refused = region.hello(&hello()).await.expect_err("refused");
    assert!(matches!(refused, CallError::Refused { call: "hello", .. }), "{refused}");
}

#[tokio::test]
async fn broken_download_goes_on_where_it_broke() {
    let content = "0123456789".repeat(50);
    let image = archive(&content);
    let half = image.len() / 2;
    let answers = vec![
        answer("200 OK", image.len(), &image[..half]),
        json("503 Service Unavailable", "no region"),
        answer("206 Partial Content", image.len() - half, &image[half..]),
    ];
    let (url, mut server) = server(answers).await;
    let root = tempfile::tempdir().expect("folder");
    let path = root.path().to_str().expect("text");
    let region = RegionClient::new(&url).expect("client");
    image::unpack(&region, (&order(&image)).into(), path, &Journal::new()).await.expect("unpacked");
    assert_eq!(std::fs::read_to_string(root.path().join("motd")).expect("there"), content);
    let requests = server.join_next().await.expect("a server").expect("it ended");
    assert!(!requests[0].contains("range:"), "{}", requests[0]);
    assert!(requests[2].contains(&format!("range: bytes={half}-")), "{}", requests[2]);
}

#[tokio::test]
async fn damaged_image_is_noticed() {
    let image = archive("good");
    let mut ordered = order(&image);
    ordered.image_sha256 = "00".repeat(32);
    let (url, _server) = server(vec![answer("200 OK", image.len(), &image)]).await;
    let root = tempfile::tempdir().expect("folder");
    let path = root.path().to_str().expect("text");
    let region = RegionClient::new(&url).expect("client");
    let error = image::unpack(&region, (&ordered).into(), path, &Journal::new()).await;
    assert!(matches!(error, Err(ImageError::Content { .. })), "{error:?}");
}
