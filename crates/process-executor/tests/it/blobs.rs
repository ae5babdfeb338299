//! Large bytes that are shared: built in place, read by many, filled again, sealed, and never harmful.

use crate::help::{Flag, builder, death, hang, pid_of, pool, raise, sigkill, until};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use process_executor::{Blob, BlobMut, ExecutorExt, Job, JobError, ProcessPool, Side, call};
use std::io::IoSlice;
use std::os::fd::AsRawFd;
use std::sync::Mutex;

const LARGE: usize = 4 << 20;

fn filled(pool: &ProcessPool, byte: u8) -> Blob {
    let mut bytes = pool.blob(LARGE).expect("there is memory");
    bytes.fill(byte);
    bytes.freeze()
}

/// A job: the sum of all bytes.
fn sum(blob: Blob) -> u64 {
    blob.iter().map(|byte| u64::from(*byte)).sum()
}

#[test]
fn one_copy_is_read_by_many_workers() {
    let pool = pool(3);
    assert!(pool.stats().shares_memory, "this system lets memory be shared");
    let blob = filled(&pool, 2);
    assert!(blob.is_shared());
    let jobs: Vec<_> = (0..9_u64)
        .map(|n| pool.try_submit(call(|(blob, n)| sum(blob) + n, (blob.clone(), n))).expect("room"))
        .collect();
    for (n, job) in jobs.into_iter().enumerate() {
        assert_eq!(job.wait().expect("it runs"), 2 * LARGE as u64 + n as u64);
    }
}

#[test]
fn small_blobs_and_empty_ones_cross_as_well() {
    let pool = pool(1);
    for len in [0, 1, 5, 1000, 65_535, 65_536] {
        let mut bytes = pool.blob(len).expect("there is memory");
        bytes.fill(9);
        let back =
            pool.try_submit(call(|blob: Blob| (blob.len(), blob), bytes.freeze())).expect("room").wait();
        let (there, here) = back.expect("it runs");
        assert_eq!((there, here.len()), (len, len));
        assert!(here.iter().all(|byte| *byte == 9));
    }
}

#[test]
fn numbers_are_seen_where_they_lie() {
    let pool = pool(1);
    let mut bytes = pool.blob(LARGE).expect("there is memory");
    for (n, number) in bytes.view_mut::<f64>().expect("whole numbers").iter_mut().enumerate() {
        *number = n as f64;
    }
    let sum = |blob: Blob| blob.view::<f64>().expect("whole numbers").iter().sum::<f64>();
    let count = (LARGE / 8) as f64;
    let job = pool.try_submit(call(sum, bytes.freeze())).expect("room");
    assert_eq!(job.wait().expect("it runs"), count * (count - 1.0) / 2.0);
}

#[test]
fn the_memory_of_a_blob_that_is_gone_everywhere_is_filled_again() {
    let pool = pool(2);
    let first = filled(&pool, 1);
    let place = first.as_ptr();
    let job = pool.try_submit(call(sum, first)).expect("room");
    job.wait().expect("it runs");
    until("it is the same memory", || {
        let again = filled(&pool, 3);
        let is_same = again.as_ptr() == place;
        assert_eq!(
            pool.try_submit(call(sum, again)).expect("room").wait().expect("it runs"),
            3 * LARGE as u64
        );
        is_same
    });
}

static KEPT: Mutex<Option<Blob>> = Mutex::new(None);

#[test]
fn what_a_worker_keeps_is_not_changed_under_it() {
    let pool = pool(1);
    let keep = |blob: Blob| drop(KEPT.lock().expect("no panic").replace(blob));
    let kept = |()| KEPT.lock().expect("no panic").as_ref().map(|blob| sum(blob.clone()));
    pool.try_submit(call(keep, filled(&pool, 1))).expect("room").wait().expect("it runs");
    for byte in 2..20 {
        let other = filled(&pool, byte);
        assert_eq!(
            pool.try_submit(call(sum, other)).expect("room").wait().expect("it runs"),
            u64::from(byte) * LARGE as u64
        );
        let kept = pool.try_submit(call(kept, ())).expect("room").wait().expect("it runs");
        assert_eq!(kept, Some(LARGE as u64), "after {byte}");
    }
}

#[test]
fn what_a_dead_worker_had_is_given_back() {
    let pool = pool(1);
    let flag = Flag::new();
    let blob = filled(&pool, 1);
    let place = blob.as_ptr();
    let hangs = |(path, _blob): (String, Blob)| hang(path);
    let job = pool.try_submit(call(hangs, (flag.path(), blob))).expect("room");
    let worker = flag.wait();
    assert_ne!(filled(&pool, 2).as_ptr(), place, "it is in use");
    sigkill(worker);
    death(job.wait());
    until("it is the same memory", || filled(&pool, 2).as_ptr() == place);
}

#[test]
fn a_result_is_sealed_and_crosses_without_a_copy() {
    let pool = pool(1);
    let make = |len: usize| {
        let mut bytes = BlobMut::new(len);
        bytes.fill(5);
        bytes.freeze()
    };
    let blob = pool.try_submit(call(make, LARGE)).expect("room").wait().expect("it runs");
    assert!(blob.is_shared() && sum(blob.clone()) == 5 * LARGE as u64);
    // And on to another worker.
    let mut job = pool.try_submit(call(sum, blob.clone())).expect("room");
    assert_eq!(job.wait_timeout(crate::help::LONG).expect("in time").expect("it runs"), 5 * LARGE as u64);
    let twice = |blob: Blob| (blob.clone(), blob);
    let (one, two) = pool.try_submit(call(twice, blob)).expect("room").wait().expect("it runs");
    assert_eq!(one.as_ptr(), two.as_ptr());
}

#[test]
fn an_argument_that_comes_back_is_the_same_memory() {
    let pool = pool(1);
    let blob = filled(&pool, 7);
    let back = pool.try_submit(call(|blob: Blob| blob, blob.clone())).expect("room").wait().expect("it runs");
    assert_eq!(back.as_ptr(), blob.as_ptr());
}

#[test]
fn a_blob_of_a_pool_within_a_worker_comes_back_whole() {
    let nested = |()| {
        let pool = crate::help::pool(1);
        let blob = filled(&pool, 6);
        assert_eq!(
            pool.try_submit(call(sum, blob.clone())).expect("room").wait().expect("it runs"),
            6 * LARGE as u64
        );
        blob
    };
    let lends_on = |blob: Blob| {
        let pool = crate::help::pool(1);
        pool.try_submit(call(sum, blob)).expect("room").wait().expect("it runs")
    };
    let pool = pool(1);
    let blob = pool.try_submit(call(nested, ())).expect("room").wait().expect("it runs");
    assert_eq!(sum(blob), 6 * LARGE as u64);
    let job = pool.try_submit(call(lends_on, filled(&pool, 1))).expect("room");
    assert_eq!(job.wait().expect("it runs"), LARGE as u64);
}

#[test]
fn a_worker_cannot_write_to_what_it_was_lent() {
    let pool = pool(1);
    let tries = |_blob: Blob| {
        let mut found = 0;
        for entry in std::fs::read_dir("/proc/self/fd").expect("it is mounted").flatten() {
            let target = std::fs::read_link(entry.path()).unwrap_or_default();
            if target.to_string_lossy().contains("memfd:") {
                found += 1;
                let opened = std::fs::OpenOptions::new().write(true).open(entry.path());
                let written = opened.and_then(|file| std::os::unix::fs::FileExt::write_at(&file, b"x", 0));
                assert!(written.is_err(), "it was written");
            }
        }
        found
    };
    let blob = filled(&pool, 1);
    let job = pool.try_submit(call(tries, blob.clone())).expect("room");
    assert_eq!(job.wait().expect("it runs"), 1);
    assert_eq!(blob[0], 1);
}

/// In a job: sends a segment frame by hand, as a worker that has gone mad would.
fn send_segment(file: &impl AsRawFd, size: u64) {
    let mut frame = vec![0xEC, 0xE7, 2, 12, 0, 0, 0, 0];
    for number in [77, size, 0] {
        frame.extend(u64::to_le_bytes(number));
    }
    let rights = [file.as_raw_fd()];
    let beside = [ControlMessage::ScmRights(&rights)];
    sendmsg::<()>(3, &[IoSlice::new(&frame)], &beside, MsgFlags::empty(), None).expect("it is open");
}

#[test]
fn a_truncated_segment_and_one_that_is_no_memory_cost_the_worker_and_nothing_else() {
    let pool = pool(1);
    let truncated = |()| {
        let flags = nix::sys::memfd::MFdFlags::MFD_ALLOW_SEALING;
        let file = nix::sys::memfd::memfd_create(c"short", flags).expect("it is made");
        nix::unistd::ftruncate(&file, 4096).expect("it is small");
        send_segment(&file, 1 << 20);
    };
    let strange = |()| send_segment(&std::fs::File::open("/dev/zero").expect("it is there"), 4096);
    let too_large = |()| {
        let flags = nix::sys::memfd::MFdFlags::MFD_ALLOW_SEALING;
        let file = nix::sys::memfd::memfd_create(c"sparse", flags).expect("it is made");
        nix::unistd::ftruncate(&file, 1 << 42).expect("it is sparse");
        send_segment(&file, 1 << 42);
    };
    let before = pid_of(&pool);
    let submit: [(&dyn Fn() -> Job<()>, &str); 3] = [
        (&|| pool.try_submit(call(truncated, ())).expect("room"), "that has 4096"),
        (&|| pool.try_submit(call(strange, ())).expect("room"), "no memory"),
        (&|| pool.try_submit(call(too_large, ())).expect("room"), "more than the limit"),
    ];
    for (submit, words) in submit {
        match submit().wait() {
            Err(JobError::Codec(error)) => {
                assert!(error.side == Side::Parent && error.detail.contains(words), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_ne!(pid_of(&pool), before);
}

#[test]
fn a_segment_that_is_not_sealed_is_copied() {
    // Whoever made it could change it or cut it off at any time; it must not be mapped here.
    let pool = pool(1);
    let unsealed = |()| {
        let flags = nix::sys::memfd::MFdFlags::MFD_ALLOW_SEALING;
        let file = nix::sys::memfd::memfd_create(c"open", flags).expect("it is made");
        let file = std::fs::File::from(file);
        std::os::unix::fs::FileExt::write_all_at(&file, &[4; 4096], 0).expect("it is written");
        send_segment(&file, 4096);
        7
    };
    assert_eq!(pool.try_submit(call(unsealed, ())).expect("room").wait().expect("it runs"), 7);
}

/// In a job, whose descriptors are nobody else's: a hundred kills of workers that have blobs.
fn kills((): ()) -> (usize, usize) {
    let pool = builder().workers(2).arena(0).build().expect("a pool");
    let memories = || {
        let open = std::fs::read_dir("/proc/self/fd").expect("it is mounted").flatten();
        open.filter(|entry| {
            std::fs::read_link(entry.path()).is_ok_and(|target| target.to_string_lossy().contains("memfd:"))
        })
        .count()
    };
    for _ in 0..100 {
        let dies = |_blob: Blob| std::process::abort();
        let _death: Result<(), JobError> =
            pool.try_submit(call(dies, filled(&pool, 1))).expect("room").wait();
    }
    until("no segment is left", || memories() == 0);
    (memories(), crate::life::zombies())
}

#[test]
fn kills_leave_no_segment() {
    let pool = pool(1);
    assert_eq!(pool.try_submit(call(kills, ())).expect("room").wait().expect("it runs"), (0, 0));
    let flag = Flag::new();
    pool.try_submit(call(|path: String| raise(&path), flag.path())).expect("room").wait().expect("it runs");
}
