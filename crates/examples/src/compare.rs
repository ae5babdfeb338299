//! The same work on every runtime and in every place, measured: what `cargo xtask compare` runs.
//!
//! Two kinds of work: SHA-256 and word count of every file below a directory, and counting primes.
//! Four places: inline on the loop, a thread pool, an interpreter pool, a process pool; each is an `Executor`, and one
//! function drives all. A guest reads no files, so only the primes are counted in interpreters.
//! While the jobs run, a heartbeat on the loop measures how late the loop was for everything else.
//! Where there is a CPython, it does the same in its own three places.

mod advice;
mod big;
mod cases;
mod cpython;
mod files;
mod heartbeat;
mod measure;
mod place;
mod progress;
mod report;
mod timed;
mod work;

use crate::runtime::{Runtime, run_on};
pub use big::{BigReport, BigRow, Deed, Way, run_big};
use cases::Cases;
use measure::Plan;
use place::{Place, Pools};
use progress::Progress;
pub use report::{Missing, Report, Row, Skipped};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use work::{Hash, Primes, Work};

/// What to compare.
#[derive(Debug)]
pub struct Options {
    /// The directory whose files are hashed.
    pub files: PathBuf,
    /// How many numbers each prime job looks at.
    pub primes_per_job: u32,
    /// Passes over the work are repeated until a row took at least this long.
    pub row: Duration,
    /// The CPython to measure as well: `python3.13`.
    pub python: Option<String>,
}

/// Why there is no report.
#[derive(Debug)]
pub enum Failure {
    /// What was asked for cannot be done.
    Input(String),
    /// A job failed, or two places disagree about an output.
    Wrong(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(why) | Self::Wrong(why) => f.write_str(why),
        }
    }
}

/// Measures every row. Says on standard error what it is doing.
///
/// # Errors
///
/// [`Failure`]. A runtime that cannot run here is no failure: the report lists it with the reason.
pub fn run(options: &Options) -> Result<Report, Failure> {
    let mut progress = Progress::new();
    let found = files::below(&options.files)
        .map_err(|error| Failure::Input(format!("--files {}: {error}", options.files.display())))?;
    let (mut skipped, count) = (found.skipped, found.files.len());
    progress.begin(&format!("reading {count} files once"));
    let hash = Cases::<Hash>::of_files(found.files, &mut skipped, |at| progress.step(at, count));
    progress.end(&format!("{} bytes", hash.bytes()));
    if hash.is_empty() {
        let why = skipped.first().map_or_else(String::new, |left| format!("; {}: {}", left.path, left.why));
        return Err(Failure::Input(format!(
            "--files {}: there is no file that can be read{why}",
            options.files.display()
        )));
    }
    let primes = Cases::<Primes>::of_ranges(options.primes_per_job);
    let (pools, missing) = Pools::start();
    let plan = Plan::new(options.row, pools.cores());
    let places = pools.places::<Hash>().len() + pools.places::<Primes>().len();
    progress.expect(Runtime::ALL.len() * places);

    let mut bench = Bench { hash, primes, pools, plan, progress, skipped, rows: Vec::new() };
    let mut unavailable: Vec<Missing> = missing.into_iter().collect();
    for runtime in Runtime::ALL {
        match run_on(runtime, bench.on(runtime)) {
            Ok(outcome) => outcome?,
            Err(error) => {
                unavailable.push(Missing { runtime: runtime.to_string(), why: error.to_string() });
                bench.progress.say(&format!("without {runtime}: {error}"));
            }
        }
    }
    let advice = advice::advice(&bench.rows);
    if let Some(python) = &options.python
        && let Err(why) = bench.beside(python)?
    {
        unavailable.push(Missing { runtime: "cpython".into(), why });
    }
    Ok(bench.report(advice, unavailable))
}

/// Everything that is measured with, and what came of it so far.
struct Bench {
    hash: Cases<Hash>,
    primes: Cases<Primes>,
    pools: Pools,
    plan: Plan,
    progress: Progress,
    skipped: Vec<Skipped>,
    rows: Vec<Row>,
}

impl Bench {
    /// All rows of the runtime that carries the current loop.
    async fn on(&mut self, runtime: Runtime) -> Result<(), Failure> {
        for place in self.pools.places::<Hash>() {
            let row = row(runtime, place, &self.pools, &mut self.hash, self.plan, &mut self.progress);
            let (row, changed) = row.await?;
            self.rows.push(row);
            self.skipped.extend(changed.into_iter().map(|path| Skipped::changed(&path)));
        }
        for place in self.pools.places::<Primes>() {
            let row = row(runtime, place, &self.pools, &mut self.primes, self.plan, &mut self.progress);
            self.rows.push(row.await?.0);
        }
        Ok(())
    }

    /// The rows of `python`, or why there are none.
    fn beside(&mut self, python: &str) -> Result<Result<(), String>, Failure> {
        self.progress.begin(&format!("{python}, everywhere"));
        let cores = self.pools.cores();
        let measured = match cpython::measure(python, &self.hash, &self.primes, self.plan, cores) {
            Ok(measured) => measured,
            Err(why) => {
                self.progress.end(&why);
                return Ok(Err(why));
            }
        };
        self.progress.end(&format!("{} rows", measured.rows.len()));
        let [files, ranges] = &measured.differing;
        let changed = settle(&mut self.hash, files, python)?.into_iter();
        self.skipped.extend(changed.map(|path| Skipped::changed(&path)));
        settle(&mut self.primes, ranges, python)?;
        self.rows.extend(measured.rows);
        Ok(Ok(()))
    }

    fn report(mut self, advice: String, unavailable: Vec<Missing>) -> Report {
        // Measured runtime by runtime, read work by work.
        self.rows.sort_by(|a, b| a.work.cmp(&b.work));
        Report {
            machine: report::machine(),
            files: self.hash.len(),
            bytes: self.hash.bytes(),
            advice,
            skipped: self.skipped,
            unavailable,
            rows: self.rows,
        }
    }
}

/// One row, and what turned out to have changed since it was first looked at: it is no case any more.
async fn row<W: Work>(
    runtime: Runtime,
    place: Place,
    pools: &Pools,
    cases: &mut Cases<W>,
    plan: Plan,
    progress: &mut Progress,
) -> Result<(Row, Vec<W::Input>), Failure> {
    let label = format!("{}, {runtime}, {place}", W::NAME);
    progress.begin_row(&label);
    let outcome = place::run_in::<W>(place, pools, cases, plan, progress).await;
    let measured = outcome.map_err(|(at, error)| {
        Failure::Wrong(format!("{label}: {}: {error}", W::describe(cases.input(at))))
    })?;
    let row = measured.row(W::NAME, runtime, place);
    progress.end(&format!("{:.0} jobs/s", row.jobs_per_s));
    Ok((row, settle(cases, &measured.differing, &label)?))
}

/// Takes the cases out that have changed; one that has not is the fault of whoever is meant by `label`.
fn settle<W: Work>(cases: &mut Cases<W>, differing: &[usize], label: &str) -> Result<Vec<W::Input>, Failure> {
    cases.settle(differing).map_err(|input| {
        Failure::Wrong(format!("{label}: another output than when called directly: {}", W::describe(&input)))
    })
}
