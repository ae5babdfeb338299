//! Percent-encoding, taken off.

use std::fmt;

/// A `%` that is not followed by two hexadecimal digits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadEscape {
    /// Where the `%` is, in bytes.
    at: usize,
}

impl fmt::Display for BadEscape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the % at byte {} needs two hexadecimal digits behind it", self.at)
    }
}

/// The bytes that `text` stands for; they need not be UTF-8. A `+` is a `+`: this is a path and not a form.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, BadEscape> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%' {
            let pair =
                bytes.get(at + 1..at + 3).and_then(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?));
            decoded.push(pair.ok_or(BadEscape { at })?);
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    Ok(decoded)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::{BadEscape, decode};

    #[test]
    fn every_byte_comes_back_from_its_escape() {
        for byte in 0..=u8::MAX {
            assert_eq!(decode(&format!("a%{byte:02x}%{byte:02X}z")), Ok(vec![b'a', byte, byte, b'z']));
        }
        assert_eq!(decode("plain/+?ä"), Ok("plain/+?ä".into()));
        assert_eq!(decode(""), Ok(Vec::new()));
    }

    #[test]
    fn an_escape_that_is_none_says_where() {
        for (text, at) in [("%", 0), ("a%4", 1), ("ab%zz", 2), ("%41%+1", 3), ("%%41", 0), ("%ä", 0)] {
            assert_eq!(decode(text), Err(BadEscape { at }), "{text}");
        }
    }
}
