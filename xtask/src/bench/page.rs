//! The results for people: in the terminal, and as a page of the book.

use super::bars::{self, Outcome};
use super::race::{Race, Row};
use super::record::Record;
use crate::machine;
use crate::table::{Align, render};
use std::collections::BTreeSet;

/// Every bench with its contenders, the bars if they mean something, and who is missing.
pub(super) fn terminal(races: &[Race], bars: bool) -> String {
    let head = [
        ("bench", Align::Left),
        ("contender", Align::Left),
        ("unit", Align::Left),
        ("median", Align::Right),
        ("min", Align::Right),
        ("max", Align::Right),
        ("× best peer", Align::Right),
    ];
    let cells = |row: Row| {
        let (numbers, ratio) = ([row.median, row.min, row.max].map(figure), ratio(row.ratio));
        [vec![row.bench, row.contender, row.unit], numbers.into(), vec![ratio]].concat()
    };
    let rows: Vec<Vec<String>> = races.iter().flat_map(Race::rows).map(cells).collect();
    let mut text = render(&head, &rows);
    let outcomes: Vec<Vec<String>> = bars::outcomes(races).iter().map(Outcome::cells).collect();
    if bars && !outcomes.is_empty() {
        let head = BAR_HEAD.map(|title| (title, Align::Left));
        text += &format!("\n{}", render(&head, &outcomes));
    }
    for (what, why) in races.iter().flat_map(Race::missing) {
        text += &format!("\nno {what}: {why}");
    }
    text.trim_end().to_owned() + "\n"
}

const BAR_HEAD: [&str; 6] = ["bar", "", "ours", "measured", "at most", "× of"];

const HOW_TO_READ: &str = "\
# Benchmarks

Written by `cargo xtask bench --record`; do not edit.
`cargo xtask bench --record --only PREFIX` measures a part anew, `cargo xtask bench` only shows.

## How to read this

* Less is better, whatever the unit: ns and us are time on the clock, cpu ns is time that the whole process was computing, B is resident memory. All are for one operation, which stands under the heading.
* A measurement is a process of its own: it warms up with one batch, and gives the median of the batches after it.
  The contenders take turns, round by round; median, min and max are over the rounds.
* *× best peer* is the median of the ratios round by round to the peer with the least median, because a slow phase of a machine hits neighbours in a round alike.
  Compare ratios, and only within one table: the figures themselves change with the machine and its hour.
* `native`, `tokio`, `smol` and `glommio` are our loop on each of its drivers; what begins with `raw-` is a peer, as its own users use it.
* On one processor (`_same`, and every bench of `loop`, `timers`, `sync` and `memory`), figures repeat within a few per cent.
  What crosses processors (`_cross`, `_free`, `wake.to_task`, `wake.flood`, `offload.batch`, `process.bulk`) does not: waking a processor that sleeps costs more than anything that a library does, and it has two or three speeds. There a difference below a third says nothing.
* asyncio's timers are `call_later` and `cancel`, which is less than a sleep that is polled; its batches are the same otherwise.
";

/// The page of the book.
pub(super) fn book(records: &[Record]) -> String {
    let mut text = HOW_TO_READ.to_owned();
    for record in records {
        text += &format!("\n## {}\n\n{}", machine::sentence(&record.machine), circumstances(record));
        let races = || record.benches.iter().map(|measured| &measured.race);
        text += &bar_table(
            &races().flat_map(|race| bars::outcomes(std::slice::from_ref(race))).collect::<Vec<_>>(),
        );
        races().for_each(|race| text += &section(race));
        let missing: Vec<_> = races().flat_map(Race::missing).collect();
        if !missing.is_empty() {
            text += "\n### Not measured\n\n";
            missing.iter().for_each(|(what, why)| text += &format!("* {what}: {why}\n"));
        }
    }
    text
}

/// Versions, rounds and commits.
fn circumstances(record: &Record) -> String {
    let peers = record.machine["peers"].as_object().into_iter().flatten();
    let peers: Vec<_> =
        peers.map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or("?"))).collect();
    let commits: BTreeSet<_> = record.benches.iter().map(|measured| measured.commit.as_str()).collect();
    let rounds = record.benches.iter().flat_map(|measured| measured.race.rows()).map(|row| row.rounds);
    let rounds: BTreeSet<String> = rounds.map(|rounds| rounds.to_string()).collect();
    let join = |set: Vec<&str>| set.join(", ");
    format!(
        "Peers: {}.\nRounds: {}. Measured at commit {}.\n",
        peers.join(", "),
        join(rounds.iter().map(String::as_str).collect()),
        join(commits.into_iter().collect())
    )
}

fn bar_table(outcomes: &[Outcome]) -> String {
    let mut text =
        format!("\n### Bars\n\n| {} |\n| --- | --- | --- | --: | --: | --- |\n", BAR_HEAD.join(" | "));
    outcomes.iter().for_each(|outcome| text += &format!("| {} |\n", outcome.cells().join(" | ")));
    text
}

fn section(race: &Race) -> String {
    let mut text = format!("\n### {}\n\n{}\n\n", race.bench, sentence(&race.about));
    text += &format!(
        "| contender | median {} | min – max | × best peer |\n| --- | --: | --: | --: |\n",
        race.unit
    );
    for row in race.rows() {
        let [median, min, max] = [row.median, row.min, row.max].map(figure);
        text += &format!("| {} | {median} | {min} – {max} | {} |\n", row.contender, ratio(row.ratio));
    }
    text
}

fn sentence(phrase: &str) -> String {
    let mut letters = phrase.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default()
}

/// Digits that mean something: 4.21, 42.1, 4210.
fn figure(number: f64) -> String {
    match number {
        small if small < 10.0 => format!("{number:.2}"),
        small if small < 100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{figure, section, terminal};
    use crate::bench::race::{Lane, Race};

    fn race() -> Race {
        let lane = |contender: &str, values: &[f64]| Lane {
            contender: contender.to_owned(),
            values: values.to_owned(),
            missing: None,
        };
        Race {
            bench: "memory.pending_task".to_owned(),
            about: "a task that waits".to_owned(),
            unit: "B".to_owned(),
            lanes: vec![lane("native", &[100.0, 102.0, 101.0]), lane("raw-one", &[202.0, 202.0, 202.0])],
        }
    }

    #[test]
    fn a_section_of_the_book_names_the_operation_and_the_unit() {
        let expected = "\n### memory.pending_task\n\nA task that waits.\n\n\
                        | contender | median B | min – max | × best peer |\n| --- | --: | --: | --: |\n\
                        | native | 101 | 100 – 102 | 0.50 |\n| raw-one | 202 | 202 – 202 | 1.00 |\n";
        assert_eq!(section(&race()), expected);
    }

    #[test]
    fn the_terminal_shows_the_bars_of_what_was_run_and_no_others() {
        let without = Race { bench: "memory.of_nobody".to_owned(), ..race() };
        assert!(!terminal(&[without], true).contains("at most"));
        let timed = Race { bench: "loop.yield".to_owned(), unit: "ns".to_owned(), ..race() };
        assert!(terminal(std::slice::from_ref(&timed), true).contains("not measured"));
        assert!(!terminal(&[timed], false).contains("not measured"));
    }

    #[test]
    fn figures_have_three_digits() {
        assert_eq!([4.2123, 42.123, 4212.3].map(figure), ["4.21", "42.1", "4212"]);
    }
}
