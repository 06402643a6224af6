//! Webhooks: who is told of changes by HTTP, how far it was told, and what could not be told.
//!
//! A hook follows the history of the store. Its progress is replicated: the revision that everything up to was told, and
//! the delivery that is being sent, whose end is fixed before it is sent for the first time. So a delivery has the
//! same name and the same changes however often and by whichever leader it is sent, and its pause after a failure goes
//! on at the next leader.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{UserId, WebhookId};
use crate::secret::Secret;
use crate::time::Timestamp;

/// How many webhooks there are at most: each is followed on its own, and has a metric of its own.
pub const WEBHOOKS_MAX: usize = 64;

/// The longest name, in characters.
pub const NAME_MAX: usize = 64;

/// The longest URL, in bytes.
pub const URL_BYTES_MAX: usize = 2_048;

/// How many deliveries that failed are kept of a hook; the oldest go first.
pub const DEAD_LETTERS_MAX: usize = 100;

/// What begins the text of a secret (Standard Webhooks).
pub const SECRET_PREFIX: &str = "whsec_";

/// How long the key in a secret is, in bytes (Standard Webhooks).
pub const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// What it is called; no other one has that name.
    pub name: String,
    /// Where deliveries are sent.
    pub url: String,
    /// What they are signed with, as [`SECRET_PREFIX`] and base64.
    pub secret: Secret,
    /// The kinds of objects it is told of; all that are watched by default when empty.
    pub resources: Vec<String>,
    /// Only objects that this filter means; of one kind.
    pub filter: String,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Whether deliveries may be sent to internal addresses.
    pub allow_internal: bool,
    /// Who made it: it is told what this user may see.
    pub owner: UserId,
    /// Why it was disabled, unless a user did it.
    pub disabled_because: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub updated: Timestamp,
}

/// How far a hook was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookProgress {
    /// The hook.
    pub webhook: WebhookId,
    /// What happened up to this revision was told, or is among the dead letters.
    pub revision: u64,
    /// When that was written.
    pub written: Timestamp,
    /// What is being sent.
    pub sending: Option<Delivery>,
    /// How many deliveries failed for good since the last one that arrived.
    pub dead_in_a_row: u32,
}

/// What a delivery tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tells {
    /// What changed.
    Changes,
    /// That the history is gone, and everything is to be read again.
    Reset,
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// It begins behind this revision.
    pub after: u64,
    /// And ends with this one.
    pub through: u64,
    /// What it tells.
    pub tells: Tells,
    /// When it was made.
    pub made: Timestamp,
    /// How often it was sent in vain.
    pub attempts: u32,
    /// It is not sent before.
    pub not_before: Timestamp,
    /// Why it did not arrive last time; empty before that.
    pub error: String,
}

/// A delivery that failed for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The hook.
    pub webhook: WebhookId,
    /// The delivery.
    pub delivery: Delivery,
    /// When it was given up.
    pub died: Timestamp,
    /// Whether it is to be sent once more.
    pub retry: bool,
}

/// How long a delivery is tried, and when a hook is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The pause after the first failure, in milliseconds; it doubles.
    pub first_ms: u64,
    /// The longest pause, in milliseconds.
    pub longest_ms: u64,
    /// How often a delivery is sent.
    pub attempts: u32,
    /// After so many deliveries in a row that failed for good the hook is disabled.
    pub dead_in_a_row: u32,
}

impl Default for Patience {
    /// A delivery is tried 14 times in about half an hour.
    fn default() -> Self {
        Self { first_ms: 1_000, longest_ms: 300_000, attempts: 14, dead_in_a_row: 5 }
    }
}

impl Patience {
    /// The pause before a delivery is sent again, in milliseconds: it doubles, and half of it depends on the delivery, so that
    /// hooks whose receiver came back do not all call at once. Every node says the same.
    #[must_use]
    pub fn pause_ms(&self, webhook: WebhookId, delivery: &Delivery) -> u64 {
        let doublings = delivery.attempts.saturating_sub(1).min(32);
        let whole = self.first_ms.saturating_mul(1 << doublings).min(self.longest_ms);
        let half = whole / 2;
        half + scattered(&[webhook.0.into(), delivery.through, delivery.attempts.into()])
            % (half + 1)
    }
}

/// A number that looks random, and is the same for the same numbers (FNV-1a, and a finish that mixes).
fn scattered(numbers: &[u64]) -> u64 {
    let bytes = numbers.iter().flat_map(|number| number.to_be_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

impl Delivery {
    /// One that was not sent yet.
    #[must_use]
    pub const fn new(after: u64, through: u64, tells: Tells, now: Timestamp) -> Self {
        let error = String::new();
        Self { after, through, tells, made: now, attempts: 0, not_before: now, error }
    }

    /// Its name, the same however often it is sent: by it receivers know what they have.
    #[must_use]
    pub fn name(&self, webhook: WebhookId) -> String {
        format!("msg_{webhook}_{}_{}", self.after, self.through)
    }

    /// Whether it is the same delivery.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        (self.after, self.through, self.made) == (other.after, other.through, other.made)
    }
}

impl fmt::Display for Tells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Changes => "change",
            Self::Reset => "reset",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(attempts: u32) -> Delivery {
        Delivery { attempts, ..Delivery::new(7, 9, Tells::Changes, Timestamp::default()) }
    }

    #[test]
    fn pauses_double_to_the_longest_and_half_of_each_is_scattered() {
        let patience = Patience::default();
        for attempts in 1..=40 {
            let whole = (1_000_u64 << (attempts - 1).min(20)).min(300_000);
            let pauses: Vec<u64> =
                (1..50).map(|id| patience.pause_ms(WebhookId(id), &after(attempts))).collect();
            assert!(pauses.iter().all(|pause| (whole / 2..=whole).contains(pause)), "{pauses:?}");
            let (least, most) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
            assert!(most - least > whole / 4, "they are not scattered: {pauses:?}");
            assert_eq!(pauses[0], patience.pause_ms(WebhookId(1), &after(attempts)));
        }
    }

    #[test]
    fn a_delivery_is_tried_for_about_half_an_hour() {
        let patience = Patience::default();
        let pauses = (1..patience.attempts).map(|at| patience.pause_ms(WebhookId(3), &after(at)));
        let minutes = pauses.sum::<u64>() / 60_000;
        assert!((15..=35).contains(&minutes), "{minutes}");
    }

    #[test]
    fn a_delivery_keeps_its_name() {
        let (first, again) = (after(0), Delivery { error: "no".to_owned(), ..after(3) });
        assert_eq!(first.name(WebhookId(2)), "msg_2_7_9");
        assert_eq!(again.name(WebhookId(2)), first.name(WebhookId(2)));
        assert!(first.is(&again));
        assert!(!first.is(&Delivery { through: 10, ..after(0) }));
    }
}
