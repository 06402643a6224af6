//! Answers on standard output: tables for people, and whatever form a program wants. What is said besides goes to standard
//! error.

mod age;
mod separated;
mod sheet;
mod table;
mod template;
mod value;
pub(crate) mod yaml;

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::Value;

use crate::cli::failure::Failure;
pub(crate) use crate::cli::output::age::span;
pub(crate) use crate::cli::output::sheet::{Columns, Sheet};
pub(crate) use crate::cli::output::table::plain_lines;
pub(crate) use crate::cli::output::value::{field, name_of, text};
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
    /// A line for each object as it is written behind `template=`: `-o 'template={fqdn} in {pool.name}'`
    Template,
}

/// A format as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    format: Format,
    /// What lines look like.
    template: String,
}

impl FromStr for Chosen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(template) = text.strip_prefix("template=") {
            return Ok(Self { format: Format::Template, template: template.to_owned() });
        }
        let names = || {
            let named = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            named.map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join(", ")
        };
        match Format::from_str(text, true) {
            Ok(Format::Template) => Err("it is written template='{name} …'".to_owned()),
            Ok(format) => Ok(Self { format, template: String::new() }),
            Err(_) => Err(format!("there are {}", names())),
        }
    }
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
    #[arg(short, long, value_name = "FORMAT", long_help = FORMATS)]
    output: Option<Chosen>,
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
  name   only what each object is called by
  template='{fqdn} in {pool.name}'  a line for each object; `\\t` and `\\n` are a tab and the end of a line";

impl OutputArguments {
    /// The format that is asked for, or the one that whoever reads it wants.
    pub(crate) fn format(&self) -> Format {
        let default = if terminal::is_read_by_people() { Format::Table } else { Format::Tsv };
        self.output.as_ref().map_or(default, |chosen| chosen.format)
    }

    /// Whether it is one object a line, also while more come.
    pub(crate) fn is_lines(&self) -> bool {
        !matches!(self.format(), Format::Json | Format::Yaml)
    }

    /// The same with one object a line where it would be a document.
    pub(crate) fn in_lines(&self) -> Self {
        let format = if self.is_lines() { self.format() } else { Format::Jsonl };
        let template = self.output.as_ref().map(|chosen| chosen.template.clone());
        let chosen = Chosen { format, template: template.unwrap_or_default() };
        Self { output: Some(chosen), ..self.clone() }
    }

    /// The same without the names of the columns.
    pub(crate) fn without_headers(&self) -> Self {
        Self { no_headers: true, ..self.clone() }
    }

    /// The rows of objects, with the columns that are asked for.
    ///
    /// # Errors
    /// There is no such column.
    pub(crate) fn sheet(&self, columns: Columns<'_>, rows: &[Value]) -> Result<Sheet, Failure> {
        let is_wide = self.format() == Format::Wide;
        let asked: Vec<String> = self.columns.iter().map(|name| age::asked_for(name)).collect();
        if !self.is_for_people() {
            return Sheet::of_objects(columns, rows, is_wide, &asked);
        }
        let now = Timestamp::now();
        let aged: Vec<Value> = rows.iter().map(|row| age::aged(row, now)).collect();
        let mut sheet = Sheet::of_objects(columns, &aged, is_wide, &asked)?;
        sheet.headers.iter_mut().for_each(age::title);
        Ok(sheet)
    }

    /// Whether it is columns that are printed, and not what the API answered.
    pub(crate) fn is_columns(&self) -> bool {
        !matches!(self.format(), Format::Json | Format::Jsonl | Format::Yaml | Format::Template)
    }

    /// Whether it is a table, which people read: words that are no rows may stand around it.
    pub(crate) fn is_for_people(&self) -> bool {
        matches!(self.format(), Format::Table | Format::Wide)
    }

    /// Whether it is read on a terminal: then what is long is cut, and what there is none of is said.
    pub(crate) fn is_shown_to_people(&self) -> bool {
        self.is_for_people() && terminal::is_read_by_people()
    }

    /// Prints one value.
    pub(crate) fn print_value(&self, value: &Value) {
        if self.is_columns() {
            say(format_args!("{}", text(value)));
        } else {
            self.print_answer(std::slice::from_ref(value), value);
        }
    }

    /// Prints one object in a line.
    pub(crate) fn print_row(&self, row: &Value) {
        match self.format() {
            Format::Template => self.print_answer(std::slice::from_ref(&row["object"]), row),
            _ => say(format_args!("{row}")),
        }
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
            self.print_cells(&self.sheet(columns, rows)?);
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
            Format::Name => say(format_args!("{}", name_of(object))),
            Format::Table | Format::Wide => self.lines_of_table(&sheet.without_headers()),
            _ => self.print_cells(&sheet.without_headers()),
        }
    }

    /// Prints what the API answered.
    pub(crate) fn print_answer(&self, rows: &[Value], answer: &Value) {
        match self.format() {
            Format::Template => {
                let template = self.output.as_ref().map_or("", |chosen| &chosen.template);
                rows.iter().for_each(|row| say(format_args!("{}", template::line(template, row))));
            }
            Format::Jsonl => rows.iter().for_each(|row| say(format_args!("{row}"))),
            Format::Yaml => say(format_args!("{}", yaml::document(answer).trim_end())),
            _ => say(format_args!("{answer:#}")),
        }
    }

    /// Prints rows with the columns that they have.
    pub(crate) fn print_cells(&self, sheet: &Sheet) {
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
