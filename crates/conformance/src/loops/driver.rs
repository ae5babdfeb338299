//! `driver`: what the contract promises of a driver, tried with a root future by hand. No scheduler is in the way.

use super::{Loops, NEVER, clock};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use contract::{Direction, Driver, Readiness, Token};
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::panic::Location;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);

/// A machine that stands still does not do so at the same place so often.
const TRIES: u32 = 20;

/// How long a root that never waits may look for something. Only a hang takes that long.
const SOON: Duration = Duration::from_secs(10);

/// Runs a root that is polled by `poll`.
fn run<T>(driver: &dyn Driver, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let mut output = None;
    driver.run(pin!(poll_fn(|cx| poll(cx).map(|value| output = Some(value)))));
    output.expect("the driver gave up on its root")
}

/// For as long as another thread works for the root.
fn outside(driver: &dyn Driver) -> Option<Token> {
    driver.reactor().outside(Location::caller())
}

/// A watched end of a socket pair.
struct Watched {
    stream: UnixStream,
    readiness: Box<dyn Readiness>,
}

impl Watched {
    /// And the other end.
    fn pair(driver: &dyn Driver) -> io::Result<(Self, UnixStream)> {
        let (stream, other) = UnixStream::pair()?;
        stream.set_nonblocking(true)?;
        let descriptor = Rc::new(OwnedFd::from(stream.try_clone()?));
        Ok((Self { stream, readiness: driver.reactor().watch(descriptor)? }, other))
    }

    /// Reads one byte.
    fn poll_read(&self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.readiness.poll_io(cx, Direction::Read, &mut || (&self.stream).read(&mut [0]))
    }
}

pub(super) fn runs_one_root_after_the_other(subject: &Subject<Loops>) -> Verdict {
    let driver = subject.fresh()?;
    let outputs = [0, 1, 2].map(|number| run(&*driver, |_| Poll::Ready(number)));
    same("the outputs", outputs, [0, 1, 2])
}

pub(super) fn a_foreign_wake_is_never_lost(subject: &Subject<Loops>) -> Verdict {
    const WAKES: u32 = 2_000;
    let driver = subject.fresh()?;
    let _outside = outside(&*driver);
    let (wakers, asked) = mpsc::channel::<Waker>();
    let told = Arc::new(AtomicU32::new(0));
    let other = thread::spawn({
        let told = told.clone();
        move || {
            for waker in asked {
                // Relaxed, here and in the root: the wake must carry it.
                told.fetch_add(1, Ordering::Relaxed);
                waker.wake();
            }
        }
    });
    let mut sent = 0;
    run(&*driver, |cx| {
        if told.load(Ordering::Relaxed) == sent {
            if sent == WAKES {
                return Poll::Ready(());
            }
            sent += 1;
            wakers.send(cx.waker().clone()).expect("the other thread listens");
        }
        Poll::Pending
    });
    drop(wakers);
    ensure(other.join().is_ok(), "a wake panicked")
}

pub(super) fn wakes_during_a_poll_are_never_lost(subject: &Subject<Loops>) -> Verdict {
    const THREADS: u32 = 4;
    const WAKES: u32 = 5_000;
    let driver = subject.fresh()?;
    let _outside = outside(&*driver);
    let count = Arc::new(AtomicU32::new(0));
    let (mut others, mut polls) = (Vec::new(), 0);
    run(&*driver, |cx| {
        polls += 1;
        if others.is_empty() {
            others.extend((0..THREADS).map(|_| {
                let (waker, count) = (cx.waker().clone(), count.clone());
                thread::spawn(move || {
                    for _ in 0..WAKES {
                        count.fetch_add(1, Ordering::Relaxed);
                        waker.wake_by_ref();
                    }
                })
            }));
        }
        // Also if all have woken before the first poll is over, there must be a second one.
        let all = polls > 1 && count.load(Ordering::Relaxed) == THREADS * WAKES;
        if all { Poll::Ready(()) } else { Poll::Pending }
    });
    ensure(others.into_iter().all(|other| other.join().is_ok()), "a wake panicked")
}

pub(super) fn a_waker_of_an_ended_run_does_nothing(subject: &Subject<Loops>) -> Verdict {
    let driver = subject.fresh()?;
    let stale = run(&*driver, |cx| Poll::Ready(cx.waker().clone()));
    stale.wake_by_ref();
    thread::scope(|scope| {
        scope.spawn(|| stale.wake_by_ref());
    });
    let mut polls = 0;
    run(&*driver, |cx| {
        polls += 1;
        stale.wake_by_ref();
        cx.waker().wake_by_ref();
        if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
    });
    drop(driver);
    ensure(thread::spawn(move || stale.wake()).join().is_ok(), "a wake panicked")
}

pub(super) fn a_timer_wakes_a_waiting_root_and_never_early(subject: &Subject<Loops>) -> Verdict {
    let driver = subject.fresh()?;
    let (reactor, now) = (driver.reactor(), clock(&*driver));
    for micros in [0, 1, 50, 100, 999, 1_000, 1_500, 5_000, 20_000] {
        let deadline = now() + Duration::from_micros(micros);
        run(&*driver, |cx| reactor.poll_timer(cx, Some(deadline)));
        ensure(now() >= deadline, format!("{micros} µs: early"))?;
    }
    Ok(())
}

pub(super) fn a_timer_set_again_replaces_the_one_before(subject: &Subject<Loops>) -> Verdict {
    let driver = subject.fresh()?;
    let (reactor, now) = (driver.reactor(), clock(&*driver));
    // Later, then sooner: it is the sooner one that wakes.
    let (soon, mut first) = (now() + MS * 5, true);
    run(&*driver, |cx| {
        if std::mem::take(&mut first) {
            let _ = reactor.poll_timer(cx, Some(soon + NEVER));
        }
        reactor.poll_timer(cx, Some(soon))
    });
    // Sooner, then none: only the other thread wakes. Where the machine stands still the timer is due before it is disarmed.
    for _ in 0..TRIES {
        if let Some(woken_by_the_other) = disarmed(&*driver, now() + MS * 50) {
            return ensure(woken_by_the_other, "a disarmed timer has woken the root");
        }
    }
    ensure(false, format!("{TRIES} times the timer was due before it was disarmed"))
}

/// Whether a timer that is set to `soon` and disarmed leaves the root asleep until another thread wakes it, after `soon`;
/// `None` if it was not disarmed in time.
fn disarmed(driver: &dyn Driver, soon: Instant) -> Option<bool> {
    let (reactor, now, _outside) = (driver.reactor(), clock(driver), outside(driver));
    let (mut in_time, mut other) = (false, None);
    let wakes = Arc::new(AtomicBool::new(false));
    run(driver, |cx| {
        if other.is_some() {
            // Something else may wake it at any time; only the timer has a reason to do it then.
            let over = wakes.load(Ordering::SeqCst) || now() >= soon;
            return if over { Poll::Ready(()) } else { Poll::Pending };
        }
        let _ = reactor.poll_timer(cx, Some(soon));
        let _ = reactor.poll_timer(cx, None);
        in_time = now() < soon;
        let (waker, wakes) = (cx.waker().clone(), wakes.clone());
        other = Some(thread::spawn(move || {
            thread::sleep(MS * 100); // the subject: time passes, and the timer is silent
            wakes.store(true, Ordering::SeqCst);
            waker.wake();
        }));
        Poll::Pending
    });
    let woken_by_the_other = wakes.load(Ordering::SeqCst);
    other.map(thread::JoinHandle::join);
    in_time.then_some(woken_by_the_other)
}

pub(super) fn a_root_that_never_waits_sees_its_timer(subject: &Subject<Loops>) -> Verdict {
    let driver = subject.fresh()?;
    let (reactor, now) = (driver.reactor(), clock(&*driver));
    let deadline = now() + MS * 3;
    let mut polls_when_due = 0;
    run(&*driver, |cx| {
        cx.waker().wake_by_ref();
        polls_when_due += u32::from(now() >= deadline);
        reactor.poll_timer(cx, Some(deadline))
    });
    ensure(polls_when_due <= 1, format!("due, and said so only after {polls_when_due} polls"))
}

pub(super) fn a_root_that_never_waits_sees_its_descriptors(subject: &Subject<Loops>) -> Verdict {
    let driver = subject.fresh()?;
    let (ours, mut other) = Watched::pair(&*driver)?;
    for _ in 0..50 {
        let (mut polls, since) = (0, Instant::now());
        let read = run(&*driver, |cx| {
            cx.waker().wake_by_ref();
            polls += 1;
            let read = ours.poll_read(cx);
            if polls == 1 {
                return other
                    .write_all(b"x")
                    .map_or_else(|error| Poll::Ready(Err(error)), |()| Poll::Pending);
            }
            if since.elapsed() > SOON { Poll::Ready(Err(ErrorKind::TimedOut.into())) } else { read }
        });
        same("read", read?, 1)?;
    }
    Ok(())
}

pub(super) fn a_descriptor_wakes_a_waiting_root(subject: &Subject<Loops>) -> Verdict {
    const BYTES: usize = 300;
    let driver = subject.fresh()?;
    let (ours, mut other) = Watched::pair(&*driver)?;
    let reader = other.try_clone()?;
    let writer = thread::spawn(move || (0..BYTES).try_for_each(|_| other.write_all(b"x")));
    let mut bytes = 0;
    run(&*driver, |cx| {
        while bytes < BYTES {
            match ours.poll_read(cx) {
                Poll::Ready(Ok(read)) => bytes += read,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    })?;
    writer.join().expect("it writes")?;
    // And the other way: full, until the other end reads.
    let block = [0; 4096];
    while (&ours.stream).write(&block).is_ok() {}
    let mut reading = None;
    let written = run(&*driver, |cx| {
        let written = ours.readiness.poll_io(cx, Direction::Write, &mut || (&ours.stream).write(&block));
        if reading.is_none() && written.is_pending() {
            // All of it: a socket counts as writable again only when most of its buffer is free.
            let mut other = reader.try_clone().expect("descriptors are left");
            reading = Some(thread::spawn(move || io::copy(&mut other, &mut io::sink())));
        }
        written
    });
    let reading = reading.ok_or(io::Error::other("a full socket took something"))?;
    drop(ours);
    let read = reading.join().expect("it reads")?;
    ensure(read > written? as u64, "what was written did not arrive")
}

pub(super) fn a_read_given_up_loses_nothing(subject: &Subject<Loops>) -> Verdict {
    let driver = subject.fresh()?;
    let (ours, mut other) = Watched::pair(&*driver)?;
    let pending = run(&*driver, |cx| Poll::Ready(ours.poll_read(cx).is_pending()));
    ensure(pending, "there is nothing to read yet")?;
    other.write_all(b"xy")?;
    for _ in 0..2 {
        same("read", run(&*driver, |cx| ours.poll_read(cx))?, 1)?;
    }
    // Watched again, after the first watch has ended.
    let Watched { stream, readiness } = ours;
    drop(readiness);
    let readiness = driver.reactor().watch(Rc::new(stream.try_clone()?.into()))?;
    let ours = Watched { stream, readiness };
    drop(other);
    same("read at the end", run(&*driver, |cx| ours.poll_read(cx))?, 0)
}

pub(super) fn errors_of_an_operation_are_handed_on(subject: &Subject<Loops>) -> Verdict {
    let driver = subject.fresh()?;
    let (ours, mut other) = Watched::pair(&*driver)?;
    other.write_all(b"x")?;
    let outcome = run(&*driver, |cx| {
        ours.readiness.poll_io(cx, Direction::Read, &mut || Err(ErrorKind::ConnectionReset.into()))
    });
    same("the error", outcome.map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset))
}

pub(super) fn a_plain_file_cannot_be_watched(subject: &Subject<Loops>) -> Verdict {
    const EPERM: i32 = 1;
    let driver = subject.fresh()?;
    let file = Rc::new(OwnedFd::from(File::open("/proc/self/exe")?));
    let watched = run(&*driver, |_| Poll::Ready(driver.reactor().watch(file.clone()).err()));
    same("the error", watched.and_then(|error| error.raw_os_error()), Some(EPERM))
}
