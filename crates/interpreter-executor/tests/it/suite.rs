//! The common suite, on the pool: work crosses as bytes, and a guest hands it to a host function.

use crate::guests::module;
use crate::threads;
use conformance::{Bench, Subject, Work};
use contract::Room;
use interpreter_executor::{
    Drain, Executor, Function, Imports, InterpreterPool, Job, Rejected, Report, Shutdown, Submit, Value,
    ValueType,
};
use std::time::Duration;

conformance::suite!(executors: Subject::executor("interpreter pool", || {
    Ok(Bench::new(Guests::new()).workers(2).crossing())
}));

/// Fetches the work, has it performed, and sends the number that comes of it.
const PERFORM: &str = r#"
    (import "suite" "perform" (func $perform (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "perform") (param $len i32) (result i32)
        (call $args (i32.const 1024))
        (call $send (i32.const 0) (call $perform (i32.const 1024) (local.get $len) (i32.const 0)))
        (i32.const 0))"#;

/// An interpreter pool for the suite's work.
struct Guests {
    pool: InterpreterPool,
    perform: Function<(Vec<u8>,), u64>,
}

impl Guests {
    fn new() -> Self {
        let pool = threads(2).queue(crate::count(64)).build();
        let numbers = [ValueType::I32; 3];
        let imports =
            Imports::new().function("suite", "perform", &numbers, Some(ValueType::I32), |memory, args| {
                let [Some(at), Some(length), Some(to)] = [0, 1, 2].map(|arg: usize| args[arg].as_usize())
                else {
                    return Err("three numbers".into());
                };
                let bytes: Vec<u8> =
                    guest::wire::from_bytes(memory.read(at, length)?).map_err(|error| error.to_string())?;
                let answer = Work::from_bytes(&bytes).perform();
                let answer = guest::wire::to_bytes(&answer).map_err(|error| error.to_string())?;
                memory.write(to, &answer)?;
                Ok(Some(Value::I32(i32::try_from(answer.len()).map_err(|error| error.to_string())?)))
            });
        let module = pool.load_with(module(PERFORM), &imports).expect("all is provided");
        let perform = module.function("perform").expect("it is there");
        Self { pool, perform }
    }
}

impl Executor<Work> for Guests {
    type Output = u64;

    fn try_submit_with(&self, work: Work, options: Submit) -> Result<Job<u64>, Rejected<Work>> {
        let submitted = self.pool.try_submit_with(self.perform.call((work.to_bytes(),)), options);
        submitted.map_err(|rejected| rejected.map(|_call| work))
    }

    fn room(&self) -> Room {
        Executor::<interpreter_executor::GuestCall>::room(&self.pool)
    }
}

impl Shutdown for Guests {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        self.pool.shutdown(how, grace)
    }
}
