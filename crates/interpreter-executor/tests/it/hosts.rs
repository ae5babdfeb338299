//! Host functions: only by name, with the guest's memory, and their faults.

use crate::guests::module;
use crate::{NONE, failure, outcome, output, threads};
use interpreter_executor::{GuestError, Imports, InterpreterPool, JobError, Module, Value, ValueType};

const CALLER: &str = r#"
    (import "env" "mix" (func $mix (param i32 i64 f32 f64) (result f64)))
    (import "env" "shout" (func $shout (param i32 i32)))
    (memory (export "memory") 1)
    (func (export "mix") (result i32)
        (f64.store (i32.const 0)
            (call $mix (i32.const -1) (i64.const -2) (f32.const 0.5) (f64.const 0.25)))
        (call $send (i32.const 0) (i32.const 8))
        (i32.const 0))
    (func (export "shout") (param $len i32) (result i32)
        (call $args (i32.const 0))
        (call $shout (i32.const 0) (local.get $len))
        (call $send (i32.const 0) (local.get $len))
        (i32.const 0))
    (func (export "beyond") (result i32)
        (call $shout (i32.const 65530) (i32.const 100))
        (i32.const 0))"#;

fn imports() -> Imports {
    let numbers = [ValueType::I32, ValueType::I64, ValueType::F32, ValueType::F64];
    Imports::new()
        .function("env", "mix", &numbers, Some(ValueType::F64), |_, args| match args {
            [Value::I32(a), Value::I64(b), Value::F32(c), Value::F64(d)] => {
                Ok(Some(Value::F64(f64::from(*a) + *b as f64 + f64::from(*c) + d)))
            }
            _ => Err("other numbers".into()),
        })
        .function("env", "shout", &[ValueType::I32, ValueType::I32], None, |memory, args| {
            let [Some(at), Some(length)] = [args[0].as_usize(), args[1].as_usize()] else {
                return Err("no place".into());
            };
            let loud = memory.read(at, length)?.to_ascii_uppercase();
            memory.write(at, &loud)?;
            Ok(None)
        })
}

fn loaded(imports: &Imports) -> (InterpreterPool, Module) {
    let pool = threads(1).build();
    let module = pool.load_with(module(CALLER), imports).expect("all is provided");
    (pool, module)
}

#[test]
fn a_guest_calls_the_host_with_numbers_and_memory() {
    let (pool, module) = loaded(&imports());
    assert_eq!(output(&pool, module.call("mix", NONE)), (-2.25_f64).to_le_bytes());
    assert_eq!(output(&pool, module.call("shout", ["hello"])), b"HELLO");
}

#[test]
fn what_a_host_function_says_against_a_call_ends_it() {
    let (pool, module) = loaded(&imports());
    let GuestError::Host { function, message } = failure(&pool, module.call("beyond", NONE)) else {
        panic!("the host refuses")
    };
    assert_eq!(function, "env.shout");
    assert_eq!(message, "100 bytes at 65530 are not in the guest's 65536 bytes of memory");
    assert_eq!(output(&pool, module.call("shout", ["on"])), b"ON");
}

#[test]
fn a_host_function_that_panics_ends_its_call_alone() {
    let numbers = [ValueType::I32, ValueType::I32];
    let imports = imports().function("env", "shout", &numbers, None, |_, _| panic!("no voice"));
    let (pool, module) = loaded(&imports);
    let Err(JobError::Panicked(panic)) = outcome(&pool, module.call("shout", ["x"])) else {
        panic!("it panics")
    };
    assert_eq!(panic.message(), "no voice");
    assert_eq!(output(&pool, module.call("mix", NONE)).len(), 8);
}

#[test]
fn a_host_function_that_breaks_its_word_ends_its_call() {
    let numbers = [ValueType::I32, ValueType::I32];
    let imports = imports().function("env", "shout", &numbers, None, |_, _| Ok(Some(Value::I32(1))));
    let (pool, module) = loaded(&imports);
    let GuestError::Host { message, .. } = failure(&pool, module.call("shout", ["x"])) else {
        panic!("a result")
    };
    assert!(message.contains("had announced None"), "{message}");
}

#[test]
fn nothing_stands_for_the_protocol_but_the_protocol() {
    let numbers = [ValueType::I32, ValueType::I32];
    let name = "wasm_minimal_protocol_send_result_to_host";
    let imports = imports().function("typst_env", name, &numbers, None, |_, _| Err("hijacked".into()));
    let (pool, module) = loaded(&imports);
    assert_eq!(output(&pool, module.call("shout", ["hello"])), b"HELLO");
}

#[test]
fn a_host_function_may_call_the_same_module_and_finds_another_instance() {
    use std::sync::{Arc, OnceLock};
    let inner: Arc<OnceLock<Module>> = Arc::default();
    let within = inner.clone();
    let imports = Imports::new().function("env", "again", &[], None, move |_, _| {
        let module = within.get().ok_or("not yet")?;
        let output = module.call("leaf", NONE).run_here(10_000).map_err(|error| error.to_string())?;
        if output == [1] { Ok(None) } else { Err(format!("it is not another: {output:?}")) }
    });
    let text = r#"
        (import "env" "again" (func $again))
        (memory (export "memory") 1)
        (func $count (result i32)
            (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
            (call $send (i32.const 0) (i32.const 1))
            (i32.const 0))
        (func (export "leaf") (result i32) (call $count))
        (func (export "nest") (result i32) (call $again) (call $count))"#;
    let pool = threads(1).reuse(interpreter_executor::Reuse::Pinned).build();
    let module = pool.load_with(module(text), &imports).expect("all is provided");
    assert!(inner.set(module.clone()).is_ok());
    assert_eq!(output(&pool, module.call("nest", NONE)), [1]);
}
