//! The task that keeps a time service: it is started, follows what it is told to, is asked how it stands, and started anew
//! when it ended.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::daemon::{Daemon, DaemonError};
use crate::metrics::NtpMetrics;
use crate::setup::Setup;
use crate::sources::Sources;
use crate::standing::Standing;

/// How often it is asked how it stands, until it has answered and then.
const LOOK_FIRST: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long there is until it is started anew, at first and at most.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// A time service that is kept.
#[derive(Debug)]
pub struct NtpService {
    /// How it is set up.
    pub setup: Setup,
    /// What it follows, as it changes.
    pub sources: watch::Receiver<Sources>,
    /// How it stands, for whoever wants to know.
    pub standing: watch::Sender<Standing>,
    /// What is counted of it.
    pub metrics: NtpMetrics,
}

impl NtpService {
    /// Runs until cancelled, or until nobody says any more what it follows.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut pause = PAUSE;
        loop {
            let ended = tokio::select! {
                () = shutdown.cancelled() => return,
                ended = self.serve() => ended,
            };
            let Err(error) = ended else { return };
            let lived = matches!(
                *self.standing.borrow(),
                Standing::Synchronised(_) | Standing::Unsynchronised
            );
            pause = if lived { PAUSE } else { (pause * 2).min(PAUSE_MAX) };
            let reason = with_cause(&error);
            if *self.standing.borrow() != Standing::Down(reason.clone()) {
                warn!("the time service is down, and tried again from time to time: {reason}");
            }
            self.tell(Standing::Down(reason));
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// Serves until the daemon ends, or nobody says any more what it follows.
    async fn serve(&mut self) -> Result<(), DaemonError> {
        let sources = self.sources.borrow_and_update().clone();
        let mut daemon = Daemon::start(self.setup.clone(), &sources).await?;
        self.metrics.starts.inc();
        let mut is_told = true;
        let mut wait = LOOK_FIRST;
        loop {
            tokio::select! {
                error = daemon.ended() => return Err(error),
                changed = self.sources.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    is_told = self.have_followed(&daemon).await;
                }
                () = sleep(wait) => {
                    // One that was only starting did not hear of them.
                    is_told = is_told || self.have_followed(&daemon).await;
                    let Ok(standing) = daemon.standing().await else { continue };
                    self.tell(standing);
                    wait = LOOK_EVERY;
                }
            }
        }
    }

    /// Has the daemon follow what it is to follow now; false when it did not hear it.
    async fn have_followed(&mut self, daemon: &Daemon) -> bool {
        let sources = self.sources.borrow_and_update().clone();
        let heard = daemon.follow(&sources).await;
        heard.inspect_err(|error| debug!("other sources are told later: {error}")).is_ok()
    }

    fn tell(&self, standing: Standing) {
        self.metrics.observe(&standing);
        self.standing.send_if_modified(|known| {
            if *known == standing {
                return false;
            }
            if std::mem::discriminant(known) != std::mem::discriminant(&standing) {
                info!("time service: {standing}");
            }
            *known = standing;
            true
        });
    }
}

fn with_cause(error: &DaemonError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
