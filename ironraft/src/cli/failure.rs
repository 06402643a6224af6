//! How a command fails: what is said on standard error, and the exit code.

use std::process::ExitCode;

use client::ClientError;
use region::app::RunError;
use region::init::SetupError;

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
    /// 7: the region was removed from its cluster; starting it again is of no use.
    Removed(String),
}

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

    /// Says it, and returns the exit code.
    pub(crate) fn report(self) -> ExitCode {
        let (code, message) = match self {
            Self::Other(error) => (1, format!("{error:#}")),
            Self::Usage(message) => (2, message),
            Self::NotFound(message) => (3, message),
            Self::Conflict(message) => (4, message),
            Self::Denied(message) => (5, message),
            Self::Unavailable(message) => (6, message),
            Self::Removed(message) => (7, message),
        };
        eprintln!("ironraft: {message}");
        ExitCode::from(code)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        match error {
            ClientError::Refused { status: 400, .. } => Self::Usage(message),
            ClientError::Refused { status: 401 | 403, .. } => Self::Denied(message),
            ClientError::Refused { status: 404, .. } => Self::NotFound(message),
            ClientError::Refused { status: 409, .. } => Self::Conflict(message),
            ClientError::Unavailable { .. } | ClientError::Unanswered { .. } => {
                Self::Unavailable(message)
            }
            ClientError::Refused { .. }
            | ClientError::Key(_)
            | ClientError::NoRegion
            | ClientError::Request { .. }
            | ClientError::Trust(_)
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
