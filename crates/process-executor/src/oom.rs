//! Whether the kernel killed for want of memory: its own counter for the group of processes that workers are in.
//!
//! The counter moves before the signal is sent, so whoever sees the death finds it moved. It counts every process of the
//! group: each move explains one death.

use contract::OutOfMemory;
use std::fs;
use std::path::PathBuf;

#[derive(Debug)]
pub(crate) struct Counter {
    /// `memory.events` (cgroup v2) or `memory.oom_control` (v1); `None` where there is neither.
    file: Option<PathBuf>,
    /// Kills that are accounted for.
    seen: u64,
}

impl Counter {
    /// The counter of this process's own group, which its workers are born into.
    pub(crate) fn here() -> Self {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self::of(groups.lines().filter_map(file_of))
    }

    /// The first that can be read.
    fn of(files: impl Iterator<Item = PathBuf>) -> Self {
        let mut files = files.filter_map(|file| Some((kills(&file)?, file)));
        match files.next() {
            Some((seen, file)) => Self { file: Some(file), seen },
            None => Self { file: None, seen: 0 },
        }
    }

    /// What to think of a worker that died of a SIGKILL which this program did not send.
    pub(crate) fn verdict(&mut self) -> OutOfMemory {
        match self.file.as_deref().and_then(|file| kills(&file.to_path_buf())) {
            None => OutOfMemory::Suspected,
            Some(now) if now > self.seen => {
                self.seen += 1;
                OutOfMemory::Confirmed
            }
            Some(_) => OutOfMemory::No,
        }
    }
}

/// Where the counter of a line of `/proc/self/cgroup` is, by the usual places of the hierarchies.
fn file_of(line: &str) -> Option<PathBuf> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (controllers, path) = (parts.next()?, parts.next()?.trim_start_matches('/'));
    let (root, file) = match controllers {
        "" => ("/sys/fs/cgroup", "memory.events"),
        it if it.split(',').any(|it| it == "memory") => ("/sys/fs/cgroup/memory", "memory.oom_control"),
        _ => return None,
    };
    Some([root, path, file].iter().collect())
}

/// How many processes of the group the kernel has killed so far.
fn kills(file: &PathBuf) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

/// Whether an allocator that was refused memory is among these last words; behind its own may stand a backtrace.
pub(crate) fn was_refused(words: &str) -> bool {
    let refusal = |line: &str| line.starts_with("memory allocation of ") && line.contains(" failed");
    words.lines().any(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_of_either_hierarchy_is_found() {
        let found = |line| file_of(line).map(|file| file.display().to_string());
        assert_eq!(found("0::/user/app").as_deref(), Some("/sys/fs/cgroup/user/app/memory.events"));
        assert_eq!(
            found("4:cpu,memory:/a:b").as_deref(),
            Some("/sys/fs/cgroup/memory/a:b/memory.oom_control")
        );
        assert_eq!(found("3:cpuset:/"), None);
        assert_eq!(found("nonsense"), None);
    }

    #[test]
    fn each_move_of_the_counter_explains_one_death() {
        let file = std::env::temp_dir().join(format!("anyloop-oom-{}", std::process::id()));
        let set = |count: u32| fs::write(&file, format!("max 7\noom_kill {count}\n")).expect("it is written");
        set(3);
        let mut counter = Counter::of([PathBuf::from("/no/such/file"), file.clone()].into_iter());
        assert_eq!(counter.verdict(), OutOfMemory::No, "somebody else sent the signal");
        set(5);
        assert_eq!(counter.verdict(), OutOfMemory::Confirmed);
        assert_eq!(counter.verdict(), OutOfMemory::Confirmed);
        assert_eq!(counter.verdict(), OutOfMemory::No);
        fs::remove_file(&file).expect("it is there");
        assert_eq!(counter.verdict(), OutOfMemory::Suspected, "nobody can tell");
        assert_eq!(Counter::of(std::iter::empty()).verdict(), OutOfMemory::Suspected);
    }

    #[test]
    fn an_allocator_s_last_words_are_known() {
        assert!(was_refused("a\nmemory allocation of 1073741824 bytes failed\nstack backtrace:\n   0: f\n"));
        assert!(!was_refused("my memory allocation of time failed\n"));
    }
}
