//! The engine by itself, as its users write it: an instance, a call, a drop.

use super::{ARGUMENT, CALLS, check, guest};
use crate::clock::Size;
use crate::table::Failure;
use wasmi::{Caller, CompilationMode, Config, Engine, Error, Extern, Linker, Memory, Module, Store};

/// What the two functions of the protocol need.
#[derive(Default)]
struct State {
    argument: Vec<u8>,
    output: Vec<u8>,
}

struct Wasmi {
    module: Module,
    linker: Linker<State>,
}

fn memory(caller: &Caller<'_, State>) -> Result<Memory, Error> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    memory.ok_or_else(|| Error::new("it has no memory"))
}

impl Wasmi {
    fn new() -> Result<Self, Failure> {
        let mut config = Config::default();
        config.consume_fuel(true);
        config.compilation_mode(CompilationMode::Eager);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, guest()?).map_err(Failure::broken)?;
        let mut linker = Linker::new(&engine);
        let write = |mut caller: Caller<'_, State>, at: u32| -> Result<(), Error> {
            let (memory, state) = memory(&caller)?.data_and_store_mut(&mut caller);
            let place =
                memory.get_mut(at as usize..).and_then(|memory| memory.get_mut(..state.argument.len()));
            place.ok_or_else(|| Error::new("beyond the memory"))?.copy_from_slice(&state.argument);
            Ok(())
        };
        let send = |mut caller: Caller<'_, State>, at: u32, length: u32| -> Result<(), Error> {
            let (memory, state) = memory(&caller)?.data_and_store_mut(&mut caller);
            let result = memory.get(at as usize..).and_then(|memory| memory.get(..length as usize));
            state.output = result.ok_or_else(|| Error::new("beyond the memory"))?.to_vec();
            Ok(())
        };
        linker
            .func_wrap("typst_env", "wasm_minimal_protocol_write_args_to_buffer", write)
            .and_then(|linker| {
                linker.func_wrap("typst_env", "wasm_minimal_protocol_send_result_to_host", send)
            })
            .map_err(Failure::broken)?;
        Ok(Self { module, linker })
    }

    /// An instance, a call, and a drop.
    fn call(&self) -> Result<Vec<u8>, Error> {
        let state = State { argument: ARGUMENT.to_vec(), output: Vec::new() };
        let mut store = Store::new(self.linker.engine(), state);
        store.set_fuel(100_000)?;
        let instance = self.linker.instantiate_and_start(&mut store, &self.module)?;
        let echo = instance.get_typed_func::<u32, i32>(&store, "echo")?;
        match echo.call(&mut store, ARGUMENT.len() as u32)? {
            0 => Ok(store.into_data().output),
            code => Err(Error::new(format!("it returned {code}"))),
        }
    }
}

pub(super) fn here(size: Size) -> Result<f64, Failure> {
    let calls = size.operations(CALLS);
    let wasmi = Wasmi::new()?;
    size.measure_blocking(calls, || {
        (0..calls).try_for_each(|_| check(Ok(wasmi.call().map_err(Failure::broken)?)))
    })
}
