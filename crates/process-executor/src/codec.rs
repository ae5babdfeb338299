//! Values to bytes and back: postcard for structure, a by-pass for large byte strings.
//!
//! serde hands over a `Vec<u8>` byte by byte, and postcard writes a number with as few bytes as it needs. So a `String` or a
//! vector of bytes or numbers that *is* the value is sent from where it lies, and a vector that is an element of a tuple is
//! copied as a whole. Deeper inside, postcard rules. A [blob](crate::Blob) travels beside the value wherever it stands in it.

use crate::blob::crossing;
use crate::frame::{BULK_PARTS_MAX, Body};
use crate::part::Part;
use postcard::ser_flavors::{AllocVec, Flavor};
use serde::Serialize;
use serde::de::DeserializeOwned;

mod de;
mod same_type;
mod ser;
mod whole;

/// Encodes a value that stays with the caller. `None` if it is to be [moved](encode_bulk) instead.
pub(crate) fn encode_ref<T: Serialize + 'static>(value: &T) -> Result<Option<Body>, String> {
    if whole::is_bulk(value) {
        return Ok(None);
    }
    let mut serializer = postcard::Serializer { output: AllocVec::new() };
    let mut bulk = Vec::new();
    let top = ser::Top { inner: &mut serializer, bulk: &mut bulk };
    let (encoded, blobs) = crossing::encoding(|| value.serialize(top));
    encoded.map_err(|error| error.to_string())?;
    let structure = serializer.output.finalize().map_err(|error| error.to_string())?;
    Ok(Some(Body { structure, bulk, blobs }))
}

/// Encodes a value behind a name.
pub(crate) fn encode_named<T: Serialize + 'static>(name: &str, value: &T) -> Result<Body, String> {
    let mut body = encode_ref(value)?.ok_or("a task is a type of its own, not a vector or a text")?;
    body.structure.splice(0..0, name.bytes());
    Ok(body)
}

/// Moves a value that is one large byte string as a whole.
pub(crate) fn encode_bulk<T: 'static>(value: T) -> Body {
    Body { bulk: vec![whole::into_part(value)], ..Body::default() }
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
    whole::len(value)
}

/// Decodes a value; what is left over is an error.
pub(crate) fn decode<T: DeserializeOwned + 'static>(mut body: Body) -> Result<T, String> {
    if whole::is_bulk_type::<T>() {
        let part = only_part(&mut body)?;
        return whole::from_part(part);
    }
    let Body { structure, bulk, blobs } = body;
    let mut deserializer = postcard::Deserializer::from_bytes(&structure);
    let mut parts = bulk.into_iter();
    let top = de::Top { inner: &mut deserializer, bulk: &mut de::Bulk::new(&mut parts) };
    let value = crossing::decoding(blobs, || T::deserialize(top)).map_err(|error| error.to_string())?;
    let rest = deserializer.finalize().map_err(|error| error.to_string())?;
    match (rest.len(), parts.len()) {
        (0, 0) => Ok(value),
        (bytes, parts) => Err(format!("{bytes} bytes and {parts} bulk parts are left over")),
    }
}

fn only_part(body: &mut Body) -> Result<Part, String> {
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
        assert_eq!(round(vec![1_u8, 2]), Body { bulk: vec![vec![1, 2].into()], ..Body::default() });
        assert_eq!(round("hi".to_owned()), Body { bulk: vec![b"hi".to_vec().into()], ..Body::default() });
        assert_eq!(round(Vec::<u8>::new()).bulk.len(), 1);
        let body = round((7_u8, vec![1_u8, 2], vec!["x".to_owned()], vec![4_u8], vec![0.5_f32]));
        let parts: Vec<&[u8]> = body.bulk.iter().map(|part| &**part).collect();
        assert_eq!(parts, [&[1, 2][..], &[4], &0.5_f32.to_le_bytes()]);
        assert_eq!(body.structure, [7, 1, 1, b'x']);
    }

    #[test]
    fn numbers_are_sent_from_where_they_lie() {
        let numbers = round(vec![1.5_f64, -0.0, f64::MAX]);
        assert_eq!((numbers.structure.len(), numbers.bulk[0].len()), (0, 24));
        let numbers = vec![7_u32; 1000];
        let before = numbers.as_ptr().cast::<u8>();
        assert_eq!(encode(numbers).expect("it encodes").bulk[0].as_ptr(), before);
        round(vec![u128::MAX, 1]);
        round(vec![[1_i16, 2, 3]]);
        let part = Body { bulk: vec![vec![0; 7].into()], ..Body::default() };
        assert!(decode::<Vec<u32>>(part).expect_err("not whole").contains("7 bytes"));
    }

    #[test]
    fn a_blob_travels_beside_its_value_wherever_it_stands() {
        let blob = crate::Blob::from(&b"bytes"[..]);
        let value = (1_u8, vec![Some(blob.clone()), None], blob.clone());
        let body = encode(value.clone()).expect("it encodes");
        assert_eq!((body.blobs.len(), &body.structure[..]), (2, &[1, 2, 1, 0, 0, 1][..]));
        assert_eq!(decode(body), Ok(value));
        let lost = Body { structure: vec![0], ..Body::default() };
        assert!(decode::<crate::Blob>(lost).is_err());
        assert!(encode(vec![blob.clone(); 65]).is_err(), "more than fit beside a value");
        let mut alone = postcard::Serializer { output: AllocVec::new() };
        assert!(blob.serialize(&mut alone).is_err(), "on its way to nowhere");
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
        let body = || Body { structure: vec![1, 2, 3], bulk: vec![vec![0xFF].into()], ..Body::default() };
        assert!(decode::<u8>(body()).expect_err("too long").contains("left over"));
        assert!(decode::<Vec<u8>>(body()).expect_err("structure").contains("one bulk part"));
        assert!(decode::<(Vec<u8>, Vec<u8>)>(body()).is_err(), "one part, two wanted");
        let body = Body { bulk: vec![vec![0xFF].into()], ..Body::default() };
        assert!(decode::<String>(body).expect_err("not text").contains("utf-8"));
        assert!(decode::<bool>(Body { structure: vec![7], ..Body::default() }).is_err());
        assert!(decode::<u64>(Body::default()).is_err());
    }
}
