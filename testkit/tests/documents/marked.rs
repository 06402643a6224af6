//! Every document says how it is tried, and why what is not tried is not.

use crate::document;
use crate::stage::STAGES;

#[test]
fn a_document_with_commands_says_where_it_begins() {
    for document in document::all().values() {
        let name = &document.name;
        match document.mark() {
            Some(mark) => {
                let is_known = STAGES.iter().any(|stage| stage.name == mark.stage);
                assert!(is_known, "{name} begins at {:?}, which is no stage", mark.stage);
                assert!(document.has_commands(), "{name} has no commands");
            }
            None => assert!(!document.has_commands(), "{name} has commands and no mark"),
        }
    }
}

#[test]
fn commands_that_are_not_run_say_why() {
    for document in document::all().values() {
        let unreasoned: Vec<&str> = document.unreasoned().collect();
        assert!(unreasoned.is_empty(), "{}: {unreasoned:#?}", document.name);
    }
}

#[test]
fn code_is_fenced() {
    for document in document::all().values() {
        let indented: Vec<&str> = document.indented().collect();
        assert!(indented.is_empty(), "{}: {indented:#?}", document.name);
    }
}
