//! Workers that do not start, and programs in which they cannot.

use crate::help::{Flag, builder, death, pid};
use process_executor::{ExecutorExt, Exit, JobError, Reject, StartError, call};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Duration;

/// A path that leads to a program and can be led elsewhere.
struct Turntable(PathBuf);

impl Turntable {
    fn to(program: impl AsRef<std::path::Path>) -> Self {
        let path = PathBuf::from(Flag::new().path());
        symlink(program, &path).expect("a link");
        Self(path)
    }

    fn turn(&self, program: &str) {
        std::fs::remove_file(&self.0).expect("it is there");
        symlink(program, &self.0).expect("a link");
    }
}

impl Drop for Turntable {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn this_program() -> PathBuf {
    std::env::current_exe().expect("it has a path")
}

#[test]
fn a_program_that_never_says_hello_is_not_initialized() {
    let waited = Duration::from_millis(200);
    // It reads its input to the end, which does not come.
    let error =
        builder().program("/usr/bin/tail").start_within(waited).build().map(drop).expect_err("no worker");
    assert!(matches!(error, StartError::NotInitialized { waited: it } if it == waited), "{error}");
    assert!(error.to_string().contains("Builder::program(path)"));
}

#[test]
fn a_program_that_ends_at_once_is_a_crash_loop() {
    let error = builder().workers(1).program("/bin/false").build().map(drop).expect_err("no worker");
    let StartError::CrashLoop { tries: 5, last } = &error else { panic!("{error}") };
    assert_eq!(last.exit, Exit::Code(1));
}

#[test]
fn a_program_that_does_not_exist_is_a_spawn_error() {
    let error = builder().program("/no/such/program").build().map(drop).expect_err("no worker");
    assert!(
        matches!(&error, StartError::Spawn(error) if error.kind() == std::io::ErrorKind::NotFound),
        "{error}"
    );
}

#[test]
fn the_program_may_be_named() {
    let pool = builder().workers(1).program(this_program()).build().expect("a pool");
    assert_eq!(pool.try_submit(call(|n: u8| n, 2)).expect("room").wait().expect("it runs"), 2);
}

/// A copy of this program in which one byte of the build id is another; `None` if it was linked without.
fn other_image() -> Option<Vec<u8>> {
    let mut program = std::fs::read(this_program()).expect("it can be read");
    let mark = b"\x14\0\0\0\x03\0\0\0GNU\0";
    let at = program.windows(mark.len()).position(|bytes| bytes == mark)? + mark.len();
    program[at] ^= 1;
    Some(program)
}

#[test]
fn another_image_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    // Without a build id a mere copy is another image already.
    let image = other_image().unwrap_or_else(|| std::fs::read(this_program()).expect("it can be read"));
    let path = PathBuf::from(Flag::new().path());
    std::fs::write(&path, image).expect("it can be written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let error = loop {
        let error = builder().workers(1).program(&path).build().map(drop).expect_err("another image");
        // Between fork and exec, what other tests start has our file still open for writing.
        let busy = std::io::ErrorKind::ExecutableFileBusy;
        if !matches!(&error, StartError::Spawn(error) if error.kind() == busy) {
            break error;
        }
    };
    let _ = std::fs::remove_file(&path);
    assert!(matches!(error, StartError::ImageMismatch), "{error}");
}

#[test]
fn a_pool_of_nobody_and_a_queue_for_nothing_are_refused() {
    for bad in [builder().workers(0), builder().workers(0..=4), builder().queue(0)] {
        assert!(matches!(bad.build().map(drop), Err(StartError::Invalid(_))));
    }
    #[expect(clippy::reversed_empty_ranges, reason = "that is the bad input")]
    let reversed = builder().workers(3..=2);
    assert!(matches!(reversed.build().map(drop), Err(StartError::Invalid(_))));
}

#[test]
fn when_workers_keep_dying_before_they_are_ready_everything_that_waits_is_told() {
    let program = Turntable::to(this_program());
    let pool = builder().workers(1).program(&program.0).build().expect("a pool");
    program.turn("/bin/false");
    let doomed = pool.try_submit(call(|()| std::process::abort(), ())).expect("room");
    let queued: Vec<_> = (0..10).map(|_| pool.try_submit(call(pid, ())).expect("room")).collect();
    queued[3].cancel();
    death::<()>(doomed.wait());
    for (at, job) in queued.into_iter().enumerate() {
        match job.wait() {
            Err(JobError::Cancelled { started: false }) => assert_eq!(at, 3, "it stays cancelled"),
            Err(JobError::Rejected(Reject::Broken(why))) => {
                assert!(why.to_string().contains("5 workers"), "{why}")
            }
            other => panic!("{other:?}"),
        }
    }
    let rejected = pool.try_submit(call(|n: u8| n, 6)).expect_err("it is broken");
    assert!(matches!(rejected.why, Reject::Broken(_)), "{rejected}");
    assert_eq!(rejected.into_work().into_argument(), 6);
}

#[test]
fn a_pool_gets_over_a_bad_start_or_two() {
    // Where this thread stands still, all five attempts fail before it turns the program back.
    const TRIES: u32 = 50;
    for _ in 0..TRIES {
        let program = Turntable::to(this_program());
        let pool = builder().workers(1).program(&program.0).build().expect("a pool");
        let first = pool.try_submit(call(pid, ())).expect("room").wait().expect("it runs");
        program.turn("/bin/false");
        let doomed = pool.try_submit(call(|()| std::process::abort(), ())).expect("room");
        death::<()>(doomed.wait());
        // With the first of five attempts, or a little later.
        program.turn(this_program().to_str().expect("a path of text"));
        match contract::block_on(pool.run(call(pid, ()))) {
            Err(JobError::Rejected(Reject::Broken(_))) => {}
            outcome => return assert_ne!(outcome.expect("it runs"), first),
        }
    }
    panic!("{TRIES} times the pool broke at once")
}

#[test]
fn as_long_as_one_worker_works_the_pool_does() {
    use crate::help::hang;
    let program = Turntable::to(this_program());
    let pool = builder().workers(1..=2).program(&program.0).build().expect("a pool");
    program.turn("/bin/false");
    let flag = Flag::new();
    let stuck = pool.try_submit(call(hang, flag.path())).expect("room");
    flag.wait();
    // This asks for a second worker, in vain.
    let mut waits = pool.try_submit(call(pid, ())).expect("room");
    assert!(waits.wait_timeout(Duration::from_millis(300)).is_none());
    program.turn(this_program().to_str().expect("a path of text"));
    waits.wait().expect("it runs when a worker starts again");
    stuck.cancel();
}

#[test]
fn whoever_waits_for_room_is_told_when_the_pool_breaks() {
    let program = Turntable::to(this_program());
    let pool = builder().workers(1).queue(1).program(&program.0).build().expect("a pool");
    program.turn("/bin/false");
    let flag = Flag::new();
    let doomed = pool.try_submit(call(crate::help::hang, flag.path())).expect("room");
    let worker = flag.wait();
    let queued = pool.try_submit(call(pid, ())).expect("room");
    std::thread::scope(|scope| {
        let waiting = [(); 3].map(|()| scope.spawn(|| contract::block_on(pool.submit(call(pid, ())))));
        crate::help::sigkill(worker);
        for waiting in waiting {
            let job =
                waiting.join().expect("it returns").map_err(|rejected| JobError::Rejected(rejected.why));
            let why = job.and_then(process_executor::Job::wait).map(drop).expect_err("no worker is left");
            assert!(matches!(why, JobError::Rejected(Reject::Broken(_))), "{why}");
        }
    });
    death(doomed.wait());
    assert!(matches!(queued.wait(), Err(JobError::Rejected(Reject::Broken(_)))));
}
