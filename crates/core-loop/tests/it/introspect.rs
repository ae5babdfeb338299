//! What the tasks are doing, and who awaits whom.

use crate::run;
use core_loop::{Branch, PsTree, Task, TaskState, all_tasks, gather, ps, pstree, sleep, spawn, yield_now};
use futures_lite::future::poll_once;
use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

/// Names and depths of the tree, without the main task.
fn shape(tree: &PsTree) -> Vec<(String, usize)> {
    let name = |branch: &Branch| tree.ps.get(branch.id).unwrap().name.clone();
    tree.branches.iter().map(|branch| (name(branch), branch.depth)).filter(|row| row.0 != "Task-1").collect()
}

/// Where a task finds another one.
type Place = Rc<RefCell<Option<Task<()>>>>;

/// A task named `name` that awaits what it finds in the returned place.
fn awaiting(name: &str) -> (Task<()>, Place) {
    let place = Place::default();
    let theirs = place.clone();
    let task = spawn(async move {
        let mut task = theirs.take().expect("it is put there before the first step");
        let _ = (&mut task).await;
    });
    (task.named(name), place)
}

#[test]
fn ps_says_what_each_task_is_doing() {
    run(async {
        let waiting = spawn(pending::<()>()).named("waiting");
        let sleeping = spawn(sleep(Duration::from_secs(3600))).named("sleeping");
        yield_now().await;
        let ready = spawn(async {}).named("ready");
        let ps = ps();
        let state = |name| ps.named(name).unwrap().state;
        assert_eq!(state("Task-1"), TaskState::Running);
        assert_eq!(state("waiting"), TaskState::Waiting);
        assert_eq!(state("ready"), TaskState::Ready);
        assert_eq!(state("sleeping"), TaskState::Waiting);
        assert!(ps.named("sleeping").unwrap().timer.is_some_and(|when| when > ps.at));
        assert_eq!(ps.named("waiting").unwrap().timer, None);
        assert_eq!(ps.named("waiting").unwrap().spawned_at, waiting.spawned_at());
        ready.await.unwrap();
        assert!(core_loop::ps().named("ready").is_none(), "it has ended");
        drop((waiting, sleeping));
    });
}

#[test]
fn a_task_that_cleans_up_is_told_from_one_that_waits() {
    run(async {
        let gate = spawn(pending::<()>()).named("gate");
        let body = async |_: &mut Task<()>| pending::<()>().await;
        let clean_up = async |gate: Task<()>| assert!(gate.await.is_err());
        let task = spawn(core_loop::finally(gate, body, clean_up)).named("task");
        yield_now().await;
        assert_eq!(ps().named("task").unwrap().state, TaskState::Waiting);
        task.cancel("for its clean-up");
        yield_now().await;
        let seen = ps();
        let (task_now, gate_now) = (seen.named("task").unwrap(), seen.named("gate").unwrap());
        assert_eq!(task_now.state, TaskState::CleaningUp);
        assert_eq!(gate_now.awaited_by, Some(task_now.id));
        let gate = all_tasks().into_iter().find(|task| task.name() == "gate");
        assert!(gate.unwrap().cancel("open"));
        assert!(task.await.is_err());
    });
}

#[test]
fn ps_says_who_spawned_a_task() {
    run(async {
        let parent = spawn(async {
            let child = spawn(pending::<()>()).named("child");
            child.await.unwrap();
        });
        let parent = parent.named("parent");
        yield_now().await;
        yield_now().await;
        let ps = ps();
        let id = |name| Some(ps.named(name).unwrap().id);
        assert_eq!(ps.named("child").unwrap().parent, id("parent"));
        assert_eq!(ps.named("parent").unwrap().parent, id("Task-1"));
        assert_eq!(ps.named("Task-1").unwrap().parent, None);
        drop(parent);
    });
}

#[test]
fn pstree_puts_the_awaited_below_their_awaiter() {
    run(async {
        let leaf = spawn(pending::<()>()).named("leaf");
        let (middle, place) = awaiting("middle");
        place.replace(Some(leaf));
        let (top, place) = awaiting("top");
        place.replace(Some(middle));
        let alone = spawn(pending::<()>()).named("alone");
        yield_now().await;
        let tree = pstree();
        let wanted = [("top", 0), ("middle", 1), ("leaf", 2), ("alone", 0)];
        assert_eq!(shape(&tree), wanted.map(|(name, depth)| (name.to_owned(), depth)));
        assert!(tree.cycles.is_empty());
        drop((top, alone));
    });
}

#[test]
fn the_children_of_a_gather_are_awaited_by_whoever_gathers() {
    run(async {
        let few = spawn(async { gather((pending::<()>(), pending::<()>())).await.map(|_| ()) }).named("few");
        let many = spawn(async { gather(vec![pending::<()>(), pending::<()>()]).await.map(|_| ()) });
        let many = many.named("many");
        yield_now().await;
        let ps = ps();
        for name in ["few", "many"] {
            let awaits = &ps.named(name).unwrap().awaits;
            assert_eq!(awaits.len(), 2, "{name}");
            let awaiter = Some(ps.named(name).unwrap().id);
            assert!(awaits.iter().all(|id| ps.get(*id).unwrap().awaited_by == awaiter), "{name}");
        }
        drop((few, many));
    });
}

#[test]
fn tasks_that_await_each_other_are_a_circle_of_the_tree_and_rows_of_the_table() {
    run(async {
        let (first, of_first) = awaiting("first");
        let (second, of_second) = awaiting("second");
        let (third, of_third) = awaiting("third");
        let hanging = spawn(pending::<()>()).named("hanging");
        drop(hanging);
        of_first.replace(Some(second));
        of_second.replace(Some(third));
        of_third.replace(Some(first));
        yield_now().await;
        let tree = pstree();
        let ids: Vec<_> = ["first", "second", "third"].map(|name| tree.ps.named(name).unwrap().id).into();
        assert_eq!(tree.cycles, [ids]);
        let wanted = [("hanging", 0), ("first", 0), ("second", 1), ("third", 2)];
        assert_eq!(shape(&tree), wanted.map(|(name, depth)| (name.to_owned(), depth)));
        let text = tree.to_string();
        assert!(
            text.contains("tasks that await each other: `first` → `second` → `third` → `first`"),
            "{text}"
        );
    });
}

#[test]
fn a_handle_that_goes_takes_its_edge_with_it() {
    run(async {
        let mut task = spawn(pending::<()>()).named("task");
        assert!(poll_once(&mut task).await.is_none());
        let awaited_by = || ps().named("task").unwrap().awaited_by;
        assert_eq!(awaited_by(), Some(1));
        task.detach();
        assert_eq!(awaited_by(), None);
    });
}

#[test]
fn the_tree_is_drawn_and_the_table_is_aligned() {
    run(async {
        let (a, b) = (spawn(pending::<()>()).named("a"), spawn(sleep(Duration::from_secs(90))).named("b"));
        let top = spawn(async {
            let _ = gather((a, b)).await;
        });
        let top = top.named("top");
        yield_now().await;
        yield_now().await;
        let tree = pstree().to_string();
        let lines: Vec<_> = tree.lines().map(|line| line.split(" (").next().unwrap()).collect();
        let wanted = ["Task-1", "top", "├─ Task-5", "│  └─ a", "└─ Task-6", "   └─ b"];
        assert_eq!(lines, wanted, "{tree}");
        assert!(tree.contains("waiting for `Task-5`, `Task-6`"), "{tree}");
        assert!(tree.contains("waiting for a timer in "), "{tree}");
        let table = ps().to_string();
        let column = table.lines().next().unwrap().find("awaited by").unwrap();
        let rows = table.lines().skip(1);
        assert!(rows.clone().all(|row| row.chars().nth(column - 1) == Some(' ')), "{table}");
        assert_eq!(rows.count(), 6, "{table}");
        drop(top);
    });
}

#[test]
fn a_chain_of_a_hundred_thousand_tasks_is_shown_without_the_stack() {
    const LENGTH: usize = 100_000;
    run(async {
        let mut task = spawn(pending::<()>());
        for _ in 1..LENGTH {
            task = spawn(async move {
                let _ = task.await;
            });
        }
        yield_now().await;
        let tree = pstree();
        assert_eq!(tree.branches.iter().map(|branch| branch.depth).max(), Some(LENGTH - 1));
        // Cancelled from its end, so that no drop is as deep as the chain.
        task.cancel("seen");
    });
}

#[test]
fn another_thread_asks_through_the_handle() {
    use contract::ExecutorExt;
    let names = run(async {
        let handle = core_loop::Loop::current().handle();
        let _seen = spawn(pending::<()>()).named("seen");
        let asked = core_loop::to_thread(move || handle.try_submit(async { ps() }).unwrap().wait().unwrap());
        asked.await.unwrap().tasks.into_iter().map(|task| task.name).collect::<Vec<_>>()
    });
    assert!(names.contains(&"seen".to_owned()), "{names:?}");
}

#[test]
fn the_main_task_was_spawned_where_the_run_was_called() {
    let line = line!() + 1;
    let place = core_loop::run(async { ps().tasks[0].spawned_at }).unwrap();
    assert_eq!((place.file(), place.line()), (file!(), line));
}
