//! The tasks of a loop as a table.

use super::{TaskInfo, TaskState};
use std::fmt;
use std::time::Instant;

/// The tasks of a loop that had not ended at one moment, in the order of their spawns. Made by [`ps`](crate::ps).
///
/// `Display` prints a table, a line a task.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Ps {
    /// The tasks.
    pub tasks: Vec<TaskInfo>,
    /// When that was, by the loop's clock.
    pub at: Instant,
}

impl Ps {
    /// Fills in the other direction of every edge.
    pub(crate) fn new(mut tasks: Vec<TaskInfo>, at: Instant) -> Self {
        tasks.sort_by_key(|task| task.id);
        let place = |tasks: &[TaskInfo], id| tasks.binary_search_by_key(&id, |task| task.id).ok();
        for index in 0..tasks.len() {
            // Whoever has ended awaits nothing any more.
            let awaiter = tasks[index].awaited_by.and_then(|id| place(&tasks, id));
            match awaiter {
                Some(awaiter) => {
                    let id = tasks[index].id;
                    tasks[awaiter].awaits.push(id);
                }
                None => tasks[index].awaited_by = None,
            }
        }
        Self { tasks, at }
    }

    /// The task with this id.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&TaskInfo> {
        self.tasks.binary_search_by_key(&id, |task| task.id).ok().map(|index| &self.tasks[index])
    }

    /// The first task of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&TaskInfo> {
        self.tasks.iter().find(|task| task.name == name)
    }

    /// What a task is doing, in words.
    pub(super) fn doing<'a>(&'a self, task: &'a TaskInfo) -> Doing<'a> {
        Doing { ps: self, task }
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::CleaningUp => "cleaning up",
        })
    }
}

/// The state of a task, and what it awaits as far as that is known.
pub(super) struct Doing<'a> {
    ps: &'a Ps,
    task: &'a TaskInfo,
}

impl fmt::Display for Doing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.task.state)?;
        let names = self.task.awaits.iter().filter_map(|id| self.ps.get(*id)).map(|task| &*task.name);
        let mut names = names.peekable();
        let timer = self.task.timer.map(|when| when.saturating_duration_since(self.ps.at));
        if names.peek().is_none() && timer.is_none() {
            return Ok(());
        }
        f.write_str(" for ")?;
        let mut between = "";
        for name in names {
            write!(f, "{between}`{name}`")?;
            between = ", ";
        }
        match timer {
            Some(left) => write!(f, "{between}a timer in {left:.1?}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Ps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["id", "task", "awaited by", "spawned at", "state"].map(str::to_owned);
        let awaiter = |task: &TaskInfo| task.awaited_by.and_then(|id| self.get(id));
        let rows = self.tasks.iter().map(|task| {
            let awaited_by = awaiter(task).map_or_else(|| "–".to_owned(), |task| task.name.clone());
            [
                task.id.to_string(),
                task.name.clone(),
                awaited_by,
                task.spawned_at.to_string(),
                self.doing(task).to_string(),
            ]
        });
        let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let [ids, names, awaiters, places] = [0, 1, 2, 3].map(width);
        for [id, name, awaited_by, place, doing] in &rows {
            writeln!(f, "{id:>ids$}  {name:names$}  {awaited_by:awaiters$}  {place:places$}  {doing}")?;
        }
        Ok(())
    }
}
