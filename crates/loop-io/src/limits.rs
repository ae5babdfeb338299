//! The water marks of what is written and not yet sent.

use std::fmt;

/// Above `high` unsent bytes a writer is asked to pause, at `low` it may go on.
///
/// # Units
///
/// Bytes. `high` is 64 KiB and `low` a quarter of it, unless set.
///
/// # Python
///
/// The arguments of `set_write_buffer_limits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteLimits {
    pub(crate) low: usize,
    pub(crate) high: usize,
}

/// The low water mark is above the high one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongLimits {
    limits: WriteLimits,
}

const HIGH: usize = 64 * 1024;

/// How many times the low mark goes into the high one.
const RATIO: usize = 4;

impl WriteLimits {
    /// 64 KiB, and 16 KiB.
    pub const DEFAULT: Self = Self::high(HIGH);

    /// With this high mark; the low one is a quarter of it.
    #[must_use]
    pub const fn high(high: usize) -> Self {
        Self { low: high / RATIO, high }
    }

    /// With this low mark; the high one is four times as much.
    #[must_use]
    pub const fn low(low: usize) -> Self {
        Self { low, high: low.saturating_mul(RATIO) }
    }

    /// With both marks.
    ///
    /// # Errors
    ///
    /// [`WrongLimits`] if `low` is above `high`.
    pub const fn new(low: usize, high: usize) -> Result<Self, WrongLimits> {
        let limits = Self { low, high };
        if low > high { Err(WrongLimits { limits }) } else { Ok(limits) }
    }
}

impl Default for WriteLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for WrongLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WriteLimits { low, high } = self.limits;
        write!(
            f,
            "the low mark ({low}) is above the high one ({high}): a writer that paused could never go on"
        )
    }
}

impl std::error::Error for WrongLimits {}
