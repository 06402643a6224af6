//! A snippet as the site keeps it: its text with the texts before it, and which clients it is for.

use serde::{Deserialize, Serialize};

use crate::dhcp::error::SnippetError;
use crate::dhcp::option::Definition;
use crate::dhcp::parse::parse;
use crate::dhcp::program::Program;
use crate::id::{DhcpSnippetId, IpRangeId, SubnetId, SystemId};
use crate::lease::policy::Policy;
use crate::time::Timestamp;

/// How many versions of a text are kept, the present one included.
pub const VERSIONS_MAX: usize = 32;
/// How many bytes they have together; the present one is kept however long it is.
pub const VERSIONS_BYTES_MAX: usize = 128 << 10;

/// Which clients a snippet is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// All.
    Global,
    /// Those that get an address of a subnet.
    Subnet(SubnetId),
    /// Those that get an address of an IP range.
    Range {
        /// The subnet that it lies in.
        subnet: SubnetId,
        /// The range.
        range: IpRangeId,
    },
    /// The interfaces of a machine.
    Node(SystemId),
}

/// A text that a snippet has or had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its id; unique in the cluster.
    pub id: u64,
    /// The text.
    pub value: String,
    /// Since when.
    pub created: Timestamp,
}

/// A snippet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DhcpSnippet {
    /// Its id.
    pub id: DhcpSnippetId,
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Whether clients are told it.
    pub enabled: bool,
    /// Which clients.
    pub scope: Scope,
    /// Its texts, the present one first. There is always one.
    pub versions: Vec<Version>,
    /// The definitions of other snippets that the present text uses. Those others keep them as long as
    /// this one has the text.
    pub uses: Vec<Definition>,
}

/// A snippet as racks see it: what it says to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedSnippet {
    /// Its id.
    pub id: DhcpSnippetId,
    /// Which clients it is for.
    pub scope: Scope,
    /// What it says; nothing while it is switched off.
    pub program: Program,
}

/// Why a snippet cannot go back to an earlier text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevertError {
    /// There are not so many.
    #[error("Goes too far back.")]
    TooFar,
    /// None of them has that id.
    #[error("{0} not found in history")]
    NotFound(i64),
}

impl Scope {
    /// The subnet that it is of, or in.
    #[must_use]
    pub fn subnet(&self) -> Option<SubnetId> {
        match self {
            Self::Subnet(subnet) | Self::Range { subnet, .. } => Some(*subnet),
            Self::Global | Self::Node(_) => None,
        }
    }

    /// The range that it is of.
    #[must_use]
    pub fn range(&self) -> Option<IpRangeId> {
        match self {
            Self::Range { range, .. } => Some(*range),
            Self::Global | Self::Subnet(_) | Self::Node(_) => None,
        }
    }

    /// The machine that it is of.
    #[must_use]
    pub fn node(&self) -> Option<&SystemId> {
        match self {
            Self::Node(node) => Some(node),
            Self::Global | Self::Subnet(_) | Self::Range { .. } => None,
        }
    }
}

impl DhcpSnippet {
    /// The present text.
    #[must_use]
    pub fn value(&self) -> &str {
        self.versions.first().map_or("", |version| version.value.as_str())
    }

    /// Gives it another text, and forgets the oldest ones that are not kept.
    pub fn put_version(&mut self, version: Version) {
        self.versions.insert(0, version);
        let mut bytes = 0;
        let kept =
            self.versions.iter().take(VERSIONS_MAX).enumerate().take_while(|(at, version)| {
                bytes += version.value.len();
                *at == 0 || bytes <= VERSIONS_BYTES_MAX
            });
        let kept = kept.count();
        self.versions.truncate(kept);
    }

    /// Goes back to an earlier text, by its id or, when negative, by so many steps; the later ones are
    /// forgotten. 0 changes nothing.
    ///
    /// # Errors
    /// [`RevertError`].
    pub fn revert(&mut self, to: i64) -> Result<(), RevertError> {
        let at = if to <= 0 {
            let steps = usize::try_from(to.unsigned_abs()).ok();
            steps.filter(|steps| *steps < self.versions.len()).ok_or(RevertError::TooFar)?
        } else {
            let id = to.unsigned_abs();
            let found = self.versions.iter().position(|version| version.id == id);
            found.ok_or(RevertError::NotFound(to))?
        };
        self.versions.drain(..at);
        Ok(())
    }

    /// What it says to clients: nothing while it is switched off.
    ///
    /// # Errors
    /// [`SnippetError`] when a version that reads more, or other things, wrote the text.
    pub fn program(&self, policy: &Policy) -> Result<Program, SnippetError> {
        if !self.enabled {
            return Ok(Program::default());
        }
        Ok(parse(self.value(), &self.uses, policy)?.program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snippet(texts: &[&str]) -> DhcpSnippet {
        let mut snippet = DhcpSnippet {
            id: DhcpSnippetId(1),
            name: "s".to_owned(),
            description: String::new(),
            enabled: true,
            scope: Scope::Global,
            versions: Vec::new(),
            uses: Vec::new(),
        };
        for (id, text) in (10..).zip(texts) {
            let (value, created) = ((*text).to_owned(), Timestamp::default());
            snippet.put_version(Version { id, value, created });
        }
        snippet
    }

    #[track_caller]
    fn check(to: i64, want: Result<&str, RevertError>) {
        let mut snippet = snippet(&["a", "b", "c"]);
        let reverted = snippet.revert(to);
        assert_eq!(reverted.map(|()| snippet.value()), want, "{to}");
    }

    #[test]
    fn a_text_is_found_by_its_id_or_by_steps_back() {
        check(0, Ok("c"));
        check(-1, Ok("b"));
        check(-2, Ok("a"));
        check(-3, Err(RevertError::TooFar));
        check(i64::MIN, Err(RevertError::TooFar));
        check(10, Ok("a"));
        check(12, Ok("c"));
        check(13, Err(RevertError::NotFound(13)));
    }

    #[test]
    fn later_texts_are_forgotten_when_it_goes_back() {
        let mut snippet = snippet(&["a", "b", "c"]);
        snippet.revert(-1).unwrap();
        assert_eq!(snippet.revert(12), Err(RevertError::NotFound(12)));
        assert_eq!(snippet.versions.len(), 2);
    }

    #[test]
    fn so_many_texts_are_kept() {
        let many = vec!["a"; VERSIONS_MAX + 5];
        assert_eq!(snippet(&many).versions.len(), VERSIONS_MAX);
        let long = "a".repeat(VERSIONS_BYTES_MAX / 2);
        assert_eq!(snippet(&[&long, &long, &long]).versions.len(), 2);
    }
}
