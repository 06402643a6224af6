//! What a time service says of itself.

use std::fmt;
use std::time::Duration;

/// What a time service says of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Standing {
    /// It was not heard yet.
    #[default]
    Starting,
    /// It does not run; why not.
    Down(String),
    /// It runs and has no time to give: no source is heard.
    Unsynchronised,
    /// It gives time.
    Synchronised(Following),
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("it starts"),
            Self::Down(reason) => write!(f, "it does not run: {reason}"),
            Self::Unsynchronised => f.write_str("it has no time to give: no source is heard"),
            Self::Synchronised(Following { source, stratum, offset }) => {
                let source = if source.is_empty() { "its own clock" } else { source };
                let offset_ms = offset.as_secs_f64() * 1_000.0;
                write!(
                    f,
                    "it follows {source}, at stratum {stratum}, and was {offset_ms:.3} ms off when it was measured last"
                )
            }
        }
    }
}

/// What a time service follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Following {
    /// The source that it follows; empty when it is its own clock.
    pub source: String,
    /// Its own stratum: one more than its source's.
    pub stratum: u8,
    /// How far this host's clock was from that time when it was measured last, either way.
    pub offset: Duration,
}

/// The reference of a clock that follows nothing: 127.127.1.1.
const OWN_CLOCK: &str = "7F7F0101";

/// A stratum that says that there is no time.
const STRATUM_NONE: u8 = 16;

impl Standing {
    /// Reads what `chronyc -c tracking` prints; none when it is something else.
    #[must_use]
    pub fn of_tracking(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.trim().split(',').collect();
        let [reference, name, stratum, _, _, offset, .., leap] = fields.as_slice() else {
            return None;
        };
        let (stratum, offset): (u8, f64) = (stratum.parse().ok()?, offset.parse().ok()?);
        if *leap == "Not synchronised" || stratum == 0 || stratum >= STRATUM_NONE {
            return Some(Self::Unsynchronised);
        }
        let source = if *reference == OWN_CLOCK { String::new() } else { (*name).to_owned() };
        let offset = Duration::try_from_secs_f64(offset.abs()).ok()?;
        Some(Self::Synchronised(Following { source, stratum, offset }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<Standing> {
        Standing::of_tracking(line)
    }

    #[test]
    fn what_chrony_says_is_understood() {
        let followed = "0A000001,10.0.0.1,3,1796064937.7,-0.000000104,-0.000213000,0.0,0.1,0.0,0.0,0.001,0.001,64.2,Normal\n";
        let offset = Duration::from_micros(213);
        let following = Following { source: "10.0.0.1".to_owned(), stratum: 3, offset };
        assert_eq!(of(followed), Some(Standing::Synchronised(following)));
        let own = "7F7F0101,,10,1796064937.7,0.0,0.0,0.0,0.000,0.0,0.0,0.0,0.0,0.0,Normal";
        let following = Following { source: String::new(), stratum: 10, offset: Duration::ZERO };
        assert_eq!(of(own), Some(Standing::Synchronised(following)));
        let none = "00000000,,0,0.000000000,0.0,0.0,0.0,0.000,0.0,0.0,1.0,1.0,0.0,Not synchronised";
        assert_eq!(of(none), Some(Standing::Unsynchronised));
        let told =
            Standing::Synchronised(Following { source: "10.0.0.1".to_owned(), stratum: 3, offset });
        assert_eq!(
            told.to_string(),
            "it follows 10.0.0.1, at stratum 3, and was 0.213 ms off when it was measured last"
        );
        assert!(
            of(own).unwrap().to_string().starts_with("it follows its own clock, at stratum 10")
        );
        assert_eq!(of("506 Cannot talk to daemon"), None);
        assert_eq!(of(""), None);
    }
}
