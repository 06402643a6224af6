//! What MAAS's API has and Ironraft's does not, so that a client is told which of the two is wrong: its
//! spelling, or its choice of server.

/// What is said after the name of something that MAAS has.
const HINT: &str = "MAAS has it, Ironraft does not.";

/// First path elements of MAAS's API below its root.
const RESOURCES: &[&str] = &[
    "commissioning-results",
    "commissioning-scripts",
    "installation-results",
    "pods",
    "scripts",
    "virtual-machines",
    "vm-clusters",
    "vm-hosts",
];

/// Path elements of resources that belong to another one.
const PARTS: &[&str] = &["results"];

/// Names of operations.
const OPERATIONS: &[&str] = &["test"];

/// The refusal of a path that nothing is at.
#[must_use]
pub fn no_endpoint(path: &str, elements: &[String]) -> String {
    let is_part = |element: &String| PARTS.contains(&element.as_str());
    let is_maas = elements.first().is_some_and(|first| RESOURCES.contains(&first.as_str()))
        || elements.iter().skip(1).any(is_part);
    let hint = if is_maas { format!(" {HINT}") } else { String::new() };
    format!("Unknown API endpoint: {path}.{hint}")
}

/// The refusal of a method and an `op` that a resource does not have.
#[must_use]
pub fn no_operation(method: &str, op: Option<&str>) -> String {
    let is_maas = op.is_some_and(|op| OPERATIONS.contains(&op));
    let hint = if is_maas { format!(". {HINT}") } else { String::new() };
    format!("Unrecognised signature: method={method} op={}{hint}", op.unwrap_or("None"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::operations;

    #[test]
    fn nothing_that_is_served_is_said_to_be_missing() {
        let operations = operations();
        let paths = || operations.iter().map(|operation| operation.path.split('/'));
        let first: BTreeSet<&str> = paths().filter_map(|mut path| path.next()).collect();
        for resource in RESOURCES {
            assert!(!first.contains(resource), "{resource} is served");
        }
        for op in OPERATIONS {
            assert!(operations.iter().all(|served| served.op != Some(op)), "{op} is served");
        }
        assert!(RESOURCES.is_sorted() && PARTS.is_sorted() && OPERATIONS.is_sorted());
    }

    #[test]
    fn what_maas_has_is_told_from_what_is_misspelt() {
        let at = |path: &str| {
            let elements: Vec<String> = path.split('/').map(str::to_owned).collect();
            no_endpoint(path, &elements)
        };
        assert_eq!(at("scripts"), format!("Unknown API endpoint: scripts. {HINT}"));
        assert_eq!(at("nodes/results"), format!("Unknown API endpoint: nodes/results. {HINT}"));
        assert_eq!(at("machnes"), "Unknown API endpoint: machnes.");
        assert_eq!(
            no_operation("POST", Some("test")),
            format!("Unrecognised signature: method=POST op=test. {HINT}")
        );
        assert_eq!(no_operation("GET", None), "Unrecognised signature: method=GET op=None");
    }
}
