#![doc = include_str!("../README.md")]

pub mod drivers;
mod hold;
mod outcome;
mod runtime;

pub use hold::{hold, hold_unless};
pub use outcome::Outcome;
pub use runtime::{GLOMMIO, NATIVE, Runtime, SMOL, TOKIO, VIRTUAL};

/// Makes each async function a module of its name, with a test for each runtime.
///
/// The functions stand in the call, or elsewhere and are named. `#[skip(VIRTUAL, "why")]` in front of one, after its comment,
/// keeps it from one runtime: the test is there, does not run, and says why.
///
/// # Examples
///
/// ```
/// loop_test::on_every_runtime! {
///     async fn it_wakes_up() {
///         core_loop::yield_now().await;
///     }
/// }
///
/// async fn it_sleeps() -> std::io::Result<()> {
///     core_loop::sleep(std::time::Duration::from_millis(1)).await;
///     Ok(())
/// }
///
/// async fn it_talks_to_the_kernel() -> std::io::Result<()> {
///     let listener = core_loop::net::TcpListener::bind("127.0.0.1:0").await?;
///     std::net::TcpStream::connect(listener.local_addr()?).map(drop)
/// }
///
/// loop_test::on_every_runtime! {
///     it_sleeps,
///     #[skip(VIRTUAL, "the network of virtual time is in memory")]
///     it_talks_to_the_kernel,
/// }
/// # loop_test::hold("it_wakes_up", &loop_test::NATIVE, it_wakes_up);
/// # loop_test::hold("it_sleeps", &loop_test::NATIVE, it_sleeps);
/// ```
#[macro_export]
macro_rules! on_every_runtime {
    ($(
        $(#[doc = $words:literal])*
        $(#[skip($skipped:ident, $why:expr)])*
        async fn $name:ident() $(-> $output:ty)? $body:block
    )+) => { $(
        $(#[doc = $words])*
        async fn $name() $(-> $output)? $body

        $crate::on_every_runtime!($(#[skip($skipped, $why)])* $name);
    )+ };
    ($($(#[skip($skipped:ident, $why:expr)])* $name:ident),+ $(,)?) => { $(
        mod $name {
            #[allow(unused_imports, reason = "the reason of a skip may be a constant of the test's module")]
            use super::*;

            const SKIPS: &[(&$crate::Runtime, &str)] = &[$((&$crate::$skipped, $why)),*];

            $crate::__tests! { $name
                on_native NATIVE
                on_tokio TOKIO
                on_smol SMOL
                on_glommio GLOMMIO
                on_virtual VIRTUAL
            }
        }
    )+ };
}

/// One test a runtime.
#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ($name:ident $($on:ident $runtime:ident)+) => { $(
        #[test]
        fn $on() {
            $crate::hold_unless(SKIPS, module_path!(), &$crate::$runtime, super::$name);
        }
    )+ };
}
