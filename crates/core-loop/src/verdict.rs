//! Whether the output of a task, or of a future, is an error, where its type is known to be a `Result` of something but not of what.

use std::collections::hash_map::DefaultHasher;
use std::hash::{BuildHasher, BuildHasherDefault};
use std::mem::{Discriminant, discriminant};

/// For reports only: it goes by the name of the type, which the compiler is free to change. Then nothing is an error, and the
/// test below fails.
pub(crate) fn is_error<T>(output: &T) -> bool {
    is_result::<T>() && trace(discriminant(output)) == trace(discriminant(&Err::<(), ()>(())))
}

fn is_result<T>() -> bool {
    std::any::type_name::<T>().starts_with("core::result::Result<")
}

/// Which variant it is, in a form that two types have in common.
fn trace<T>(variant: Discriminant<T>) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(variant)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::is_error;
    use std::convert::Infallible;
    use std::error::Error;
    use std::num::NonZeroU8;
    use std::{fmt, io};

    enum Other {
        #[expect(dead_code, reason = "the variant that the other one is told from")]
        Well,
        Bad,
    }

    #[test]
    fn an_error_is_told_from_an_output_whatever_the_types() {
        assert!(is_error(&Err::<(), _>(io::Error::other("no luck"))));
        assert!(is_error(&Err::<String, Box<dyn Error>>("no luck".into())));
        assert!(is_error(&Err::<NonZeroU8, ()>(())), "without a tag of its own");
        assert!(is_error(&Err::<Infallible, u8>(1)), "and with one variant only");
        assert!(is_error(&Err::<(), _>(fmt::Error)));
        assert!(!is_error(&Ok::<_, io::Error>(())));
        assert!(!is_error(&Ok::<_, Box<dyn Error>>(String::new())));
        assert!(!is_error(&Ok::<_, ()>(NonZeroU8::MIN)));
        assert!(!is_error(&Ok::<_, Infallible>(1)));
    }

    #[test]
    fn what_is_no_result_is_no_error() {
        assert!(!is_error(&1_isize) && !is_error(&None::<u8>) && !is_error(&Some(Err::<(), ()>(()))));
        assert!(!is_error(&Other::Bad));
    }
}
