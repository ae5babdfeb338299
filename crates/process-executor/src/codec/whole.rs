//! Values that are one large byte string as a whole: `Vec<u8>`, `String`, and vectors of numbers.

use crate::part::Part;
use crate::plain::{bytes_of, numbers_of};
use std::any::{Any, TypeId};

/// Does `$what` for the type among these that the value is of.
macro_rules! for_vectors_of_numbers {
    ($number:ident => $what:block) => {
        for_vectors_of_numbers!($number => $what;
            i8 u16 i16 u32 i32 u64 i64 u128 i128 f32 f64)
    };
    ($number:ident => $what:block; $($type:ty)*) => {
        $({ type $number = $type; $what })*
    };
}

pub(super) fn is_bulk_type<T: 'static>() -> bool {
    let id = TypeId::of::<T>();
    let mut is = id == TypeId::of::<Vec<u8>>() || id == TypeId::of::<String>();
    for_vectors_of_numbers!(Number => { is |= id == TypeId::of::<Vec<Number>>(); });
    is
}

pub(super) fn is_bulk<T: 'static>(_value: &T) -> bool {
    is_bulk_type::<T>()
}

/// How many bytes it takes; 0 if it is not bulk.
pub(super) fn len<T: 'static>(value: &T) -> usize {
    let any: &dyn Any = value;
    if let Some(bytes) = any.downcast_ref::<Vec<u8>>() {
        return bytes.len();
    }
    if let Some(text) = any.downcast_ref::<String>() {
        return text.len();
    }
    for_vectors_of_numbers!(Number => {
        if let Some(numbers) = any.downcast_ref::<Vec<Number>>() {
            return bytes_of(numbers).len();
        }
    });
    0
}

/// The value, to be sent from where it lies.
pub(super) fn into_part<T: 'static>(value: T) -> Part {
    let mut value = Some(value);
    let any: &mut dyn Any = &mut value;
    if let Some(bytes) = any.downcast_mut::<Option<Vec<u8>>>().and_then(Option::take) {
        return Part::Bytes(bytes);
    }
    if let Some(text) = any.downcast_mut::<Option<String>>().and_then(Option::take) {
        return Part::Bytes(text.into_bytes());
    }
    for_vectors_of_numbers!(Number => {
        if let Some(numbers) = any.downcast_mut::<Option<Vec<Number>>>().and_then(Option::take) {
            return Part::Numbers(Box::new(numbers));
        }
    });
    unreachable!("only a value that is bulk is moved")
}

/// The value back from its bytes.
pub(super) fn from_part<T: 'static>(part: Part) -> Result<T, String> {
    let mut slot = None::<T>;
    let any: &mut dyn Any = &mut slot;
    let len = part.len();
    if let Some(bytes) = any.downcast_mut::<Option<Vec<u8>>>() {
        *bytes = Some(part.into_bytes());
    } else if let Some(text) = any.downcast_mut::<Option<String>>() {
        *text = Some(String::from_utf8(part.into_bytes()).map_err(|error| error.to_string())?);
    } else {
        for_vectors_of_numbers!(Number => {
            if let Some(numbers) = any.downcast_mut::<Option<Vec<Number>>>() {
                *numbers = numbers_of(&part);
            }
        });
    }
    slot.ok_or_else(|| format!("{len} bytes are not a whole number of elements"))
}
