//! The pool, tried from outside, with guests that are written as text.

mod bad_modules;
mod calls;
mod guests;
mod help;
mod here;
mod hosts;
mod interp;
mod limits;
mod published;
mod reuse;
mod stops;
mod suite;

use help::{LONG, NONE, count, ended, failure, loaded, outcome, output, start, threads};
use interpreter_executor::{Builder, InterpreterPool};

/// A pool to be described. The tests run on other engines by another form of this.
fn builder() -> Builder {
    InterpreterPool::builder()
}
