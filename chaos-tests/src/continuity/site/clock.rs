//! The wall clock of a region, which can be moved: a library of a few lines of C shows it to the process.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

/// The library. Rust's rules for it would not be ours: it stands before the C library's own function.
const SOURCE: &str = include_str!("clock.c");
/// The variable that names the file with the offset.
const OFFSET: &str = "WALL_CLOCK_OFFSET";

/// The library, as it is loaded.
#[derive(Debug)]
pub(super) struct Library(PathBuf);

impl Library {
    /// Compiles it with the compiler that Rust links with.
    pub(super) fn build(folder: &Path) -> anyhow::Result<Self> {
        let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
        fs::write(&source, SOURCE).context("cannot write the library for clocks")?;
        let mut cc = Command::new("cc");
        let output = cc.args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).arg(&source).output();
        let output = output.context("cannot start cc")?;
        let printed = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cannot compile the library for clocks: {printed}");
        Ok(Self(library))
    }
}

/// A file that says how far a clock is off.
#[derive(Debug)]
pub(super) struct Clock {
    file: PathBuf,
}

impl Clock {
    /// A clock that is right.
    pub(super) fn new(folder: &Path, node: &str) -> anyhow::Result<Self> {
        let clock = Self { file: folder.join(format!("clock-{node}")) };
        clock.set(0)?;
        Ok(clock)
    }

    /// Moves it; a process sees it at once, because the file is part of its memory.
    pub(super) fn set(&self, offset_s: i64) -> anyhow::Result<()> {
        let file = fs::File::options().create(true).truncate(false).write(true).open(&self.file);
        let written = file.and_then(|mut file| file.write_all(&offset_s.to_ne_bytes()));
        written.with_context(|| format!("cannot write {}", self.file.display()))
    }

    /// What a process is started with to see it.
    pub(super) fn environment(&self, library: &Library) -> Vec<(String, OsString)> {
        let Library(library) = library;
        let variables = [("LD_PRELOAD", library), (OFFSET, &self.file)];
        variables.map(|(name, path)| (name.to_owned(), path.clone().into())).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{Clock, Library};

    #[test]
    fn a_process_sees_the_clock_that_it_was_given_and_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::build(folder.path()).expect("a library");
        let clock = Clock::new(folder.path(), "r1").expect("a clock");
        let shown = || {
            let mut date = Command::new("date");
            date.arg("+%s").envs(clock.environment(&library));
            let output = date.output().expect("date runs");
            let text = String::from_utf8(output.stdout).expect("a number");
            text.trim().parse::<i64>().expect("a number")
        };
        let before = shown();
        clock.set(3_600).expect("it is moved");
        assert!((3_600..3_700).contains(&(shown() - before)));
        clock.set(-3_600).expect("it is moved");
        assert!((-3_600..-3_500).contains(&(shown() - before)));
    }
}
