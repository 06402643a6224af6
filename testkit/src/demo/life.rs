//! The machines' way from power-on to deployed, driven and watched through the REST API.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use client::Client;
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::timeline::Timeline;
use crate::lab::LabMachine;
use crate::lab::cluster::Cluster;
use crate::lab::signs::MachineSigns;
use crate::operator;
use crate::wait::{MACHINE_STALL, PROCESS_STALL, Signs, wait_for};

/// How often machines are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Milestones of a machine, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Its BMC was told to power on.
    PoweredOn,
    /// It is in the machine list.
    Enlisted,
    /// It has powered itself off after that.
    EnlistedOff,
    /// Commissioning was asked for.
    Commissioned,
    /// It is Ready.
    Ready,
    /// Deployment was asked for.
    DeployAsked,
    /// Its agent is installing.
    Installing,
    /// It restarts from its own disk.
    Restarting,
    /// It is Deployed.
    Deployed,
}

/// A machine of the demo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Its name in the lab.
    pub name: String,
    /// The hardware address it boots from.
    pub mac: String,
    /// Its id in the API; empty until it is enlisted.
    pub system_id: String,
    /// When it passed each milestone.
    #[serde(skip)]
    pub marks: BTreeMap<Mark, Instant>,
    /// What the API last said about it.
    #[serde(skip)]
    pub shape: Value,
}

type Subjects = Arc<Mutex<BTreeMap<String, Subject>>>;

/// The machines, watched by a task of their own.
#[derive(Debug)]
pub struct Life {
    client: Arc<Client>,
    timeline: Arc<Timeline>,
    subjects: Subjects,
    shown: Vec<MachineSigns>,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Life {
    /// Starts to watch machines of a lab.
    ///
    /// # Errors
    /// When there are none.
    pub fn start(
        machines: &[LabMachine],
        client: Arc<Client>,
        timeline: Arc<Timeline>,
    ) -> anyhow::Result<Self> {
        ensure!(!machines.is_empty(), "there are no machines");
        let subjects: BTreeMap<String, Subject> = machines
            .iter()
            .map(|machine| {
                let subject = Subject {
                    name: machine.name.clone(),
                    mac: machine.mac.clone(),
                    system_id: String::new(),
                    marks: BTreeMap::new(),
                    shape: Value::Null,
                };
                (machine.mac.clone(), subject)
            })
            .collect();
        let subjects = Arc::new(Mutex::new(subjects));
        let stop = CancellationToken::new();
        let watcher = Watcher {
            client: Arc::clone(&client),
            timeline: Arc::clone(&timeline),
            subjects: Arc::clone(&subjects),
        };
        let mut tasks = JoinSet::new();
        let stopped = stop.clone();
        tasks.spawn(async move {
            stopped.run_until_cancelled(watcher.watch_for_ever()).await;
        });
        let shown = machines.iter().map(MachineSigns::of).collect();
        Ok(Self { client, timeline, subjects, shown, tasks, stop })
    }

    /// Powers the machines on and waits until each is known, has a BMC, and is off again.
    ///
    /// # Errors
    /// When one does not get there.
    pub async fn enlist(&self, cluster: &Cluster) -> anyhow::Result<()> {
        for machine in self.machines(cluster) {
            let fabric = cluster.lab().network().fabric();
            let what = format!("the BMC of {} answers", machine.name);
            wait_for(&what, PROCESS_STALL, async |_| {
                machine.bmc.ipmitool(fabric, &["power", "on"])?;
                Ok(Some(()))
            })
            .await?;
            self.timeline.note(&machine.name, "powered on by ipmitool");
            self.mark(&machine.mac, Mark::PoweredOn);
        }
        self.wait_all(Mark::Enlisted).await?;
        let mut shown = self.shown_from_now();
        wait_for("the machines are off", MACHINE_STALL, async |signs| {
            self.look(&mut shown, signs);
            let fabric = cluster.lab().network().fabric();
            for machine in self.machines(cluster) {
                if !machine.bmc.ipmitool(fabric, &["power", "status"])?.contains("is off") {
                    return Ok(None);
                }
                if self.mark(&machine.mac, Mark::EnlistedOff) {
                    self.timeline.note(&machine.name, "is off after enlisting");
                }
            }
            Ok(Some(()))
        })
        .await
    }

    /// Commissions the machines and waits until they are Ready.
    ///
    /// # Errors
    /// When one does not get there.
    pub async fn commission(&self) -> anyhow::Result<()> {
        for subject in self.subjects() {
            let path = format!("machines/{}/?op=commission", subject.system_id);
            self.client.post(&path, &[]).await?;
            self.mark(&subject.mac, Mark::Commissioned);
        }
        self.wait_all(Mark::Ready).await
    }

    /// Allocates the machines.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn allocate(&self) -> anyhow::Result<()> {
        for subject in self.subjects() {
            let form = [("system_id", subject.system_id.as_str())];
            let machine = self.client.post("machines/?op=allocate", &form).await?;
            ensure!(machine["system_id"] == subject.system_id, "another machine was allocated");
        }
        Ok(())
    }

    /// Deploys an image, `debian/bookworm`, to the machines, with more parameters of the API's.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn deploy(&self, image: &str, more: &[(&str, &str)]) -> anyhow::Result<()> {
        let (osystem, series) = image.split_once('/').context("the image's name")?;
        for subject in self.subjects() {
            let path = format!("machines/{}/?op=deploy", subject.system_id);
            let form = [&[("osystem", osystem), ("distro_series", series)], more].concat();
            self.client.post(&path, &form).await?;
            self.mark(&subject.mac, Mark::DeployAsked);
        }
        Ok(())
    }

    /// Waits until every machine's agent is at work on the installation.
    ///
    /// # Errors
    /// When one does not get there.
    pub async fn wait_installing(&self) -> anyhow::Result<()> {
        self.wait_all(Mark::Installing).await
    }

    /// Waits until every machine is Deployed.
    ///
    /// # Errors
    /// When one does not get there.
    pub async fn wait_deployed(&self) -> anyhow::Result<()> {
        self.wait_all(Mark::Deployed).await
    }

    /// Stops watching and returns what is known of the machines.
    ///
    /// # Errors
    /// When the API does not answer.
    pub async fn finish(mut self) -> anyhow::Result<Vec<Subject>> {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        let mut subjects = self.subjects();
        for subject in &mut subjects {
            subject.shape = self.client.get(&format!("machines/{}/", subject.system_id)).await?;
        }
        Ok(subjects)
    }

    /// The machines that are watched.
    fn machines<'a>(&self, cluster: &'a Cluster) -> impl Iterator<Item = &'a LabMachine> {
        let watched = self.subjects();
        let machines = cluster.lab().machines().iter();
        machines.filter(move |machine| watched.iter().any(|subject| subject.mac == machine.mac))
    }

    async fn wait_all(&self, mark: Mark) -> anyhow::Result<()> {
        let what = format!("all machines are {mark:?}");
        let mut shown = self.shown_from_now();
        wait_for(&what, MACHINE_STALL, async |signs| {
            self.look(&mut shown, signs);
            let subjects = self.subjects();
            let failed =
                subjects.iter().find(|subject| status_of(&subject.shape).contains("Failed"));
            if let Some(failed) = failed {
                let message = failed.shape["status_message"].as_str().unwrap_or_default();
                return Ok(Some(Err(format!("{}: {message}", describe(&failed.shape)))));
            }
            Ok(subjects.iter().all(|subject| subject.marks.contains_key(&mark)).then_some(Ok(())))
        })
        .await?
        .or_else(|failure| bail!("{what}: {failure}"))
    }

    fn shown_from_now(&self) -> Vec<MachineSigns> {
        self.shown.iter().map(MachineSigns::from_now).collect()
    }

    /// What the machines show and what the API says about them; tells the operator now and then.
    fn look(&self, shown: &mut [MachineSigns], signs: &mut Signs) {
        shown.iter_mut().for_each(|machine| machine.see(signs));
        for subject in self.subjects().iter().filter(|subject| !subject.shape.is_null()) {
            signs.see(&format!("API on {}", subject.name), operator::status_of(&subject.shape));
        }
        self.timeline.waiting(signs);
    }

    /// Whether it was not marked before.
    fn mark(&self, mac: &str, mark: Mark) -> bool {
        set_mark(&self.subjects, mac, mark)
    }

    /// What is known of the machines so far.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        let subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        subjects.values().cloned().collect()
    }
}

struct Watcher {
    client: Arc<Client>,
    timeline: Arc<Timeline>,
    subjects: Subjects,
}

impl Watcher {
    async fn watch_for_ever(&self) {
        let macs: Vec<String> = {
            let subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
            subjects.keys().cloned().collect()
        };
        loop {
            for mac in &macs {
                // A region that is gone is the other tasks' subject.
                if let Ok(Some(shape)) = operator::machine_by_mac(&self.client, mac).await {
                    self.take_in(mac, shape);
                }
            }
            sleep(LOOK).await;
        }
    }

    fn take_in(&self, mac: &str, shape: Value) {
        let mut subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(subject) = subjects.get_mut(mac) else { return };
        let (before, now) = (describe(&subject.shape), describe(&shape));
        let name = subject.name.clone();
        subject.system_id = shape["system_id"].as_str().unwrap_or_default().to_owned();
        for mark in marks_of(&shape) {
            subject.marks.entry(mark).or_insert_with(Instant::now);
        }
        subject.shape = shape;
        drop(subjects);
        if before != now {
            self.timeline.note(&name, &now);
        }
    }
}

/// The milestones that a machine's shape proves.
fn marks_of(shape: &Value) -> Vec<Mark> {
    let mut marks = vec![Mark::Enlisted];
    let has_progress = !shape["status_message"].as_str().unwrap_or_default().is_empty();
    match status_of(shape) {
        "Ready" => marks.push(Mark::Ready),
        "Deploying" if shape["netboot"] == false => {
            marks.extend([Mark::Installing, Mark::Restarting]);
        }
        "Deploying" if has_progress => marks.push(Mark::Installing),
        "Deployed" => marks.extend([Mark::Installing, Mark::Restarting, Mark::Deployed]),
        _ => {}
    }
    marks
}

fn status_of(shape: &Value) -> &str {
    shape["status_name"].as_str().unwrap_or_default()
}

/// One line about a machine: status, power, progress without percentages, which would be a line
/// every second.
fn describe(shape: &Value) -> String {
    let text = |name: &str| shape[name].as_str().unwrap_or_default();
    let (hostname, power) = (text("hostname"), text("power_state"));
    let progress = text("status_message").split(" (").next().unwrap_or_default();
    format!("{hostname} {} power {power} {progress}", status_of(shape)).trim().to_owned()
}

fn set_mark(subjects: &Subjects, mac: &str, mark: Mark) -> bool {
    let mut subjects = subjects.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(subject) = subjects.get_mut(mac) else { return false };
    let is_new = !subject.marks.contains_key(&mark);
    subject.marks.entry(mark).or_insert_with(Instant::now);
    is_new
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Mark, marks_of};

    #[test]
    fn milestones_follow_from_what_the_api_says() {
        let cases = [
            (json!({"status_name": "New"}), vec![Mark::Enlisted]),
            (json!({"status_name": "Ready"}), vec![Mark::Enlisted, Mark::Ready]),
            (
                json!({"status_name": "Deploying", "netboot": true, "status_message": "unpacking"}),
                vec![Mark::Enlisted, Mark::Installing],
            ),
            (
                json!({"status_name": "Deploying", "netboot": false}),
                vec![Mark::Enlisted, Mark::Installing, Mark::Restarting],
            ),
        ];
        for (shape, wanted) in cases {
            assert_eq!(marks_of(&shape), wanted, "{shape}");
        }
    }
}
