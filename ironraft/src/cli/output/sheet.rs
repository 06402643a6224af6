//! Rows and columns of text, and which of them are asked for.

use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::output::value::{field, name_of};

/// The columns of a kind of objects: headers, and paths of fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns<'a> {
    /// Those that are always shown.
    pub(crate) usual: &'a [(&'a str, &'a str)],
    /// Those that are shown beside them in a wide table.
    pub(crate) more: &'a [(&'a str, &'a str)],
}

/// Rows under headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sheet {
    /// The headers; none when there is no line for them.
    pub(crate) headers: Vec<String>,
    /// The rows, which have as many cells.
    pub(crate) rows: Vec<Vec<String>>,
    /// What each row is called by.
    names: Vec<String>,
}

impl Sheet {
    /// Rows that are called by their first cells.
    pub(crate) fn new(headers: &[&str], rows: Vec<Vec<String>>) -> Self {
        let names = rows.iter().map(|row| row.first().cloned().unwrap_or_default()).collect();
        Self { headers: headers.iter().map(|header| (*header).to_owned()).collect(), rows, names }
    }

    /// A row for each object, with the columns that are asked for, or the usual ones.
    ///
    /// # Errors
    /// There is no such column, and no object has such a field.
    pub(crate) fn of_objects(
        columns: Columns<'_>,
        objects: &[Value],
        is_wide: bool,
        asked: &[String],
    ) -> Result<Self, Failure> {
        let all = || columns.usual.iter().chain(columns.more);
        let shown: Vec<(String, String)> = if asked.is_empty() {
            let count = if is_wide { usize::MAX } else { columns.usual.len() };
            let owned = |(header, path): &(&str, &str)| ((*header).to_owned(), (*path).to_owned());
            all().take(count).map(owned).collect()
        } else {
            let find = |name: &String| {
                let is_it = |column: &&(&str, &str)| column.0.eq_ignore_ascii_case(name);
                let found = all().find(is_it).map(|column| column.1.to_owned());
                let first = name.split('.').next().unwrap_or(name);
                let has = |object: &Value| object.get(first).is_some();
                let path = found.or_else(|| {
                    (objects.is_empty() || objects.iter().any(has)).then(|| name.clone())
                });
                let known: Vec<&str> = all().map(|column| column.0).collect();
                let header = name.to_ascii_uppercase();
                path.map(|path| (header, path)).ok_or_else(|| no_column(name, &known))
            };
            asked.iter().map(find).collect::<Result<_, _>>()?
        };
        let row = |object: &Value| shown.iter().map(|(_, path)| field(object, path)).collect();
        Ok(Self {
            headers: shown.iter().map(|(header, _)| header.clone()).collect(),
            rows: objects.iter().map(row).collect(),
            names: objects.iter().map(name_of).collect(),
        })
    }

    /// The columns of these headers; all when none is asked for.
    ///
    /// # Errors
    /// There is no such column.
    pub(crate) fn chosen(&self, asked: &[String]) -> Result<Self, Failure> {
        if asked.is_empty() {
            return Ok(self.clone());
        }
        let find = |name: &String| {
            let at = self.headers.iter().position(|header| header.eq_ignore_ascii_case(name));
            let known: Vec<&str> = self.headers.iter().map(String::as_str).collect();
            at.ok_or_else(|| no_column(name, &known))
        };
        let places = asked.iter().map(find).collect::<Result<Vec<usize>, _>>()?;
        let choose = |cells: &Vec<String>| places.iter().map(|at| cells[*at].clone()).collect();
        Ok(Self {
            headers: choose(&self.headers),
            rows: self.rows.iter().map(choose).collect(),
            names: self.names.clone(),
        })
    }

    /// With another column before the others.
    pub(crate) fn behind(mut self, header: &str, cells: &[String]) -> Self {
        self.headers.insert(0, header.to_owned());
        for (row, cell) in self.rows.iter_mut().zip(cells) {
            row.insert(0, cell.clone());
        }
        self
    }

    /// Without the line of headers.
    pub(crate) fn without_headers(&self) -> Self {
        Self { headers: Vec::new(), ..self.clone() }
    }

    /// What the rows are called by.
    pub(crate) fn names(&self) -> Vec<String> {
        self.names.clone()
    }
}

fn no_column(name: &str, known: &[&str]) -> Failure {
    let known: Vec<String> = known.iter().map(|header| header.to_ascii_lowercase()).collect();
    Failure::Usage(format!("there is no column `{name}`: there are {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: Columns<'_> =
        Columns { usual: &[("ID", "system_id"), ("NAME", "fqdn")], more: &[("POOL", "pool.name")] };

    fn shown(is_wide: bool, asked: &[&str]) -> Result<Sheet, String> {
        let objects =
            [json!({"system_id": "a", "fqdn": "web", "pool": {"name": "p"}, "memory": 4})];
        let asked: Vec<String> = asked.iter().map(|name| (*name).to_owned()).collect();
        Sheet::of_objects(COLUMNS, &objects, is_wide, &asked).map_err(|failure| match failure {
            Failure::Usage(message) => message,
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn columns_are_the_usual_ones_or_all_or_those_that_are_asked_for() {
        assert_eq!(shown(false, &[]).unwrap().headers, ["ID", "NAME"]);
        assert_eq!(shown(true, &[]).unwrap().rows, [["a", "web", "p"]]);
        let asked = shown(false, &["pool", "memory", "pool.name"]).unwrap();
        assert_eq!(asked.headers, ["POOL", "MEMORY", "POOL.NAME"]);
        assert_eq!(asked.rows, [["p", "4", "p"]]);
        assert_eq!(asked.names(), ["web"]);
        let none = "there is no column `nope`: there are id, name, pool";
        assert_eq!(shown(false, &["nope"]), Err(none.to_owned()));
    }

    #[test]
    fn columns_of_rows_are_chosen_by_their_headers() {
        let sheet = Sheet::new(&["A", "B"], vec![vec!["1".to_owned(), "2".to_owned()]]);
        assert_eq!(sheet.chosen(&["b".to_owned()]).unwrap().rows, [["2"]]);
        assert!(sheet.chosen(&["c".to_owned()]).is_err());
    }
}
