//! Files of a crate that import each other in a circle: no part of it can be read, tested or moved
//! without all of it. Two files may need each other, more may not.
//!
//! A file imports another one when it names something that is defined there, through whichever
//! re-exports. Declaring a module is no import, and neither is bringing it into scope.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use super::paths::{self, Paths, Use};

/// The largest circle that is not worth a word.
const CIRCLE_MAX: usize = 2;
/// Re-exports of re-exports are followed so far.
const STEPS_MAX: usize = 16;

/// Crates that have circles from before this rule: how many of their files are in one, and why they
/// still are. A number only ever gets smaller.
const EXCEPTIONS: &[(&str, usize, &str)] = &[
    ("images", 5, "the store of a node and the copies that it makes: cut one by one"),
    ("ops", 14, "what a lookup says of one resource names others: cut one by one"),
    (
        "rack",
        11,
        "the router of rack/src/http holds what its handlers share; a copy and its changes",
    ),
    ("region", 4, "the reconcilers share their driver's module: cut one by one"),
    ("rest", 6, "describe is an operation of the table that it prints; problems of bodies"),
    ("testkit", 4, "the simulated machine holds what its stages change"),
];

/// Checks all crates.
#[must_use]
pub fn check(sources: &[(String, String)]) -> Vec<Finding> {
    check_except(sources, EXCEPTIONS)
}

/// Which exceptions are greater than they need be; fails nothing.
#[must_use]
pub fn show(sources: &[(String, String)]) -> String {
    let crates = crates(sources);
    let mut shown = String::new();
    for (name, allowed, _) in EXCEPTIONS {
        let found: usize = crates
            .get(name)
            .map_or(0, |files| circles(&imports(files)).iter().map(BTreeSet::len).sum());
        if found < *allowed {
            shown += &format!("circles: {name} may have {allowed} files in them and has {found}\n");
        }
    }
    shown
}

fn check_except(sources: &[(String, String)], exceptions: &[(&str, usize, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, files) in crates(sources) {
        let imports = imports(&files);
        let circles = circles(&imports);
        let found: usize = circles.iter().map(BTreeSet::len).sum();
        let allowed =
            exceptions.iter().find(|(of, ..)| *of == name).map_or(0, |(_, count, _)| *count);
        if found <= allowed {
            continue;
        }
        for circle in circles {
            let names: Vec<&str> = circle.iter().copied().collect();
            let message = format!(
                "{} files import each other in a circle, {allowed} may: {}",
                names.len(),
                names.join(", ")
            );
            findings.push(Finding { place: names[0].to_owned(), rule: "no circles", message });
        }
    }
    findings
}

/// The modules of each crate that are files: their paths from the crate's root, and their text.
type Files<'a> = BTreeMap<Vec<String>, (&'a str, &'a str)>;

fn crates(sources: &[(String, String)]) -> BTreeMap<&str, Files<'_>> {
    let mut crates: BTreeMap<&str, Files<'_>> = BTreeMap::new();
    for (path, text) in sources {
        let Some((name, file)) = path.split_once("/src/") else { continue };
        let Some(module) = module_of(file) else { continue };
        crates.entry(name).or_default().insert(module, (path, text));
    }
    crates
}

/// The module that a file below `src` is; none when it is a root beside the library.
fn module_of(file: &str) -> Option<Vec<String>> {
    let path = file.strip_suffix(".rs")?;
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" {
        return Some(Vec::new());
    }
    // Nothing imports a program's root.
    if path == "main" || path == "build" || path.starts_with("bin/") {
        return None;
    }
    Some(path.split('/').map(str::to_owned).collect())
}

/// Which file imports which.
fn imports<'a>(files: &Files<'a>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let parsed: BTreeMap<&Vec<String>, Paths> =
        files.iter().map(|(module, (_, text))| (module, paths::read(text))).collect();
    let named = Modules { parsed };
    let mut imports = BTreeMap::new();
    for (module, paths) in &named.parsed {
        let mut found = BTreeSet::new();
        let uses = paths.uses.iter().filter(|used| !named.is_module(module, used));
        let used = uses.map(|used| (&used.within, &used.path));
        let mentioned = paths.mentions.iter().map(|(within, path)| (within, path));
        for (within, path) in used.chain(mentioned) {
            let at = [&module[..], within].concat();
            if let Some(definition) = named.definition(&at, path, STEPS_MAX)
                && definition != **module
            {
                found.extend(files.get(&definition).map(|(path, _)| *path));
            }
        }
        let (path, _) = files[*module];
        imports.insert(path, found);
    }
    imports
}

/// The modules of a crate and what they name.
struct Modules<'a> {
    parsed: BTreeMap<&'a Vec<String>, Paths>,
}

impl Modules<'_> {
    /// The module that is a file and holds the module `at`, itself or inline.
    fn file(&self, at: &[String]) -> Vec<String> {
        let mut file = at.to_vec();
        while !self.parsed.contains_key(&file) && file.pop().is_some() {}
        file
    }

    /// Where `path`, as it is written in the module `at`, begins, and what is left of it.
    fn begin(
        &self,
        at: &[String],
        path: &[String],
        steps: usize,
    ) -> Option<(Vec<String>, Vec<String>)> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => return Some((Vec::new(), rest.to_vec())),
            "self" => return Some((at.to_vec(), rest.to_vec())),
            "super" => {
                let (_, outside) = at.split_last()?;
                return Some((outside.to_vec(), rest.to_vec()));
            }
            _ => {}
        }
        let file = self.file(at);
        if self.parsed.get(&file)?.modules.contains(first) {
            return Some((file, path.to_vec()));
        }
        let alias = self.alias(&file, first)?;
        let within = [&file[..], &alias.within].concat();
        let (begun, mut left) = self.begin(&within, &alias.path, steps.checked_sub(1)?)?;
        left.extend_from_slice(rest);
        Some((begun, left))
    }

    /// What a file brought into scope under a name.
    fn alias(&self, file: &Vec<String>, name: &str) -> Option<&Use> {
        let uses = &self.parsed.get(file)?.uses;
        uses.iter().find(|used| used.name == name && used.path.len() > 1)
    }

    /// The file in which what a path names is defined; none when that is another crate's.
    fn definition(&self, at: &[String], path: &[String], steps: usize) -> Option<Vec<String>> {
        let (mut module, left) = self.begin(at, path, steps)?;
        for (number, segment) in left.iter().enumerate() {
            if segment == "super" {
                module.pop()?;
                continue;
            }
            module.push(segment.clone());
            if self.parsed.contains_key(&module) {
                continue;
            }
            module.pop();
            let file = self.file(&module);
            let Some(alias) = self.alias(&file, segment) else { return Some(file) };
            let within = [&file[..], &alias.within].concat();
            let whole = [&alias.path[..], &left[number + 1..]].concat();
            return self.definition(&within, &whole, steps.checked_sub(1)?);
        }
        Some(self.file(&module))
    }

    /// Whether a declaration brings in a module as a whole: what is named through it counts.
    fn is_module(&self, at: &[String], used: &Use) -> bool {
        let within = [at, &used.within].concat();
        if used.name == "*" {
            return false;
        }
        let Some((mut module, left)) = self.begin(&within, &used.path, STEPS_MAX) else {
            return false;
        };
        for segment in left {
            if segment == "super" {
                module.pop();
            } else {
                module.push(segment);
            }
        }
        self.parsed.contains_key(&module)
    }
}

/// The sets of files that reach each other, those that are too large.
fn circles<'a>(imports: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<BTreeSet<&'a str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        imports.keys().map(|file| (*file, reached_from(file, imports))).collect();
    let mut circles = BTreeSet::new();
    for (file, others) in &reached {
        let back = |other: &&&str| reached.get(**other).is_some_and(|it| it.contains(file));
        let circle: BTreeSet<&'a str> = others.iter().filter(back).copied().collect();
        if circle.len() > CIRCLE_MAX {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

fn reached_from<'a>(
    file: &str,
    imports: &BTreeMap<&'a str, BTreeSet<&'a str>>,
) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&'a str> = imports.get(file).into_iter().flatten().copied().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(imports.get(next).into_iter().flatten());
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::{check, check_except, crates, imports};

    fn sources(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    /// Which file imports which, by their names below `a/src`.
    #[track_caller]
    fn check_imports(files: &[(&str, &str)], expected: &[&str]) {
        let sources = sources(files);
        let name =
            |path: &str| path.trim_start_matches("a/src/").trim_end_matches(".rs").to_owned();
        let mut found = Vec::new();
        for (file, others) in imports(&crates(&sources)["a"]) {
            found.extend(others.into_iter().map(|other| format!("{} {}", name(file), name(other))));
        }
        assert_eq!(expected, found);
    }

    const CIRCLE: [(&str, &str); 4] = [
        ("a/src/lib.rs", "mod b;\nmod c;\nmod d;\n"),
        ("a/src/b.rs", "use crate::c::C;\n"),
        ("a/src/c.rs", "use super::d;\nfn f() { d::g(); }\n"),
        ("a/src/d.rs", "fn g(b: crate::b::B) {}\n"),
    ];

    #[test]
    fn a_circle_of_three_files_is_found() {
        let found = check(&sources(&CIRCLE));
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            ["a/src/b.rs: 3 files import each other in a circle, 0 may: a/src/b.rs, a/src/c.rs, \
              a/src/d.rs (no circles)"]
        );
    }

    #[test]
    fn two_files_may_need_each_other() {
        let mut files = CIRCLE;
        files[3].1 = "use crate::c::C;\n";
        assert!(check(&sources(&files)).is_empty());
    }

    #[test]
    fn an_exception_is_as_large_as_the_circle_and_no_larger() {
        let files = sources(&CIRCLE);
        assert!(check_except(&files, &[("a", 3, "from before")]).is_empty());
        assert_eq!(1, check_except(&files, &[("a", 2, "from before")]).len());
        assert_eq!(1, check_except(&files, &[("b", 3, "from before")]).len());
    }

    #[test]
    fn an_import_leads_to_where_something_is_defined() {
        check_imports(
            &[
                ("a/src/lib.rs", "pub mod b;\npub use b::B;\n"),
                ("a/src/b/mod.rs", "mod c;\nmod d;\npub use self::c::B;\nfn f() { d::g(); }\n"),
                ("a/src/b/c.rs", "use super::{d, f};\nuse super::super::b as e;\npub struct B;\n"),
                ("a/src/b/d.rs", "use crate::B;\nuse std::fmt;\n"),
            ],
            &["b/c b/mod", "b/d b/c", "b/mod b/c", "b/mod b/d", "lib b/c"],
        );
    }

    #[test]
    fn a_module_in_a_file_is_that_file() {
        check_imports(
            &[
                ("a/src/lib.rs", "mod b;\nmod c;\n"),
                ("a/src/b.rs", "pub mod x { use super::super::c::C; }\n"),
                ("a/src/c.rs", "use crate::b::x::X;\n"),
            ],
            &["b c", "c b"],
        );
    }

    #[test]
    fn what_is_for_tests_may_stand_in_for_what_it_names() {
        let mut files = CIRCLE;
        files[3].1 = "#[cfg(feature = \"testing\")]\nuse crate::b::B;\n";
        assert!(check(&sources(&files)).is_empty());
    }

    #[test]
    fn programs_and_tests_are_no_part_of_a_circle() {
        let mut files = CIRCLE;
        files[0].0 = "a/src/main.rs";
        files[3].0 = "a/tests/d.rs";
        assert!(check(&sources(&files)).is_empty());
    }
}
