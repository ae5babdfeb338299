//! What a thread that hangs is doing, as the kernel sees it.

use nix::libc;
use std::ffi::c_long;
use std::fmt;
use std::fs;

/// What a thread is doing, asked from another one.
///
/// # Python
///
/// `faulthandler.dump_traceback_later` shows the stack instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doing {
    /// Its own code: it computes, or spins.
    Computing,
    /// It is in a system call.
    #[non_exhaustive]
    SystemCall {
        /// The call's number on this architecture.
        number: c_long,
        /// Its name, if it is one of those that threads hang in.
        name: Option<&'static str>,
    },
    /// The kernel does not tell.
    Unknown,
}

/// Those that threads hang in.
const CALLS: &[(c_long, &str)] = &[
    (libc::SYS_read, "read"),
    (libc::SYS_write, "write"),
    (libc::SYS_readv, "readv"),
    (libc::SYS_writev, "writev"),
    (libc::SYS_pread64, "pread64"),
    (libc::SYS_pwrite64, "pwrite64"),
    (libc::SYS_sendfile, "sendfile"),
    (libc::SYS_openat, "openat"),
    (libc::SYS_fsync, "fsync"),
    (libc::SYS_fdatasync, "fdatasync"),
    (libc::SYS_flock, "flock"),
    (libc::SYS_fcntl, "fcntl"),
    (libc::SYS_ioctl, "ioctl"),
    (libc::SYS_futex, "futex"),
    (libc::SYS_nanosleep, "nanosleep"),
    (libc::SYS_clock_nanosleep, "clock_nanosleep"),
    (libc::SYS_ppoll, "ppoll"),
    (libc::SYS_pselect6, "pselect6"),
    (libc::SYS_epoll_pwait, "epoll_pwait"),
    (libc::SYS_connect, "connect"),
    (libc::SYS_accept4, "accept4"),
    (libc::SYS_sendto, "sendto"),
    (libc::SYS_recvfrom, "recvfrom"),
    (libc::SYS_sendmsg, "sendmsg"),
    (libc::SYS_recvmsg, "recvmsg"),
    (libc::SYS_wait4, "wait4"),
    (libc::SYS_waitid, "waitid"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, "poll"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_select, "select"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_epoll_wait, "epoll_wait"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_accept, "accept"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_open, "open"),
];

impl Doing {
    /// Of a thread of this process.
    pub(crate) fn of(tid: i32) -> Self {
        // Its numbers are the call and what it was given, or one word: `running`, or -1 outside of a call.
        let line = fs::read_to_string(format!("/proc/self/task/{tid}/syscall")).unwrap_or_default();
        Self::parse(&line)
    }

    fn parse(line: &str) -> Self {
        match line.split_whitespace().next() {
            Some("running" | "-1") => Self::Computing,
            Some(number) => number.parse().map_or(Self::Unknown, |number| {
                let known = CALLS.iter().find(|(call, _)| *call == number);
                Self::SystemCall { number, name: known.map(|(_, name)| *name) }
            }),
            None => Self::Unknown,
        }
    }
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Computing => f.write_str("it computes"),
            Self::SystemCall { name: Some(name), .. } => write!(f, "it waits in `{name}`"),
            Self::SystemCall { number, name: None } => write!(f, "it waits in system call {number}"),
            Self::Unknown => f.write_str("the kernel does not tell what it does"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CALLS, Doing};
    use nix::libc;

    #[test]
    fn the_lines_of_the_kernel_are_understood() {
        let futex = format!("{} 0x7f 0x80 0x0 0x0 0x0 0x0 0x7ffd 0x7f19\n", libc::SYS_futex);
        assert_eq!(Doing::parse(&futex).to_string(), "it waits in `futex`");
        assert_eq!(Doing::parse("99999 0x0\n").to_string(), "it waits in system call 99999");
        assert_eq!([Doing::parse("running\n"), Doing::parse("-1 0x7ffd 0x7f19\n")], [Doing::Computing; 2]);
        assert_eq!([Doing::parse(""), Doing::parse("what?\n"), Doing::of(-1)], [Doing::Unknown; 3]);
    }

    #[test]
    fn each_call_has_one_name() {
        for (at, (call, name)) in CALLS.iter().enumerate() {
            assert!(CALLS[..at].iter().all(|before| before.0 != *call && before.1 != *name), "{name}");
        }
    }
}
