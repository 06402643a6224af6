//! The time service of a region: it follows the time servers of the site and the other regions, and racks follow it.
//!
//! When no time server is heard, all regions follow the same one of them, so that the site keeps one time.

use std::net::IpAddr;
use std::time::Duration;

use model::controller::RegionController;
use model::setting::typed::NTP_SERVERS;
use model::time_service::TimeState;
use ntp::metrics::NtpMetrics;
use ntp::mode::Mode;
use ntp::service::NtpService;
use ntp::setup::Setup;
use ntp::sources::Sources;
use ntp::standing::Standing;
use ntp::telling;
use ops::cluster::time_services;
use ops::site::settings;
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::update::Tables;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::config::Config;

/// How often the settings and the regions are looked at.
const INTERVAL: Duration = Duration::from_secs(5);

/// Keeps the time service of a region node until cancelled.
pub(crate) async fn run(
    config: Config,
    tables: Tables,
    metrics: NtpMetrics,
    shutdown: CancellationToken,
) {
    let (standing, told) = watch::channel(Standing::Starting);
    let (sources, followed) = watch::channel(Sources::default());
    let service = NtpService {
        setup: Setup {
            folder: config.data_dir.join("ntp"),
            listen: Some(config.address),
            is_orphan: true,
            mode: config.ntp,
        },
        sources: followed,
        standing,
        metrics,
    };
    let serve = async {
        match config.ntp {
            Mode::Off => std::future::pending().await,
            Mode::Serve | Mode::Steer => service.run(shutdown.clone()).await,
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = serve => {}
        () = follow(&tables, config.address, sources) => {}
        () = report(&tables, config.node_id, config.ntp, told) => {}
    }
}

/// Keeps what the service follows.
async fn follow(tables: &Tables, own: IpAddr, sources: watch::Sender<Sources>) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Ok(view) = tables.stale_view().await else { continue };
        // What cannot be read is not followed; it is told of where it is shown.
        let Ok(wanted) = sources_of(&view, own) else { continue };
        sources.send_if_modified(|known| {
            let is_new = *known != wanted;
            *known = wanted;
            is_new
        });
    }
}

fn sources_of(view: &View, own: IpAddr) -> Result<Sources, TableError> {
    let regions = view.list::<RegionController>()?.into_iter().map(|region| region.address);
    let others = regions.filter(|address| *address != own).map(|address| address.to_string());
    Ok(Sources::of(settings::read(view, &NTP_SERVERS)?.into_iter().chain(others)))
}

async fn report(tables: &Tables, node_id: u64, mode: Mode, standing: watch::Receiver<Standing>) {
    let tell = |state: &TimeState| {
        let state = state.clone();
        async move {
            let told = time_services::report_of_region(tables, node_id, &state).await;
            told.inspect_err(|error| debug!("the time service is told of later: {error}"))
                .unwrap_or(false)
        }
    };
    telling::tell(standing, |standing| state_of(mode, standing), TimeState::is_news_after, tell)
        .await;
}

fn state_of(mode: Mode, standing: &Standing) -> Option<TimeState> {
    Some(match standing {
        _ if mode == Mode::Off => TimeState::Off,
        Standing::Starting => return None,
        Standing::Down(reason) => TimeState::Down(reason.clone()),
        Standing::Unsynchronised => TimeState::Unsynchronised,
        Standing::Synchronised(following) => TimeState::Synchronised {
            source: following.source.clone(),
            stratum: following.stratum,
            offset_us: u64::try_from(following.offset.as_micros()).unwrap_or(u64::MAX),
        },
    })
}
