//! `05_gather.py`.

use super::{Log, MS, cancelled, list, quoted, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::{Loops, quiet_panic};
use crate::{Miss, Subject};
use core_loop::{JoinError, sleep, spawn};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn gather(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("05_gather"), async |log| {
        let job = |name, duration, exception| job(log.clone(), name, duration, exception);
        let all = vec![job("a", MS * 40, None), job("b", MS * 20, None), job("c", MS * 60, None)];
        let names = core_loop::gather(all).await?.into_iter().flatten().map(quoted);
        log.line(format_args!("gather {}", list(names)));

        let failing = (
            job("d", MS * 60, None),
            raising(job("e", MS * 20, Some("ValueError"))),
            job("f", MS * 40, None),
        );
        if let Err(JoinError::Panicked(panic)) = core_loop::gather(failing).await
            && panic.message() == "ValueError"
        {
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
        Ok::<_, Miss>(None::<&str>)
    })
}

/// Gives its name, or the name of an exception.
async fn job(
    log: Log,
    name: &'static str,
    duration: Duration,
    exception: Option<&'static str>,
) -> Result<&'static str, &'static str> {
    let except = log.on_cancel(format_args!("{name} cancelled"));
    sleep(duration).await;
    except.ended();
    log.line(format_args!("{name} done"));
    exception.map_or(Ok(name), Err)
}

/// What fails a task as an exception does in Python is a panic; an `Err` is what `return_exceptions` gives.
async fn raising(job: impl Future<Output = Result<&'static str, &'static str>>) {
    if let Err(exception) = job.await {
        quiet_panic(exception);
    }
}
