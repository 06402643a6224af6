//! Closed loops of so many clients: reserve, allocate, deploy, release, read.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use store_node::bench::stats::micros;
use tokio::task::JoinSet;

use super::part::{Sample, Which};
use super::site::Site;
use super::usage::cpu_time;
use crate::regions::rest::{Answer, Rest};
use crate::regions::stock::IMAGE;

/// Clients that put back what a run took.
const CLEANERS: usize = 4;
/// How often that is tried.
const CLEANING_TRIES_MAX: usize = 20;
/// How long one of these tries may take.
const CLEANING_MAX: Duration = Duration::from_secs(600);

type Answered = Pin<Box<dyn Future<Output = anyhow::Result<Answer>> + Send>>;

/// What a client does with ticket number so-and-so.
pub(super) type Act = Arc<dyn Fn(usize) -> Answered + Send + Sync>;

/// What all clients saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) latencies_us: Vec<u32>,
    pub(super) failed: usize,
    pub(super) refusal: Option<String>,
    pub(super) elapsed: Duration,
    pub(super) cpu: Duration,
    /// Tickets with their answers, of all that succeeded.
    pub(super) answers: Vec<(usize, String)>,
}

impl Seen {
    /// Adds what was seen after this.
    pub(super) fn add(&mut self, other: Self) {
        self.latencies_us.extend(other.latencies_us);
        self.failed += other.failed;
        self.refusal = self.refusal.take().or(other.refusal);
        self.elapsed += other.elapsed;
        self.cpu += other.cpu;
        self.answers.extend(other.answers);
    }

    /// Counts what one request took, and keeps its answer.
    pub(super) fn put(&mut self, took: Duration, answer: anyhow::Result<Option<(usize, String)>>) {
        match answer {
            Ok(answer) => {
                self.latencies_us.push(micros(took));
                self.answers.extend(answer);
            }
            Err(error) => {
                self.failed += 1;
                self.refusal.get_or_insert_with(|| format!("{error:#}"));
            }
        }
    }
}

/// How many clients share so many tickets, and until when new ones are taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) clients: usize,
    pub(super) tickets: usize,
    pub(super) limit: Duration,
}

/// Lets clients work until the tickets or the time are used up; what has begun is waited for.
pub(super) async fn work(pids: &[u32], bounds: Bounds, act: &Act) -> anyhow::Result<Seen> {
    let next = Arc::new(AtomicUsize::new(0));
    let cpu = cpu_time(pids)?;
    let begin = Instant::now();
    let end = begin + bounds.limit;
    let mut clients = JoinSet::new();
    for _ in 0..bounds.clients {
        let (next, act) = (Arc::clone(&next), Arc::clone(act));
        clients.spawn(async move {
            let mut seen = Seen::default();
            while Instant::now() < end {
                let ticket = next.fetch_add(1, Ordering::Relaxed);
                if ticket >= bounds.tickets {
                    break;
                }
                let begin = Instant::now();
                let answer = act(ticket).await.and_then(Answer::success);
                seen.put(begin.elapsed(), answer.map(|answer| Some((ticket, answer.text))));
            }
            seen
        });
    }
    let mut all = Seen::default();
    for seen in clients.join_all().await {
        all.add(seen);
    }
    all.elapsed = begin.elapsed();
    all.cpu = cpu_time(pids)?.saturating_sub(cpu);
    Ok(all)
}

/// Reserves addresses, and gives them back unmeasured.
pub(super) async fn reserve(site: &Site, which: Which, seconds: f64) -> anyhow::Result<Sample> {
    let rest = site.rest(which.door)?;
    let subnet = site.subnet.to_string();
    let own = rest.clone();
    let act: Act = Arc::new(move |_| {
        let (rest, subnet) = (own.clone(), subnet.clone());
        Box::pin(async move {
            rest.post("ipaddresses/?op=reserve", &[("subnet", subnet.as_str())]).await
        })
    });
    let limit = Duration::from_secs_f64(seconds);
    let bounds = Bounds { clients: which.clients, tickets: usize::MAX, limit };
    let seen = work(&site.regions.pids(), bounds, &act).await?;
    let ips: Vec<String> = seen.answers.iter().filter_map(|(_, text)| field(text, "ip")).collect();
    ensure!(ips.len() == seen.answers.len(), "an answer without an address");
    give_back(&ips, move |ip| {
        let rest = rest.clone();
        Box::pin(async move { rest.post("ipaddresses/?op=release", &[("ip", ip.as_str())]).await })
    })
    .await?;
    Ok(Sample::of("reserve", which, seen))
}

/// Allocates, deploys and releases machines, each in turn; all are Ready afterwards. A site that is
/// smaller than what a run does goes through all three again and again.
pub(super) async fn life(site: &Site, which: Which, seconds: f64) -> anyhow::Result<Vec<Sample>> {
    let rest = site.rest(which.door)?;
    let pids = site.regions.pids();
    let limit = Duration::from_secs_f64(seconds);
    let bounds = |tickets| Bounds { clients: which.clients, tickets, limit };
    let (mut allocated, mut deployed, mut released) =
        (Seen::default(), Seen::default(), Seen::default());
    while allocated.elapsed < limit {
        let bounds_left =
            Bounds { limit: limit - allocated.elapsed, ..bounds(site.machines.len()) };
        let seen = work(&pids, bounds_left, &allocating(&rest)).await?;
        let ids: Vec<String> =
            seen.answers.iter().filter_map(|(_, text)| field(text, "system_id")).collect();
        ensure!(ids.len() == seen.answers.len(), "an answer without a machine");
        allocated.add(Seen { answers: Vec::new(), ..seen });
        let seen = work(&pids, bounds(ids.len()), &deploying(&rest, &ids)).await?;
        deployed.add(Seen { answers: Vec::new(), ..seen });
        let mut seen = work(&pids, bounds(ids.len()), &releasing(&rest, &ids)).await?;
        let done: Vec<usize> = seen.answers.drain(..).map(|(ticket, _)| ticket).collect();
        released.add(seen);
        let left = ids.iter().enumerate().filter(|(ticket, _)| !done.contains(ticket));
        let left: Vec<String> = left.map(|(_, id)| id.clone()).collect();
        let rest = rest.clone();
        give_back(&left, move |id| release(rest.clone(), id)).await?;
        if ids.is_empty() {
            break;
        }
    }
    let parts = [("allocate", allocated), ("deploy", deployed), ("release", released)];
    Ok(parts.into_iter().map(|(part, seen)| Sample::of(part, which, seen)).collect())
}

/// Reads one machine after another.
pub(super) async fn get(site: &Site, which: Which, seconds: f64) -> anyhow::Result<Sample> {
    let rest = site.rest(which.door)?;
    let ids = Arc::new(site.machines.clone());
    let act: Act = Arc::new(move |ticket| {
        let (rest, ids) = (rest.clone(), Arc::clone(&ids));
        // Not in order, so that caches of neighbours do not help.
        let id = ids[ticket.wrapping_mul(7919) % ids.len()].clone();
        Box::pin(async move {
            let answer = rest.get(&format!("machines/{id}/")).await?;
            Ok(Answer { text: String::new(), ..answer.success()? })
        })
    });
    let limit = Duration::from_secs_f64(seconds);
    let bounds = Bounds { clients: which.clients, tickets: usize::MAX, limit };
    let seen = work(&site.regions.pids(), bounds, &act).await?;
    Ok(Sample::of("get", which, seen))
}

pub(super) fn allocating(rest: &Rest) -> Act {
    let rest = rest.clone();
    Arc::new(move |_| {
        let rest = rest.clone();
        Box::pin(async move { rest.post("machines/?op=allocate", &[]).await })
    })
}

pub(super) fn deploying(rest: &Rest, ids: &[String]) -> Act {
    let (rest, ids) = (rest.clone(), ids.to_vec());
    Arc::new(move |ticket| {
        let (rest, id) = (rest.clone(), ids[ticket].clone());
        Box::pin(async move {
            let form = [("osystem", IMAGE.0), ("distro_series", IMAGE.1)];
            rest.post(&format!("machines/{id}/?op=deploy"), &form).await
        })
    })
}

fn releasing(rest: &Rest, ids: &[String]) -> Act {
    let (rest, ids) = (rest.clone(), ids.to_vec());
    Arc::new(move |ticket| release(rest.clone(), ids[ticket].clone()))
}

pub(super) fn release(rest: Rest, id: String) -> Answered {
    Box::pin(async move { rest.post(&format!("machines/{id}/?op=release"), &[]).await })
}

/// Puts back what a run took, until all is.
pub(super) async fn give_back(
    taken: &[String],
    act: impl Fn(String) -> Answered + Send + Sync + 'static,
) -> anyhow::Result<()> {
    let mut left = taken.to_vec();
    let act = Arc::new(act);
    for _ in 0..CLEANING_TRIES_MAX {
        if left.is_empty() {
            return Ok(());
        }
        let (all, by) = (left.clone(), Arc::clone(&act));
        let act: Act = Arc::new(move |ticket| by(all[ticket].clone()));
        let bounds = Bounds { clients: CLEANERS, tickets: left.len(), limit: CLEANING_MAX };
        let seen = work(&[], bounds, &act).await?;
        let done: Vec<usize> = seen.answers.iter().map(|(ticket, _)| *ticket).collect();
        let of = left.into_iter().enumerate().filter(|(ticket, _)| !done.contains(ticket));
        left = of.map(|(_, taken)| taken).collect();
    }
    anyhow::bail!("{} things cannot be put back", left.len())
}

/// The first value of a text field of a JSON text, without reading all of it: the clients share the
/// processors with what they measure.
pub(super) fn field(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("\"{name}\": \""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_is_found_without_reading_all() {
        let text = "{\n    \"a\": 1,\n    \"ip\": \"10.0.0.1\",\n    \"ip\": \"x\"\n}";
        assert_eq!(field(text, "ip").as_deref(), Some("10.0.0.1"));
        assert_eq!(field(text, "b"), None);
    }
}
