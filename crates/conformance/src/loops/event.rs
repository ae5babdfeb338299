//! `event`: a flag that many wait for.

use super::{Loops, Trace, here, turns};
use crate::Subject;
use crate::behaviour::{Verdict, same};
use core_loop::spawn;
use std::rc::Rc;
use sync_primitives::Event;

/// A task that waits, then notes its number and whether it sees the event set.
fn waiter(event: &Rc<Event>, trace: &Trace<(u32, bool)>, number: u32) {
    let (event, trace) = (event.clone(), trace.clone());
    let task = spawn(async move {
        event.wait().await;
        trace.note((number, event.is_set()));
    });
    task.detach();
}

pub(super) fn releases_all_in_order(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (event, trace) = (Rc::new(Event::new()), Trace::new());
        (0..3).for_each(|number| waiter(&event, &trace, number));
        turns(2).await;
        event.set();
        same("who was released inside the call", trace.seen(), [(0, true); 0])?;
        turns(1).await;
        same("who was released", trace.seen(), [(0, true), (1, true), (2, true)])?;
        let yielded = Trace::new();
        here().call_soon(yielded.noting("another turn"));
        event.wait().await;
        same("what ran while a set event was awaited", yielded.seen(), [""; 0])
    })
}

pub(super) fn set_clear_pulse(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (event, trace) = (Rc::new(Event::new()), Trace::new());
        (0..2).for_each(|number| waiter(&event, &trace, number));
        turns(2).await;
        event.set();
        event.clear();
        waiter(&event, &trace, 2);
        turns(3).await;
        same("who was released by a pulse", trace.seen(), [(0, false), (1, false)])?;
        event.set();
        turns(1).await;
        same("who was released in the end", trace.seen(), [(0, false), (1, false), (2, true)])
    })
}
