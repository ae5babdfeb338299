//! The loop on smol.

#[path = "../../../loop-tokio/tests/it/driver.rs"]
mod driver;

// Another thread of smol's may be the one that looks: then it is a matter of time, not of polls.
driver::every_driver!(loop_smol::SmolDriver::new().unwrap(), polls_max: u32::MAX);
