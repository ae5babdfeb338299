//! Element types that are nothing but their bytes: numbers, and arrays of them.
#![expect(unsafe_code, reason = "slices of numbers seen as bytes, and bytes as numbers")]

use std::mem::size_of;

/// A number type, or an array of them: every pattern of bits is a value, and there are no bytes between them.
///
/// Sealed: the types that have it are `u8` to `u128`, `i8` to `i128`, `f32`, `f64`, and arrays of these.
///
/// # Safety
///
/// As said above: no padding, no niche, no pointer, no interior mutability.
pub unsafe trait Plain: Copy + Send + Sync + sealed::Sealed + 'static {}

mod sealed {
    /// Nobody else's types are plain.
    pub trait Sealed {}
    impl<T: Sealed, const N: usize> Sealed for [T; N] {}
}

macro_rules! plain {
    ($($number:ty)*) => { $(
        impl sealed::Sealed for $number {}
        // SAFETY: a primitive number has no padding, and every pattern of bits is one.
        unsafe impl Plain for $number {}
    )* };
}

plain!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64);

// SAFETY: the elements of an array lie side by side, so it is as plain as they are.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// What the numbers look like in memory.
pub(crate) fn bytes_of<T: Plain>(numbers: &[T]) -> &[u8] {
    // SAFETY: a plain type has no padding, so all of its bytes are initialized; the length is that of the same memory.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), size_of_val(numbers)) }
}

/// The same, to be changed.
pub(crate) fn bytes_of_mut<T: Plain>(numbers: &mut [T]) -> &mut [u8] {
    // SAFETY: as above; whatever is written, every pattern of bits is a value of a plain type.
    unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), size_of_val(numbers)) }
}

/// Whether `bytes` can be seen as numbers, and how many there are: they must lie as numbers do, and be whole.
fn count<T: Plain>(bytes: &[u8]) -> Option<usize> {
    let whole = size_of::<T>() > 0 && bytes.len().is_multiple_of(size_of::<T>());
    (whole && bytes.as_ptr().cast::<T>().is_aligned()).then(|| bytes.len() / size_of::<T>())
}

/// `bytes` seen as numbers.
pub(crate) fn view<T: Plain>(bytes: &[u8]) -> Option<&[T]> {
    let count = count::<T>(bytes)?;
    // SAFETY: aligned, so many as fit exactly, and every pattern of bits is a value.
    Some(unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), count) })
}

/// The same, to be changed.
pub(crate) fn view_mut<T: Plain>(bytes: &mut [u8]) -> Option<&mut [T]> {
    let count = count::<T>(bytes)?;
    // SAFETY: as above; every value of a plain type is initialized bytes, so the bytes stay valid, too.
    Some(unsafe { std::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), count) })
}

/// Copies `bytes` to where numbers may lie. `None` if they are not whole numbers.
pub(crate) fn numbers_of<T: Plain>(bytes: &[u8]) -> Option<Vec<T>> {
    if size_of::<T>() == 0 || !bytes.len().is_multiple_of(size_of::<T>()) {
        return None;
    }
    let count = bytes.len() / size_of::<T>();
    let mut numbers = Vec::<T>::with_capacity(count);
    // SAFETY: the vector has room for `count` numbers, which are exactly these bytes; fresh memory overlaps with nothing.
    unsafe {
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), numbers.as_mut_ptr().cast(), bytes.len());
        numbers.set_len(count);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_bytes_are_two_views_of_the_same() {
        let mut numbers = [1_u32, 2, 0xFFFF_FFFF];
        assert_eq!(bytes_of(&numbers)[..8], [1, 0, 0, 0, 2, 0, 0, 0]);
        bytes_of_mut(&mut numbers)[0] = 7;
        assert_eq!(view::<u32>(bytes_of(&numbers)), Some(&[7, 2, 0xFFFF_FFFF][..]));
        assert_eq!(numbers_of::<u32>(bytes_of(&numbers)).as_deref(), Some(&numbers[..]));
    }

    #[test]
    fn what_is_not_whole_or_not_aligned_is_no_number() {
        let numbers = [0_u64; 2];
        let bytes = bytes_of(&numbers);
        assert!(view::<u64>(&bytes[..15]).is_none() && view::<u64>(&bytes[1..9]).is_none());
        assert!(view::<[u64; 0]>(bytes).is_none());
        assert_eq!(numbers_of::<u64>(&bytes[1..9]), Some(vec![0]), "a copy lies where it should");
        assert_eq!(view::<[u8; 4]>(bytes).map(<[_]>::len), Some(4));
    }
}
