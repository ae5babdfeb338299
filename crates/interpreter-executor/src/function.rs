//! A guest's function that takes and gives values.

use crate::call::{GuestCall, TypedCall};
use crate::engine::Arguments;
use crate::module::Module;
use contract::{CodecError, Side};
use guest::wire;
use serde_core::Serialize;
use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;

/// A guest's function with the types of its arguments, a tuple, and of its result. Made by [`Module::function`].
///
/// Both cross as postcard. That the guest means the same types is for whoever writes both: bytes that do not fit are
/// [`JobError::Codec`](contract::JobError::Codec), or the guest's own error.
pub struct Function<A, R> {
    module: Module,
    export: usize,
    types: PhantomData<fn(A) -> R>,
}

impl<A, R> Function<A, R> {
    pub(crate) fn new(module: Module, export: usize) -> Self {
        Self { module, export, types: PhantomData }
    }
}

impl<A: Serialize, R> Function<A, R> {
    /// A call with these arguments. If they cannot be written, that is why it is refused.
    pub fn call(&self, arguments: A) -> TypedCall<R> {
        let (bytes, unwritten) = match wire::to_bytes(&arguments) {
            Ok(bytes) => (bytes, None),
            Err(error) => {
                (Vec::new(), Some(CodecError::new(Side::Parent, type_name::<A>(), error.to_string())))
            }
        };
        let call = GuestCall::new(self.module.clone(), Ok(self.export), Arguments::one(bytes));
        TypedCall::new(call, unwritten)
    }
}

impl<A, R> Clone for Function<A, R> {
    fn clone(&self) -> Self {
        Self::new(self.module.clone(), self.export)
    }
}

impl<A, R> fmt::Debug for Function<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function<{}, {}>", type_name::<A>(), type_name::<R>())
    }
}
