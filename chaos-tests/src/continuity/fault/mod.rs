//! What is done to a site, one fault a file. Each does its harm, lets its span pass, and undoes it: afterwards all nodes run.

pub mod clock;
pub mod cut;
pub mod disk;
pub mod kill;
pub mod loss;
pub mod pause;
pub mod power;
pub mod regions;

use std::time::Duration;

use async_trait::async_trait;
use testkit::lab::cluster::Kind;
use tokio::time::sleep;

use super::fleet::cable::Fleet;
use super::site::Site;

/// What a fault works on.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The site.
    pub site: &'a mut Site,
    /// Its clients.
    pub fleet: &'a Fleet,
    /// How long it lasts.
    pub span: Duration,
    /// What was done, and when.
    pub deeds: Vec<Deed>,
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When, on the clock of the history.
    pub at: Duration,
    /// What, in words.
    pub what: String,
}

impl Stage<'_> {
    /// Notes what is done now.
    pub fn note(&mut self, what: impl Into<String>) {
        let what = what.into();
        tracing::info!("{what}");
        self.deeds.push(Deed { at: self.fleet.now(), what });
    }

    /// Lets the span pass.
    pub async fn last(&self) {
        sleep(self.span).await;
    }

    /// The first rack.
    ///
    /// # Errors
    /// When there is none.
    pub fn rack(&self) -> anyhow::Result<String> {
        let first = self.site.names(Kind::Rack).into_iter().next();
        first.ok_or_else(|| anyhow::anyhow!("the site has no rack"))
    }
}

/// Something that goes wrong for a while.
#[async_trait(?Send)]
pub trait Fault: std::fmt::Debug + Send + Sync {
    /// Its name.
    fn name(&self) -> String;

    /// Whether all clients have a rack that serves them all along.
    fn is_served(&self) -> bool {
        true
    }

    /// How long it lasts at least, whatever is asked for.
    fn span_min(&self) -> Duration {
        Duration::ZERO
    }

    /// Does the harm, lets the span pass, undoes it.
    ///
    /// # Errors
    /// When it cannot be done, or undone: the run says nothing then.
    async fn run(&self, stage: &mut Stage<'_>) -> anyhow::Result<()>;
}
