//! This machine, read from /proc and /sys: what results are measured on, and what can run here.

use crate::processes::{self, Keep};
use serde_json::{Value, json};
use std::process::Command;

/// The machine in the words that stand beside every result.
pub(crate) fn describe() -> Value {
    json!({
        "os": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
        "kernel": kernel().unwrap_or_else(|| "unknown".into()),
        "cpu": cpu().unwrap_or_else(|| "unknown".into()),
        "cores": cores(),
        "memory_mib": memory_mib(),
        "rustc": first_line("rustc", &["--version"]).unwrap_or_else(|| "unknown".into()),
    })
}

/// The same as one line.
pub(crate) fn sentence(machine: &Value) -> String {
    let word = |field: &str| machine[field].as_str().unwrap_or("unknown").to_owned();
    let cores = machine["cores"].as_u64().unwrap_or_default();
    format!("{} {}, {cores} × {}, {}", word("os"), word("kernel"), word("cpu"), word("rustc"))
}

fn line_of(path: &str) -> Option<String> {
    Some(std::fs::read_to_string(path).ok()?.lines().next()?.trim().to_owned())
}

/// What follows `name` and the separator in a file of such lines.
fn field(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line[name.len()..].trim_start_matches([' ', '\t', ':']).trim().to_owned())
}

pub(crate) fn kernel() -> Option<String> {
    line_of("/proc/sys/kernel/osrelease")
}

/// Major and minor version of the kernel.
pub(crate) fn kernel_version() -> Option<(u32, u32)> {
    version_in(&kernel()?)
}

fn version_in(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|letter: char| !letter.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn cpu() -> Option<String> {
    field("/proc/cpuinfo", "model name").or_else(|| field("/proc/cpuinfo", "Model"))
}

/// How many threads can run at once here: affinity and quota included.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

pub(crate) fn memory_mib() -> Option<u64> {
    let kib: u64 = field("/proc/meminfo", "MemTotal")?.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024)
}

/// Cores that the control group grants; `None` without a quota.
pub(crate) fn cpu_quota() -> Option<f64> {
    let pair = |quota: &str, period: &str| Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?);
    if let Some(line) = line_of("/sys/fs/cgroup/cpu.max") {
        let (quota, period) = line.split_once(' ')?;
        return pair(quota, period);
    }
    let quota = line_of("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")?;
    pair(&quota, &line_of("/sys/fs/cgroup/cpu/cpu.cfs_period_us")?).filter(|cores| *cores > 0.0)
}

/// The soft limit of locked memory, bytes; `None` when there is no limit or no telling.
pub(crate) fn memlock() -> Option<u64> {
    field("/proc/self/limits", "Max locked memory")?.split_whitespace().next()?.parse().ok()
}

/// 0 on, 1 off for the unprivileged, 2 off; `None` on kernels without the switch.
pub(crate) fn io_uring_disabled() -> Option<u8> {
    line_of("/proc/sys/kernel/io_uring_disabled")?.parse().ok()
}

/// Whether a seccomp filter may forbid system calls here, as container runtimes do with `io_uring`.
pub(crate) fn filtered() -> bool {
    field("/proc/self/status", "Seccomp").is_some_and(|mode| mode == "2")
}

pub(crate) fn is_root() -> bool {
    let uids = field("/proc/self/status", "Uid");
    uids.and_then(|uids| uids.split_whitespace().nth(1).map(|effective| effective == "0")).unwrap_or(false)
}

/// The first line that a program prints.
pub(crate) fn first_line(program: &str, args: &[&str]) -> Option<String> {
    let ended =
        processes::run(Command::new(program).args(args), Keep::Both, std::time::Duration::from_secs(20))
            .ok()?;
    let line = ended.stdout.lines().chain(ended.stderr.lines()).next()?.trim().to_owned();
    ended.success.then_some(line)
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn a_kernel_version_is_its_first_two_numbers() {
        assert_eq!(version_in("6.18.44-fc-v595"), Some((6, 18)));
        assert_eq!(version_in("5.8+"), Some((5, 8)));
        assert_eq!(version_in("nonsense"), None);
    }
}
