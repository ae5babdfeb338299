//! Where glommio cannot run: a reason and its cure, not a panic and not the end of the process.

use std::thread;

use contract::driver::Unavailable;
use loop_glommio::GlommioDriver;

use crate::here;

fn refusal() -> Unavailable {
    GlommioDriver::new().expect_err("it cannot run here")
}

#[test]
fn a_forbidden_io_uring_is_refused_with_its_cure() {
    for (errno, named) in [(libc::EPERM, "EPERM"), (libc::ENOSYS, "ENOSYS"), (libc::ENOMEM, "ENOMEM")] {
        let refusal = thread::spawn(move || {
            let number = u32::try_from(libc::SYS_io_uring_setup).unwrap();
            conformance::forbid_system_call(number, u16::try_from(errno).unwrap()).unwrap();
            refusal()
        });
        let refusal = refusal.join().unwrap();
        assert_eq!(refusal.runtime, "glommio");
        assert!(refusal.reason.contains(named), "{refusal}");
        assert!(refusal.cure.contains("run on another runtime"), "{refusal}");
    }
}

#[test]
fn a_small_memlock_limit_is_refused_with_its_cure() {
    if !conformance::alone("unavailable::a_small_memlock_limit_is_refused_with_its_cure", "ulimit -l 16") {
        return;
    }
    let refusal = refusal();
    assert!(refusal.reason.contains("only 16 KiB"), "{refusal}");
    assert!(refusal.cure.contains("ulimit -l"), "{refusal}");
}

#[test]
fn a_server_without_descriptors_serves_when_there_are_some() {
    conformance::server_without_descriptors(
        "unavailable::a_server_without_descriptors_serves_when_there_are_some",
        GlommioDriver::new,
    );
}

#[test]
fn a_lack_of_descriptors_is_refused_with_its_cure() {
    let Some(probe) = here::driver() else { return };
    drop(probe);
    conformance::lack_of_descriptors(
        "unavailable::a_lack_of_descriptors_is_refused_with_its_cure",
        GlommioDriver::new,
    );
}

#[test]
fn inside_a_loop_of_its_own_it_is_refused_with_its_cure() {
    let Some(driver) = here::driver() else { return };
    let mut runner = core_loop::Runner::new(driver);
    let refusal = runner.run(async { refusal() }).unwrap();
    assert!(refusal.cure.contains("a thread of its own"), "{refusal}");
}

#[test]
fn a_driver_dropped_inside_another_leaves_that_one_running() {
    let (Some(driver), Some(other)) = (here::driver(), here::driver()) else { return };
    let mut runner = core_loop::Runner::new(driver);
    let after = runner.run(async {
        drop(other);
        core_loop::sleep(std::time::Duration::from_millis(1)).await;
        7
    });
    assert_eq!(after.unwrap(), 7);
}

#[test]
fn what_is_given_up_in_its_middle_leaves_no_descriptor() {
    conformance::given_up_leaks_nothing(
        "unavailable::what_is_given_up_in_its_middle_leaves_no_descriptor",
        GlommioDriver::new,
    );
}

#[test]
fn the_standard_streams_of_a_program_are_streams() {
    conformance::standard_streams(
        "unavailable::the_standard_streams_of_a_program_are_streams",
        GlommioDriver::new,
    );
}

#[test]
fn a_write_to_which_nobody_listens_is_an_error_and_no_end_of_the_program() {
    conformance::broken_pipe_kills_nobody(
        "unavailable::a_write_to_which_nobody_listens_is_an_error_and_no_end_of_the_program",
        GlommioDriver::new,
    );
}
