//! Ten thousand schedules: a program at random under each seed, against a model of what must hold.
//!
//! [`program`] draws it; [`play`], [`tasks`], [`groups`] and [`shared`] run it, and [`guards`] tell of what is dropped;
//! [`ledger`], [`requests`] and [`group_book`] are the model.
//! `SCHEDULES=100` tries another number of seeds, `SCHEDULE=17` tries one and prints its program.

use crate::bounded_by;
use core_loop::{RunError, Runner};
use ledger::{Kind, Ledger};
use loop_virtual::Builder;
use play::World;
use program::Program;
use shared::Shared;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::env;
use std::rc::Rc;
use std::time::Duration;

mod group_book;
mod groups;
mod guards;
mod ledger;
mod play;
mod program;
mod requests;
mod shared;
mod tasks;

const SEEDS: u64 = 10_000;

/// Far longer than they take, in real time.
const BOUND: Duration = Duration::from_secs(300);

type Seen = BTreeMap<&'static str, u64>;

/// Runs the program of `seed`. Gives what it has seen, or what did not hold.
fn attempt(seed: u64, print: bool) -> Result<Seen, String> {
    let ledger = Rc::new(Ledger::default());
    let world = Rc::new(World { ledger: ledger.clone(), shared: Shared::new() });
    let hangs = Cell::new(false);
    let mut runner = Runner::new(Builder::new().seed(seed).build());
    let unobserved = ledger.clone();
    runner.get_loop().set_exception_handler(move |_, context| {
        // A group that was dropped may tell what its children have failed with. Everything else is unexpected.
        if !context.message.starts_with("an error in a group that nobody got") {
            unobserved.complain(context.to_string());
        }
    });
    let outcome = runner.run(async {
        let program = Program::draw();
        hangs.set(program.hangs());
        if print {
            eprintln!("{program:#?}");
        }
        let main = world.play(&program.plan, ledger.begin(Kind::Task, None, None));
        if hangs.get() {
            // A run that is stuck drops it.
            ledger.limit(main.ticket(), ledger::now());
        }
        main.await
    });
    let hangs = hangs.get();
    let (alive, left) = (ledger.tasks_alive(), ledger.tasks_left());
    ledger.closing.set(true);
    let report = runner.close(core_loop::GRACE);
    match outcome {
        Ok(outcome) => {
            ledger.must(!hangs && outcome == Ok(0), || format!("main gave {outcome:?}"));
            ledger.must(report.cancelled == alive, || {
                format!("{alive} tasks are left, the close says: {report}")
            });
        }
        Err(RunError::Stuck(stuck)) => {
            ledger.must(hangs && stuck.why.starts_with("deadlock"), || stuck.to_string());
            ledger.must(stuck.waiting.len() == left + 1, || {
                format!("{left} tasks wait, and not these: {stuck}")
            });
            ledger.saw("deadlocks");
        }
        Err(error) => ledger.complain(error.to_string()),
    }
    ledger.must(report.is_clean(), || report.to_string());
    ledger.nothing_is_left();
    world.shared.check(&ledger);
    ledger.must(Rc::strong_count(&world) == 1, || "somebody still holds the world".to_owned());
    match ledger.complaints() {
        none if none.is_empty() => Ok(ledger.seen.take()),
        complaints => Err(format!("seed {seed} (SCHEDULE={seed} prints it): {}", complaints.join("\n  "))),
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{variable}={text}: {error}; it takes a whole number")))
}

#[test]
fn ten_thousand_schedules_over_the_combinators_and_groups_violate_nothing() {
    let only = number("SCHEDULE");
    let seeds = match only {
        Some(seed) => seed..seed + 1,
        None => 0..number("SCHEDULES").unwrap_or(SEEDS),
    };
    let complete = seeds.end - seeds.start >= SEEDS;
    let seen = bounded_by(BOUND, move || {
        let mut all = Seen::new();
        for seed in seeds {
            let seen = attempt(seed, only.is_some()).unwrap_or_else(|words| panic!("{words}"));
            seen.into_iter().for_each(|(what, count)| *all.entry(what).or_default() += count);
        }
        all
    });
    let rare: Vec<_> = seen.iter().filter(|(_, count)| **count < 100).collect();
    assert!(!complete || (seen.len() == KINDS && rare.is_empty()), "{}: {rare:?} of {seen:?}", seen.len());
}

/// How many kinds of things there are to see.
const KINDS: usize = 32;
