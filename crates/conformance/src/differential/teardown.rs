//! `10_teardown.py`.

use super::{LONG, Log, MS, recorded, replay};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{finally, sleep, spawn, yield_now};

pub(crate) fn teardown(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("10_teardown"), async |log| {
        for number in [1, 2] {
            spawn(background(log.clone(), number)).named(format!("bg{number}")).detach();
        }
        yield_now().await;
        log.line("main returns");
        Ok::<_, Miss>(Some("result"))
    })
}

pub(super) async fn background(log: Log, number: u32) {
    finally(
        (),
        async |(): &mut ()| sleep(LONG).await,
        async move |()| {
            sleep(MS * 20 * number).await;
            log.line(format_args!("bg{number} cleaned up"));
        },
    )
    .await;
}
