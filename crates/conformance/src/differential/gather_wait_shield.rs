//! `05_gather_wait_shield.py`.

use super::{Log, MS, cancelled, list, names, py, quoted, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{ReturnWhen, Task, Waitable, as_completed, sleep, spawn, try_gather, wait_for};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// What a job gives: its name, or the name of an exception.
type Output = Result<&'static str, &'static str>;

pub(crate) fn gather_wait_shield(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("05_gather_wait_shield"), async |log| {
        gathers(&log).await?;
        waits(&log).await;
        let mut inner = spawn(job(log.clone(), "q", MS * 60, None));
        if wait_for(MS * 20, (&mut inner).shield()).await.is_err() {
            log.line(format_args!("shielded task timed out outside, inner done: {}", py(inner.done())));
        }
        log.line(format_args!("inner -> {}", inner.await?.unwrap_or("an exception")));
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn gathers(log: &Log) -> Result<(), Miss> {
    let job = |name, duration, exception| job(log.clone(), name, duration, exception);
    let all = (job("a", MS * 40, None), job("b", MS * 20, None), job("c", MS * 60, None));
    if let Ok((a, b, c)) = try_gather(all).await? {
        log.line(format_args!("gather {}", list([a, b, c].map(quoted))));
    }
    let failing = (job("d", MS * 60, None), job("e", MS * 20, Some("ValueError")), job("f", MS * 40, None));
    if try_gather(failing).await? == Err("ValueError") {
        log.line("gather raised at the first error; the others keep running");
    }
    sleep(MS * 60).await;

    let outputs = vec![job("g", MS * 20, Some("KeyError")), job("h", MS * 40, None)];
    let outputs = core_loop::gather(outputs).await?;
    let kinds = outputs.into_iter().map(|output| quoted(output.err().unwrap_or("str")));
    log.line(format_args!("collected {}", list(kinds)));

    let mut gathered = spawn(core_loop::gather(vec![job("i", SECOND, None), job("j", SECOND, None)]));
    sleep(MS * 20).await;
    gathered.cancel("enough");
    if cancelled(&wait([&mut gathered]).await[0]) {
        log.line("cancelled gather raises even with return_exceptions");
    }
    Ok(())
}

async fn waits(log: &Log) {
    let mk = |name, duration, exception| -> Task<Output> {
        spawn(job(log.clone(), name, duration, exception)).named(name)
    };
    let mut tasks = [mk("k", MS * 60, None), mk("l", MS * 20, None), mk("m", MS * 40, Some("OSError"))];
    for (words, when) in [
        ("first completed", ReturnWhen::FIRST_COMPLETED),
        ("first exception", ReturnWhen::FIRST_EXCEPTION),
        ("all", ReturnWhen::ALL_COMPLETED),
    ] {
        let waited = core_loop::wait(&mut tasks, when).await;
        log.line(format_args!("{words} {} {}", names(&waited.done), names(&waited.pending)));
    }
    let mut order = Vec::new();
    let mut tasks = as_completed([mk("n", MS * 60, None), mk("o", MS * 20, None), mk("p", MS * 40, None)]);
    while let Some(task) = tasks.next().await {
        order.extend(task.await.into_iter().flatten().map(quoted));
    }
    log.line(format_args!("as completed {}", list(order)));
}

async fn job(log: Log, name: &'static str, duration: Duration, exception: Option<&'static str>) -> Output {
    let except = log.on_cancel(format_args!("{name} cancelled"));
    sleep(duration).await;
    except.ended();
    log.line(format_args!("{name} done"));
    exception.map_or(Ok(name), Err)
}
