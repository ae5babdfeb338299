//! `try`/`finally` with awaits.

use crate::clean_up::{CleanUp, register};
use std::future::poll_fn;
use std::task::{Context, Poll};

/// Runs `body` on a resource, then `clean_up`, which may await – also when it is dropped in between.
///
/// A cancel, a [`timeout`](crate::timeout) or a `select!` drops futures, and a destructor cannot await. So `finally` owns
/// the resource: dropped unfinished, it drops the body first and hands the clean-up to the current task, which does not
/// count as done before all its clean-ups have ended, in the order in which they were handed over. `timeout` waits for
/// those that its own drop caused.
///
/// # Cancel safety
///
/// The clean-up always runs once and to its end, unless the loop's close runs out of its grace, or the task is dropped
/// without its loop; either is reported to the exception handler.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let task = core_loop::spawn(core_loop::finally(
///         String::from("connection"),
///         async |connection: &mut String| connection.push_str(" in use"),
///         async |connection: String| {
///             core_loop::yield_now().await; // a clean-up may await
///             assert_eq!(connection, "connection in use");
///         },
///     ));
///     task.await.unwrap();
/// })
/// # }
/// ```
///
/// # Python
///
/// `try: … finally: await …`. There a second cancel can interrupt the clean-up; here it cannot.
pub async fn finally<R, T>(
    resource: R,
    body: impl AsyncFnOnce(&mut R) -> T,
    clean_up: impl AsyncFnOnce(R) + 'static,
) -> T
where
    R: 'static,
{
    let mut guard = Guard::Body(Some((resource, clean_up)));
    let output = match &mut guard {
        Guard::Body(Some((resource, _))) => body(resource).await,
        _ => unreachable!("the guard was made just above"),
    };
    guard.begin();
    poll_fn(|cx| guard.poll_clean_up(cx)).await;
    output
}

/// What is still owed.
enum Guard<R: 'static, C: AsyncFnOnce(R) + 'static> {
    Body(Option<(R, C)>),
    CleanUp(Option<CleanUp>),
}

impl<R: 'static, C: AsyncFnOnce(R) + 'static> Guard<R, C> {
    /// The body is over: the clean-up is next.
    fn begin(&mut self) {
        if let Self::Body(owed) = self
            && let Some((resource, clean_up)) = owed.take()
        {
            *self = Self::CleanUp(Some(Box::pin(async move { clean_up(resource).await })));
        }
    }

    /// The clean-up is out of the guard while it is polled: one that panics is owed no more.
    fn poll_clean_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self::CleanUp(owed) = self else { return Poll::Ready(()) };
        let Some(mut clean_up) = owed.take() else { return Poll::Ready(()) };
        let poll = clean_up.as_mut().poll(cx);
        if poll.is_pending() {
            *owed = Some(clean_up);
        }
        poll
    }
}

impl<R: 'static, C: AsyncFnOnce(R) + 'static> Drop for Guard<R, C> {
    fn drop(&mut self) {
        self.begin();
        if let Self::CleanUp(owed) = self
            && let Some(clean_up) = owed.take()
        {
            register(clean_up);
        }
    }
}
