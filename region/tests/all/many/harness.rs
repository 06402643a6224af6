//! A region of one node with its store on disk, and its REST and agent doors without sockets.

use std::sync::Arc;
use std::time::Duration;

use api::agent::{Hello, Inventory, Outcome, Report, ReportedDisk, ReportedInterface, Welcome};
use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use identity::Identity;
use images::Images;
use images::peers::{Peers, Ports};
use model::machine::hardware::Hardware;
use ops::access::users::NewUser;
use raft_store::Store;
use region::app::open_store;
use region::metadata::{self, MetadataParts};
use rest::call::Parts;
use rest::router::router;
use serde_json::Value;
use tables::update::Tables;
use tower::ServiceExt;

/// How long the node may take to lead.
const LEADING_MAX: Duration = Duration::from_secs(30);
/// The subnet that machines and reserved addresses are in, and an address of it.
const SUBNET: (&str, &str) = ("10.70.0.0/16", "10.70.255.250/16");

/// The region.
pub(crate) struct Region {
    store: Store,
    doors: Router,
    key: String,
    pub(crate) subnet: u64,
    _folder: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    #[track_caller]
    pub(crate) fn success(self) -> Self {
        assert!(self.is_success(), "{self:?}");
        self
    }
}

impl Region {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("r1");
        let admin = NewUser {
            username: "admin".to_owned(),
            email: "admin@example.com".to_owned(),
            is_superuser: true,
            ..NewUser::default()
        };
        let address = "127.0.0.1".parse().unwrap();
        let founded = region::init::init(&data, address, "r1", &admin).await.unwrap();
        let identity = Identity::load(&founded.config.identity_dir()).unwrap();
        let store = open_store(&founded.config, &identity).await.unwrap();
        let mut leadership = store.leadership();
        let leading = leadership.wait_for(|known| known.leading);
        tokio::time::timeout(LEADING_MAX, leading).await.unwrap().unwrap();
        let tables = Tables::new(store.clone());
        let peers = Peers::new(None, Ports { grpc: 1, http: 1 }).unwrap();
        let images = Images::open(founded.config.images_dir(), tables.clone(), 1, peers).unwrap();
        let parts = Parts::new(tables.clone()).with_images(images);
        let metadata = MetadataParts { tables, nonces: Arc::clone(&parts.nonces) };
        let doors = router(parts).merge(metadata::router(metadata));
        let mut region = Self {
            store,
            doors,
            key: founded.api_key.expose().clone(),
            subnet: 0,
            _folder: folder,
        };
        region.fill().await;
        region
    }

    async fn fill(&mut self) {
        let fabrics = self.send("GET", "fabrics/", &[]).await.success().json();
        let vlan = fabrics[0]["vlans"][0]["id"].to_string();
        let form = [("cidr", SUBNET.0), ("name", "lab"), ("vlan", vlan.as_str())];
        let subnet = self.send("POST", "subnets/", &form).await.success().json();
        self.subnet = subnet["id"].as_u64().unwrap();
        let image = [
            ("name", "debian/bookworm"),
            ("architecture", "amd64/generic"),
            ("filetype", "tgz"),
            ("content", "a root file system"),
        ];
        self.send("POST", "boot-resources/", &image).await.success();
    }

    pub(crate) async fn stop(self) {
        self.store.shutdown().await;
    }

    /// Sends a form to a path below `/MAAS/api/2.0/`.
    pub(crate) async fn send(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("/MAAS/api/2.0/{path}"))
            .header("authorization", self.authorization());
        let request = if method == "GET" {
            request.body(Body::empty())
        } else {
            let body = Body::from(serde_urlencoded::to_string(form).unwrap());
            request.header("content-type", "application/x-www-form-urlencoded").body(body)
        };
        self.answer(request.unwrap()).await
    }

    /// Plays the agent of machine number so-and-so, which is being commissioned.
    pub(crate) async fn commission(&self, number: usize) -> Answer {
        let interface = ReportedInterface {
            name: "eth0".to_owned(),
            mac: mac(number),
            link_connected: true,
            addresses: vec![SUBNET.1.to_owned()],
            ..ReportedInterface::default()
        };
        let hello = Hello {
            interfaces: vec![interface.clone()],
            boot_mac: mac(number),
            architecture: "amd64/generic".to_owned(),
            uuid: String::new(),
            firmware: "uefi".to_owned(),
            secure_boot: Some(false),
            erases_as_told: true,
            bmc_address: String::new(),
        };
        let answer = self.tell("hello", "", &hello).await;
        if !answer.is_success() {
            return answer;
        }
        let welcome: Welcome = serde_json::from_str(&answer.text).unwrap();
        let inventory = Inventory {
            hardware: Hardware { cpu_count: 2, memory_mib: 2048, ..Hardware::default() },
            interfaces: vec![interface],
            disks: vec![ReportedDisk {
                name: "vda".to_owned(),
                serial: format!("disk-{number}"),
                size_bytes: 8_000_000_000,
                block_size_bytes: 512,
                ..ReportedDisk::default()
            }],
            ..Inventory::default()
        };
        let outcome = Outcome::Inventory(Box::new(inventory));
        let report = Report { system_id: welcome.system_id, job: welcome.job, outcome };
        self.tell("report", welcome.token.expose(), &report).await
    }

    async fn tell(&self, path: &str, token: &str, message: &impl serde::Serialize) -> Answer {
        let request = Request::post(format!("/MAAS/metadata/agent/{path}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Body::from(serde_json::to_vec(message).unwrap()));
        self.answer(request.unwrap()).await
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.doors.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: head.status.as_u16(), text }
    }

    fn authorization(&self) -> String {
        let parts: Vec<&str> = self.key.split(':').collect();
        let now = tables::update::now().unix_ms / 1000;
        format!(
            "OAuth oauth_version=\"1.0\", oauth_nonce=\"{:x}\", oauth_timestamp=\"{now}\", \
             oauth_signature_method=\"PLAINTEXT\", oauth_consumer_key=\"{}\", \
             oauth_token=\"{}\", oauth_signature=\"%26{}\"",
            rand::random::<u64>(),
            parts[0],
            parts[1],
            parts[2]
        )
    }
}

/// The hardware address of machine number so-and-so.
pub(crate) fn mac(number: usize) -> String {
    let [.., a, b] = u16::try_from(number).unwrap().to_be_bytes();
    format!("52:54:00:70:{a:02x}:{b:02x}")
}
