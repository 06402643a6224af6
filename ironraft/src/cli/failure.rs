//! How a command fails: what is said on standard error, and the exit code.

use std::process::ExitCode;

use client::ClientError;
use region::app::RunError;
use region::init::SetupError;

use crate::cli::refusal;

/// Why a command failed; each kind has its exit code, which scripts rely on.
#[derive(Debug)]
pub(crate) enum Failure {
    /// 1: anything else.
    Other(anyhow::Error),
    /// 2: the command makes no sense as it was given.
    Usage(String),
    /// 3: the object does not exist.
    NotFound(String),
    /// 4: the object's state does not allow it.
    Conflict(String),
    /// 5: the key is wrong, or not enough.
    Denied(String),
    /// 6: no region answers, or the cluster has no quorum.
    Unavailable(String),
    /// 7: of several objects some were changed and some not.
    Partial(String),
    /// 7, of `region run`: the region was removed from its cluster; starting it again is of no use.
    Removed(String),
    /// 8: something differs from what it was compared with.
    Differs(String),
    /// 130: somebody interrupted it.
    Interrupted,
}

/// The exit codes, what they say, and when: as the reference has them.
pub(crate) const EXIT_CODES: &[(u8, &str, &str)] = &[
    (0, "it was done", "also when a node was stopped by SIGTERM or SIGINT"),
    (
        1,
        "anything else",
        "`machine query-power-state` of a machine whose state cannot be told, a port is taken, a damaged store",
    ),
    (
        2,
        "the command makes no sense as it was given",
        "unknown arguments; the API answered 400; something would be lost, and nobody said `--yes`",
    ),
    (
        3,
        "the object does not exist",
        "the API answered 404; `cluster remove` of a node id that no region has; no region node runs on this host",
    ),
    (
        4,
        "the object's state does not allow it",
        "the API answered 409 or 412; `store inspect` of a node that runs; `cluster authority retire` without `--force`",
    ),
    (
        5,
        "not logged in, or the key is wrong or not enough",
        "the API answered 401 or 403; a join token that is too old or for the other kind of nodes",
    ),
    (
        6,
        "no region answers, or the cluster has no quorum",
        "also when `cluster remove` or `cluster authority rotate` has waited for too long: what they began goes on",
    ),
    (
        7,
        "some of several objects were changed, and some not",
        "`machine release @rack3 --yes`; of `region run`: the node was removed from its cluster",
    ),
    (8, "something differs", "`set … --check`"),
    (130, "it was interrupted", "Ctrl-C; what was sent may have been done"),
];

impl Failure {
    /// A failure of no special kind.
    pub(crate) fn other(error: impl Into<anyhow::Error>) -> Self {
        Self::Other(error.into())
    }

    /// A failure of the kind that a node's answer says.
    pub(crate) fn of_code(code: tonic::Code, message: String) -> Self {
        match code {
            tonic::Code::Unavailable | tonic::Code::DeadlineExceeded => Self::Unavailable(message),
            tonic::Code::PermissionDenied | tonic::Code::Unauthenticated => Self::Denied(message),
            tonic::Code::NotFound => Self::NotFound(message),
            tonic::Code::Aborted | tonic::Code::AlreadyExists => Self::Conflict(message),
            tonic::Code::InvalidArgument => Self::Usage(message),
            _ => Self::Other(anyhow::anyhow!(message)),
        }
    }

    /// How a command fails that a region refused.
    pub(crate) fn of_status(status: tonic::Status) -> Self {
        Self::of_code(status.code(), identity::reason::of_status(&status))
    }

    /// The same with what to do about it behind it: `… (try: ironraft machine list)`.
    pub(crate) fn hint(self, hint: &str) -> Self {
        self.mapped(|message| format!("{message} (try: {hint})"))
    }

    /// The same with what was to be done before it: `subnet create: cidr: Enter a valid network.`
    pub(crate) fn of(self, what: &str) -> Self {
        self.mapped(|message| {
            let gap = if message.starts_with('\n') { "" } else { " " };
            format!("{what}:{gap}{message}")
        })
    }

    fn mapped(self, with: impl Fn(String) -> String) -> Self {
        match self {
            Self::Other(error) => Self::Other(anyhow::anyhow!(with(format!("{error:#}")))),
            Self::Usage(message) => Self::Usage(with(message)),
            Self::NotFound(message) => Self::NotFound(with(message)),
            Self::Conflict(message) => Self::Conflict(with(message)),
            Self::Denied(message) => Self::Denied(with(message)),
            Self::Unavailable(message) => Self::Unavailable(with(message)),
            Self::Partial(message) => Self::Partial(with(message)),
            Self::Differs(message) => Self::Differs(with(message)),
            Self::Removed(_) | Self::Interrupted => self,
        }
    }

    /// What is said, and the exit code.
    pub(crate) fn told(&self) -> (u8, String) {
        match self {
            Self::Other(error) => (1, format!("{error:#}")),
            Self::Usage(message) => (2, message.clone()),
            Self::NotFound(message) => (3, message.clone()),
            Self::Conflict(message) => (4, message.clone()),
            Self::Denied(message) => (5, message.clone()),
            Self::Unavailable(message) => (6, message.clone()),
            Self::Partial(message) | Self::Removed(message) => (7, message.clone()),
            Self::Differs(message) => (8, message.clone()),
            Self::Interrupted => (130, "interrupted: what was sent may have been done".to_owned()),
        }
    }

    /// Says it, and returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        let (code, message) = self.told();
        eprintln!("ironraft: {message}");
        ExitCode::from(code)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let message = match &error {
            ClientError::Refused { text, .. } if !text.trim().is_empty() => refusal::told(text),
            other => other.to_string(),
        };
        match error {
            ClientError::Refused { status: 400, .. } => Self::Usage(message),
            ClientError::Refused { status: 401, .. } => {
                let hint = "is the API key still valid? `ironraft login` takes another one";
                Self::Denied(format!("{message} ({hint})"))
            }
            ClientError::Refused { status: 403, .. } => Self::Denied(message),
            ClientError::Refused { status: 404, .. } => Self::NotFound(message),
            ClientError::Refused { status: 409, .. } => Self::Conflict(message),
            ClientError::Unavailable { .. } | ClientError::Unanswered { .. } => {
                Self::Unavailable(message)
            }
            ClientError::Refused { .. } => Self::Other(anyhow::anyhow!(message)),
            ClientError::Key(_)
            | ClientError::NoRegion
            | ClientError::Request { .. }
            | ClientError::Trust(_)
            | ClientError::Distrusted { .. }
            | ClientError::Shape(_) => Self::other(error),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        if let Some(SetupError::Refused { code, .. }) = error.downcast_ref() {
            return Self::of_code(*code, error.to_string());
        }
        match error.downcast_ref::<RunError>() {
            Some(RunError::Removed { .. }) => Self::Removed(error.to_string()),
            Some(_) | None => Self::Other(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_the_code_that_is_documented() {
        let text = String::new;
        let kinds = [
            Failure::Other(anyhow::anyhow!("")),
            Failure::Usage(text()),
            Failure::NotFound(text()),
            Failure::Conflict(text()),
            Failure::Denied(text()),
            Failure::Unavailable(text()),
            Failure::Partial(text()),
            Failure::Differs(text()),
            Failure::Interrupted,
        ];
        let codes: Vec<u8> = kinds.iter().map(|kind| kind.told().0).collect();
        let documented: Vec<u8> = EXIT_CODES.iter().skip(1).map(|(code, ..)| *code).collect();
        assert_eq!(codes, documented);
    }

    #[test]
    fn a_refusal_is_told_with_what_was_to_be_done() {
        let refused = |status, text: &str| {
            let error = ClientError::Refused { status, text: text.to_owned() };
            Failure::from(error).of("subnet create").told()
        };
        let one = r#"{"cidr": ["Enter a valid network."]}"#;
        assert_eq!(
            refused(400, one),
            (2, "subnet create: cidr: Enter a valid network.".to_owned())
        );
        let two = r#"{"cidr": ["A."], "vlan": ["B."]}"#;
        assert_eq!(refused(400, two), (2, "subnet create:\n  cidr: A.\n  vlan: B.".to_owned()));
        assert_eq!(refused(500, "boom"), (1, "subnet create: boom".to_owned()));
        assert_eq!(refused(403, "").1, "subnet create: 403: Forbidden");
    }
}
