//! Every program on every runtime.

use crate::program::{promised, run};
use crate::python;
use examples::runtime::Runtime;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// A program, its source and that of its idiom.
pub(crate) struct Program {
    name: &'static str,
    executable: &'static str,
    source: &'static str,
    pub(crate) idiom: &'static str,
    arguments: &'static [&'static str],
}

impl Program {
    /// What it must print.
    #[track_caller]
    pub(crate) fn promised(&self) -> String {
        let promised = promised(self.source);
        if self.arguments.is_empty() { promised } else { promised.replace("1s", "400ms") }
    }

    #[track_caller]
    fn prints_what_it_says(&self, runtime: Runtime) {
        let mut command = Command::new(self.executable);
        let ended = run(command.args(["--runtime", runtime.name()]).args(self.arguments));
        if let Some(why) = ended.stderr.strip_prefix("Error: ").filter(|why| why.contains("cannot run here"))
        {
            return conformance::cannot_run(&format!("{} on {runtime}", self.name), &why.trim());
        }
        assert_eq!(
            (ended.stdout.as_str(), ended.stderr.as_str()),
            (self.promised().as_str(), ""),
            "{runtime}"
        );
        assert!(ended.status.success(), "{runtime}: {}", ended.status);
    }
}

/// Makes each program a module of tests.
macro_rules! programs {
    ($($program:ident $arguments:expr),* $(,)?) => { $(
        mod $program {
            use super::{Program, Runtime, python};

            static PROGRAM: Program = Program {
                name: stringify!($program),
                executable: env!(concat!("CARGO_BIN_EXE_", stringify!($program))),
                source: include_str!(concat!("../../src/bin/", stringify!($program), ".rs")),
                idiom: include_str!(concat!("../../src/", stringify!($program), ".rs")),
                arguments: &$arguments,
            };

            #[test]
            fn prints_what_it_says_on_native() {
                PROGRAM.prints_what_it_says(Runtime::Native);
            }

            #[test]
            fn prints_what_it_says_on_tokio() {
                PROGRAM.prints_what_it_says(Runtime::Tokio);
            }

            #[test]
            fn prints_what_it_says_on_smol() {
                PROGRAM.prints_what_it_says(Runtime::Smol);
            }

            #[test]
            fn prints_what_it_says_on_glommio() {
                PROGRAM.prints_what_it_says(Runtime::Glommio);
            }

            #[test]
            fn prints_what_the_python_above_it_prints() {
                python::prints_the_same(stringify!($program), &PROGRAM);
            }
        }
    )*
        /// All that are tried here.
        const TRIED: &[&str] = &[$(stringify!($program)),*];
    };
}

programs! {
    async_generator [],
    barrier [],
    big_argument [],
    blocked_loop ["--seconds", "0.4"],
    call_later [],
    cancel_cleanup [],
    condition [],
    event [],
    executor_while_printing [],
    four_pools [],
    from_a_thread [],
    from_another_process [],
    gather_wait [],
    graceful_shutdown [],
    hello [],
    hostile_plugin [],
    limited [],
    log_writer [],
    long_computation [],
    loop_in_a_thread [],
    many_requests [],
    map_as_completed [],
    own_executor [],
    priority_queue [],
    parse_in_processes [],
    producers_consumers [],
    protocol_echo [],
    shield [],
    subprocess [],
    task_group [],
    task_locals [],
    timeouts [],
    tls_echo [],
    watch_a_pipe [],
}

/// Programs that are no idioms, and have tests of their own.
const OTHERS: &[&str] = &["compare", "echo_server", "interrupted", "metrics", "one_loop_per_core"];

#[test]
fn no_program_is_left_untried() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin");
    let files = std::fs::read_dir(programs).expect("there are programs").map(|file| file.unwrap().path());
    let names = files.filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned()));
    let untried: BTreeSet<_> =
        names.filter(|name| !TRIED.contains(&&**name) && !OTHERS.contains(&&**name)).collect();
    assert!(untried.is_empty(), "programs without a test: {untried:?}");
}
