//! A module that lives in wasmi: made, called, stopped between slices.

use super::state::State;
use super::{MEMORY, Shared, failure};
use crate::Meter;
use crate::engine::{Arguments, Instance};
use crate::start::START;
use contract::{GuestError, JobError};
use std::sync::Arc;
use wasmi::{Error, Func, ResumableCall, Store, Val};

pub(super) struct WasmiInstance {
    shared: Arc<Shared>,
    store: Store<State>,
    instance: wasmi::Instance,
    /// What was called last, which is called next, most of the time.
    found: Option<(usize, Func)>,
}

/// Lengths for so many arguments need no allocation.
const FEW: usize = 4;

impl WasmiInstance {
    pub(super) fn new(shared: &Arc<Shared>, meter: &mut Meter) -> Result<Self, JobError> {
        let mut store = Store::new(shared.linker.engine(), State::new(&shared.limits));
        store.limiter(|state| &mut state.limiter);
        set_fuel(&mut store, meter.slice(0)?);
        let instance = match shared.linker.instantiate_and_start(&mut store, &shared.module) {
            Ok(instance) => instance,
            Err(error) => return Err(failure::of(&error, &mut store, "(start)")),
        };
        store.data_mut().memory = instance.get_memory(&store, MEMORY);
        let mut this = Self { shared: shared.clone(), store, instance, found: None };
        if shared.has_start
            && let Some(start) = this.instance.get_func(&this.store, START)
        {
            this.run(start, &[], &mut [], "(start)", meter)?;
        }
        meter.give_back(this.store.get_fuel().unwrap_or(0));
        Ok(this)
    }

    fn export(&mut self, export: usize) -> Option<Func> {
        match self.found {
            Some((found, func)) if found == export => Some(func),
            _ => {
                let func = self.instance.get_func(&self.store, &self.shared.exports.get(export)?.name)?;
                self.found = Some((export, func));
                Some(func)
            }
        }
    }

    /// Runs `func` to its end, slice by slice. The store has the fuel for the first.
    fn run(
        &mut self,
        func: Func,
        inputs: &[Val],
        outputs: &mut [Val],
        name: &str,
        meter: &mut Meter,
    ) -> Result<(), JobError> {
        let mut call = func.call_resumable(&mut self.store, inputs, outputs);
        loop {
            call = match call {
                Ok(ResumableCall::Finished) => return Ok(()),
                Ok(ResumableCall::OutOfFuel(stopped)) => {
                    set_fuel(&mut self.store, meter.slice(stopped.required_fuel())?);
                    stopped.resume(&mut self.store, outputs)
                }
                Ok(ResumableCall::HostTrap(trap)) => return Err(self.failed(trap.host_error(), name)),
                Err(error) => return Err(self.failed(&error, name)),
            }
        }
    }

    fn failed(&mut self, error: &Error, name: &str) -> JobError {
        failure::of(error, &mut self.store, name)
    }
}

impl Instance for WasmiInstance {
    fn call(&mut self, export: usize, arguments: Arguments, meter: &mut Meter) -> Result<Vec<u8>, JobError> {
        let Some(func) = self.export(export) else {
            return Err(JobError::Guest(GuestError::Abi(format!("there is no export number {export}"))));
        };
        let count = arguments.count();
        let mut few = [const { Val::I32(0) }; FEW];
        let mut many;
        let inputs = if count <= FEW {
            &mut few[..count]
        } else {
            many = vec![Val::I32(0); count];
            &mut many[..]
        };
        for (input, argument) in inputs.iter_mut().zip(arguments.iter()) {
            let Ok(length) = u32::try_from(argument.len()) else {
                return Err(JobError::Guest(GuestError::Abi("an argument is longer than any memory".into())));
            };
            *input = Val::I32(length.cast_signed());
        }
        set_fuel(&mut self.store, meter.slice(0)?);
        let state = self.store.data_mut();
        state.limiter.0.begin();
        state.exchange.begin(arguments);
        let mut outputs = [Val::I32(-1)];
        let shared = self.shared.clone();
        self.run(func, inputs, &mut outputs, &shared.exports[export].name, meter)?;
        meter.give_back(self.store.get_fuel().unwrap_or(0));
        match outputs {
            [Val::I32(code)] => self.store.data_mut().exchange.answer(code),
            _ => Err(JobError::Guest(GuestError::Abi("it returned no integer".into()))),
        }
    }
}

fn set_fuel(store: &mut Store<State>, fuel: u64) {
    let set = store.set_fuel(fuel);
    debug_assert!(set.is_ok(), "the engine counts fuel");
}
