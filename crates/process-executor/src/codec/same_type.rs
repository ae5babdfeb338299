//! "Is this generic value a vector of numbers?", asked where serde does not promise `'static` and `Any` cannot be used.
#![expect(unsafe_code, reason = "type ids without lifetimes, for elements that serde hides")]

use crate::part::Part;
use crate::plain::{Plain, bytes_of, numbers_of};
use std::any::TypeId;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;

/// The id of `T` with its lifetimes erased.
fn type_id<T: ?Sized>() -> TypeId {
    trait Ask {
        fn id(&self) -> TypeId
        where
            Self: 'static;
    }
    impl<T: ?Sized> Ask for PhantomData<T> {
        fn id(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<T>()
        }
    }
    let here = PhantomData::<T>;
    let object: &dyn Ask = &here;
    // SAFETY: only the lifetime bound of the trait object changes, not its layout; `id` looks at no data, and the
    // reference does not leave this function.
    let object = unsafe { std::mem::transmute::<&dyn Ask, &(dyn Ask + 'static)>(object) };
    object.id()
}

/// Gives `$call::<N>($value)` for the number type `N` that `$is::<N>()` is true of.
macro_rules! first_of_numbers {
    ($is:ident::<$of:ty> => $call:ident($value:expr)) => {
        first_of_numbers!($is::<$of> => $call($value); u8 i8 u16 i16 u32 i32 u64 i64 u128 i128 f32 f64)
    };
    ($is:ident::<$of:ty> => $call:ident($value:expr); $($number:ty)*) => {
        $(if $is::<$of, $number>() {
            return $call::<$of, $number>($value);
        })*
    };
}

fn is_vector<T: ?Sized, N: Plain>() -> bool {
    type_id::<T>() == type_id::<Vec<N>>()
}

fn is_seed<S, N: Plain>() -> bool {
    type_id::<S>() == type_id::<PhantomData<Vec<N>>>()
}

/// A copy of `value`, if it is a vector of bytes or numbers.
pub(super) fn as_part<T: ?Sized>(value: &T) -> Option<Part> {
    first_of_numbers!(is_vector::<T> => copy(value));
    None
}

fn copy<T: ?Sized, N: Plain>(value: &T) -> Option<Part> {
    debug_assert!(is_vector::<T, N>(), "it is something else");
    // SAFETY: `T` is `Vec<N>` but for lifetimes, and `Vec<N>` has none.
    let numbers = unsafe { &*std::ptr::from_ref(value).cast::<Vec<N>>() };
    Some(Part::Bytes(bytes_of(numbers).to_vec()))
}

/// Whether `S` is the seed by which serde asks for a vector of bytes or numbers.
pub(super) fn asks_for_part<S>() -> bool {
    fn yes<S, N: Plain>(_seed: PhantomData<(S, N)>) -> bool {
        true
    }
    first_of_numbers!(is_seed::<S> => yes(PhantomData));
    false
}

/// `part` as a `V`, if that is a vector of bytes or numbers, and the part holds whole ones.
pub(super) fn from_part<V>(part: Part) -> Option<V> {
    first_of_numbers!(is_vector::<V> => back(part));
    None
}

fn back<V, N: Plain>(part: Part) -> Option<V> {
    debug_assert!(is_vector::<V, N>(), "it is something else");
    if is_vector::<V, u8>() {
        return Some(same::<V, u8>(part.into_bytes()));
    }
    numbers_of::<N>(&part).map(same::<V, N>)
}

fn same<V, N: Plain>(numbers: Vec<N>) -> V {
    assert!(is_vector::<V, N>(), "it is something else");
    let numbers = ManuallyDrop::new(numbers);
    // SAFETY: `V` is `Vec<N>` but for lifetimes, and `Vec<N>` has none; the original is never dropped.
    unsafe { std::mem::transmute_copy::<ManuallyDrop<Vec<N>>, V>(&numbers) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_vector_of_bytes_or_numbers_is_one() {
        assert_eq!(as_part(&vec![1_u8]).as_deref(), Some(&[1][..]));
        assert_eq!(as_part(&vec![1_i16]).as_deref(), Some(&[1, 0][..]));
        assert!(as_part(&vec!['x']).is_none() && as_part("text").is_none());
        let local = [1_u8];
        assert!(as_part::<&[u8]>(&&local[..]).is_none());
        assert!(asks_for_part::<PhantomData<Vec<u8>>>() && asks_for_part::<PhantomData<Vec<f64>>>());
        assert!(!asks_for_part::<PhantomData<Vec<char>>>() && !asks_for_part::<Vec<u8>>());
        let part = || Part::Bytes(vec![3, 0]);
        assert_eq!(from_part::<Vec<u8>>(part()), Some(vec![3, 0]));
        assert_eq!(from_part::<Vec<u16>>(part()), Some(vec![3]));
        assert_eq!(from_part::<Vec<u32>>(part()), None, "half a number");
        assert_eq!(from_part::<String>(part()), None);
    }
}
