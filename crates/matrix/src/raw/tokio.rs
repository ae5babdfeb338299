//! tokio: a `LocalSet` on a current-thread runtime, and two worker threads.

use super::{Raw, Refused};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::task::{JoinHandle, LocalSet};

pub(super) struct Local;

pub(super) struct Threads;

const WORKERS: usize = 2;

/// What both flavours share: all but `run` and `spawn`.
macro_rules! shared {
    () => {
        type Handle<T: Send + 'static> = JoinHandle<T>;

        fn detach<T: Send + 'static>(handle: JoinHandle<T>) {
            drop(handle);
        }

        async fn join<T: Send + 'static>(handle: JoinHandle<T>) -> Result<T, Refused> {
            handle.await.map_err(|_| Refused)
        }

        async fn cancel<T: Send + 'static>(handle: JoinHandle<T>) -> Option<T> {
            handle.abort();
            handle.await.ok()
        }

        fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
            tokio::time::sleep(duration)
        }

        fn yield_now() -> impl Future<Output = ()> + Send + 'static {
            tokio::task::yield_now()
        }

        fn offload<T: Send + 'static>(
            job: impl FnOnce() -> T + Send + 'static,
        ) -> impl Future<Output = Result<T, Refused>> + 'static {
            let handle = tokio::task::spawn_blocking(job);
            async move { handle.await.map_err(|_| Refused) }
        }

        async fn receive(count: usize) {
            let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
            (0..count).for_each(|item| sender.send(item).expect("the receiver lives"));
            for _ in 0..count {
                receiver.recv().await;
            }
        }
    };
}

impl Raw for Local {
    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        LocalSet::new().block_on(&runtime, main)
    }

    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        tokio::task::spawn_local(task)
    }

    shared!();
}

impl Raw for Threads {
    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(WORKERS).enable_time().build().expect("a runtime").block_on(main)
    }

    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        tokio::spawn(task)
    }

    shared!();
}
