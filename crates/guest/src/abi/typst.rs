//! The two imports of Typst's plugin protocol.
#![expect(unsafe_code, reason = "imports are functions that the compiler knows nothing about")]

use super::Host;

#[link(wasm_import_module = "typst_env")]
unsafe extern "C" {
    fn wasm_minimal_protocol_write_args_to_buffer(buffer: *mut u8);
    fn wasm_minimal_protocol_send_result_to_host(result: *const u8, length: usize);
}

/// The host that runs this guest.
#[derive(Debug, Clone, Copy)]
pub struct Typst;

impl Host for Typst {
    fn write_args(&self, buffer: &mut [u8]) {
        // SAFETY: the host writes as many bytes as it announced in the lengths that it called the export with, and the
        // buffer was made of just those.
        unsafe { wasm_minimal_protocol_write_args_to_buffer(buffer.as_mut_ptr()) }
    }

    fn send_result(&self, result: &[u8]) {
        // SAFETY: the host only reads, and only these bytes, before it returns.
        unsafe { wasm_minimal_protocol_send_result_to_host(result.as_ptr(), result.len()) }
    }
}
