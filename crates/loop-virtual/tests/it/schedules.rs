//! Thousands of schedules: tasks that spawn, cancel, time out and gather at random, and what must hold all the same.

use crate::bounded;
use core_loop::{Elapsed, JoinError, Loop, finally, gather, sleep, spawn, timeout, yield_now};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use loop_virtual::{Builder, Link, pair, random_below};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

const SEEDS: u64 = 4_000;
const MS: Duration = Duration::from_millis(1);
/// How deep plans are nested.
const DEPTH: u32 = 4;

/// What the run counts: everything that begins must end, whichever way.
#[derive(Default)]
struct Books {
    /// Futures that have begun, and that were dropped or ended.
    begun: Cell<u32>,
    gone: Cell<u32>,
    /// Clean-ups owed, and those that have run to their end.
    owed: Cell<u32>,
    cleaned: Cell<u32>,
    /// Outcomes seen, to know that the plans do something.
    completed: Cell<u32>,
    elapsed: Cell<u32>,
    cancelled: Cell<u32>,
}

fn count(counter: &Cell<u32>) {
    counter.set(counter.get() + 1);
}

/// Counts a future from its first poll to its drop.
struct Alive(Rc<Books>);

impl Alive {
    fn new(books: &Rc<Books>) -> Self {
        count(&books.begun);
        Self(books.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        count(&self.0.gone);
    }
}

fn below(bound: u32) -> u32 {
    u32::try_from(random_below(u64::from(bound))).expect("it is below a u32")
}

fn some_ms() -> Duration {
    MS * below(12)
}

fn now() -> Instant {
    Loop::current().time()
}

/// Does something at random, which may hold other plans.
async fn plan(books: Rc<Books>, depth: u32) {
    let _alive = Alive::new(&books);
    let inner = || Box::pin(plan(books.clone(), depth - 1));
    match if depth == 0 { below(3) } else { below(9) } {
        0 => yield_now().await,
        1 => exact_sleep().await,
        2 => echo().await,
        3 => {
            let (_, _) = gather((inner(), inner())).await.expect("none of them is cancelled by anybody else");
        }
        4 => bounded_plan(&books, inner()).await,
        5 => cancelled_plan(&books, inner()).await,
        6 => cleaned_plan(&books, inner()).await,
        7 => spawn(inner()).detach(),
        _ => {
            inner().await;
            inner().await;
        }
    }
    count(&books.completed);
}

async fn exact_sleep() {
    let due = now() + some_ms();
    core_loop::sleep_until(due).await;
    assert_eq!(now(), due, "never early, never late");
}

/// A word over a link and back.
async fn echo() {
    let (mut near, mut far) = pair(Link::new().latency(MS..=9 * MS).partial());
    let echoing = spawn(async move {
        let mut word = [0; 4];
        far.read_exact(&mut word).await.unwrap();
        far.write_all(&word).await.unwrap();
    })
    .cancel_on_drop();
    near.write_all(b"word").await.unwrap();
    let mut word = Vec::new();
    near.read_to_end(&mut word).await.unwrap();
    assert_eq!(word, b"word");
    echoing.await.unwrap();
}

async fn bounded_plan(books: &Rc<Books>, inner: impl Future<Output = ()>) {
    let limit = some_ms();
    let end = now() + limit;
    match timeout(limit, inner).await {
        Ok(()) => {
            assert!(now() <= end, "a body that ended in time took longer");
        }
        // The clean-ups of the body have run by then, and may have taken their time.
        Err(Elapsed) => {
            assert!(now() >= end, "too early");
            count(&books.elapsed);
        }
    }
}

async fn cancelled_plan(books: &Rc<Books>, inner: impl Future<Output = ()> + 'static) {
    let mut task = spawn(inner);
    if below(2) == 0 {
        sleep(some_ms()).await;
    }
    let asked = task.cancel("at random");
    let outcome = (&mut task).await;
    assert!(task.done());
    match outcome {
        Ok(()) => assert!(!asked, "a cancel that was accepted must win"),
        Err(JoinError::Cancelled(reason)) => {
            assert!(asked && reason.as_str() == "at random");
            count(&books.cancelled);
        }
        Err(other) => panic!("{other}"),
    }
}

async fn cleaned_plan(books: &Rc<Books>, inner: impl Future<Output = ()> + Unpin + 'static) {
    count(&books.owed);
    let cleaning = books.clone();
    let guarded = finally(
        (),
        async move |()| {
            let _ended: () = inner.await;
        },
        async move |()| {
            sleep(some_ms()).await;
            count(&cleaning.cleaned);
        },
    );
    guarded.await;
}

#[test]
fn thousands_of_schedules_lose_no_task_no_clean_up_and_no_cancel() {
    bounded(|| {
        let total = Rc::new(Books::default());
        for seed in 0..SEEDS {
            let books = Rc::new(Books::default());
            let mut runner = core_loop::Runner::new(Builder::new().seed(seed).build());
            let outcome = runner
                .run(async { gather((0..3).map(|_| plan(books.clone(), DEPTH)).collect::<Vec<_>>()).await });
            outcome.unwrap_or_else(|error| panic!("seed {seed}: {error}")).expect("nobody cancels these");
            let report = runner.close(core_loop::GRACE);
            assert!(report.is_clean(), "seed {seed}: {report}");
            assert_eq!(books.begun, books.gone, "seed {seed}: futures begun and gone");
            assert_eq!(books.owed, books.cleaned, "seed {seed}: clean-ups owed and done");
            assert_eq!(Rc::strong_count(&books), 1, "seed {seed}: somebody still holds the books");
            for (sum, one) in [
                (&total.completed, &books.completed),
                (&total.elapsed, &books.elapsed),
                (&total.cancelled, &books.cancelled),
                (&total.cleaned, &books.cleaned),
            ] {
                sum.set(sum.get() + one.get());
            }
        }
        let seen = [&total.completed, &total.elapsed, &total.cancelled, &total.cleaned].map(Cell::get);
        assert!(seen.iter().all(|count| *count > 500), "the plans do too little: {seen:?}");
    });
}
