//! What CPython's tests of `InterpreterPoolExecutor` hold, under the names of the catalogue: `interp.`.

use crate::guests::{COUNTER, ECHO};
use crate::{NONE, ended, loaded, output, start, threads};
use contract::Attempt;
use interpreter_executor::{ExecutorExt, GuestCall, JobError, Reject, Reuse, TypedCall};

/// `interp.isolated_state`: globals are separate per worker, kept between its jobs, invisible to the caller.
#[test]
fn isolated_state() {
    let (pool, module) = loaded(threads(1).reuse(Reuse::Pinned), COUNTER);
    assert_eq!(output(&pool, module.call("count", NONE)), [1]);
    assert_eq!(output(&pool, module.call("count", NONE)), [2]);
    let (other, in_other) = loaded(threads(1).reuse(Reuse::Pinned), COUNTER);
    assert_eq!(output(&other, in_other.call("count", NONE)), [1]);
    assert_eq!(module.call("count", NONE).run_here(1000).expect("an output"), [1]);
}

/// `interp.only_sendable_jobs`: what is submitted is bytes; a closure over local state is no call, and does not compile.
#[test]
fn only_sendable_jobs() {
    fn sendable<W: Attempt + Send + 'static>() {}
    sendable::<GuestCall>();
    sendable::<TypedCall<String>>();
}

/// `interp.init_and_shared`: shared values are present in every worker before its first job; a failure breaks the pool.
#[test]
fn init_and_shared() {
    let (pool, module) = loaded(threads(2).reuse(Reuse::Pinned), COUNTER);
    let shared = module.initialized("set", [[100_u8]]).expect("there is such a function");
    let jobs: Vec<_> = (0..20).map(|_| start(&pool, shared.call("count", NONE))).collect();
    assert!(jobs.into_iter().all(|job| ended(job).expect("an output")[0] > 100));

    let failing = threads(1).on_thread_start(|_| panic!("no interpreter")).build();
    let module = failing.load(crate::guests::module(COUNTER)).expect("a module");
    let job = start(&failing, module.call("count", NONE));
    assert!(matches!(ended(job), Err(JobError::Initializer(why)) if why.message() == "no interpreter"));
    let refused = failing.try_submit(module.call("count", NONE)).expect_err("it is broken");
    assert!(matches!(refused.why, Reject::Broken(_)), "{}", refused.why);
}

/// `interp.decode_failure_does_not_hang`: a job whose bytes decode badly fails, and the next is served.
#[test]
fn decode_failure_does_not_hang() {
    let (pool, module) = loaded(threads(1), ECHO);
    let echo = module.function::<(u8,), Vec<String>>("echo").expect("it is there");
    for _ in 0..3 {
        assert!(matches!(ended(start(&pool, echo.call((200,)))), Err(JobError::Codec(_))));
    }
    assert_eq!(output(&pool, module.call("echo", ["next"])), b"next");
}
