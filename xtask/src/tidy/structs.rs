//! Shows the structs with the most fields: for judgement, they fail nothing.

use std::fmt::Write;

use super::source::first_test_line;

/// How many fields are not worth a look.
const FIELDS_MAX: usize = 12;
/// How many structs are shown.
const SHOWN: usize = 8;

/// A report of the largest structs, a few lines long; empty when there are none.
#[must_use]
pub fn show(sources: &[(String, String)]) -> String {
    let mut large = Vec::new();
    for (path, text) in sources {
        let code: Vec<&str> = text.lines().take(first_test_line(path, text)).collect();
        for (line, name, fields) in structs(&code) {
            if fields > FIELDS_MAX {
                large.push((fields, format!("{path}:{line} {name}")));
            }
        }
    }
    if large.is_empty() {
        return String::new();
    }
    large.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let mut report = format!("{} structs over {FIELDS_MAX} fields, the largest:\n", large.len());
    for (fields, place) in large.into_iter().take(SHOWN) {
        writeln!(report, "  {fields:5} {place}").expect("writing to a string does not fail");
    }
    report
}

/// Line (counted from 1), name and number of named fields of every struct. Relies on rustfmt: a
/// struct ends at the first closing brace that stands as deep as its beginning, and its fields stand
/// four spaces deeper, one a line.
fn structs<'a>(lines: &[&'a str]) -> Vec<(usize, &'a str, usize)> {
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let Some(name) = declared(code) else { continue };
        let depth = line.len() - code.len();
        let end_line = format!("{}}}", &line[..depth]);
        let body = lines[start + 1..].iter().take_while(|line| **line != end_line);
        let fields = body.filter(|line| is_field(line, depth + 4)).count();
        found.push((start + 1, name, fields));
    }
    found
}

/// The struct with named fields that a line begins.
fn declared(code: &str) -> Option<&str> {
    let head = code.strip_suffix('{')?;
    let rest = match head.split_once("struct ") {
        Some((before, rest)) if before.is_empty() || before.starts_with("pub") => rest,
        Some(_) | None => return None,
    };
    rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()
}

fn is_field(line: &str, depth: usize) -> bool {
    let code = line.trim_start();
    line.len() - code.len() == depth
        && !code.starts_with("//")
        && !code.starts_with('#')
        && code.contains(": ")
}

#[cfg(test)]
mod tests {
    use super::show;

    fn of_fields(count: usize) -> Vec<(String, String)> {
        let fields: String = (0..count)
            .map(|number| format!("    /// One: of many.\n    pub f{number}: u8,\n"))
            .collect();
        let text = format!("//! Why.\n#[derive(Debug)]\npub struct Large<T> {{\n{fields}}}\n");
        vec![("a/src/a.rs".to_owned(), text)]
    }

    #[test]
    fn a_struct_of_many_fields_is_shown() {
        assert!(show(&of_fields(12)).is_empty());
        let shown = show(&of_fields(13));
        assert!(shown.contains("1 structs over 12 fields"), "{shown}");
        assert!(shown.contains("13 a/src/a.rs:3 Large"), "{shown}");
    }

    #[test]
    fn fields_of_what_follows_do_not_count() {
        let mut sources = of_fields(7);
        let again = sources[0].1.clone();
        sources[0].1 += &again;
        assert!(show(&sources).is_empty());
    }
}
