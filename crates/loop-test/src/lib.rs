#![doc = include_str!("../README.md")]

pub mod drivers;
mod hold;
mod outcome;
mod runtime;

pub use hold::hold;
pub use outcome::Outcome;
pub use runtime::{GLOMMIO, NATIVE, Runtime, SMOL, TOKIO};

/// Makes each async function a module of its name, with a test for each runtime.
///
/// The functions stand in the call, or elsewhere and are named.
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
/// loop_test::on_every_runtime!(it_sleeps);
/// # loop_test::hold("it_wakes_up", &loop_test::NATIVE, it_wakes_up);
/// # loop_test::hold("it_sleeps", &loop_test::NATIVE, it_sleeps);
/// ```
#[macro_export]
macro_rules! on_every_runtime {
    ($($(#[doc = $words:literal])* async fn $name:ident() $(-> $output:ty)? $body:block)+) => { $(
        $(#[doc = $words])*
        async fn $name() $(-> $output)? $body

        $crate::on_every_runtime!($name);
    )+ };
    ($($name:ident),+ $(,)?) => { $(
        mod $name {
            $crate::__tests! { $name
                on_native NATIVE
                on_tokio TOKIO
                on_smol SMOL
                on_glommio GLOMMIO
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
            $crate::hold(module_path!(), &$crate::$runtime, super::$name);
        }
    )+ };
}
