//! The matrix as data, and as it is printed: in the terminal and in the book. Its raw part is a table of its own.

use super::raw::RAW;
use crate::error::Result;
use crate::report::{Tally, speaks_of_this_machine};
use crate::table::{Align, render};
use crate::{json, machine};
use serde_json::Value;

/// The end of the page: a table that a test of the suite compares with what it tries.
const BROKEN: &str = "\n## What the suite catches\n\n\
    Each of these breaks one promise on purpose, and the suite must name it: \
    `cargo test -p anyloop-conformance broken` tries them, and compares this table with what it found.\n\n\
    {{#include ../../crates/conformance/broken.md}}\n";

/// What one run of the suite found.
#[derive(Debug)]
pub(crate) struct Matrix {
    machine: String,
    /// In the order of the suite.
    columns: Vec<Column>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// Its cells are promises. What a bare runtime does is an observation, which cannot fail.
    ours: bool,
    /// Its cells were recorded elsewhere, for some of the rows; what was not recorded is no hole.
    recorded: bool,
    /// What there is to say about it.
    note: Option<String>,
    /// What it is: `loop`, `executor`, `primitive`.
    subject: String,
}

#[derive(Debug)]
struct Row {
    id: String,
    sentence: String,
    level: String,
    origin: String,
    /// Why it is asked in another way than its origin does.
    adapted: Option<String>,
    /// What it speaks of; it has cells for those columns only.
    subject: String,
    /// One a column of the whole matrix.
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
        let subject = |value: &Value| value.as_str().unwrap_or("loop").to_owned();
        let column = |column: &Value| {
            let name = json::text(column, "name")?.to_owned();
            let recorded = column["kind"] == "recorded";
            let note = column["note"].as_str().map(str::to_owned);
            let ours = recorded || column["kind"] == "ours";
            Ok(Column { name, ours, recorded, note, subject: subject(&column["subject"]) })
        };
        let promised = |value: &&Value| value["kind"] != RAW && value["subject"] != RAW;
        let columns = json::list(document, "columns")?.iter().filter(promised);
        let columns: Vec<Column> = columns.map(column).collect::<Result<_>>()?;
        let row = |behaviour: &Value| {
            let text = |field: &str| json::text(behaviour, field).map(str::to_owned);
            Ok(Row {
                id: text("id")?,
                sentence: text("sentence")?,
                level: text("level")?,
                origin: text("origin")?,
                adapted: behaviour["adapted"].as_str().map(str::to_owned),
                subject: subject(&behaviour["kind"]),
                cells: columns.iter().map(|column| Cell::read(&behaviour["cells"][&column.name])).collect(),
            })
        };
        let rows = json::list(document, "behaviours")?.iter().filter(promised);
        let rows = rows.map(row).collect::<Result<_>>()?;
        Ok(Self { machine: machine::sentence(&document["machine"]), columns, rows })
    }

    /// Each cell that there has to be.
    fn cells(&self) -> impl Iterator<Item = (&Row, &Column, &Cell)> {
        self.rows.iter().flat_map(|row| {
            let cells = self.columns.iter().zip(&row.cells).map(move |(column, cell)| (row, column, cell));
            cells.filter(|(row, column, cell)| {
                row.subject == column.subject && !(column.recorded && **cell == Cell::Absent)
            })
        })
    }

    /// Each promise on each column is one count; a whole column that could not run is one skip.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for (row, column, cell) in self.cells().filter(|(_, column, _)| column.ours) {
            let what = format!("{} on {}", row.id, column.name);
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
        for column in self.columns.iter().filter(|column| column.ours) {
            if let Some(why) = self.column_reason(column) {
                tally.blocked.push(format!("conformance on {}: {why}", column.name));
            }
        }
        tally
    }

    /// Why nothing in a column ran: the one reason that all of its cells share.
    fn column_reason(&self, column: &Column) -> Option<&String> {
        let mut cells = self.cells().filter(|(_, of, _)| of.name == column.name).map(|(_, _, cell)| cell);
        let Cell::Skip(first) = cells.next()? else { return None };
        let shared = cells.all(|cell| matches!(cell, Cell::Skip(why) if why == first));
        (shared && !first.is_empty()).then_some(first)
    }

    /// The subjects, in order of their first row.
    fn subjects(&self) -> Vec<&str> {
        let mut subjects: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !subjects.contains(&row.subject.as_str()) {
                subjects.push(&row.subject);
            }
        }
        subjects
    }

    /// The names of the columns of one subject, and its rows with their marks.
    fn part<'a>(&'a self, subject: &str) -> (Vec<&'a str>, Vec<(&'a Row, Vec<&'a str>)>) {
        let of_subject = |column: &&Column| column.subject == subject;
        let names = self.columns.iter().filter(of_subject).map(|column| column.name.as_str()).collect();
        let marks = |row: &'a Row| {
            let cells = self.columns.iter().zip(&row.cells).filter(|(column, _)| of_subject(column));
            cells.map(|(_, cell)| cell.mark()).collect()
        };
        let rows = self.rows.iter().filter(|row| row.subject == subject);
        (names, rows.map(|row| (row, marks(row))).collect())
    }

    /// For the terminal: a mark a cell, the reasons below.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        for subject in self.subjects() {
            let (names, rows) = self.part(subject);
            let title = format!("{subject} behaviour");
            let mut head = vec![(title.as_str(), Align::Left), ("level", Align::Left)];
            head.extend(names.into_iter().map(|name| (name, Align::Left)));
            let row = |(row, marks): &(&Row, Vec<&str>)| {
                let fixed = [row.id.as_str(), row.level.as_str()];
                fixed.iter().chain(marks).map(|cell| (*cell).to_owned()).collect()
            };
            text += &render(&head, &rows.iter().map(row).collect::<Vec<_>>());
            text += "\n";
        }
        self.reasons().iter().for_each(|line| text += &format!("{line}\n"));
        self.notes().for_each(|note| text += &format!("{note}\n"));
        let (rows, columns, counts) = (self.rows.len(), self.columns.len(), self.tally().counts());
        text + &format!("{rows} behaviours, {columns} columns: {counts}\non {}\n", self.machine)
    }

    /// One line for each row and reason why cells of it are not green; one for a whole column.
    fn reasons(&self) -> Vec<String> {
        let whole = self.columns.iter().filter_map(|column| {
            Some(format!("– {}, all of it: {}", column.name, self.column_reason(column)?))
        });
        let mut lines: Vec<String> = whole.collect();
        // The columns of one row that share a mark and a reason.
        let mut shared: Vec<(&str, &str, String, Vec<&str>)> = Vec::new();
        for (row, column, cell) in self.cells() {
            let why = match cell {
                Cell::Fail(why) => why,
                Cell::Skip(why) if self.column_reason(column) != Some(why) => why,
                _ => continue,
            };
            let by_design = matches!(cell, Cell::Skip(_)) && !speaks_of_this_machine(why);
            let why = if by_design { format!("does not apply: {why}") } else { why.clone() };
            match shared
                .iter_mut()
                .find(|(mark, id, of, _)| (*mark, *id, of) == (cell.mark(), row.id.as_str(), &why))
            {
                Some((.., columns)) => columns.push(&column.name),
                None => shared.push((cell.mark(), &row.id, why, vec![&column.name])),
            }
        }
        let line = |(mark, id, why, columns): (&str, &str, String, Vec<&str>)| {
            format!("{mark} {id} on {}: {why}", columns.join(", "))
        };
        lines.extend(shared.into_iter().map(line));
        lines
    }

    /// What there is to say about columns.
    fn notes(&self) -> impl Iterator<Item = &String> {
        self.columns.iter().filter_map(|column| column.note.as_ref())
    }

    /// For the book. Without the machine: the page must not differ from one machine to the next.
    pub(crate) fn page(&self) -> String {
        let mut text = String::from(
            "# Conformance matrix\n\nWritten by `cargo xtask conformance --bless`; do not edit.\n\n\
             ✔ holds; ✘ does not; – does not apply, with the reason below.\n\
             What is adapted is asked in another way than CPython's own test does; why stands below, too.\n",
        );
        self.notes().for_each(|note| text += &format!("{note}\n"));
        for subject in self.subjects() {
            let (names, rows) = self.part(subject);
            text += &format!("\n## What every {subject} does\n\n");
            text += &format!("| behaviour | what holds | level | origin | {} |\n", names.join(" | "));
            text += &format!("| --- | --- | --- | --- |{}\n", " --- |".repeat(names.len()));
            for (row, marks) in rows {
                let adapted = if row.adapted.is_some() { ", adapted" } else { "" };
                let level = format!("{}{adapted}", row.level);
                let cells = [&format!("`{}`", row.id), &row.sentence, &level, &row.origin];
                let fixed = cells.map(|cell| cell.replace('|', "\\|")).join(" | ");
                text += &format!("| {fixed} | {} |\n", marks.join(" | "));
            }
        }
        let reasons = self.reasons();
        if !reasons.is_empty() {
            text += "\n## Why not\n\n";
            reasons.iter().for_each(|line| text += &format!("* {line}\n"));
        }
        let adapted = self.rows.iter().filter_map(|row| Some((&row.id, row.adapted.as_ref()?)));
        let adapted: Vec<_> = adapted.map(|(id, why)| format!("* `{id}`: {why}\n")).collect();
        if !adapted.is_empty() {
            text += &format!("\n## What is adapted\n\n{}", adapted.concat());
        }
        text + BROKEN
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
    fn a_behaviour_of_executors_has_no_cells_for_loops() {
        let columns = json!([{ "name": "native", "kind": "ours", "subject": "loop" },
                             { "name": "threads", "kind": "ours", "subject": "executor" }]);
        let row = |id: &str, kind: &str, column: &str| json!({ "id": id, "kind": kind, "sentence": "b", "level": "MUST", "origin": "c", "cells": { column: "pass" } });
        let rows = [row("loop.a", "loop", "native"), row("executor.a", "executor", "threads")];
        let matrix = Matrix::read(&json!({ "machine": {}, "columns": columns, "behaviours": rows })).unwrap();
        assert_eq!(matrix.tally().counts(), "2 passed, 0 failed, 0 skipped");
        assert!(matrix.table().contains("executor behaviour"), "{}", matrix.table());
        assert!(matrix.page().contains("| `executor.a` | b | MUST | c | ✔ |"), "{}", matrix.page());
    }

    #[test]
    fn what_is_adapted_says_so_in_its_row_and_why_below() {
        let columns = json!([{ "name": "native", "kind": "ours" }]);
        let row = json!({ "id": "a", "sentence": "b", "level": "MUST", "origin": "c", "adapted": "No form.", "cells": { "native": "pass" } });
        let document = json!({ "machine": {}, "columns": columns, "behaviours": [row] });
        let page = Matrix::read(&document).unwrap().page();
        assert!(page.contains("| `a` | b | MUST, adapted | c | ✔ |"), "{page}");
        assert!(page.contains("\n## What is adapted\n\n* `a`: No form.\n"), "{page}");
    }

    #[test]
    fn a_recorded_column_has_cells_for_some_rows_and_a_note_and_can_fail() {
        let columns = json!([{ "name": "native", "kind": "ours" },
                             { "name": "cpython", "kind": "recorded", "note": "A recording." }]);
        let row = |id: &str, cells: Value| json!({ "id": id, "sentence": "b", "level": "MUST", "origin": "c", "cells": cells });
        let rows = [
            row("loop.a", json!({ "native": "pass" })),
            row("loop.b", json!({ "native": "pass", "cpython": "pass" })),
            row("loop.c", json!({ "native": "pass", "cpython": "fail: it was edited" })),
        ];
        let matrix = Matrix::read(&json!({ "machine": {}, "columns": columns, "behaviours": rows })).unwrap();
        assert_eq!(matrix.tally().counts(), "4 passed, 1 failed, 0 skipped");
        assert!(matrix.page().contains("\nA recording.\n") && matrix.table().contains("\nA recording.\n"));
        assert!(matrix.page().contains("| `loop.a` | b | MUST | c | ✔ |  |"), "{}", matrix.page());
    }

    #[test]
    fn the_page_has_a_row_a_behaviour() {
        let page = matrix(&["pass"], &["pass"]).page();
        assert!(page.contains("| `loop.b0` | It holds. | MUST | asyncio | ✔ | ✔ |"), "{page}");
    }

    #[test]
    fn columns_that_share_a_reason_share_a_line_and_those_that_do_not_do_not() {
        let matrix = matrix(&["skip: a call", "fail: it hung"], &["skip: a call", "pass"]);
        let reasons = matrix.reasons();
        assert_eq!(
            reasons,
            ["– loop.b0 on native, glommio: does not apply: a call", "✘ loop.b1 on native: it hung"]
        );
        assert_eq!(matrix.tally().counts(), "1 passed, 1 failed, 2 skipped");
    }

    #[test]
    fn the_page_ends_with_what_the_suite_catches() {
        let page = matrix(&["pass"], &["pass"]).page();
        assert!(page.ends_with("{{#include ../../crates/conformance/broken.md}}\n"), "{page}");
    }
}
