//! The examples of `docs/reference/query.md` find what it says.

use std::net::IpAddr;

use super::bounds::{DEPTH_MAX, PATTERNS_MAX, TERMS_MAX, TEXT_BYTES_MAX, VALUES_MAX};
use super::field::FieldKind;
use super::selector::{Named, Selector};
use super::*;
use crate::mac::MacAddress;

const PAGE: &str = include_str!("../../../docs/reference/query.md");

/// 2026-11-30T12:00:00Z.
const NOW: Timestamp = Timestamp::from_unix_ms(1_796_040_000_000);
const DAY_MS: u64 = 24 * 3600 * 1000;

const NAMED: Named<'_> = Named { names: &["name"], groups: &["tag", "rack"] };

/// A machine by the columns of the first table.
#[derive(Debug)]
struct Machine(Vec<String>);

fn fields() -> Vec<Field> {
    let text = |name| Field::new(name, FieldKind::Text, name).searched();
    let of = |name, kind| Field::new(name, kind, name);
    vec![
        text("name"),
        text("status"),
        text("tag"),
        text("rack"),
        of("cpus", FieldKind::Number),
        of("memory", FieldKind::Number),
        of("locked", FieldKind::Boolean),
        of("created", FieldKind::Time),
        of("ip", FieldKind::Address),
        of("mac", FieldKind::Mac),
    ]
}

impl Subject for Machine {
    fn each(&self, field: usize, give: &mut dyn FnMut(Scalar<'_>)) {
        let text = self.0[field].as_str();
        if text.is_empty() {
            return;
        }
        match fields()[field].kind {
            FieldKind::Text => text.split(", ").for_each(|text| give(Scalar::Text(text))),
            FieldKind::Number => {
                let (digits, unit) = text
                    .strip_suffix("GiB")
                    .map_or((text, 1.0), |digits| (digits, 1024_f64.powi(3)));
                give(Scalar::Number(digits.parse::<f64>().unwrap() * unit));
            }
            FieldKind::Boolean => give(Scalar::Boolean(text == "yes")),
            FieldKind::Time => give(Scalar::Time(created(text))),
            FieldKind::Address => give(Scalar::Address(text.parse::<IpAddr>().unwrap())),
            FieldKind::Mac => give(Scalar::Mac(text.parse::<MacAddress>().unwrap())),
        }
    }
}

/// The times in the table, by hand.
fn created(text: &str) -> Timestamp {
    let today = NOW.minus_ms(DAY_MS / 2);
    match text {
        "2026-11-01" => today.minus_ms(29 * DAY_MS),
        "2026-11-20" => today.minus_ms(10 * DAY_MS),
        "2026-01-05" => today.minus_ms(329 * DAY_MS),
        "2026-11-30T11:30:00Z" => NOW.minus_ms(DAY_MS / 48),
        other => panic!("{other}"),
    }
}

/// The cells of the rows of the tables under a heading.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    let cells = |line: &str| {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    lines.map(cells).collect()
}

#[test]
fn examples_find_what_the_page_says() {
    let machines: Vec<Machine> = rows("# Filters").into_iter().map(Machine).collect();
    assert_eq!(machines.len(), 4);
    let mut examples = 0;
    for heading in ["Terms\n", "Terms together", "Values", "Selectors"] {
        for row in rows(heading) {
            let text = row[0].trim_matches('`');
            let filter = match heading {
                "Selectors" => Selector::parse(text).unwrap().filter(&NAMED),
                _ => text.to_owned(),
            };
            let query = Query::parse(&filter, &fields(), NOW);
            let query = query.unwrap_or_else(|error| panic!("{text} is {filter}: {error}"));
            let found = machines.iter().filter(|machine| query.matches(*machine));
            let names: Vec<&str> = found.map(|machine| machine.0[0].as_str()).collect();
            assert_eq!(names.join(", "), row[1], "{text}");
            examples += 1;
        }
    }
    assert!(examples > 40, "{examples} examples");
}

#[test]
fn bounds_are_those_of_the_page() {
    let page = PAGE.replace('\n', " ");
    for bound in [
        format!("at most {TEXT_BYTES_MAX} bytes, {TERMS_MAX} terms, {VALUES_MAX} values"),
        format!("({PATTERNS_MAX} of a term with wildcards"),
        format!("and {DEPTH_MAX} levels"),
        format!("at most {} names", selector::NAMES_MAX),
    ] {
        assert!(page.contains(&bound), "{bound}");
    }
}
