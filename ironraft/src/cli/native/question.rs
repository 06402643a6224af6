//! Asks before something is lost: with what it is, and what it costs. Who has no terminal says `--yes`.

use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::native::plan::{self, Weight};
use crate::cli::terminal;

/// Of so many objects nobody agrees by one letter.
const MANY: usize = 50;

/// Asks whether it is meant.
///
/// # Errors
/// It is not, or nobody can be asked.
pub(crate) fn ask(
    words: &str,
    named: &[String],
    plan: &Value,
    weight: &Weight,
) -> Result<(), Failure> {
    let what = said(words, named, weight);
    if !terminal::is_attended() {
        let failure = Failure::Usage(format!("it was not done, because {what}"));
        return Err(failure.hint("--yes, or --plan to see it all"));
    }
    plan::lines(plan).iter().for_each(|line| eprintln!("{line}"));
    let (question, wanted) = question(named.len());
    let answer = terminal::ask(&format!("{what}. {question}")).map_err(Failure::other)?;
    if is_agreed(&answer, wanted.as_deref()) {
        return Ok(());
    }
    Err(Failure::Other(anyhow::anyhow!("nothing was done")))
}

/// What would be done to what, and what it costs.
fn said(words: &str, named: &[String], weight: &Weight) -> String {
    let count = named.len();
    let of = if count > 1 { format!(" {count} objects:") } else { String::new() };
    let cost = weight.said();
    let cost = if cost.is_empty() { String::new() } else { format!(": {cost}") };
    // Some commands say by their parameters what they are for.
    let of = if named.is_empty() { of } else { format!(" is for{of} {}", plan::listed(named)) };
    format!("{words}{of}{cost}")
}

/// The question, and what has to be typed; none for yes.
fn question(count: usize) -> (String, Option<String>) {
    if count > MANY {
        (format!("Type {count} to go on: "), Some(count.to_string()))
    } else {
        ("Go on? [y/N] ".to_owned(), None)
    }
}

fn is_agreed(answer: &str, wanted: Option<&str>) -> bool {
    match wanted {
        Some(wanted) => answer.trim() == wanted,
        None => matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_the_number_is_typed() {
        let (question, wanted) = question(51);
        assert_eq!(question, "Type 51 to go on: ");
        assert!(is_agreed("51\n", wanted.as_deref()) && !is_agreed("y", wanted.as_deref()));
        let (_, wanted) = super::question(50);
        assert!(is_agreed(" Yes\n", wanted.as_deref()) && !is_agreed("", wanted.as_deref()));
    }

    #[test]
    fn what_is_meant_is_said_with_its_number() {
        let weight = Weight { removed: 2, ..Weight::default() };
        let named = ["plant".to_owned(), "lab".to_owned()];
        assert_eq!(
            said("fabric delete", &named, &weight),
            "fabric delete is for 2 objects: plant, lab: 2 objects are removed"
        );
        assert_eq!(said("discovery clear", &[], &weight), "discovery clear: 2 objects are removed");
    }
}
