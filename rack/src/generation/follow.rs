//! The present generation, and which keys changed on the way to it.
//!
//! A service that keeps something of its own beside the generation (the DHCP view, the zones) asks
//! what changed since it looked last. The keys of the last generations are kept for that; whoever
//! was away for longer compares the generation that it knows with the present one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use proto::convert::Key;
use tokio::sync::watch;

use crate::generation::Generation;

/// Of how many generations, and about how many keys, the changes are kept.
const STEPS_MAX: usize = 1_024;
const KEYS_MAX: usize = 65_536;

/// The present generation, for all parts of the rack; clones share it.
#[derive(Debug, Clone)]
pub struct Generations {
    present: Arc<ArcSwap<Generation>>,
    recent: Arc<Mutex<Recent>>,
    published: watch::Sender<u64>,
}

/// The keys that changed with each of the last generations.
#[derive(Debug, Default)]
struct Recent {
    /// How many generations there were.
    published: u64,
    changed: VecDeque<Arc<[Key]>>,
    keys: usize,
}

impl Default for Generations {
    fn default() -> Self {
        let (present, recent) = (Arc::default(), Arc::default());
        Self { present, recent, published: watch::Sender::new(0) }
    }
}

impl Generations {
    /// The present generation.
    #[must_use]
    pub fn load(&self) -> Arc<Generation> {
        self.present.load_full()
    }

    /// Follows the generations from nothing on: the first step is everything.
    #[must_use]
    pub fn follow(&self) -> Follower {
        let mut published = self.published.subscribe();
        // What is here already is a change for it.
        published.mark_changed();
        Follower { generations: self.clone(), seen: Arc::default(), position: 0, published }
    }

    /// Makes `generation` the present one, whatever it changes.
    pub fn publish(&self, generation: Generation) {
        let changed = generation.differences(&self.load());
        self.publish_changed(generation, changed);
    }

    /// Makes `generation` the present one; `changed` are the keys of all objects that are not as
    /// they were in the one before.
    pub fn publish_changed(&self, generation: Generation, changed: Vec<Key>) {
        let mut recent = self.lock();
        recent.add(changed.into());
        self.present.store(Arc::new(generation));
        let published = recent.published;
        drop(recent);
        self.published.send_replace(published);
    }

    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn add(&mut self, changed: Arc<[Key]>) {
        self.published += 1;
        self.keys += changed.len();
        self.changed.push_back(changed);
        while self.changed.len() > STEPS_MAX || (self.keys > KEYS_MAX && self.changed.len() > 1) {
            self.keys -= self.changed.pop_front().map_or(0, |oldest| oldest.len());
        }
    }

    /// The keys that changed after the `position`th generation, if they are still kept.
    fn since(&self, position: u64) -> Option<Vec<Arc<[Key]>>> {
        let missed = usize::try_from(self.published - position).ok()?;
        let first = self.changed.len().checked_sub(missed)?;
        Some(self.changed.range(first..).cloned().collect())
    }
}

/// One who follows the generations.
#[derive(Debug)]
pub struct Follower {
    generations: Generations,
    seen: Arc<Generation>,
    position: u64,
    published: watch::Receiver<u64>,
}

/// What changed since the step before.
#[derive(Debug, Clone)]
pub struct Step {
    /// The generation that is reached.
    pub generation: Arc<Generation>,
    changed: Vec<Arc<[Key]>>,
}

impl Follower {
    /// Waits for a generation that was not seen yet; false when none will come any more.
    pub async fn changed(&mut self) -> bool {
        self.published.changed().await.is_ok()
    }

    /// Goes to the present generation.
    pub fn step(&mut self) -> Step {
        self.published.mark_unchanged();
        let recent = self.generations.lock();
        let generation = self.generations.load();
        let kept = recent.since(self.position);
        self.position = recent.published;
        drop(recent);
        let changed = kept.unwrap_or_else(|| vec![generation.differences(&self.seen).into()]);
        self.seen = Arc::clone(&generation);
        Step { generation, changed }
    }
}

impl Step {
    /// The keys of all objects that are not as they were, in the order of the changes. A key may
    /// come more than once.
    pub fn changed(&self) -> impl Iterator<Item = &Key> {
        self.changed.iter().flat_map(|keys| keys.iter())
    }
}

#[cfg(test)]
mod tests {
    use model::setting::Setting;
    use proto::convert::Served;

    use super::*;

    fn publish(generations: &Generations, number: usize) {
        let mut generation = Generation::clone(&generations.load());
        let name = format!("s{number:04}");
        generation.put(Served::Setting(Setting { name, value: number.into() }));
        generation.revision += 1;
        generations.publish(generation);
    }

    fn names(step: &Step) -> Vec<String> {
        let name = |key: &Key| match key {
            Key::Setting(name) => name.clone(),
            other => panic!("{other:?} did not change"),
        };
        step.changed().map(name).collect()
    }

    #[test]
    fn follower_hears_of_every_change_once() {
        let generations = Generations::default();
        publish(&generations, 1);
        let mut follower = generations.follow();
        assert_eq!(names(&follower.step()), ["s0001"]);
        publish(&generations, 2);
        publish(&generations, 3);
        let step = follower.step();
        assert_eq!(names(&step), ["s0002", "s0003"]);
        assert_eq!(step.generation.revision, 3);
        assert_eq!(names(&follower.step()), Vec::<String>::new());
    }

    #[test]
    fn follower_that_was_away_for_long_hears_of_what_differs() {
        let generations = Generations::default();
        let mut follower = generations.follow();
        let numbers: Vec<usize> = (1..=STEPS_MAX + 1).collect();
        numbers.iter().for_each(|number| publish(&generations, *number));
        let expected: Vec<String> = numbers.iter().map(|number| format!("s{number:04}")).collect();
        assert_eq!(names(&follower.step()), expected);
        publish(&generations, 1);
        assert_eq!(names(&follower.step()), Vec::<String>::new());
    }
}
