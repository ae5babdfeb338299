//! What belongs to one instance: its limits, and the call that it serves.

use crate::{Arguments, Limits};
use contract::JobError;
use wasmi::{Memory, ResourceLimiter};
use wasmi_core::LimiterError;

/// What host functions find when a guest calls them.
pub(super) struct State {
    pub(super) limits: Room,
    /// The instance's memory, once there is one.
    pub(super) memory: Option<Memory>,
    pub(super) arguments: Arguments,
    pub(super) output: Vec<u8>,
    /// The largest output that is taken.
    pub(super) output_max: usize,
    /// Why a host function ended the call.
    pub(super) failure: Option<JobError>,
}

/// How far memory and tables may grow, and whether a guest was refused.
pub(super) struct Room {
    memory_max: usize,
    pub(super) table_max: usize,
    /// Elements of all tables.
    table: usize,
    pub(super) refused: Option<Refused>,
}

/// What a guest did not get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Memory,
    Table,
}

/// Tables of one instance at most: one is what compilers make.
const TABLES: usize = 100;

impl State {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limits: Room {
                memory_max: limits.memory,
                table_max: limits.table_elements,
                table: 0,
                refused: None,
            },
            memory: None,
            arguments: Arguments::default(),
            output: Vec::new(),
            output_max: limits.output,
            failure: None,
        }
    }

    /// For the next call.
    pub(super) fn begin(&mut self, arguments: Arguments) {
        self.arguments = arguments;
        self.output = Vec::new();
        self.limits.refused = None;
    }

    pub(super) fn memory_max(&self) -> usize {
        self.limits.memory_max
    }
}

impl ResourceLimiter for Room {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        if desired > self.memory_max {
            self.refused = Some(Refused::Memory);
            return Ok(false);
        }
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        let all = self.table.saturating_add(desired.saturating_sub(current));
        if all > self.table_max {
            self.refused = Some(Refused::Table);
            return Ok(false);
        }
        let grows = maximum.is_none_or(|maximum| desired <= maximum);
        if grows {
            self.table = all;
        }
        Ok(grows)
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        1
    }
}
