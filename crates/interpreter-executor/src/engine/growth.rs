//! How far an instance may grow, whatever the engine.

use crate::Limits;
use contract::{GuestError, Trap};

/// How far memory and tables of an instance may grow, and whether it was refused. For engines, which keep one for each
/// instance.
#[derive(Debug, Clone)]
pub struct Growth {
    memory_max: usize,
    table_max: usize,
    /// Elements of all tables.
    table: usize,
    refused: Option<Refused>,
}

/// What a guest did not get.
#[derive(Debug, Clone, Copy)]
enum Refused {
    Memory,
    Table,
}

impl Growth {
    /// Tables of one instance at most: one is what compilers make.
    pub const TABLES: usize = 100;

    /// Nothing is there yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { memory_max: limits.memory, table_max: limits.table_elements, table: 0, refused: None }
    }

    /// A call begins: what was refused before does not count.
    pub fn begin(&mut self) {
        self.refused = None;
    }

    /// Whether the memory may have this many bytes; `maximum` is the module's own.
    pub fn memory(&mut self, desired: usize, maximum: Option<usize>) -> bool {
        if desired > self.memory_max {
            self.refused = Some(Refused::Memory);
            return false;
        }
        maximum.is_none_or(|maximum| desired <= maximum)
    }

    /// Whether a table may have this many elements; `maximum` is the module's own.
    pub fn table(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        let all = self.table.saturating_add(desired.saturating_sub(current));
        if all > self.table_max {
            self.refused = Some(Refused::Table);
            return false;
        }
        let grows = maximum.is_none_or(|maximum| desired <= maximum);
        if grows {
            self.table = all;
        }
        grows
    }

    /// What a call of `function` failed of that ended in this trap; without one, that ended in the engine's own `words`.
    ///
    /// Most guests end as [`Trap::Unreachable`] when they get no memory; and an instance that got none to begin with is not
    /// made.
    #[must_use]
    pub fn verdict(&self, trap: Option<Trap>, function: &str, words: &str) -> GuestError {
        match (self.refused, trap) {
            (Some(Refused::Memory), None | Some(Trap::Unreachable)) => {
                GuestError::OutOfMemory { limit: self.memory_max }
            }
            (Some(Refused::Table), None | Some(Trap::Unreachable)) => {
                GuestError::OutOfTable { limit: self.table_max }
            }
            (_, Some(kind)) => GuestError::Trap { kind, function: function.to_owned() },
            (_, None) => GuestError::Abi(words.to_owned()),
        }
    }
}
