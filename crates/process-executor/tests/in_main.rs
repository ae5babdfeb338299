//! A program whose workers enter in `main`; it also plays the programs in which that goes wrong.
//!
//! Without the variable `ROLE` it starts itself once for each role and looks at what came of it.

use process_executor::{Builder, ExecutorExt, JobError, ProcessPool, StartError, Stderr, call};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Set behind `init`: no worker ever gets there.
static IN_MAIN: AtomicBool = AtomicBool::new(false);

/// A name, what is expected to be said, and who says it.
type Role = (&'static str, &'static str, fn() -> String);

const ROLES: [Role; 6] = [
    ("workers_that_enter_in_main_do_not_get_any_further", "42 false", enters),
    ("a_program_that_forgets_init_is_told_so_and_starts_no_avalanche", "told", forgets),
    ("a_program_that_ignores_sigchld_keeps_its_pool", "Unknown 5", ignores_sigchld),
    ("a_program_started_through_the_loader_is_told_to_name_itself", "told", is_not_itself),
    ("a_program_started_through_the_loader_works_when_it_is_named", "42 false", names_itself),
    ("workers_that_enter_before_main_need_no_line_in_it", "42 false", needs_nothing),
];

fn builder() -> Builder {
    ProcessPool::builder().workers(1).stderr(Stderr::Keep)
}

fn answer(builder: Builder) -> String {
    let pool = builder.build().expect("a pool starts");
    let seen = |n: u32| (n * 2, IN_MAIN.load(Ordering::Relaxed));
    let (number, in_main) = pool.try_submit(call(seen, 21)).expect("room").wait().expect("it runs");
    format!("{number} {in_main}")
}

fn enters() -> String {
    answer(builder().enter_in_main())
}

fn needs_nothing() -> String {
    answer(builder())
}

fn forgets() -> String {
    match builder().enter_in_main().start_within(Duration::from_secs(30)).build().map(drop) {
        // In what should have become a worker.
        Err(StartError::IsWorker) => std::process::exit(3),
        Err(StartError::CrashLoop { tries: 5, last }) if last.exit == process_executor::Exit::Code(3) => {
            "told".to_owned()
        }
        other => format!("{other:?}"),
    }
}

fn ignores_sigchld() -> String {
    let pool = builder().build().expect("a pool starts");
    let dies = pool.try_submit(call(|()| std::process::abort(), ())).expect("room");
    let exit = match dies.wait() {
        Err(JobError::WorkerDied(death)) => format!("{:?}", death.exit),
        other => format!("{:?}", other.map(|(): ()| ())),
    };
    let next = pool.try_submit(call(|n: u8| n, 5)).expect("room").wait().expect("it runs");
    format!("{exit} {next}")
}

/// Started through ld.so, whose name /proc/self/exe has then.
fn is_not_itself() -> String {
    match builder().build().map(drop) {
        Err(error) if error.to_string().contains("Builder::program(path)") => "told".to_owned(),
        other => format!("{other:?}"),
    }
}

fn names_itself() -> String {
    answer(builder().program(std::env::args_os().next().expect("its own name")))
}

/// The loader of this machine.
fn loader() -> Option<&'static str> {
    let known = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
    known.into_iter().find(|path| std::path::Path::new(path).exists())
}

fn play(name: &str) -> ExitCode {
    let Some((_, _, role)) = ROLES.iter().find(|role| role.0 == name) else { return ExitCode::FAILURE };
    println!("{}", role());
    ExitCode::SUCCESS
}

fn check(name: &str, expected: &str) -> Result<(), String> {
    let me = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = if name.contains("loader") {
        let Some(loader) = loader() else {
            println!("skipped: no loader of a known name; look for ld.so and add its path");
            return Ok(());
        };
        let mut command = Command::new(loader);
        command.arg(me);
        command
    } else if name.contains("sigchld") {
        let mut env = Command::new("env");
        env.arg("--ignore-signal=CHLD").arg(me);
        env
    } else {
        Command::new(me)
    };
    let output = command.env("ROLE", name).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    if said.trim() == expected && output.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("it said {said:?}, not {expected:?}, and ended with {}: {errors}", output.status))
}

fn main() -> ExitCode {
    let role = std::env::var("ROLE").unwrap_or_default();
    if !role.contains("forgets") && !role.contains("before_main") {
        process_executor::init();
    }
    IN_MAIN.store(true, Ordering::Relaxed);
    if !role.is_empty() {
        return play(&role);
    }
    let mut failed = 0;
    for (name, expected, _) in ROLES {
        match check(name, expected) {
            Ok(()) => println!("test {name} ... ok"),
            Err(why) => {
                println!("test {name} ... FAILED: {why}");
                failed += 1;
            }
        }
    }
    println!("\ntest result: {} passed; {failed} failed", ROLES.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
