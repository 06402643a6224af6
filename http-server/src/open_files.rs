//! How many files a process may have open: connections count among them, and the store's files must
//! always find a place.

use std::sync::Arc;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// The files that connections may take of those that the process may have open: half of them, for all of its
/// listeners together. Clones are the same ones.
#[derive(Debug, Clone)]
pub struct OpenFiles(Arc<Semaphore>);

impl OpenFiles {
    /// Those of this process. Made once, because each has half of the files. It raises the soft limit of the process
    /// to the hard one.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self::up_to(connections_max())
    }

    /// So many.
    #[must_use]
    pub fn up_to(connections: usize) -> Self {
        Self(Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS))))
    }

    /// A file for a connection, when there is one.
    pub(crate) async fn take(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.0).acquire_owned().await
    }

    /// How many are left.
    #[cfg(test)]
    pub(crate) fn left(&self) -> usize {
        self.0.available_permits()
    }
}

/// Raises the soft limit of this process to the hard one, and returns how many connections leave
/// half of it to everything else.
fn connections_max() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return usize::MAX };
    let raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    let open = if raised.is_ok() { hard } else { soft };
    usize::try_from(open / 2).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_half_of_the_files_to_others() {
        let files = OpenFiles::of_this_process();
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(soft, hard);
        assert_eq!(files.left() as u64, soft / 2);
    }
}
