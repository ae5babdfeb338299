//! Plain numbers, as they pass between guest and host functions.

/// A number that a host function takes or gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// An integer of 32 bits; pointers and lengths are of this type.
    I32(i32),
    /// An integer of 64 bits.
    I64(i64),
    /// A float of 32 bits.
    F32(f32),
    /// A float of 64 bits.
    F64(f64),
}

/// The type of a [`Value`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// An integer of 32 bits.
    I32,
    /// An integer of 64 bits.
    I64,
    /// A float of 32 bits.
    F32,
    /// A float of 64 bits.
    F64,
}

impl Value {
    /// Its type.
    #[must_use]
    pub fn of_type(self) -> ValueType {
        match self {
            Self::I32(_) => ValueType::I32,
            Self::I64(_) => ValueType::I64,
            Self::F32(_) => ValueType::F32,
            Self::F64(_) => ValueType::F64,
        }
    }

    /// As a place or a length in the guest's memory, if it is an integer of 32 bits.
    #[must_use]
    pub fn as_usize(self) -> Option<usize> {
        match self {
            Self::I32(number) => usize::try_from(number.cast_unsigned()).ok(),
            _ => None,
        }
    }
}
