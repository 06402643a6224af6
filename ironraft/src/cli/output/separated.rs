//! Columns for programs: separated by tabs, or by commas (RFC 4180). Nothing is cut.

use crate::cli::output::sheet::Sheet;

/// Lines of cells with tabs between them. A tab, a line's end or a backslash within a cell is written with a backslash.
pub(crate) fn tsv(sheet: &Sheet) -> Vec<String> {
    let escaped = |cell: &String| {
        cell.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
    };
    lines(sheet, |cells| cells.iter().map(escaped).collect::<Vec<_>>().join("\t"))
}

/// Lines of cells with commas between them.
pub(crate) fn csv(sheet: &Sheet) -> Vec<String> {
    let quoted = |cell: &String| {
        if cell.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.clone()
        }
    };
    lines(sheet, |cells| cells.iter().map(quoted).collect::<Vec<_>>().join(","))
}

fn lines(sheet: &Sheet, line: impl Fn(&[String]) -> String) -> Vec<String> {
    let headers = Some(&sheet.headers).filter(|headers| !headers.is_empty());
    headers.into_iter().chain(&sheet.rows).map(|cells| line(cells)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_told_apart_whatever_is_in_them() {
        let row = ["a,b", "say \"x\"", "1\t2\n3\\"].map(str::to_owned).to_vec();
        let sheet = Sheet::new(&["A", "B", "C"], vec![row]);
        assert_eq!(csv(&sheet), ["A,B,C", "\"a,b\",\"say \"\"x\"\"\",\"1\t2\n3\\\""]);
        assert_eq!(tsv(&sheet), ["A\tB\tC", "a,b\tsay \"x\"\t1\\t2\\n3\\\\"]);
        assert_eq!(tsv(&sheet.without_headers()).len(), 1);
    }
}
