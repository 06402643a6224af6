//! What a lab's processes and machines show of themselves from outside: lines of logs and consoles,
//! and how much of a disk is written.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::LabMachine;
use super::machine::VirtualMachine;
use crate::wait::Signs;

/// Bytes in a block of a file, whatever the file system (stat(2)).
const BLOCK_BYTES: u64 = 512;

/// A growing text file, read from where it was left.
#[derive(Debug, Clone)]
pub struct Tail {
    sign: String,
    path: PathBuf,
    offset: u64,
}

impl Tail {
    /// What is added to the file from now on; `sign` is what its lines are called.
    #[must_use]
    pub fn new(sign: &str, path: &Path) -> Self {
        let (sign, path) = (sign.to_owned(), path.to_owned());
        let offset = fs::metadata(&path).map_or(0, |file| file.len());
        Self { sign, path, offset }
    }

    /// Takes note of the lines that are new. A file that is not there has none.
    pub fn see(&mut self, signs: &mut Signs) {
        let Ok(bytes) = self.read_new() else { return };
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else { return };
        self.offset += end as u64 + 1;
        for line in String::from_utf8_lossy(&bytes[..end]).lines() {
            signs.see_text(&self.sign, line);
        }
    }

    fn read_new(&self) -> std::io::Result<Vec<u8>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// What a machine shows: its console, what its process and its BMC say, and its disks.
#[derive(Debug, Clone)]
pub struct MachineSigns {
    texts: Vec<Tail>,
    folder: PathBuf,
    disk_sign: String,
}

impl MachineSigns {
    /// The signs of a machine from now on.
    #[must_use]
    pub fn of(machine: &LabMachine) -> Self {
        let LabMachine { name, folder, .. } = machine;
        let text =
            |file: &str, kind: &str| Tail::new(&format!("{kind} of {name}"), &folder.join(file));
        Self {
            texts: vec![
                Tail::new(&format!("console of {name}"), &machine.console()),
                text("machine.log", "log"),
                text("chassis.log", "power"),
            ],
            folder: folder.clone(),
            disk_sign: format!("disk of {name}"),
        }
    }

    /// The signs of the same machine from now on: what it showed before does not count as seen.
    #[must_use]
    pub fn from_now(&self) -> Self {
        let texts = self.texts.iter().map(|text| Tail::new(&text.sign, &text.path)).collect();
        Self { texts, ..self.clone() }
    }

    /// Takes note of what is new.
    pub fn see(&mut self, signs: &mut Signs) {
        for text in &mut self.texts {
            text.see(signs);
        }
        // A simulated machine has no such disks.
        let disks = (1..).map_while(|number| {
            fs::metadata(VirtualMachine::disk(&self.folder, number)).ok().map(|disk| disk.blocks())
        });
        let written = disks.sum::<u64>() * BLOCK_BYTES;
        signs.see(&self.disk_sign, format!("{} MiB", written >> 20));
    }
}
