//! What is no guest, and what the pool says of it.

use crate::guests::{MEMORY, module};
use crate::threads;
use interpreter_executor::{Imports, InterpreterPool, LoadError, Value, ValueType};

fn pool() -> InterpreterPool {
    threads(1).memory(1 << 20).build()
}

#[track_caller]
fn refused(wasm: &[u8]) -> LoadError {
    pool().load(wasm).expect_err("it is no guest")
}

#[test]
fn bytes_that_are_no_module_are_refused() {
    for bytes in [&b""[..], b"hello", b"\0asm", b"\0asm\x01\0\0\0\x01", b"\0asm\x02\0\0\0", &[0xff; 1000]] {
        assert!(matches!(refused(bytes), LoadError::Invalid(_)), "{bytes:?}");
    }
}

#[test]
fn a_module_cut_short_anywhere_or_with_any_bit_turned_never_panics() {
    let whole = module(crate::guests::ECHO);
    let pool = pool();
    for length in 0..whole.len() {
        let _ = pool.load(&whole[..length]);
    }
    for bit in 0..whole.len() * 8 {
        let mut turned = whole.clone();
        turned[bit / 8] ^= 1 << (bit % 8);
        let _ = pool.load(turned);
    }
}

#[test]
fn code_that_does_not_validate_is_refused_when_it_is_loaded() {
    let LoadError::Invalid(why) = refused(&module(&format!("{MEMORY} (func (result i32) (i64.const 1))")))
    else {
        panic!("it does not validate")
    };
    assert!(why.contains("type mismatch"), "{why}");
}

#[test]
fn imports_that_nobody_provides_are_all_named() {
    let text = format!(
        r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
           (import "env" "table" (table 1 funcref))
           (import "typst_env" "wasm_minimal_protocol_format_disk" (func))
           {MEMORY}"#
    );
    let error = refused(&module(&text));
    let LoadError::MissingImports(missing) = &error else { panic!("another error: {error}") };
    let names: Vec<_> = missing.iter().map(|import| (import.module.as_str(), import.name.as_str())).collect();
    assert_eq!(
        names,
        [
            ("wasi_snapshot_preview1", "fd_write"),
            ("typst_env", "wasm_minimal_protocol_format_disk"),
            ("env", "table")
        ]
    );
    assert!(error.to_string().contains("`fd_write` of `wasi_snapshot_preview1`"), "{error}");
}

#[test]
fn an_import_of_another_type_than_it_has_is_refused() {
    let text = r#"(module
        (import "typst_env" "wasm_minimal_protocol_write_args_to_buffer" (func (param i64)))
        (memory (export "memory") 1))"#;
    let error = refused(&wat::parse_str(text).expect("it is WebAssembly"));
    assert!(
        matches!(&error, LoadError::ImportType { import, .. } if import.module == "typst_env"),
        "{error}"
    );

    let text = format!(r#"(import "env" "roll" (func (result i32))) {MEMORY}"#);
    let imports =
        Imports::new().function("env", "roll", &[], Some(ValueType::I64), |_, _| Ok(Some(Value::I64(4))));
    let error = pool().load_with(module(&text), &imports).expect_err("it wants 32 bits");
    assert!(matches!(error, LoadError::ImportType { .. }), "{error}");
}

#[test]
fn a_module_without_a_memory_to_look_into_is_refused() {
    assert_eq!(refused(&module("(memory 1)")), LoadError::NoMemory);
    assert_eq!(refused(&module(r#"(func (export "memory"))"#)), LoadError::NoMemory);
}

#[test]
fn a_module_that_begins_with_more_memory_than_it_may_have_is_refused() {
    let (needs, limit) = (17 << 16, 1 << 20);
    assert_eq!(refused(&module(r#"(memory (export "memory") 17)"#)), LoadError::TooLarge { needs, limit });
    assert!(pool().load(module(r#"(memory (export "memory") 16)"#)).is_ok());
}

#[test]
fn two_memories_are_refused_because_a_cap_is_for_one() {
    assert!(matches!(refused(&module(&format!("{MEMORY} (memory 1)"))), LoadError::Invalid(_)));
}
