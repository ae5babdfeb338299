//! The loop's tasks, for hyper.

use core_loop::spawn;
use hyper::rt::Executor;

/// Spawns on the loop that runs: what hyper's HTTP/2 asks for. Nothing needs to be `Send`.
///
/// # Panics
///
/// `execute`, outside a loop.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoopExecutor;

impl<F: Future<Output: 'static> + 'static> Executor<F> for LoopExecutor {
    fn execute(&self, future: F) {
        spawn(future).detach();
    }
}
