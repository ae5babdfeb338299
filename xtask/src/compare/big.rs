//! `cargo xtask compare --job big-argument`: one large object in every place, as a table, and where the ways cross.

use super::{amount, figure};
use crate::error::{Error, Result};
use crate::table::{Align, render};
use crate::{json, machine};
use serde_json::Value;

/// What the columns mean; the first words stand as they do in the table.
const LEGEND: &str = "\
hand over         until its first byte and its last one were looked at there, and that was known here
hash              the same, with its SHA-256 computed there
write             the same, with a file written there and removed
by copy           the argument is a Vec<u8>, whose making is not counted
by Blob           the argument was built where the worker can read it, and only a reference crosses

Medians of nine. Other programs that run here make all figures waver.
";

/// `100MB`, `64KiB`, `4096`: in bytes.
pub(super) fn bytes(typed: &str) -> Result<u64> {
    let at = typed.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(typed.len());
    let (number, unit) = typed.split_at(at);
    let unit: Option<u64> = match unit {
        "" | "B" => Some(1),
        "kB" | "KB" => Some(1000),
        "MB" => Some(1_000_000),
        "GB" => Some(1_000_000_000),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        "GiB" => Some(1 << 30),
        _ => None,
    };
    let bytes = number.parse::<u64>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    let bytes = bytes.filter(|bytes| (1..=1 << 30).contains(bytes));
    bytes.ok_or_else(|| Error::new(format!("--size {typed}: write it as 100MB or 64KiB, at most 1GiB")))
}

/// The table and the sentence.
pub(super) fn page(document: &Value) -> Result<String> {
    let machine = machine::sentence(&document["machine"]);
    let rows: Vec<Vec<String>> = json::list(document, "rows")?.iter().map(row).collect::<Result<_>>()?;
    let head = [
        ("object", Align::Right),
        ("place", Align::Left),
        ("hand over ms", Align::Right),
        ("hash ms", Align::Right),
        ("write ms", Align::Right),
    ];
    let table = render(&head, &rows);
    Ok(format!("on {machine}\n\n{table}\n{LEGEND}\n{}\n", json::text(document, "crossing")?))
}

fn row(row: &Value) -> Result<Vec<String>> {
    let place = match json::text(row, "way")? {
        "inline" => "inline",
        "thread" => "a thread",
        "process-by-copy" => "a process, by copy",
        "process-by-blob" => "a process, by Blob",
        other => return Err(Error::new(format!("the comparison speaks of a way called {other}"))),
    };
    let number = |field: &str| json::number(row, field).map(figure);
    Ok(vec![
        amount(json::number(row, "bytes")?),
        place.to_owned(),
        number("hand_over_ms")?,
        number("hash_ms")?,
        number("write_ms")?,
    ])
}

#[cfg(test)]
mod tests {
    use super::{bytes, page};
    use serde_json::json;

    #[test]
    fn a_size_is_a_number_with_or_without_a_unit() {
        let sizes = ["4096", "100MB", "64KiB", "1GiB"].map(|typed| bytes(typed).ok());
        assert_eq!(sizes, [Some(4096), Some(100_000_000), Some(65_536), Some(1 << 30)]);
        for typed in ["", "MB", "0", "-1", "2GiB", "1 MB", "99999999999999999999"] {
            assert!(bytes(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn the_page_has_a_row_for_each_way_and_ends_with_the_crossing() {
        let row = json!({ "bytes": 4096, "way": "process-by-copy", "hand_over_ms": 0.0312, "hash_ms": 0.05, "write_ms": 1.5 });
        let document = json!({ "machine": {}, "rows": [row], "crossing": "They cross at 1 MiB." });
        let page = page(&document).unwrap();
        assert!(page.contains("a process, by copy") && page.contains("0.031"), "{page}");
        assert!(page.ends_with("They cross at 1 MiB.\n"), "{page}");
    }
}
