//! The loop on glommio.

#[path = "../../../loop-tokio/tests/it/driver.rs"]
mod driver;
mod leaks;
mod seccomp;
mod sockets;
mod unavailable;

// A thread of the loop's watches descriptors: how many polls it may take is up to the kernel. Sockets are glommio's own.
driver::every_driver!(loop_glommio::GlommioDriver::new().unwrap(), polls_max: u32::MAX);
