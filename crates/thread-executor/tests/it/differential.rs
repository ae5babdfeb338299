//! The pool and its reference, put through the same random steps: what can be seen must be the same.
//!
//! A step is taken only when its outcome is settled: the jobs of a script stand before a gate each, so that who runs and who
//! waits is known at every step, on both.

use crate::reference::Reference;
use crate::stress::Dice;
use crate::{LONG, pool};
use contract::{Drain, Executor, Job, JobError, Priority, Shutdown, Submit};
use std::fmt::Write;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use thread_executor::ThreadPool;

const THREADS: usize = 2;
const PLACES: usize = 5;

/// Either of the two.
trait Subject {
    fn submit(&self, priority: Priority, work: impl FnOnce() -> u32 + Send + 'static) -> Option<Job<u32>>;
    fn shutdown(self, how: Drain) -> usize;
}

impl Subject for Reference {
    fn submit(&self, priority: Priority, work: impl FnOnce() -> u32 + Send + 'static) -> Option<Job<u32>> {
        Self::submit(self, priority, work)
    }

    fn shutdown(self, how: Drain) -> usize {
        self.shutdown(how)
    }
}

impl Subject for ThreadPool {
    fn submit(&self, priority: Priority, work: impl FnOnce() -> u32 + Send + 'static) -> Option<Job<u32>> {
        self.try_submit_with(work, Submit::new().priority(priority)).ok()
    }

    fn shutdown(self, how: Drain) -> usize {
        let report = Shutdown::shutdown(&self, how, LONG);
        assert!(report.stragglers.is_empty(), "{report}");
        report.cancelled
    }
}

/// What one job of a script does: says that it began, waits until it may end, ends or panics.
struct Standing {
    job: Job<u32>,
    may_end: Sender<()>,
}

/// Plays the script of `seed` and writes down everything that can be seen.
fn play(subject: impl Subject, seed: u64) -> String {
    let mut dice = Dice::new(seed);
    let mut seen = String::new();
    let (begins, began) = channel();
    let mut standing: Vec<(u32, Standing)> = Vec::new();
    let (mut running, mut queued) = (0, 0);
    for number in 0..60 {
        match dice.roll(5) {
            0..=2 => {
                let priority = [Priority::High, Priority::Normal, Priority::Low][dice.roll(3) as usize];
                let panics = dice.roll(8) == 0;
                let (may_end, ends) = channel();
                let submitted = subject.submit(priority, work(number, panics, begins.clone(), ends));
                let _ = writeln!(seen, "{number} submitted {priority:?}: {}", submitted.is_some());
                if let Some(job) = submitted {
                    standing.push((number, Standing { job, may_end }));
                    if running < THREADS {
                        running += 1;
                        let _ = writeln!(seen, "{} begins", begun(&began));
                    } else {
                        queued += 1;
                    }
                }
            }
            3 if !standing.is_empty() => {
                // Only one that waits: what runs goes on, on both.
                let at = dice.roll(standing.len() as u64) as usize;
                if !standing[at].1.job.running() {
                    let (cancelled, Standing { job, .. }) = standing.remove(at);
                    let _ = writeln!(seen, "{cancelled} cancelled: {:?} {}", job.cancel(), end(job));
                    queued -= 1;
                }
            }
            _ => {
                let Some(at) = standing.iter().position(|(_, standing)| standing.job.running()) else {
                    continue;
                };
                let (ended, Standing { job, may_end }) = standing.remove(at);
                drop(may_end);
                let _ = writeln!(seen, "{ended} ends: {}", end(job));
                running -= 1;
                if queued > 0 {
                    queued -= 1;
                    running += 1;
                    let _ = writeln!(seen, "{} begins", begun(&began));
                }
            }
        }
    }
    let how = if dice.roll(2) == 0 { Drain::Queued } else { Drain::Started };
    close(subject, how, standing, &mut seen);
    seen
}

/// Ends the pool with jobs that run and jobs that wait.
fn close(subject: impl Subject, how: Drain, standing: Vec<(u32, Standing)>, seen: &mut String) {
    let (jobs, ways): (Vec<_>, Vec<_>) =
        standing.into_iter().map(|(number, s)| ((number, s.job), s.may_end)).unzip();
    if how == Drain::Queued {
        drop(ways);
        let _ = writeln!(seen, "{how:?} withdrew {}", subject.shutdown(how));
    } else {
        // Opened when the queue has been withdrawn, which is when the first of it ends.
        let waits = jobs.iter().any(|(_, job)| !job.running());
        let last = jobs.iter().rev().find(|(_, job)| !job.running()).map(|(_, job)| job);
        let (tells, told) = channel();
        if let Some(job) = last {
            job.on_done(move || tells.send(()).expect("the test listens"));
        }
        let opener = std::thread::spawn(move || {
            if waits {
                told.recv_timeout(LONG).expect("it is withdrawn");
            }
            drop(ways);
        });
        let _ = writeln!(seen, "{how:?} withdrew {}", subject.shutdown(how));
        opener.join().expect("it does not panic");
    }
    for (number, job) in jobs {
        let _ = writeln!(seen, "{number} in the end: {}", end(job));
    }
}

fn work(number: u32, panics: bool, begins: Sender<u32>, ends: Receiver<()>) -> impl FnOnce() -> u32 + Send {
    let ends = Arc::new(Mutex::new(ends));
    move || {
        begins.send(number).expect("the script listens");
        let opened = ends.lock().expect("nobody panics here").recv();
        opened.expect_err("nothing is ever sent");
        if panics {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
        number
    }
}

fn begun(began: &Receiver<u32>) -> u32 {
    began.recv_timeout(LONG).expect("a thread is free for it")
}

fn end(mut job: Job<u32>) -> String {
    match job.wait_timeout(LONG).expect("it is not lost") {
        Ok(output) => output.to_string(),
        Err(JobError::Panicked(_)) => "panicked".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_pool_does_in_a_thousand_scripts_what_its_reference_does() {
    for seed in 1..=1_000_u64 {
        let seed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let expected = play(Reference::new(THREADS, PLACES), seed);
        let seen = play(pool(THREADS, PLACES), seed);
        assert_eq!(seen, expected, "script {seed}");
        assert!(expected.contains("begins"));
    }
}
