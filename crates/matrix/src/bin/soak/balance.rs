//! What this process holds of the system: descriptors, threads, children, memory.

use crate::counting;
use std::fs;
use std::thread;
use std::time::Duration;

/// How much heap may be in use that was not before: caches of the runtimes and of the library. A leak in every act, or in
/// every thousandth, is more.
const NOISE: isize = 256 * 1024;

/// How often what ends in the background – threads, children that are reaped – is looked at, and how long in between.
const LOOKS: u32 = 600;
const STEP: Duration = Duration::from_millis(50);

/// After how many looks without a change a balance is at rest.
const SAME: u32 = 20;

#[derive(Debug, Clone)]
pub(crate) struct Balance {
    /// What each descriptor leads to.
    descriptors: Vec<String>,
    threads: Vec<String>,
    /// Zombies too.
    children: Vec<String>,
    heap: isize,
    resident_kib: u64,
}

impl Balance {
    pub(crate) fn now() -> Self {
        // Before what is read here is allocated.
        let heap = counting::in_use();
        let names = |folder: &str, name: fn(&fs::DirEntry) -> Option<String>| {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let mut names: Vec<String> = entries.filter_map(|entry| name(&entry)).collect();
            names.sort();
            names
        };
        Self {
            // Without the one that reads the folder, which is gone by now.
            descriptors: names("/proc/self/fd", |entry| {
                Some(fs::read_link(entry.path()).ok()?.display().to_string())
            }),
            threads: names("/proc/self/task", |entry| {
                Some(fs::read_to_string(entry.path().join("comm")).ok()?.trim().to_owned())
            }),
            children: names("/proc", child),
            heap,
            resident_kib: resident_kib(),
        }
    }

    /// One descriptor more will be there, which is known to stay.
    pub(crate) fn expect_descriptor(&mut self, leads_to: &str) {
        self.descriptors.push(leads_to.to_owned());
    }

    /// The balance, once it has been the same for a second: a thread may outlive its pool's close by a moment.
    pub(crate) fn at_rest() -> Self {
        let mut balance = Self::now();
        let mut same = 0;
        for _ in 0..LOOKS {
            thread::sleep(STEP);
            let next = Self::now();
            let as_before = next.more_than(&balance).or_else(|| balance.more_than(&next)).is_none();
            same = if as_before { same + 1 } else { 0 };
            balance = next;
            if same == SAME {
                break;
            }
        }
        balance
    }

    /// The balance, once there is no more than `before`, or has been more for half a minute.
    pub(crate) fn once_it_is(before: &Self) -> Self {
        for _ in 0..LOOKS {
            if Self::now().more_than(before).is_none() {
                break;
            }
            thread::sleep(STEP);
        }
        Self::now()
    }

    /// What there is more of than in `before`. Less is no leak: then somebody was on the way out when `before` was taken.
    pub(crate) fn more_than(&self, before: &Self) -> Option<String> {
        let lists = [
            ("descriptors", &self.descriptors, &before.descriptors),
            ("threads", &self.threads, &before.threads),
            ("children", &self.children, &before.children),
        ];
        match lists.into_iter().find(|(_, after, before)| after.len() > before.len()) {
            Some((what, after, before)) => {
                Some(format!("{what} are left: {after:?}, and there were {before:?}"))
            }
            None if self.heap - before.heap > NOISE => {
                Some(format!("{} bytes of heap are left", self.heap - before.heap))
            }
            None => None,
        }
    }

    /// Both, in words.
    pub(crate) fn beside(&self, before: &Self) -> String {
        format!(
            "descriptors {} → {}, threads {} → {}, children {} → {}, heap {} → {} KiB, resident {} → {} KiB",
            before.descriptors.len(),
            self.descriptors.len(),
            before.threads.len(),
            self.threads.len(),
            before.children.len(),
            self.children.len(),
            before.heap / 1024,
            self.heap / 1024,
            before.resident_kib,
            self.resident_kib,
        )
    }
}

/// The state and the name of a process, if it is a child of ours.
fn child(entry: &fs::DirEntry) -> Option<String> {
    let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
    let (name, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    let parent: u32 = fields.next()?.parse().ok()?;
    (parent == std::process::id()).then(|| format!("{name}) {state}"))
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
