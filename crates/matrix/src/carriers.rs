//! The drivers that this program was built with. One that was left out says so.

use contract::{Driver, Unavailable};

#[cfg(feature = "tokio")]
pub(crate) fn tokio() -> Result<impl Driver, Unavailable> {
    loop_tokio::TokioDriver::new()
}

#[cfg(not(feature = "tokio"))]
pub(crate) fn tokio() -> Result<impl Driver, Unavailable> {
    left_out("tokio")
}

#[cfg(feature = "smol")]
pub(crate) fn smol() -> Result<impl Driver, Unavailable> {
    loop_smol::SmolDriver::new()
}

#[cfg(not(feature = "smol"))]
pub(crate) fn smol() -> Result<impl Driver, Unavailable> {
    left_out("smol")
}

#[cfg(feature = "glommio")]
pub(crate) fn glommio() -> Result<impl Driver, Unavailable> {
    loop_glommio::GlommioDriver::new()
}

#[cfg(not(feature = "glommio"))]
pub(crate) fn glommio() -> Result<impl Driver, Unavailable> {
    left_out("glommio")
}

/// Needs nothing that the loop does not need, so it is never left out.
#[expect(clippy::unnecessary_wraps, reason = "in the form of all drivers")]
pub(crate) fn virtual_time() -> Result<impl Driver, Unavailable> {
    Ok(loop_virtual::VirtualDriver::new())
}

#[cfg(not(all(feature = "tokio", feature = "smol", feature = "glommio")))]
fn left_out(name: &'static str) -> Result<core_loop::NativeDriver, Unavailable> {
    let cure = format!("build it with `--features {name}`; what that needs says `cargo xtask doctor`");
    Err(Unavailable::new(name, "this program was built without it", cure))
}
