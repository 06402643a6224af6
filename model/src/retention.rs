//! What may go, and when: how long events, join tokens, files of images and machines that nobody accepts are kept.
//!
//! Pure: callers pass what they read and the time, and remove in a transaction that decides again.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::boot::content::Content;
use crate::boot::files::BootFiles;
use crate::boot::resource::BootResource;
use crate::event;
use crate::machine::Machine;
use crate::machine::lifecycle::Phase;
use crate::time::Timestamp;

/// How long a join token is remembered after it ended, in milliseconds: who uses it meanwhile is
/// told that it expired, and not that there is no such token.
pub const ENDED_TOKEN_MS: u64 = 24 * 3600 * 1000;

/// How long a content stays that nothing refers to, in milliseconds. It is longer than any
/// transaction, so whoever is about to refer to it has done so or has seen that it is to go.
pub const UNUSED_CONTENT_MS: u64 = 3600 * 1000;

/// How long the file of a content stays at a region after the content is gone.
pub const UNUSED_FILE: Duration = Duration::from_secs(3600);

/// How long an upload or a copy may rest before what came of it is thrown away.
pub const UNFINISHED_FILE: Duration = Duration::from_secs(24 * 3600);

/// The least id of the events that are kept by their age.
#[must_use]
pub fn first_kept_event(now: Timestamp, age_max: Duration) -> u64 {
    let age_ms = u64::try_from(age_max.as_millis()).unwrap_or(u64::MAX);
    event::first_id_of(Timestamp::from_unix_ms(now.unix_ms.saturating_sub(age_ms)))
}

/// Whether a join token that ended, or will end, at that time is forgotten.
#[must_use]
pub fn is_forgotten(token_expires: Timestamp, now: Timestamp) -> bool {
    token_expires.plus_ms(ENDED_TOKEN_MS) <= now
}

/// Whether a machine that somebody presented, and that changed last at that time, is not waited for any more.
#[must_use]
pub fn is_given_up(updated: Timestamp, now: Timestamp, age_max: Duration) -> bool {
    u128::from(now.since_ms(updated)) >= age_max.as_millis()
}

/// What becomes of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays as it is.
    Stays,
    /// Nothing refers to it any more: that is noted, with the time.
    Unused,
    /// Something refers to it again: the note goes.
    Used,
    /// It goes, unless a deployment under way needs it.
    Goes,
}

/// What becomes of a content that an image or the ephemeral OS refers to, or not.
#[must_use]
pub fn fate(content: &Content, is_referenced: bool, now: Timestamp) -> Fate {
    match (is_referenced, content.unused_since) {
        (true, None) => Fate::Stays,
        (true, Some(_)) => Fate::Used,
        (false, None) => Fate::Unused,
        (false, Some(since)) if now.since_ms(since) >= UNUSED_CONTENT_MS => Fate::Goes,
        (false, Some(_)) => Fate::Stays,
    }
}

/// The contents that images, uploads to images, and the ephemeral OS refer to.
#[must_use]
pub fn referenced(resources: &[BootResource], files: &[BootFiles]) -> BTreeSet<String> {
    let sets = resources.iter().flat_map(|resource| &resource.sets);
    let uploads = sets.flat_map(|set| &set.files).map(|file| file.sha256.clone());
    let booted = files.iter().flat_map(|files| [&files.kernel_sha256, &files.initrd_sha256]);
    uploads.chain(booted.cloned()).collect()
}

/// The content that a machine is being deployed from, or that its system is unpacked from at every boot.
#[must_use]
pub fn in_deployment(machine: &Machine) -> Option<&str> {
    let state = &machine.lifecycle;
    let deploys = state.phase == Phase::Deploying
        || state.previous == Some(Phase::Deploying)
        || state.in_memory;
    machine.deployment.as_ref().filter(|_| deploys).map(|wanted| wanted.image_sha256.as_str())
}

#[cfg(test)]
mod tests {
    use crate::boot::resource::{ResourceFile, ResourceSet};
    use crate::id::BootResourceId;

    use super::*;

    const HOUR_MS: u64 = 3600 * 1000;

    fn at(unix_ms: u64) -> Timestamp {
        Timestamp::from_unix_ms(unix_ms)
    }

    #[test]
    fn events_are_kept_by_the_time_in_their_ids() {
        let first = first_kept_event(at(10_000), Duration::from_secs(4));
        assert_eq!(first, event::first_id_of(at(6_000)));
        assert_eq!(first_kept_event(at(10_000), Duration::MAX), 0);
    }

    #[test]
    fn tokens_are_forgotten_a_day_after_they_ended() {
        assert!(!is_forgotten(at(5), at(ENDED_TOKEN_MS + 4)));
        assert!(is_forgotten(at(5), at(ENDED_TOKEN_MS + 5)));
    }

    #[test]
    fn machines_that_nobody_accepts_are_given_up_after_their_time() {
        let age_max = Duration::from_millis(100);
        assert!(!is_given_up(at(5), at(104), age_max));
        assert!(is_given_up(at(5), at(105), age_max));
        assert!(!is_given_up(at(5), at(0), age_max), "a clock that went back");
    }

    #[test]
    fn content_goes_an_hour_after_the_last_that_referred_to_it() {
        let content = |unused_since| Content {
            sha256: "a".repeat(64),
            size_bytes: 1,
            holders: BTreeSet::new(),
            created: at(0),
            unused_since,
        };
        let now = at(10 * HOUR_MS);
        for (since, is_referenced, expected) in [
            (None, true, Fate::Stays),
            (None, false, Fate::Unused),
            (Some(at(9 * HOUR_MS + 1)), false, Fate::Stays),
            (Some(at(9 * HOUR_MS)), false, Fate::Goes),
            (Some(at(0)), true, Fate::Used),
        ] {
            assert_eq!(fate(&content(since), is_referenced, now), expected, "{since:?}");
        }
    }

    #[test]
    fn unfinished_uploads_older_versions_and_the_ephemeral_os_are_referred_to() {
        let set = |sha256: &str, complete| ResourceSet {
            version: String::new(),
            files: vec![ResourceFile {
                id: 1,
                filetype: "root-tgz".to_owned(),
                sha256: sha256.to_owned(),
                size_bytes: 1,
                complete,
                upload_node: 1,
            }],
        };
        let resource = BootResource {
            id: BootResourceId(1),
            name: "custom/web".to_owned(),
            title: String::new(),
            architecture: String::new(),
            base_image: String::new(),
            sets: vec![set("old", true), set("uploading", false)],
            last_deployed: None,
            created: at(0),
        };
        let files = BootFiles {
            architecture: "amd64".to_owned(),
            kernel_sha256: "kernel".to_owned(),
            initrd_sha256: "initrd".to_owned(),
            version: String::new(),
            created: at(0),
        };
        let found = referenced(&[resource], &[files]);
        assert_eq!(found, ["old", "uploading", "kernel", "initrd"].map(str::to_owned).into());
    }
}
