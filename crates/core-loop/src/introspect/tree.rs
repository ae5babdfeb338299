//! The tasks of a loop as a tree, and the circles in it.
//!
//! A task has one awaiter at most, so whoever is awaited hangs below exactly one other. Going up from a task ends at a
//! root, or goes in a circle; a circle hangs below nobody, and so do all who are awaited by it.

use super::{Ps, TaskInfo};
use std::collections::BTreeSet;
use std::fmt;

/// The tasks of a loop that had not ended at one moment, below those that await them. Made by [`pstree`](crate::pstree).
///
/// `Display` prints the circles, then the tree.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PsTree {
    /// The tree from above: each task is followed by those that it awaits, a level deeper. A chain of tasks may be long, so
    /// this is a list.
    ///
    /// On top are the tasks that nobody awaits, in the order of their spawns; then of each circle the task that was spawned
    /// first. Where the circle closes, it is left open.
    pub branches: Vec<Branch>,
    /// Tasks that await each other in a circle: they never end by themselves, unless one of them also waits for something
    /// else. Each awaits the next, and the last the first, by their ids.
    pub cycles: Vec<Vec<u64>>,
    /// The same as a table.
    pub ps: Ps,
}

/// A task in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Branch {
    /// The task's id.
    pub id: u64,
    /// How many tasks are above it.
    pub depth: usize,
    /// It is the last of those that its awaiter awaits.
    pub last: bool,
}

impl PsTree {
    pub(crate) fn new(ps: Ps) -> Self {
        let mut grown = Grown { ps: &ps, seen: BTreeSet::new(), branches: Vec::new() };
        ps.tasks.iter().filter(|task| task.awaited_by.is_none()).for_each(|root| grown.grow(root.id));
        let mut cycles = Vec::new();
        for task in &ps.tasks {
            // Not below any root: it is in a circle, or is awaited by one.
            if !grown.seen.contains(&task.id) {
                let cycle = circle_above(&ps, task);
                grown.grow(cycle[0]);
                cycles.push(cycle);
            }
        }
        let branches = grown.branches;
        Self { branches, cycles, ps }
    }
}

struct Grown<'a> {
    ps: &'a Ps,
    seen: BTreeSet<u64>,
    branches: Vec<Branch>,
}

impl Grown<'_> {
    fn grow(&mut self, root: u64) {
        let mut left = vec![Branch { id: root, depth: 0, last: true }];
        self.seen.insert(root);
        while let Some(branch) = left.pop() {
            self.branches.push(branch);
            let awaits = self.ps.get(branch.id).into_iter().flat_map(|task| &task.awaits).rev();
            let below: Vec<_> = awaits.copied().filter(|id| self.seen.insert(*id)).collect();
            let depth = branch.depth + 1;
            left.extend(below.iter().enumerate().map(|(at, id)| Branch { id: *id, depth, last: at == 0 }));
        }
    }
}

/// The circle at the end of the way up from `task`, from the task in it that was spawned first: each awaits the next.
fn circle_above(ps: &Ps, task: &TaskInfo) -> Vec<u64> {
    let mut way = Vec::new();
    let mut met = BTreeSet::new();
    let mut next = Some(task.id);
    while let Some(id) = next
        && met.insert(id)
    {
        way.push(id);
        next = ps.get(id).and_then(|task| task.awaited_by);
    }
    let mut cycle = way.split_off(way.iter().position(|id| Some(*id) == next).unwrap_or(0));
    // The way up goes from the awaited to the awaiter.
    cycle.reverse();
    let first = cycle.iter().position(|id| Some(id) == cycle.iter().min()).unwrap_or(0);
    cycle.rotate_left(first);
    cycle
}

impl fmt::Display for PsTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for cycle in &self.cycles {
            let names = cycle.iter().chain(cycle.first()).filter_map(|id| self.ps.get(*id));
            let names: Vec<_> = names.map(|task| format!("`{}`", task.name)).collect();
            writeln!(f, "tasks that await each other: {}", names.join(" → "))?;
        }
        // Of the tasks above the one that is printed: whether more comes below it.
        let mut above: Vec<bool> = Vec::new();
        for branch in &self.branches {
            let Some(task) = self.ps.get(branch.id) else { continue };
            above.truncate(branch.depth);
            for last in above.iter().skip(1) {
                f.write_str(if *last { "   " } else { "│  " })?;
            }
            if branch.depth > 0 {
                f.write_str(if branch.last { "└─ " } else { "├─ " })?;
            }
            above.push(branch.last);
            writeln!(f, "{} ({}): {}", task.name, task.spawned_at, self.ps.doing(task))?;
        }
        Ok(())
    }
}
