//! The macros that make a Rust function an export.

/// Makes functions of values exports: arguments and result cross as postcard, the error as text.
///
/// Each function stays what it is, so that it can be tested as any other. It returns a `Result` whose value can be
/// serialized and whose error can be shown; its arguments can be deserialized, and own what they hold.
///
/// # Examples
///
/// ```
/// guest::export! {
///     fn greet(name: String, times: u32) -> Result<String, String> {
///         Ok(format!("hello {name} ").repeat(times as usize))
///     }
/// }
/// assert_eq!(greet("you".into(), 2).unwrap(), "hello you hello you ");
/// ```
#[macro_export]
macro_rules! export {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) -> $result:ty $body:block)+) => { $(
        $(#[$meta])*
        $vis fn $name($($arg: $type),*) -> $result $body

        const _: () = {
            fn serve(host: &dyn $crate::Host, length: usize) -> i32 {
                $crate::serve_typed(host, length, |($($arg,)*): ($($type,)*)| $name($($arg),*))
            }
            $crate::shim!($name serve length);
        };
    )+ };
}

/// Makes functions of bytes exports: any number of byte slices in, bytes out, the error as text. What any host of Typst's
/// plugin protocol can call.
///
/// # Examples
///
/// ```
/// guest::export_bytes! {
///     fn concat(first: &[u8], second: &[u8]) -> Result<Vec<u8>, String> {
///         Ok([first, second].concat())
///     }
/// }
/// assert_eq!(concat(b"a", b"b").unwrap(), b"ab");
/// ```
#[macro_export]
macro_rules! export_bytes {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: &[u8]),* $(,)?) -> $result:ty $body:block)+) => { $(
        $(#[$meta])*
        $vis fn $name($($arg: &[u8]),*) -> $result $body

        const _: () = {
            fn serve(host: &dyn $crate::Host $(, $arg: usize)*) -> i32 {
                $crate::serve_bytes(host, [$($arg),*], |[$($arg),*]| $name($($arg),*))
            }
            $crate::shim!($name serve $($arg)*);
        };
    )+ };
}

/// The export itself, in a block of its own, where its name does not meet the function's. Off WebAssembly it is only
/// compiled: there is no host to call it.
#[doc(hidden)]
#[macro_export]
macro_rules! shim {
    ($name:ident $serve:ident $($length:ident)*) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            #[unsafe(no_mangle)]
            extern "C" fn $name($($length: usize),*) -> i32 {
                $serve(&$crate::Typst $(, $length)*)
            }
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn(&dyn $crate::Host $(, $crate::shim!(@length $length))*) -> i32 = $serve;
    };
    (@length $length:ident) => { usize };
}
