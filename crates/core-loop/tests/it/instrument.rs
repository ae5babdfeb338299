//! What an instrument is told.

use crate::run;
use crate::trace::Trace;
use core_loop::{AnyTask, Instrument, Loop, Step, Turn, sleep, spawn, yield_now};
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// Notes every hook.
struct Notes(Trace);

impl Instrument for Notes {
    fn spawned(&self, task: &AnyTask) {
        self.0.add(format_args!("spawned:{}", task.id()));
    }

    fn finished(&self, task: &AnyTask) {
        self.0.add(format_args!("finished:{}", task.name()));
    }

    fn before_step(&self, step: &Step) {
        self.0.add(match step {
            Step::Task(task) => format!("[{}", task.name()),
            Step::Callback { registered_at, .. } if registered_at.file() == file!() => "[callback".to_owned(),
            Step::FromThread => "[thread".to_owned(),
            other => format!("[{other}"),
        });
    }

    fn after_step(&self, _: &Step) {
        self.0.add("]");
    }

    fn begin_turn(&self, turn: &Turn) {
        self.0.add(format_args!("turn:{}", turn.queued));
    }

    fn before_park(&self, until: Option<Instant>) {
        self.0.add(if until.is_some() { "park:timer" } else { "park" });
    }

    fn after_park(&self) {
        self.0.add("unpark");
    }
}

/// What was noted while `main` ran.
fn noted(main: impl AsyncFnOnce()) -> String {
    let trace = Trace::default();
    run(async {
        Loop::current().set_instrument(Rc::new(Notes(trace.clone())));
        yield_now().await;
        trace.take();
        main().await;
        Loop::current().reset_instrument();
    });
    trace.take()
}

#[test]
fn a_task_is_spawned_stepped_and_finished_within_its_last_step() {
    let seen = noted(async || spawn(yield_now()).named("task").await.unwrap());
    let wanted = "spawned:2 ] turn:1 [task ] turn:1 [task finished:task ] turn:1 [Task-1";
    assert_eq!(seen, wanted);
}

#[test]
fn a_step_that_panics_is_over_when_its_task_has_finished() {
    let seen = noted(async || {
        let task = spawn(async { std::panic::resume_unwind(Box::new("quietly")) }).named("task");
        assert!(task.await.is_err());
    });
    assert_eq!(seen, "spawned:2 ] turn:1 [task finished:task ] turn:1 [Task-1");
}

#[test]
fn callbacks_of_all_kinds_are_steps() {
    let seen = noted(async || {
        let lp = Loop::current();
        lp.call_soon(|| ());
        lp.handle().call_soon_threadsafe(|| ()).unwrap();
        yield_now().await;
    });
    assert_eq!(seen, "] turn:3 [callback ] [thread ] [Task-1");
}

#[test]
fn a_loop_with_nothing_to_do_parks_until_its_timer() {
    struct Parks(Sender<Option<Instant>>, Trace);
    impl Instrument for Parks {
        fn before_park(&self, until: Option<Instant>) {
            self.1.add("park");
            // Nobody listens any more when the loop ends.
            let _ = self.0.send(until);
        }

        fn after_park(&self) {
            self.1.add("unpark");
        }
    }
    let trace = Trace::default();
    let seen = trace.clone();
    run(async move {
        let (tell, told) = channel();
        Loop::current().set_instrument(Rc::new(Parks(tell, seen)));
        let sleeping = spawn(sleep(Duration::from_secs(3600))).cancel_on_drop();
        // The thread ends, and wakes the loop, only after it has parked.
        let until = core_loop::to_thread(move || told.recv().unwrap()).await.unwrap();
        assert!(until.is_some_and(|until| until > Instant::now()));
        drop(sleeping);
    });
    let seen = trace.take();
    assert!(seen.starts_with("park unpark"), "{seen}");
}

#[test]
fn a_turn_says_how_late_its_first_timer_is() {
    struct Late(Rc<std::cell::Cell<Option<Duration>>>);
    impl Instrument for Late {
        fn begin_turn(&self, turn: &Turn) {
            self.0.set(self.0.get().max(turn.late));
        }
    }
    const HELD_UP: Duration = Duration::from_millis(5);
    let late = Rc::new(std::cell::Cell::new(None));
    run(async {
        Loop::current().set_instrument(Rc::new(Late(late.clone())));
        let due = Instant::now();
        Loop::current().call_at(due, || ());
        while due.elapsed() < HELD_UP {
            std::hint::spin_loop();
        }
        yield_now().await;
    });
    assert!(late.get() >= Some(HELD_UP), "{late:?}");
}

#[test]
fn an_instrument_that_panics_is_reported_and_taken_off() {
    struct Panics;
    impl Instrument for Panics {
        fn begin_turn(&self, _: &Turn) {
            std::panic::resume_unwind(Box::new("broken"));
        }
    }
    let trace = Trace::default();
    let seen = trace.clone();
    run(async move {
        let lp = Loop::current();
        lp.set_exception_handler(move |_, context| seen.add(context));
        lp.set_instrument(Rc::new(Panics));
        for _ in 0..3 {
            yield_now().await;
        }
        spawn(async {}).await.unwrap();
    });
    assert_eq!(trace.take(), "an instrument panicked, and was taken off: broken");
}

#[test]
fn what_an_instrument_does_itself_is_not_told_to_it() {
    struct Spawns(Trace);
    impl Instrument for Spawns {
        fn spawned(&self, _: &AnyTask) {
            self.0.add("spawned");
            spawn(async {}).detach();
        }
    }
    let trace = Trace::default();
    let seen = trace.clone();
    run(async move {
        Loop::current().set_instrument(Rc::new(Spawns(seen)));
        spawn(async {}).await.unwrap();
    });
    assert_eq!(trace.take(), "spawned");
}

#[test]
fn an_instrument_set_in_a_step_sees_the_tasks_that_were_there() {
    run(async {
        let before = spawn(yield_now()).named("before");
        let trace = Trace::default();
        Loop::current().set_instrument(Rc::new(Notes(trace.clone())));
        before.await.unwrap();
        let seen = trace.take();
        assert!(seen.contains("finished:before"), "{seen}");
    });
}

#[test]
fn the_close_lets_go_of_the_instrument() {
    let trace = Trace::default();
    let notes = Rc::new(Notes(trace.clone()));
    let held = Rc::downgrade(&notes);
    run(async move { Loop::current().set_instrument(notes) });
    assert!(held.upgrade().is_none());
}

#[test]
fn an_instrument_is_not_told_of_the_end_of_the_step_in_which_it_was_set() {
    let trace = Trace::default();
    let first = Trace::default();
    run(async {
        let lp = Loop::current();
        lp.set_instrument(Rc::new(Notes(first.clone())));
        yield_now().await;
        lp.set_instrument(Rc::new(Notes(trace.clone())));
        yield_now().await;
    });
    assert!(first.take().ends_with("[Task-1"));
    assert!(trace.take().starts_with("turn:1 [Task-1"));
}
