//! `introspect`: what a loop says of its tasks.

use super::debug::circle;
use super::{Loops, NEVER, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::{Ps, ReturnWhen, TaskGroup, Waitable, gather, ps, pstree, spawn, wait, wait_for};
use std::future::pending;

/// The names of the tasks that this one awaits.
fn awaited<'a>(ps: &'a Ps, name: &str) -> Vec<&'a str> {
    let awaits = ps.named(name).into_iter().flat_map(|task| &task.awaits);
    awaits.filter_map(|id| ps.get(*id)).map(|task| &*task.name).collect()
}

pub(super) fn await_graph(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let inner = spawn(pending::<()>()).named("inner");
        let outer = spawn(async { inner.await.is_ok() }).named("outer");
        let few = spawn(async {
            let named = |name| async move { spawn(pending::<()>()).named(name).await.is_ok() };
            gather((named("left"), named("right"))).await.is_ok()
        });
        let few = few.named("few");
        let many = spawn(async { gather(vec![pending::<()>(), pending()]).await.is_ok() }).named("many");
        turns(3).await;
        let ps = ps();
        same("what the outer task awaits", awaited(&ps, "outer"), ["inner"])?;
        for name in ["few", "many"] {
            let awaits = awaited(&ps, name);
            same("how many a gather awaits", awaits.len(), 2)?;
            let id = ps.named(name).map(|task| task.id);
            let children = awaits.iter().filter_map(|name| ps.named(name));
            ensure(children.into_iter().all(|child| child.awaited_by == id && child.parent == id), name)?;
        }
        let below = awaited(&ps, "few").into_iter().flat_map(|child| awaited(&ps, child)).collect::<Vec<_>>();
        same("what the gathered await", below, ["left", "right"])?;
        drop((outer, few, many));
        Ok(())
    })?;
    subject.run(await_graph_of_combinators)
}

/// The other ways to await a task.
async fn await_graph_of_combinators() -> Verdict {
    let never = |name| spawn(pending::<()>()).named(name);
    let shields = spawn(async move { never("shielded").shield().await.is_ok() }).named("shields");
    let waits = spawn(async move {
        let mut tasks = [never("one"), never("other")];
        wait(&mut tasks, ReturnWhen::ALL_COMPLETED).await.done.len()
    });
    let limits = spawn(async move { wait_for(NEVER, never("limited")).await.is_ok() }).named("limits");
    let watched = never("watched").any();
    let listens = spawn(async { watched.await.is_ok() }).named("listens");
    let owns = spawn(TaskGroup::<()>::scope(async |group| {
        group.spawn(pending::<Result<(), _>>()).named("child").await.map_err(drop)
    }));
    let (waits, owns) = (waits.named("waits"), owns.named("owns"));
    turns(3).await;
    let ps = ps();
    for (name, awaits) in [
        ("shields", &["shielded"][..]),
        ("waits", &["one", "other"]),
        ("limits", &["limited"]),
        ("listens", &["watched"]),
        ("owns", &["child"]),
    ] {
        same(name, awaited(&ps, name), awaits)?;
    }
    drop((shields, waits, limits, listens, owns));
    Ok(())
}

pub(super) fn pstree_and_ps(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let inner = spawn(pending::<()>()).named("inner");
        let outer = spawn(async { inner.await.is_ok() }).named("outer");
        circle();
        turns(2).await;
        let tree = pstree();
        let name = |id| tree.ps.get(id).map_or("", |task| &*task.name);
        let branches = tree.branches.iter().map(|branch| (name(branch.id), branch.depth));
        let branches: Vec<_> = branches.filter(|branch| !branch.0.starts_with("Task-")).collect();
        same("the tree", branches, [("outer", 0), ("inner", 1), ("one", 0), ("two", 1)])?;
        let cycles: Vec<Vec<_>> =
            tree.cycles.iter().map(|cycle| cycle.iter().map(|id| name(*id)).collect()).collect();
        same("the circles", cycles, [["one", "two"]])?;
        let (table, drawn) = (tree.ps.to_string(), tree.to_string());
        for name in ["inner", "outer", "one", "two"] {
            ensure(table.contains(name) && drawn.contains(name), format!("`{name}` is missing"))?;
        }
        drop(outer);
        Ok(())
    })
}
