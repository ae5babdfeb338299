//! What a guest may have.

use std::num::NonZeroU32;

/// Bytes of a page, by which the memory of a guest grows.
pub const PAGE: usize = 1 << 16;

/// What each instance, and each call, may have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of memory, in whole [pages](PAGE).
    pub memory: usize,
    /// Bytes of the machine's stack, for parameters, locals and values in flight.
    pub stack: usize,
    /// Elements of all its tables.
    pub table_elements: usize,
    /// Bytes of a result.
    pub output: usize,
    /// Units of fuel for one call, its instance included; `None` leaves the bound to deadlines and cancels. A unit is about
    /// one instruction.
    pub fuel: Option<u64>,
    /// Units of fuel between two looks at deadline and cancel.
    pub fuel_slice: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            stack: 1 << 20,
            table_elements: 100_000,
            output: 16 << 20,
            fuel: None,
            // Some hundred microseconds.
            fuel_slice: 200_000,
        }
    }
}

/// How long an instance lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reuse {
    /// For one call: what a call leaves behind, no other call ever sees.
    #[default]
    Fresh,
    /// For so many calls on its thread.
    Calls(NonZeroU32),
    /// As long as its thread and its module. Each thread has its own: a guest with a state that all calls share needs a pool
    /// of one thread.
    Pinned,
}

impl Reuse {
    /// Whether an instance that has served so many calls stays for another.
    pub(crate) fn keeps(self, served: u32) -> bool {
        match self {
            Self::Fresh => false,
            Self::Calls(calls) => served < calls.get(),
            Self::Pinned => true,
        }
    }
}
