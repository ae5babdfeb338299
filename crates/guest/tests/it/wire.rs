//! The wire is postcard's, to the byte, in both directions.

use guest::wire::{from_bytes, to_bytes};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::fmt::Debug;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    flag: bool,
    small: (u8, i8, u16, i16),
    middle: (u32, i32, f32, char),
    large: (u64, i64, f64),
    huge: (u128, i128),
    text: String,
    bytes: Vec<u8>,
    maybe: (Option<u32>, Option<String>),
    list: Vec<Kind>,
    map: BTreeMap<String, Vec<i32>>,
    unit: (),
    newtype: Wrapped,
    array: [u16; 3],
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wrapped(u64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    Unit,
    Newtype(i64),
    Tuple(u8, String),
    Struct { width: u32, height: u32 },
}

fn everything() -> Everything {
    Everything {
        flag: true,
        small: (255, -128, 65_535, -32_768),
        middle: (u32::MAX, i32::MIN, -1.5, 'ß'),
        large: (u64::MAX, i64::MIN, f64::MIN_POSITIVE),
        huge: (u128::MAX, i128::MIN),
        text: "a text – of some length".repeat(20),
        bytes: (0..=255).collect(),
        maybe: (None, Some(String::new())),
        list: vec![
            Kind::Unit,
            Kind::Newtype(-1),
            Kind::Tuple(7, "seven".into()),
            Kind::Struct { width: 1, height: 0 },
        ],
        map: [("a".to_owned(), vec![1, -1]), ("b".to_owned(), vec![])].into(),
        unit: (),
        newtype: Wrapped(300),
        array: [1, 128, 16_384],
    }
}

fn agrees<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let ours = to_bytes(value).expect("bytes");
    let theirs = postcard::to_allocvec(value).expect("bytes");
    assert_eq!(ours, theirs, "{value:?}");
    assert_eq!(&from_bytes::<T>(&theirs).expect("a value"), value);
    assert_eq!(&postcard::from_bytes::<T>(&ours).expect("a value"), value);
}

#[test]
fn every_kind_of_value_is_written_and_read_as_postcard_does() {
    agrees(&everything());
}

#[test]
fn numbers_at_every_power_of_two_are_written_and_read_as_postcard_does() {
    for shift in 0..128 {
        let number = 1_u128 << shift;
        agrees(&(number, number - 1, number.cast_signed(), number.cast_signed().wrapping_neg()));
        agrees(&(
            (number as u64, number as i64),
            (number as u32, number as i32),
            (number as u16, number as i16),
        ));
    }
}

#[test]
fn a_value_cut_short_anywhere_is_an_error() {
    let whole = to_bytes(&everything()).expect("bytes");
    for length in 0..whole.len() {
        assert!(from_bytes::<Everything>(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
    }
}

#[test]
fn bytes_behind_the_value_are_an_error() {
    let error = from_bytes::<u8>(&[1, 2, 3]).expect_err("two too many");
    assert_eq!(error.to_string(), "2 bytes are left behind the value");
}

#[test]
fn what_postcard_refuses_is_refused() {
    fn refused<T: DeserializeOwned + Debug>(bytes: &[u8]) {
        assert!(postcard::from_bytes::<T>(bytes).is_err(), "postcard reads {bytes:?}");
        from_bytes::<T>(bytes).expect_err("it is no such value");
    }
    refused::<bool>(&[2]);
    refused::<Option<u8>>(&[2, 0]);
    refused::<u16>(&[0x80, 0x80, 0x80]);
    refused::<u16>(&[0xff, 0xff, 0x0f]);
    refused::<u128>(&[0xff; 20]);
    refused::<String>(&[1, 0xff]);
    refused::<Kind>(&[9]);
    refused::<Vec<u8>>(&[0xff, 0xff, 0xff, 0xff, 0x0f, 1]);
}

#[test]
fn a_claim_of_endless_parts_without_bytes_is_refused() {
    let claim = to_bytes(&u64::MAX).expect("bytes");
    let error = from_bytes::<Vec<()>>(&claim).expect_err("nobody reads so many");
    assert_eq!(error.to_string(), "there are more parts than bytes");
    assert_eq!(from_bytes::<Vec<()>>(&[3]).expect("a few are fine").len(), 3);
}

#[test]
fn random_bytes_never_panic() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..20_000 {
        let bytes: Vec<u8> = (0..seed % 64)
            .map(|_| {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                seed.to_le_bytes()[0]
            })
            .collect();
        seed = seed.wrapping_add(1);
        let _ = (
            from_bytes::<Everything>(&bytes),
            from_bytes::<Vec<Kind>>(&bytes),
            from_bytes::<Vec<String>>(&bytes),
        );
    }
}
