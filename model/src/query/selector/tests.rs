//! Selectors by examples.

use super::*;
use crate::query::Query;
use crate::query::field::{Field, FieldKind, Scalar, Subject};
use crate::time::Timestamp;

const NAMED: Named<'_> = Named { names: &["name", "id"], groups: &["tag", "pool"] };

struct Machine<'a> {
    name: &'a str,
    tag: &'a str,
    pool: &'a str,
}

impl Subject for Machine<'_> {
    fn each(&self, field: usize, give: &mut dyn FnMut(Scalar<'_>)) {
        give(Scalar::Text([self.name, "", self.tag, self.pool][field]));
    }
}

fn fields() -> Vec<Field> {
    ["name", "id", "tag", "pool"].map(|name| Field::new(name, FieldKind::Text, name)).into()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let selector = Selector::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let filter = selector.filter(&NAMED);
    let query = Query::parse(&filter, &fields(), Timestamp::default());
    let query = query.unwrap_or_else(|error| panic!("{text} is {filter}: {error}"));
    let machines = [
        Machine { name: "n001", tag: "gpu", pool: "rack3" },
        Machine { name: "n002", tag: "", pool: "rack3" },
        Machine { name: "n010", tag: "gpu", pool: "default" },
        Machine { name: "r1n7", tag: "rack3", pool: "default" },
        Machine { name: "two words", tag: "a*b", pool: "default" },
    ];
    let found = machines.iter().filter(|machine| query.matches(*machine));
    assert_eq!(found.map(|machine| machine.name).collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn selectors_find_names_groups_and_filters() {
    check("n001", &["n001"]);
    check("n[001-009]", &["n001", "n002"]);
    check("n[001-002,010]", &["n001", "n002", "n010"]);
    check("n0*,-n002", &["n001", "n010"]);
    check("r[1-2]n[6-8]", &["r1n7"]);
    check("@rack3", &["n001", "n002", "r1n7"]);
    check("@rack3,-n002", &["n001", "r1n7"]);
    check("@tag:gpu,-@pool:rack3", &["n010"]);
    check("@tag:[gpu,rack3]", &["n001", "n010", "r1n7"]);
    check("-@rack3", &["n010", "two words"]);
    check("", &["n001", "n002", "n010", "r1n7", "two words"]);
    check("tag:gpu", &["n001", "n010"]);
    check("tag:gpu pool:default", &["n010"]);
    check("(tag:gpu)", &["n001", "n010"]);
    check("name:\"two words\"", &["two words"]);
}

#[test]
fn names_alone_can_be_looked_up() {
    let names = |text: &str| {
        let selector = Selector::parse(text).unwrap();
        selector.names().map(|names| names.join(" "))
    };
    assert_eq!(names("web,n[9-11]").as_deref(), Some("web n9 n10 n11"));
    assert_eq!(names("n[08-10]").as_deref(), Some("n08 n09 n10"));
    assert_eq!(
        names(&format!("n[1-{NAMES_MAX}]")).map(|names| names.len() > NAMES_MAX),
        Some(true)
    );
    for text in ["", "web*", "web,-db", "@web", "a b", "name:a"] {
        assert_eq!(names(text), None, "{text}");
    }
}

#[test]
fn what_is_no_selector_is_refused_where_it_is_wrong() {
    for (text, offset, length) in [
        ("a,,b", 2, 0),
        ("a,-", 2, 1),
        ("a,tag:b", 2, 5),
        ("a,@", 2, 1),
        ("a,@tag:", 2, 5),
        ("n[1-2", 0, 5),
        ("n1]", 2, 1),
        ("n[[1]]", 2, 1),
        ("a,n[2-1]", 2, 6),
        ("n[a-b]", 0, 6),
        ("n[]", 0, 3),
        ("n[1-4097]", 0, 9),
        ("a[1-99]b[1-99]", 0, 14),
        ("n[1-99999999999999999999]", 0, 25),
    ] {
        let error = Selector::parse(text).expect_err(text);
        assert_eq!((error.offset, error.length), (offset, length), "{text}: {error}");
    }
    assert!(Selector::parse("n[1-4096],m").is_err(), "more names than one selector may have");
}
