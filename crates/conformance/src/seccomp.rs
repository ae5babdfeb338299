//! A filter of system calls, as containers have it.
#![expect(unsafe_code, reason = "prctl is a function of C")]

use std::ffi::{c_int, c_ulong};
use std::io;

/// `struct sock_filter` of `linux/filter.h`.
#[repr(C)]
struct Step {
    code: u16,
    if_equal: u8,
    if_not: u8,
    operand: u32,
}

/// `struct sock_fprog` of the same.
#[repr(C)]
struct Filter {
    len: u16,
    steps: *const Step,
}

const LOAD_A_WORD: u16 = 0x20;
const JUMP_IF_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;
const ALLOW: u32 = 0x7fff_0000;
const FAIL_WITH: u32 = 0x0005_0000;

const PR_SET_NO_NEW_PRIVS: c_int = 38;
const PR_SET_SECCOMP: c_int = 22;
const SECCOMP_MODE_FILTER: c_ulong = 2;

// SAFETY: so it is declared in C.
unsafe extern "C" {
    fn prctl(option: c_int, ...) -> c_int;
}

/// Lets the system call `number` fail with `errno` on this thread, and on those that it starts, for good.
///
/// # Errors
///
/// The kernel knows no filters, or forbids them.
pub fn forbid_system_call(number: u32, errno: u16) -> io::Result<()> {
    let step = |code, if_equal, if_not, operand| Step { code, if_equal, if_not, operand };
    // The number of the system call is the first word of `seccomp_data`.
    let steps = [
        step(LOAD_A_WORD, 0, 0, 0),
        step(JUMP_IF_EQUAL, 0, 1, number),
        step(RETURN, 0, 0, FAIL_WITH | u32::from(errno)),
        step(RETURN, 0, 0, ALLOW),
    ];
    let filter = Filter { len: 4, steps: steps.as_ptr() };
    let (one, none): (c_ulong, c_ulong) = (1, 0);
    // SAFETY: the first takes numbers only. For the second the kernel reads `filter` and its four steps, which live until the
    // end of this function, and copies them.
    let results = unsafe {
        [
            prctl(PR_SET_NO_NEW_PRIVS, one, none, none, none),
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &raw const filter),
        ]
    };
    if results == [0, 0] { Ok(()) } else { Err(io::Error::last_os_error()) }
}
