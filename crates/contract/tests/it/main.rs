//! The contract, tried from outside: what compiles, what a job promises, how places are given out.

mod compiles;
mod job;
mod many;
mod room;
