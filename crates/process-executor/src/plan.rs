//! What the supervisor needs to know to start and to keep workers.

use crate::limits::Limits;
use crate::recycle::Recycle;
use crate::surroundings::{Stderr, Stdout, Surroundings};
use crate::token::Mode;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// Made by the [builder](crate::Builder).
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) workers: RangeInclusive<usize>,
    pub(crate) spares: usize,
    pub(crate) idle_timeout: Duration,
    /// The initializer's trampoline, as an offset in the image.
    pub(crate) initializer: Option<isize>,
    pub(crate) recycle: Recycle,
    pub(crate) grace: Duration,
    pub(crate) start_within: Duration,
    pub(crate) stdout: Stdout,
    pub(crate) stderr: Stderr,
    pub(crate) surroundings: Surroundings,
    pub(crate) limits: Limits,
    pub(crate) tail: usize,
    pub(crate) limit: usize,
    pub(crate) program: PathBuf,
    pub(crate) mode: Mode,
    /// Whether to use pidfds where the kernel has them.
    pub(crate) pidfds: bool,
    /// Whether to send jobs ahead, through memory that is shared with one worker.
    pub(crate) shares_rings: bool,
}

impl Plan {
    pub(crate) fn new() -> Self {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            workers: count..=count,
            spares: 0,
            idle_timeout: Duration::from_secs(30),
            initializer: None,
            recycle: Recycle::never(),
            grace: Duration::from_millis(200),
            start_within: Duration::from_secs(10),
            stdout: Stdout::Inherit,
            stderr: Stderr::Forward,
            surroundings: Surroundings::default(),
            limits: Limits::default(),
            tail: 8 << 10,
            limit: 1 << 30,
            program: PathBuf::from("/proc/self/exe"),
            mode: Mode::BeforeMain,
            pidfds: true,
            shares_rings: true,
        }
    }

    /// Processes at most, spares included.
    pub(crate) fn most(&self) -> usize {
        self.workers.end().saturating_add(self.spares)
    }

    /// What a worker is told of it.
    pub(crate) fn terms(&self) -> Terms {
        Terms {
            limit: self.limit as u64,
            tells_memory: self.recycle.memory.is_some(),
            output_to_error: self.stdout == Stdout::ToStderr,
            limits: self.limits.clone(),
        }
    }
}

/// What a worker must know before it begins: the body of the parent's welcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// The size of an argument or a result, at most.
    pub(crate) limit: u64,
    /// Whether it measures itself after each job.
    pub(crate) tells_memory: bool,
    /// Whether its standard output goes where its standard error goes.
    pub(crate) output_to_error: bool,
    pub(crate) limits: Limits,
}
