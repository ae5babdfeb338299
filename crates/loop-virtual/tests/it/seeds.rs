//! Seeds: what they change, and what they never do.

use crate::bounded;
use core_loop::net::{TcpListener, TcpStream};
use core_loop::{Loop, RunError, gather, sleep, spawn, yield_now};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use loop_virtual::{Builder, Link, pair, random_below};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// A link on which everything takes ten milliseconds.
fn ten() -> Link {
    Link::new().latency(10 * MS..=10 * MS)
}

/// What many hands note.
#[derive(Clone, Default)]
struct Notes(Rc<RefCell<Vec<String>>>);

impl Notes {
    fn note(&self, word: impl ToString) {
        self.0.borrow_mut().push(word.to_string());
    }
}

/// What `main` notes under each of `seeds`.
fn notes<F: Future<Output = ()> + 'static>(
    seeds: std::ops::Range<u64>,
    main: impl Fn(Notes) -> F + Send + 'static,
) -> Vec<Vec<String>> {
    bounded(move || {
        let noted = |seed| {
            let notes = Notes::default();
            Builder::new().seed(seed).run(main(notes.clone())).unwrap();
            notes.0.take()
        };
        seeds.map(noted).collect()
    })
}

/// Two arrivals and a timer at one instant; each goes on for a turn.
async fn three_at_once(notes: Notes) {
    let (mut near, mut far) = pair(ten());
    near.write_all(b"a").await.unwrap();
    far.write_all(b"b").await.unwrap();
    let reader = |mut stream: TcpStream, name| {
        let notes = notes.clone();
        async move {
            stream.read_exact(&mut [0]).await.unwrap();
            notes.note(name);
            yield_now().await;
            notes.note(format!("{name} again"));
        }
    };
    let timer = {
        let notes = notes.clone();
        async move {
            sleep(10 * MS).await;
            notes.note("timer");
            yield_now().await;
            notes.note("timer again");
        }
    };
    gather((reader(near, "near"), reader(far, "far"), timer)).await.unwrap();
}

#[test]
fn without_a_seed_arrivals_come_as_they_were_sent_and_timers_after_them() {
    let seen = bounded(|| {
        let notes = Notes::default();
        loop_virtual::run(three_at_once(notes.clone())).unwrap();
        notes.0.take()
    });
    assert_eq!(seen, ["far", "near", "timer", "far again", "near again", "timer again"]);
}

#[test]
fn seeds_reach_every_order_of_what_happens_at_one_instant() {
    let all = notes(0..300, three_at_once);
    let firsts: BTreeSet<Vec<&String>> =
        all.iter().map(|seen| seen.iter().filter(|word| !word.ends_with("again")).collect()).collect();
    // Of the six orders: the timer is heard of with the first arrivals, or before them, but never between two visits that
    // come before it, for then time has come.
    assert!(firsts.len() >= 5, "{firsts:?}");
    let together = |seen: &&Vec<String>| seen[..3].iter().all(|word| !word.ends_with("again"));
    let in_one_turn = all.iter().filter(together).count();
    assert!((1..all.len()).contains(&in_one_turn), "{in_one_turn}");
}

#[test]
fn the_same_seed_repeats_a_run_and_another_differs() {
    async fn eventful(notes: Notes) {
        let listener = TcpListener::bind("127.0.0.1:80").await.unwrap();
        let echo = notes.clone();
        let serving = spawn(async move {
            loop {
                let (mut stream, peer) = listener.accept().await.unwrap();
                echo.note(format!("{peer} at {:?}", Loop::current().time()));
                spawn(async move {
                    let mut buffer = [0; 16];
                    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                        if stream.write_all(&buffer[..read]).await.is_err() {
                            return;
                        }
                    }
                })
                .detach();
            }
        });
        let client = |number: u64| {
            let notes = notes.clone();
            async move {
                sleep(MS * u32::try_from(random_below(5)).unwrap()).await;
                let (mut stream, _) = pair(Link::new().latency(MS..=9 * MS).lose_one_in(20).partial());
                let mut connected = TcpStream::connect("127.0.0.1:80").await.unwrap();
                for round in 0..5 {
                    let outcome = stream.write(b"hello").await.map_err(|error| error.kind());
                    connected.write_all(b"x").await.unwrap();
                    connected.read_exact(&mut [0]).await.unwrap();
                    notes.note(format!("{number} {round} {outcome:?}"));
                }
            }
        };
        gather((0..5).map(client).collect::<Vec<_>>()).await.unwrap();
        serving.cancel("done");
    }
    // The clock begins at the real time: it is left out.
    let strip = |all: Vec<Vec<String>>| -> Vec<Vec<String>> {
        let strip = |word: String| word.split(" at ").next().unwrap_or_default().to_owned();
        all.into_iter().map(|seen| seen.into_iter().map(strip).collect()).collect()
    };
    let (first, second) = (strip(notes(0..50, eventful)), strip(notes(0..50, eventful)));
    assert_eq!(first, second);
    assert!(first.iter().collect::<BTreeSet<_>>().len() > 40);
}

#[test]
fn no_seed_changes_what_the_loop_promises() {
    async fn promised(notes: Notes) {
        let lp = Loop::current();
        for number in 0..3 {
            let soon = notes.clone();
            lp.call_soon(move || soon.note(format!("soon {number}")));
            let spawned = notes.clone();
            spawn(async move { spawned.note(format!("spawned {number}")) }).detach();
            let timer = notes.clone();
            lp.call_later(MS, move || timer.note(format!("timer {number}")));
        }
        let (handle, outside) = (lp.handle(), core_loop::outside());
        let (say, said) = std::sync::mpsc::channel();
        let calls = std::thread::spawn(move || {
            let _outside = outside;
            for number in 0..3 {
                let say = say.clone();
                handle.call_soon_threadsafe(move || say.send(number).unwrap()).unwrap();
            }
        });
        calls.join().unwrap();
        let event = Rc::new(sync_primitives::Event::new());
        let waiting = (0..3).map(|number| {
            let (event, notes) = (event.clone(), notes.clone());
            spawn(async move {
                event.wait().await;
                notes.note(format!("woken {number}"));
            })
        });
        let waiting: Vec<_> = waiting.collect();
        sleep(2 * MS).await;
        said.try_iter().for_each(|number| notes.note(format!("called {number}")));
        event.set();
        for task in waiting {
            task.await.unwrap();
        }
    }
    let all = notes(0..200, promised);
    let names = |name: &str| (0..3).map(|number| format!("{name} {number}")).collect::<Vec<_>>();
    let first: Vec<_> =
        (0..3).flat_map(|number| [format!("soon {number}"), format!("spawned {number}")]).collect();
    let wanted: Vec<_> = [first, names("timer"), names("called"), names("woken")].concat();
    assert!(all.iter().all(|seen| *seen == wanted), "{:?}", all.iter().find(|seen| **seen != wanted));
}

/// Reads a balance, asks a server whether it may, and writes it: correct only if nobody else does so meanwhile.
#[test]
fn seeds_find_a_race_that_the_plain_run_does_not_show() {
    async fn withdraw(balance: Rc<Cell<i32>>, mut server: TcpStream) {
        let mut answer = [0];
        server.read_exact(&mut answer).await.unwrap();
        let before = balance.get();
        yield_now().await;
        balance.set(before - 1);
    }
    /// What is left of two, after two that each take one.
    async fn left(link: Link) -> i32 {
        let balance = Rc::new(Cell::new(2));
        let [(mine, mut bank), (yours, mut other)] = [(); 2].map(|()| pair(link.clone()));
        let both = gather((withdraw(balance.clone(), mine), withdraw(balance.clone(), yours)));
        bank.write_all(b"y").await.unwrap();
        sleep(MS).await;
        other.write_all(b"y").await.unwrap();
        both.await.unwrap();
        balance.get()
    }
    let (plain, found) = bounded(|| {
        let varied = |seed| Builder::new().seed(seed).run(left(Link::new().latency(MS..=9 * MS))).unwrap();
        let found = (0..200).filter(|seed| varied(*seed) != 0).count();
        (loop_virtual::run(left(ten())).unwrap(), found)
    });
    assert_eq!(plain, 0, "a millisecond apart all is well");
    assert!((1..100).contains(&found), "found by {found} seeds of 200");
}

#[test]
fn a_seeded_run_that_fails_with_an_error_says_its_seed() {
    let words = bounded(|| {
        let failing = || loop_virtual::for_each_seed(3..5, std::future::pending::<()>);
        contract::Panic::catch(failing).unwrap_err().message().to_owned()
    });
    assert!(words.starts_with("seed 3: deadlock") && words.contains("seed 3)"), "{words}");
}

/// In a process of its own, whose standard error can be read.
#[test]
fn a_seeded_run_that_panics_prints_its_seed() {
    const INNER: &str = "LOOP_VIRTUAL_PANICS";
    if std::env::var_os(INNER).is_some() {
        loop_virtual::for_each_seed(40..45, || async {
            yield_now().await;
            assert!(random_below(3) != 0, "no luck");
        });
        return;
    }
    let program = std::env::current_exe().unwrap();
    let mut command = std::process::Command::new(program);
    command.args(["--exact", "seeds::a_seeded_run_that_panics_prints_its_seed", "--nocapture"]);
    let output = command.env(INNER, "1").output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "one of five has no luck");
    assert!(words.contains("no luck"), "{words}");
    let seeds = (40..45).filter(|seed| words.contains(&format!("this run had the seed {seed}:")));
    assert_eq!(seeds.count(), 1, "{words}");
}

#[test]
fn an_error_that_is_no_deadlock_is_handed_on() {
    let outcome = bounded(|| {
        loop_virtual::run(async {
            loop_virtual::run(async {}).map_err(|error| matches!(error, RunError::Nested))
        })
    });
    assert_eq!(outcome.unwrap(), Err(true));
}
