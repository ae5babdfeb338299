//! `07_event.py`.

use super::{MS, py, recorded, replay};
use crate::Subject;
use crate::behaviour::Verdict;
use crate::loops::Loops;
use core_loop::{gather, sleep, spawn, yield_now};
use std::rc::Rc;

pub(crate) fn event(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("07_event"), async |log| {
        let event = Rc::new(sync_primitives::Event::new());
        let waiter = |name| {
            let (log, event) = (log.clone(), event.clone());
            spawn(async move {
                event.wait().await;
                log.line(format_args!("{name} released, is_set {}", py(event.is_set())));
            })
        };
        let first = waiter("E0");
        yield_now().await;
        event.set();
        event.clear();
        let second = waiter("E1");
        sleep(MS * 10).await;
        log.line(format_args!("E1 done {}", py(second.done())));
        event.set();
        let (first, second) = gather((first, second)).await?;
        first.and(second)?;
        Ok(None::<&str>)
    })
}
