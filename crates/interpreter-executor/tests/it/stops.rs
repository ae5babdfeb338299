//! Deadlines, cancels and shutdowns, in every phase of a call.

use crate::guests::{ENDLESS, module};
use crate::{LONG, NONE, ended, loaded, output, start, threads};
use interpreter_executor::{
    Cancel, Drain, Executor, GuestCall, Imports, InterpreterPool, Job, JobError, Module, Reuse, Shutdown,
    Submit,
};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[track_caller]
fn start_within(pool: &InterpreterPool, call: GuestCall, deadline: Duration) -> Job<Vec<u8>> {
    pool.try_submit_with(call, Submit::new().deadline(deadline)).expect("there is room")
}

/// Waits until the pool has nothing more to run: its thread is free again.
fn settled(pool: &InterpreterPool) {
    let report = pool.shutdown(Drain::Queued, LONG);
    assert!(report.stragglers.is_empty(), "{report}");
}

#[test]
fn an_endless_loop_ends_at_its_deadline_and_the_thread_is_free() {
    let (pool, module) = loaded(threads(1), ENDLESS);
    for name in ["spin", "spin_and_count", "fill"] {
        let outcome = ended(start_within(&pool, module.call(name, NONE), Duration::from_millis(20)));
        assert!(matches!(outcome, Err(JobError::Deadline { .. })), "{name}: {outcome:?}");
    }
    assert_eq!(output(&pool, module.call("hello", NONE)), b"");
    settled(&pool);
}

#[test]
fn a_queued_call_is_withdrawn_at_its_deadline_and_never_starts() {
    let (pool, module) = loaded(threads(1), ENDLESS);
    let spins = start(&pool, module.call("spin", NONE));
    let queued = start_within(&pool, module.call("hello", NONE), Duration::from_millis(5));
    assert!(matches!(ended(queued), Err(JobError::Deadline { started: false })));
    spins.cancel();
    assert!(matches!(ended(spins), Err(JobError::Cancelled { .. })));
}

/// A guest that tells where it is: `entered` in its start function, in its initializer, and in a call; with what follows
/// there.
struct Told {
    pool: InterpreterPool,
    module: Module,
    steps: Receiver<String>,
}

fn told(text: &str) -> Told {
    let (tell, steps) = channel();
    let imports = telling(tell);
    let pool = threads(1).build();
    let module = pool.load_with(module(text), &imports).expect("all is provided");
    Told { pool, module, steps }
}

fn telling(tell: Sender<String>) -> Imports {
    let tell = Arc::new(Mutex::new(tell));
    Imports::new().function("env", "entered", &[], None, move |_, _| {
        let told = tell.lock().map_err(|error| error.to_string())?.send("entered".to_owned());
        told.map_err(|error| error.to_string()).map(|()| None)
    })
}

impl Told {
    fn entered(&self) {
        self.steps.recv_timeout(LONG).expect("the guest gets there");
    }

    /// Cancels a call where the guest tells that it is.
    fn cancelled_where_it_is(&self) {
        let job = start(&self.pool, self.module.call("call", NONE));
        self.entered();
        assert_eq!(job.cancel(), Cancel::Signalled);
        assert!(matches!(ended(job), Err(JobError::Cancelled { started: true })));
        settled(&self.pool);
    }
}

const ENTERED: &str = r#"(import "env" "entered" (func $entered)) (memory (export "memory") 1)"#;

#[test]
fn a_call_is_cancelled_while_it_waits() {
    let (pool, module) = loaded(threads(1), ENDLESS);
    let spins = start(&pool, module.call("spin", NONE));
    let queued = start(&pool, module.call("hello", NONE));
    assert_eq!(queued.cancel(), Cancel::Dequeued);
    assert!(matches!(ended(queued), Err(JobError::Cancelled { started: false })));
    spins.cancel();
    settled(&pool);
    assert_eq!(spins.cancel(), Cancel::AlreadyDone);
}

#[test]
fn a_call_is_cancelled_in_the_middle_of_its_function() {
    let text =
        r#"(func (export "call") (result i32) (call $entered) (loop $again (br $again)) (i32.const 0))"#;
    told(&format!("{ENTERED}{text}")).cancelled_where_it_is();
}

#[test]
fn a_call_is_cancelled_in_the_start_function_of_its_instance() {
    let text = r#"
        (func $start (call $entered) (loop $again (br $again)))
        (start $start)
        (func (export "call") (result i32) (i32.const 0))"#;
    told(&format!("{ENTERED}{text}")).cancelled_where_it_is();
}

#[test]
fn a_call_is_cancelled_in_the_initializer_and_the_module_is_not_broken() {
    let text = r#"
        (global $stuck (mut i32) (i32.const 1))
        (func (export "set") (result i32) (call $entered) (loop $again (br $again)) (i32.const 0))
        (func (export "call") (result i32) (i32.const 0))"#;
    let mut told = told(&format!("{ENTERED}{text}"));
    told.module = told.module.initialized("set", NONE).expect("there is such a function");
    let job = start(&told.pool, told.module.call("call", NONE));
    told.entered();
    assert_eq!(job.cancel(), Cancel::Signalled);
    assert!(matches!(ended(job), Err(JobError::Cancelled { started: true })));
    let again = start(&told.pool, told.module.call("call", NONE));
    told.entered();
    again.cancel();
    assert!(matches!(ended(again), Err(JobError::Cancelled { started: true })));
}

#[test]
fn a_cancel_while_a_host_function_runs_ends_the_call_when_it_returns() {
    let (tell, steps) = channel();
    let (go, gone) = channel::<()>();
    let gone = Mutex::new(gone);
    let imports = telling(tell).function("env", "wait", &[], None, move |_, _| {
        gone.lock().map_err(|error| error.to_string())?.recv().map_err(|error| error.to_string())?;
        Ok(None)
    });
    let text = r#"(import "env" "wait" (func $wait))
        (func (export "call") (result i32)
            (call $entered) (call $wait) (loop $again (br $again)) (i32.const 0))"#;
    let pool = threads(1).build();
    let text =
        text.replacen("(func (export", &format!("{}(func (export", r#"(memory (export "memory") 1) "#), 1);
    let text = format!(r#"(import "env" "entered" (func $entered)) {text}"#);
    let module = pool.load_with(module(&text), &imports).expect("all is provided");
    let job = start(&pool, module.call("call", NONE));
    steps.recv_timeout(LONG).expect("the guest gets there");
    assert_eq!(job.cancel(), Cancel::Signalled);
    assert!(!job.done());
    go.send(()).expect("it waits");
    assert!(matches!(ended(job), Err(JobError::Cancelled { started: true })));
}

#[test]
fn a_start_function_that_never_ends_is_stopped_at_the_deadline() {
    let text = r#"
        (memory (export "memory") 1)
        (func $start (loop $again (br $again)))
        (start $start)
        (func (export "call") (result i32) (i32.const 0))"#;
    let (pool, module) = loaded(threads(1), text);
    let job = start_within(&pool, module.call("call", NONE), Duration::from_millis(20));
    assert!(matches!(ended(job), Err(JobError::Deadline { .. })));
    settled(&pool);
}

#[test]
fn a_start_function_runs_before_the_first_call_and_once() {
    let text = r#"
        (memory (export "memory") 1)
        (func $start (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 7))))
        (start $start)
        (func (export "call") (result i32) (call $send (i32.const 0) (i32.const 1)) (i32.const 0))"#;
    let (pool, module) = loaded(threads(1).reuse(Reuse::Pinned), text);
    for _ in 0..2 {
        assert_eq!(output(&pool, module.call("call", NONE)), [7]);
    }
}

#[test]
fn an_instance_that_was_stopped_is_never_used_again() {
    let text = format!(
        "{ENTERED}{}",
        r#"
        (func (export "call") (result i32)
            (i32.store8 (i32.const 0) (i32.const 9)) (call $entered) (loop $again (br $again)) (i32.const 0))
        (func (export "look") (result i32) (call $send (i32.const 0) (i32.const 1)) (i32.const 0))"#
    );
    let (tell, steps) = channel();
    let pool = threads(1).reuse(Reuse::Pinned).build();
    let module = pool.load_with(module(&text), &telling(tell)).expect("all is provided");
    let job = start(&pool, module.call("call", NONE));
    steps.recv_timeout(LONG).expect("the guest gets there");
    job.cancel();
    assert!(matches!(ended(job), Err(JobError::Cancelled { started: true })));
    assert_eq!(output(&pool, module.call("look", NONE)), [0]);
}

#[test]
fn a_shutdown_names_what_still_runs_and_then_stops_it() {
    let (pool, module) = loaded(threads(1), ENDLESS);
    let options = Submit::new().label("spinner");
    let job = pool.try_submit_with(module.call("spin", NONE), options).expect("there is room");
    while !job.running() {
        std::thread::yield_now();
    }
    let report = pool.shutdown(Drain::Started, Duration::from_millis(1));
    assert_eq!(report.stragglers.len(), 1);
    assert_eq!(report.stragglers[0].label.as_deref(), Some("spinner"));
    assert!(matches!(ended(job), Err(JobError::Shutdown { started: true })));
    assert!(pool.shutdown(Drain::Started, LONG).is_clean());
}

#[test]
fn random_calls_cancels_and_deadlines_all_come_to_an_end() {
    let (pool, module) = loaded(threads(2).fuel_slice(5000).reuse(Reuse::Pinned), ENDLESS);
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    let mut jobs = Vec::new();
    for _ in 0..400 {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let name = ["hello", "spin", "spin_and_count"][(dice % 3) as usize];
        let job = start_within(&pool, module.call(name, NONE), Duration::from_millis(1 + dice % 5));
        if dice.is_multiple_of(4) {
            job.cancel();
        }
        jobs.push((name, job));
    }
    for (name, job) in jobs {
        match ended(job) {
            Ok(output) => assert_eq!((name, output), ("hello", Vec::new())),
            Err(error) => assert!(
                matches!(error, JobError::Cancelled { .. } | JobError::Deadline { .. }),
                "{name}: {error}"
            ),
        }
    }
    settled(&pool);
}
