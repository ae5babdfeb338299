//! Caps: memory to the page, stack, tables, output, fuel.

use crate::guests::ECHO;
use crate::{NONE, failure, loaded, output, threads};
use contract::Trap;
use interpreter_executor::{GuestError, Imports, PAGE};

/// Grows by as many pages as its argument's first byte says, and tells in a byte what it got; `bomb` wants ever more and gives
/// up with a trap; `endure` makes do with what it gets.
const GROWING: &str = r#"
    (memory (export "memory") 1)
    (func (export "grow") (param i32) (result i32)
        (call $args (i32.const 0))
        (i32.store8 (i32.const 0)
            (i32.ne (i32.const -1) (memory.grow (i32.load8_u (i32.const 0)))))
        (call $send (i32.const 0) (i32.const 1))
        (i32.const 0))
    (func (export "bomb") (result i32)
        (loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 1)))))
        unreachable)
    (func (export "endure") (result i32)
        (loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 1)))))
        (i32.store (i32.const 0) (memory.size))
        (call $send (i32.const 0) (i32.const 4))
        (i32.const 0))"#;

#[test]
fn memory_is_capped_to_the_page() {
    let (pool, module) = loaded(threads(1).memory(10 * PAGE + PAGE - 1), GROWING);
    assert_eq!(output(&pool, module.call("grow", [[9_u8]])), [1]);
    assert_eq!(output(&pool, module.call("grow", [[10_u8]])), [0]);
    assert_eq!(output(&pool, module.call("endure", NONE)), 10_u32.to_le_bytes());
}

#[test]
fn a_memory_bomb_is_out_of_memory_and_the_next_call_is_served() {
    let (pool, module) = loaded(threads(1).memory(100 * PAGE), GROWING);
    for _ in 0..3 {
        assert_eq!(failure(&pool, module.call("bomb", NONE)), GuestError::OutOfMemory { limit: 100 * PAGE });
    }
    assert_eq!(output(&pool, module.call("grow", [[1_u8]])), [1]);
}

#[test]
fn two_pools_hold_their_guests_to_their_own_limits() {
    let (small, in_small) = loaded(threads(1).memory(2 * PAGE).output(10), GROWING);
    let (large, in_large) = loaded(threads(1).memory(200 * PAGE), GROWING);
    for _ in 0..3 {
        assert_eq!(output(&small, in_small.call("endure", NONE)), 2_u32.to_le_bytes());
        assert_eq!(output(&large, in_large.call("endure", NONE)), 200_u32.to_le_bytes());
    }
}

#[test]
fn a_recursion_bomb_is_a_stack_overflow_and_the_stack_says_how_deep() {
    let text = r#"
        (memory (export "memory") 1)
        (func $down (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0))))
        (func (export "bomb") (result i32) (call $down (i32.const -1)))
        (func (export "deep") (result i32) (drop (call $down (i32.const 3000))) (i32.const 0))"#;
    let (pool, module) = loaded(threads(1).stack(1 << 20), text);
    let overflow = |function: &str| GuestError::Trap { kind: Trap::StackOverflow, function: function.into() };
    for _ in 0..3 {
        assert_eq!(failure(&pool, module.call("bomb", NONE)), overflow("bomb"));
    }
    assert_eq!(output(&pool, module.call("deep", NONE)), b"");
    let (pool, module) = loaded(threads(1).stack(10_000), text);
    assert_eq!(failure(&pool, module.call("deep", NONE)), overflow("deep"));
}

#[test]
fn tables_are_capped_in_all() {
    let text = r#"
        (memory (export "memory") 1)
        (table $a 10 funcref)
        (table $b 10 funcref)
        (func (export "grow") (param i32) (result i32)
            (call $args (i32.const 0))
            (i32.store8 (i32.const 0)
                (i32.ne (i32.const -1) (table.grow $b (ref.null func) (i32.load8_u (i32.const 0)))))
            (call $send (i32.const 0) (i32.const 1))
            (i32.const 0))
        (func (export "bomb") (result i32)
            (loop $more
                (br_if $more (i32.ne (i32.const -1) (table.grow $a (ref.null func) (i32.const 1)))))
            unreachable)"#;
    let (pool, module) = loaded(threads(1).table_elements(100), text);
    assert_eq!(output(&pool, module.call("grow", [[80_u8]])), [1]);
    assert_eq!(output(&pool, module.call("grow", [[81_u8]])), [0]);
    assert_eq!(failure(&pool, module.call("bomb", NONE)), GuestError::OutOfTable { limit: 100 });
    let (pool, module) = loaded(threads(1).table_elements(19), text);
    assert_eq!(failure(&pool, module.call("grow", [[0_u8]])), GuestError::OutOfTable { limit: 19 });
}

#[test]
fn a_result_of_a_gigabyte_is_refused_before_it_is_copied() {
    let text = r#"
        (memory (export "memory") 1)
        (func (export "gigabyte") (result i32)
            (call $send (i32.const 0) (i32.const 1073741824))
            (i32.const 0))
        (func (export "just") (param $len i32) (result i32)
            (call $send (i32.const 0) (local.get $len))
            (i32.const 0))"#;
    let (pool, module) = loaded(threads(1).output(1000), text);
    let limit = 1000;
    assert_eq!(failure(&pool, module.call("gigabyte", NONE)), GuestError::TooLarge { len: 1 << 30, limit });
    assert_eq!(failure(&pool, module.call("just", [[0; 1001]])), GuestError::TooLarge { len: 1001, limit });
    assert_eq!(output(&pool, module.call("just", [[0; 1000]])), [0; 1000]);
}

#[test]
fn pointers_outside_of_the_memory_are_abi_violations() {
    let text = r#"
        (memory (export "memory") 1)
        (func (export "send_beyond") (result i32)
            (call $send (i32.const 65530) (i32.const 7))
            (i32.const 0))
        (func (export "send_far") (result i32)
            (call $send (i32.const -1) (i32.const 2))
            (i32.const 0))
        (func (export "args_beyond") (param i32) (result i32)
            (call $args (i32.const 65530))
            (i32.const 0))
        (func (export "args_far") (param i32) (result i32)
            (call $args (i32.const -4))
            (i32.const 0))"#;
    let (pool, module) = loaded(threads(1), text);
    for name in ["send_beyond", "send_far"] {
        let GuestError::Abi(what) = failure(&pool, module.call(name, NONE)) else { panic!("{name}") };
        assert!(what.contains("beyond its 65536 bytes of memory"), "{what}");
    }
    for name in ["args_beyond", "args_far"] {
        let GuestError::Abi(what) = failure(&pool, module.call(name, [[1_u8; 7]])) else { panic!("{name}") };
        assert!(what.contains("beyond its 65536 bytes of memory"), "{what}");
    }
}

#[test]
fn a_call_has_its_fuel_and_no_more_and_always_needs_the_same() {
    let text = r#"
        (memory (export "memory") 1)
        (func (export "work") (param $len i32) (result i32)
            (local $left i32)
            (local.set $left (i32.mul (local.get $len) (i32.const 1000)))
            (loop $again
                (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            (i32.const 0))"#;
    // Slices smaller than what is needed, so that several are counted together.
    let (pool, module) = loaded(threads(1).fuel(20_000).fuel_slice(777), text);
    assert_eq!(failure(&pool, module.call("work", [[0; 100]])), GuestError::OutOfFuel { limit: 20_000 });
    assert_eq!(output(&pool, module.call("work", [[0; 2]])), b"");

    let needs = |fuel: u64| {
        threads(1)
            .build()
            .load(crate::guests::module(text))
            .map(|module| module.call("work", [[0; 2]]).run_here(fuel).is_ok())
            .expect("a module")
    };
    let mut enough = (0_u64, 100_000_u64);
    while enough.1 - enough.0 > 1 {
        let middle = u64::midpoint(enough.0, enough.1);
        if needs(middle) { enough.1 = middle } else { enough.0 = middle }
    }
    for _ in 0..10 {
        assert!(needs(enough.1) && !needs(enough.0));
    }
}

#[test]
fn a_module_may_be_larger_than_a_slice_of_fuel() {
    let data = "x".repeat(60_000);
    let text = format!(r#"{ECHO} (data (i32.const 0) "{data}")"#);
    let (pool, module) = loaded(threads(1).fuel_slice(1), &text);
    assert_eq!(output(&pool, module.call("echo", ["slowly"])), b"slowly");
    assert_eq!(format!("{:?}", Imports::new()), "[]");
}
