//! What ended a call in wasmi, in the words of the contract.

use super::state::State;
use contract::{JobError, Trap};
use wasmi::{Error, Store, TrapCode};

/// The error of a call of `function` that ended with `error`.
pub(super) fn of(error: &Error, store: &mut Store<State>, function: &str) -> JobError {
    let state = store.data_mut();
    if let Some(failure) = state.exchange.take_failure() {
        return failure;
    }
    let trap = error.as_trap_code().map(kind);
    JobError::Guest(state.limiter.0.verdict(trap, function, &error.to_string()))
}

fn kind(code: TrapCode) -> Trap {
    match code {
        TrapCode::UnreachableCodeReached => Trap::Unreachable,
        TrapCode::MemoryOutOfBounds => Trap::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds => Trap::TableOutOfBounds,
        TrapCode::IndirectCallToNull => Trap::NullCall,
        TrapCode::BadSignature => Trap::BadSignature,
        TrapCode::IntegerDivisionByZero => Trap::DivisionByZero,
        TrapCode::IntegerOverflow => Trap::IntegerOverflow,
        TrapCode::BadConversionToInteger => Trap::NotANumber,
        TrapCode::StackOverflow => Trap::StackOverflow,
        TrapCode::OutOfSystemMemory => Trap::SystemOutOfMemory,
        _ => Trap::Other,
    }
}
