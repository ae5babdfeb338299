//! Two loops of one thread, each with its own `Task-1`: an id says nothing on the other one.

use core_loop::{
    AnyTask, DebugReport, Loop, NativeDriver, Runner, Task, all_tasks, current_task, spawn, yield_now,
};
use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, channel};
use std::task::{Context, Poll, Waker};

/// A loop in debug mode, and what it reports.
fn debugged() -> (Runner, Receiver<DebugReport>) {
    let runner = Runner::new(NativeDriver::new().expect("it runs everywhere")).debug(true);
    let (tell, told) = channel();
    runner.get_loop().set_debug_handler(move |report| drop(tell.send(report.clone())));
    (runner, told)
}

/// Awaits `future` once, in the task that runs.
async fn look_at<F: Future + Unpin>(future: &mut F) {
    let look = poll_fn(|cx| {
        drop(Pin::new(&mut *future).poll(cx));
        Poll::Ready(())
    });
    look.await;
}

/// Awaits `future` once, behind a waker that is no task's.
fn look_with_another_waker<F: Future + Unpin>(future: &mut F) {
    drop(Pin::new(future).poll(&mut Context::from_waker(Waker::noop())));
}

/// Names of the circles that were reported.
fn circles(told: &Receiver<DebugReport>) -> Vec<Vec<String>> {
    let names = |report| match report {
        DebugReport::AwaitCycle { tasks, .. } => Some(tasks.into_iter().map(|task| task.name).collect()),
        _ => None,
    };
    told.try_iter().filter_map(names).collect()
}

/// `Task-1` of this loop, for ever.
fn first_task(lp: &Loop) -> Task<()> {
    let task = lp.spawn(pending());
    assert_eq!(task.name(), "Task-1");
    task
}

fn assert_nobody_awaits(lp: &Loop) {
    let tree = lp.pstree();
    assert!(tree.ps.tasks.iter().all(|task| task.awaited_by.is_none()), "{tree}");
}

#[test]
fn a_task_that_awaits_its_namesake_of_another_loop_closes_no_circle_and_hangs_below_nobody() {
    let ((mut ours, told), (theirs, told_there)) = (debugged(), debugged());
    let there = theirs.get_loop().clone();
    let mut foreign = first_task(&there);
    ours.run(async {
        assert_eq!(current_task().expect("a task runs").name(), "Task-1");
        look_at(&mut foreign).await;
        assert_nobody_awaits(&there);
        look_with_another_waker(&mut foreign);
        assert_nobody_awaits(&there);
        assert_nobody_awaits(&Loop::current());
    })
    .expect("it ends");
    assert_eq!((circles(&told), circles(&told_there)), (vec![], vec![]));
    foreign.detach();
}

#[test]
fn whoever_listens_to_a_task_of_another_loop_is_not_taken_for_one_of_its_own() {
    let ((mut ours, _told), (mut theirs, _told_there)) = (debugged(), debugged());
    let there = theirs.get_loop().clone();
    let first = first_task(&there);
    let is_first = |task: &AnyTask| task.name() == "Task-1";
    let found = theirs.run(async { all_tasks().into_iter().find(is_first) });
    let any = &mut found.expect("it ends").expect("it never ends");
    ours.run(async {
        look_at(any).await;
        assert_nobody_awaits(&there);
        look_with_another_waker(any);
        assert_nobody_awaits(&there);
    })
    .expect("it ends");
    first.detach();
}

#[test]
fn a_name_given_under_another_loop_renames_nobody_there() {
    let ((mut ours, told), (theirs, _told_there)) = (debugged(), debugged());
    let there = theirs.get_loop().clone();
    let strangers: Vec<_> = (0..3).map(|_| there.spawn(pending::<()>())).collect();
    ours.run(async {
        let place: Rc<RefCell<Option<Task<()>>>> = Rc::default();
        let theirs = place.clone();
        let two = spawn(async move {
            let _ = theirs.take().expect("put there below").await;
        });
        let three = spawn(async {
            let _ = two.await;
        });
        place.replace(Some(three));
        let renamed: Vec<_> = strangers.into_iter().map(|task| task.named("stranger")).collect();
        assert!(renamed.iter().all(|task| task.name() == "stranger"));
        yield_now().await;
        renamed.into_iter().for_each(Task::detach);
    })
    .expect("it ends");
    assert_eq!(circles(&told), [["Task-3", "Task-2"]]);
}
