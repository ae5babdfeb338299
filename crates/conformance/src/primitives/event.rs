//! `event`: a flag that many wait for.

use super::stage::{Stage, turns};
use super::{AnyEvent, Primitives};
use crate::behaviour::{Verdict, same};
use crate::{Subject, Trace};
use std::rc::Rc;

/// Somebody who waits, then notes the number and whether it sees the event set.
fn waiter(stage: &Stage, event: &Rc<dyn AnyEvent>, trace: &Trace<(u32, bool)>, number: u32) {
    let (event, trace) = (event.clone(), trace.clone());
    stage.spawn(async move {
        event.wait().await;
        trace.note((number, event.is_set()));
    });
}

pub(super) fn releases_all_in_order(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (event, trace) = (stage.event()?, Trace::new());
        (0..3).for_each(|number| waiter(stage, &event, &trace, number));
        turns(2).await;
        event.set();
        same("who was released inside the call", trace.seen(), [(0, true); 0])?;
        turns(1).await;
        same("who was released", trace.seen(), [(0, true), (1, true), (2, true)])?;
        let yielded = Trace::new();
        let another = yielded.clone();
        stage.spawn(async move { another.note("another turn") });
        event.wait().await;
        same("what ran while a set event was awaited", yielded.seen(), [""; 0])
    })
}

pub(super) fn set_clear_pulse(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (event, trace) = (stage.event()?, Trace::new());
        (0..2).for_each(|number| waiter(stage, &event, &trace, number));
        turns(2).await;
        event.set();
        event.clear();
        waiter(stage, &event, &trace, 2);
        turns(3).await;
        same("who was released by a pulse", trace.seen(), [(0, false), (1, false)])?;
        event.set();
        turns(1).await;
        same("who was released in the end", trace.seen(), [(0, false), (1, false), (2, true)])
    })
}
