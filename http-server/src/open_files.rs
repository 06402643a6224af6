//! How many files a process may have open: connections count among them, and the store's files must
//! always find a place.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the soft limit of this process to the hard one, and returns how many connections leave
/// half of it to everything else.
pub(crate) fn connections_max() -> usize {
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
        let max = connections_max();
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(soft, hard);
        assert_eq!(max as u64, soft / 2);
    }
}
