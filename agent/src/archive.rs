//! Unpacks a tar archive that arrives piece by piece. What it is compressed with is decided by its first
//! bytes, not by the type that somebody gave the image: MAAS's `tgz` is what most uploads say.

use std::io;
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin};

use crate::command::Invocation;

/// The first header of a plain archive is needed to know it (POSIX.1, ustar).
const HEADER_BYTES: usize = 512;
/// Where that header has its magic.
const USTAR: std::ops::Range<usize> = 257..262;

/// How an archive is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Zstandard,
    Xz,
    Bzip2,
}

impl Compression {
    /// The compression of what begins like this; `None` when it is no archive.
    fn of(beginning: &[u8]) -> Option<Self> {
        let magics: [(&[u8], Self); 4] = [
            (&[0x1f, 0x8b], Self::Gzip),
            (&[0x28, 0xb5, 0x2f, 0xfd], Self::Zstandard),
            (&[0xfd, b'7', b'z', b'X', b'Z', 0], Self::Xz),
            (b"BZh", Self::Bzip2),
        ];
        let compressed = magics.iter().find(|(magic, _)| beginning.starts_with(magic));
        let plain = || beginning.get(USTAR).is_some_and(|magic| magic == b"ustar");
        compressed.map(|(_, compression)| *compression).or_else(|| plain().then_some(Self::None))
    }

    /// The program of the ephemeral OS that undoes it.
    fn program(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("pigz"),
            Self::Zstandard => Some("zstd"),
            Self::Xz => Some("xz"),
            Self::Bzip2 => Some("bzip2"),
        }
    }
}

/// An archive on its way below a folder.
#[derive(Debug)]
pub(crate) struct Unpacking {
    root: String,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Too little has arrived to know what it is.
    Beginning(Vec<u8>),
    Running(Box<Child>, ChildStdin),
}

impl Unpacking {
    /// Nothing has arrived yet.
    pub(crate) fn into_folder(root: &str) -> Self {
        Self { root: root.to_owned(), state: State::Beginning(Vec::new()) }
    }

    /// The next bytes.
    ///
    /// # Errors
    /// When it is no archive, or the program does not start or ended; [`Self::finish`] says why it ended.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let beginning = match &mut self.state {
            State::Running(_, stdin) => return stdin.write_all(bytes).await,
            State::Beginning(beginning) => beginning,
        };
        beginning.extend_from_slice(bytes);
        if beginning.len() >= HEADER_BYTES { self.start().await } else { Ok(()) }
    }

    /// All has arrived: waits until it is unpacked.
    ///
    /// # Errors
    /// As [`Self::write`], with what the program said.
    pub(crate) async fn finish(mut self) -> io::Result<()> {
        self.start().await?;
        match self.state {
            State::Beginning(_) => Ok(()),
            State::Running(child, stdin) => {
                drop(stdin);
                ended(*child).await
            }
        }
    }

    /// Starts the program, unless it runs, and gives it what has arrived.
    async fn start(&mut self) -> io::Result<()> {
        let State::Beginning(beginning) = &self.state else { return Ok(()) };
        let compression = Compression::of(beginning).ok_or_else(|| {
            let message = "it is no tar archive, plain or by gzip, zstd, xz or bzip2";
            io::Error::new(io::ErrorKind::InvalidData, message)
        })?;
        let mut child = tar(compression, &self.root).command().stdin(Stdio::piped()).spawn()?;
        let mut stdin = child.stdin.take().ok_or_else(|| io::Error::other("no standard input"))?;
        let written = stdin.write_all(beginning).await;
        self.state = State::Running(Box::new(child), stdin);
        written
    }
}

/// The program that unpacks an archive from its standard input.
fn tar(compression: Compression, root: &str) -> Invocation {
    let mut arguments = vec![
        "--extract".to_owned(),
        "--file=-".to_owned(),
        // Large reads and writes: 256 KiB.
        "--blocking-factor=512".to_owned(),
        format!("--directory={root}"),
        "--numeric-owner".to_owned(),
        "--same-owner".to_owned(),
        "--preserve-permissions".to_owned(),
        "--xattrs".to_owned(),
        "--xattrs-include=*".to_owned(),
    ];
    arguments.extend(compression.program().map(|name| format!("--use-compress-program={name}")));
    Invocation::new("tar", arguments)
}

/// How the program ended.
async fn ended(child: Child) -> io::Result<()> {
    let output = child.wait_with_output().await?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(io::Error::other(if said.is_empty() { output.status.to_string() } else { said }))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{Compression, Unpacking};

    #[test]
    fn gzip_is_known_by_its_first_bytes() {
        assert_eq!(Compression::of(&[0x1f, 0x8b, 8, 0]), Some(Compression::Gzip));
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        assert_eq!(Compression::of(b"hsqs"), None);
        assert_eq!(Compression::of(&[0; 512]), None);
        assert_eq!(Compression::of(&[]), None);
    }

    /// Packs a file by tar with this option, and unpacks it in pieces of this many bytes.
    async fn round_trip(option: &str, piece: usize) {
        let (from, to) =
            (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
        std::fs::write(from.path().join("motd"), "hello").expect("written");
        let mut tar = Command::new("tar");
        tar.args(["--create", option, "--directory"]).arg(from.path()).arg("motd");
        let archive = tar.output().expect("tar runs").stdout;
        let mut unpacking = Unpacking::into_folder(to.path().to_str().expect("text"));
        for bytes in archive.chunks(piece) {
            unpacking.write(bytes).await.expect("taken");
        }
        unpacking.finish().await.expect("unpacked");
        let unpacked = std::fs::read_to_string(to.path().join("motd"));
        assert_eq!(unpacked.expect("there"), "hello", "{option}");
    }

    #[tokio::test]
    async fn archives_are_unpacked_whatever_they_are_compressed_with() {
        for option in ["--format=gnu", "--format=posix", "--zstd", "--xz", "--bzip2"] {
            round_trip(option, 100).await;
        }
        round_trip("--zstd", 1 << 20).await;
    }

    #[tokio::test]
    async fn a_damaged_archive_fails_with_what_the_program_said() {
        let to = tempfile::tempdir().expect("folder");
        let mut unpacking = Unpacking::into_folder(to.path().to_str().expect("text"));
        unpacking.write(b"BZh nothing of the kind").await.expect("too short to be looked at");
        let error = unpacking.finish().await.expect_err("it is damaged");
        assert!(error.to_string().contains("bzip2"), "{error}");
    }
}
