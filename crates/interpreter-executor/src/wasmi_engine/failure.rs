//! What ended a call, in the words of the contract.

use super::state::{Refused, State};
use contract::{GuestError, JobError, Trap};
use wasmi::{Error, Store, TrapCode};

/// The error of a call of `function` that ended with `error`.
pub(super) fn of(error: &Error, store: &mut Store<State>, function: &str) -> JobError {
    let state = store.data_mut();
    if let Some(failure) = state.failure.take() {
        return failure;
    }
    let code = error.as_trap_code();
    let guest = match (state.limits.refused, code) {
        // Most guests end in a trap when they get no memory; and an instance that got none to begin with is not made.
        (Some(Refused::Memory), None | Some(TrapCode::UnreachableCodeReached)) => {
            GuestError::OutOfMemory { limit: state.memory_max() }
        }
        (Some(Refused::Table), None | Some(TrapCode::UnreachableCodeReached)) => {
            GuestError::OutOfTable { limit: state.limits.table_max }
        }
        (_, Some(code)) => GuestError::Trap { kind: kind(code), function: function.to_owned() },
        (_, None) => GuestError::Abi(error.to_string()),
    };
    JobError::Guest(guest)
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
