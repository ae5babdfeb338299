//! A program whose workers enter in `main`; it also plays the programs in which that goes wrong.
//!
//! Without the variable `ROLE` it starts itself once for each role and looks at what came of it.

use process_executor::{
    Builder, ExecutorExt, JobCx, JobError, ProcessPool, Reject, StartError, Stderr, Task, Tasks, call, task,
    worker_main,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The role of the worker program.
const WORKER: &str = "worker";

/// Set behind `init`: no worker ever gets there.
static IN_MAIN: AtomicBool = AtomicBool::new(false);

/// A name, what is expected to be said, and who says it.
type Role = (&'static str, &'static str, fn() -> String);

const ROLES: [Role; 11] = [
    ("workers_that_enter_in_main_do_not_get_any_further", "42 false", enters),
    ("a_program_that_forgets_init_is_told_so_and_starts_no_avalanche", "told", forgets),
    ("a_program_that_ignores_sigchld_keeps_its_pool", "Unknown 5", ignores_sigchld),
    ("a_program_started_through_the_loader_is_told_to_name_itself", "told", is_not_itself),
    ("a_program_started_through_the_loader_works_when_it_is_named", "42 false", names_itself),
    ("workers_that_enter_before_main_need_no_line_in_it", "42 false", needs_nothing),
    ("a_task_runs_in_a_worker_program_by_its_name_and_a_call_does_not", "42 42 unknown refused", uses_tasks),
    ("a_task_runs_in_a_worker_of_the_same_program", "42", runs_a_task_itself),
    ("a_program_that_is_replaced_on_disk_goes_on_with_its_own_image", "went on", is_replaced),
    ("a_program_without_proc_is_told_to_name_itself", "told", is_not_itself),
    ("a_program_without_proc_works_when_it_is_named", "42 false", names_itself),
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

#[derive(Serialize, Deserialize)]
struct Area(u32, u32);

impl Task for Area {
    type Output = u32;
    const NAME: &'static str = "area";

    fn run(self, cx: &JobCx) -> u32 {
        if cx.is_cancelled() { 0 } else { self.0 * self.1 }
    }
}

#[derive(Serialize, Deserialize)]
struct Unknown;

impl Task for Unknown {
    type Output = ();
    const NAME: &'static str = "unknown";

    fn run(self, _cx: &JobCx) {}
}

/// The worker program is this one, in its other role.
fn uses_tasks() -> String {
    let me = std::env::current_exe().expect("it is there");
    let pool = builder().worker_binary(me).env("ROLE", WORKER).build().expect("a pool starts");
    let first = pool.try_submit(task(Area(6, 7))).expect("room").wait().expect("it runs");
    let second = pool.try_submit(task(Area(21, 2)).retry_on_death(1)).expect("room").wait().expect("it runs");
    let unknown = match pool.try_submit(task(Unknown)).expect("room").wait() {
        Err(JobError::Codec(error)) if error.detail.contains("no task called `unknown`") => {
            "unknown".to_owned()
        }
        other => format!("{other:?}"),
    };
    let refused = match pool.try_submit(call(|n: u8| n, 1)).map_err(|rejected| rejected.why) {
        Err(Reject::Codec(error)) if error.to_string().contains("another program") => "refused".to_owned(),
        other => format!("{:?}", other.map(drop)),
    };
    format!("{first} {second} {unknown} {refused}")
}

fn runs_a_task_itself() -> String {
    let pool = builder().build().expect("a pool starts");
    pool.try_submit(task(Area(6, 7))).expect("room").wait().expect("it runs").to_string()
}

/// Another file takes the place of the program, and then a worker dies.
fn is_replaced() -> String {
    let me = std::env::current_exe().expect("it is there");
    let pool = builder().build().expect("a pool starts");
    let pid = || pool.try_submit(call(|()| std::process::id(), ())).expect("room").wait();
    let first = pid().expect("it runs");
    std::fs::remove_file(&me).expect("it is ours");
    std::fs::write(&me, "another program").expect("it is ours");
    let dies = pool.try_submit(call(|()| std::process::abort(), ())).expect("room");
    let died: Result<(), JobError> = dies.wait();
    match (died, pid()) {
        (Err(JobError::WorkerDied(_)), Ok(second)) if second != first => "went on".to_owned(),
        other => format!("{other:?}"),
    }
}

/// A copy of this program, to be replaced.
fn copy_of(me: &std::path::Path) -> std::io::Result<std::path::PathBuf> {
    let copy = std::env::temp_dir().join(format!("anyloop-replaced-{}", std::process::id()));
    std::fs::copy(me, &copy)?;
    Ok(copy)
}

/// Whether this machine lets a process have a view of the file system of its own.
fn may_hide_proc() -> bool {
    let tried = Command::new("unshare").args(["--mount", "umount", "-l", "/proc"]).output();
    tried.is_ok_and(|output| output.status.success())
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
    let is_a_copy = name.contains("replaced");
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
    } else if name.contains("without_proc") {
        if !may_hide_proc() {
            println!("skipped: a process may not hide /proc from itself here; run it as root");
            return Ok(());
        }
        let mut unshare = Command::new("unshare");
        unshare.args(["--mount", "sh", "-c", "umount -l /proc && exec \"$0\""]).arg(me);
        unshare
    } else if is_a_copy {
        Command::new(copy_of(&me).map_err(|error| error.to_string())?)
    } else {
        Command::new(me)
    };
    let program = PathBuf::from(command.get_program());
    let output = command.env("ROLE", name).output().map_err(|error| error.to_string())?;
    if is_a_copy {
        std::fs::remove_file(program).map_err(|error| error.to_string())?;
    }
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
    if role == WORKER {
        worker_main(Tasks::new().with::<Area>());
    }
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
