//! Versions: of a node's folder, and of what the cluster may write.
//!
//! The *folder version* stands in the file `VERSION`: an older program refuses a folder that a newer
//! one has written.
//!
//! The *cluster version* is replicated: it says which formats all members can read, of commands and
//! of the values in them. So nodes can be upgraded one after the other, and back, until the last one
//! is.
//!
//! # How it is raised
//! Each program has a greatest version that it supports, [`SUPPORTED`]. Every five seconds the leader
//! asks all members for theirs; when all of them answer, learners too, and support more than the
//! cluster has, it proposes the least of what they said. The entry that raises it is applied like
//! any other, so it also goes with a snapshot and a backup. It is never lowered: a node whose program
//! does not support it refuses to open the folder, the entry and the backup. A new cluster is asked
//! as soon as its first node leads, so it begins with the version of that node's program.
//!
//! # How to change a format
//! 1. Teach the program to read the new format beside the old one, add 1 to [`SUPPORTED`], and say
//!    below what came with it.
//! 2. Write the new format only when [`Store::cluster_version`](crate::Store::cluster_version) is at
//!    least that. It is a load of a number: ask each time, and do not keep the answer. A node that
//!    has not applied the entry yet writes the old format a little longer, which all can read.
//!
//! | version | what came with it |
//! |---------|-------------------|
//! | 1       | everything        |
//! | 2       | rows of machines in parts; who gives addresses away marks a guard and does not take it |
//! | 3       | an index of events by level, filled when all members write it |
//! | 4       | bindings of clients that have an identifier and no hardware address |
//! | 5       | transactions that decide several requests |
//! | 6       | machines in rescue mode |
//! | 7       | groups of users: every region asks what they give |
//! | 8       | VLANs on which racks send router advertisements |
//! | 9       | VLANs whose DHCP racks relay, or boot beside a server of others; pools of prefixes, and bindings and blocks of them; VLANs with more than two racks; machines whose disks are laid out; interfaces of machines that are made of others; more ways to erase disks than the quick one, and commissioning that keeps storage or networking |

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use proto::raft as wire;

use crate::txn::TransactError;

/// The cluster version of a node that has applied no entry that raises it.
pub const FIRST: u32 = 1;
/// The greatest cluster version that this program supports: it reads everything that came up to it.
pub const SUPPORTED: u32 = 9;
/// The cluster version from which on a transaction may [decide](crate::txn::Meta::decides) requests.
pub const DECIDES_SINCE: u32 = 5;
/// The folder version that this program writes, and the greatest that it reads.
const FOLDER: u32 = 1;
const FILE: &str = "VERSION";
const WHAT: &str = "ironraft-store";

/// Something was written by a newer program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} has version {found}, this program knows up to {known}: run a newer one")]
pub struct TooNew {
    /// What it is the version of.
    pub what: &'static str,
    /// The version that was found.
    pub found: u32,
    /// The greatest version that this program knows.
    pub known: u32,
}

/// Refuses a cluster version that this program does not apply.
pub(crate) fn check_cluster(what: &'static str, found: u32) -> Result<(), TooNew> {
    if found > SUPPORTED { Err(TooNew { what, found, known: SUPPORTED }) } else { Ok(()) }
}

/// Refuses a transaction that not all members of the cluster can apply yet.
pub(crate) fn check_decides(txn: &wire::Txn, cluster: u32) -> Result<(), TransactError> {
    if txn.decides.is_empty() || cluster >= DECIDES_SINCE {
        return Ok(());
    }
    let reason = format!(
        "it decides requests, which needs cluster version {DECIDES_SINCE}, and the cluster has {cluster}"
    );
    Err(TransactError::Invalid { reason })
}

/// Checks the marker of a folder, and writes it to a new one, which has no database yet.
///
/// # Errors
/// `InvalidData` when the folder is of a newer program, or the marker is damaged or gone.
pub(crate) fn check_folder(folder: &Path, has_database: bool) -> io::Result<()> {
    let path = folder.join(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !has_database => {
            return write(folder);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(invalid(format!(
                "{} is missing beside a database, so nobody knows which program wrote that: restore \
                 the file, or remove the node and join again with an empty folder",
                path.display()
            )));
        }
        Err(error) => return Err(error),
    };
    let number = text.trim_end().strip_prefix(WHAT).and_then(|rest| rest.trim().parse().ok());
    match number {
        None => Err(invalid(format!("{} is damaged: {text:?}", path.display()))),
        Some(found) if found > FOLDER => {
            let error = TooNew { what: "the folder of the store", found, known: FOLDER };
            Err(invalid(error.to_string()))
        }
        Some(_) => Ok(()),
    }
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// What the marker of a folder says.
pub(crate) fn read_folder(folder: &Path) -> io::Result<String> {
    Ok(fs::read_to_string(folder.join(FILE))?.trim_end().to_owned())
}

/// Writes the marker so that a crash leaves either none or a whole one.
fn write(folder: &Path) -> io::Result<()> {
    let part = folder.join("VERSION.part");
    let mut file = File::create(&part)?;
    writeln!(file, "{WHAT} {FOLDER}")?;
    file.sync_all()?;
    fs::rename(&part, folder.join(FILE))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_folder_of_a_newer_program_is_refused() {
        let dir = TempDir::new().expect("temporary folder");
        check_folder(dir.path(), false).expect("a new folder");
        check_folder(dir.path(), false).expect("its marker is read again");
        let marker = dir.path().join(FILE);
        assert_eq!("ironraft-store 1\n", fs::read_to_string(&marker).expect("marker"));
        for (text, expected) in [
            ("ironraft-store 2\n", "has version 2, this program knows up to 1: run a newer one"),
            ("ironraft-store\n", "is damaged"),
            ("", "is damaged"),
            ("something 1\n", "is damaged"),
        ] {
            fs::write(&marker, text).expect("written");
            let error = check_folder(dir.path(), false).expect_err("refused");
            assert_eq!(io::ErrorKind::InvalidData, error.kind());
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn a_marker_that_was_not_finished_is_written_anew() {
        let dir = TempDir::new().expect("temporary folder");
        fs::write(dir.path().join("VERSION.part"), "ironr").expect("written");
        check_folder(dir.path(), false).expect("a new folder");
        check_folder(dir.path(), false).expect("whole");
    }

    #[test]
    fn a_database_without_a_marker_is_refused_and_gets_none() {
        let dir = TempDir::new().expect("temporary folder");
        let error = check_folder(dir.path(), true).expect_err("refused");
        assert!(error.to_string().contains("is missing beside a database"), "{error}");
        assert!(!dir.path().join(FILE).exists());
    }
}
