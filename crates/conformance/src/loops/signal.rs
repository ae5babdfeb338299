//! `signal`: functions that are called when a signal arrives.

use super::wire::until;
use super::{GRACE, Loops, Trace, here};
use crate::Subject;
use crate::behaviour::{Miss, Verdict, ensure, same};
use core_loop::Loop;
use loop_io::process::Command;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

const SIGKILL: i32 = 9;
const SIGSEGV: i32 = 11;

/// A signal that no other behaviour uses at this time: one of those that mean nothing.
fn a_signal() -> i32 {
    static NEXT: AtomicI32 = AtomicI32::new(0);
    36 + NEXT.fetch_add(1, Ordering::Relaxed) % 28
}

/// Sends it to this process.
fn send(signal: i32) -> io::Result<()> {
    let sent = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!("kill -{signal} {}", std::process::id()))
        .status()?;
    if sent.success() { Ok(()) } else { Err(io::Error::other("the signal cannot be sent")) }
}

/// Whether this process catches it, in the kernel's own words.
fn is_caught(signal: i32) -> Result<bool, Miss> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = mask.ok_or_else(|| Miss::Fail("the kernel does not say what is caught".into()))?;
    Ok(u64::from_str_radix(mask.trim(), 16)? >> (signal - 1) & 1 == 1)
}

pub(super) fn handler_is_a_loop_callback(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (signal, argument) = (a_signal(), "an argument");
        let heard = core_loop::Future::new();
        let (hears, thread) = (heard.clone(), thread::current().id());
        here().add_signal_handler(signal, move || {
            let spawned = core_loop::spawn(async {}); // it may do what callbacks do
            spawned.detach();
            let _again = hears.set_result((thread::current().id() == thread, argument));
        })?;
        core_loop::to_thread(move || send(signal)).await??;
        // Nothing else wakes the loop.
        same("on the loop's thread, with its argument", heard.await?, (true, argument))?;
        ensure(here().remove_signal_handler(signal), "the handler was not there")
    })
}

pub(super) fn remove_restores_default(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let signal = a_signal();
        let trace = Trace::new();
        let noted = trace.clone();
        here().add_signal_handler(signal, move || noted.note("heard"))?;
        ensure(is_caught(signal)?, "nobody catches the signal")?;
        send(signal)?;
        until(|| !trace.seen().is_empty()).await;
        let removed = [here().remove_signal_handler(signal), here().remove_signal_handler(signal)];
        same("removed", removed, [true, false])?;
        same("heard", trace.seen(), ["heard"])?;
        ensure(!is_caught(signal)?, "the signal is still caught")?;
        for (number, why) in [
            (0, "no such signal"),
            (65, "no such signal"),
            (-1, "no such signal"),
            (SIGKILL, "nobody catch"),
            (SIGSEGV, "failed"),
        ] {
            let refused =
                here().add_signal_handler(number, || ()).map_err(|error| (error.kind(), error.to_string()));
            let told =
                |(kind, words): &(ErrorKind, String)| *kind == ErrorKind::InvalidInput && words.contains(why);
            ensure(refused.as_ref().is_err_and(told), format!("signal {number}: {refused:?}"))?;
            same("removed, of what was refused", here().remove_signal_handler(number), false)?;
        }
        Ok(())
    })
}

pub(super) fn second_handler_replaces_first(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let signal = a_signal();
        let trace = Trace::new();
        for name in ["first", "second"] {
            let noted = trace.clone();
            here().add_signal_handler(signal, move || noted.note(name))?;
        }
        for times in 1..=2 {
            send(signal)?;
            until(|| trace.seen().len() == times).await;
        }
        same("heard", trace.seen(), ["second", "second"])?;
        ensure(here().remove_signal_handler(signal), "the handler was not there")
    })
}

pub(super) fn close_uninstalls_all(subject: &Subject<Loops>) -> Verdict {
    let signals = [a_signal(), a_signal()];
    let mut runner = subject.runner()?;
    let lp: Loop = runner.get_loop().clone();
    let trace = Trace::new();
    for signal in signals {
        let guard = trace.on_drop("dropped");
        lp.add_signal_handler(signal, move || {
            let _kept = &guard;
        })?;
        ensure(is_caught(signal)?, "nobody catches the signal")?;
    }
    runner.run(async {})?;
    same("dropped before the close", trace.seen().len(), 0)?;
    runner.close(GRACE);
    same("dropped by the close", trace.seen().len(), 2)?;
    for signal in signals {
        ensure(!is_caught(signal)?, "the signal is still caught")?;
        same("removed after the close", lp.remove_signal_handler(signal), false)?;
        ensure(lp.add_signal_handler(signal, || ()).is_err(), "a closed loop took a handler")?;
        ensure(!is_caught(signal)?, "a refused handler is installed")?;
    }
    Ok(())
}

pub(super) fn fork_child_does_not_reach_parent_loop(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let signal = a_signal();
        let trace = Trace::new();
        let noted = trace.clone();
        here().add_signal_handler(signal, move || noted.note("heard"))?;
        let child = Command::shell(format!("kill -{signal} $$; sleep 60")).spawn()?;
        child.wait().await;
        same("what ended the child", child.returncode(), Some(-signal))?;
        super::turns(5).await;
        same("heard here", trace.seen().len(), 0)?;
        send(signal)?;
        until(|| !trace.seen().is_empty()).await;
        ensure(here().remove_signal_handler(signal), "the handler was not there")
    })
}

pub(super) fn every_loop_that_listens_hears_it(subject: &Subject<Loops>) -> Verdict {
    let signal = a_signal();
    let listening = Arc::new(Barrier::new(3));
    let loops = [(); 2].map(|()| {
        let (subject, listening) = (subject.clone(), listening.clone());
        thread::spawn(move || {
            let prepared = subject.runner();
            let heard = core_loop::Future::new();
            let hears = heard.clone();
            let added = prepared.and_then(|runner| {
                runner.get_loop().add_signal_handler(signal, move || drop(hears.set_result(())))?;
                Ok(runner)
            });
            listening.wait();
            Ok::<_, Miss>(added?.run(heard)??)
        })
    });
    listening.wait();
    send(signal)?;
    for one in loops {
        one.join().map_err(|_| Miss::Fail("a loop's thread panicked".into()))??;
    }
    ensure(!is_caught(signal)?, "the signal is still caught")
}
