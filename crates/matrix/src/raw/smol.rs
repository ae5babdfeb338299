//! smol: a `LocalExecutor`, and the global executor behind `smol::spawn`.

use super::{Raw, Refused};
use smol::{LocalExecutor, Task};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

pub(super) struct Local;

pub(super) struct Global;

thread_local! {
    /// The executor that runs; smol has no ambient one.
    static EXECUTOR: RefCell<Option<Rc<LocalExecutor<'static>>>> = const { RefCell::new(None) };
}

/// What both share: all but `run` and `spawn`.
macro_rules! shared {
    () => {
        type Handle<T: Send + 'static> = Task<T>;

        fn detach<T: Send + 'static>(handle: Task<T>) {
            handle.detach();
        }

        async fn join<T: Send + 'static>(handle: Task<T>) -> Result<T, Refused> {
            Ok(handle.await)
        }

        async fn cancel<T: Send + 'static>(handle: Task<T>) -> Option<T> {
            handle.cancel().await
        }

        async fn sleep(duration: Duration) {
            smol::Timer::after(duration).await;
        }

        fn yield_now() -> impl Future<Output = ()> + Send + 'static {
            smol::future::yield_now()
        }

        fn offload<T: Send + 'static>(
            job: impl FnOnce() -> T + Send + 'static,
        ) -> impl Future<Output = Result<T, Refused>> + 'static {
            let task = smol::unblock(job);
            async move { Ok(task.await) }
        }

        async fn receive(count: usize) {
            let (sender, receiver) = smol::channel::unbounded();
            (0..count).for_each(|item| sender.try_send(item).expect("the receiver lives"));
            for _ in 0..count {
                receiver.recv().await.expect("the sender lives");
            }
        }
    };
}

impl Raw for Local {
    const EXEMPT: &'static [(&'static str, &'static str)] =
        &[("spawn_outside_the_runtime", "spawning takes the executor itself, so there is no outside")];

    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        let executor = Rc::new(LocalExecutor::new());
        let before = EXECUTOR.replace(Some(executor.clone()));
        let output = smol::block_on(executor.run(main));
        EXECUTOR.set(before);
        output
    }

    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Task<T> {
        let executor = EXECUTOR.with_borrow(Clone::clone).expect("only what runs spawns");
        executor.spawn(task)
    }

    shared!();
}

impl Raw for Global {
    const EXEMPT: &'static [(&'static str, &'static str)] =
        &[("join_after_the_runtime", "its executor is a static, which is never gone")];

    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        smol::block_on(main)
    }

    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Task<T> {
        smol::spawn(task)
    }

    shared!();
}
