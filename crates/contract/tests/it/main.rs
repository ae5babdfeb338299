//! The contract, tried from outside: what compiles, what a job promises, how places are given out.

mod by_hand;
mod compiles;
mod control;
mod job;
mod many;
mod map;
mod outcome;
mod room;
mod stress;
mod waiting;
