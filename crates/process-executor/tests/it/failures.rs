//! What a job can do to its worker, and what becomes of it: the failure table.

use crate::help::{Flag, LONG, death, hang, is_told_apart, pid, pid_of, pool, raise, sigkill};
use nix::libc;
use process_executor::{
    Cancel, CodecError, Drain, Executor, ExecutorExt, Exit, JobError, OutOfMemory, ProcessPool, Reject,
    Shutdown, Side, Stderr, Submit, call,
};
use serde::{Deserialize, Serialize, Serializer};
use std::time::Duration;

#[test]
fn thirty_panics_keep_their_words_and_the_worker() {
    let pool = pool(1);
    let before = pid_of(&pool);
    for n in 0..30_u32 {
        let job = pool.try_submit(call(|n: u32| -> u32 { panic!("no luck {n}") }, n)).expect("room");
        let Err(JobError::Panicked(panic)) = job.wait() else { panic!("it panicked") };
        assert_eq!(panic.message(), format!("no luck {n}"));
        let location = panic.location().expect("a place");
        assert!(location.contains("failures.rs:"), "{location}");
    }
    assert_eq!(pid_of(&pool), before);
}

extern "C" fn cannot_unwind() {
    panic!("famous last words");
}

#[test]
fn a_panic_that_aborts_still_tells_its_words() {
    let pool = pool(1);
    let before = pid_of(&pool);
    let job = pool.try_submit(call(|()| cannot_unwind(), ())).expect("room");
    match job.wait() {
        // The words of the first panic, or of the second that says that the first cannot unwind.
        Err(JobError::Panicked(panic)) => assert!(!panic.message().is_empty()),
        other => panic!("{other:?}"),
    }
    assert_ne!(pid_of(&pool), before, "the worker is another");
}

#[test]
fn a_panic_that_was_caught_does_not_colour_a_later_death() {
    let pool = pool(1);
    let catches = |()| {
        let _ = std::panic::catch_unwind(|| panic!("caught"));
        std::process::exit(3)
    };
    let job = pool.try_submit(call(catches, ())).expect("room");
    assert_eq!(death::<()>(job.wait()).exit, Exit::Code(3));
}

/// A job that ends its worker.
fn go_down(how: String) {
    eprintln!("going down by {how}");
    match how.as_str() {
        "abort" => std::process::abort(),
        "exit 0" => std::process::exit(0),
        "exit 7" => std::process::exit(7),
        "segv" => nix::sys::signal::raise(nix::sys::signal::SIGSEGV).expect("raised"),
        _ => nix::sys::signal::raise(nix::sys::signal::SIGKILL).expect("raised"),
    }
}

#[test]
fn abort_exit_and_signals_fail_their_own_job_and_name_the_cause() {
    let pool = pool(1);
    for (how, code, signal) in [
        ("abort", None, Some(libc::SIGABRT)),
        ("exit 0", Some(0), None),
        ("exit 7", Some(7), None),
        ("segv", None, Some(libc::SIGSEGV)),
        ("kill", None, Some(libc::SIGKILL)),
    ] {
        let before = pid_of(&pool);
        let work = call(go_down, how.to_owned());
        let queued = pool.try_submit_with(work, Submit::new().label("bad")).expect("room");
        let next = pool.try_submit(call(pid, ())).expect("room");
        let death = death(queued.wait());
        assert_eq!(death.pid, before);
        match death.exit {
            Exit::Code(it) => assert_eq!(Some(it), code, "{how}"),
            Exit::Signal { number, .. } => assert_eq!(Some(number), signal, "{how}"),
            other => panic!("{how}: {other:?}"),
        }
        let innocent = death.out_of_memory == OutOfMemory::No;
        assert!(innocent || how == "kill" && is_told_apart(death.out_of_memory), "{how}: {death}");
        assert_eq!(death.label.as_deref(), Some("bad"));
        assert_eq!(death.stderr_tail, format!("going down by {how}\n"));
        assert_ne!(next.wait().expect("the next job runs"), before);
    }
}

#[test]
fn a_hundred_killed_workers_fail_a_hundred_jobs_and_no_other() {
    let pool = pool(2);
    let jobs: Vec<_> = (0..100)
        .map(|_| {
            let bad = pool.try_submit(call(go_down, "kill".to_owned())).expect("room");
            (bad, pool.try_submit(call(|n: u8| n, 7)).expect("room"))
        })
        .collect();
    for (bad, good) in jobs {
        death(bad.wait());
        assert_eq!(good.wait().expect("it runs"), 7);
    }
    // Other tests of this process bury their dead meanwhile.
    crate::help::until("all are buried", || crate::life::zombies() == 0);
}

#[test]
fn a_worker_killed_before_its_job_costs_no_job() {
    let pool = pool(1);
    for _ in 0..10 {
        let before = pid_of(&pool);
        sigkill(before);
        let process = std::path::PathBuf::from(format!("/proc/{before}"));
        crate::help::until("the worker is buried", || !process.exists());
        assert_ne!(pid_of(&pool), before);
    }
}

#[test]
fn a_worker_killed_during_its_job_fails_that_job() {
    let pool = pool(2);
    let flag = Flag::new();
    let doomed = pool.try_submit(call(hang, flag.path())).expect("room");
    let pid = flag.wait();
    sigkill(pid);
    let death = death(doomed.wait());
    assert!(death.pid == pid && is_told_apart(death.out_of_memory), "{death}");
    assert_eq!(pool.try_submit(call(|n: u8| n, 1)).expect("room").wait().expect("it runs"), 1);
}

#[test]
fn a_worker_killed_after_its_job_costs_nothing() {
    let pool = pool(1);
    let flag = Flag::new();
    let dies_soon = |path: String| {
        raise(&path);
        std::thread::spawn(|| std::process::abort());
        4
    };
    match pool.try_submit(call(dies_soon, flag.path())).expect("room").wait() {
        Ok(four) => assert_eq!(four, 4),
        // It was quicker than the answer.
        outcome => assert_eq!(death(outcome).pid, flag.wait()),
    }
    // Jobs that still meet it are told; soon there is another.
    crate::help::until("another worker answers", || {
        let next = pool.try_submit(call(pid, ())).expect("room").wait();
        next.is_ok_and(|pid| pid != flag.wait())
    });
}

#[test]
fn a_worker_killed_while_it_takes_its_argument_fails_that_job() {
    let pool = pool(1);
    for _ in 0..3 {
        let before = pid_of(&pool);
        let large = pool.try_submit(call(|bytes: Vec<u8>| bytes.len(), vec![1; 64 << 20])).expect("room");
        sigkill(before);
        match large.wait() {
            Ok(len) => assert_eq!(len, 64 << 20),
            outcome => assert_eq!(death(outcome).pid, before),
        }
        assert_ne!(pid_of(&pool), before);
    }
}

#[test]
fn a_worker_killed_while_it_gives_its_result_fails_that_job() {
    let pool = pool(1);
    for _ in 0..3 {
        let flag = Flag::new();
        let gives = |path: String| {
            raise(&path);
            vec![1_u8; 64 << 20]
        };
        let large = pool.try_submit(call(gives, flag.path())).expect("room");
        sigkill(flag.wait());
        match large.wait() {
            Ok(bytes) => assert_eq!(bytes.len(), 64 << 20),
            outcome => assert_eq!(death(outcome).pid, flag.wait()),
        }
        assert_ne!(pid_of(&pool), flag.wait());
    }
}

/// Encodes as a string, decodes as a number: a type whose two halves disagree.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct TwoFaced(u64);

impl Serialize for TwoFaced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => Err(serde::ser::Error::custom("nothing to see here")),
            1 => panic!("not even that"),
            number => format!("this is number {number}, which does not decode").serialize(serializer),
        }
    }
}

#[track_caller]
fn codec<T: std::fmt::Debug>(outcome: Result<T, JobError>) -> CodecError {
    match outcome {
        Err(JobError::Codec(error)) => error,
        other => panic!("instead of a codec error: {other:?}"),
    }
}

#[test]
fn an_argument_that_does_not_decode_fails_its_job_and_the_worker_goes_on() {
    let pool = pool(1);
    let before = pid_of(&pool);
    let error = codec(pool.try_submit(call(|it: TwoFaced| it.0, TwoFaced(5))).expect("room").wait());
    assert_eq!(error.side, Side::Worker);
    assert!(error.type_name.ends_with("TwoFaced"), "{error}");
    assert_eq!(pid_of(&pool), before);
}

#[test]
fn an_argument_that_does_not_encode_comes_back() {
    let pool = pool(1);
    let rejected = pool.try_submit(call(|it: TwoFaced| it.0, TwoFaced(0))).expect_err("it is refused");
    let Reject::Codec(error) = &rejected.why else { panic!("{rejected}") };
    assert_eq!(
        (error.side, error.detail.contains("custom") || error.detail.contains("Serde")),
        (Side::Parent, true)
    );
    assert_eq!(rejected.into_work().into_argument(), TwoFaced(0));
    assert_eq!(pool.try_submit(call(|n: u8| n, 1)).expect("room").wait().expect("it runs"), 1);
}

#[test]
fn an_argument_that_does_not_encode_holds_up_no_end_of_its_pool() {
    let pool = pool(1);
    assert!(pool.try_submit(call(|it: TwoFaced| it.0, TwoFaced(0))).is_err());
    let report = pool.shutdown(Drain::Queued, LONG);
    assert!(report.is_clean(), "{report}");
}

#[test]
fn what_was_cancelled_before_a_crash_stays_cancelled() {
    let pool = pool(1);
    let flag = Flag::new();
    let dies = pool.try_submit(call(hang, flag.path())).expect("room");
    let pid = flag.wait();
    let cancelled = pool.try_submit(call(|n: u8| n, 1)).expect("room");
    let next = pool.try_submit(call(|n: u8| n, 2)).expect("room");
    assert_eq!(cancelled.cancel(), Cancel::Dequeued);
    sigkill(pid);
    death(dies.wait());
    assert!(matches!(cancelled.wait(), Err(JobError::Cancelled { started: false })));
    assert_eq!(next.wait().expect("it runs in the next worker"), 2);
}

#[test]
fn a_result_that_does_not_encode_or_decode_fails_its_job_and_the_worker_goes_on() {
    let pool = pool(1);
    let before = pid_of(&pool);
    for (number, side) in [(0, Side::Worker), (1, Side::Worker), (5, Side::Parent)] {
        let error = codec(pool.try_submit(call(TwoFaced, number)).expect("room").wait());
        assert_eq!(error.side, side, "{error}");
        assert!(error.type_name.ends_with("TwoFaced"), "{error}");
    }
    assert_eq!(pid_of(&pool), before);
}

#[test]
fn what_is_larger_than_the_limit_is_refused_on_either_side() {
    let pool = crate::help::builder().workers(1).limit(1000).build().expect("a pool");
    let rejected = pool.try_submit(call(|b: Vec<u8>| b.len(), vec![7; 1001])).expect_err("too large");
    assert!(matches!(rejected.why, Reject::TooLarge { len: 1001, limit: 1000 }), "{rejected}");
    assert_eq!(rejected.into_work().into_argument(), vec![7; 1001]);
    let many = (vec![9_u8; 600], "x".repeat(600));
    let rejected = pool.try_submit(call(|(b, _): (Vec<u8>, String)| b.len(), many)).expect_err("too large");
    assert!(matches!(rejected.why, Reject::TooLarge { limit: 1000, .. }), "{rejected}");
    let error = codec(pool.try_submit(call(|n: usize| vec![1_u8; n], 1001)).expect("room").wait());
    assert!(error.side == Side::Worker && error.detail.contains("limit of 1000"), "{error}");
    assert_eq!(
        pool.try_submit(call(|n: usize| vec![1_u8; n], 1000)).expect("room").wait().expect("fits").len(),
        1000
    );
}

#[test]
fn a_worker_that_writes_rubbish_on_its_socket_is_replaced() {
    let pool = pool(1);
    let before = pid_of(&pool);
    let rubbish = |()| {
        std::fs::write("/proc/self/fd/2", "").ok();
        nix::sys::socket::send(3, &[0xFF; 64], nix::sys::socket::MsgFlags::empty()).expect("it is open");
    };
    let error = codec(pool.try_submit(call(rubbish, ())).expect("room").wait());
    assert!(error.side == Side::Parent && error.detail.contains("makes no sense"), "{error}");
    assert_ne!(pid_of(&pool), before);
}

#[test]
fn a_worker_that_closes_its_socket_is_replaced() {
    let pool = pool(1);
    let closes = |()| {
        nix::sys::socket::shutdown(3, nix::sys::socket::Shutdown::Both).expect("it is open");
        std::thread::sleep(LONG);
    };
    let death = death(pool.try_submit(call(closes, ())).expect("room").wait());
    assert_eq!(death.out_of_memory, OutOfMemory::No, "the pool has killed it");
    assert_ne!(pid_of(&pool), death.pid);
}

#[test]
fn a_job_that_reads_its_input_finds_the_end() {
    let pool = pool(1);
    let reads = |()| std::io::read_to_string(std::io::stdin()).expect("it is open").len();
    assert_eq!(pool.try_submit(call(reads, ())).expect("room").wait().expect("it runs"), 0);
}

#[test]
fn only_the_tail_of_a_chatterbox_is_kept() {
    let pool = crate::help::builder().workers(1).stderr_tail(100).build().expect("a pool");
    let chats = |()| {
        for n in 0..200_000 {
            eprintln!("line {n}");
        }
        std::process::abort();
    };
    let death = death::<()>(pool.try_submit(call(chats, ())).expect("room").wait());
    assert!(death.stderr_tail.ends_with("line 199999\n"), "{}", death.stderr_tail);
    assert_eq!(death.stderr_tail.len(), 100);
    assert!(death.ran_for > Duration::ZERO);
}

/// In a job: a pool that passes on what its workers write, so that it can be read in *this* worker's tail.
fn passes_on(inherit: bool) {
    let stderr = if inherit { Stderr::Inherit } else { Stderr::Forward };
    let pool = ProcessPool::builder().workers(1).stderr(stderr).build().expect("a pool");
    let speaks = |()| {
        eprintln!("words of a worker");
        eprint!("without an end");
        std::process::abort()
    };
    let tail = death::<()>(pool.try_submit(call(speaks, ())).expect("room").wait()).stderr_tail;
    assert_eq!(tail.is_empty(), inherit, "{tail}");
    std::process::exit(0);
}

#[test]
fn what_a_worker_writes_to_standard_error_is_passed_on() {
    let pool = pool(1);
    for inherit in [false, true] {
        let death = death(pool.try_submit(call(passes_on, inherit)).expect("room").wait());
        assert_eq!(death.exit, Exit::Code(0), "{}", death.stderr_tail);
        assert_eq!(death.stderr_tail, "words of a worker\nwithout an end", "inherit: {inherit}");
    }
}
