//! Filters by examples, and what must hold for all of them.

use std::net::IpAddr;

use proptest::prelude::*;

use super::bounds::{DEPTH_MAX, PATTERNS_MAX, TERMS_MAX, TEXT_BYTES_MAX, VALUES_MAX};
use super::error::Problem;
use super::field::FieldKind;
use super::*;
use crate::mac::MacAddress;

const NAME: usize = 0;
const TAG: usize = 1;
const CPUS: usize = 2;
const LOCKED: usize = 3;
const CREATED: usize = 4;
const IP: usize = 5;
const MAC: usize = 6;

/// 2026-11-30T12:00:00Z.
const NOW: Timestamp = Timestamp::from_unix_ms(1_796_040_000_000);
const HOUR_MS: u64 = 3600 * 1000;

fn fields() -> Vec<Field> {
    vec![
        Field::new("name", FieldKind::Text, "its name").searched().alias("hostname"),
        Field::new("tag", FieldKind::Text, "its tags").searched(),
        Field::new("cpu.count", FieldKind::Number, "its CPUs").alias("cpus"),
        Field::new("locked", FieldKind::Boolean, "whether it is locked"),
        Field::new("created", FieldKind::Time, "when it was made"),
        Field::new("ip", FieldKind::Address, "its addresses").searched(),
        Field::new("mac", FieldKind::Mac, "its hardware addresses").searched(),
    ]
}

#[derive(Debug, Clone, Default)]
struct Machine {
    name: String,
    tags: Vec<String>,
    cpus: Option<f64>,
    locked: bool,
    created: Timestamp,
    ips: Vec<IpAddr>,
    mac: Option<MacAddress>,
}

impl Subject for Machine {
    fn each(&self, field: usize, give: &mut dyn FnMut(Scalar<'_>)) {
        match field {
            NAME => give(Scalar::Text(&self.name)),
            TAG => self.tags.iter().for_each(|tag| give(Scalar::Text(tag))),
            CPUS => self.cpus.into_iter().for_each(|cpus| give(Scalar::Number(cpus))),
            LOCKED => give(Scalar::Boolean(self.locked)),
            CREATED => give(Scalar::Time(self.created)),
            IP => self.ips.iter().for_each(|ip| give(Scalar::Address(*ip))),
            MAC => self.mac.into_iter().for_each(|mac| give(Scalar::Mac(mac))),
            _ => panic!("no field {field}"),
        }
    }
}

fn web() -> Machine {
    Machine {
        name: "Web-01.Example".to_owned(),
        tags: vec!["gpu".to_owned(), "two words".to_owned(), "ÄPFEL".to_owned()],
        cpus: Some(16.0),
        locked: false,
        created: NOW.minus_ms(2 * HOUR_MS),
        ips: vec!["10.0.0.17".parse().unwrap(), "fd00::17".parse().unwrap()],
        mac: Some(MacAddress([0x52, 0x54, 0, 0xab, 0xcd, 0xef])),
    }
}

fn parse(text: &str) -> Result<Query, QueryError> {
    Query::parse(text, &fields(), NOW)
}

#[track_caller]
fn check(subject: &Machine, expected: bool, texts: &[&str]) {
    for text in texts {
        let query = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(query.matches(subject), expected, "{text}");
        let printed = query.to_string();
        assert_eq!(parse(&printed).as_ref(), Ok(&query), "{text} is printed as {printed}");
    }
}

#[test]
fn what_is_asked_for_is_found() {
    check(
        &web(),
        true,
        &[
            "",
            "   ",
            "*",
            "web",
            "WEB-01 gpu",
            "web*ample",
            "\"two words\"",
            "-\"a,b\"",
            "äpfel",
            "0.0.17",
            "00:ab",
            "5254.00ab.cdef",
            "52:54:00:AB:CD:EF",
            "::ffff:10.0.0.17",
            "fd00:0::17",
            "name:web-01.example",
            "NAME:web*",
            "hostname:*example",
            "name:=Web-01.Example",
            "name:\"web-01\"*",
            "tag:gpu",
            "tag:none,gpu",
            "tag:!none",
            "tag:gpu,!none",
            "tag:*",
            "tag:\"two words\"",
            "tag:äpfel",
            "cpus:16",
            "cpus:>8",
            "cpus:>=16",
            "cpus:<=16",
            "cpus:<16.5",
            "cpus:4..16",
            "cpus:16..",
            "cpus:..16",
            "cpu.count:!8",
            "cpus:<1k",
            "locked:no",
            "locked:FALSE",
            "created:<3h",
            "created:>90m",
            "created:>1h59m",
            "created:1h..2h",
            "created:2026-11-30",
            "created:2026-11-30T10:00:00Z",
            "created:2026-11-30T11:00:00+01:00",
            "created:>2026-11-29",
            "created:<2026-12-01",
            "created:2026-11-01..2026-11-30",
            "ip:10.0.0.17",
            "ip:::ffff:10.0.0.17",
            "ip:10.0.0.0/24",
            "ip:::ffff:10.0.0.0/120",
            "ip:fd00::/8",
            "ip:10.0.0.1..10.0.0.20",
            "ip:10.0.*",
            "ip:>10.0.0.16",
            "mac:52-54-00-ab-cd-ef",
            "mac:525400ABCDEF",
            "mac:52:54:*",
            "mac:52-54-*",
            "-tag:none",
            "NOT tag:none",
            "-(tag:none OR cpus:<8)",
            "NOT NOT gpu",
            "none OR gpu",
            "none OR web AND gpu",
            "(none OR web) gpu",
            "!none",
        ],
    );
}

#[test]
fn what_is_not_asked_for_is_not_found() {
    check(
        &web(),
        false,
        &[
            "none",
            "webgpu",
            "\"web*\"",
            "web*gpu",
            "name:web",
            "name:=web-01.example",
            "name:=Web*",
            "name:\"web*\"",
            "name:!*",
            "tag:!gpu",
            "tag:gpu,!\"two words\"",
            "tag:!*",
            "cpus:!*",
            "cpus:>16",
            "cpus:1..8",
            "locked:yes",
            "locked:!no",
            "created:<2h",
            "created:>2h",
            "created:<1h",
            "created:>2026-11-30",
            "created:<2026-11-30",
            "created:2026-11-30T10:00:01Z",
            "created:2026-11-30T10:00:00.001Z",
            "ip:10.0.0.1",
            "ip:10.0.1.0/24",
            "ip:<10.0.0.17",
            "ip:<fd00::1",
            "mac:52:54:00:ab:cd:ee",
            "mac:54:*",
            "-web",
            "-(web OR none)",
            "web none",
            "none OR other",
            "web (none OR other)",
        ],
    );
}

#[test]
fn nothing_is_neither_a_value_nor_found() {
    let nothing = Machine { tags: vec![String::new()], ..Machine::default() };
    check(
        &nothing,
        true,
        &["name:!*", "tag:!*", "cpus:!*", "ip:!*", "mac:!*", "tag:!gpu", "cpus:!8", "-cpus:8", "*"],
    );
    check(&nothing, false, &["name:*", "tag:*", "cpus:<8", "ip:10.0.0.0/8", "-tag:!gpu", "a"]);
    let ahead = Machine { created: NOW.plus_ms(HOUR_MS), ..Machine::default() };
    check(&ahead, true, &["created:<1s", "created:>2026-11-30T12:30:00Z"]);
}

#[test]
fn sizes_are_read_with_their_suffixes() {
    let sized = |cpus| Machine { cpus: Some(cpus), ..Machine::default() };
    for (text, number) in [
        ("8k", 8e3),
        ("8K", 8e3),
        ("1.5M", 1.5e6),
        ("2GB", 2e9),
        ("1KiB", 1024.0),
        ("3mi", 3.0 * 1024.0 * 1024.0),
        ("1GiB", 1024_f64.powi(3)),
        ("1tib", 1024_f64.powi(4)),
        ("-3", -3.0),
        ("7b", 7.0),
    ] {
        check(&sized(number), true, &[&format!("cpus:{text}"), &format!("cpus:{text}..{text}")]);
    }
}

#[track_caller]
fn check_error(text: &str, at: (usize, usize), problem: impl FnOnce(&Problem) -> bool) {
    let error = parse(text).expect_err(text);
    assert_eq!((error.offset, error.length), at, "{text}: {error}");
    assert!(problem(&error.problem), "{text}: {error}");
}

#[test]
fn errors_say_where_they_are() {
    let bad = |problem: &Problem| matches!(problem, Problem::BadValue { .. });
    let missing = |problem: &Problem| matches!(problem, Problem::NoValue { .. });
    let no_term = |problem: &Problem| matches!(problem, Problem::NoTerm(_));
    let no_order = |problem: &Problem| matches!(problem, Problem::NoOrder { .. });
    for (text, at) in [
        ("web cpus:many", (9, 4)),
        ("cpus:8,x,9", (7, 1)),
        ("cpus:9..8", (5, 4)),
        ("cpus:1.2.3", (5, 5)),
        ("locked:maybe", (7, 5)),
        ("created:2026-02-30", (8, 10)),
        ("created:1h", (8, 2)),
        ("created:<1y", (8, 3)),
        ("ip:10.0.0", (3, 6)),
        ("ip:10.0.0.1..fd00::1", (3, 17)),
        ("mac:52:54", (4, 5)),
        ("é cpus:é", (8, 2)),
    ] {
        check_error(text, at, bad);
    }
    for (text, at) in [
        ("name:", (5, 0)),
        ("name:a,,b", (7, 0)),
        ("name:!", (5, 1)),
        ("name:\"\"", (5, 0)),
        ("cpus:>", (5, 1)),
        ("cpus:..", (5, 2)),
    ] {
        check_error(text, at, missing);
    }
    for (text, at) in [("name:>a", (5, 2)), ("name:a..b", (5, 4)), ("locked:<yes", (7, 4))] {
        check_error(text, at, no_order);
    }
    for (text, at) in [
        ("a OR", (4, 0)),
        ("OR a", (0, 2)),
        ("- a", (0, 1)),
        ("a -", (2, 1)),
        ("()", (1, 1)),
        ("NOT", (3, 0)),
        ("\"\"", (0, 2)),
    ] {
        check_error(text, at, no_term);
    }
    check_error("a \"b", (2, 2), |problem| *problem == Problem::OpenQuote);
    check_error("(a", (0, 1), |problem| *problem == Problem::OpenParenthesis);
    check_error("aé, b", (3, 1), |problem| *problem == Problem::StrayComma);
    check_error("a)", (1, 1), |problem| *problem == Problem::StrayParenthesis);
    let nearest = |wanted: &'static [&'static str]| move |problem: &Problem| matches!(problem, Problem::UnknownField { nearest, .. } if nearest == wanted);
    check_error("a nmae:b", (2, 4), nearest(&["name"]));
    check_error("cpu:4", (0, 3), nearest(&["cpu.count"]));
    check_error("nothing:4", (0, 7), nearest(&[]));
}

#[test]
fn what_is_too_much_is_refused() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(DEPTH_MAX)).is_ok() && parse(&"a ".repeat(TERMS_MAX)).is_ok());
    let names = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("n{number}")).collect();
        format!("name:{}", names.join(","))
    };
    assert!(parse(&names(VALUES_MAX)).is_ok());
    for (text, problem) in [
        (nested(DEPTH_MAX + 1), Problem::TooDeep(DEPTH_MAX)),
        (format!("{}a", "-".repeat(DEPTH_MAX + 1)), Problem::TooDeep(DEPTH_MAX)),
        ("(".repeat(20_000), Problem::TooDeep(DEPTH_MAX)),
        ("a ".repeat(TERMS_MAX + 1), Problem::TooManyTerms(TERMS_MAX)),
        (names(VALUES_MAX + 1), Problem::TooManyValues(VALUES_MAX)),
        (format!("name:{}*", "*a,".repeat(PATTERNS_MAX)), Problem::TooManyValues(PATTERNS_MAX)),
        ("a".repeat(TEXT_BYTES_MAX + 1), Problem::TooLong(TEXT_BYTES_MAX)),
    ] {
        assert_eq!(parse(&text).map_err(|error| error.problem), Err(problem));
    }
}

#[test]
fn an_index_is_asked_for_what_is_exact() {
    for (text, expected) in [
        ("", vec![]),
        ("name:Web,=DB", vec![(NAME, vec!["web", "db"])]),
        ("name:a tag:x,!y free", vec![(NAME, vec!["a"]), (TAG, vec!["x"])]),
        (
            "mac:52-54-00-AB-CD-EF,525400abcdee",
            vec![(MAC, vec!["52:54:00:ab:cd:ee", "52:54:00:ab:cd:ef"])],
        ),
        ("ip:::ffff:10.0.0.1,10.0.0.2", vec![(IP, vec!["10.0.0.1", "10.0.0.2"])]),
        ("name:a*", vec![]),
        ("name:a,b*", vec![]),
        ("name:!a", vec![]),
        ("ip:10.0.0.0/8 cpus:8", vec![]),
        ("-name:a", vec![]),
        ("name:a OR name:b", vec![]),
        ("name:a (name:b OR x)", vec![(NAME, vec!["a"])]),
    ] {
        let words = parse(text).unwrap().exact_words();
        let words: Vec<(usize, Vec<&str>)> = words
            .iter()
            .map(|(field, words)| (*field, words.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(words, expected, "{text}");
    }
}

/// A filter as it was meant, for an evaluation that takes no care of its time.
#[derive(Debug, Clone)]
enum Meant {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Free(String),
    Name(Vec<(bool, String)>),
    Cpus(u32, u32),
}

impl Meant {
    fn text(&self) -> String {
        let of = |parts: &[Self], between: &str| {
            let parts: Vec<String> =
                parts.iter().map(|part| format!("({})", part.text())).collect();
            parts.join(between)
        };
        match self {
            Self::All(parts) => of(parts, " "),
            Self::Any(parts) => of(parts, " OR "),
            Self::Not(part) => format!("-({})", part.text()),
            Self::Free(text) => quoted_but_stars(text),
            Self::Name(values) => {
                let value = |(unwanted, text): &(bool, String)| {
                    format!("{}{}", if *unwanted { "!" } else { "" }, quoted_but_stars(text))
                };
                format!("name:{}", values.iter().map(value).collect::<Vec<_>>().join(","))
            }
            Self::Cpus(from, to) => format!("cpus:{from}..{to}"),
        }
    }

    fn holds(&self, machine: &Machine) -> bool {
        let lower =
            |text: &str| -> Vec<char> { text.chars().flat_map(char::to_lowercase).collect() };
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(machine)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(machine)),
            Self::Not(part) => !part.holds(machine),
            Self::Free(text) => {
                let within = lower(&format!("*{text}*"));
                let mut texts = machine.tags.iter().chain([&machine.name]);
                text.chars().all(|letter| letter == '*')
                    || texts.any(|text| like(&within, &lower(text)))
            }
            Self::Name(values) => {
                let is = |text: &str| {
                    !machine.name.is_empty() && like(&lower(text), &lower(&machine.name))
                };
                let mut wanted = values.iter().filter(|(unwanted, _)| !unwanted).peekable();
                let is_any = wanted.peek().is_none() || wanted.any(|(_, text)| is(text));
                is_any && !values.iter().any(|(unwanted, text)| *unwanted && is(text))
            }
            Self::Cpus(from, to) => {
                machine.cpus.is_some_and(|cpus| (f64::from(*from)..=f64::from(*to)).contains(&cpus))
            }
        }
    }
}

fn quoted_but_stars(text: &str) -> String {
    let part = |part: &str| {
        if part.is_empty() {
            return String::new();
        }
        format!("\"{}\"", part.replace('\\', "\\\\").replace('"', "\\\""))
    };
    text.split('*').map(part).collect::<Vec<_>>().join("*")
}

/// Letters with `*` for any, tried in all ways.
fn like(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|at| like(rest, &text[at..])),
        Some((letter, rest)) => text.first() == Some(letter) && like(rest, &text[1..]),
    }
}

fn meant() -> impl Strategy<Value = Meant> {
    let word = || "[abAB*:ıİΣς\" -]{1,5}".prop_map(|text| text);
    let leaf = prop_oneof![
        word().prop_map(Meant::Free),
        prop::collection::vec((any::<bool>(), word()), 1..4).prop_map(Meant::Name),
        (0..4_u32, 0..4_u32).prop_map(|(one, other)| Meant::Cpus(one.min(other), one.max(other))),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let several = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            several().prop_map(Meant::All),
            several().prop_map(Meant::Any),
            inner.clone().prop_map(|part| Meant::Not(Box::new(part))),
        ]
    })
}

prop_compose! {
    fn machine()(
        name in "[abAıİΣς\": -]{0,6}",
        tags in prop::collection::vec("[abB -]{0,4}", 0..3),
        cpus in prop::option::of(0..4_u32),
    ) -> Machine {
        Machine { name, tags, cpus: cpus.map(f64::from), ..Machine::default() }
    }
}

proptest! {
    #[test]
    fn a_filter_finds_what_was_meant(
        meant in meant(),
        machines in prop::collection::vec(machine(), 1..8),
    ) {
        let text = meant.text();
        let query = parse(&text).unwrap();
        for machine in &machines {
            prop_assert_eq!(query.matches(machine), meant.holds(machine), "{} of {:?}", &text, machine);
        }
        let printed = query.to_string();
        prop_assert_eq!(parse(&printed), Ok(query), "{} is printed as {}", text, printed);
    }

    #[test]
    fn any_text_is_understood_as_it_is_printed_or_refused_where_it_is_wrong(
        text in "([a-c*!=<>.,:\"() \\-]|OR |NOT |name:|cpus:|created:|ip:|mac:|[0-9]|é|1h){0,24}",
    ) {
        match parse(&text) {
            Ok(query) => {
                let printed = query.to_string();
                prop_assert_eq!(parse(&printed), Ok(query), "{} is printed as {}", text, printed);
            }
            Err(error) => {
                let end = error.offset + error.length;
                prop_assert!(text.get(error.offset..end).is_some(), "{text}: {error:?}");
            }
        }
    }

    #[test]
    fn moments_are_read_as_they_are_printed(at_ms in 0..253_402_300_800_000_u64) {
        let made = Machine { created: Timestamp::from_unix_ms(at_ms), ..Machine::default() };
        let days = at_ms / (24 * HOUR_MS);
        let of_day = at_ms % (24 * HOUR_MS);
        let day = parse(&format!("created:>1970-01-01 created:>={}", date(days))).unwrap();
        prop_assert_eq!(day.matches(&made), days > 0);
        let clock = format!(
            "created:{}T{:02}:{:02}:{:02}.{:03}Z",
            date(days), of_day / HOUR_MS, of_day / 60_000 % 60, of_day / 1000 % 60, of_day % 1000,
        );
        let exact = parse(&clock).unwrap();
        prop_assert!(exact.matches(&made));
        prop_assert_eq!(exact.to_string(), clock);
    }
}

/// The date so many days after 1970-01-01, counted one by one.
fn date(mut days: u64) -> String {
    let mut year = 1970;
    let is_leap = |year: u64| {
        (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400)
    };
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", days + 1)
}

#[test]
fn wildcards_cost_no_more_than_their_length() {
    let name = "a".repeat(60_000);
    let machine = Machine { name: format!("{name}c"), ..Machine::default() };
    let query = parse(&format!("name:{}b", "a*".repeat(20_000))).unwrap();
    assert!(!query.matches(&machine));
    assert!(parse(&"a*".repeat(20_000)).unwrap().matches(&machine));
}

#[test]
fn stars_alone_are_anything_however_they_are_written() {
    check(&web(), true, &["mac:=*", "mac:**", "ip:=*", "ip:=**"]);
    check(&Machine::default(), false, &["mac:=*", "ip:=*"]);
}
