//! The start function becomes an export.
//!
//! An engine runs a start function as a part of making the instance, where it cannot be stopped between slices of fuel. So the
//! module is rewritten before it is loaded: what its start section named is exported under a name that no compiler makes, and
//! is called like any other function.

use std::borrow::Cow;

/// The name of the start function among the exports, if there is one.
pub const START: &str = "\u{1}start";

const EXPORT: u8 = 7;
const START_SECTION: u8 = 8;
const FUNCTION: u8 = 0;

/// The module with its start function as the export [`START`]; as it was if it has none, or is none.
#[must_use]
pub fn expose_start(module: &[u8]) -> Cow<'_, [u8]> {
    rewritten(module).map_or(Cow::Borrowed(module), Cow::Owned)
}

/// A section: its id, its body, and all of its bytes.
type Section<'a> = ((u8, &'a [u8]), &'a [u8]);

fn rewritten(module: &[u8]) -> Option<Vec<u8>> {
    let (start, _) = sections(module)?.find(|(section, _)| section.0 == START_SECTION)?;
    let (index, rest) = varint(start.1)?;
    if !rest.is_empty() {
        return None;
    }
    let mut entry = Vec::new();
    push_varint(&mut entry, u32::try_from(START.len()).ok()?);
    entry.extend_from_slice(START.as_bytes());
    entry.push(FUNCTION);
    push_varint(&mut entry, index);

    let has_exports = sections(module)?.any(|(section, _)| section.0 == EXPORT);
    let mut rewritten = module.get(..8)?.to_vec();
    for ((id, body), whole) in sections(module)? {
        match id {
            EXPORT => {
                let (count, entries) = varint(body)?;
                let mut exports = Vec::with_capacity(body.len() + entry.len() + 1);
                push_varint(&mut exports, count.checked_add(1)?);
                exports.extend_from_slice(entries);
                exports.extend_from_slice(&entry);
                push_section(&mut rewritten, &exports)?;
            }
            // It stands where exports may stand.
            START_SECTION if !has_exports => push_section(&mut rewritten, &[&[1], &*entry].concat())?,
            START_SECTION => {}
            _ => rewritten.extend_from_slice(whole),
        }
    }
    Some(rewritten)
}

/// The sections; `None` if this does not divide into sections.
fn sections(module: &[u8]) -> Option<impl Iterator<Item = Section<'_>>> {
    let mut rest = module.get(8..).filter(|_| module.starts_with(b"\0asm\x01\0\0\0"))?;
    let mut found = Vec::new();
    while let Some((id, behind)) = rest.split_first() {
        let (length, body) = varint(behind)?;
        let (body, behind) = body.split_at_checked(usize::try_from(length).ok()?)?;
        found.push(((*id, body), &rest[..rest.len() - behind.len()]));
        rest = behind;
    }
    Some(found.into_iter())
}

fn varint(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut number = 0_u64;
    for (position, byte) in bytes.iter().take(5).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * position);
        if *byte < 0x80 {
            return Some((u32::try_from(number).ok()?, &bytes[position + 1..]));
        }
    }
    None
}

fn push_varint(bytes: &mut Vec<u8>, mut number: u32) {
    while number > 0x7f {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn push_section(module: &mut Vec<u8>, exports: &[u8]) -> Option<()> {
    module.push(EXPORT);
    push_varint(module, u32::try_from(exports.len()).ok()?);
    module.extend_from_slice(exports);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{START, expose_start};

    fn exports(text: &str) -> Vec<String> {
        let module = wat::parse_str(text).expect("a module");
        let engine = wasmi::Engine::default();
        let module = wasmi::Module::new(&engine, expose_start(&module)).expect("still a module");
        let mut names: Vec<_> = module.exports().map(|export| export.name().to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_start_function_is_exported_beside_the_others() {
        let text = r#"(module (func $f) (func (export "g")) (start $f) (func (export "h")) (memory 1))"#;
        assert_eq!(exports(text), [START, "g", "h"]);
    }

    #[test]
    fn a_start_function_is_exported_where_nothing_else_is() {
        assert_eq!(
            exports("(module (func $f) (start $f) (table 1 funcref) (elem (i32.const 0) $f))"),
            [START]
        );
    }

    #[test]
    fn what_has_no_start_function_or_is_no_module_stays_as_it_was() {
        let module = wat::parse_str(r#"(module (func (export "g")))"#).expect("a module");
        assert_eq!(expose_start(&module), module);
        for length in 0..module.len() {
            assert_eq!(expose_start(&module[..length]), &module[..length]);
        }
        assert_eq!(expose_start(b"\0asm\x01\0\0\0\x08\x02\x00"), &b"\0asm\x01\0\0\0\x08\x02\x00"[..]);
    }
}
