//! The comparison as a program.
