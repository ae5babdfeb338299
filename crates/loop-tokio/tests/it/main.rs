//! The loop on tokio.

mod driver;

driver::every_driver!(loop_tokio::TokioDriver::new().unwrap(), polls_max: 4);
