//! How one authority takes the place of another without a moment in which a node distrusts a peer.
//!
//! Three rounds over all nodes: each learns to trust the successor beside the authority that signs;
//! each gets a certificate of the successor; each forgets the old one. A round begins when no node
//! stands in its way any more. Pure: who stands where is passed in.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::authority::CertificateAuthority;
use crate::error::IdentityError;

/// How much of a fingerprint is shown to people.
const SHOWN: usize = 12;

/// What a node has. Authorities are named by the fingerprints of their certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// The authority that signed its certificate.
    pub issuer: String,
    /// The authorities it trusts.
    pub trusted: BTreeSet<String>,
    /// When its certificate ends, in milliseconds since the Unix epoch.
    pub expires_ms: u64,
}

/// How far the replacement of an authority has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// One authority signs and is trusted; none is being replaced.
    Settled {
        /// It.
        current: String,
    },
    /// All nodes are to trust the successor too, before anything is signed by it.
    Distributing {
        /// Signs still.
        current: String,
        /// Will sign.
        next: String,
    },
    /// All nodes are to get a certificate of the successor, before the old one is distrusted.
    Renewing {
        /// The successor, which signs now.
        current: String,
        /// Signed before, and is trusted still.
        previous: String,
    },
}

/// Why a node is not as the present phase wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// It has not reported its certificate.
    Silent,
    /// It does not trust an authority that it has to.
    Distrusts {
        /// The authority.
        authority: String,
    },
    /// Its certificate is by another authority than the one that signs.
    OldCertificate {
        /// By whom it is.
        issuer: String,
    },
    /// It trusts an authority that was retired.
    TrustsRetired {
        /// The authority.
        authority: String,
    },
}

impl Phase {
    /// The phase that these authorities are in: the one that signs, and the one that is to follow.
    ///
    /// # Errors
    /// When a stored certificate is malformed.
    pub fn of(
        current: &CertificateAuthority,
        next: Option<&CertificateAuthority>,
    ) -> Result<Self, IdentityError> {
        let (signing, other) = (current.fingerprint()?, current.also_trusted()?);
        Ok(match (next, other) {
            (Some(next), _) => Self::Distributing { current: signing, next: next.fingerprint()? },
            (None, Some(previous)) => Self::Renewing { current: signing, previous },
            (None, None) => Self::Settled { current: signing },
        })
    }

    /// Its name, for people and programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Settled { .. } => "settled",
            Self::Distributing { .. } => "distributing",
            Self::Renewing { .. } => "renewing",
        }
    }

    /// The authority that signs.
    #[must_use]
    pub fn signing(&self) -> &str {
        match self {
            Self::Settled { current }
            | Self::Distributing { current, .. }
            | Self::Renewing { current, .. } => current,
        }
    }

    /// The other authority that is trusted.
    #[must_use]
    pub fn also_trusted(&self) -> Option<&str> {
        match self {
            Self::Settled { .. } => None,
            Self::Distributing { next: other, .. } | Self::Renewing { previous: other, .. } => {
                Some(other)
            }
        }
    }

    /// The authority that goes, while one goes.
    #[must_use]
    pub fn leaving(&self) -> Option<&str> {
        match self {
            Self::Settled { .. } => None,
            Self::Distributing { current: old, .. } | Self::Renewing { previous: old, .. } => {
                Some(old)
            }
        }
    }

    /// What a node lacks of what this phase wants. While an authority goes, a node that lacks
    /// something would be cut off by the next step.
    #[must_use]
    pub fn lack(&self, holding: Option<&Holding>) -> Option<Lack> {
        let Some(holding) = holding else { return Some(Lack::Silent) };
        let wants_own = || {
            let issuer = holding.issuer.clone();
            (issuer != self.signing()).then_some(Lack::OldCertificate { issuer })
        };
        match self {
            Self::Distributing { next, .. } => (!holding.trusted.contains(next))
                .then(|| Lack::Distrusts { authority: next.clone() }),
            Self::Renewing { .. } => wants_own(),
            Self::Settled { current } => wants_own().or_else(|| {
                let retired = holding.trusted.iter().find(|trusted| *trusted != current)?;
                Some(Lack::TrustsRetired { authority: retired.clone() })
            }),
        }
    }

    /// Whether a node that has this is to get a new certificate now.
    #[must_use]
    pub fn outdates(&self, holding: &Holding) -> bool {
        let wanted = [Some(self.signing()), self.also_trusted()];
        let trusted = holding.trusted.iter().map(String::as_str);
        holding.issuer != self.signing()
            || !trusted.eq(wanted.iter().flatten().copied().collect::<BTreeSet<_>>())
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => f.write_str("has not reported its certificate"),
            Self::Distrusts { authority } => {
                write!(f, "does not trust authority {} yet", short(authority))
            }
            Self::OldCertificate { issuer } => {
                write!(f, "has a certificate of authority {}", short(issuer))
            }
            Self::TrustsRetired { authority } => {
                write!(f, "trusts the retired authority {} still", short(authority))
            }
        }
    }
}

/// A fingerprint as people see it.
#[must_use]
pub fn short(fingerprint: &str) -> &str {
    fingerprint.get(..SHOWN).unwrap_or(fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(issuer: &str, trusted: &[&str]) -> Holding {
        let trusted = trusted.iter().map(|&root| root.to_owned()).collect();
        Holding { issuer: issuer.to_owned(), trusted, expires_ms: 1 }
    }

    fn distributing() -> Phase {
        Phase::Distributing { current: "a".to_owned(), next: "b".to_owned() }
    }

    fn renewing() -> Phase {
        Phase::Renewing { current: "b".to_owned(), previous: "a".to_owned() }
    }

    fn settled() -> Phase {
        Phase::Settled { current: "b".to_owned() }
    }

    #[test]
    fn the_phase_is_what_the_authorities_say() {
        let a = CertificateAuthority::create().unwrap();
        let b = a.successor().unwrap();
        let (fa, fb) = (a.fingerprint().unwrap(), b.fingerprint().unwrap());
        let settled = Phase::Settled { current: fa.clone() };
        assert_eq!(Phase::of(&a, None).unwrap(), settled);
        let distributing = Phase::Distributing { current: fa.clone(), next: fb.clone() };
        assert_eq!(Phase::of(&a.trusting(&b), Some(&b)).unwrap(), distributing);
        let renewing = Phase::Renewing { current: fb.clone(), previous: fa };
        assert_eq!(Phase::of(&b, None).unwrap(), renewing);
        assert_eq!(Phase::of(&b.alone(), None).unwrap(), Phase::Settled { current: fb });
    }

    #[test]
    fn nothing_is_signed_by_an_authority_that_a_node_does_not_trust() {
        let lack = Some(Lack::Distrusts { authority: "b".to_owned() });
        assert_eq!(distributing().lack(Some(&holding("a", &["a"]))), lack);
        assert_eq!(distributing().lack(Some(&holding("a", &["a", "b"]))), None);
        assert_eq!(distributing().lack(None), Some(Lack::Silent));
    }

    #[test]
    fn an_authority_stays_trusted_while_a_node_has_a_certificate_of_it() {
        let lack = Some(Lack::OldCertificate { issuer: "a".to_owned() });
        assert_eq!(renewing().lack(Some(&holding("a", &["a", "b"]))), lack);
        assert_eq!(renewing().lack(Some(&holding("b", &["a", "b"]))), None);
        assert_eq!(renewing().lack(None), Some(Lack::Silent));
    }

    #[test]
    fn in_the_end_only_the_successor_is_trusted() {
        let lack = Some(Lack::TrustsRetired { authority: "a".to_owned() });
        assert_eq!(settled().lack(Some(&holding("b", &["a", "b"]))), lack);
        let lack = Some(Lack::OldCertificate { issuer: "a".to_owned() });
        assert_eq!(settled().lack(Some(&holding("a", &["a"]))), lack, "it is cut off");
        assert_eq!(settled().lack(Some(&holding("b", &["b"]))), None);
    }

    #[test]
    fn a_node_renews_until_it_is_as_the_phase_wants_it() {
        for (phase, outdated, up_to_date) in [
            (distributing(), holding("a", &["a"]), holding("a", &["a", "b"])),
            (renewing(), holding("a", &["a", "b"]), holding("b", &["a", "b"])),
            (settled(), holding("b", &["a", "b"]), holding("b", &["b"])),
        ] {
            assert!(phase.outdates(&outdated), "{phase:?}");
            assert!(!phase.outdates(&up_to_date), "{phase:?}");
        }
    }
}
