//! What belongs to one instance in wasmi.

use crate::Limits;
use crate::engine::{Exchange, Growth};
use wasmi::{Memory, ResourceLimiter};
use wasmi_core::LimiterError;

/// What host functions find when a guest calls them.
pub(super) struct State {
    pub(super) limiter: Limiter,
    /// The instance's memory, once there is one.
    pub(super) memory: Option<Memory>,
    pub(super) exchange: Exchange,
}

/// wasmi's form of a growth.
pub(super) struct Limiter(pub(super) Growth);

impl State {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { limiter: Limiter(Growth::new(limits)), memory: None, exchange: Exchange::new(limits) }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(self.0.memory(desired, maximum))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(self.0.table(current, desired, maximum))
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        Growth::TABLES
    }

    fn memories(&self) -> usize {
        1
    }
}
