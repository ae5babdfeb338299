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
/// keeps it from one runtime: the test is there, does not run, and says why. Other attributes go where they belong:
/// `#[cfg(…)]` and lints to all that comes of the function, `#[ignore = "why"]` and `#[should_panic]` to each of its tests.
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
    // One test a function or a name, and each of its attributes looked at in turn: see `__sort`.
    ($($(#[$($attribute:tt)+])* async fn $name:ident() $(-> $output:ty)? $body:block)+) => { $(
        $crate::__sort! { { $name $(-> $output)? $body } [] [] [] [] $(#[$($attribute)+])* }
    )+ };
    ($($(#[$($attribute:tt)+])* $name:ident),+ $(,)?) => { $(
        $crate::__sort! { { $name } [] [] [] [] $(#[$($attribute)+])* }
    )+ };
}

/// Sorts the attributes of one test into four lists: of all that comes of it (`cfg`); of its function, or if that stands
/// elsewhere of its module (what it says, and lints); of each of its `#[test]`s (all else: `ignore`, `should_panic`); skips.
#[doc(hidden)]
#[macro_export]
macro_rules! __sort {
    ($of:tt $all:tt $own:tt $each:tt [$($skips:tt)*] #[skip($skipped:ident, $why:expr)] $($left:tt)*) => {
        $crate::__sort! { $of $all $own $each [$($skips)* (&$crate::$skipped, $why),] $($left)* }
    };
    ($of:tt [$($all:tt)*] $own:tt $each:tt $skips:tt #[cfg $($is:tt)+] $($left:tt)*) => {
        $crate::__sort! { $of [$($all)* #[cfg $($is)+]] $own $each $skips $($left)* }
    };
    ($of:tt $all:tt [$($own:tt)*] $each:tt $skips:tt #[doc $($is:tt)+] $($left:tt)*) => {
        $crate::__sort! { $of $all [$($own)* #[doc $($is)+]] $each $skips $($left)* }
    };
    ($of:tt $all:tt [$($own:tt)*] $each:tt $skips:tt #[allow $($is:tt)+] $($left:tt)*) => {
        $crate::__sort! { $of $all [$($own)* #[allow $($is)+]] $each $skips $($left)* }
    };
    ($of:tt $all:tt [$($own:tt)*] $each:tt $skips:tt #[expect $($is:tt)+] $($left:tt)*) => {
        $crate::__sort! { $of $all [$($own)* #[expect $($is)+]] $each $skips $($left)* }
    };
    ($of:tt $all:tt $own:tt [$($each:tt)*] $skips:tt #[$($is:tt)+] $($left:tt)*) => {
        $crate::__sort! { $of $all $own [$($each)* #[$($is)+]] $skips $($left)* }
    };
    ({ $name:ident $(-> $output:ty)? $body:block } [$($all:tt)*] [$($own:tt)*] $each:tt $skips:tt) => {
        $($all)* $($own)*
        async fn $name() $(-> $output)? $body

        $crate::__sort! { { $name } [$($all)*] [] $each $skips }
    };
    ({ $name:ident } [$($all:tt)*] [$($own:tt)*] $each:tt [$($skips:tt)*]) => {
        $($all)* $($own)*
        mod $name {
            #[allow(unused_imports, reason = "the reason of a skip may be a constant of the test's module")]
            use super::*;

            const SKIPS: &[(&$crate::Runtime, &str)] = &[$($skips)*];

            $crate::__test! { $name $each on_native NATIVE }
            $crate::__test! { $name $each on_tokio TOKIO }
            $crate::__test! { $name $each on_smol SMOL }
            $crate::__test! { $name $each on_glommio GLOMMIO }
            $crate::__test! { $name $each on_virtual VIRTUAL }
        }
    };
}

/// One test on one runtime.
#[doc(hidden)]
#[macro_export]
macro_rules! __test {
    ($name:ident [$($attribute:tt)*] $on:ident $runtime:ident) => {
        #[test]
        $($attribute)*
        fn $on() {
            $crate::hold_unless(SKIPS, module_path!(), &$crate::$runtime, super::$name);
        }
    };
}
