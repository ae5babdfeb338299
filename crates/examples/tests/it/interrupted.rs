//! Ctrl-C, on every runtime, in a process of its own: the first one cancels main, the second one ends the program.

use crate::program::promised;
use examples::runtime::Runtime;
use std::io::{BufRead, BufReader, Lines, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

const SIGINT: i32 = 2;

/// The program, which does not outlive a test that fails.
struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Started, up to the moment from which on it waits; `None` where the runtime cannot run.
    fn start(runtime: Runtime, manner: &str, setup: &str) -> Option<Self> {
        let script = format!("{setup}\nexec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_interrupted")]);
        command.args(["--runtime", runtime.name(), "--manner", manner]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it was built");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut program = Self { child, lines };
        if program.line().as_deref() == Some("open") {
            assert_eq!(program.line().as_deref(), Some("press Ctrl-C"));
            return Some(program);
        }
        let (_, said) = program.end();
        assert!(said.contains("cannot run here"), "{said}");
        conformance::cannot_run(&format!("Ctrl-C on {runtime}"), &said.trim());
        None
    }

    fn line(&mut self) -> Option<String> {
        self.lines.next().map(|line| line.expect("it says something that can be read"))
    }

    fn press_ctrl_c(&self) {
        let sent = Command::new("sh").args(["-c", &format!("kill -INT {}", self.child.id())]).status();
        assert!(sent.expect("there is a shell").success());
    }

    /// How it ended, and what it said of it.
    fn end(mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut said).expect("it says something that can be read");
        (self.child.wait().expect("it ends"), said)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ended = self.child.kill();
    }
}

fn cleans_up_and_says_why(runtime: Runtime) {
    let Some(mut program) = Program::start(runtime, "polite", "") else { return };
    program.press_ctrl_c();
    let mut said = String::from("open\npress Ctrl-C\n");
    while let Some(line) = program.line() {
        said += &format!("{line}\n");
    }
    assert_eq!(said, promised(include_str!("../../src/bin/interrupted.rs")), "{runtime}");
    let (status, why) = program.end();
    assert_eq!((status.code(), why.as_str()), (Some(1), "Error: interrupted by Ctrl-C\n"), "{runtime}");
}

/// A second Ctrl-C, in the middle of a clean-up.
fn ends_in_its_clean_up(runtime: Runtime) {
    let Some(mut program) = Program::start(runtime, "slow", "") else { return };
    program.press_ctrl_c();
    assert_eq!(program.line().as_deref(), Some("cleaning up"));
    program.press_ctrl_c();
    assert_eq!(program.end().0.signal(), Some(SIGINT), "{runtime}");
}

/// A second Ctrl-C, while the loop is blocked.
fn ends_although_it_is_deaf(runtime: Runtime) {
    let Some(mut program) = Program::start(runtime, "deaf", "") else { return };
    program.press_ctrl_c();
    // The kernel may merge two signals of which nobody has heard yet.
    while program.child.try_wait().expect("it is our child").is_none() {
        program.press_ctrl_c();
    }
    assert_eq!(program.end().0.signal(), Some(SIGINT), "{runtime}");
}

/// A program that was started with the signal ignored, as `nohup` and shells in the background do, goes on ignoring it.
fn leaves_an_ignored_signal_alone(runtime: Runtime) {
    let Some(program) = Program::start(runtime, "polite", "trap '' INT") else { return };
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.child.id())).expect("it runs");
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("the kernel says so");
    let caught = u64::from_str_radix(caught.trim(), 16).expect("it is a mask");
    assert_eq!(caught >> (SIGINT - 1) & 1, 0, "{runtime}");
}

macro_rules! on_every_runtime {
    ($($runtime:ident $name:ident),*) => { $(
        mod $name {
            use examples::runtime::Runtime;

            #[test]
            fn the_first_cancels_main_which_cleans_up() {
                super::cleans_up_and_says_why(Runtime::$runtime);
            }

            #[test]
            fn the_second_ends_the_program_in_its_clean_up() {
                super::ends_in_its_clean_up(Runtime::$runtime);
            }

            #[test]
            fn the_second_ends_a_program_that_blocks_its_loop() {
                super::ends_although_it_is_deaf(Runtime::$runtime);
            }

            #[test]
            fn a_signal_that_is_ignored_stays_so() {
                super::leaves_an_ignored_signal_alone(Runtime::$runtime);
            }
        }
    )* };
}

on_every_runtime!(Native native, Tokio tokio, Smol smol, Glommio glommio);
