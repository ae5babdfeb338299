//! `cargo xtask bench`: us against every peer, interleaved in one run, one process a measurement.

mod race;

use crate::args::{Args, Command, switch, valued};
use crate::error::{Error, Result};
use crate::processes::{self, BOUND, Keep};
use crate::report::{Progress, Verdict};
use crate::table::{Align, render};
use crate::workspace::Workspace;
use crate::{features, json, machine};
use race::{Missing, Race, Row};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub(crate) const COMMAND: Command = Command {
    name: "bench",
    about: "us against every peer: interleaved, medians, ratio to the best peer",
    flags: &[
        valued("--only", "PREFIX", "only benches whose name begins so: loop, tcp.echo"),
        valued("--rounds", "N", "processes a contender; 5 if nothing is said"),
        switch("--json", "for programs"),
        switch("--smoke", "once, and as little as shows that it works: the numbers mean nothing"),
    ],
    run,
};

const ROUNDS: usize = 5;

fn run(args: &Args) -> Result<Verdict> {
    let smoke = args.has("--smoke");
    let rounds = match args.value("--rounds") {
        _ if smoke => 1,
        Some(typed) => rounds(typed)?,
        None => ROUNDS,
    };
    let workspace = Workspace::load()?;
    let program = build(&workspace)?;
    let mut races = races(&program, args.value("--only").unwrap_or_default())?;
    let mut progress = Progress::new(races.len());
    for race in &mut races {
        let name = race.bench.clone();
        progress.step(&name, || race.run(&program, rounds, smoke), |()| "measured".to_owned());
    }
    let machine = machine::describe();
    if args.has("--json") {
        json::print(&document(machine, &races));
    } else {
        print!("{}\n\n{}", machine::sentence(&machine), page(&races));
    }
    Ok(Verdict::green_if(!missing(&races).any(|(_, missing)| matches!(missing, Missing::Broken(_)))))
}

fn rounds(typed: &str) -> Result<usize> {
    match typed.parse() {
        Ok(rounds @ 1..) => Ok(rounds),
        _ => Err(Error::new(format!("--rounds {typed}: name a number of rounds, at least 1"))),
    }
}

fn build(workspace: &Workspace) -> Result<PathBuf> {
    let package = workspace.find("bench")?;
    let mut cargo = processes::cargo(&workspace.root);
    cargo.args(["build", "--release", "-p", &package.name]).args(features::of(package)?);
    if !processes::run(&mut cargo, Keep::Nothing, BOUND)?.success {
        return Err(Error::new("the benches do not build; what the compiler says stands above"));
    }
    Ok(workspace.target.join("release/bench"))
}

/// What the program can measure, as far as it was asked for.
fn races(program: &Path, prefix: &str) -> Result<Vec<Race>> {
    let ended =
        processes::run(std::process::Command::new(program).arg("list"), Keep::Stdout, race::MEASUREMENT)?;
    let document = json::parse(&ended.stdout, "the list of benches")?;
    let all = json::list(&document, "benches")?;
    let races: Vec<Race> = all.iter().map(Race::read).collect::<Result<_>>()?;
    let names: Vec<String> = races.iter().map(|race| race.bench.clone()).collect();
    let asked: Vec<Race> = races.into_iter().filter(|race| race.bench.starts_with(prefix)).collect();
    if asked.is_empty() {
        return Err(Error::new(format!(
            "--only {prefix}: no bench begins so; there are {}",
            names.join(", ")
        )));
    }
    Ok(asked)
}

/// Contenders without a number, by bench and name.
fn missing(races: &[Race]) -> impl Iterator<Item = (String, &Missing)> {
    races.iter().flat_map(|race| {
        race.lanes.iter().filter_map(|lane| {
            Some((format!("{} of {}", race.bench, lane.contender), lane.missing.as_ref()?))
        })
    })
}

fn document(machine: Value, races: &[Race]) -> Value {
    let rows: Vec<Value> = races.iter().flat_map(Race::rows).map(|row| row.json()).collect();
    let missing: Vec<Value> =
        missing(races).map(|(what, why)| json!({ "what": what, "why": why.to_string() })).collect();
    json!({ "machine": machine, "rows": rows, "missing": missing })
}

fn page(races: &[Race]) -> String {
    let head = [
        ("bench", Align::Left),
        ("contender", Align::Left),
        ("median ns", Align::Right),
        ("min", Align::Right),
        ("max", Align::Right),
        ("× best peer", Align::Right),
    ];
    let cells = |row: Row| {
        let ratio = row.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        vec![row.bench, row.contender, figure(row.median), figure(row.min), figure(row.max), ratio]
    };
    let rows: Vec<Vec<String>> = races.iter().flat_map(Race::rows).map(cells).collect();
    let mut text = render(&head, &rows);
    for (what, why) in missing(races) {
        text += &format!("\nno {what}: {why}");
    }
    text.trim_end().to_owned() + "\n"
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
    use super::{document, page, rounds};
    use crate::bench::race::{Lane, Missing, Race};
    use serde_json::json;

    fn race() -> Race {
        let lane = |contender: &str, values: &[f64]| Lane {
            contender: contender.to_owned(),
            values: values.to_owned(),
            missing: None,
        };
        let mut gone = lane("raw-glommio", &[]);
        gone.missing = Some(Missing::CannotRunHere("no io_uring; cure: another kernel".to_owned()));
        let lanes = vec![
            lane("native", &[10.0, 30.0, 12.0]),
            lane("raw-slow", &[40.0, 90.0, 41.0]),
            lane("raw-fast", &[20.0, 60.0, 24.0]),
            gone,
        ];
        Race { bench: "loop.yield".to_owned(), unit: "ns".to_owned(), lanes }
    }

    #[test]
    fn a_row_has_the_median_the_extremes_and_the_ratio_to_the_best_peer() {
        let document = document(json!({}), &[race()]);
        let expected = json!({ "bench": "loop.yield", "contender": "native", "unit": "ns", "median": 12.0,
                               "min": 10.0, "max": 30.0, "rounds": 3, "ratio": 0.5 });
        assert_eq!(document["rows"][0], expected);
        assert_eq!(document["rows"][2]["ratio"], 1.0);
    }

    #[test]
    fn who_could_not_run_has_no_row_and_says_why() {
        let document = document(json!({}), &[race()]);
        assert_eq!(document["rows"].as_array().unwrap().len(), 3);
        assert_eq!(document["missing"][0]["what"], "loop.yield of raw-glommio");
        assert!(
            page(&[race()]).ends_with("no loop.yield of raw-glommio: no io_uring; cure: another kernel\n")
        );
    }

    #[test]
    fn rounds_are_a_number_and_not_none() {
        assert_eq!(rounds("7").unwrap(), 7);
        for typed in ["0", "-1", "many"] {
            let error = rounds(typed).unwrap_err().to_string();
            assert!(error.contains("at least 1"), "{error}");
        }
    }
}
