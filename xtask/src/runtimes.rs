//! The runtimes that can carry the loop, and what stands in their way on this machine.

use crate::args::did_you_mean;
use crate::error::{Error, Result};
use crate::machine;
use crate::processes::on_path;
use crate::report::Obstacle;

/// A runtime.
#[derive(Debug)]
pub(crate) struct Runtime {
    /// As on the command line.
    pub(crate) name: &'static str,
    /// The crate that carries the loop on it.
    pub(crate) carrier: &'static str,
}

pub(crate) const RUNTIMES: &[Runtime] = &[
    Runtime { name: "native", carrier: "core-loop" },
    Runtime { name: "tokio", carrier: "loop-tokio" },
    Runtime { name: "smol", carrier: "loop-smol" },
    Runtime { name: "glommio", carrier: "loop-glommio" },
    Runtime { name: "virtual", carrier: "loop-virtual" },
];

/// glommio refuses to start below this, bytes of locked memory.
const GLOMMIO_MEMLOCK: u64 = 512 * 1024;

pub(crate) fn find(name: &str) -> Result<&'static Runtime> {
    RUNTIMES.iter().find(|runtime| runtime.name == name).ok_or_else(|| {
        let known: Vec<&str> = RUNTIMES.iter().map(|runtime| runtime.name).collect();
        Error::new(format!("there is no runtime `{name}`{}", did_you_mean(name, &known)))
    })
}

impl Runtime {
    /// Why the carrier cannot be built here.
    pub(crate) fn build_obstacle(&self) -> Option<Obstacle> {
        // glommio 0.9 builds its own liburing.
        let needs: &[&str] = if self.name == "glommio" { &["git", "cc"] } else { &[] };
        let missing: Vec<&str> = needs.iter().filter(|program| !on_path(program)).copied().collect();
        if missing.is_empty() {
            return None;
        }
        Some(Obstacle::new(
            format!("{} cannot be built without {}", self.name, missing.join(" and ")),
            "install git and a C compiler (Debian: apt-get install git gcc libc6-dev make)",
        ))
    }

    /// Why the runtime cannot run here, as far as it can be seen without trying.
    pub(crate) fn run_obstacle(&self) -> Option<Obstacle> {
        if self.name == "glommio" { io_uring_obstacle() } else { linux_obstacle() }
    }

    /// What may stand in its way, which only a try can tell.
    pub(crate) fn doubt(&self) -> Option<Obstacle> {
        (self.name == "glommio" && machine::filtered()).then(|| {
            Obstacle::new(
                "a seccomp filter is on, which may forbid io_uring",
                "try it: cargo run -q -p examples --bin hello -- --runtime glommio",
            )
        })
    }

    /// The first of both.
    pub(crate) fn obstacle(&self) -> Option<Obstacle> {
        self.build_obstacle().or_else(|| self.run_obstacle())
    }
}

fn linux_obstacle() -> Option<Obstacle> {
    (!cfg!(target_os = "linux"))
        .then(|| Obstacle::new("the loop needs Linux", "run it on Linux, in a container for example"))
}

fn io_uring_obstacle() -> Option<Obstacle> {
    if let Some(obstacle) = linux_obstacle() {
        return Some(obstacle);
    }
    let kernel = machine::kernel_version();
    if kernel.is_some_and(|version| version < (5, 8)) {
        return Some(Obstacle::new(
            "glommio needs Linux 5.8 for io_uring",
            "use a newer kernel, or another runtime",
        ));
    }
    match machine::io_uring_disabled() {
        Some(2) => {
            return Some(Obstacle::new(
                "io_uring is switched off for everybody (kernel.io_uring_disabled = 2)",
                "sysctl kernel.io_uring_disabled=0, or use another runtime",
            ));
        }
        Some(1) if !machine::is_root() => {
            return Some(Obstacle::new(
                "io_uring is switched off for unprivileged users (kernel.io_uring_disabled = 1)",
                "sysctl kernel.io_uring_disabled=0, or join the group in kernel.io_uring_group, or use another runtime",
            ));
        }
        _ => {}
    }
    machine::memlock().and_then(memlock_obstacle)
}

/// glommio looks at the limit and not at who runs it: root is refused as well.
fn memlock_obstacle(bytes: u64) -> Option<Obstacle> {
    (bytes < GLOMMIO_MEMLOCK).then(|| {
        Obstacle::new(
            format!("memlock is {} KiB and glommio needs 512 KiB", bytes / 1024),
            "ulimit -l 8192, or raise `memlock` in limits.conf, or use another runtime",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{GLOMMIO_MEMLOCK, find, memlock_obstacle};

    #[test]
    fn too_little_memlock_is_an_obstacle_for_everybody() {
        assert!(memlock_obstacle(GLOMMIO_MEMLOCK - 1).unwrap().to_string().contains("ulimit -l"));
        assert!(memlock_obstacle(GLOMMIO_MEMLOCK).is_none());
    }

    #[test]
    fn an_unknown_runtime_names_the_known_ones() {
        assert_eq!(
            find("tokyo").unwrap_err().to_string(),
            "there is no runtime `tokyo`; did you mean `tokio`?"
        );
        let error = find("async-std").unwrap_err().to_string();
        assert!(error.ends_with("known: native, tokio, smol, glommio, virtual"), "{error}");
    }
}
