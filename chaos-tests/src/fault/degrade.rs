//! All wires are bad: late, lossy, doubling, reordering or narrow (F17, F18, F20).

use std::time::Duration;

use async_trait::async_trait;

use super::{Fault, Stage, last};
use crate::cluster::switch::link::Link;

/// What is bad about the wires.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Degrade {
    /// So much later, and later still by a random part of as much.
    Late(Duration),
    /// This part of frames is lost, 0 to 1; a tenth as many are doubled or reordered.
    Lossy(f64),
    /// So many bytes pass in a second.
    Narrow(u64),
}

#[async_trait(?Send)]
impl Fault for Degrade {
    fn name(&self) -> String {
        match self {
            Self::Late(delay) => format!("F17 wires late by {} ms", delay.as_millis()),
            Self::Lossy(loss) => format!("F18 wires lose {:.0} %", loss * 100.0),
            Self::Narrow(rate) => format!("F20 wires of {} kB/s", rate / 1000),
        }
    }

    async fn run(&self, stage: Stage<'_>) -> anyhow::Result<()> {
        let event = stage.timeline.begin(self.name());
        self.set(stage, self.link());
        last(stage).await;
        self.set(stage, Link::default());
        stage.timeline.end(event);
        Ok(())
    }
}

impl Degrade {
    fn link(&self) -> Link {
        match *self {
            Self::Late(delay) => Link { delay, jitter: delay, ..Link::default() },
            Self::Lossy(loss) => Link {
                loss,
                duplicate: loss / 10.0,
                reorder: loss / 10.0,
                delay: Duration::from_millis(1),
                ..Link::default()
            },
            Self::Narrow(rate) => Link { bytes_per_second: Some(rate), ..Link::default() },
        }
    }

    fn set(&self, stage: Stage<'_>, link: Link) {
        let ids = stage.cluster.ids();
        for from in &ids {
            for to in ids.iter().filter(|to| *to != from) {
                stage.cluster.switch().set(*from, *to, link);
            }
        }
    }
}
