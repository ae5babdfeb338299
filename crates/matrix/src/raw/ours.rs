//! Our loop, looked at like the raw runtimes: what stands in our column must be what is seen.

use super::{Difference, Raw, Refused, differences};
use std::time::Duration;

struct Ours;

impl Raw for Ours {
    type Handle<T: Send + 'static> = core_loop::Task<T>;

    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        core_loop::run(main).expect("a run")
    }

    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Self::Handle<T> {
        core_loop::spawn(task)
    }

    fn detach<T: Send + 'static>(handle: Self::Handle<T>) {
        drop(handle);
    }

    async fn join<T: Send + 'static>(handle: Self::Handle<T>) -> Result<T, Refused> {
        handle.await.map_err(|_| Refused)
    }

    async fn cancel<T: Send + 'static>(handle: Self::Handle<T>) -> Option<T> {
        handle.cancel("it is not wanted");
        handle.await.ok()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
        core_loop::sleep(duration)
    }

    fn yield_now() -> impl Future<Output = ()> + Send + 'static {
        super::kit::yield_once()
    }

    fn offload<T: Send + 'static>(
        job: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, Refused>> + 'static {
        let job = core_loop::to_thread(job);
        async move { job.await.map_err(|_| Refused) }
    }

    async fn receive(count: usize) {
        let queue = sync_primitives::Queue::unbounded();
        (0..count).for_each(|item| assert!(queue.put_nowait(item).is_ok(), "the queue is open"));
        for _ in 0..count {
            assert!(queue.get().await.is_ok(), "the queue is open");
        }
    }
}

/// Where a look cannot see what the rule says: the handler, the error that `run` gives, how long
/// something took, and which work had begun. A behaviour proves these.
const UNSEEN: &[&str] = &[
    "panic_of_a_detached_task",
    "run_inside_a_run",
    "sleep_of_one_millisecond",
    "timer_beside_a_yielding_task",
    "offload_dropped_at_once",
];

#[test]
fn our_rule_begins_with_what_is_seen_on_our_loop() {
    let look = |difference: &Difference| (difference.id, difference.ours, (difference.observe)());
    for difference in differences::<Ours>().iter().filter(|difference| UNSEEN.contains(&difference.id)) {
        assert!(difference.behaviour.is_some(), "{}: neither seen nor proven", difference.id);
    }
    let seen: Vec<_> = differences::<Ours>()
        .iter()
        .filter(|difference| !UNSEEN.contains(&difference.id))
        .map(look)
        .collect();
    let wrong: Vec<_> = seen.iter().filter(|(_, rule, words)| !rule.starts_with(words.as_str())).collect();
    assert!(wrong.is_empty(), "(difference, rule, seen): {wrong:#?}");
}
