//! Guests as text.

/// The module of this text, whose imports and memory are the protocol's.
pub(crate) fn module(body: &str) -> Vec<u8> {
    wat::parse_str(with_protocol(body)).expect("it is WebAssembly")
}

/// `body` between what every guest of the protocol begins with.
pub(crate) fn with_protocol(body: &str) -> String {
    format!(
        r#"(module
            (import "typst_env" "wasm_minimal_protocol_write_args_to_buffer" (func $args (param i32)))
            (import "typst_env" "wasm_minimal_protocol_send_result_to_host" (func $send (param i32 i32)))
            {body})"#
    )
}

/// A page of memory, for those that need no more.
pub(crate) const MEMORY: &str = r#"(memory (export "memory") 1)"#;

/// Answers with its argument; and with two of them, one behind the other.
pub(crate) const ECHO: &str = r#"
    (memory (export "memory") 1)
    (func (export "echo") (param $len i32) (result i32)
        (call $args (i32.const 8))
        (call $send (i32.const 8) (local.get $len))
        (i32.const 0))
    (func (export "concat") (param $a i32) (param $b i32) (result i32)
        (call $args (i32.const 8))
        (call $send (i32.const 8) (i32.add (local.get $a) (local.get $b)))
        (i32.const 0))
    (func (export "six") (param i32 i32 i32 i32 i32 i32) (result i32)
        (call $args (i32.const 8))
        (call $send (i32.const 8) (i32.const 6))
        (i32.const 0))
    (func (export "refuse") (param $len i32) (result i32)
        (call $args (i32.const 8))
        (call $send (i32.const 8) (local.get $len))
        (i32.const 1))
    (func (export "silent") (result i32) (i32.const 0))
    (func (export "odd") (result i32) (i32.const 2))"#;

/// Counts the calls of its instance, in a byte.
pub(crate) const COUNTER: &str = r#"
    (memory (export "memory") 1)
    (func $answer (result i32)
        (call $send (i32.const 0) (i32.const 1))
        (i32.const 0))
    (func (export "count") (result i32)
        (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
        (call $answer))
    (func (export "set") (param i32) (result i32)
        (call $args (i32.const 0))
        (i32.const 0))
    (func (export "refuse") (result i32)
        (call $send (i32.const 0) (i32.const 0))
        (i32.const 1))
    (func (export "trap") (result i32) unreachable)"#;

/// Never ends, in several ways; `hello` does.
pub(crate) const ENDLESS: &str = r#"
    (memory (export "memory") 1)
    (func $loop (loop $again (br $again)))
    (func (export "spin") (result i32) (call $loop) (i32.const 0))
    (func (export "spin_and_count") (result i32)
        (loop $again
            (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 1)))
            (br $again))
        (i32.const 0))
    (func $fill (loop $again
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))
        (br $again)))
    (func (export "fill") (result i32) (call $fill) (i32.const 0))
    (func (export "hello") (result i32) (i32.const 0))"#;
