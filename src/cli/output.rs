//! Results on standard output in the three formats; words and bars on standard error.

use std::io::{self, BufWriter, IsTerminal as _, Write};

use comfy_table::{ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::args::Format;
use crate::domain::Lang;

/// Where a command's result goes.
pub(super) struct Out {
    pub(super) format: Format,
    pub(super) lang: Lang,
    quiet: bool,
    stdout: BufWriter<io::Stdout>,
}

/// A column: heading in both languages, and how a row fills it.
pub(super) struct Column<'a, T>(pub &'a str, pub &'a str, pub fn(&T, Lang) -> String);

/// A list that is printed row by row, so that it may be long.
pub(super) struct List<'c, T> {
    columns: &'c [Column<'c, T>],
    rows: Vec<Vec<String>>,
    written: usize,
}

/// Rows a table may have before it is printed in parts.
const TABLE_PART: usize = 1000;

impl Out {
    pub(super) fn new(format: Format, lang: Lang, quiet: bool) -> Self {
        Self { format, lang, quiet, stdout: BufWriter::new(io::stdout()) }
    }

    pub(super) fn writer(&mut self) -> impl Write + '_ {
        &mut self.stdout
    }

    /// A word to the person, on standard error; nothing in quiet mode.
    pub(super) fn note(&self, zh: &str, en: &str) {
        if !self.quiet {
            let _ = writeln!(io::stderr(), "{}", self.pick(zh, en));
        }
    }

    pub(super) fn pick<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    /// One result: JSON as it is, otherwise the lines given.
    pub(super) fn one<T: Serialize>(&mut self, value: &T, lines: &[(&str, String)]) -> anyhow::Result<()> {
        match self.format {
            Format::Json => self.json(value),
            Format::Csv => {
                let mut csv = csv::Writer::from_writer(&mut self.stdout);
                csv.write_record(lines.iter().map(|(name, _)| *name))?;
                csv.write_record(lines.iter().map(|(_, text)| guard_cell(text)))?;
                csv.flush()?;
                Ok(())
            }
            Format::Table => {
                let wide =
                    lines.iter().map(|(name, _)| unicode_width::UnicodeWidthStr::width(*name)).max().unwrap_or(0);
                for (name, text) in lines {
                    let pad = wide - unicode_width::UnicodeWidthStr::width(*name);
                    writeln!(self.stdout, "{name}{}  {text}", " ".repeat(pad))?;
                }
                Ok(())
            }
        }
    }

    /// A JSON document.
    pub(super) fn json<T: Serialize>(&mut self, value: &T) -> anyhow::Result<()> {
        serde_json::to_writer_pretty(&mut self.stdout, value)?;
        writeln!(self.stdout)?;
        Ok(())
    }

    /// A JSON document for scripts, where people have been told in words.
    pub(super) fn json_only<T: Serialize>(&mut self, value: &T) -> anyhow::Result<()> {
        if self.format == Format::Json { self.json(value) } else { Ok(()) }
    }

    /// A plain line.
    pub(super) fn line(&mut self, text: &str) -> anyhow::Result<()> {
        writeln!(self.stdout, "{text}")?;
        Ok(())
    }

    /// Begins a list.
    pub(super) fn list<'c, T: Serialize>(&mut self, columns: &'c [Column<'c, T>]) -> anyhow::Result<List<'c, T>> {
        match self.format {
            Format::Json => write!(self.stdout, "[")?,
            Format::Csv => self.csv_row(columns.iter().map(|c| self.pick(c.0, c.1).to_owned()).collect())?,
            Format::Table => {}
        }
        Ok(List { columns, rows: Vec::new(), written: 0 })
    }

    fn csv_row(&mut self, cells: Vec<String>) -> anyhow::Result<()> {
        let mut csv = csv::Writer::from_writer(&mut self.stdout);
        csv.write_record(cells)?;
        csv.flush()?;
        Ok(())
    }

    /// Adds a row to a list.
    pub(super) fn row<T: Serialize>(&mut self, list: &mut List<'_, T>, row: &T) -> anyhow::Result<()> {
        let cells = || list.columns.iter().map(|c| c.2(row, self.lang)).collect::<Vec<_>>();
        match self.format {
            Format::Json => {
                write!(self.stdout, "{}", if list.written == 0 { "\n" } else { ",\n" })?;
                serde_json::to_writer(&mut self.stdout, row)?;
            }
            Format::Csv => {
                let cells = cells().iter().map(|cell| guard_cell(cell)).collect();
                self.csv_row(cells)?;
            }
            Format::Table => {
                let cells = cells();
                list.rows.push(cells);
                if list.rows.len() >= TABLE_PART {
                    self.table_part(list)?;
                }
            }
        }
        list.written += 1;
        Ok(())
    }

    /// Ends a list; a table says how many rows it had.
    pub(super) fn end<T: Serialize>(&mut self, mut list: List<'_, T>) -> anyhow::Result<()> {
        match self.format {
            Format::Json => writeln!(self.stdout, "{}]", if list.written == 0 { "" } else { "\n" })?,
            Format::Csv => {}
            Format::Table => {
                self.table_part(&mut list)?;
                let count = list.written;
                self.stdout.flush()?;
                self.note(&format!("共{count}条"), &format!("{count} in all"));
            }
        }
        Ok(())
    }

    fn table_part<T>(&mut self, list: &mut List<'_, T>) -> anyhow::Result<()> {
        if list.rows.is_empty() {
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(terminal_width());
        table.set_header(list.columns.iter().map(|c| self.pick(c.0, c.1)));
        for row in list.rows.drain(..) {
            table.add_row(row);
        }
        writeln!(self.stdout, "{table}")?;
        Ok(())
    }

    /// A bar on standard error; silent where that is no terminal.
    pub(super) fn bar(&self, total: u64, zh: &str, en: &str) -> ProgressBar {
        if self.quiet || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{msg} [{bar:32}] {pos}/{len} {per_sec} {eta}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("█▉ ");
        ProgressBar::new(total).with_style(style).with_message(self.pick(zh, en).to_owned())
    }

    /// Pushes everything out; a reader that went away (`| head`) is no error.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        match self.stdout.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => Ok(done?),
        }
    }
}

/// Keeps a spreadsheet from taking a cell for a formula.
fn guard_cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// The terminal's width; a file is written wide.
fn terminal_width() -> u16 {
    const WIDE: u16 = 160;
    if !io::stdout().is_terminal() {
        return WIDE;
    }
    let columns = std::process::Command::new("tput").arg("cols").stderr(std::process::Stdio::inherit()).output();
    columns.ok().and_then(|said| String::from_utf8_lossy(&said.stdout).trim().parse().ok()).unwrap_or(WIDE)
}
