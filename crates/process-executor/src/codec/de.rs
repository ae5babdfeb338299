//! postcard's deserializer, except that a top-level tuple takes its vectors of bytes or numbers from beside the structure.

use super::{goes_beside, same_type};
use crate::part::Part;
use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use std::fmt;
use std::vec::IntoIter;

/// The bulk parts of one value, in the order in which they are asked for.
pub(super) struct Bulk<'p> {
    parts: &'p mut IntoIter<Part>,
    taken: usize,
}

impl<'p> Bulk<'p> {
    pub(super) fn new(parts: &'p mut IntoIter<Part>) -> Self {
        Self { parts, taken: 0 }
    }
}

pub(super) struct Top<'a, 'p, D> {
    pub(super) inner: D,
    pub(super) bulk: &'a mut Bulk<'p>,
}

macro_rules! forward {
    ($($method:ident($($name:ident: $type:ty),*);)*) => { $(
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, Self::Error> {
            self.inner.$method($($name,)* visitor)
        }
    )* };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Top<'_, '_, D> {
    type Error = D::Error;

    forward! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple(len, Tuple { visitor, bulk: self.bulk })
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// The visitor of a tuple, with the bulk parts at hand.
struct Tuple<'a, 'p, V> {
    visitor: V,
    bulk: &'a mut Bulk<'p>,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Tuple<'_, '_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_seq(Elements { inner: elements, bulk: self.bulk })
    }
}

struct Elements<'a, 'p, A> {
    inner: A,
    bulk: &'a mut Bulk<'p>,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, '_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        if !same_type::asks_for_part::<S>() || !goes_beside(self.bulk.taken) {
            return self.inner.next_element_seed(seed);
        }
        let Some(part) = self.bulk.parts.next() else {
            return Err(A::Error::custom("a bulk part is missing"));
        };
        self.bulk.taken += 1;
        same_type::from_part(part)
            .map(Some)
            .ok_or_else(|| A::Error::custom("a bulk part that is not a whole number of elements"))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}
