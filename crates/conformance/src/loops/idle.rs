//! `idle`: waiting until the loop has nothing left to do.

use super::{Loops, Trace, here, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::{net, sleep, spawn, wait_until_idle};
use std::future::pending;
use std::net::TcpStream;
use std::time::Duration;

pub(super) fn ends_when_every_other_task_waits(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        for (name, count) in [("after one turn", 1), ("after fifty", 50)] {
            let note = trace.noting(name);
            spawn(async move {
                turns(count).await;
                note();
                pending::<()>().await;
            })
            .detach();
        }
        wait_until_idle().await;
        same("what had run before the loop rested", trace.seen(), ["after one turn", "after fifty"])
    })
}

pub(super) fn what_has_arrived_is_taken_first(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let listener = net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let accepting = spawn(async move { listener.accept().await.map(drop) });
        wait_until_idle().await;
        ensure(!accepting.done(), "a connection was accepted that nobody made")?;
        let _client = TcpStream::connect(address)?;
        wait_until_idle().await;
        ensure(accepting.done(), "the loop rested before it took the connection that was there")?;
        Ok(accepting.await??)
    })
}

pub(super) fn a_cushion_begins_anew(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let cushion = Duration::from_millis(20);
        let ticking = spawn(async {
            for _ in 0..5 {
                sleep(Duration::from_millis(2)).await;
            }
            here().time()
        });
        wait_until_idle().cushion(cushion).await;
        let rested = here().time();
        ensure(ticking.done(), "the loop rested although its timers were closer than the cushion")?;
        let last = ticking.await?;
        ensure(rested >= last + cushion, format!("it had rested for {:?} only", rested - last))
    })
}
