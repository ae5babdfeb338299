//! Bytes in, bytes out; values in, values out.

use crate::guests::ECHO;
use crate::{NONE, ended, failure, loaded, outcome, output, start, threads};
use contract::{Reject, Trap};
use interpreter_executor::{ExecutorExt, GuestError, JobError, Submit, block_on};
use serde::{Deserialize, Serialize, Serializer};

#[test]
fn an_argument_comes_back_from_the_guest() {
    let (pool, module) = loaded(threads(2), ECHO);
    for text in [&b"hello"[..], b"", &[0, 255, 128], &[7; 60_000]] {
        assert_eq!(output(&pool, module.call("echo", [text])), text);
    }
    assert_eq!(output(&pool, module.call("concat", ["one", "two"])), b"onetwo");
    assert_eq!(output(&pool, module.call("six", ["1", "2", "3", "4", "5", "6"])), b"123456");
    assert_eq!(block_on(pool.run(module.call("echo", ["awaited"]))).expect("an output"), b"awaited");
}

#[test]
fn a_guest_that_sends_nothing_gives_nothing() {
    let (pool, module) = loaded(threads(1), ECHO);
    assert_eq!(output(&pool, module.call("silent", NONE)), b"");
}

#[test]
fn the_error_of_the_guest_is_the_error_of_the_job() {
    let (pool, module) = loaded(threads(1), ECHO);
    assert_eq!(failure(&pool, module.call("refuse", ["no"])), GuestError::Error("no".into()));
    let GuestError::Abi(what) = failure(&pool, module.call("refuse", [[0xff_u8]])) else { panic!("no text") };
    assert_eq!(what, "its error is no UTF-8");
}

#[test]
fn a_return_code_that_the_protocol_does_not_know_is_an_abi_violation() {
    let (pool, module) = loaded(threads(1), ECHO);
    let GuestError::Abi(what) = failure(&pool, module.call("odd", NONE)) else { panic!("it says two") };
    assert!(what.contains("neither 0"), "{what}");
}

#[test]
fn calls_of_many_threads_are_served_by_many_threads() {
    let (pool, module) = loaded(threads(4), ECHO);
    let submitters: Vec<_> = (0..4_u8)
        .map(|number| {
            let (pool, module) = (pool.clone(), module.clone());
            std::thread::spawn(move || {
                for round in 0..100_u8 {
                    assert_eq!(output(&pool, module.call("echo", [[number, round]])), [number, round]);
                }
            })
        })
        .collect();
    submitters.into_iter().for_each(|submitter| submitter.join().expect("it echoes"));
    assert_eq!(pool.stats().completed, 400);
}

#[test]
fn every_trap_is_named_with_its_function() {
    let text = r#"
        (memory (export "memory") 1)
        (type $nothing (func))
        (type $number (func (param i64)))
        (table 2 funcref)
        (elem (i32.const 0) $number)
        (func $number (param i64))
        (func (export "unreachable") (result i32) unreachable)
        (func (export "beyond") (result i32) (i32.load (i32.const 65536)))
        (func (export "table") (result i32) (call_indirect (type $nothing) (i32.const 9)) (i32.const 0))
        (func (export "null") (result i32) (call_indirect (type $nothing) (i32.const 1)) (i32.const 0))
        (func (export "type") (result i32) (call_indirect (type $nothing) (i32.const 0)) (i32.const 0))
        (func (export "divide") (result i32) (i32.div_u (i32.const 1) (i32.const 0)))
        (func (export "overflow") (result i32) (i32.div_s (i32.const 0x80000000) (i32.const -1)))
        (func (export "nan") (result i32) (i32.trunc_f32_s (f32.const nan)))"#;
    let (pool, module) = loaded(threads(1), text);
    let traps = [
        ("unreachable", Trap::Unreachable),
        ("beyond", Trap::MemoryOutOfBounds),
        ("table", Trap::TableOutOfBounds),
        ("null", Trap::NullCall),
        ("type", Trap::BadSignature),
        ("divide", Trap::DivisionByZero),
        ("overflow", Trap::IntegerOverflow),
        ("nan", Trap::NotANumber),
    ];
    for (name, kind) in traps {
        assert_eq!(failure(&pool, module.call(name, NONE)), GuestError::Trap { kind, function: name.into() });
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Token {
    text: String,
    at: Option<u32>,
}

#[test]
fn values_cross_as_postcard_in_both_directions() {
    let (pool, module) = loaded(threads(1), ECHO);
    let echo =
        module.function::<(String, u32, Vec<Token>), (String, u32, Vec<Token>)>("echo").expect("it is there");
    let tokens = vec![Token { text: "ß".into(), at: Some(300) }, Token { text: String::new(), at: None }];
    let values = ("text".to_owned(), 7, tokens);
    assert_eq!(ended(start(&pool, echo.call(values.clone()))).expect("an output"), values);
}

#[test]
fn an_answer_of_another_type_is_a_codec_error() {
    let (pool, module) = loaded(threads(1), ECHO);
    let echo = module.function::<(u8,), String>("echo").expect("it is there");
    let Err(JobError::Codec(error)) = ended(start(&pool, echo.call((9,)))) else {
        panic!("no text of 9 bytes")
    };
    assert!(error.to_string().contains("the bytes end within the value"), "{error}");
    assert_eq!(output(&pool, module.call("echo", ["still there"])), b"still there");
}

/// A value that cannot be written.
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not me"))
    }
}

#[test]
fn a_value_that_cannot_be_written_is_refused_with_its_own_words() {
    let (pool, module) = loaded(threads(1), ECHO);
    let echo = module.function::<Unwritable, ()>("echo").expect("it is there");
    let refused = pool.try_submit(echo.call(Unwritable)).expect_err("it cannot be written");
    let Reject::Codec(error) = &refused.why else { panic!("another reason: {}", refused.why) };
    assert_eq!(error.detail, "not me");
    assert!(matches!(refused.into_work().run_here(1000), Err(JobError::Codec(_))));
}

#[test]
fn a_refused_call_comes_back_whole() {
    let (pool, module) = loaded(threads(1), ECHO);
    let options = Submit::new().deadline(std::time::Duration::ZERO);
    let refused =
        interpreter_executor::Executor::try_submit_with(&pool, module.call("concat", ["a", "b"]), options);
    let call = refused.expect_err("it is too late").into_work();
    assert_eq!(call.into_arguments().iter().collect::<Vec<_>>(), [b"a", b"b"]);
}

#[test]
fn arguments_that_no_memory_can_hold_are_refused() {
    let (pool, module) = loaded(threads(1).memory(1 << 16), ECHO);
    let refused =
        pool.try_submit(module.call("echo", [vec![0; (1 << 16) + 1]])).expect_err("it is too large");
    assert!(matches!(refused.why, Reject::TooLarge { len: 65_537, limit: 65_536 }), "{}", refused.why);
}

#[test]
fn a_module_of_another_pool_is_refused_with_the_cure() {
    let (pool, _) = loaded(threads(1), ECHO);
    let (_other, foreign) = loaded(threads(1), ECHO);
    let refused = pool.try_submit(foreign.call("echo", ["x"])).expect_err("it is another's");
    assert!(refused.why.to_string().contains("load it in this one"), "{}", refused.why);
}

#[test]
fn a_module_tells_what_can_be_called() {
    let text = r#"(memory (export "memory") 1)
        (func (export "one") (param i32) (result i32) (i32.const 0))
        (func (export "other") (param i64) (result i32) (i32.const 0))
        (global (export "global") i32 (i32.const 1))"#;
    let (pool, module) = loaded(threads(1), text);
    assert_eq!(module.functions().collect::<Vec<_>>(), ["one"]);
    let GuestError::Abi(what) = failure(&pool, module.call("other", ["x"])) else {
        panic!("wrong signature")
    };
    assert!(what.contains("integers of 32 bits"), "{what}");
    let GuestError::Abi(what) = failure(&pool, module.call("two", ["x"])) else { panic!("no such export") };
    assert_eq!(what, "it exports no function `two`, only these: one");
    let GuestError::Abi(what) = failure(&pool, module.call("one", NONE)) else { panic!("one argument") };
    assert_eq!(what, "`one` takes 1 arguments, and is called with 0");
    assert!(module.function::<(), ()>("two").is_err());
    assert!(outcome(&pool, module.call("one", ["x"])).is_ok());
}
