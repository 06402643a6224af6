//! How many bytes the log has, and which of its oldest entries are more than wanted.
//!
//! Entries are counted in steps, so that little memory tells a long log; what is said is exact to a
//! step, and never too small.

use std::collections::VecDeque;

const STEP_BYTES: u64 = 64 << 10;

/// The bytes of consecutive entries.
#[derive(Debug)]
struct Step {
    first: u64,
    last: u64,
    size_bytes: u64,
}

/// The size of a log.
#[derive(Debug, Default)]
pub(crate) struct LogSize {
    steps: VecDeque<Step>,
    size_bytes: u64,
}

impl LogSize {
    /// The bytes of all entries.
    pub(crate) fn bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Counts an entry at the end.
    pub(crate) fn append(&mut self, index: u64, size_bytes: u64) {
        self.size_bytes += size_bytes;
        match self.steps.back_mut() {
            Some(step) if step.size_bytes < STEP_BYTES => {
                step.last = index;
                step.size_bytes += size_bytes;
            }
            Some(_) | None => {
                self.steps.push_back(Step { first: index, last: index, size_bytes });
            }
        }
    }

    /// Forgets the entries from `index` on.
    pub(crate) fn truncate(&mut self, index: u64) {
        while let Some(step) = self.steps.pop_back_if(|step| step.first >= index) {
            self.size_bytes -= step.size_bytes;
        }
        if let Some(step) = self.steps.back_mut() {
            step.last = step.last.min(index.saturating_sub(1));
        }
    }

    /// Forgets the entries up to and with `index`.
    pub(crate) fn purge(&mut self, index: u64) {
        while let Some(step) = self.steps.pop_front_if(|step| step.last <= index) {
            self.size_bytes -= step.size_bytes;
        }
    }

    /// The entry up to which the log is more than `bytes_max`; none when it is not.
    pub(crate) fn surplus(&self, bytes_max: u64) -> Option<u64> {
        let mut rest = self.size_bytes;
        let mut surplus = None;
        for step in &self.steps {
            if rest <= bytes_max {
                break;
            }
            rest -= step.size_bytes;
            surplus = Some(step.last);
        }
        surplus
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries 1 to 10 of one step each.
    fn ten() -> LogSize {
        let mut size = LogSize::default();
        (1..=10).for_each(|index| size.append(index, STEP_BYTES));
        size
    }

    #[test]
    fn the_surplus_is_what_is_above_the_limit() {
        let size = ten();
        assert_eq!(None, size.surplus(10 * STEP_BYTES));
        assert_eq!(Some(1), size.surplus(10 * STEP_BYTES - 1));
        assert_eq!(Some(7), size.surplus(3 * STEP_BYTES));
        assert_eq!(Some(10), size.surplus(0));
        assert_eq!(None, LogSize::default().surplus(0));
    }

    #[test]
    fn what_leaves_the_log_does_not_count() {
        let mut size = ten();
        size.purge(4);
        assert_eq!(6 * STEP_BYTES, size.bytes());
        size.truncate(9);
        assert_eq!(4 * STEP_BYTES, size.bytes());
        size.append(9, 5);
        assert_eq!(4 * STEP_BYTES + 5, size.bytes());
        size.purge(100);
        assert_eq!(0, size.bytes());
    }

    #[test]
    fn small_entries_share_a_step_which_counts_until_all_of_it_is_gone() {
        let mut size = LogSize::default();
        (1..=2000).for_each(|index| size.append(index, 100));
        let steps = size.steps.len() as u64;
        assert!((3..=4).contains(&steps), "{steps}");
        size.purge(1);
        assert_eq!(200_000, size.bytes());
        let surplus = size.surplus(100_000).expect("a surplus");
        size.purge(surplus);
        assert!(size.bytes() <= 100_000 && size.bytes() > 30_000, "{}", size.bytes());
        size.truncate(1999);
        size.append(1999, 100);
        assert!(size.surplus(0).is_some_and(|last| last == 1999));
    }
}
