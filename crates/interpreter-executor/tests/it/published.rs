//! Plugins that nobody here wrote: compiled from Rust with their own allocators, and loaded as they were published.

use crate::{LONG, ended, outcome, start, threads};
use interpreter_executor::{Executor, GuestError, InterpreterPool, JobError, Module, Reuse, Submit, Trap};
use std::time::Duration;

const CMARKER: &[u8] = include_bytes!("../plugins/cmarker/plugin.wasm");
const DIFFST: &[u8] = include_bytes!("../plugins/diffst/plugin.wasm");

fn plugin(wasm: &[u8], reuse: Reuse) -> (InterpreterPool, Module) {
    let pool = threads(2).memory(32 << 20).reuse(reuse).build();
    let module = pool.load(wasm).expect("it is a plugin");
    (pool, module)
}

/// No flags, first heading of level 1, no labels, and no prefixes for them.
const PLAIN: &[u8] = &[0, 1, 0, 0xff, 0xff];

#[test]
fn a_plugin_for_markdown_renders_it() {
    for reuse in [Reuse::Fresh, Reuse::Pinned] {
        let (pool, cmarker) = plugin(CMARKER, reuse);
        let markdown = b"# Title\n\nSome *emphasis* and `code`.\n";
        let jobs: Vec<_> =
            (0..10).map(|_| start(&pool, cmarker.call("render", [&markdown[..], PLAIN]))).collect();
        for job in jobs {
            let typst = String::from_utf8(ended(job).expect("an output")).expect("text");
            assert!(typst.contains("= Title") && typst.contains("#emph[emphasis]"), "{typst}");
        }
    }
}

#[test]
fn a_plugin_that_panics_is_a_trap_and_the_next_call_is_served() {
    let (pool, cmarker) = plugin(CMARKER, Reuse::Pinned);
    let panics = || cmarker.call("render", [&b"# x"[..], b""]);
    let trap = GuestError::Trap { kind: Trap::Unreachable, function: "render".into() };
    for _ in 0..3 {
        assert!(matches!(outcome(&pool, panics()), Err(JobError::Guest(error)) if error == trap));
        assert!(outcome(&pool, cmarker.call("render", [&b"# x"[..], PLAIN])).is_ok());
    }
}

#[test]
fn a_plugin_for_differences_answers_in_json_and_refuses_in_words() {
    let (pool, diffst) = plugin(DIFFST, Reuse::Fresh);
    let report =
        outcome(&pool, diffst.call("diff", [&b"a\nb\nc\n"[..], b"a\nB\nc\n", b"{}"])).expect("an output");
    let report = String::from_utf8(report).expect("text");
    assert!(report.contains(r#""equal_lines":2"#), "{report}");
    let Err(JobError::Guest(GuestError::Error(words))) =
        outcome(&pool, diffst.call("diff", [&b"a"[..], b"b", b"no JSON"]))
    else {
        panic!("no options")
    };
    assert!(words.starts_with("invalid options JSON"), "{words}");
}

#[test]
fn a_plugin_with_too_much_to_do_is_stopped_at_its_deadline() {
    let (pool, diffst) = plugin(DIFFST, Reuse::Fresh);
    let lines = |step: u32| {
        (0..20_000_u32).map(|line| format!("{}\n", line.wrapping_mul(step) % 1000)).collect::<String>()
    };
    let call = diffst.call("diff", [lines(7919).as_bytes(), lines(104_729).as_bytes(), b"{}"]);
    let options = Submit::new().deadline(Duration::from_millis(30));
    let job = pool.try_submit_with(call, options).expect("there is room");
    assert!(matches!(ended(job), Err(JobError::Deadline { .. })));
    let report = interpreter_executor::Shutdown::shutdown(&pool, interpreter_executor::Drain::Queued, LONG);
    assert!(report.stragglers.is_empty(), "{report}");
}

#[test]
fn a_plugin_is_held_to_the_memory_of_its_pool() {
    let pool = threads(1).memory(4 << 20).build();
    let cmarker = pool.load(CMARKER).expect("it is a plugin");
    let long = "*a* ".repeat(300_000);
    let outcome = outcome(&pool, cmarker.call("render", [long.as_bytes(), PLAIN]));
    assert!(matches!(outcome, Err(JobError::Guest(GuestError::OutOfMemory { .. }))), "{outcome:?}");
}
