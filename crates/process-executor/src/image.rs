//! Which program image this code is part of: offsets of functions mean something only between equal images.
#![expect(unsafe_code, reason = "program headers and build id, read where the loader put them")]

use crate::trampoline::anchor_address;
use nix::libc;
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

/// What the object that holds this crate looks like.
struct Image {
    fingerprint: u64,
    /// Its executable segments.
    code: Vec<std::ops::Range<usize>>,
}

/// A number that differs between images, and is the same in every process that runs one.
pub(crate) fn fingerprint() -> u64 {
    image().fingerprint
}

/// Whether `address` lies in code of the object that holds this crate.
pub(crate) fn holds_code(address: usize) -> bool {
    image().code.iter().any(|segment| segment.contains(&address))
}

fn image() -> &'static Image {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let mut search = Search { found: None };
        // SAFETY: `look` has the signature that is asked for; `search` lives until the call returns, and only `look` uses it.
        unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) };
        let Some(Found { mut hash, code, has_build_id }) = search.found else {
            return Image { fingerprint: 0, code: Vec::new() };
        };
        if !has_build_id && let Ok(file) = std::fs::metadata("/proc/self/exe") {
            // Without a build id two builds may have equal headers: then the file itself must be the same.
            [file.dev(), file.ino(), file.len()].iter().for_each(|number| hash.number(*number));
        }
        Image { fingerprint: hash.0, code }
    })
}

/// The type and the owner of the note that holds a build id (`NT_GNU_BUILD_ID`).
const BUILD_ID: &[u8] = b"\x03\0\0\0GNU\0";

struct Search {
    found: Option<Found>,
}

struct Found {
    hash: Hash,
    code: Vec<std::ops::Range<usize>>,
    has_build_id: bool,
}

/// Looks at one loaded object; stops at the one that holds the anchor.
unsafe extern "C" fn look(
    info: *mut libc::dl_phdr_info,
    _size: usize,
    search: *mut libc::c_void,
) -> libc::c_int {
    // SAFETY: the loader passes a valid description, and the `Search` that `image` lent it.
    let (info, search) = unsafe { (&*info, &mut *search.cast::<Search>()) };
    if info.dlpi_phdr.is_null() {
        return 0;
    }
    // SAFETY: the loader says how many headers there are; they stay mapped as long as the object does.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
    let base = info.dlpi_addr as usize;
    let range = |header: &libc::Elf64_Phdr| {
        let start = base.wrapping_add(header.p_vaddr as usize);
        start..start.wrapping_add(header.p_memsz as usize)
    };
    let code: Vec<_> = headers
        .iter()
        .filter(|header| header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_X != 0)
        .map(range)
        .collect();
    if !code.iter().any(|segment| segment.contains(&anchor_address())) {
        return 0;
    }
    let mut hash = Hash::default();
    let mut has_build_id = false;
    for header in headers {
        let kind = u64::from(header.p_type) << 32 | u64::from(header.p_flags);
        for number in [kind, header.p_offset, header.p_vaddr, header.p_filesz, header.p_memsz] {
            hash.number(number);
        }
        if header.p_type == libc::PT_NOTE {
            let range = range(header);
            // SAFETY: notes lie in a loaded, readable segment of this object, which stays mapped.
            let notes = unsafe { std::slice::from_raw_parts(range.start as *const u8, range.len()) };
            has_build_id |= notes.windows(BUILD_ID.len()).any(|bytes| bytes == BUILD_ID);
            hash.bytes(notes);
        }
    }
    hash.number(anchor_address().wrapping_sub(base) as u64);
    search.found = Some(Found { hash, code, has_build_id });
    1
}

/// FNV-1a: nobody attacks it, it only has to differ.
struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_code_is_in_this_image_and_data_is_not() {
        assert_ne!(fingerprint(), 0);
        assert!(holds_code(anchor_address()));
        let data = Box::new(0_u8);
        assert!(!holds_code(std::ptr::from_ref(&*data) as usize));
        assert!(!holds_code(libc::getpid as *const () as usize), "another object's code");
    }
}
