//! The drivers that this crate was built with. One that was left out says so.

use contract::{Driver, Unavailable};
use std::time::Duration;

/// core-loop's own.
///
/// # Errors
///
/// Why it cannot run here.
pub fn native() -> Result<impl Driver, Unavailable> {
    core_loop::NativeDriver::new()
}

/// tokio.
///
/// # Errors
///
/// Why it cannot run here, or that it was left out.
#[cfg(feature = "tokio")]
pub fn tokio() -> Result<impl Driver, Unavailable> {
    loop_tokio::TokioDriver::new()
}

/// tokio, which was left out.
///
/// # Errors
///
/// Always.
#[cfg(not(feature = "tokio"))]
pub fn tokio() -> Result<impl Driver, Unavailable> {
    left_out("tokio")
}

/// smol.
///
/// # Errors
///
/// Why it cannot run here, or that it was left out.
#[cfg(feature = "smol")]
pub fn smol() -> Result<impl Driver, Unavailable> {
    loop_smol::SmolDriver::new()
}

/// smol, which was left out.
///
/// # Errors
///
/// Always.
#[cfg(not(feature = "smol"))]
pub fn smol() -> Result<impl Driver, Unavailable> {
    left_out("smol")
}

/// glommio.
///
/// # Errors
///
/// Why it cannot run here, or that it was left out.
#[cfg(feature = "glommio")]
pub fn glommio() -> Result<impl Driver, Unavailable> {
    loop_glommio::GlommioDriver::new()
}

/// glommio, which was left out.
///
/// # Errors
///
/// Always.
#[cfg(not(feature = "glommio"))]
pub fn glommio() -> Result<impl Driver, Unavailable> {
    left_out("glommio")
}

/// Virtual time. A seed chooses what no runtime promises; without one every run is the same.
///
/// Its patience is as long as a test may take.
///
/// # Errors
///
/// That it was left out.
#[cfg(feature = "virtual")]
pub fn virtual_time(seed: Option<u64>) -> Result<impl Driver, Unavailable> {
    let builder = loop_virtual::Builder::new().patience(crate::hold::limit());
    Ok(match seed {
        Some(seed) => builder.seed(seed),
        None => builder,
    }
    .build())
}

/// Lets virtual time pass: [`loop_virtual::advance`].
///
/// # Panics
///
/// Outside a loop on virtual time.
#[cfg(feature = "virtual")]
#[track_caller]
pub fn advance(duration: Duration) {
    loop_virtual::advance(duration);
}

/// Virtual time, which was left out: nothing passes.
#[cfg(not(feature = "virtual"))]
pub fn advance(_: Duration) {}

/// Virtual time, which was left out.
///
/// # Errors
///
/// Always.
#[cfg(not(feature = "virtual"))]
pub fn virtual_time(_: Option<u64>) -> Result<impl Driver, Unavailable> {
    left_out("virtual")
}

#[cfg(not(all(feature = "tokio", feature = "smol", feature = "glommio", feature = "virtual")))]
fn left_out(name: &'static str) -> Result<core_loop::NativeDriver, Unavailable> {
    let cure = format!("build it with the feature `{name}`; what that needs says `cargo xtask doctor`");
    Err(Unavailable::new(name, "it was left out of this build", cure))
}
