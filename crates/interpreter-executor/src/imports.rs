//! What a guest may call of the host: only what is added here, by name.

use crate::{Value, ValueType};
use std::fmt;
use std::sync::Arc;

/// Host functions for a module. Without any, a guest can compute, answer, and nothing else.
///
/// # Examples
///
/// ```
/// use interpreter_executor::{Imports, Value, ValueType};
///
/// let imports = Imports::new().function("env", "double", &[ValueType::I32], Some(ValueType::I32), |_, args| {
///     let [Value::I32(number)] = args else { return Err("not one number".into()) };
///     Ok(Some(Value::I32(number * 2)))
/// });
/// ```
#[derive(Clone, Default)]
pub struct Imports {
    functions: Vec<HostFunction>,
}

/// A function of the host, as an engine needs it.
#[derive(Clone)]
#[non_exhaustive]
pub struct HostFunction {
    /// The module that a guest imports it from.
    pub module: String,
    /// Its name there.
    pub name: String,
    /// The types of what it takes.
    pub params: Vec<ValueType>,
    /// The type of what it gives, if it gives something.
    pub result: Option<ValueType>,
    /// What it does.
    pub body: HostBody,
}

/// What a host function does.
pub(crate) type HostBody =
    Arc<dyn Fn(&mut HostMemory<'_>, &[Value]) -> Result<Option<Value>, String> + Send + Sync>;

/// The memory of the guest that calls a host function.
#[derive(Debug)]
pub struct HostMemory<'a> {
    bytes: &'a mut [u8],
}

impl Imports {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a guest call `body` as `name` of `module`. It runs on the thread of the call and is not stopped at a deadline:
    /// it should return soon, or ask [`checkpoint`](contract::checkpoint).
    ///
    /// An error ends the call as [`GuestError::Host`](contract::GuestError::Host), a panic as
    /// [`JobError::Panicked`](contract::JobError::Panicked).
    #[must_use]
    pub fn function(
        mut self,
        module: impl Into<String>,
        name: impl Into<String>,
        params: &[ValueType],
        result: Option<ValueType>,
        body: impl Fn(&mut HostMemory<'_>, &[Value]) -> Result<Option<Value>, String> + Send + Sync + 'static,
    ) -> Self {
        self.functions.push(HostFunction {
            module: module.into(),
            name: name.into(),
            params: params.to_vec(),
            result,
            body: Arc::new(body),
        });
        self
    }

    /// For engines: the functions. Of two with one name the later counts.
    #[must_use]
    pub fn functions(&self) -> &[HostFunction] {
        &self.functions
    }

    /// For engines: the function that a guest imports.
    #[must_use]
    pub fn find(&self, module: &str, name: &str) -> Option<&HostFunction> {
        self.functions.iter().rev().find(|function| function.module == module && function.name == name)
    }
}

impl HostFunction {
    /// For engines: runs it, and looks at what it gives.
    ///
    /// # Errors
    ///
    /// What it says, or that its result is not of the type that it announced.
    pub fn call(&self, memory: &mut [u8], args: &[Value]) -> Result<Option<Value>, String> {
        let result = (self.body)(&mut HostMemory { bytes: memory }, args)?;
        if result.map(Value::of_type) == self.result {
            Ok(result)
        } else {
            Err(format!("it gave {result:?} and had announced {:?}", self.result))
        }
    }
}

impl HostMemory<'_> {
    /// The bytes at `pointer`.
    ///
    /// # Errors
    ///
    /// In words, if they are not all in the guest's memory.
    pub fn read(&self, pointer: usize, length: usize) -> Result<&[u8], String> {
        let end = pointer.checked_add(length);
        end.and_then(|end| self.bytes.get(pointer..end)).ok_or_else(|| self.outside(pointer, length))
    }

    /// Puts `bytes` at `pointer`.
    ///
    /// # Errors
    ///
    /// In words, if they do not all fit into the guest's memory there.
    pub fn write(&mut self, pointer: usize, bytes: &[u8]) -> Result<(), String> {
        let outside = self.outside(pointer, bytes.len());
        let end = pointer.checked_add(bytes.len());
        let place = end.and_then(|end| self.bytes.get_mut(pointer..end)).ok_or(outside)?;
        place.copy_from_slice(bytes);
        Ok(())
    }

    fn outside(&self, pointer: usize, length: usize) -> String {
        format!("{length} bytes at {pointer} are not in the guest's {} bytes of memory", self.bytes.len())
    }
}

impl fmt::Debug for Imports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.functions).finish()
    }
}

impl fmt::Debug for HostFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}{:?} -> {:?}", self.module, self.name, self.params, self.result)
    }
}
