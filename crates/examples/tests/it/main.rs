//! Each example prints what it says it prints.
