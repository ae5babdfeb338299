//! `cargo xtask bench`: us against every peer, interleaved in one run, one process a measurement.

mod bars;
mod page;
mod race;
mod record;

use crate::args::{Args, Command, switch, valued};
use crate::error::{Error, Result};
use crate::processes::{self, BOUND, Keep};
use crate::report::{Progress, Verdict};
use crate::runtimes::RUNTIMES;
use crate::workspace::Workspace;
use crate::{features, json, machine};
use race::{Race, Row};
use record::Record;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub(crate) const COMMAND: Command = Command {
    name: "bench",
    about: "us against every peer: interleaved, medians, ratio to the best peer, and which bars hold",
    flags: &[
        valued("--only", "PREFIX", "only benches whose name begins so: loop, or several: loop,tcp.echo"),
        valued("--rounds", "N", "processes a contender; 5 if nothing is said"),
        switch("--json", "for programs"),
        switch(
            "--smoke",
            "once, unoptimised, and as little as shows that it works: the numbers mean nothing",
        ),
        switch(
            "--record",
            "keep the results in bench/results, after each bench, and write the page of the book",
        ),
        switch("--page", "write the page of the book from the results, without measuring"),
    ],
    run,
};

const ROUNDS: usize = 5;

fn run(args: &Args) -> Result<Verdict> {
    let (smoke, keep) = (args.has("--smoke"), args.has("--record"));
    if smoke && keep {
        return Err(Error::new("--smoke measures nothing that is worth a record: one or the other"));
    }
    let rounds = match args.value("--rounds") {
        _ if smoke => 1,
        Some(typed) => rounds(typed)?,
        None => ROUNDS,
    };
    if let Some((what, why)) = unbuilt().next().filter(|_| keep) {
        return Err(Error::new(format!("a record has every contender, and there is no {what}: {why}")));
    }
    let workspace = Workspace::load()?;
    if args.has("--page") {
        record::write_page(&workspace.root)?;
        return Ok(Verdict::Green);
    }
    let program = build(&workspace, smoke)?;
    let all = listed(&program)?;
    let known: Vec<String> = all.iter().map(|race| race.bench.clone()).collect();
    let mut races = asked(all, args.value("--only").unwrap_or_default())?;
    let mut kept = match keep {
        true => Some(Record::open(&workspace.root, races.len() == known.len(), &known)?),
        false => None,
    };
    let commit = commit(&workspace.root);
    each(&mut races, &program, rounds, smoke, |race| match &mut kept {
        Some(record) if !race.is_broken() => {
            record.put(&commit, race.clone(), &known);
            record.write()
        }
        _ => Ok(()),
    })?;
    let machine = machine::describe();
    if args.has("--json") {
        json::print(&document(machine, &races));
    } else {
        print!("{}\n\n{}", machine::sentence(&machine), page::terminal(&races, !smoke));
        unbuilt().for_each(|(what, why)| println!("no {what}: {why}"));
    }
    if kept.is_some() {
        record::write_page(&workspace.root)?;
    }
    Ok(Verdict::green_if(!races.iter().any(Race::is_broken)))
}

/// Every bench as little as shows that it works, and who cannot run here.
pub(crate) fn smoke(workspace: &Workspace) -> Result<Verdict> {
    let program = build(workspace, true)?;
    let mut races = listed(&program)?;
    each(&mut races, &program, 1, true, |_| Ok(()))?;
    let missing = races.iter().flat_map(Race::missing).map(|(what, why)| (what, why.to_string()));
    missing.chain(unbuilt()).for_each(|(what, why)| println!("no {what}: {why}"));
    let numbers: usize = races.iter().map(|race| race.rows().count()).sum();
    println!("{} benches, {numbers} contenders gave a number", races.len());
    Ok(Verdict::green_if(!races.iter().any(Race::is_broken)))
}

/// Runs bench after bench, and hands each to `done` before the next.
fn each(
    races: &mut [Race],
    program: &Path,
    rounds: usize,
    smoke: bool,
    mut done: impl FnMut(&Race) -> Result<()>,
) -> Result<()> {
    let mut progress = Progress::new(races.len());
    for race in races {
        let name = race.bench.clone();
        let word = |race: &&mut Race| if race.is_broken() { "FAILED" } else { "measured" }.to_owned();
        let race = progress.step(
            &name,
            || {
                race.run(program, rounds, smoke);
                race
            },
            word,
        );
        done(race)?;
    }
    Ok(())
}

fn rounds(typed: &str) -> Result<usize> {
    match typed.parse() {
        Ok(rounds @ 1..) => Ok(rounds),
        _ => Err(Error::new(format!("--rounds {typed}: name a number of rounds, at least 1"))),
    }
}

/// Unoptimised for a smoke: whoever tests has built most of that already.
fn build(workspace: &Workspace, smoke: bool) -> Result<PathBuf> {
    let package = workspace.find("bench")?;
    let mut cargo = processes::cargo(&workspace.root);
    cargo.args(["build", "-p", &package.name]).args(features::of(package)?);
    cargo.args((!smoke).then_some("--release"));
    if !processes::run(&mut cargo, Keep::Nothing, BOUND)?.success {
        return Err(Error::new("the benches do not build; what the compiler says stands above"));
    }
    Ok(workspace.target.join(if smoke { "debug/bench" } else { "release/bench" }))
}

/// Runtimes that the program was built without, and which are therefore not in its list.
fn unbuilt() -> impl Iterator<Item = (String, String)> {
    RUNTIMES.iter().filter_map(|runtime| {
        Some((format!("contender of {}", runtime.name), runtime.build_obstacle()?.to_string()))
    })
}

/// What the program can measure.
///
/// # Errors
///
/// A bar names somebody who is not among them.
fn listed(program: &Path) -> Result<Vec<Race>> {
    let ended =
        processes::run(std::process::Command::new(program).arg("list"), Keep::Stdout, race::MEASUREMENT)?;
    let document = json::parse(&ended.stdout, "the list of benches")?;
    let races: Vec<Race> = json::list(&document, "benches")?.iter().map(Race::read).collect::<Result<_>>()?;
    let unbuilt = RUNTIMES.iter().filter(|runtime| runtime.build_obstacle().is_some());
    let strangers = bars::strangers(&races, &unbuilt.map(|runtime| runtime.name).collect::<Vec<_>>());
    match strangers.is_empty() {
        true => Ok(races),
        false => Err(Error::new(format!("bars that nobody can clear: {}", strangers.join("; ")))),
    }
}

/// Those that begin with one of the prefixes, which have commas between them.
fn asked(races: Vec<Race>, prefixes: &str) -> Result<Vec<Race>> {
    for prefix in prefixes.split(',') {
        if !races.iter().any(|race| race.bench.starts_with(prefix)) {
            let names: Vec<_> = races.iter().map(|race| race.bench.as_str()).collect();
            return Err(Error::new(format!(
                "--only {prefix}: no bench begins so; there are {}",
                names.join(", ")
            )));
        }
    }
    let begins = |race: &Race| prefixes.split(',').any(|prefix| race.bench.starts_with(prefix));
    Ok(races.into_iter().filter(begins).collect())
}

/// The state of the sources.
fn commit(root: &Path) -> String {
    let root = root.to_string_lossy();
    machine::first_line("git", &["-C", &root, "rev-parse", "--short", "HEAD"])
        .unwrap_or_else(|| "unknown".to_owned())
}

fn document(machine: Value, races: &[Race]) -> Value {
    let rows: Vec<Value> = races.iter().flat_map(Race::rows).map(|row: Row| row.json()).collect();
    let missing = races.iter().flat_map(Race::missing).map(|(what, why)| (what, why.to_string()));
    let missing = missing.chain(unbuilt()).map(|(what, why)| json!({ "what": what, "why": why }));
    let missing: Vec<Value> = missing.collect();
    let bars: Vec<Value> = bars::outcomes(races).iter().map(bars::Outcome::json).collect();
    json!({ "machine": machine, "rows": rows, "bars": bars, "missing": missing })
}

#[cfg(test)]
mod tests {
    use super::{asked, document, page, rounds};
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
        Race { bench: "loop.yield".to_owned(), unit: "ns".to_owned(), lanes, ..Race::default() }
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
            page::terminal(&[race()], true)
                .ends_with("no loop.yield of raw-glommio: no io_uring; cure: another kernel\n")
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

    #[test]
    fn benches_are_asked_for_by_prefixes_and_one_that_fits_none_names_them_all() {
        let races = || {
            let named = |name: &str| Race { bench: name.to_owned(), ..Race::default() };
            vec![named("loop.yield"), named("tcp.echo"), named("tcp.accept")]
        };
        assert_eq!(asked(races(), "").unwrap().len(), 3);
        assert_eq!(asked(races(), "loop,tcp.a").unwrap().len(), 2);
        let error = asked(races(), "loop,udp").err().unwrap().to_string();
        assert_eq!(error, "--only udp: no bench begins so; there are loop.yield, tcp.echo, tcp.accept");
    }
}
