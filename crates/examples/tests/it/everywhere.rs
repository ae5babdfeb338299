//! One function, every executor, every runtime: the loop itself, threads, processes, one thread of our own, and each
//! of them within a limit.

use contract::{Executor, ExecutorExt, Reject, Rejected};
use core_loop::{Loop, LoopHandle, Pinned, pinned, to_thread};
use examples::blocked_loop::{burn, latest_beat};
use examples::executor_while_printing::while_printing;
use examples::four_pools::{squares, sum_squares};
use examples::from_a_thread::ask;
use examples::guests;
use examples::limited::six;
use examples::own_executor::OneThread;
use examples::timeouts::in_time;
use interpreter_executor::InterpreterPool;
use process_executor::{ProcessPool, call};
use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use sync_primitives::{Event, Limited};
use thread_executor::ThreadPool;

type Check = Result<(), Box<dyn Error>>;

const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// Longer than anything here takes; only a hang reaches it.
const LONG: Duration = Duration::from_secs(60);

/// Why nothing here runs on virtual time.
const NO_TOKEN: &str =
    "threads and processes of an executor wake the loop without a token, and time would have jumped by then";

loop_test::on_every_runtime! {
    #[skip(VIRTUAL, NO_TOKEN)]
    the_sum_is_the_same_everywhere,
    #[skip(VIRTUAL, NO_TOKEN)]
    a_call_runs_in_another_process_and_a_closure_on_another_thread,
    #[skip(VIRTUAL, NO_TOKEN)]
    the_loop_goes_on_while_a_job_blocks,
    #[skip(VIRTUAL, NO_TOKEN)]
    a_job_that_blocks_the_loop_holds_up_the_heartbeat,
    #[skip(VIRTUAL, NO_TOKEN)]
    six_outputs_come_in_order_everywhere,
    #[skip(VIRTUAL, NO_TOKEN)]
    a_limit_refuses_the_third_while_two_are_under_way,
    #[skip(VIRTUAL, NO_TOKEN)]
    a_deadline_ends_the_waiting_everywhere,
    #[skip(VIRTUAL, NO_TOKEN)]
    a_thread_can_ask_every_executor,
}

/// The loop that runs on this thread.
fn this_loop() -> LoopHandle {
    Loop::current().handle()
}

async fn the_sum_is_the_same_everywhere() -> Check {
    let sum = (0..1000).map(|n| n * n).sum::<u64>();
    let processes = ProcessPool::new(1)?;
    assert_eq!(sum_squares(&this_loop(), |range| async { squares(range) }).await?, sum);
    assert_eq!(sum_squares(&ThreadPool::new(TWO), |range| move || squares(range)).await?, sum);
    assert_eq!(sum_squares(&processes, |range| call(squares, range)).await?, sum);
    assert_eq!(sum_squares(&OneThread::start(2), |range| move || squares(range)).await?, sum);
    let interpreters = InterpreterPool::builder().threads(TWO).build();
    let guest = interpreters.load(guests::numbers())?.function::<(u64, u64), u64>("squares")?;
    assert_eq!(sum_squares(&interpreters, |range| guest.call((range.start, range.end))).await?, sum);

    // Within limits, and behind a pointer; nothing changes for the function.
    let limited = Limited::new(this_loop(), NonZeroUsize::MIN);
    assert_eq!(sum_squares(&limited, |range| async { squares(range) }).await?, sum);
    let limited = Arc::new(Limited::new(ThreadPool::new(TWO), NonZeroUsize::MIN));
    assert_eq!(sum_squares(&limited, |range| move || squares(range)).await?, sum);
    let limited = Limited::new(processes, NonZeroUsize::MIN);
    assert_eq!(sum_squares(&limited, |range| call(squares, range)).await?, sum);
    let limited = Limited::new(OneThread::start(2), NonZeroUsize::MIN);
    assert_eq!(sum_squares(&limited, |range| move || squares(range)).await?, sum);
    Ok(())
}

async fn a_call_runs_in_another_process_and_a_closure_on_another_thread() -> Check {
    let (here, us) = (thread::current().id(), std::process::id());
    assert_eq!(this_loop().run(async { thread::current().id() }).await?, here);
    assert_ne!(ThreadPool::new(TWO).run(|| thread::current().id()).await?, here);
    assert_ne!(OneThread::start(1).run(|| thread::current().id()).await?, here);
    assert_ne!(ProcessPool::new(1)?.run(call(|()| std::process::id(), ())).await?, us);
    Ok(())
}

/// A job that ends once somebody on the loop says so.
fn told() -> (mpsc::Sender<&'static str>, impl FnOnce() -> &'static str + Send) {
    let (sender, receiver) = mpsc::channel();
    (sender, move || receiver.recv_timeout(LONG).expect("the loop says so"))
}

async fn the_loop_goes_on_while_a_job_blocks() -> Check {
    async fn check<E, W>(executor: E, teller: mpsc::Sender<&'static str>, work: W) -> Check
    where
        E: Executor<W, Output = &'static str>,
        W: 'static,
    {
        let telling = core_loop::spawn(async move {
            core_loop::sleep(Duration::from_millis(1)).await;
            teller.send("the loop went on")
        });
        assert_eq!(while_printing(&executor, work).await?, "the loop went on");
        Ok(telling.await??)
    }
    let (teller, blocked) = told();
    check(ThreadPool::new(TWO), teller, blocked).await?;
    let (teller, blocked) = told();
    check(OneThread::start(1), teller, blocked).await?;
    let (teller, blocked) = told();
    check(Limited::new(OneThread::start(1), TWO), teller, blocked).await?;

    assert_eq!(while_printing(&this_loop(), async { "here" }).await?, "here");
    let there = call(|()| "there".to_owned(), ());
    assert_eq!(while_printing(&ProcessPool::new(1)?, there).await?, "there");
    Ok(())
}

async fn a_job_that_blocks_the_loop_holds_up_the_heartbeat() -> Check {
    const TIME: Duration = Duration::from_millis(50);
    // The heart rests for 10 ms, so that is how much of it is not too late.
    let late = Duration::from_millis(40);
    assert!(latest_beat(&this_loop(), async { burn(TIME) }).await? >= late);
    assert!(latest_beat(&Limited::new(this_loop(), TWO), async { burn(TIME) }).await? >= late);
    Ok(())
}

async fn six_outputs_come_in_order_everywhere() -> Check {
    let squares = [1, 4, 9, 16, 25, 36];
    assert_eq!(six(&this_loop(), |n| async move { n * n }).await?, squares);
    assert_eq!(six(&ThreadPool::new(TWO), |n| move || n * n).await?, squares);
    assert_eq!(six(&ProcessPool::new(2)?, |n| call(|n: u32| n * n, n)).await?, squares);
    assert_eq!(six(&OneThread::start(1), |n| move || n * n).await?, squares);
    assert_eq!(six(&Limited::new(this_loop(), TWO), |n| async move { n * n }).await?, squares);
    assert_eq!(six(&Limited::new(OneThread::start(1), TWO), |n| move || n * n).await?, squares);
    Ok(())
}

async fn a_limit_refuses_the_third_while_two_are_under_way() -> Check {
    fn check<E, W>(executor: E, work: impl Fn() -> W) -> Check
    where
        E: Executor<W>,
        W: 'static,
    {
        let limited = Limited::new(executor, TWO);
        let _under_way = [limited.try_submit(work())?, limited.try_submit(work())?];
        match limited.try_submit(work()) {
            Err(Rejected { why: Reject::Full, .. }) => Ok(()),
            Err(other) => Err(other.into()),
            Ok(_) => Err("the third was accepted".into()),
        }
    }
    let endless = || async { std::future::pending::<()>().await };
    check(this_loop(), endless)?;
    check(ProcessPool::new(1)?, || call(thread::sleep, LONG))?;

    let over = Arc::new(Event::new());
    check(ThreadPool::new(TWO), || blocked(&over))?;
    check(OneThread::start(2), || blocked(&over))?;
    over.set();
    Ok(())
}

/// A job that blocks until `over`.
fn blocked(over: &Arc<Event>) -> impl FnOnce() + Send + use<> {
    let over = over.clone();
    move || assert!(over.wait_timeout(LONG), "somebody sets it")
}

async fn a_deadline_ends_the_waiting_everywhere() -> Check {
    let soon = Duration::from_millis(5);
    let over = Arc::new(Event::new());
    assert!(!in_time(&this_loop(), async { std::future::pending::<()>().await }, soon).await?);
    assert!(!in_time(&ThreadPool::new(TWO), blocked(&over), soon).await?);
    assert!(!in_time(&OneThread::start(1), blocked(&over), soon).await?);
    assert!(!in_time(&Limited::new(ThreadPool::new(TWO), TWO), blocked(&over), soon).await?);
    assert!(!in_time(&ProcessPool::new(1)?, call(thread::sleep, LONG), soon).await?);
    over.set();

    assert!(in_time(&this_loop(), async {}, LONG).await?);
    assert!(in_time(&ThreadPool::new(TWO), || (), LONG).await?);
    assert!(in_time(&OneThread::start(1), || (), LONG).await?);
    assert!(in_time(&ProcessPool::new(1)?, call(|()| (), ()), LONG).await?);
    Ok(())
}

async fn a_thread_can_ask_every_executor() -> Check {
    async fn check<E, W>(executor: E, work: W) -> Check
    where
        E: Executor<W, Output = u32> + Send + 'static,
        W: Send + 'static,
    {
        assert_eq!(to_thread(move || ask(&executor, work)).await??, 42);
        Ok(())
    }
    /// Names the type of the closure, which the compiler does not guess through `pinned`.
    fn slow() -> Pinned<impl AsyncFnOnce() -> u32 + Send> {
        pinned(async || {
            core_loop::sleep(Duration::from_millis(1)).await;
            42
        })
    }
    check(this_loop(), async { 42 }).await?;
    check(this_loop(), slow()).await?;
    check(ThreadPool::new(TWO), || 42).await?;
    check(ProcessPool::new(1)?, call(|n: u32| n + 1, 41)).await?;
    check(OneThread::start(1), || 42).await?;
    check(Limited::new(this_loop(), TWO), async { 42 }).await?;
    Ok(())
}
