//! The public types of the executors.

use super::probe::{Given, Not as _, Probe, Row, Says};
use std::cell::Cell;
use std::marker::PhantomPinned;
use std::rc::Rc;
use std::sync::MutexGuard;

pub(super) fn threads() -> Vec<Vec<Row>> {
    vec![
        plain![
            thread_executor::Affinity,
            thread_executor::BuildError,
            thread_executor::Builder,
            thread_executor::Lane,
            thread_executor::Scope,
            thread_executor::Stats,
            thread_executor::ThreadPool,
        ],
        of_any![thread_executor::ScopedJob["T"] = thread_executor::ScopedJob<'static, T>],
    ]
}

pub(super) fn processes() -> Vec<Vec<Row>> {
    vec![
        plain![
            process_executor::Blob,
            process_executor::BlobMut,
            process_executor::Builder,
            process_executor::Limit,
            process_executor::Recycle,
            process_executor::Stats,
            process_executor::Stderr,
            process_executor::Stdout,
            process_executor::Tasks,
            process_executor::Workers,
            process_executor::JobCx,
            process_executor::ProcessPool,
            process_executor::StartError,
        ],
        of_any![
            process_executor::Call["A"] = process_executor::Call<fn(T), T>,
            process_executor::Named["T"] = process_executor::Named<T>,
        ],
        vec![of!(
            process_executor::MapChunks["I"] = process_executor::MapChunks<'static, fn(u8) -> u8, u8, T>,
            all: std::vec::IntoIter<u8>
        )],
    ]
}

pub(super) fn interpreters() -> Vec<Vec<Row>> {
    vec![
        plain![
            interpreter_executor::Arguments,
            interpreter_executor::Builder,
            interpreter_executor::GuestCall,
            interpreter_executor::HostFunction,
            interpreter_executor::HostMemory,
            interpreter_executor::Import,
            interpreter_executor::Imports,
            interpreter_executor::InterpreterPool,
            interpreter_executor::Limits,
            interpreter_executor::LoadError,
            interpreter_executor::Meter,
            interpreter_executor::Module,
            interpreter_executor::Reuse,
            interpreter_executor::Value,
            interpreter_executor::ValueType,
            interpreter_executor::Wasmi,
            interpreter_executor::engine::Ended,
            interpreter_executor::engine::Exchange,
            interpreter_executor::engine::Export,
            interpreter_executor::engine::Growth,
            interpreter_executor::engine::Signature,
            interpreter_executor::engine::Wanted,
        ],
        of_any![
            interpreter_executor::Function["R"] = interpreter_executor::Function<(), T>,
            interpreter_executor::TypedCall["R"] = interpreter_executor::TypedCall<T>,
        ],
    ]
}
