//! Whether glommio can run here: asked first, because glommio 0.9 answers with a panic or ends the process.

use std::fs::{self, File};
use std::io;

use contract::driver::Unavailable;

use crate::sys;

/// The first Linux with all operations that glommio asks for; it calls `exit` on an older one.
const LINUX_MIN: (u32, u32) = (5, 8);

/// What glommio wants to be allowed to lock; glommio itself refuses less.
const MEMLOCK_BYTES_MIN: u64 = 512 * 1024;

/// The size of glommio's rings.
const RING_ENTRIES: u32 = 128;

/// Says why glommio cannot run here, if so.
pub(crate) fn probe() -> Result<(), Unavailable> {
    let file = |path| fs::read_to_string(path).unwrap_or_default();
    kernel(&file("/proc/sys/kernel/osrelease"))?;
    memlock(&file("/proc/self/limits"))?;
    ring(&file("/proc/sys/kernel/io_uring_disabled"))
}

fn unavailable(reason: impl Into<String>, cure: &str) -> Unavailable {
    Unavailable::new("glommio", reason, format!("{cure}, or run on another runtime"))
}

/// `release` is as in `uname -r`: `6.1.0-18-amd64`. One that cannot be read is let pass: the ring decides.
fn kernel(release: &str) -> Result<(), Unavailable> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else { return Ok(()) };
    if (major, minor) < LINUX_MIN {
        let (min_major, min_minor) = LINUX_MIN;
        return Err(unavailable(
            format!("it needs Linux {min_major}.{min_minor}, and this is {major}.{minor}"),
            "boot a newer kernel",
        ));
    }
    Ok(())
}

/// `limits` is as in `/proc/self/limits`: a name, the soft and the hard limit, the unit.
fn memlock(limits: &str) -> Result<(), Unavailable> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max locked memory"));
    let soft = line.and_then(|line| line.split_whitespace().next()).and_then(|soft| soft.parse::<u64>().ok());
    match soft {
        Some(bytes) if bytes < MEMLOCK_BYTES_MIN => Err(unavailable(
            format!(
                "only {} KiB of memory may be locked, and it needs {}",
                bytes / 1024,
                MEMLOCK_BYTES_MIN / 1024
            ),
            "raise the limit (ulimit -l 8192; LimitMEMLOCK= of a systemd unit; docker run --ulimit memlock=8388608)",
        )),
        _ => Ok(()), // also "unlimited"
    }
}

/// Makes a ring as glommio will. `disabled` is the sysctl of that name: 0, 1 (for the unprivileged) or 2 (for all).
fn ring(disabled: &str) -> Result<(), Unavailable> {
    // As many descriptors as glommio holds when it makes its last ring.
    let others = (0..3).map(|_| File::open("/dev/null")).collect::<io::Result<Vec<_>>>();
    let Err(error) = others.and_then(|_others| sys::try_ring(RING_ENTRIES)) else { return Ok(()) };
    Err(match error.raw_os_error() {
        Some(libc::EPERM) if matches!(disabled.trim(), "1" | "2") => unavailable(
            format!("io_uring_setup is forbidden (EPERM): kernel.io_uring_disabled is {}", disabled.trim()),
            "allow it (sysctl kernel.io_uring_disabled=0)",
        ),
        Some(libc::EPERM) => unavailable(
            "io_uring_setup is forbidden (EPERM)",
            "allow it in the container's seccomp profile (docker run --security-opt seccomp=FILE)",
        ),
        Some(libc::ENOSYS) => unavailable(
            "io_uring_setup does not exist here (ENOSYS)",
            "boot a kernel with io_uring, or allow it in the sandbox's system call filter",
        ),
        Some(libc::ENOMEM) => unavailable(
            "io_uring_setup got no memory (ENOMEM)",
            "raise the limit of locked memory (ulimit -l)",
        ),
        Some(libc::EMFILE | libc::ENFILE) => {
            unavailable("no descriptors are left (EMFILE)", "close some, or raise the limit (ulimit -n)")
        }
        _ => unavailable(format!("io_uring_setup failed: {error}"), "see what the kernel says (dmesg)"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_kernel_is_named_with_what_is_needed() {
        let refusal = kernel("5.4.0-42-generic\n").unwrap_err().to_string();
        assert!(refusal.contains("needs Linux 5.8, and this is 5.4"), "{refusal}");
        assert_eq!(kernel("5.8.0\n"), Ok(()));
        assert_eq!(kernel("6.18.44-fc-v595\n"), Ok(()));
        assert_eq!(kernel(""), Ok(()));
    }

    #[test]
    fn a_small_memlock_limit_is_named_with_its_cure() {
        let limits =
            |soft| format!("Limit  Soft  Hard  Units\nMax locked memory         {soft}   8388608   bytes\n");
        let refusal = memlock(&limits("65536")).unwrap_err();
        assert!(refusal.reason.contains("only 64 KiB"), "{refusal}");
        assert!(refusal.cure.contains("ulimit -l"), "{refusal}");
        assert_eq!(memlock(&limits("524288")), Ok(()));
        assert_eq!(memlock(&limits("unlimited")), Ok(()));
        assert_eq!(memlock(""), Ok(()));
    }
}
