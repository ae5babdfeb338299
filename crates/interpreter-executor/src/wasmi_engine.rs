//! The engine of the house: wasmi, an interpreter that stops and goes on wherever it runs out of fuel.

use crate::engine::{Engine, Export, Instance, Program, Signature, Wanted, check_imports, check_memory};
use crate::start::{START, expose_start};
use crate::{Imports, Limits, LoadError, Meter};
use contract::JobError;
use std::sync::Arc;
use wasmi::{CompilationMode, Config, ExternType, FuncType, Linker, Module};

mod failure;
mod host;
mod instance;
mod state;

use instance::WasmiInstance;
use state::State;

/// Runs guests in wasmi, an interpreter: modules load in no time, instances are made in microseconds, and code runs at a
/// tenth of the speed that a compiler gives it.
#[derive(Debug, Clone)]
pub struct Wasmi {
    engine: wasmi::Engine,
    limits: Limits,
}

/// Bytes of the machine's stack that a call takes at least: so deep may calls nest at most.
const FRAME_MIN: usize = 64;

/// What every module is exported under that a guest keeps its data in.
const MEMORY: &str = "memory";

impl Engine for Wasmi {
    fn new(limits: &Limits) -> Self {
        let mut config = Config::default();
        // Before the largest, which may not be less.
        config.set_min_stack_height(limits.stack.min(1000));
        config.set_max_stack_height(limits.stack);
        config.set_max_recursion_depth((limits.stack / FRAME_MIN).max(1));
        config.consume_fuel(true);
        // All of it when the module is loaded: nothing that a call does takes longer than its fuel says.
        config.compilation_mode(CompilationMode::Eager);
        // A limit for one memory is a limit for the instance.
        config.wasm_multi_memory(false);
        config.ignore_custom_sections(true);
        config.allow_start_fn(false);
        Self { engine: wasmi::Engine::new(&config), limits: limits.clone() }
    }

    fn load(&self, module: &[u8], imports: &Imports) -> Result<Box<dyn Program>, LoadError> {
        let module = Module::new(&self.engine, expose_start(module));
        let module = module.map_err(|error| LoadError::Invalid(error.to_string()))?;
        check_imports(
            imports,
            module.imports().map(|import| (import.module(), import.name(), wanted(import.ty()))),
        )?;
        let memory =
            module.get_export(MEMORY).and_then(|export| export.memory().map(|memory| memory.minimum()));
        check_memory(&self.limits, memory)?;
        let functions = || module.exports().filter(|export| export.ty().func().is_some());
        let has_start = functions().any(|export| export.name() == START);
        let exports = functions().filter(|export| export.name() != START).map(|export| {
            Export::new(export.name(), export.ty().func().and_then(|ty| signature(ty).arity()))
        });
        let shared = Shared {
            exports: exports.collect(),
            has_start,
            linker: host::linker(&self.engine, imports),
            limits: self.limits.clone(),
            module,
        };
        Ok(Box::new(WasmiProgram(Arc::new(shared))))
    }
}

/// A module, and what its instances are made of.
struct WasmiProgram(Arc<Shared>);

struct Shared {
    module: Module,
    linker: Linker<State>,
    limits: Limits,
    exports: Vec<Export>,
    has_start: bool,
}

impl Program for WasmiProgram {
    fn exports(&self) -> &[Export] {
        &self.0.exports
    }

    fn instantiate(&self, meter: &mut Meter) -> Result<Box<dyn Instance>, JobError> {
        WasmiInstance::new(&self.0, meter).map(|instance| Box::new(instance) as Box<dyn Instance>)
    }
}

fn signature(ty: &FuncType) -> Signature {
    Signature::new(ty.params().iter().map(host::value_type), ty.results().iter().map(host::value_type))
}

fn wanted(ty: &ExternType) -> Wanted {
    match ty {
        ExternType::Func(ty) => Wanted::Function(signature(ty)),
        ExternType::Memory(_) => Wanted::Other("memory"),
        ExternType::Table(_) => Wanted::Other("table"),
        ExternType::Global(_) => Wanted::Other("global"),
    }
}
