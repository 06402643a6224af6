//! How the disks of a machine are erased before it is given back: what whoever releases it asks for, and what the
//! site has of the rest (MAAS's `erase`, `secure_erase` and `quick_erase`, and its settings).

use serde::{Deserialize, Serialize};

/// How disks are erased: each by itself, if that is wanted and it can; else quickly, if that is wanted; else in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// By each disk itself, if it can.
    pub secure: bool,
    /// Only signatures, partition tables and both ends of those that do not erase themselves.
    pub quick: bool,
}

impl Erasure {
    /// How a machine is erased of which nothing is noted: versions before did it in no other way.
    pub const QUICK: Self = Self { secure: false, quick: true };

    /// The same for people.
    #[must_use]
    pub fn told(self) -> &'static str {
        match self {
            Self { secure: true, quick: true } => {
                "by the disks themselves, and quickly where they cannot"
            }
            Self { secure: true, quick: false } => {
                "by the disks themselves, and in full where they cannot"
            }
            Self { secure: false, quick: true } => "quickly, at both ends of the disks",
            Self { secure: false, quick: false } => "in full",
        }
    }
}

/// What whoever gives a machine back wants of its disks. What is left open is as the site has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErasureRequest {
    /// Whether they are erased even if the site does not want that of every machine.
    pub erase: bool,
    /// Whether disks erase themselves if they can.
    pub secure: Option<bool>,
    /// Whether those that do not are erased quickly.
    pub quick: Option<bool>,
}

/// What a site has set of erasing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SiteErasure {
    /// Whether every machine is erased (`enable_disk_erasing_on_release`).
    pub always: bool,
    /// Whether disks erase themselves if they can (`disk_erase_with_secure_erase`).
    pub secure: bool,
    /// Whether those that do not are erased quickly (`disk_erase_with_quick_erase`).
    pub quick: bool,
}

/// A way to erase is asked for, and nothing is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing is erased without `erase`")]
pub struct NothingErased {
    /// MAAS's name of what was asked for.
    pub field: &'static str,
}

impl ErasureRequest {
    /// Erasing, as the site has it.
    pub const ERASE: Self = Self { erase: true, secure: None, quick: None };

    /// How the disks are erased; none when they stay as they are.
    ///
    /// # Errors
    /// [`NothingErased`].
    pub fn decide(self, site: SiteErasure) -> Result<Option<Erasure>, NothingErased> {
        if self.erase || site.always {
            let secure = self.secure.unwrap_or(site.secure);
            return Ok(Some(Erasure { secure, quick: self.quick.unwrap_or(site.quick) }));
        }
        match self {
            Self { secure: Some(true), .. } => Err(NothingErased { field: "secure_erase" }),
            Self { quick: Some(true), .. } => Err(NothingErased { field: "quick_erase" }),
            Self { .. } => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Erasure, ErasureRequest, NothingErased, SiteErasure};

    const MAAS: SiteErasure = SiteErasure { always: false, secure: true, quick: false };

    fn asked(erase: bool, secure: Option<bool>, quick: Option<bool>) -> ErasureRequest {
        ErasureRequest { erase, secure, quick }
    }

    #[test]
    fn what_is_left_open_is_as_the_site_has_it() {
        for (request, secure, quick) in [
            (ErasureRequest::ERASE, true, false),
            (asked(true, None, Some(true)), true, true),
            (asked(true, Some(false), None), false, false),
            (asked(true, Some(false), Some(true)), false, true),
        ] {
            assert_eq!(request.decide(MAAS), Ok(Some(Erasure { secure, quick })), "{request:?}");
        }
        let quick = SiteErasure { always: true, secure: false, quick: true };
        assert_eq!(ErasureRequest::default().decide(quick), Ok(Some(Erasure::QUICK)));
        let in_full = Erasure { secure: false, quick: false };
        assert_eq!(asked(false, None, Some(false)).decide(quick), Ok(Some(in_full)));
    }

    #[test]
    fn nothing_is_erased_unless_it_is_asked_for_or_the_site_wants_it() {
        for request in [ErasureRequest::default(), asked(false, Some(false), Some(false))] {
            assert_eq!(request.decide(MAAS), Ok(None));
        }
        let refused = |field| Err(NothingErased { field });
        assert_eq!(asked(false, Some(true), None).decide(MAAS), refused("secure_erase"));
        assert_eq!(asked(false, None, Some(true)).decide(MAAS), refused("quick_erase"));
    }
}
