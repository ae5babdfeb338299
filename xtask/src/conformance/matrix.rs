//! The matrix as data, and as it is printed: in the terminal and in the book.

use crate::error::Result;
use crate::report::Tally;
use crate::table::{Align, render};
use crate::{json, machine};
use serde_json::Value;

/// What one run of the suite found.
#[derive(Debug)]
pub(crate) struct Matrix {
    machine: String,
    /// Names, ours first, as the suite gave them.
    columns: Vec<String>,
    /// Those whose cells are promises. What a bare runtime does is an observation, which cannot fail.
    ours: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    id: String,
    sentence: String,
    level: String,
    origin: String,
    /// One a column.
    cells: Vec<Cell>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Cell {
    Pass,
    Fail(String),
    /// The reason; empty when none was given, which is a failure.
    Skip(String),
    /// What a bare runtime was seen to do.
    Seen(String),
    Absent,
}

impl Cell {
    fn read(value: &Value) -> Self {
        let Some(text) = value.as_str() else { return Self::Absent };
        let (head, why) = text.split_once(':').map_or((text, ""), |(head, why)| (head, why.trim()));
        match head {
            "pass" => Self::Pass,
            "fail" => Self::Fail(why.to_owned()),
            "skip" => Self::Skip(why.to_owned()),
            _ => Self::Seen(text.to_owned()),
        }
    }

    fn mark(&self) -> &str {
        match self {
            Self::Pass => "✔",
            Self::Fail(_) => "✘",
            Self::Skip(_) => "–",
            Self::Seen(text) => text,
            Self::Absent => "",
        }
    }
}

impl Matrix {
    pub(crate) fn read(document: &Value) -> Result<Self> {
        let columns = json::list(document, "columns")?;
        let name = |column: &Value| json::text(column, "name").map(str::to_owned);
        let names: Vec<String> = columns.iter().map(name).collect::<Result<_>>()?;
        let ours =
            columns.iter().filter(|column| column["kind"] == "ours").map(name).collect::<Result<_>>()?;
        let row = |behaviour: &Value| {
            let text = |field: &str| json::text(behaviour, field).map(str::to_owned);
            Ok(Row {
                id: text("id")?,
                sentence: text("sentence")?,
                level: text("level")?,
                origin: text("origin")?,
                cells: names.iter().map(|name| Cell::read(&behaviour["cells"][name])).collect(),
            })
        };
        let rows = json::list(document, "behaviours")?.iter().map(row).collect::<Result<_>>()?;
        let machine = machine::sentence(&document["machine"]);
        Ok(Self { machine, columns: names, ours, rows })
    }

    fn cells(&self) -> impl Iterator<Item = (&Row, &str, &Cell)> {
        self.rows.iter().flat_map(|row| {
            self.columns.iter().zip(&row.cells).map(move |(column, cell)| (row, column.as_str(), cell))
        })
    }

    /// Each promise on each runtime is one count; a whole column that could not run is one skip.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for (row, column, cell) in self.cells().filter(|(_, column, _)| self.is_ours(column)) {
            let what = format!("{} on {column}", row.id);
            match cell {
                Cell::Pass => tally.passed += 1,
                Cell::Fail(why) => tally.failed.push(format!("{what}: {why}")),
                Cell::Skip(why) if why.is_empty() => {
                    tally.failed.push(format!("{what}: skipped without a reason"))
                }
                Cell::Skip(why) if self.column_reason(column) == Some(why) => {}
                Cell::Skip(why) => tally.skip(&what, why),
                Cell::Seen(text) => tally.failed.push(format!("{what}: neither pass, fail nor skip: {text}")),
                Cell::Absent => tally.failed.push(format!("{what}: the suite gave no cell")),
            }
        }
        for column in &self.ours {
            if let Some(why) = self.column_reason(column) {
                tally.blocked.push(format!("conformance on {column}: {why}"));
            }
        }
        tally
    }

    fn is_ours(&self, column: &str) -> bool {
        self.ours.iter().any(|ours| ours == column)
    }

    /// Why nothing in a column ran: the one reason that all of its cells share.
    fn column_reason(&self, column: &str) -> Option<&String> {
        let at = self.columns.iter().position(|name| name == column)?;
        let Cell::Skip(first) = &self.rows.first()?.cells[at] else { return None };
        let shared = self.rows.iter().all(|row| matches!(&row.cells[at], Cell::Skip(why) if why == first));
        (shared && !first.is_empty()).then_some(first)
    }

    /// For the terminal: a mark a cell, the reasons below.
    pub(crate) fn table(&self) -> String {
        let mut head = vec![("behaviour", Align::Left), ("level", Align::Left)];
        head.extend(self.columns.iter().map(|column| (column.as_str(), Align::Left)));
        let row = |row: &Row| {
            let fixed = [row.id.clone(), row.level.clone()];
            fixed.into_iter().chain(row.cells.iter().map(|cell| cell.mark().to_owned())).collect()
        };
        let rows: Vec<Vec<String>> = self.rows.iter().map(row).collect();
        let mut text = render(&head, &rows);
        for line in self.reasons() {
            text += &format!("{line}\n");
        }
        let tally = self.tally();
        text +=
            &format!("{} behaviours, {} columns: {}\n", self.rows.len(), self.columns.len(), tally.counts());
        text + &format!("on {}\n", self.machine)
    }

    /// One line for each cell that is not green; one for a whole column.
    fn reasons(&self) -> Vec<String> {
        let whole = self
            .columns
            .iter()
            .filter_map(|column| Some(format!("– {column}, all of it: {}", self.column_reason(column)?)));
        let single = self.cells().filter_map(|(row, column, cell)| match cell {
            Cell::Fail(why) => Some(format!("✘ {} on {column}: {why}", row.id)),
            Cell::Skip(why) if self.column_reason(column) != Some(why) => {
                Some(format!("– {} on {column}: {why}", row.id))
            }
            _ => None,
        });
        whole.chain(single).collect()
    }

    /// For the book. Without the machine: the page must not differ from one machine to the next.
    pub(crate) fn page(&self) -> String {
        let mut text = String::from(
            "# Conformance matrix\n\nWritten by `cargo xtask conformance --bless`; do not edit.\n\n\
             ✔ holds; ✘ does not; – does not apply, with the reason below.\n\n",
        );
        text += &format!("| behaviour | what holds | level | origin | {} |\n", self.columns.join(" | "));
        text += &format!("| --- | --- | --- | --- |{}\n", " --- |".repeat(self.columns.len()));
        for row in &self.rows {
            let marks: Vec<&str> = row.cells.iter().map(Cell::mark).collect();
            let cells = [&format!("`{}`", row.id), &row.sentence, &row.level, &row.origin];
            let fixed = cells.map(|cell| cell.replace('|', "\\|")).join(" | ");
            text += &format!("| {fixed} | {} |\n", marks.join(" | "));
        }
        let reasons = self.reasons();
        if !reasons.is_empty() {
            text += "\n";
            reasons.iter().for_each(|line| text += &format!("* {line}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Matrix;
    use crate::report::Verdict;
    use serde_json::{Value, json};

    fn matrix(native: &[&str], glommio: &[&str]) -> Matrix {
        let behaviour = |(at, cells): (usize, (&&str, &&str))| {
            json!({ "id": format!("loop.b{at}"), "sentence": "It holds.", "level": "MUST", "origin": "asyncio",
                    "cells": { "native": cells.0, "glommio": cells.1 } })
        };
        let rows: Vec<Value> = native.iter().zip(glommio).enumerate().map(behaviour).collect();
        let columns = json!([{ "name": "native", "kind": "ours" }, { "name": "glommio", "kind": "ours" }]);
        Matrix::read(&json!({ "machine": {}, "columns": columns, "behaviours": rows })).unwrap()
    }

    #[test]
    fn a_failing_cell_is_red_and_says_why() {
        let matrix = matrix(&["pass"], &["fail: it hung"]);
        assert_eq!(matrix.tally().failed, ["loop.b0 on glommio: it hung"]);
        assert!(matrix.table().contains("✘ loop.b0 on glommio: it hung"));
    }

    #[test]
    fn a_skip_without_a_reason_is_red() {
        assert_eq!(matrix(&["pass"], &["skip: "]).tally().verdict(false), Verdict::Red);
    }

    #[test]
    fn a_column_that_could_not_run_is_one_skip_and_red_under_strict() {
        let why = "skip: no git; cure: install git";
        let tally = matrix(&["pass", "pass"], &[why, why]).tally();
        assert_eq!(tally.counts(), "2 passed, 0 failed, 1 skipped");
        assert_eq!((tally.verdict(false), tally.verdict(true)), (Verdict::Green, Verdict::Red));
    }

    #[test]
    fn a_cell_that_does_not_apply_stays_green_under_strict() {
        let tally = matrix(&["pass", "pass"], &["pass", "skip: completion, not readiness"]).tally();
        assert_eq!(tally.counts(), "3 passed, 0 failed, 1 skipped");
        assert_eq!(tally.verdict(true), Verdict::Green);
    }

    #[test]
    fn a_missing_cell_is_red() {
        let columns = json!([{ "name": "native", "kind": "ours" }]);
        let behaviour = json!({ "id": "a", "sentence": "b", "level": "MUST", "origin": "c", "cells": {} });
        let document = json!({ "machine": {}, "columns": columns, "behaviours": [behaviour] });
        assert_eq!(Matrix::read(&document).unwrap().tally().verdict(false), Verdict::Red);
    }

    #[test]
    fn the_page_has_a_row_a_behaviour() {
        let page = matrix(&["pass"], &["pass"]).page();
        assert!(page.contains("| `loop.b0` | It holds. | MUST | asyncio | ✔ | ✔ |"), "{page}");
    }
}
