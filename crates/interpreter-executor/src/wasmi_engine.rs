//! The engine of the house: wasmi, an interpreter that stops and goes on wherever it runs out of fuel.

use crate::engine::{Engine, Export, Instance, Program};
use crate::start::{START, expose_start};
use crate::{Import, Imports, Limits, LoadError, Meter, PAGE};
use contract::JobError;
use std::sync::Arc;
use wasmi::{CompilationMode, Config, ExternType, Linker, Module, ValType};

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
        check_imports(&module, imports)?;
        check_memory(&module, &self.limits)?;
        let functions = || module.exports().filter(|export| export.ty().func().is_some());
        let has_start = functions().any(|export| export.name() == START);
        let exports = functions().filter(|export| export.name() != START).map(|export| {
            let of_protocol = export.ty().func().filter(|ty| is_of_protocol(ty));
            Export::new(export.name(), of_protocol.map(|ty| ty.params().len()))
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

fn is_of_protocol(ty: &wasmi::FuncType) -> bool {
    ty.params().iter().all(|param| *param == ValType::I32) && ty.results() == [ValType::I32]
}

/// Everything that is missing, not only the first; and then what is there with another type.
fn check_imports(module: &Module, imports: &Imports) -> Result<(), LoadError> {
    let mut missing = Vec::new();
    let mut unlike = None;
    for wanted in module.imports() {
        let kind = match wanted.ty() {
            ExternType::Func(ty) => format!("{:?} -> {:?}", ty.params(), ty.results()),
            ExternType::Memory(_) => "memory".to_owned(),
            ExternType::Table(_) => "table".to_owned(),
            ExternType::Global(_) => "global".to_owned(),
        };
        let import = Import::new(wanted.module(), wanted.name(), kind);
        let ExternType::Func(wanted) = wanted.ty() else {
            missing.push(import);
            continue;
        };
        match host::provided(imports, &import) {
            None => missing.push(import),
            Some(ty) if ty == *wanted => {}
            Some(ty) => {
                let provided = format!("{:?} -> {:?}", ty.params(), ty.results());
                unlike = unlike.or(Some(LoadError::ImportType { import, provided }));
            }
        }
    }
    match (missing.is_empty(), unlike) {
        (false, _) => Err(LoadError::MissingImports(missing)),
        (true, Some(unlike)) => Err(unlike),
        (true, None) => Ok(()),
    }
}

fn check_memory(module: &Module, limits: &Limits) -> Result<(), LoadError> {
    let Some(ExternType::Memory(memory)) = module.get_export(MEMORY) else { return Err(LoadError::NoMemory) };
    let needs = usize::try_from(memory.minimum()).unwrap_or(usize::MAX).saturating_mul(PAGE);
    if needs > limits.memory {
        return Err(LoadError::TooLarge { needs, limit: limits.memory });
    }
    Ok(())
}
