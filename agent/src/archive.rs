//! Unpacks a tar archive that arrives piece by piece. What it is compressed with is decided by its first
//! bytes, not by the type that somebody gave the image: MAAS's `tgz` is what most uploads say.

use std::io;
use std::os::fd::AsFd;
use std::process::Stdio;

use nix::fcntl::{FcntlArg, fcntl};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin};

use crate::command::Invocation;

/// The first header of a plain archive is needed to know it (POSIX.1, ustar).
const HEADER_BYTES: usize = 512;
/// Where that header has its magic.
const USTAR: std::ops::Range<usize> = 257..262;

/// What pipes between the programs hold, so that none waits for another at every page.
const PIPE_BYTES: i32 = 1 << 20;

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

    /// The program of the ephemeral OS that undoes it, between its standard streams.
    fn program(self) -> Option<Invocation> {
        let (program, options) = match self {
            Self::None => return None,
            Self::Gzip => ("pigz", &["-dc"][..]),
            Self::Zstandard => ("zstd", &["-dcq"][..]),
            Self::Xz => ("xz", &["-dc", "--threads=0"][..]),
            Self::Bzip2 => ("bzip2", &["-dc"][..]),
        };
        Some(Invocation::new(program, options.iter().copied()))
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
    Running(Box<Programs>, ChildStdin),
}

/// What unpacks: what is decompressed goes from one to the other, past this process.
#[derive(Debug)]
struct Programs {
    decompressor: Option<Child>,
    tar: Child,
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
            State::Running(programs, stdin) => {
                drop(stdin);
                programs.ended().await
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
        let (programs, mut stdin) = Programs::start(compression, &self.root)?;
        let written = stdin.write_all(beginning).await;
        self.state = State::Running(Box::new(programs), stdin);
        written
    }
}

impl Programs {
    /// Starts them; the archive goes to what is returned with them.
    fn start(compression: Compression, root: &str) -> io::Result<(Self, ChildStdin)> {
        let mut tar = tar(root).command();
        let Some(decompressor) = compression.program() else {
            let mut tar = tar.stdin(Stdio::piped()).spawn()?;
            let stdin = stdin_of(&mut tar)?;
            return Ok((Self { decompressor: None, tar }, stdin));
        };
        let mut decompressor = decompressor.command().stdin(Stdio::piped()).spawn()?;
        let stdin = stdin_of(&mut decompressor)?;
        let between = decompressor.stdout.take().ok_or_else(no_stream)?;
        widen(&between);
        let between: Stdio = between.try_into()?;
        let tar = tar.stdin(between).spawn()?;
        Ok((Self { decompressor: Some(decompressor), tar }, stdin))
    }

    /// How they ended.
    async fn ended(self) -> io::Result<()> {
        let decompressed = async {
            match self.decompressor {
                Some(child) => ended(child).await,
                None => Ok(()),
            }
        };
        let (decompressed, unpacked) = tokio::join!(decompressed, ended(self.tar));
        match (decompressed, unpacked) {
            (Ok(()), unpacked) => unpacked,
            (decompressed, Ok(())) => decompressed,
            // Each fails when the other does, and the cause is with the one or the other.
            (Err(error), Err(other)) => Err(io::Error::other(format!("{error}; {other}"))),
        }
    }
}

fn stdin_of(child: &mut Child) -> io::Result<ChildStdin> {
    let stdin = child.stdin.take().ok_or_else(no_stream)?;
    widen(&stdin);
    Ok(stdin)
}

fn no_stream() -> io::Error {
    io::Error::other("a program has no standard stream")
}

/// Makes a pipe hold more; one that does not works as well, only slower.
fn widen(pipe: &impl AsFd) {
    if let Err(error) = fcntl(pipe.as_fd(), FcntlArg::F_SETPIPE_SZ(PIPE_BYTES)) {
        tracing::debug!("a pipe keeps its size: {error}");
    }
}

/// The program that unpacks an archive from its standard input.
fn tar(root: &str) -> Invocation {
    let folder = format!("--directory={root}");
    let arguments = [
        "--extract",
        "--file=-",
        // Large reads and writes: 256 KiB.
        "--blocking-factor=512",
        &folder,
        "--numeric-owner",
        "--same-owner",
        "--preserve-permissions",
        "--xattrs",
        "--xattrs-include=*",
    ];
    Invocation::new("tar", arguments)
}

/// How a program ended.
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
