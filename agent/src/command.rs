//! Runs the tools of the ephemeral OS: an invocation is data, so that plans can be compared and
//! printed, and secrets among its arguments never are.

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use model::secret::Secret;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Most tools work no longer than this without something being wrong.
const TIMEOUT: Duration = Duration::from_secs(300);

/// A program with its arguments.
#[derive(Clone, PartialEq, Eq)]
pub struct Invocation {
    program: String,
    arguments: Vec<Argument>,
    stdin: Option<Secret>,
    timeout: Duration,
}

#[derive(Clone, PartialEq, Eq)]
enum Argument {
    Plain(String),
    Secret(Secret),
}

/// Why a tool gave no result.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It could not be started.
    #[error("cannot start {invocation}: {source}")]
    Start {
        /// The command.
        invocation: String,
        /// Why.
        source: std::io::Error,
    },
    /// It ended with an error.
    #[error("{invocation} failed ({status}){}", printed(output))]
    Failed {
        /// The command.
        invocation: String,
        /// Exit status or signal.
        status: std::process::ExitStatus,
        /// The end of what it printed.
        output: String,
    },
    /// It did not end.
    #[error("{invocation} did not end within {} s", timeout.as_secs())]
    TimedOut {
        /// The command.
        invocation: String,
        /// How long it was waited for.
        timeout: Duration,
    },
}

fn printed(output: &str) -> String {
    if output.is_empty() { " and printed nothing".to_owned() } else { format!(": {output}") }
}

impl Invocation {
    /// A program with plain arguments.
    pub fn new<A: Into<String>>(program: &str, arguments: impl IntoIterator<Item = A>) -> Self {
        let arguments = arguments.into_iter().map(|a| Argument::Plain(a.into())).collect();
        Self { program: program.to_owned(), arguments, stdin: None, timeout: TIMEOUT }
    }

    /// Adds a plain argument.
    #[must_use]
    pub fn plain(mut self, argument: &str) -> Self {
        self.arguments.push(Argument::Plain(argument.to_owned()));
        self
    }

    /// Adds an argument that must not appear in logs.
    #[must_use]
    pub fn secret(mut self, argument: &Secret) -> Self {
        self.arguments.push(Argument::Secret(argument.clone()));
        self
    }

    /// Gives it this long, for work that takes as long as a disk or a processor needs.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Text for its standard input, which is never printed.
    #[must_use]
    pub fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.into());
        self
    }

    /// The text for its standard input, for tests that look at what is written.
    #[cfg(test)]
    pub(crate) fn input(&self) -> Option<&str> {
        self.stdin.as_ref().map(|text| text.expose().as_str())
    }

    /// The program and its arguments, for tests that follow what is done.
    #[cfg(test)]
    pub(crate) fn words(&self) -> Vec<&str> {
        let arguments = self.arguments.iter().map(|argument| match argument {
            Argument::Plain(text) => text.as_str(),
            Argument::Secret(_) => "***",
        });
        std::iter::once(self.program.as_str()).chain(arguments).collect()
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it cannot be started, ends with another status than 0, or hangs.
    pub async fn run(&self) -> Result<String, CommandError> {
        match tokio::time::timeout(self.timeout, self.output()).await {
            Err(_) => {
                Err(CommandError::TimedOut { invocation: self.to_string(), timeout: self.timeout })
            }
            Ok(Err(source)) => Err(CommandError::Start { invocation: self.to_string(), source }),
            Ok(Ok(output)) if output.status.success() => {
                Ok(String::from_utf8_lossy(&output.stdout).into_owned())
            }
            Ok(Ok(output)) => Err(CommandError::Failed {
                invocation: self.to_string(),
                status: output.status,
                output: last_lines(&output.stdout, &output.stderr),
            }),
        }
    }

    /// The command for a caller that drives its streams itself.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for argument in &self.arguments {
            match argument {
                Argument::Plain(text) => command.arg(text),
                Argument::Secret(text) => command.arg(text.expose()),
            };
        }
        command.kill_on_drop(true).env("LC_ALL", "C.UTF-8");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn output(&self) -> std::io::Result<std::process::Output> {
        let mut command = self.command();
        let Some(text) = &self.stdin else {
            return command.output().await;
        };
        let mut child = command.stdin(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            match stdin.write_all(text.expose().as_bytes()).await {
                // Why it does not read is told by how it ends.
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => return Err(error),
                Err(_) | Ok(()) => {}
            }
        }
        child.wait_with_output().await
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program)?;
        for argument in &self.arguments {
            match argument {
                Argument::Plain(text) if text.is_empty() || text.contains(char::is_whitespace) => {
                    write!(f, " '{text}'")?;
                }
                Argument::Plain(text) => write!(f, " {text}")?,
                Argument::Secret(_) => f.write_str(" ***")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

/// The last lines of a failed tool, errors last.
fn last_lines(stdout: &[u8], stderr: &[u8]) -> String {
    let text = [String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr)].join("\n");
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(12)..].join("; ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{CommandError, Invocation};

    #[test]
    fn secrets_are_not_printed() {
        let invocation = Invocation::new("ipmitool", ["user", "set", "password", "3"])
            .secret(&"pw".into())
            .stdin("pw");
        assert_eq!(invocation.to_string(), "ipmitool user set password 3 ***");
        assert!(!format!("{invocation:?}").contains("pw"));
    }

    #[tokio::test]
    async fn output_is_returned_and_stdin_is_given() {
        let output = Invocation::new("cat", Vec::<String>::new()).stdin("two words").run().await;
        assert_eq!(output.expect("cat works"), "two words");
    }

    #[tokio::test]
    async fn failure_carries_status_and_last_output() {
        let error = Invocation::new("sh", ["-c", "echo broken disk >&2; exit 3"]).run().await;
        let Err(error @ CommandError::Failed { .. }) = error else {
            panic!("{error:?}");
        };
        let text = error.to_string();
        assert!(text.contains("broken disk") && text.contains("exit status: 3"), "{text}");
        let error = Invocation::new("sh", ["-c", "exit 1"]).run().await.expect_err("it fails");
        assert!(error.to_string().ends_with("(exit status: 1) and printed nothing"), "{error}");
    }

    #[tokio::test]
    async fn what_hangs_is_ended_after_the_time_it_was_given() {
        let hanging = Invocation::new("cat", ["/dev/zero"]).within(Duration::from_millis(20));
        let error = hanging.run().await.expect_err("it never ends").to_string();
        assert_eq!(error, "cat /dev/zero did not end within 0 s");
    }
}
