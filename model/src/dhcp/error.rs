//! Why a snippet is refused: where, at which word, and what to do instead.

/// A snippet cannot be read, or asks for what is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: `{word}`: {reason}")]
pub struct SnippetError {
    /// The line, from 1 on.
    pub line: u32,
    /// The word at which reading stopped.
    pub word: String,
    /// Why.
    pub reason: Reason,
}

/// Why a word of a snippet is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Something else belongs here.
    #[error("{0} is expected here")]
    Expected(&'static str),
    /// A value of another form.
    #[error("the value has to be {0}")]
    Value(String),
    /// Nothing has that name.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// It is a word of ISC's, and not done here.
    #[error("is not taken here: {instead}")]
    Unsupported {
        /// What to do instead.
        instead: &'static str,
    },
    /// The server says it, or clients do.
    #[error("cannot be set: {instead}")]
    Owned {
        /// Who says it, and what to do instead.
        instead: &'static str,
    },
    /// A lease time that no client is told.
    #[error("lease times are from {min} to {max} seconds, because addresses are promised so long")]
    LeaseTime {
        /// The shortest, in seconds.
        min: u32,
        /// The longest, in seconds.
        max: u32,
    },
    /// The name means something else already.
    #[error("is defined as code {code} of another type already")]
    Defined {
        /// The code it has.
        code: u8,
    },
    /// More than is read.
    #[error("a snippet has at most {max} {what}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much is read.
        max: usize,
    },
}
