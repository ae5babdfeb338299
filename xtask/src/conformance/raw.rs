//! The raw columns: what each runtime does without the loop, as it is printed. Words, which cannot fail.

use crate::error::Result;
use crate::table::{Align, render};
use crate::{json, machine};
use serde_json::Value;

/// What the suite calls its raw rows and columns.
pub(super) const RAW: &str = "raw";

/// What the raw part of one run found.
#[derive(Debug)]
pub(super) struct Raw {
    machine: String,
    /// Our rule first, then the raw runtimes, in the order of the suite.
    columns: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    id: String,
    sentence: String,
    /// Our behaviour that proves the rule.
    behaviour: Option<String>,
    /// One a column.
    cells: Vec<String>,
}

impl Raw {
    pub(super) fn read(document: &Value) -> Result<Self> {
        let columns = json::list(document, "columns")?.iter().filter(|column| column["subject"] == RAW);
        let columns: Vec<String> =
            columns.map(|column| json::text(column, "name").map(str::to_owned)).collect::<Result<_>>()?;
        let row = |row: &Value| {
            let cells = columns.iter().map(|column| json::text(&row["cells"], column).map(str::to_owned));
            Ok(Row {
                id: json::text(row, "id")?.to_owned(),
                sentence: json::text(row, "sentence")?.to_owned(),
                behaviour: row["behaviour"].as_str().map(str::to_owned),
                cells: cells.collect::<Result<_>>()?,
            })
        };
        let rows = json::list(document, "behaviours")?.iter().filter(|row| row["kind"] == RAW);
        let rows = rows.map(row).collect::<Result<_>>()?;
        Ok(Self { machine: machine::sentence(&document["machine"]), columns, rows })
    }

    /// For the terminal.
    pub(super) fn table(&self) -> String {
        let mut head = vec![("raw difference", Align::Left)];
        head.extend(self.columns.iter().map(|name| (name.as_str(), Align::Left)));
        let row = |row: &Row| {
            let cells = row.cells.iter().map(|cell| mark(cell).to_owned());
            std::iter::once(row.id.clone()).chain(cells).collect()
        };
        let mut text = render(&head, &self.rows.iter().map(row).collect::<Vec<_>>());
        text += "\n";
        self.reasons().iter().for_each(|line| text += &format!("{line}\n"));
        let (rows, columns) = (self.rows.len(), self.columns.len().saturating_sub(1));
        text + &format!(
            "{rows} differences, {columns} raw runtimes: observed, neither passed nor failed\non {}\n",
            self.machine
        )
    }

    /// Why something was not looked at; one line for a whole column.
    fn reasons(&self) -> Vec<String> {
        let of_column = |(at, name): (usize, &String)| {
            let skipped =
                |row: &'_ Row| Some((row.id.clone(), row.cells[at].strip_prefix("skip: ")?.to_owned()));
            let skips: Vec<(String, String)> = self.rows.iter().filter_map(skipped).collect();
            match skips.first() {
                Some((_, why))
                    if skips.len() == self.rows.len() && skips.iter().all(|(_, other)| other == why) =>
                {
                    vec![format!("– {name}, all of it: {why}")]
                }
                _ => skips.iter().map(|(id, why)| format!("– {id} on {name}: {why}")).collect(),
            }
        };
        self.columns.iter().enumerate().flat_map(of_column).collect()
    }

    /// For the book: a table of words, then what each row asks, with our proof.
    pub(super) fn page(&self) -> String {
        let escape = |text: &str| text.replace('|', "\\|");
        let mut text = String::from(
            "# The runtimes compared\n\n\
             What tokio, smol and glommio do where their contracts differ, each without our loop; and what the loop does on all of them.\n\n\
             Written by `cargo xtask conformance --raw --bless`; do not edit.\n\n\
             Every cell was observed in a process of its own, with a deadline: some of this hangs.\n\
             What several threads have a part in was looked at five times; what was not the same each time `varies`.\n\
             A dash was not looked at, with the reason below.\n\n\
             `tokio-local` is a `LocalSet` on a current-thread runtime, `tokio-threads` has two workers, `smol-local` is a `LocalExecutor`, `smol-global` is `smol::spawn`.\n\n",
        );
        text += &format!("| | {} |\n", self.columns.join(" | "));
        text += &format!("| --- |{}\n", " --- |".repeat(self.columns.len()));
        for row in &self.rows {
            let cells: Vec<_> = row.cells.iter().map(|cell| escape(mark(cell))).collect();
            text += &format!("| `{}` | {} |\n", row.id, cells.join(" | "));
        }
        text += "\n## What each row asks\n\n| | | ours is proven by |\n| --- | --- | --- |\n";
        for row in &self.rows {
            let proof = row.behaviour.as_ref().map(|id| format!("`{id}`")).unwrap_or_default();
            text += &format!("| `{}` | {} | {proof} |\n", row.id, escape(&row.sentence));
        }
        text += "\nThe proofs stand in the [conformance matrix](./conformance-matrix.md).\n\
                 Where none is named, a test takes the same look at our own loop and compares.\n";
        let reasons = self.reasons();
        if !reasons.is_empty() {
            text += "\n## Why not\n\n";
            reasons.iter().for_each(|line| text += &format!("* {line}\n"));
        }
        text
    }
}

/// A cell as it stands in a table.
fn mark(cell: &str) -> &str {
    if cell.starts_with("skip: ") { "–" } else { cell }
}

#[cfg(test)]
mod tests {
    use super::Raw;
    use crate::conformance::matrix::Matrix;
    use crate::report::Verdict;
    use serde_json::{Value, json};

    fn document() -> Value {
        json!({
            "machine": {},
            "columns": [{ "name": "native", "kind": "ours", "subject": "loop" },
                        { "name": "anyloop", "kind": "rule", "subject": "raw" },
                        { "name": "raw-a", "kind": "raw", "subject": "raw" },
                        { "name": "raw-b", "kind": "raw", "subject": "raw" },
                        { "name": "raw-c", "kind": "raw", "subject": "raw" }],
            "behaviours": [
                { "id": "loop.a", "kind": "loop", "sentence": "It holds.", "level": "MUST", "origin": "o",
                  "cells": { "native": "pass" } },
                { "id": "raw.x", "kind": "raw", "sentence": "What x does.", "level": "MAY", "origin": "observed",
                  "behaviour": "loop.a",
                  "cells": { "anyloop": "goes on", "raw-a": "fail: hangs", "raw-b": "skip: no x here", "raw-c": "skip: no io_uring" } },
                { "id": "raw.y", "kind": "raw", "sentence": "What y does.", "level": "MAY", "origin": "observed",
                  "cells": { "anyloop": "stops", "raw-a": "stops", "raw-b": "hangs", "raw-c": "skip: no io_uring" } },
            ],
        })
    }

    #[test]
    fn words_stand_in_a_table_of_their_own_with_our_rule_first() {
        let table = Raw::read(&document()).unwrap().table();
        assert!(table.contains("raw difference  anyloop  raw-a        raw-b  raw-c\n"), "{table}");
        assert!(table.contains("raw.x           goes on  fail: hangs  –      –\n"), "{table}");
        assert!(table.contains("– raw.x on raw-b: no x here\n"), "{table}");
        assert!(table.contains("2 differences, 3 raw runtimes"), "{table}");
    }

    #[test]
    fn the_page_names_the_sentence_and_our_proof() {
        let page = Raw::read(&document()).unwrap().page();
        assert!(page.contains("| `raw.x` | goes on | fail: hangs | – | – |"), "{page}");
        assert!(page.contains("| `raw.x` | What x does. | `loop.a` |"), "{page}");
        assert!(
            page.contains("* – raw.x on raw-b: no x here\n* – raw-c, all of it: no io_uring\n"),
            "{page}"
        );
    }

    #[test]
    fn no_word_of_a_raw_column_fails_or_enters_the_matrix() {
        let matrix = Matrix::read(&document()).unwrap();
        assert_eq!(matrix.tally().verdict(true), Verdict::Green);
        assert_eq!(matrix.tally().counts(), "1 passed, 0 failed, 0 skipped");
        assert!(!matrix.page().contains("raw") && !matrix.table().contains("raw"), "{}", matrix.page());
        assert!(matrix.table().contains("1 behaviours, 1 columns"), "{}", matrix.table());
    }

    #[test]
    fn a_missing_cell_is_an_error_that_names_it() {
        let mut document = document();
        document["behaviours"][1]["cells"].as_object_mut().unwrap().remove("raw-b");
        assert!(Raw::read(&document).unwrap_err().to_string().contains("raw-b"));
    }
}
