//! Each example prints what it says it prints.

mod compare;
mod echo;
