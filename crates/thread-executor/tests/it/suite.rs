//! What every executor must show.

use crate::{count, pool};
use conformance::{Bench, Subject};
use thread_executor::ThreadPool;

/// Workers of the bench.
const WORKERS: usize = 3;

conformance::suite!(executors: Subject::executor("thread pool", || {
    let bench = Bench::closures(pool(WORKERS, 64)).workers(WORKERS);
    Ok(bench.prepared(|prepare| {
        let pool = ThreadPool::builder().threads(count(WORKERS)).on_thread_start(move |_| prepare()).build();
        Ok(Bench::closures(pool).workers(WORKERS))
    }))
}));
