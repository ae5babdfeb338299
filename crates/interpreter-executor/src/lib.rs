#![doc = include_str!("../README.md")]

mod builder;
mod call;
pub mod engine;
mod function;
mod imports;
mod limits;
mod load_error;
mod meter;
mod module;
mod pool;
mod seat;
mod start;
mod value;
mod wasmi_engine;

pub use builder::Builder;
pub use call::{GuestCall, TypedCall};
pub use contract::{
    Cancel, Drain, Executor, ExecutorExt, GuestError, Job, JobError, Reject, Rejected, Report, Shutdown,
    Submit, Trap, block_on,
};
pub use engine::{Arguments, Engine};
pub use function::Function;
pub use imports::{HostFunction, HostMemory, Imports};
pub use limits::{Limits, PAGE, Reuse};
pub use load_error::{Import, LoadError};
pub use meter::Meter;
pub use module::Module;
pub use pool::InterpreterPool;
pub use value::{Value, ValueType};
pub use wasmi_engine::Wasmi;
