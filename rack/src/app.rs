//! Builds the rack's parts and hands each one only what it uses.

use std::collections::BTreeSet;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ::ntp::mode::Mode;
use ::ntp::service::NtpService;
use ::ntp::setup::Setup;
use ::ntp::sources::Sources;
use ::ntp::standing::Standing;
use anyhow::Context;
use dhcp::leases::OwnRack;
use dhcp::v6::engine::server_id;
use identity::ExpectedPeer;
use model::id::SystemId;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::certificate;
use crate::clock::RegionClock;
use crate::config::RackConfig;
use crate::dhcp::news::Tell;
use crate::dhcp::service::DhcpService;
use crate::dhcp::v6::service::DhcpV6Service;
use crate::discovery::service::Discovery;
use crate::dns::DnsServer;
use crate::generation::Generations;
use crate::http::images::ImageCache;
use crate::http::proxy::Proxy;
use crate::http::{self, HttpState};
use crate::interfaces::own_interfaces;
use crate::metrics::Metrics;
use crate::ndp::service::AdvertisementService;
use crate::ntp;
use crate::power::Driver;
use crate::power::governor::{Drivers, Governor};
use crate::power::ipmi::Ipmi;
use crate::reports::{Reports, reports};
use crate::seeds;
use crate::service_address::service::ServiceAddresses;
use crate::service_address::vouched::Vouched;
use crate::session::{Dial, Introduction, Session};
use crate::tftp::TftpServer;
use crate::tftp::files::{BootFolder, SignedPrograms};
use crate::tftp::offer::Offer;
use crate::uplink::Uplink;

/// How often the certificate is looked at.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(15);

/// Runs the rack until `shutdown`, or until a part of it fails.
///
/// # Errors
/// When a socket cannot be opened, the cache folder cannot be used, or a part ended.
pub async fn run(config: RackConfig, shutdown: CancellationToken) -> anyhow::Result<()> {
    let core = Core::new();
    let seeds = seeds::seeds(&config.data_dir, &config.regions);
    let mut parts = Parts { tasks: JoinSet::new(), shutdown: shutdown.clone() };
    let (reports, send_reports) = reports(core.uplink.clone());
    parts.start("reports", until(&shutdown, send_reports));
    start_dhcp(&mut parts, &config, &core, reports.clone())?;
    start_discovery(&mut parts, &config, &core)?;
    let offer = start_http(&mut parts, &config, &core, reports).await?;
    start_tftp(&mut parts, &config, offer).await?;
    start_power(&mut parts, &core);
    start_ntp(&mut parts, &config, &core);
    let held = start_service_addresses(&mut parts, &config, &core)?;
    if let Some(listen) = config.dns_listen {
        let dns = DnsServer::new(core.generations.clone(), Arc::clone(&core.metrics), held);
        parts.start("DNS server", dns.run(listen, shutdown.clone()));
    }
    let renewed = certificate::keep(
        config.identity.clone(),
        seeds.clone(),
        core.uplink.clone(),
        RENEWAL_INTERVAL,
    );
    parts.start("certificate", until(&shutdown, renewed));
    let keep_seeds = seeds::keep(config.data_dir.clone(), core.uplink.clone());
    parts.start("list of regions", until(&shutdown, keep_seeds));
    // The session comes last: what it brings finds everybody listening.
    let session = Session::new(
        introduction(&config, core.incarnation),
        dial(&config),
        seeds,
        core.generations.clone(),
        core.clock.clone(),
        core.uplink.clone(),
        core.vouched.clone(),
    );
    parts.start("session", session.run(shutdown));
    parts.wait().await
}

/// What the parts of the rack share.
struct Core {
    generations: Generations,
    clock: RegionClock,
    uplink: Uplink,
    vouched: Vouched,
    /// How the time service stands.
    time: watch::Sender<Standing>,
    metrics: Arc<Metrics>,
    /// Drawn anew at every start: grants to an earlier process are not this one's.
    incarnation: u64,
}

impl Core {
    fn new() -> Self {
        let metrics: Arc<Metrics> = Arc::default();
        Self {
            generations: Generations::default(),
            clock: RegionClock::counting(metrics.clock_doubts.clone()),
            uplink: Uplink::default(),
            vouched: Vouched::default(),
            time: watch::Sender::new(Standing::Starting),
            metrics,
            incarnation: rand::random(),
        }
    }
}

/// Returns what machines are served by TFTP, too.
async fn start_http(
    parts: &mut Parts,
    config: &RackConfig,
    core: &Core,
    reports: Reports,
) -> anyhow::Result<Offer> {
    let listener = TcpListener::bind(config.http_listen)
        .await
        .with_context(|| format!("cannot serve HTTP at {}", config.http_listen))?;
    let images = ImageCache::open(
        config.data_dir.join("images"),
        config.image_cache_bytes_max,
        core.uplink.clone(),
        Arc::clone(&core.metrics),
    );
    let images = Arc::new(images.await?.over(dial(config)));
    let folder = BootFolder::new(config.boot_files.clone());
    let offer = Offer {
        boot_files: folder.with_signed(SignedPrograms::of_packages()),
        generations: core.generations.clone(),
        images: Arc::clone(&images),
        reports: reports.clone(),
        metrics: Arc::clone(&core.metrics),
    };
    let state = HttpState {
        generations: core.generations.clone(),
        uplink: core.uplink.clone(),
        images: Arc::clone(&images),
        boot_files: offer.boot_files.clone(),
        proxy: Arc::new(Proxy::new(core.uplink.clone())?),
        reports,
        metrics: Arc::clone(&core.metrics),
    };
    if let Some(listen) = on_ipv6(config.http_listen) {
        // A host without IPv6 serves it over IPv4 alone.
        match ipv6_listener(listen) {
            Ok(listener) => {
                let serve = http::serve(listener, state.clone(), parts.shutdown.clone());
                parts.start("HTTP server over IPv6", serve);
            }
            Err(error) => warn!("HTTP is not served at {listen}: {error}"),
        }
    }
    parts.start("HTTP server", http::serve(listener, state, parts.shutdown.clone()));
    let generations = core.generations.clone();
    parts.start("prefetch", http::prefetch::run(generations, images, parts.shutdown.clone()));
    Ok(offer)
}

fn start_dhcp(
    parts: &mut Parts,
    config: &RackConfig,
    core: &Core,
    reports: Reports,
) -> anyhow::Result<()> {
    if !config.dhcp {
        return Ok(());
    }
    let own = OwnRack {
        rack: own_id(config)?,
        incarnation: core.incarnation,
        serves_time: config.ntp != Mode::Off,
    };
    let tell: Tell = Arc::new(move |news| reports.heard(news));
    let service = DhcpService::new(
        own.clone(),
        &core.generations,
        core.clock.clone(),
        core.uplink.clone(),
        core.metrics.dhcp.clone(),
        Arc::clone(&tell),
    )
    .with_time(core.time.subscribe());
    parts.start("DHCP server", service.run(parts.shutdown.clone()));
    let service = DhcpV6Service::new(
        (own, server_id(&config.identity.cluster_id())),
        &core.generations,
        core.clock.clone(),
        core.uplink.clone(),
        core.metrics.dhcpv6.clone(),
        tell,
    )
    .with_time(core.time.subscribe());
    parts.start("DHCPv6 server", service.run(parts.shutdown.clone()));
    let metrics = core.metrics.ndp.clone();
    let service = AdvertisementService::new(own_id(config)?, &core.generations, metrics);
    parts.start("router advertisements", service.run(parts.shutdown.clone()));
    Ok(())
}

fn start_discovery(parts: &mut Parts, config: &RackConfig, core: &Core) -> anyhow::Result<()> {
    let discovery = Discovery::new(
        own_id(config)?,
        core.generations.clone(),
        core.uplink.clone(),
        core.metrics.discovery.clone(),
    );
    parts.start("network discovery", discovery.run(parts.shutdown.clone()));
    Ok(())
}

/// Tells which service addresses are held, or may be later.
fn start_service_addresses(
    parts: &mut Parts,
    config: &RackConfig,
    core: &Core,
) -> anyhow::Result<watch::Receiver<BTreeSet<IpAddr>>> {
    let (told, held) = watch::channel(BTreeSet::new());
    let service = ServiceAddresses::new(
        own_id(config)?,
        &core.generations,
        core.vouched.clone(),
        core.metrics.service_addresses.clone(),
        told,
    );
    parts.start("service addresses", service.run(parts.shutdown.clone()));
    Ok(held)
}

/// The id in the rack's certificate.
fn own_id(config: &RackConfig) -> anyhow::Result<SystemId> {
    let own = config.identity.own();
    Ok(own.system_id().context("the certificate is not a rack's")?.parse()?)
}

async fn start_tftp(parts: &mut Parts, config: &RackConfig, offer: Offer) -> anyhow::Result<()> {
    let Some(listen) = config.tftp_listen else { return Ok(()) };
    let socket =
        UdpSocket::bind(listen).await.with_context(|| format!("cannot serve TFTP at {listen}"))?;
    if !config.boot_files.is_dir() {
        let folder = config.boot_files.display();
        warn!("there is no folder {folder}: machines find no network boot program here");
    } else if !offer.boot_files.serves_secure_boot().await {
        info!(
            "shim and a signed GRUB are not here (packages shim-signed and grub-efi-amd64-signed): machines with \
             Secure Boot boot nothing from this rack"
        );
    }
    if let Some(listen) = on_ipv6(listen) {
        match ipv6_socket(listen) {
            Ok(socket) => {
                let server = TftpServer::new(socket, offer.clone());
                parts.start("TFTP server over IPv6", server.run(parts.shutdown.clone()));
            }
            Err(error) => warn!("TFTP is not served at {listen}: {error}"),
        }
    }
    let server = TftpServer::new(socket, offer);
    parts.start("TFTP server", server.run(parts.shutdown.clone()));
    Ok(())
}

/// All addresses of IPv6, where what is served at all those of IPv4 is served, too.
fn on_ipv6(listen: SocketAddr) -> Option<SocketAddr> {
    let all = listen.ip() == IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    all.then(|| SocketAddr::from((Ipv6Addr::UNSPECIFIED, listen.port())))
}

fn ipv6_listener(listen: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = ipv6_only(Type::STREAM, Protocol::TCP, listen)?;
    socket.listen(1_024)?;
    TcpListener::from_std(socket.into())
}

fn ipv6_socket(listen: SocketAddr) -> std::io::Result<UdpSocket> {
    UdpSocket::from_std(ipv6_only(Type::DGRAM, Protocol::UDP, listen)?.into())
}

/// A socket beside one at the same port of IPv4.
fn ipv6_only(kind: Type, protocol: Protocol, listen: SocketAddr) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::IPV6, kind, Some(protocol))?;
    socket.set_only_v6(true)?;
    socket.set_reuse_address(kind == Type::STREAM)?;
    socket.set_nonblocking(true)?;
    socket.bind(&listen.into())?;
    Ok(socket)
}

fn start_power(parts: &mut Parts, core: &Core) {
    let ipmi: Arc<dyn Driver> = Arc::new(Ipmi::default());
    let governor = Governor::new(
        core.generations.clone(),
        core.uplink.clone(),
        Drivers::from([("ipmi", ipmi)]),
        Arc::clone(&core.metrics),
    );
    parts.start("power governor", governor.run(parts.shutdown.clone()));
}

fn start_ntp(parts: &mut Parts, config: &RackConfig, core: &Core) {
    let report = ntp::report(config.ntp, core.time.subscribe(), core.uplink.clone());
    parts.start("report of the time service", until(&parts.shutdown.clone(), report));
    if config.ntp == Mode::Off {
        return;
    }
    let (sources, followed) = watch::channel(Sources::default());
    let follow = ntp::follow(core.generations.follow(), sources);
    parts.start("time servers", until(&parts.shutdown.clone(), follow));
    let folder = config.data_dir.join("ntp");
    let service = NtpService {
        setup: Setup { folder, listen: None, is_orphan: false, mode: config.ntp },
        sources: followed,
        standing: core.time.clone(),
        metrics: core.metrics.ntp.clone(),
    };
    parts.start("time service", service.run(parts.shutdown.clone()));
}

fn until(
    shutdown: &CancellationToken,
    part: impl Future<Output = ()> + Send + 'static,
) -> impl Future<Output = ()> + Send + 'static {
    let shutdown = shutdown.clone();
    async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = part => {}
        }
    }
}

/// The tasks of the process. The first one that ends before its time ends all of them.
struct Parts {
    tasks: JoinSet<&'static str>,
    shutdown: CancellationToken,
}

impl Parts {
    fn start(&mut self, name: &'static str, part: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            part.await;
            name
        });
    }

    async fn wait(mut self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            if self.shutdown.is_cancelled() {
                continue;
            }
            outcome = match ended {
                Ok(name) => Err(anyhow::anyhow!("the rack's {name} ended")),
                Err(panic) => Err(anyhow::Error::new(panic).context("a part of the rack failed")),
            };
            if let Err(reason) = &outcome {
                error!("the rack stops: {reason:#}");
            }
            self.shutdown.cancel();
        }
        outcome
    }
}

fn introduction(config: &RackConfig, incarnation: u64) -> Introduction {
    Introduction {
        hostname: config.hostname.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        incarnation,
        interfaces: || {
            own_interfaces().unwrap_or_else(|error| {
                error!("the rack's interfaces cannot be read: {error}");
                Vec::new()
            })
        },
    }
}

fn dial(config: &RackConfig) -> Dial {
    let identity = config.identity.clone();
    Arc::new(move |address| identity.channel(address, ExpectedPeer::AnyRegion))
}
