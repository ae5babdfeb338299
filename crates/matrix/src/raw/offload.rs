//! Work that blocks, given to the runtime's own threads.

use super::kit::{Flag, SETTLE, Trace, caught, caught_async, is_ready_at_once};
use super::{Difference, Raw, Refused};
use std::thread;
use std::time::{Duration, Instant};

pub(super) fn differences<R: Raw>() -> Vec<Difference> {
    vec![
        Difference {
            id: "offload_begins",
            sentence: "When blocking work begins that is given to a thread.",
            ours: "when called",
            behaviour: None,
            observe: offload_begins::<R>,
        },
        Difference {
            id: "offload_that_panics",
            sentence: "What whoever awaits blocking work sees of its panic.",
            ours: "the await is an error",
            behaviour: Some("thread.job_panic_fails_future_only"),
            observe: offload_that_panics::<R>,
        },
        Difference {
            id: "offload_dropped_at_once",
            sentence: "What becomes of five pieces of blocking work whose futures are dropped at once.",
            ours: "withdrawn, those that have not begun",
            behaviour: Some("bridge.run_in_executor_cancel_queued"),
            observe: offload_dropped_at_once::<R>,
        },
        Difference {
            id: "offload_dropped_while_it_runs",
            sentence: "What becomes of blocking work whose future is dropped while it runs.",
            ours: "runs to its end",
            behaviour: Some("bridge.run_in_executor_cancel_running"),
            observe: offload_dropped_while_it_runs::<R>,
        },
        Difference {
            id: "end_beside_a_running_job",
            sentence: "Whether the end of the runtime waits for blocking work of 300 ms.",
            ours: "waits, up to the grace",
            behaviour: Some("bridge.default_executor_shutdown_timeout"),
            observe: end_beside_a_running_job::<R>,
        },
    ]
}

fn offload_begins<R: Raw>() -> String {
    R::run(async {
        let begun = Flag::default();
        let job = R::offload({
            let begun = begun.clone();
            move || begun.raise()
        });
        let early = begun.raised_soon();
        let ended = job.await;
        match (early, ended) {
            (true, _) => "when called",
            (false, Ok(())) => "when first polled",
            (false, Err(Refused)) => "never",
        }
        .to_owned()
    })
}

fn offload_that_panics<R: Raw>() -> String {
    let ran = caught(|| R::run(async { caught_async(R::offload::<()>(|| panic!("a job panics"))).await }));
    match ran {
        Ok(Ok(Err(Refused))) => "the await is an error",
        Ok(Ok(Ok(()))) => "the await is well",
        Ok(Err(_)) => "the await panics",
        Err(_) => "the whole run unwinds",
    }
    .to_owned()
}

fn offload_dropped_at_once<R: Raw>() -> String {
    let ran = R::run(async {
        let ran = Trace::default();
        for number in 0..5 {
            let ran = ran.clone();
            drop(R::offload(move || ran.push(number.to_string())));
        }
        thread::sleep(SETTLE);
        ran.words().len()
    });
    match ran {
        0 => "none runs",
        5 => "all run",
        _ => "some run",
    }
    .to_owned()
}

fn offload_dropped_while_it_runs<R: Raw>() -> String {
    let (begun, go, ended) = (Flag::default(), Flag::default(), Flag::default());
    R::run(async move {
        let mut job = Box::pin(R::offload({
            let (begun, go, ended) = (begun.clone(), go.clone(), ended.clone());
            move || {
                begun.raise();
                while !go.raised() {
                    thread::yield_now();
                }
                ended.raise();
            }
        }));
        while !begun.raised() {
            assert!(!is_ready_at_once(job.as_mut()).await, "the job waits for us");
            R::sleep(Duration::from_millis(1)).await;
        }
        drop(job);
        go.raise();
        if ended.raised_soon() { "runs to its end" } else { "stopped" }.to_owned()
    })
}

fn end_beside_a_running_job<R: Raw>() -> String {
    const JOB: Duration = Duration::from_millis(300);
    let begin = Instant::now();
    R::run(async {
        let begun = Flag::default();
        let mut job = Box::pin(R::offload({
            let begun = begun.clone();
            move || {
                begun.raise();
                thread::sleep(JOB);
            }
        }));
        while !begun.raised() {
            assert!(!is_ready_at_once(job.as_mut()).await, "the job takes its time");
            R::sleep(Duration::from_millis(1)).await;
        }
        drop(job);
    });
    if begin.elapsed() >= JOB { "waits" } else { "does not wait" }.to_owned()
}
