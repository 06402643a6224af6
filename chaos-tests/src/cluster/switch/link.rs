//! What a wire does to a frame, in one direction.
//!
//! Pure: given the wire's settings, its past, the time and a source of chance, it says when copies
//! of a frame arrive, if any does. So a seed decides the fate of every frame in their order.

use std::time::{Duration, Instant};

use rand::{Rng, RngExt};

/// How many more frames a wire holds before it drops them, as the queue of a network card would.
const QUEUE_MAX: Duration = Duration::from_secs(1);

/// How a wire treats frames in one direction. The default is a perfect wire.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Link {
    /// Nothing passes.
    pub cut: bool,
    /// Every frame is this late.
    pub delay: Duration,
    /// Every frame is later still, by a random part of this. Order is kept.
    pub jitter: Duration,
    /// The part of frames that is lost, 0 to 1.
    pub loss: f64,
    /// The part of frames that arrives twice, 0 to 1.
    pub duplicate: f64,
    /// The part of frames that does not wait for those before it, 0 to 1; needs a delay or jitter.
    pub reorder: f64,
    /// How many bytes pass in a second; no limit when absent.
    pub bytes_per_second: Option<u64>,
}

impl Link {
    /// A wire through which nothing passes.
    #[must_use]
    pub fn severed() -> Self {
        Self { cut: true, ..Self::default() }
    }
}

/// What a wire remembers of the frames before.
#[derive(Debug, Clone, Copy, Default)]
pub struct Past {
    /// When the last bit of the last frame leaves.
    free_at: Option<Instant>,
    /// When the last frame in order arrives.
    last_arrival: Option<Instant>,
}

/// The times at which copies of a frame arrive: none, one or two.
pub fn arrivals(
    link: &Link,
    past: &mut Past,
    chance: &mut impl Rng,
    now: Instant,
    bytes: usize,
) -> Vec<Instant> {
    if link.cut || chance.random_bool(link.loss) {
        return Vec::new();
    }
    let Some(sent) = leave(link, past, now, bytes) else { return Vec::new() };
    let jitter = link.jitter.mul_f64(chance.random_range(0.0..=1.0));
    let arrival = sent + link.delay + jitter;
    let arrival = if chance.random_bool(link.reorder) {
        sent + link.delay.mul_f64(chance.random_range(0.0..=1.0))
    } else {
        let in_order = past.last_arrival.map_or(arrival, |last| last.max(arrival));
        past.last_arrival = Some(in_order);
        in_order
    };
    let copies = if chance.random_bool(link.duplicate) { 2 } else { 1 };
    vec![arrival; copies]
}

/// When the frame has left, or nothing when the queue before the wire is full.
fn leave(link: &Link, past: &mut Past, now: Instant, bytes: usize) -> Option<Instant> {
    let Some(rate) = link.bytes_per_second else {
        past.free_at = None;
        return Some(now);
    };
    let begins = past.free_at.map_or(now, |free| free.max(now));
    if begins.saturating_duration_since(now) > QUEUE_MAX {
        return None;
    }
    let nanos = bytes as u64 * 1_000_000_000 / rate.max(1);
    let sent = begins + Duration::from_nanos(nanos);
    past.free_at = Some(sent);
    Some(sent)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::{Link, Past, arrivals};

    /// Sends frames of 1000 bytes, one each millisecond, and returns how late each copy comes.
    fn send(link: Link, frames: u32, seed: u64) -> Vec<Vec<Duration>> {
        let (mut past, mut chance) = (Past::default(), StdRng::seed_from_u64(seed));
        let start = Instant::now();
        let lateness = |number: u32| {
            let now = start + Duration::from_millis(u64::from(number));
            let times = arrivals(&link, &mut past, &mut chance, now, 1000);
            times.into_iter().map(|time| time - now).collect()
        };
        (0..frames).map(lateness).collect()
    }

    #[test]
    fn a_perfect_wire_passes_each_frame_once_at_once() {
        assert_eq!(send(Link::default(), 50, 1), vec![vec![Duration::ZERO]; 50]);
    }

    #[test]
    fn a_cut_wire_passes_nothing() {
        assert_eq!(send(Link::severed(), 50, 1), vec![Vec::<Duration>::new(); 50]);
    }

    #[test]
    fn loss_and_duplicates_come_at_their_rates_and_repeat_with_the_seed() {
        let link = Link { loss: 0.3, duplicate: 0.1, ..Link::default() };
        let first = send(link, 2000, 7);
        let count = |copies: usize| first.iter().filter(|times| times.len() == copies).count();
        assert!((500..700).contains(&count(0)), "{} of 2000 are lost", count(0));
        assert!((90..200).contains(&count(2)), "{} of 2000 come twice", count(2));
        assert_eq!(first, send(link, 2000, 7));
        assert_ne!(first, send(link, 2000, 8));
    }

    #[test]
    fn jitter_keeps_the_order_and_reordering_breaks_it() {
        let delay = Duration::from_millis(20);
        let late = Link { delay, jitter: delay, ..Link::default() };
        let in_order = |link: Link| {
            let sent = send(link, 500, 3);
            let arrival = |(number, late): (u32, &Vec<Duration>)| {
                Duration::from_millis(u64::from(number)) + late[0]
            };
            let times: Vec<Duration> = (0..).zip(&sent).map(arrival).collect();
            times.is_sorted()
        };
        assert!(in_order(late));
        assert!(!in_order(Link { reorder: 0.2, ..late }));
    }

    #[test]
    fn bandwidth_delays_what_queues_and_drops_what_does_not_fit() {
        // 500 frames a second fit of the 1000 that come.
        let slow = Link { bytes_per_second: Some(500_000), ..Link::default() };
        let sent = send(slow, 4000, 1);
        assert_eq!(sent[0], vec![Duration::from_millis(2)]);
        assert!(sent[1000][0] > Duration::from_millis(900));
        assert!(sent.iter().flatten().all(|late| *late < Duration::from_millis(1100)));
        assert!(sent.iter().any(Vec::is_empty));
    }
}
