//! `soak`: servers, clients, children and pools on one loop for minutes, with resets, cancels and deaths at random; and then
//! the accounts: as many descriptors, threads, tasks, children and bytes as before.

mod acts;
mod balance;
mod counting;
mod world;

use balance::Balance;
use contract::{Driver, Unavailable};
use core_loop::{Runner, all_tasks, sleep};
use loop_test::drivers;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;
use world::{Pools, World};

const USAGE: &str = "\
Servers, clients, children and pools on one loop, with resets, cancels and deaths at random; then the accounts.

usage: soak --runtime native|tokio|smol|glommio [--seconds N] [--seed S]

  --seconds N  how long; 5 unless said, after a warm-up
  --seed S     what is done; 1 unless said
";

/// Longer than any close takes; only a hang reaches it.
const GRACE: Duration = Duration::from_secs(60);

/// What is done before the first balance, so that everything that is made once is there.
const WARM_UP: Duration = Duration::from_secs(3);

/// glommio 0.9 never frees what its executor was woken with: one a loop, however long that ran.
const GLOMMIO_LEAVES: &str = "anon_inode:[eventfd]";

/// How much was done, by what came of it.
type Counts = BTreeMap<&'static str, u64>;

/// Why it did not hold.
enum Failure {
    CannotRunHere(Unavailable),
    Broken(String),
}

fn main() -> ExitCode {
    let (runtime, duration, seed) = match command_line() {
        Ok(asked) => asked,
        Err(mistake) => {
            eprint!("soak: {mistake}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match soak(&runtime, duration, seed) {
        Ok(said) => {
            println!("{runtime}: {said}");
            ExitCode::SUCCESS
        }
        Err(Failure::CannotRunHere(why)) => {
            println!("{runtime}: skip: {why}");
            ExitCode::SUCCESS
        }
        Err(Failure::Broken(why)) => {
            println!("{runtime}: {why}; to repeat it: --seed {seed}");
            ExitCode::FAILURE
        }
    }
}

fn soak(runtime: &str, duration: Duration, seed: u64) -> Result<String, Failure> {
    run(runtime, WARM_UP, seed.wrapping_add(1))?;
    let mut before = Balance::at_rest();
    if runtime == "glommio" {
        before.expect_descriptor(GLOMMIO_LEAVES);
    }
    let counts = run(runtime, duration, seed)?;
    let after = Balance::once_it_is(&before);
    let acts: u64 = counts.values().sum();
    let ends: Vec<String> = counts.iter().map(|(end, count)| format!("{count} {end}")).collect();
    let said =
        format!("{} s, {acts} acts: {}; {}", duration.as_secs(), ends.join(", "), after.beside(&before));
    match after.more_than(&before) {
        None => Ok(said),
        Some(what) => Err(Failure::Broken(format!("{what}; {said}"))),
    }
}

/// One loop, from its making to its end.
fn run(runtime: &str, duration: Duration, seed: u64) -> Result<Counts, Failure> {
    let mut runner = Runner::boxed(driver(runtime).map_err(Failure::CannotRunHere)?);
    let broken = |why: &dyn ToString| Failure::Broken(why.to_string());
    let pools = Pools::open().map_err(|error| broken(&error))?;
    let ended = runner.run(async {
        let world = World::open(pools.clone()).await.map_err(|error| error.to_string())?;
        world.watch_reports();
        let counts = acts::until_over(&world, duration, seed).await;
        world.close().await;
        only_this_task_is_left().await?;
        if Rc::strong_count(&world) > 1 {
            return Err("somebody still keeps the world".to_owned());
        }
        counts
    });
    let report = runner.close(GRACE);
    let pool = pools.close(GRACE);
    let counts = ended.map_err(|error| broken(&error))?.map_err(Failure::Broken)?;
    if !report.is_clean() {
        return Err(broken(&format!("the loop did not close cleanly: {report}")));
    }
    pool.map_or(Ok(counts), |why| Err(broken(&why)))
}

/// What was detached ends by itself.
async fn only_this_task_is_left() -> Result<(), String> {
    const STEP: Duration = Duration::from_millis(10);
    for _ in 0..GRACE.as_millis() / STEP.as_millis() {
        if all_tasks().len() <= 1 {
            return Ok(());
        }
        sleep(STEP).await;
    }
    let left: Vec<String> = all_tasks().iter().map(|task| format!("{task:?}")).collect();
    Err(format!("tasks are left: {}", left.join(", ")))
}

fn driver(runtime: &str) -> Result<Box<dyn Driver>, Unavailable> {
    Ok(match runtime {
        "tokio" => Box::new(drivers::tokio()?),
        "smol" => Box::new(drivers::smol()?),
        "glommio" => Box::new(drivers::glommio()?),
        _ => Box::new(drivers::native()?),
    })
}

fn command_line() -> Result<(String, Duration, u64), String> {
    let (mut runtime, mut seconds, mut seed) = (None, 5, 1);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} wants a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{word} {value}: name a number"));
        match word.as_str() {
            "--runtime" if ["native", "tokio", "smol", "glommio"].contains(&&*value) => runtime = Some(value),
            "--seconds" => seconds = number()?,
            "--seed" => seed = number()?,
            _ => return Err(format!("{word} {value}: not known")),
        }
    }
    Ok((runtime.ok_or("--runtime is missing")?, Duration::from_secs(seconds), seed))
}
