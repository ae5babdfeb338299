//! What must compile: the contract as `dyn`, from generic code, with `?`, and across threads.

use crate::by_hand::{ByHand, ready};
use contract::{
    AsCompleted, Blocking, Cancel, CodecError, Death, Executor, ExecutorExt, Job, JobError, Map,
    NextCompleted, NextResult, Panic, Place, Promise, Reject, Rejected, Report, Room, Run, Runnable,
    Shutdown, Slots, Submit, Submitting, Wait, Watch, block_on,
};
use std::cell::Cell;
use std::error::Error;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

type Boxed = Box<dyn FnOnce() + Send>;
type AnyError = Box<dyn Error + Send + Sync>;

/// An application that chooses its executor while it runs.
struct Application<'a> {
    executor: &'a dyn Executor<Boxed, Output = ()>,
}

#[test]
fn an_executor_of_boxed_closures_works_as_dyn_with_all_its_methods() {
    let executor = ByHand::new(4);
    let application = Application { executor: &executor };
    let count = Arc::new(AtomicUsize::new(0));
    let work = || -> Boxed {
        let count = count.clone();
        Box::new(move || {
            count.fetch_add(1, SeqCst);
        })
    };
    application.executor.try_submit(work()).unwrap().detach();
    let mut submitted = ready(&mut application.executor.submit(work())).unwrap();
    let mut run = application.executor.run(work());
    assert!(crate::by_hand::poll(&mut run).is_pending());
    while executor.run_next() {}
    ready(&mut submitted).unwrap();
    ready(&mut run).unwrap();
    assert_eq!(count.load(SeqCst), 3);
}

#[test]
fn whatever_points_to_an_executor_is_one() {
    fn submits(executor: impl Executor<fn() -> u8, Output = u8>) -> bool {
        executor.try_submit(|| 7).is_ok()
    }
    let executor = Arc::new(ByHand::new(9));
    assert!(submits(&*executor));
    assert!(submits(executor.clone()));
    assert!(submits(Rc::new(executor.clone())));
    assert!(submits(Box::new(executor)));
    let shared: Arc<dyn Executor<fn() -> u8, Output = u8> + Send + Sync> = Arc::new(ByHand::new(1));
    assert!(submits(shared));
}

fn requires_send<T: Send>(value: T) -> T {
    value
}

/// A library's function, which knows nothing of the executor but that threads may share it.
fn from_generic_code<E, W>(
    executor: &E,
    work: [W; 4],
) -> impl Future<Output = Result<E::Output, AnyError>> + Send
where
    E: Executor<W> + Sync + ?Sized,
    W: Send,
    E::Output: Send,
{
    let [first, second, third, fourth] = work;
    requires_send(async move {
        let submitting = requires_send(executor.submit(first));
        let _job = requires_send(submitting.await.map_err(JobError::from)?);
        let mut map = requires_send(executor.map([second, third], NonZeroUsize::MIN));
        while let Some(outcome) = requires_send(map.next()).await {
            outcome?;
        }
        let room = requires_send(executor.room());
        let options = Submit::new().label("generic").place(room.await);
        Ok(requires_send(executor.run_with(fourth, options)).await?)
    })
}

#[test]
fn the_futures_are_send_in_generic_code() {
    let executor = Arc::new(ByHand::new(4));
    let runner = std::thread::spawn({
        let executor = executor.clone();
        move || (0..4).for_each(|_| while !executor.run_next() {})
    });
    let four: [fn() -> u8; 4] = [|| 1, || 2, || 3, || 4];
    assert_eq!(block_on(from_generic_code(&*executor, four)).unwrap(), 4);
    runner.join().unwrap();
}

#[test]
fn a_job_error_goes_through_the_question_mark_whatever_the_output_is() {
    fn outcome(job: Job<Cell<u8>>) -> Result<u8, AnyError> {
        Ok(job.wait()?.get())
    }
    let (runnable, job) = Job::package(|| panic!("no luck"), &Submit::new(), Place::none(), ());
    runnable.run();
    assert!(outcome(job).unwrap_err().to_string().starts_with("the job panicked: no luck (at "));
}

#[test]
fn a_refusal_goes_through_the_question_mark_whatever_the_work_is() {
    fn shared(executor: &ByHand) -> Result<(), AnyError> {
        executor.try_submit(|| ())?.detach();
        Ok(())
    }
    // Work that threads may not share makes a refusal that they may.
    fn only_sent(executor: &ByHand, work: Boxed) -> Result<(), AnyError> {
        executor.try_submit(work)?.detach();
        Ok(())
    }
    fn into_a_job_error(executor: &ByHand) -> Result<(), JobError> {
        executor.try_submit(Box::new(|| ()) as Boxed)?.wait()
    }
    let full = ByHand::new(0);
    for refused in
        [shared(&full), only_sent(&full, Box::new(|| ())), into_a_job_error(&full).map_err(Into::into)]
    {
        assert!(refused.unwrap_err().to_string().contains("the queue is full; wait for `room()`"));
    }
}

#[cfg(unix)]
#[test]
fn an_unavailable_runtime_goes_through_the_question_mark() {
    fn start() -> Result<(), AnyError> {
        Err(contract::Unavailable::new("glommio", "io_uring_setup is forbidden (EPERM)", "allow it"))?
    }
    let said = start().unwrap_err().to_string();
    assert_eq!(said, "glommio cannot run here: io_uring_setup is forbidden (EPERM); allow it");
}

/// Tells whether a type is `Send` and `Sync`: the inherent constant, if its bound holds, goes before the trait's.
struct Probe<T: ?Sized>(PhantomData<T>);

trait Not {
    const SEND: bool = false;
    const SYNC: bool = false;
}

impl<T: ?Sized> Not for Probe<T> {}

impl<T: ?Sized + Send> Probe<T> {
    const SEND: bool = true;
}

impl<T: ?Sized + Sync> Probe<T> {
    const SYNC: bool = true;
}

/// `Cell` can be sent and not shared, so it shows what a type asks of its parameter.
type Unshared = Cell<u8>;
type Works = std::vec::IntoIter<Boxed>;
type Pool = dyn Executor<Boxed, Output = Unshared> + Sync;
type LocalPool = dyn Executor<Boxed, Output = Unshared>;

macro_rules! table {
    ($($type:ty => $expected:tt,)*) => { $(
        assert_eq!((<Probe<$type>>::SEND, <Probe<$type>>::SYNC), $expected, stringify!($type));
    )* };
}

#[test]
fn every_public_type_crosses_threads_as_the_table_says() {
    let (both, only_send, neither) = ((true, true), (true, false), (false, false));
    table! {
        Job<Unshared> => both,
        Promise<Unshared> => both,
        Runnable => both,
        Watch => both,
        Cancel => both,
        JobError => both,
        Reject => both,
        Panic => both,
        Death => both,
        CodecError => both,
        Rejected<fn()> => both,
        Rejected<Unshared> => both,
        Slots => both,
        Report => both,
        dyn Shutdown + Send + Sync => both,
        AsCompleted<Unshared> => both,
        NextCompleted<'static, Unshared> => both,
        Wait<'static, Unshared> => both,
        Submit => only_send,
        Place => only_send,
        Room => only_send,
        Submitting<'static, Pool, Boxed> => only_send,
        Run<'static, Pool, Boxed> => only_send,
        Map<'static, Pool, Boxed, Works> => only_send,
        NextResult<'static, 'static, Pool, Boxed, Works> => only_send,
        Blocking<'static, Pool, Boxed, Works> => only_send,
        Submitting<'static, LocalPool, Boxed> => neither,
        contract::role::Role => both,
        contract::role::RoleGuard => neither,
    }
    #[cfg(unix)]
    table! {
        contract::Unavailable => both,
        contract::Profile => both,
        dyn contract::Driver => neither,
        dyn contract::Reactor => neither,
    }
}
