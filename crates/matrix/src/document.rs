//! The matrix as JSON, written by hand: it is flat, and this saves a dependency.

use crate::columns::Column;
use crate::raw::{Difference, OURS, Table};
use conformance::{Behaviour, Executors, Kind, Loops, Primitives};
use std::fmt::{self, Write};

/// A text as JSON.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                '\n' => f.write_str("\\n")?,
                control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}

/// All behaviours, one a line.
pub(crate) fn list() -> String {
    lines::<Loops>() + &lines::<Executors>() + &lines::<Primitives>()
}

fn lines<K: Kind>() -> String {
    let line = |behaviour: &Behaviour<K>| {
        format!("{:9} {:7} {}: {}\n", K::NAME, behaviour.level.to_string(), behaviour.id, behaviour.sentence)
    };
    K::behaviours().iter().map(line).collect()
}

/// The whole matrix. A behaviour has cells for the columns of its own kind only.
pub(crate) fn matrix(columns: &[Column], raw: Option<&Table>) -> String {
    let mut heads: Vec<_> =
        columns.iter().map(|Column { name, subject, .. }| head(name, "ours", subject)).collect();
    let mut rows = rows::<Loops>(columns);
    rows.extend(self::rows::<Executors>(columns));
    rows.extend(self::rows::<Primitives>(columns));
    if let Some(raw) = raw {
        heads.push(head(OURS, "rule", RAW));
        heads.extend(raw.columns.iter().map(|(name, _)| head(name, RAW, RAW)));
        rows.extend(raw_rows(raw));
    }
    format!(
        "{{\n  \"columns\": [\n{}\n  ],\n  \"behaviours\": [\n{}\n  ]\n}}\n",
        heads.join(",\n"),
        rows.join(",\n")
    )
}

/// What the raw rows and columns are called.
const RAW: &str = "raw";

fn head(name: &str, kind: &str, subject: &str) -> String {
    format!("    {{\"name\": {}, \"kind\": \"{kind}\", \"subject\": {}}}", Text(name), Text(subject))
}

/// A row a difference: our rule, then what was seen of each raw runtime.
fn raw_rows(Table { differences, columns }: &Table) -> Vec<String> {
    let row = |(number, difference): (usize, &Difference)| {
        let mut cells = vec![format!("{}: {}", Text(OURS), Text(difference.ours))];
        let seen = columns.iter().map(|(name, words)| format!("{}: {}", Text(name), Text(&words[number])));
        cells.extend(seen);
        let proof = difference.behaviour.map(|id| format!(", \"behaviour\": {}", Text(id)));
        format!(
            "    {{\"id\": {}, \"kind\": \"{RAW}\", \"sentence\": {}, \"level\": \"MAY\", \"origin\": \"observed\"{}, \"cells\": {{{}}}}}",
            Text(&format!("raw.{}", difference.id)),
            Text(difference.sentence),
            proof.unwrap_or_default(),
            cells.join(", ")
        )
    };
    differences.iter().enumerate().map(row).collect()
}

fn rows<K: Kind>(columns: &[Column]) -> Vec<String> {
    K::behaviours().iter().filter_map(|behaviour| row(behaviour, columns)).collect()
}

/// A row, if a column of its kind was asked for.
fn row<K: Kind>(behaviour: &Behaviour<K>, columns: &[Column]) -> Option<String> {
    let cells: Vec<_> = columns
        .iter()
        .filter_map(|column| {
            let (_, outcome) = column.cells.iter().find(|(id, _)| *id == behaviour.id)?;
            Some(format!("{}: {}", Text(column.name), Text(&outcome.to_string())))
        })
        .collect();
    let Behaviour { id, sentence, level, origin, adapted, .. } = behaviour;
    let adapted = adapted.map(|why| format!(", \"adapted\": {}", Text(why)));
    (!cells.is_empty()).then(|| {
        format!(
            "    {{\"id\": {}, \"kind\": {}, \"sentence\": {}, \"level\": \"{level}\", \"origin\": {}{}, \"cells\": {{{}}}}}",
            Text(id),
            Text(K::NAME),
            Text(sentence),
            Text(origin),
            adapted.unwrap_or_default(),
            cells.join(", ")
        )
    })
}
