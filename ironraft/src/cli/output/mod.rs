//! Answers on standard output: tables for people, and whatever form a program wants. What is said besides goes to standard
//! error.

mod separated;
mod sheet;
mod table;
mod value;
mod yaml;

use std::fmt;
use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::cli::failure::Failure;
pub(crate) use crate::cli::output::sheet::{Columns, Sheet};
pub(crate) use crate::cli::output::table::plain_lines;
pub(crate) use crate::cli::output::value::{field, text};
use crate::cli::terminal;

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns; on a terminal as wide as that, and with colors
    Table,
    /// A table with all columns that there are
    Wide,
    /// Columns separated by tabs: what is printed when nobody looks
    Tsv,
    /// Columns separated by commas (RFC 4180)
    Csv,
    /// What the API answered
    Json,
    /// One object a line
    Jsonl,
    /// What the API answered, as YAML
    Yaml,
    /// Only what each object is called by, one a line
    Name,
}

/// When there are colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set; also elsewhere if `CLICOLOR_FORCE` is
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How a command prints its answer.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArguments {
    /// How to print the answer: a table on a terminal, `tsv` elsewhere, unless said otherwise
    #[arg(short, long, value_enum, value_name = "FORMAT", hide_possible_values = true,
          long_help = FORMATS)]
    output: Option<Format>,
    /// Print no line with the names of the columns
    #[arg(long)]
    no_headers: bool,
    /// Print these columns, by their names or by paths of fields such as `pool.name`
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    columns: Vec<String>,
    /// When to print colors: auto, always or never
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true,
        hide_default_value = true
    )]
    color: Color,
}

/// What is said of the formats at length.
const FORMATS: &str = "\
How to print the answer: `table` on a terminal, `tsv` elsewhere, unless said otherwise
  table  aligned columns, as wide as the terminal, with colors
  wide   a table with all columns that there are
  tsv    columns separated by tabs
  csv    columns separated by commas
  json   what the API answered
  jsonl  one object a line
  yaml   what the API answered, as YAML
  name   only what each object is called by";

impl OutputArguments {
    /// The format that is asked for, or the one that whoever reads it wants.
    pub(crate) fn format(&self) -> Format {
        let default = if terminal::is_read_by_people() { Format::Table } else { Format::Tsv };
        self.output.unwrap_or(default)
    }

    /// Whether it is columns that are printed, and not what the API answered.
    pub(crate) fn is_columns(&self) -> bool {
        !matches!(self.format(), Format::Json | Format::Jsonl | Format::Yaml)
    }

    /// Whether it is a table, which people read: words that are no rows may stand around it.
    pub(crate) fn is_for_people(&self) -> bool {
        matches!(self.format(), Format::Table | Format::Wide)
    }

    /// Prints objects: what the API answered, of which `rows` are the objects.
    ///
    /// # Errors
    /// There is no such column.
    pub(crate) fn print_list(
        &self,
        columns: Columns<'_>,
        rows: &[Value],
        answer: &Value,
    ) -> Result<(), Failure> {
        if self.is_columns() {
            let is_wide = self.format() == Format::Wide;
            let sheet = Sheet::of_objects(columns, rows, is_wide, &self.columns)?;
            self.print_cells(&sheet);
        } else {
            self.print_answer(rows, answer);
        }
        Ok(())
    }

    /// Prints rows that are not the objects of an answer as they are.
    ///
    /// # Errors
    /// There is no such column.
    pub(crate) fn print_sheet(&self, sheet: &Sheet) -> Result<(), Failure> {
        self.print_cells(&sheet.chosen(&self.columns)?);
        Ok(())
    }

    /// Prints every field of an object.
    pub(crate) fn print_object(&self, object: &Value) {
        if !self.is_columns() {
            return self.print_answer(std::slice::from_ref(object), object);
        }
        let names = object.as_object().into_iter().flatten().map(|(name, _)| name);
        let is_asked = |name: &&String| self.columns.is_empty() || self.columns.contains(name);
        let rows = names.filter(is_asked).map(|name| vec![name.clone(), field(object, name)]);
        let sheet = Sheet::new(&["FIELD", "VALUE"], rows.collect());
        match self.format() {
            Format::Name => say(format_args!("{}", value::name_of(object))),
            Format::Table | Format::Wide => self.lines_of_table(&sheet.without_headers()),
            _ => self.print_cells(&sheet.without_headers()),
        }
    }

    /// Prints what the API answered.
    pub(crate) fn print_answer(&self, rows: &[Value], answer: &Value) {
        match self.format() {
            Format::Jsonl => rows.iter().for_each(|row| say(format_args!("{row}"))),
            Format::Yaml => say(format_args!("{}", yaml::document(answer).trim_end())),
            _ => say(format_args!("{answer:#}")),
        }
    }

    fn print_cells(&self, sheet: &Sheet) {
        let shown = if self.no_headers { &sheet.without_headers() } else { sheet };
        match self.format() {
            Format::Table | Format::Wide => self.lines_of_table(shown),
            Format::Csv => say_all(&separated::csv(shown)),
            Format::Name => say_all(&sheet.names()),
            _ => say_all(&separated::tsv(shown)),
        }
    }

    fn lines_of_table(&self, sheet: &Sheet) {
        let width = terminal::columns().filter(|_| terminal::is_read_by_people());
        say_all(&table::lines(sheet, width, self.has_colors()));
    }

    fn has_colors(&self) -> bool {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if is_set("NO_COLOR") => false,
            Color::Auto => terminal::is_read_by_people() || is_set("CLICOLOR_FORCE"),
        }
    }
}

/// Prints one line. A reader that went away is no failure.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    let _gone = writeln!(io::stdout().lock(), "{line}");
}

fn say_all(lines: &[String]) {
    lines.iter().for_each(|line| say(format_args!("{line}")));
}
