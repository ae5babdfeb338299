//! A system call filter as containers have it.
#![expect(unsafe_code, reason = "prctl is libc's")]

use libc::{
    BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP,
    SECCOMP_MODE_FILTER, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, SYS_io_uring_setup, sock_filter, sock_fprog,
};

/// Lets `io_uring_setup` fail with `errno` on this thread, and on those that it starts, for good.
pub(crate) fn forbid_io_uring_on_this_thread(errno: i32) {
    let step = |code: u32, if_equal: u8, if_not: u8, k: u32| sock_filter {
        code: u16::try_from(code).unwrap(),
        jt: if_equal,
        jf: if_not,
        k,
    };
    // The number of the system call is the first word of `seccomp_data`.
    let mut steps = [
        step(BPF_LD | BPF_W | BPF_ABS, 0, 0, 0),
        step(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, u32::try_from(SYS_io_uring_setup).unwrap()),
        step(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | u32::try_from(errno).unwrap()),
        step(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW),
    ];
    let filter = sock_fprog { len: 4, filter: steps.as_mut_ptr() };
    // SAFETY: the kernel reads `filter` and its four steps, which live until the end of this function, and copies them.
    let results = unsafe {
        [
            libc::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
            libc::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &raw const filter),
        ]
    };
    assert_eq!(results, [0, 0], "{}", std::io::Error::last_os_error());
}
