//! glommio: an executor that is not bound to a CPU.

use super::{Raw, Refused};
use glommio::{LocalExecutorBuilder, Placement, Task, channels::local_channel, timer::Timer};
use std::time::Duration;

pub(super) struct Glommio;

/// Why it cannot run here.
pub(super) fn obstacle() -> Option<String> {
    // Asked through our driver: glommio itself would panic, or end the process.
    loop_glommio::GlommioDriver::new().err().map(|unavailable| unavailable.to_string())
}

impl Raw for Glommio {
    type Handle<T: Send + 'static> = Task<T>;

    fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        LocalExecutorBuilder::new(Placement::Unbound).make().expect("an executor").run(main)
    }

    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Task<T> {
        glommio::spawn_local(task)
    }

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
        Timer::new(duration).await;
    }

    fn yield_now() -> impl Future<Output = ()> + Send + 'static {
        // glommio's own yields only when it finds that a task has run for long; this wakes itself and is pending once.
        super::kit::yield_once()
    }

    fn offload<T: Send + 'static>(
        job: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, Refused>> + 'static {
        let job = glommio::executor().spawn_blocking(job);
        async move { Ok(job.await) }
    }

    async fn receive(count: usize) {
        let (sender, receiver) = local_channel::new_unbounded();
        (0..count).for_each(|item| assert!(sender.try_send(item).is_ok(), "the receiver lives"));
        for _ in 0..count {
            receiver.recv().await;
        }
    }
}
