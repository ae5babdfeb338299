//! What a module wants, against what is there, whatever the engine.

use super::exchange::{PROTOCOL, SEND_RESULT, WRITE_ARGUMENTS};
use crate::{Import, Imports, Limits, LoadError, PAGE, ValueType};
use std::fmt;

/// The type of a function, as far as a host function can have it: other types are `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    params: Vec<Option<ValueType>>,
    results: Vec<Option<ValueType>>,
}

impl Signature {
    /// From these parameters to these results.
    pub fn new(
        params: impl IntoIterator<Item = Option<ValueType>>,
        results: impl IntoIterator<Item = Option<ValueType>>,
    ) -> Self {
        Self { params: params.into_iter().collect(), results: results.into_iter().collect() }
    }

    /// How many arguments a call of the protocol brings, if this is the type of one.
    #[must_use]
    pub fn arity(&self) -> Option<usize> {
        let lengths = self.params.iter().all(|param| *param == Some(ValueType::I32));
        (lengths && self.results == [Some(ValueType::I32)]).then_some(self.params.len())
    }

    /// The type of what is provided under this name.
    fn provided(imports: &Imports, module: &str, name: &str) -> Option<Self> {
        let number = Some(ValueType::I32);
        match (module, name) {
            (PROTOCOL, WRITE_ARGUMENTS) => Some(Self::new([number], [])),
            (PROTOCOL, SEND_RESULT) => Some(Self::new([number, number], [])),
            _ => imports.find(module, name).map(|function| {
                Self::new(function.params.iter().copied().map(Some), function.result.map(Some))
            }),
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (types, end) in [(&self.params, " -> "), (&self.results, "")] {
            f.write_str("(")?;
            for (number, ty) in types.iter().enumerate() {
                let separator = if number == 0 { "" } else { ", " };
                match ty {
                    Some(ty) => write!(f, "{separator}{ty:?}")?,
                    None => write!(f, "{separator}a reference")?,
                }
            }
            write!(f, "){end}")?;
        }
        Ok(())
    }
}

/// What a module imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A function of this type.
    Function(Signature),
    /// `memory`, `table`, `global` …: nothing that is ever provided.
    Other(&'static str),
}

/// For engines: whether all imports of a module, each with its module and name, are provided, and with the right type.
///
/// # Errors
///
/// Everything that is missing, not only the first; and then the first that is there with another type.
pub fn check_imports<'a>(
    imports: &Imports,
    wanted: impl IntoIterator<Item = (&'a str, &'a str, Wanted)>,
) -> Result<(), LoadError> {
    let mut missing = Vec::new();
    let mut unlike = None;
    for (module, name, wanted) in wanted {
        match wanted {
            Wanted::Other(kind) => missing.push(Import::new(module, name, kind)),
            Wanted::Function(wanted) => match Signature::provided(imports, module, name) {
                None => missing.push(Import::new(module, name, wanted.to_string())),
                Some(provided) if provided == wanted => {}
                Some(provided) => {
                    let import = Import::new(module, name, wanted.to_string());
                    let provided = provided.to_string();
                    unlike = unlike.or(Some(LoadError::ImportType { import, provided }));
                }
            },
        }
    }
    match (missing.is_empty(), unlike) {
        (false, _) => Err(LoadError::MissingImports(missing)),
        (true, Some(unlike)) => Err(unlike),
        (true, None) => Ok(()),
    }
}

/// For engines: whether the memory that a module exports as `memory`, of so many pages to begin with, may be so large.
///
/// # Errors
///
/// There is none, or it is too large.
pub fn check_memory(limits: &Limits, pages: Option<u64>) -> Result<(), LoadError> {
    let pages = pages.ok_or(LoadError::NoMemory)?;
    let needs = usize::try_from(pages).unwrap_or(usize::MAX).saturating_mul(PAGE);
    if needs > limits.memory {
        return Err(LoadError::TooLarge { needs, limit: limits.memory });
    }
    Ok(())
}
