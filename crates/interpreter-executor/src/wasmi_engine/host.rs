//! What a guest can call, linked for wasmi: the two functions of the protocol, and what was added by name.

use super::state::State;
use crate::engine::{Ended, Exchange, PROTOCOL, SEND_RESULT, WRITE_ARGUMENTS};
use crate::{HostFunction, Imports, Value, ValueType};
use wasmi::{Caller, Engine, Error, FuncType, Linker, Val, ValType};

/// All functions, ready to be linked to a module.
pub(super) fn linker(engine: &Engine, imports: &Imports) -> Linker<State> {
    let mut linker = Linker::new(engine);
    // Of two with one name the later counts, and nothing stands for the protocol but the protocol.
    linker.allow_shadowing(true);
    for function in imports.functions() {
        let body = function.clone();
        let call = move |mut caller: Caller<'_, State>, args: &[Val], results: &mut [Val]| {
            let args: Vec<Value> = args.iter().filter_map(value).collect();
            let (memory, exchange) = memory(&mut caller);
            let given = exchange.call_host(&body, memory, &args).map_err(ended)?;
            for (result, given) in results.iter_mut().zip(given) {
                *result = val(given);
            }
            Ok(())
        };
        let linked = linker.func_new(&function.module, &function.name, type_of(function), call);
        debug_assert!(linked.is_ok(), "shadowing is allowed");
    }
    let write = |mut caller: Caller<'_, State>, pointer: i32| {
        let (memory, exchange) = memory(&mut caller);
        exchange.write_arguments(memory, pointer).map_err(ended)
    };
    let send = |mut caller: Caller<'_, State>, pointer: i32, length: i32| {
        let (memory, exchange) = memory(&mut caller);
        exchange.send_result(memory, pointer, length).map_err(ended)
    };
    let written = linker.func_wrap(PROTOCOL, WRITE_ARGUMENTS, write).is_ok();
    let sent = linker.func_wrap(PROTOCOL, SEND_RESULT, send).is_ok();
    debug_assert!(written && sent, "shadowing is allowed");
    linker
}

/// The engine only hears that the call ends.
fn ended(ended: Ended) -> Error {
    Error::new(ended.to_string())
}

/// The memory of the caller, and the call's exchange.
fn memory<'a>(caller: &'a mut Caller<'_, State>) -> (&'a mut [u8], &'a mut Exchange) {
    match caller.data().memory {
        Some(memory) => {
            let (memory, state) = memory.data_and_store_mut(caller);
            (memory, &mut state.exchange)
        }
        None => (&mut [], &mut caller.data_mut().exchange),
    }
}

fn type_of(function: &HostFunction) -> FuncType {
    FuncType::new(function.params.iter().copied().map(val_type), function.result.map(val_type))
}

fn val_type(ty: ValueType) -> ValType {
    match ty {
        ValueType::I32 => ValType::I32,
        ValueType::I64 => ValType::I64,
        ValueType::F32 => ValType::F32,
        ValueType::F64 => ValType::F64,
    }
}

pub(super) fn value_type(ty: &ValType) -> Option<ValueType> {
    match ty {
        ValType::I32 => Some(ValueType::I32),
        ValType::I64 => Some(ValueType::I64),
        ValType::F32 => Some(ValueType::F32),
        ValType::F64 => Some(ValueType::F64),
        _ => None,
    }
}

fn val(value: Value) -> Val {
    match value {
        Value::I32(number) => Val::I32(number),
        Value::I64(number) => Val::I64(number),
        Value::F32(number) => Val::F32(number.into()),
        Value::F64(number) => Val::F64(number.into()),
    }
}

/// Only what a host function can have announced.
fn value(val: &Val) -> Option<Value> {
    match val {
        Val::I32(number) => Some(Value::I32(*number)),
        Val::I64(number) => Some(Value::I64(*number)),
        Val::F32(number) => Some(Value::F32((*number).into())),
        Val::F64(number) => Some(Value::F64((*number).into())),
        _ => None,
    }
}
