//! Why a module was not loaded.

use std::fmt;

/// Why a module was not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadError {
    /// It is no valid module, in the engine's words.
    Invalid(String),
    /// It imports what nobody provides.
    MissingImports(Vec<Import>),
    /// It imports a function as another type than it has.
    ImportType {
        /// Which one.
        import: Import,
        /// The type that the host's function has.
        provided: String,
    },
    /// It exports no memory of the name `memory`, which the protocol needs.
    NoMemory,
    /// It needs more memory to begin with than it may have.
    TooLarge {
        /// How many bytes it needs.
        needs: usize,
        /// How many it may have.
        limit: usize,
    },
}

/// What a module wants from its host.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Import {
    /// The module that it wants it from.
    pub module: String,
    /// Its name there.
    pub name: String,
    /// What it should be: a function's type, or `memory`, `table`, `global`.
    pub kind: String,
}

impl Import {
    /// `name` of `module`, which should be a `kind`.
    #[must_use]
    pub fn new(module: impl Into<String>, name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { module: module.into(), name: name.into(), kind: kind.into() }
    }
}

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of `{}` ({})", self.name, self.module, self.kind)
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(why) => write!(f, "this is no valid module: {why}"),
            Self::MissingImports(imports) => {
                f.write_str("the module imports what nobody provides: ")?;
                for (number, import) in imports.iter().enumerate() {
                    write!(f, "{}{import}", if number == 0 { "" } else { ", " })?;
                }
                f.write_str("; add it to the `Imports`, or build the module without it")
            }
            Self::ImportType { import, provided } => {
                write!(f, "the module imports {import}, which the host provides as {provided}")
            }
            Self::NoMemory => f.write_str("the module exports no memory of the name `memory`"),
            Self::TooLarge { needs, limit } => {
                write!(
                    f,
                    "the module begins with {needs} bytes of memory and may have {limit}: raise the limit"
                )
            }
        }
    }
}

impl std::error::Error for LoadError {}
