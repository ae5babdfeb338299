//! The catalogue: every behaviour with its sentence, level and origin, an area a block, a file for each kind of subject.
//!
//! One list makes both the registry and, through [`suite!`](crate::suite), the tests; the function of the same name in the
//! module of the area tries it. Ids, sentences and origins follow CPython 3.13's own tests; an origin that begins with
//! `contract` is a promise that CPython does not make. One that is `adapted` says what is asked in another way than there.

mod executors;
mod io;
mod loops;
mod primitives;

/// Turns the list of a kind into its registry.
macro_rules! registry {
    ([$kind:ty] $($area:ident {
        $($(#[doc = $sentence:literal])+ $name:ident $level:ident $origin:literal $(adapted $reason:literal)?;)+
    })+) => {
        static BEHAVIOURS: &[$crate::Behaviour<$kind>] = &[$($($crate::Behaviour {
            id: $crate::catalogue::id(concat!(stringify!($area), ".", stringify!($name))),
            sentence: concat!($($sentence),+).trim_ascii(),
            level: $crate::Level::$level,
            origin: $origin,
            adapted: $crate::catalogue::adapted(&[$($reason)?]),
            attempt: $area::$name,
        },)+)+];
    };
}

pub(crate) use registry;

/// The reason, if there is one.
pub(crate) const fn adapted(reason: &'static [&'static str]) -> Option<&'static str> {
    match reason {
        [] => None,
        [why, ..] => Some(why),
    }
}

/// `loop.stop` of `r#loop.stop`: an area may be a word of the language.
#[must_use]
pub const fn id(written: &'static str) -> &'static str {
    match written.as_bytes() {
        [b'r', b'#', ..] => written.split_at(2).1,
        _ => written,
    }
}
