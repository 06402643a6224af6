//! A site to test in: an in-memory store with an administrator, a subnet, a connected rack and an
//! image; and a machine whose agent does what it is told.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use api::agent::{
    BmcAccount, Hello, Inventory, Outcome, Report, ReportedBmc, ReportedDisk, ReportedInterface,
    Welcome,
};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use bytes::Bytes;
use futures::TryStreamExt;
use images::Images;
use images::files::hash_of_bytes;
use images::peers::{Peers, Ports};
use images::upload::{self, Upload};
use model::access::Actor;
use model::controller::{ControllerInterface, RackController};
use model::event::Event;
use model::id::{SubnetId, SystemId, VlanId};
use model::machine::Machine;
use model::machine::hardware::Hardware;
use model::machine::lifecycle::Kept;
use model::machine::power::{PowerAction, PowerJob, PowerState};
use model::machine::status::Status;
use model::net::iprange::{IpRange, Purpose};
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::secret::Secret;
use model::time::Timestamp;
use model::user::{ApiToken, User};
use ops::access::users::NewUser;
use ops::cluster::bootstrap::bootstrap;
use ops::error::Refusal;
use ops::image::boot_resources::{self, NewResource};
use ops::machine::actions::MachineCommands;
use ops::machine::agent::{self, AgentError};
use ops::machine::allocate::{self, AllocateRequest};
use ops::machine::credentials;
use ops::network::staticroutes::{self, StaticRouteChange};
use ops::network::subnets::{self, SubnetChange};
use ops::power::{self, PowerReport};
use raft_store::Store;
use region::metadata::{self, MetadataParts};
use rest::call::Parts;
use rest::router::router;
use tables::error::TableError;
use tables::machines::MACHINE_BY_MAC;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::{Cause, Tables};
use tower::ServiceExt;

/// The rack's host as machines see it.
const RACK: &str = "10.0.0.1:5248";

/// The site.
pub(crate) struct Site {
    pub(crate) tables: Tables,
    pub(crate) vlan: VlanId,
    pub(crate) actor: Actor,
    pub(crate) token: ApiToken,
    pub(crate) images: Images,
    metadata: Router,
    rest: Router,
    pub(crate) cause: Cause,
    _dir: tempfile::TempDir,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let tables = Tables::new(Store::in_memory());
        let admin = NewUser { username: "admin".to_owned(), ..NewUser::default() };
        let token = bootstrap(&tables, &admin).await.expect("bootstrap");
        let cause = Cause::new("test", "test");
        let vlan = tables.update(&cause, network).await.expect("a network");
        let view = tables.view().await.expect("a view");
        let actor = Actor::without_groups(view.list::<User>().expect("users").remove(0));
        let dir = tempfile::tempdir().expect("a folder");
        let peers = Peers::new(None, Ports { grpc: 1, http: 1 }).expect("a client");
        let images = Images::open(dir.path().join("images"), tables.clone(), 1, peers)
            .expect("an image store");
        let nonces = std::sync::Arc::default();
        let metadata = metadata::router(MetadataParts { tables: tables.clone(), nonces });
        let rest = router(Parts::new(tables.clone()).with_images(images.clone()));
        Self { tables, vlan, actor, token, images, metadata, rest, cause, _dir: dir }
    }

    pub(crate) fn acting<'a>(&'a self, machine: &'a SystemId) -> MachineCommands<'a> {
        MachineCommands { tables: &self.tables, actor: &self.actor, machine, comment: None }
    }

    pub(crate) async fn machine(&self, id: &SystemId) -> Machine {
        let view = self.tables.view().await.expect("a view");
        view.get::<Machine>(id).expect("readable").expect("the machine")
    }

    pub(crate) async fn machines(&self) -> Vec<Machine> {
        let view = self.tables.view().await.expect("a view");
        view.list::<Machine>().expect("readable")
    }

    pub(crate) async fn status(&self, id: &SystemId) -> Status {
        Status::of(&self.machine(id).await.lifecycle)
    }

    pub(crate) async fn job(&self, id: &SystemId) -> Option<PowerJob> {
        let view = self.tables.view().await.expect("a view");
        view.get::<PowerJob>(id).expect("readable")
    }

    pub(crate) async fn allocate(&self) -> Result<Machine, Refusal> {
        let request = AllocateRequest::default();
        Ok(allocate::allocate(&self.tables, &self.actor, &request).await?.machine)
    }

    /// The rack carries out the machine's job, which has to be that action.
    pub(crate) async fn rack_does(&self, id: &SystemId, action: PowerAction, state: PowerState) {
        let job = self.job(id).await.expect("a job");
        assert_eq!(job.action, action);
        let rack = Actor::Rack(job.rack.expect("the job has a rack"));
        let report = PowerReport { machine: id.clone(), job: job.id, outcome: Ok(state) };
        power::report(&self.tables, &rack, &report).await.expect("a report");
    }

    pub(crate) async fn rack_fails(&self, id: &SystemId, message: &str) {
        let Some(job) = self.job(id).await else { return };
        // Between two attempts no rack has the job, and none can report on it.
        let Some(rack) = job.rack else { return };
        let outcome = Err(message.to_owned());
        let report = PowerReport { machine: id.clone(), job: job.id, outcome };
        power::report(&self.tables, &Actor::Rack(rack), &report).await.expect("a report");
    }

    /// As if the pause after a failed attempt was over.
    pub(crate) async fn hand_out_now(&self, id: &SystemId) {
        if let Some(job) = self.job(id).await {
            let old = PowerJob { assigned: Timestamp::default(), ..job };
            self.tables.update(&self.cause, |tx| tx.put(&old)).await.expect("a write");
            region::reconcile::power::pass(&self.tables).await.expect("a pass");
        }
    }

    pub(crate) async fn let_deadline_pass(&self, id: &SystemId) {
        let mut machine = self.machine(id).await;
        machine.lifecycle.deadline = Some(Timestamp::from_unix_ms(1));
        self.tables.update(&self.cause, |tx| tx.put(&machine)).await.expect("a write");
    }

    pub(crate) async fn upload_image(&self) {
        let content = b"a root file system";
        let new = NewResource {
            name: "debian/bookworm".to_owned(),
            title: "Debian 12".to_owned(),
            architecture: "amd64/generic".to_owned(),
            base_image: String::new(),
            filetype: "tgz".to_owned(),
            sha256: hash_of_bytes(content),
            size_bytes: content.len() as u64,
            upload_node: 1,
        };
        let (_, file) =
            boot_resources::create(&self.tables, &self.actor, &new).await.expect("a resource");
        if !file.complete {
            let upload = Upload { sha256: file.sha256, size_bytes: file.size_bytes, node: 1 };
            upload::append(&self.images, &upload, content).await.expect("an upload");
        }
    }

    /// What the deployed system on a machine gets for `GET 2012-03-01/<path>`.
    pub(crate) async fn metadata(&self, id: &SystemId, path: &str) -> (u16, String) {
        let view = self.tables.view().await.expect("a view");
        let machine = self.machine(id).await;
        let token = credentials::of_machine(&view, &machine).expect("readable").expect("a key");
        let request = Request::get(format!("/MAAS/metadata/2012-03-01/{path}"))
            .header("authorization", oauth(&token))
            .body(Body::empty())
            .expect("a request");
        answer(&self.metadata, request).await
    }

    /// What the administrator gets from the REST API; parameters go as a form.
    pub(crate) async fn rest(&self, method: &str, path: &str, form: &str) -> (u16, String) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/MAAS/api/2.0/{path}"))
            .header("authorization", oauth(&self.token))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .expect("a request");
        answer(&self.rest, request).await
    }

    /// What the administrator gets for a path, piece by piece.
    pub(crate) async fn rest_pieces(&self, path: &str) -> Vec<Bytes> {
        let request = Request::get(format!("/MAAS/api/2.0/{path}"))
            .header("authorization", oauth(&self.token))
            .body(Body::empty())
            .expect("a request");
        let response = self.rest.clone().oneshot(request).await.expect("infallible");
        let pieces = response.into_body().into_data_stream();
        pieces.try_collect().await.expect("a whole body")
    }

    /// Adds so many machines that are like this one but for what identifies them.
    pub(crate) async fn multiply(&self, id: &SystemId, copies: u32) {
        let like = self.machine(id).await;
        for first in (0..copies).step_by(200) {
            let batch = first..(first + 200).min(copies);
            let copy = |tx: &mut Tx| {
                for number in batch.clone() {
                    let mut machine = Machine {
                        system_id: tx.next_system_id()?,
                        hostname: format!("copy-{number}"),
                        created: like.created.plus_ms(1),
                        ..like.clone()
                    };
                    for (port, interface) in machine.interfaces.iter_mut().enumerate() {
                        let [_, a, b, c] = number.to_be_bytes();
                        interface.mac.0 = [0x02, u8::try_from(port).unwrap_or(0), a, b, c, 1];
                    }
                    tx.insert(&machine)?;
                }
                Ok::<_, TableError>(())
            };
            self.tables.update(&self.cause, copy).await.expect("copies");
        }
    }

    /// What the administrator gets for bytes that it puts.
    pub(crate) async fn rest_put(&self, uri: &str, bytes: &[u8]) -> (u16, String) {
        let request = Request::put(uri)
            .header("authorization", oauth(&self.token))
            .header("content-type", "application/octet-stream")
            .body(Body::from(bytes.to_vec()))
            .expect("a request");
        answer(&self.rest, request).await
    }

    /// Files for the target with names instead of what is random.
    pub(crate) async fn without_secrets(&self, files: &BTreeMap<String, Secret>) -> String {
        let view = self.tables.view().await.expect("a view");
        let mut text = String::new();
        for (path, content) in files {
            let _ = writeln!(text, "== {path}\n{}", content.expose());
        }
        for token in view.list::<ApiToken>().expect("tokens") {
            text = text
                .replace(&token.consumer_key, "<consumer>")
                .replace(&token.key, "<token>")
                .replace(token.secret.expose(), "<secret>");
        }
        for machine in view.list::<Machine>().expect("machines") {
            text = text.replace(machine.system_id.as_str(), "<machine>");
        }
        text
    }

    /// All events, sorted as text: several may happen in one millisecond.
    pub(crate) async fn events(&self) -> String {
        let view = self.tables.view().await.expect("a view");
        let events = view.list::<Event>().expect("events");
        let lines = events.iter().map(|event| {
            let user = event.username.as_deref().unwrap_or("-");
            format!("{:?} {user} {}: {}\n", event.level, event.kind, event.description)
        });
        let mut lines: Vec<String> = lines.collect();
        lines.sort();
        lines.concat()
    }
}

/// A machine whose agent does what it is told.
pub(crate) struct SimulatedMachine {
    mac: String,
}

impl SimulatedMachine {
    pub(crate) fn new(mac: &str) -> Self {
        Self { mac: mac.to_owned() }
    }

    pub(crate) async fn hello(&self, site: &Site) -> Welcome {
        self.hello_of(site, true).await
    }

    /// Of an agent that erases in all ways, or of a version before.
    pub(crate) async fn hello_of(&self, site: &Site, erases_as_told: bool) -> Welcome {
        let hello = Hello {
            interfaces: vec![self.interface()],
            boot_mac: self.mac.clone(),
            architecture: "amd64/generic".to_owned(),
            uuid: String::new(),
            firmware: "uefi".to_owned(),
            secure_boot: Some(false),
            erases_as_told,
            bmc_address: String::new(),
        };
        agent::hello(&site.tables, &Actor::Agent(self.mac.clone()), &hello, RACK)
            .await
            .expect("a welcome")
    }

    pub(crate) async fn report(&self, site: &Site, welcome: &Welcome, outcome: Outcome) -> Welcome {
        self.try_report(site, welcome, outcome).await.expect("a welcome")
    }

    pub(crate) async fn try_report(
        &self,
        site: &Site,
        welcome: &Welcome,
        outcome: Outcome,
    ) -> Result<Welcome, AgentError> {
        let report = Report { system_id: welcome.system_id.clone(), job: welcome.job, outcome };
        let actor = Actor::Agent(welcome.system_id.clone());
        agent::report(&site.tables, &actor, welcome.token.expose(), &report, RACK).await
    }

    pub(crate) fn inventory(&self, account: Option<&BmcAccount>) -> Outcome {
        let bmc = account.map(|account| ReportedBmc {
            driver: "ipmi".to_owned(),
            parameters: [
                ("power_address", "10.0.9.1".into()),
                ("power_user", account.user.as_str().into()),
                ("power_pass", account.password.clone()),
            ]
            .into(),
        });
        Outcome::Inventory(Box::new(Inventory {
            hardware: Hardware {
                architecture: "amd64/generic".to_owned(),
                cpu_count: 2,
                memory_mib: 2048,
                ..Hardware::default()
            },
            interfaces: vec![self.interface()],
            disks: vec![ReportedDisk {
                name: "vda".to_owned(),
                serial: "disk-1".to_owned(),
                size_bytes: 8_000_000_000,
                block_size_bytes: 512,
                ..ReportedDisk::default()
            }],
            bmc,
            outputs: BTreeMap::from([("lsblk".to_owned(), "vda".to_owned())]),
            storage_extra: None,
        }))
    }

    /// Enlists it, with a BMC; returns its id.
    pub(crate) async fn enlist(&self, site: &Site) -> SystemId {
        let welcome = self.hello(site).await;
        let api::agent::Work::Inventory { bmc_account } = welcome.work.clone() else {
            panic!("unexpected {:?}", welcome.work)
        };
        self.report(site, &welcome, self.inventory(bmc_account.as_ref())).await;
        let view = site.tables.view().await.expect("a view");
        let mac: model::mac::MacAddress = self.mac.parse().expect("an address");
        let machine = view.find(&MACHINE_BY_MAC, &mac).expect("readable").expect("the machine");
        machine.system_id
    }

    /// Enlists and commissions it; returns its id.
    pub(crate) async fn commissioned(&self, site: &Site) -> SystemId {
        let id = self.enlist(site).await;
        site.acting(&id).commission(Kept::default()).await.expect("commission");
        let welcome = self.hello(site).await;
        self.report(site, &welcome, self.inventory(None)).await;
        id
    }

    fn interface(&self) -> ReportedInterface {
        ReportedInterface {
            name: "ens3".to_owned(),
            mac: self.mac.clone(),
            link_connected: true,
            link_speed: 1000,
            addresses: vec!["10.0.0.101/24".to_owned()],
            ..ReportedInterface::default()
        }
    }
}

impl Site {
    /// Hosts of the lab reach another subnet by a gateway.
    pub(crate) async fn route_to(&self, cidr: &str, gateway: &str) {
        let subnet = SubnetChange { cidr: cidr.parse().ok(), ..SubnetChange::default() };
        subnets::create(&self.tables, &self.actor, &subnet).await.expect("a subnet");
        let route = StaticRouteChange {
            source: Some("lab".to_owned()),
            destination: Some(cidr.to_owned()),
            gateway_ip: gateway.parse().ok(),
            metric: Some(5),
        };
        staticroutes::create(&self.tables, &self.actor, &route).await.expect("a route");
    }
}

fn network(tx: &mut Tx) -> Result<VlanId, TableError> {
    let vlan = tx.list::<Vlan>()?.remove(0);
    let rack: SystemId = "rack34".parse().expect("a system id");
    tx.put(&Vlan { dhcp_on: true, primary_rack: Some(rack.clone()), ..vlan.clone() })?;
    tx.insert(&RackController {
        system_id: rack,
        hostname: "rack-1".to_owned(),
        version: "0.1.0".to_owned(),
        interfaces: vec![ControllerInterface {
            name: "eth0".to_owned(),
            mac: "52:54:00:ff:00:01".parse().expect("an address"),
            addresses: vec!["10.0.0.1/24".parse().expect("a prefix")],
        }],
        session: Some(1),
        last_seen: tx.now(),
        searches_for_hosts: false,
        holds_service_addresses: false,
    })?;
    let subnet = SubnetId(tx.next_id::<Subnet>()?);
    tx.insert(&Subnet {
        name: "lab".to_owned(),
        gateway_ip: Some("10.0.0.254".parse().expect("an address")),
        dns_servers: vec!["9.9.9.9".parse().expect("an address")],
        ..Subnet::new(subnet, vlan.id, "10.0.0.0/24".parse().expect("a prefix"))
    })?;
    let range = model::id::IpRangeId(tx.next_id::<IpRange>()?);
    tx.insert(&IpRange {
        id: range,
        purpose: Purpose::Dynamic,
        start_ip: "10.0.0.100".parse().expect("an address"),
        end_ip: "10.0.0.200".parse().expect("an address"),
        subnet,
        user: None,
        comment: String::new(),
    })?;
    Ok(vlan.id)
}

fn oauth(token: &ApiToken) -> String {
    let nonce: u64 = rand::random();
    let now = tables::update::now().unix_ms / 1000;
    format!(
        "OAuth oauth_version=\"1.0\", oauth_nonce=\"{nonce}\", oauth_timestamp=\"{now}\", \
         oauth_signature_method=\"PLAINTEXT\", oauth_consumer_key=\"{}\", oauth_token=\"{}\", \
         oauth_signature=\"%26{}\"",
        token.consumer_key,
        token.key,
        token.secret.expose()
    )
}

/// The status and the body of what a door answers.
pub(crate) async fn answer(router: &Router, request: Request<Body>) -> (u16, String) {
    let response = router.clone().oneshot(request).await.expect("infallible");
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    (status, String::from_utf8_lossy(&body).into_owned())
}
