//! The terminal that a command is run at, if there is one.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};

use model::secret::Secret;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcgetwinsize, tcsetattr};

/// How many columns lines may have: what `COLUMNS` says, or the terminal that standard output is; none when it is none.
pub(crate) fn columns() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let is_positive = |columns: &usize| *columns > 0;
    said.filter(is_positive).or_else(|| {
        let size = tcgetwinsize(rustix::stdio::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(is_positive)
    })
}

/// Whether somebody reads what is printed on a terminal.
pub(crate) fn is_read_by_people() -> bool {
    io::stdout().is_terminal()
}

/// Whether somebody can be asked: who types also sees what is said.
pub(crate) fn is_attended() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and returns the line that is typed.
///
/// # Errors
/// There is no terminal to ask at.
pub(crate) fn ask(question: &str) -> io::Result<String> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    (&terminal).write_all(question.as_bytes())?;
    let mut line = String::new();
    BufReader::new(&terminal).read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// Asks for a secret, which is not shown while it is typed.
///
/// # Errors
/// There is no terminal to ask at.
pub(crate) fn ask_secret(question: &str) -> io::Result<Secret> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let shown = tcgetattr(&terminal)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    hidden.local_modes.insert(LocalModes::ECHONL);
    (&terminal).write_all(question.as_bytes())?;
    tcsetattr(&terminal, OptionalActions::Flush, &hidden)?;
    let mut line = String::new();
    let read = BufReader::new(&terminal).read_line(&mut line);
    tcsetattr(&terminal, OptionalActions::Flush, &shown)?;
    read?;
    Ok(Secret::new(line.trim().to_owned()))
}

/// A secret in the first line of standard input.
///
/// # Errors
/// It cannot be read.
pub(crate) fn read_secret() -> io::Result<Secret> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(Secret::new(line.trim().to_owned()))
}
