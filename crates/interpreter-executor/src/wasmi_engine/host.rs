//! What a guest can call: the two functions of the protocol, and what was added by name.

use super::state::State;
use crate::{HostFunction, Import, Imports, Value, ValueType};
use contract::{GuestError, JobError, Panic};
use wasmi::{Caller, Engine, Error, FuncType, Linker, Val, ValType};

/// The module of the protocol's own functions.
const PROTOCOL: &str = "typst_env";
const WRITE_ARGUMENTS: &str = "wasm_minimal_protocol_write_args_to_buffer";
const SEND_RESULT: &str = "wasm_minimal_protocol_send_result_to_host";

/// The type of what is provided under this name.
pub(super) fn provided(imports: &Imports, import: &Import) -> Option<FuncType> {
    match (import.module.as_str(), import.name.as_str()) {
        (PROTOCOL, WRITE_ARGUMENTS) => Some(FuncType::new([ValType::I32], [])),
        (PROTOCOL, SEND_RESULT) => Some(FuncType::new([ValType::I32, ValType::I32], [])),
        (module, name) => imports.find(module, name).map(type_of),
    }
}

fn type_of(function: &HostFunction) -> FuncType {
    FuncType::new(function.params.iter().copied().map(val_type), function.result.map(val_type))
}

/// All functions, ready to be linked to a module.
pub(super) fn linker(engine: &Engine, imports: &Imports) -> Linker<State> {
    let mut linker = Linker::new(engine);
    // Of two with one name the later counts, and nothing stands for the protocol but the protocol.
    linker.allow_shadowing(true);
    for function in imports.functions() {
        let body = function.clone();
        let call = move |caller: Caller<'_, State>, args: &[Val], results: &mut [Val]| {
            run(&body, caller, args, results)
        };
        let linked = linker.func_new(&function.module, &function.name, type_of(function), call);
        debug_assert!(linked.is_ok(), "shadowing is allowed");
    }
    let written = linker.func_wrap(PROTOCOL, WRITE_ARGUMENTS, write_arguments).is_ok();
    let sent = linker.func_wrap(PROTOCOL, SEND_RESULT, send_result).is_ok();
    debug_assert!(written && sent, "shadowing is allowed");
    linker
}

/// Ends the call with `error`; the engine only hears that it ends.
fn fail(mut caller: Caller<'_, State>, error: JobError) -> Error {
    caller.data_mut().failure = Some(error);
    Error::new("a host function ended the call")
}

/// The memory of the caller, and the rest of its state.
fn memory<'a>(caller: &'a mut Caller<'_, State>) -> (&'a mut [u8], &'a mut State) {
    match caller.data().memory {
        Some(memory) => memory.data_and_store_mut(caller),
        None => (&mut [], caller.data_mut()),
    }
}

fn abi(what: String) -> JobError {
    JobError::Guest(GuestError::Abi(what))
}

fn write_arguments(mut caller: Caller<'_, State>, pointer: i32) -> Result<(), Error> {
    let (memory, state) = memory(&mut caller);
    let at = offset(pointer);
    if state.arguments.copy_into(memory, at) {
        return Ok(());
    }
    let what = format!(
        "it wants its {} bytes of arguments at {at}, beyond its {} bytes of memory",
        state.arguments.bytes(),
        memory.len()
    );
    Err(fail(caller, abi(what)))
}

fn send_result(mut caller: Caller<'_, State>, pointer: i32, length: i32) -> Result<(), Error> {
    let (memory, state) = memory(&mut caller);
    let (at, len) = (offset(pointer), offset(length));
    if len > state.output_max {
        let limit = state.output_max;
        return Err(fail(caller, JobError::Guest(GuestError::TooLarge { len, limit })));
    }
    match at.checked_add(len).and_then(|end| memory.get(at..end)) {
        Some(result) => {
            state.output.clear();
            state.output.extend_from_slice(result);
            Ok(())
        }
        None => {
            let what =
                format!("its result of {len} bytes at {at} is beyond its {} bytes of memory", memory.len());
            Err(fail(caller, abi(what)))
        }
    }
}

/// A pointer or a length, which are unsigned whatever the machine calls them.
fn offset(number: i32) -> usize {
    usize::try_from(number.cast_unsigned()).unwrap_or(usize::MAX)
}

/// A function of the user. Its panic must not unwind through the engine.
fn run(
    function: &HostFunction,
    mut caller: Caller<'_, State>,
    args: &[Val],
    results: &mut [Val],
) -> Result<(), Error> {
    let args: Vec<Value> = args.iter().filter_map(value).collect();
    let outcome = Panic::catch(|| function.call(memory(&mut caller).0, &args));
    let error = match outcome {
        Ok(Ok(given)) => {
            for (result, given) in results.iter_mut().zip(given) {
                *result = val(given);
            }
            return Ok(());
        }
        Ok(Err(message)) => {
            let function = format!("{}.{}", function.module, function.name);
            JobError::Guest(GuestError::Host { function, message })
        }
        Err(panic) => JobError::Panicked(panic),
    };
    Err(fail(caller, error))
}

fn val_type(ty: ValueType) -> ValType {
    match ty {
        ValueType::I32 => ValType::I32,
        ValueType::I64 => ValType::I64,
        ValueType::F32 => ValType::F32,
        ValueType::F64 => ValType::F64,
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
