//! Tables for people: aligned, as wide as the terminal at most, and with words in colors that say how things are.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use crate::cli::output::sheet::Sheet;

/// The columns whose words say how things are.
const STANDINGS: &[&str] =
    &["STATUS", "POWER", "STATE", "ROLE", "RACKD", "LEVEL", "ENABLED", "DHCP", "OUTCOME", "CHANGE"];

/// The lines of a table. With a width, what is longer goes on in the next line of its cell; without one, lines are as long
/// as they are.
pub(crate) fn lines(sheet: &Sheet, width: Option<usize>, has_colors: bool) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    if let Some(width) = width.and_then(|width| u16::try_from(width).ok()) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width);
    }
    // Headers are added, too, where they are not shown: they say where columns begin.
    let numbers: Vec<String> = match sheet.rows.first() {
        Some(row) if sheet.headers.is_empty() => (0..row.len()).map(|_| "-".to_owned()).collect(),
        _ => sheet.headers.clone(),
    };
    table.set_header(&numbers);
    sheet.rows.iter().for_each(|row| {
        table.add_row(row);
    });
    for (number, header) in sheet.headers.iter().enumerate() {
        if STANDINGS.contains(&header.as_str())
            && let Some(column) = table.column_mut(number)
        {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let text = table.to_string();
    let mut lines = text.lines();
    if sheet.headers.is_empty() {
        return lines.skip(1).map(|line| line.trim_end().to_owned()).collect();
    }
    let Some(header) = lines.next() else { return Vec::new() };
    let starts = starts(header);
    let places: Vec<(usize, Option<usize>)> = sheet
        .headers
        .iter()
        .enumerate()
        .filter(|(_, header)| has_colors && STANDINGS.contains(&header.as_str()))
        .filter_map(|(number, _)| Some((*starts.get(number)?, starts.get(number + 1).copied())))
        .collect();
    let header = header.trim_end();
    let header = if has_colors { format!("{BOLD}{header}{RESET}") } else { header.to_owned() };
    let painted = lines.map(|line| painted(line.trim_end(), &places));
    std::iter::once(header).chain(painted).collect()
}

/// The lines of a table of any width, without colors.
pub(crate) fn plain_lines(header: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    lines(&Sheet::new(header, rows.to_vec()), None, false)
}

/// Where columns begin, in letters: where their headers do.
fn starts(header: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut was_blank = true;
    for (at, letter) in header.chars().enumerate() {
        if was_blank && letter != ' ' {
            starts.push(at);
        }
        was_blank = letter == ' ';
    }
    starts
}

const BOLD: &str = "\u{1b}[1m";
const RESET: &str = "\u{1b}[0m";
const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";
const RED: &str = "\u{1b}[31m";
const DIM: &str = "\u{1b}[2m";

/// A line whose cells at these places are in the colors of what they say.
fn painted(line: &str, places: &[(usize, Option<usize>)]) -> String {
    let letters: Vec<char> = line.chars().collect();
    let mut text = String::new();
    let mut done = 0;
    for (start, end) in places {
        let end = end.unwrap_or(letters.len()).min(letters.len());
        let (Some(before), Some(cell)) = (letters.get(done..*start), letters.get(*start..end))
        else {
            break;
        };
        text.extend(before);
        let cell: String = cell.iter().collect();
        let word = cell.trim_end();
        match color(word) {
            Some(color) => {
                let rest = &cell[word.len()..];
                text += &format!("{color}{word}{RESET}{rest}");
            }
            None => text += &cell,
        }
        done = end;
    }
    text.extend(letters.get(done..).unwrap_or_default());
    text
}

/// The color of a word that says how something is.
fn color(word: &str) -> Option<&'static str> {
    let lower = word.to_ascii_lowercase();
    let is_one = |words: &[&str]| words.contains(&lower.as_str());
    if lower.starts_with("failed")
        || is_one(&["broken", "error", "critical", "dead", "missing", "declined", "delete"])
    {
        Some(RED)
    } else if is_one(&[
        "ready", "deployed", "on", "running", "active", "leader", "voter", "yes", "done", "create",
    ]) {
        Some(GREEN)
    } else if lower.ends_with("ing")
        || is_one(&[
            "new",
            "allocated",
            "warning",
            "degraded",
            "learner",
            "kept",
            "rescue mode",
            "update",
        ])
    {
        Some(YELLOW)
    } else if is_one(&[
        "off",
        "unknown",
        "retired",
        "ended",
        "no",
        "-",
        "debug",
        "cancelled",
        "deleted",
        "left",
    ]) {
        Some(DIM)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let row =
            |id: &str, status: &str, text: &str| [id, status, text].map(str::to_owned).to_vec();
        let rows = vec![
            row("a", "Ready", "one"),
            row("bcd", "Failed deployment", "a long text of many words that does not fit"),
        ];
        Sheet::new(&["ID", "STATUS", "DESCRIPTION"], rows)
    }

    #[test]
    fn a_table_is_as_wide_as_the_terminal_and_nothing_is_lost() {
        let lines = lines(&sheet(), Some(45), false);
        assert!(lines.iter().all(|line| line.chars().count() <= 45), "{lines:#?}");
        let words = lines.join(" ");
        for word in ["Failed deployment", "long", "fit"] {
            assert!(words.contains(word), "{lines:#?}");
        }
        let whole = super::lines(&sheet(), None, false);
        assert!(whole[2].ends_with("that does not fit"), "{whole:#?}");
    }

    #[test]
    fn a_standing_has_a_color_and_its_word() {
        let lines = lines(&sheet(), None, true);
        assert!(lines[0].starts_with(BOLD), "{lines:#?}");
        assert!(lines[1].contains("\u{1b}[32mReady\u{1b}[0m"), "{lines:#?}");
        assert!(lines[2].contains("\u{1b}[31mFailed deployment\u{1b}[0m"), "{lines:#?}");
        let plain = super::lines(&sheet(), None, false);
        assert_eq!(lines[2].replace(RED, "").replace(RESET, ""), plain[2]);
    }

    #[test]
    fn rows_need_no_headers() {
        let lines = lines(&sheet().without_headers(), None, true);
        assert_eq!(lines.len(), 2, "{lines:#?}");
    }
}
