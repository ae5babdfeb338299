//! `io`: functions that are called when a descriptor is ready.

use super::bytes::read;
use super::wire::until;
use super::{GRACE, Loops, Trace, here, quiet_panic, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::Descriptor;
use core_loop::net::{TcpListener, TcpStream};
use std::cell::Cell;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Waker};

/// Two ends of a connection, ours in non-blocking mode.
fn pair() -> std::io::Result<(Rc<UnixStream>, UnixStream)> {
    let (ours, other) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    Ok((Rc::new(ours), other))
}

/// A reader that notes what it reads.
fn noting(ours: &Rc<UnixStream>, trace: &Trace<Vec<u8>>) -> impl FnMut() + 'static {
    let (ours, trace) = (ours.clone(), trace.clone());
    move || {
        let mut buffer = [0; 64];
        if let Ok(len) = (&*ours).read(&mut buffer) {
            trace.note(buffer[..len].to_vec());
        }
    }
}

pub(super) fn reader_fires_on_readable(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (ours, mut other) = pair()?;
        let trace = Trace::new();
        here().add_reader(&*ours, noting(&ours, &trace))?;
        turns(3).await;
        same("what was read before anything was written", trace.seen().len(), 0)?;
        for (times, bytes) in [(1, b"one"), (2, b"two")] {
            other.write_all(bytes)?;
            until(|| trace.seen().len() == times).await;
        }
        drop(other);
        until(|| trace.seen().len() > 2).await;
        same("what was read", &trace.seen()[..3], [&b"one"[..], b"two", b""])?;
        ensure(here().remove_reader(&*ours), "the reader was not there")
    })
}

pub(super) fn called_again_until_it_is_read(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (ours, mut other) = pair()?;
        other.write_all(b"left unread")?;
        let calls = Rc::new(Cell::new(0));
        let counted = calls.clone();
        here().add_reader(&*ours, move || counted.set(counted.get() + 1))?;
        until(|| calls.get() >= 3).await;
        (&*ours).read_exact(&mut [0; "left unread".len()])?;
        turns(2).await;
        let so_far = calls.get();
        turns(5).await;
        same("calls after it was read", calls.get() - so_far, 0)?;
        ensure(here().remove_reader(&*ours), "the reader was not there")
    })
}

pub(super) fn remove_is_idempotent(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (ours, _other) = pair()?;
        let calls = Rc::new(Cell::new(0));
        let counted = calls.clone();
        here().add_writer(&*ours, move || counted.set(counted.get() + 1))?;
        until(|| calls.get() > 0).await;
        let removed = [here().remove_writer(&*ours), here().remove_writer(&*ours)];
        let so_far = calls.get();
        turns(5).await;
        same("calls after the removal", calls.get() - so_far, 0)?;
        same("removed", removed, [true, false])
    })
}

pub(super) fn second_registration_replaces_first(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (ours, mut other) = pair()?;
        let (first, second) = (Trace::new(), Trace::new());
        let dropped = Trace::new();
        let guard = dropped.on_drop("the first");
        let mut read_first = noting(&ours, &first);
        here().add_reader(&*ours, move || {
            let _kept = &guard;
            read_first();
        })?;
        here().add_reader(&*ours, noting(&ours, &second))?;
        same("what was dropped", dropped.seen(), ["the first"])?;
        other.write_all(b"x")?;
        until(|| !second.seen().is_empty()).await;
        same("what the first has read", first.seen().len(), 0)?;
        same("removed", [here().remove_reader(&*ours), here().remove_reader(&*ours)], [true, false])
    })
}

pub(super) fn reader_and_writer_are_separate(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (ours, mut other) = pair()?;
        let trace = Trace::new();
        let writes = Rc::new(Cell::new(0));
        let counted = writes.clone();
        here().add_reader(&*ours, noting(&ours, &trace))?;
        here().add_writer(&*ours, move || counted.set(counted.get() + 1))?;
        ensure(here().remove_reader(&*ours), "the reader was not there")?;
        other.write_all(b"x")?;
        until(|| writes.get() > 3).await;
        same("what was read", trace.seen().len(), 0)?;
        ensure(here().remove_writer(&*ours), "the writer went with the reader")
    })
}

pub(super) fn removed_in_same_poll_not_called(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (one, mut other_one) = pair()?;
        let (two, mut other_two) = pair()?;
        other_one.write_all(b"x")?;
        other_two.write_all(b"x")?;
        let trace = Trace::new();
        for (name, ours, removes) in [("one", &one, &two), ("two", &two, &one)] {
            let (trace, removes) = (trace.clone(), removes.clone());
            here().add_reader(&**ours, move || {
                trace.note((name, here().remove_reader(&*removes)));
            })?;
        }
        until(|| !trace.seen().is_empty()).await;
        turns(5).await;
        let seen = trace.seen();
        let once = seen.iter().filter(|(_, removed)| *removed).count();
        let who = seen[0].0;
        ensure(
            seen.iter().all(|(name, _)| *name == who) && once == 1,
            format!("called, in order: {seen:?}"),
        )?;
        here().remove_reader(&*one);
        here().remove_reader(&*two);
        Ok(())
    })
}

pub(super) fn removes_itself_while_called(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (ours, mut other) = pair()?;
        other.write_all(b"x")?;
        let trace = Trace::new();
        let (notes, removes, guard) = (trace.clone(), ours.clone(), trace.on_drop("dropped"));
        here().add_reader(&*ours, move || {
            let _kept = &guard;
            let removed = [here().remove_reader(&*removes), here().remove_reader(&*removes)];
            notes.note(if removed == [true, false] { "called" } else { "called, and not removed" });
        })?;
        until(|| trace.seen().len() > 1).await;
        turns(3).await;
        same("what happened", trace.seen(), ["called", "dropped"])
    })
}

pub(super) fn failing_reader_is_reported_and_stays(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (ours, mut other) = pair()?;
        other.write_all(b"xy")?;
        let reports = Trace::new();
        let told = reports.clone();
        here().set_exception_handler(move |_, context| {
            told.note(context.panic.map_or_else(String::new, |panic| panic.message().to_owned()));
        });
        let (reads, trace) = (ours.clone(), Trace::new());
        let notes = trace.clone();
        here().add_reader(&*ours, move || {
            let mut byte = [0];
            if (&*reads).read(&mut byte).is_ok() {
                notes.note(byte[0]);
                quiet_panic("a reader");
            }
        })?;
        until(|| reports.seen().len() == 2).await;
        same("what was read", trace.seen(), *b"xy")?;
        same("the reports", reports.seen(), ["a reader", "a reader"])?;
        ensure(here().remove_reader(&*ours), "the reader is gone")
    })
}

pub(super) fn close_ends_all(subject: &Subject<Loops>) -> Verdict {
    let runner = subject.runner()?;
    let lp = runner.get_loop().clone();
    let (ours, _other) = pair()?;
    let trace = Trace::new();
    for guard in [trace.on_drop("the reader"), trace.on_drop("the one in its place")] {
        lp.add_reader(&*ours, move || {
            let _kept = &guard;
        })?;
    }
    runner.close(GRACE);
    same("what was dropped", trace.seen(), ["the reader", "the one in its place"])?;
    let refused = lp.add_reader(&*ours, || ()).map_err(|error| error.to_string());
    ensure(
        refused.as_ref().is_err_and(|why| why.contains("closed")),
        format!("a closed loop said {refused:?}"),
    )?;
    same("removed after the close", lp.remove_reader(&*ours), false)
}

pub(super) fn transport_fd_protected(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (ours, mut other) = pair()?;
        let owner = Descriptor::new(ours.try_clone()?)?;
        let reads = ours.clone();
        let mut reading = pin!(owner.read_with(|_| (&*reads).read(&mut [0; 8])));
        let cx = &mut Context::from_waker(Waker::noop());
        ensure(reading.as_mut().poll(cx).is_pending(), "there is nothing to read yet")?;
        let calls = Rc::new(Cell::new(0));
        let counted = calls.clone();
        here().add_reader(&owner, move || counted.set(counted.get() + 1))?;
        ensure(here().remove_reader(&owner), "the reader was not there")?;
        here().add_reader(&owner, || ())?;
        other.write_all(b"x")?;
        same("what the owner read", reading.await?, 1)?;
        same("calls of the function that was removed", calls.get(), 0)?;
        ensure(here().remove_reader(&owner), "the reader was not there")
    })
}

pub(super) fn sock_recv_cancel_prompt(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut ours = TcpStream::connect(listener.local_addr()?).await?;
        let (other, _) = listener.accept().await?;
        let trace = Trace::new();
        let noted = trace.clone();
        let task = core_loop::spawn(async move {
            let outcome = read(&mut ours, &mut [0; 8]).await;
            noted.note(outcome.map_err(|error| error.kind()));
        });
        turns(3).await;
        task.cancel("enough");
        ensure(task.await.is_err(), "a cancelled task has an output")?;
        same("what a cancelled read gave", trace.seen(), [Ok::<usize, ErrorKind>(0); 0])?;
        // The socket went with the task, and so the other side sees its end.
        let mut other = other;
        same("the end", read(&mut other, &mut [0; 8]).await?, 0)
    })
}
