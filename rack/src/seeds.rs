//! The regions' addresses that outlive the process.
//!
//! A rack hears from its region where all regions are. When it starts anew, those of its join may be
//! long gone, so what it heard last is kept in a file of its data folder, an address a line. The file
//! may be lost: then the rack begins with the addresses of its join.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tracing::warn;

use crate::uplink::Uplink;

const FILE: &str = "regions";

/// The addresses to begin with, `host:port` of gRPC: those that were heard last, then those of the
/// join.
#[must_use]
pub fn seeds(data_dir: &Path, joined: &[String]) -> Vec<String> {
    let path = data_dir.join(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            warn!("{} cannot be read, the regions of the join are tried: {error}", path.display());
            String::new()
        }
    };
    let mut seeds: Vec<String> = Vec::new();
    let heard = text.lines().map(str::trim).filter(|line| line.contains(':'));
    if path.exists() && heard.clone().next().is_none() {
        warn!("{} has no address in it, the regions of the join are tried", path.display());
    }
    for address in heard.chain(joined.iter().map(String::as_str)) {
        if seeds.iter().all(|known| known != address) {
            seeds.push(address.to_owned());
        }
    }
    seeds
}

/// Keeps what the rack hears of the regions' addresses. Runs until dropped.
pub async fn keep(data_dir: PathBuf, uplink: Uplink) {
    let path = data_dir.join(FILE);
    let mut kept = Vec::new();
    let mut changes = uplink.changes();
    loop {
        let mut heard = uplink.grpc_addresses();
        heard.sort_unstable();
        if !heard.is_empty() && heard != kept {
            match replace(&path, &heard) {
                Ok(()) => kept = heard,
                Err(error) => warn!("{} cannot be written: {error}", path.display()),
            }
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Replaces the file, so that a crash leaves the old one or the new one.
fn replace(path: &Path, addresses: &[String]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    for address in addresses {
        writeln!(file, "{address}")?;
    }
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use proto::rack::RegionAddress;

    use super::*;

    fn at(addresses: &[&str]) -> Vec<RegionAddress> {
        let region = |grpc: &&str| RegionAddress { grpc: (*grpc).to_owned(), ..Default::default() };
        addresses.iter().map(region).collect()
    }

    #[tokio::test]
    async fn what_was_heard_last_comes_before_the_regions_of_the_join() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let joined = ["10.0.0.1:5241".to_owned()];
        assert_eq!(seeds(folder.path(), &joined), joined);
        let uplink = Uplink::default();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(keep(folder.path().to_owned(), uplink.clone()));
        for heard in [["10.0.0.2:5241", "10.0.0.1:5241"], ["10.0.0.4:5241", "10.0.0.3:5241"]] {
            uplink.set_regions(at(&heard));
            let mut expected = heard.map(str::to_owned).to_vec();
            expected.sort();
            let is_kept = || seeds(folder.path(), &[]) == expected;
            while !is_kept() {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(
            seeds(folder.path(), &joined),
            ["10.0.0.3:5241", "10.0.0.4:5241", "10.0.0.1:5241"]
        );
    }

    #[test]
    fn a_damaged_file_costs_nothing_but_what_was_in_it() {
        let folder = tempfile::tempdir().expect("temporary folder");
        fs::write(folder.path().join(FILE), "\n  \u{fffd} \n10.0.0.9:5241\n").expect("written");
        assert_eq!(seeds(folder.path(), &["a:1".to_owned()]), ["10.0.0.9:5241", "a:1"]);
    }
}
