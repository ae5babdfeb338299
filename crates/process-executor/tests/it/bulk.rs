//! Large byte strings take the by-pass, and come out as they went in.

use crate::help::pool;
use process_executor::{ExecutorExt, call};

const LARGE: usize = 64 << 20;

fn pattern(len: usize) -> Vec<u8> {
    // Repeated, not computed byte by byte: this is a test build.
    let block: Vec<u8> = (0..=250).collect();
    let mut bytes = block.repeat(len / block.len() + 1);
    bytes.truncate(len);
    bytes
}

#[test]
fn sixty_four_mebibytes_there_and_back() {
    let pool = pool(1);
    let bytes = pattern(LARGE);
    let back = pool.try_submit(call(|bytes: Vec<u8>| bytes, bytes.clone())).expect("room");
    assert!(back.wait().expect("it runs") == bytes);
}

#[test]
fn a_large_text_there_and_back() {
    let pool = pool(1);
    let text = "größe ".repeat(LARGE / 8);
    let back = pool.try_submit(call(|text: String| text, text.clone())).expect("room");
    assert!(back.wait().expect("it runs") == text);
}

#[test]
fn large_elements_of_a_tuple_keep_their_places() {
    let pool = pool(1);
    let (a, b) = (pattern(LARGE), vec![9; 3]);
    let swap = |(n, a, text, b): (u32, Vec<u8>, String, Vec<u8>)| (b, text.len(), a, n + 1);
    let back = pool.try_submit(call(swap, (1, a.clone(), "x".repeat(LARGE), b.clone()))).expect("room");
    assert!(back.wait().expect("it runs") == (b, LARGE, a, 2));
}

#[test]
fn large_values_of_other_types_survive_as_well() {
    let pool = pool(1);
    let numbers: Vec<u64> = (0..500_000).collect();
    let back = pool
        .try_submit(call(|numbers: Vec<u64>| numbers.into_iter().rev().collect::<Vec<_>>(), numbers.clone()));
    let mut back = back.expect("room").wait().expect("it runs");
    back.reverse();
    assert_eq!(back, numbers);
}

#[test]
fn a_large_argument_on_its_way_to_one_worker_does_not_keep_another_waiting() {
    use crate::help::{Flag, hang, raise};
    let pool = pool(2);
    // The first worker reads nothing more while it hangs, so what it is sent stays in the parent's hands.
    let flags = [Flag::new(), Flag::new()];
    let stuck = pool.try_submit(call(hang, flags[0].path())).expect("room");
    flags[0].wait();
    let large = pool
        .try_submit(call(
            |(bytes, path): (Vec<u8>, String)| {
                raise(&path);
                bytes.len()
            },
            (pattern(LARGE), flags[1].path()),
        ))
        .expect("room");
    let small: Vec<_> = (0..10).map(|n| pool.try_submit(call(|n: u8| n, n)).expect("room")).collect();
    for (n, job) in small.into_iter().enumerate() {
        assert_eq!(usize::from(job.wait().expect("it runs")), n);
    }
    assert_eq!(large.wait().expect("it runs"), LARGE);
    stuck.cancel();
}
