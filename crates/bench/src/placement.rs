//! Which processors a measurement runs on: what crosses processors differs tenfold from what does not, so it is named.

use crate::table::Failure;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::sync::OnceLock;

/// Where the two sides of a measurement run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Everything on one processor: steady numbers.
    One,
    /// The other side calls [`pin_other_side`]: what waking another processor costs.
    Two,
    /// As the system likes.
    Free,
}

impl Placement {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::One => "one processor",
            Self::Two => "two processors",
            Self::Free => "any processor",
        }
    }
}

/// The processors that this program may use, as long as nobody is placed.
static ALLOWED: OnceLock<Vec<usize>> = OnceLock::new();

/// Places this thread, and with it the threads and processes that it will start.
///
/// # Errors
///
/// There are not as many processors.
pub(crate) fn apply(placement: Placement) -> Result<(), Failure> {
    let allowed = ALLOWED.get_or_init(allowed);
    if placement == Placement::Two && allowed.len() < 2 {
        return Err(Failure::CannotRunHere(
            "each side has to have a processor of its own, and there is one; cure: grant two, if taskset or a container holds them back"
                .to_owned(),
        ));
    }
    if placement != Placement::Free {
        pin(allowed.first().copied());
    }
    Ok(())
}

/// Places this thread on the second processor.
pub(crate) fn pin_other_side() {
    pin(ALLOWED.get_or_init(allowed).get(1).copied());
}

fn allowed() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(Pid::from_raw(0)) else { return Vec::new() };
    (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false)).collect()
}

/// Where it is forbidden, the numbers are only less steady.
fn pin(cpu: Option<usize>) {
    let Some(cpu) = cpu else { return };
    let mut set = CpuSet::new();
    if let Err(error) = set.set(cpu).and_then(|()| sched_setaffinity(Pid::from_raw(0), &set)) {
        eprintln!("bench: not placed on processor {cpu}: {error}");
    }
}
