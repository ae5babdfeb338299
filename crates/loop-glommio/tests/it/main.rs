//! The loop on glommio.

#[path = "../../../loop-tokio/tests/it/driver.rs"]
mod driver;

driver::every_driver!(loop_glommio::GlommioDriver::new().unwrap(), polls_max: 4);
