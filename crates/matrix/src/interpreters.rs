//! The interpreter pool as a subject: work goes as bytes, and a guest hands it to a function of the host.

use conformance::{Bench, Work};
use contract::{Drain, Executor, Job, Rejected, Report, Room, Shutdown, Submit, Unavailable};
use interpreter_executor::{Function, GuestCall, HostMemory, Imports, InterpreterPool, Value, ValueType};
use std::num::NonZeroUsize;
use std::time::Duration;

/// How many threads the pool gets.
const WORKERS: NonZeroUsize = NonZeroUsize::new(2).expect("two is not zero");

/// Fetches the work, has it performed, and sends the number that comes of it.
const PERFORM: &str = r#"(module
    (import "typst_env" "wasm_minimal_protocol_write_args_to_buffer" (func $args (param i32)))
    (import "typst_env" "wasm_minimal_protocol_send_result_to_host" (func $send (param i32 i32)))
    (import "suite" "perform" (func $perform (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "perform") (param $len i32) (result i32)
        (call $args (i32.const 1024))
        (call $send (i32.const 0) (call $perform (i32.const 1024) (local.get $len) (i32.const 0)))
        (i32.const 0)))"#;

pub(crate) fn bench() -> Result<Bench, Unavailable> {
    Guests::new().map(|guests| Bench::new(guests).workers(WORKERS.get()).crossing())
}

struct Guests {
    pool: InterpreterPool,
    perform: Function<(Vec<u8>,), u64>,
}

impl Guests {
    fn new() -> Result<Self, Unavailable> {
        let unavailable = |error: &dyn std::fmt::Display| {
            Unavailable::new("interpreters", error.to_string(), "it needs nothing but memory")
        };
        let pool = InterpreterPool::builder().threads(WORKERS).build();
        let imports =
            Imports::new().function("suite", "perform", &[ValueType::I32; 3], Some(ValueType::I32), perform);
        let guest = wat::parse_str(PERFORM).map_err(|error| unavailable(&error))?;
        let module = pool.load_with(guest, &imports).map_err(|error| unavailable(&error))?;
        let perform = module.function("perform").map_err(|error| unavailable(&error))?;
        Ok(Self { pool, perform })
    }
}

/// Performs the work that lies in the guest's memory, and leaves there what comes of it: the third argument says where.
fn perform(memory: &mut HostMemory<'_>, args: &[Value]) -> Result<Option<Value>, String> {
    let words = |error: guest::wire::Error| error.to_string();
    let [Some(at), Some(length), Some(to)] = [0, 1, 2].map(|arg: usize| args[arg].as_usize()) else {
        return Err("it takes three numbers".into());
    };
    let work: Vec<u8> = guest::wire::from_bytes(memory.read(at, length)?).map_err(words)?;
    let answer = guest::wire::to_bytes(&Work::from_bytes(&work).perform()).map_err(words)?;
    memory.write(to, &answer)?;
    Ok(i32::try_from(answer.len()).ok().map(Value::I32))
}

impl Executor<Work> for Guests {
    type Output = u64;

    fn try_submit_with(&self, work: Work, options: Submit) -> Result<Job<u64>, Rejected<Work>> {
        let submitted = self.pool.try_submit_with(self.perform.call((work.to_bytes(),)), options);
        submitted.map_err(|rejected| rejected.map(|_call| work))
    }

    fn room(&self) -> Room {
        Executor::<GuestCall>::room(&self.pool)
    }
}

impl Shutdown for Guests {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        self.pool.shutdown(how, grace)
    }
}
