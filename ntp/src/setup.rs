//! The files of a time service, in a folder for it alone.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::{fs, io};

use crate::daemon::DaemonError;
use crate::mode::Mode;
use crate::sources::Sources;

/// Where the daemon notes its process.
const PID_FILE: &str = "chronyd.pid";

/// How a service is set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// A folder for it alone. The path is short: a socket is in it.
    pub folder: PathBuf,
    /// The address that it serves at; none for all.
    pub listen: Option<IpAddr>,
    /// Whether it agrees with others like it on a time when no source is heard.
    pub is_orphan: bool,
    /// Whether it sets the host's clock.
    pub mode: Mode,
}

impl Setup {
    fn sources_file(&self) -> PathBuf {
        self.folder.join("sources/ironraft.sources")
    }

    /// Writes all files, and removes what the daemon before left of itself.
    pub(crate) fn write(&self, sources: &Sources) -> Result<(), DaemonError> {
        let folder = self.folder.display().to_string();
        let steers = self.mode == Mode::Steer;
        let text = text(&folder, self.listen, self.is_orphan, steers);
        let wrong = |source| DaemonError::Files { folder: self.folder.clone(), source };
        fs::create_dir_all(self.folder.join("sources")).map_err(wrong)?;
        // chrony opens no socket in a folder that others may enter.
        let own = fs::Permissions::from_mode(0o700);
        fs::set_permissions(&self.folder, own).map_err(wrong)?;
        // One that a daemon left when its host lost power names another process by now, and chrony would not start.
        match fs::remove_file(self.folder.join(PID_FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(wrong(error)),
            _ => {}
        }
        fs::write(self.folder.join("chrony.conf"), text).map_err(wrong)?;
        self.write_sources(sources)
    }

    pub(crate) fn write_sources(&self, sources: &Sources) -> Result<(), DaemonError> {
        let wrong = |source| DaemonError::Files { folder: self.folder.clone(), source };
        let file = self.sources_file();
        let new = file.with_extension("new");
        fs::write(&new, sources.to_string()).map_err(wrong)?;
        fs::rename(new, file).map_err(wrong)
    }
}

/// chrony's file.
///
/// `folder` is for this service alone. A service without sources that are heard says so to its clients, unless it is one of
/// those that agree among each other then: of `is_orphan` ones, all follow the one with the least reference.
fn text(folder: &str, listen: Option<IpAddr>, is_orphan: bool, steers: bool) -> String {
    let mut text = String::from("# Written by Ironraft at each start.\n");
    if let Some(ip) = listen {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "bindaddress {ip}");
    }
    let _ = write!(
        text,
        "cmdport 0\n\
         bindcmdaddress {folder}/chronyd.sock\n\
         pidfile {folder}/{PID_FILE}\n\
         driftfile {folder}/drift\n\
         sourcedir {folder}/sources\n\
         allow\n\
         ratelimit interval 1 burst 16\n"
    );
    if is_orphan {
        text.push_str("local stratum 10 orphan\n");
    }
    if steers {
        text.push_str("makestep 1 3\nrtcsync\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_may_sets_the_clock_and_only_regions_agree_without_sources() {
        let plain = text("/data/ntp", None, false, false);
        assert!(
            !plain.contains("makestep") && !plain.contains("rtcsync") && !plain.contains("local"),
            "{plain}"
        );
        let all = text("/data/ntp", Some([10, 0, 0, 1].into()), true, true);
        for line in ["bindaddress 10.0.0.1", "local stratum 10 orphan", "makestep 1 3", "cmdport 0"]
        {
            assert!(all.lines().any(|found| found == line), "{line}: {all}");
        }
    }
}
