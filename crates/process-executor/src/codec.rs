//! Values to bytes and back: postcard for structure, a by-pass for large byte strings.
//!
//! serde hands over a `Vec<u8>` byte by byte. So a `Vec<u8>` or a `String` that *is* the value is moved to the wire and
//! back without a copy, and a `Vec<u8>` that is an element of a tuple is copied as a whole. Deeper inside, postcard rules.

use crate::frame::{BULK_PARTS_MAX, Body};
use postcard::ser_flavors::{AllocVec, Flavor};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::any::Any;

mod de;
mod same_type;
mod ser;

/// Encodes a value that stays with the caller. `None` if it is to be [moved](encode_bulk) instead.
pub(crate) fn encode_ref<T: Serialize + 'static>(value: &T) -> Result<Option<Body>, String> {
    if is_bulk(value) {
        return Ok(None);
    }
    let mut serializer = postcard::Serializer { output: AllocVec::new() };
    let mut bulk = Vec::new();
    value
        .serialize(ser::Top { inner: &mut serializer, bulk: &mut bulk })
        .map_err(|error| error.to_string())?;
    let structure = serializer.output.finalize().map_err(|error| error.to_string())?;
    Ok(Some(Body { structure, bulk }))
}

/// Moves a value that is one large byte string as a whole.
pub(crate) fn encode_bulk<T: 'static>(value: T) -> Body {
    let mut value = Some(value);
    let any: &mut dyn Any = &mut value;
    let bytes = if let Some(bytes) = any.downcast_mut::<Option<Vec<u8>>>() {
        bytes.take()
    } else {
        any.downcast_mut::<Option<String>>().and_then(Option::take).map(String::into_bytes)
    };
    let bytes = bytes.expect("only a value that is bulk is moved");
    Body { structure: Vec::new(), bulk: vec![bytes] }
}

/// Encodes a value that is not needed any more.
pub(crate) fn encode<T: Serialize + 'static>(value: T) -> Result<Body, String> {
    Ok(match encode_ref(&value)? {
        Some(body) => body,
        None => encode_bulk(value),
    })
}

/// How many bytes the bulk value takes; 0 for any other.
pub(crate) fn bulk_len<T: 'static>(value: &T) -> usize {
    let any: &dyn Any = value;
    any.downcast_ref::<Vec<u8>>()
        .map(Vec::len)
        .or_else(|| any.downcast_ref::<String>().map(String::len))
        .unwrap_or(0)
}

fn is_bulk<T: 'static>(value: &T) -> bool {
    let any: &dyn Any = value;
    any.is::<Vec<u8>>() || any.is::<String>()
}

/// Decodes a value; what is left over is an error.
pub(crate) fn decode<T: DeserializeOwned + 'static>(mut body: Body) -> Result<T, String> {
    let mut slot = None::<T>;
    let any: &mut dyn Any = &mut slot;
    if let Some(bytes) = any.downcast_mut::<Option<Vec<u8>>>() {
        *bytes = Some(only_part(&mut body)?);
    } else if let Some(text) = any.downcast_mut::<Option<String>>() {
        *text = Some(String::from_utf8(only_part(&mut body)?).map_err(|error| error.to_string())?);
    }
    if let Some(value) = slot {
        return Ok(value);
    }
    let Body { structure, bulk } = body;
    let mut deserializer = postcard::Deserializer::from_bytes(&structure);
    let mut parts = bulk.into_iter();
    let value = T::deserialize(de::Top { inner: &mut deserializer, bulk: &mut de::Bulk::new(&mut parts) })
        .map_err(|error| error.to_string())?;
    let rest = deserializer.finalize().map_err(|error| error.to_string())?;
    match (rest.len(), parts.len()) {
        (0, 0) => Ok(value),
        (bytes, parts) => Err(format!("{bytes} bytes and {parts} bulk parts are left over")),
    }
}

fn only_part(body: &mut Body) -> Result<Vec<u8>, String> {
    match (body.structure.len(), body.bulk.len()) {
        (0, 1) => Ok(body.bulk.remove(0)),
        (bytes, parts) => Err(format!("one bulk part was expected, not {bytes} bytes and {parts} parts")),
    }
}

/// Counts the bulk parts of one value, the same way on both sides: the first [`BULK_PARTS_MAX`] travel beside it.
fn goes_beside(parts_so_far: usize) -> bool {
    parts_so_far < BULK_PARTS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;
    use std::fmt::Debug;
    use std::net::IpAddr;

    fn round<T: Serialize + DeserializeOwned + PartialEq + Debug + Clone + 'static>(value: T) -> Body {
        let again = decode::<T>(encode(value.clone()).expect("it encodes")).expect("it decodes");
        assert_eq!(again, value);
        encode(value).expect("it encodes")
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Dot,
        Circle(f64),
        Line(i8, u128),
        Named { name: String, bytes: Vec<u8>, more: Option<Box<Shape>> },
    }

    #[test]
    fn every_shape_comes_back_as_it_went() {
        round(());
        round((true, -1_i8, -2_i16, -3_i32, -4_i64, -5_i128, 1_u8, 2_u16, 3_u32, 4_u64, 5_u128));
        round(('ß', 1.5_f32, -0.25_f64, "text".to_owned(), Some(3), None::<u8>));
        round(BTreeMap::from([(1, "one".to_owned()), (2, "two".to_owned())]));
        round("::1".parse::<IpAddr>().expect("an address"));
        round(Ok::<_, String>(vec![1_u64, 2]));
        let inner = Some(Box::new(Shape::Circle(2.0)));
        round(vec![
            Shape::Dot,
            Shape::Line(-1, 7),
            Shape::Named { name: "n".to_owned(), bytes: vec![1, 2], more: inner },
        ]);
        round((Shape::Dot, [1_u8; 3], (vec![9_u8], 1)));
    }

    #[test]
    fn bulk_goes_beside_the_structure() {
        assert_eq!(round(vec![1_u8, 2]), Body { structure: vec![], bulk: vec![vec![1, 2]] });
        assert_eq!(round("hi".to_owned()), Body { structure: vec![], bulk: vec![b"hi".to_vec()] });
        assert_eq!(round(Vec::<u8>::new()).bulk.len(), 1);
        let body = round((7_u8, vec![1_u8, 2], vec![3_u16], vec![4_u8]));
        assert_eq!(body.bulk, [vec![1, 2], vec![4]]);
        assert_eq!(body.structure, [7, 1, 3]);
    }

    #[test]
    fn more_bulk_than_a_frame_has_parts_goes_into_the_structure() {
        let many: [Vec<u8>; 12] = std::array::from_fn(|at| vec![at as u8; at]);
        let nested = (many.clone(), many);
        assert_eq!(round(nested).bulk.len(), 0, "nested tuples are structure");
        assert!(goes_beside(BULK_PARTS_MAX - 1) && !goes_beside(BULK_PARTS_MAX));
    }

    #[test]
    fn a_moved_byte_string_keeps_its_memory() {
        let bytes = vec![5_u8; 1 << 20];
        let before = bytes.as_ptr();
        let body = encode(bytes).expect("it encodes");
        assert_eq!(body.bulk[0].as_ptr(), before);
        let bytes = decode::<Vec<u8>>(body).expect("it decodes");
        assert_eq!(bytes.as_ptr(), before);
    }

    #[test]
    fn what_does_not_fit_the_type_is_an_error() {
        let body = || Body { structure: vec![1, 2, 3], bulk: vec![vec![0xFF]] };
        assert!(decode::<u8>(body()).expect_err("too long").contains("left over"));
        assert!(decode::<Vec<u8>>(body()).expect_err("structure").contains("one bulk part"));
        assert!(decode::<(Vec<u8>, Vec<u8>)>(body()).is_err(), "one part, two wanted");
        let body = Body { structure: vec![], bulk: vec![vec![0xFF]] };
        assert!(decode::<String>(body).expect_err("not text").contains("utf-8"));
        assert!(decode::<bool>(Body { structure: vec![7], bulk: vec![] }).is_err());
        assert!(decode::<u64>(Body::default()).is_err());
    }
}
