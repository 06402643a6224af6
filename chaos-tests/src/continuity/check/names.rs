//! The name of a client is answered with its address, or not at all: never with another's, and never that there is none.

use crate::continuity::history::{Lookup, Resolved};

/// Wrong answers, a line each.
#[must_use]
pub fn wrong(lookups: &[Lookup]) -> Vec<String> {
    let wrong = lookups.iter().filter(|lookup| lookup.resolved == Resolved::Wrong);
    wrong
        .map(|lookup| format!("at {:.3} s: {}", lookup.ended.as_secs_f64(), lookup.detail))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::wrong;
    use crate::continuity::check::planted::at;
    use crate::continuity::history::{Lookup, Resolved};

    #[test]
    fn only_wrong_answers_are_wrong() {
        let lookup = |resolved| Lookup {
            begun: at(1),
            ended: at(2),
            tries: 1,
            resolved,
            detail: "c7 is said to be nobody".to_owned(),
        };
        let all = [Resolved::Right, Resolved::Wrong, Resolved::Failed, Resolved::Unanswered];
        let found = wrong(&all.map(lookup));
        assert_eq!(found, ["at 2.000 s: c7 is said to be nobody"]);
    }
}
