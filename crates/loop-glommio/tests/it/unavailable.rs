//! Where glommio cannot run: a reason and its cure, not a panic and not the end of the process.

use std::process::Command;
use std::thread;

use contract::driver::Unavailable;
use loop_glommio::GlommioDriver;

use crate::seccomp;

fn refusal() -> Unavailable {
    GlommioDriver::new().expect_err("it cannot run here")
}

#[test]
fn a_forbidden_io_uring_is_refused_with_its_cure() {
    for (errno, named) in [(libc::EPERM, "EPERM"), (libc::ENOSYS, "ENOSYS"), (libc::ENOMEM, "ENOMEM")] {
        let refusal = thread::spawn(move || {
            seccomp::forbid_io_uring_on_this_thread(errno);
            refusal()
        });
        let refusal = refusal.join().unwrap();
        assert_eq!(refusal.runtime, "glommio");
        assert!(refusal.reason.contains(named), "{refusal}");
        assert!(refusal.cure.contains("run on another runtime"), "{refusal}");
    }
}

/// Runs one test of this program again, in a shell that first lowers a limit.
fn with_limit(limit: &str, test: &str) {
    let program = std::env::current_exe().unwrap();
    let script = format!("{limit} && exec \"$0\" --exact {test} --nocapture");
    let output = Command::new("sh").arg("-c").arg(script).arg(program).env("LIMITED", "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{output:?}");
}

fn limited() -> bool {
    std::env::var_os("LIMITED").is_some()
}

#[test]
fn a_small_memlock_limit_is_refused_with_its_cure() {
    if !limited() {
        return with_limit("ulimit -l 256", "unavailable::a_small_memlock_limit_is_refused_with_its_cure");
    }
    let refusal = refusal();
    assert!(refusal.reason.contains("only 256 KiB"), "{refusal}");
    assert!(refusal.cure.contains("ulimit -l"), "{refusal}");
}

#[test]
fn a_lack_of_descriptors_is_refused_with_its_cure() {
    if !limited() {
        return with_limit("ulimit -n 40", "unavailable::a_lack_of_descriptors_is_refused_with_its_cure");
    }
    let mut taken = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        taken.push(file);
    }
    // From none to enough, one by one: each count but the last is refused, and none is answered with a panic.
    while !taken.is_empty() {
        match GlommioDriver::new() {
            Ok(_driver) => return,
            Err(refusal) => assert!(refusal.to_string().contains("ulimit -n"), "{refusal}"),
        }
        taken.pop();
    }
    panic!("refused with all descriptors free");
}
