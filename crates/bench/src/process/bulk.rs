//! A hundred mebibytes to a worker process: built where it can read them, copied there, or given as a vector; and back.

use super::WORKERS;
use crate::clock::{Size, median};
use crate::placement::Placement;
use crate::python;
use crate::table::{Bench, Contender, Failure, US};
use contract::ExecutorExt;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;
use process_executor::{Blob, ProcessPool, call};
use std::cell::RefCell;
use std::hint::black_box;
use std::io::IoSliceMut;
use std::time::Instant;

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "process.bulk_in_place",
        about: "100 MiB that were built where a worker can read them: submit, the worker adds all words, await the sum",
        unit: US,
        placement: Placement::Free,
        contenders: &[
            Contender { name: "process-executor", measure: in_place },
            Contender { name: "raw-local-read", measure: local_read },
        ],
    },
    Bench {
        name: "process.bulk_copied",
        about: "100 MiB copied from warm memory into a recycled blob, submit, the worker adds all words, await the sum",
        unit: US,
        placement: Placement::Free,
        contenders: &[
            Contender { name: "process-executor", measure: copied },
            Contender { name: "raw-local-copy-and-read", measure: local_copy },
        ],
    },
    Bench {
        name: "process.bulk_vec",
        about: "a Vec<u8> of 100 MiB as the argument, the worker adds all words, await the sum",
        unit: US,
        placement: Placement::Free,
        contenders: &[
            Contender { name: "process-executor", measure: vector },
            Contender { name: "raw-vm-readv", measure: vm_readv },
            Contender { name: "raw-procspawn", measure: procspawn_vector },
            Contender {
                name: "raw-python3.13-processpool",
                measure: |size| Ok(python::process("3.13", size, "bytes", 1)? / 1000.0),
            },
        ],
    },
    Bench {
        name: "process.bulk_result",
        about: "a worker fills 100 MiB and gives them back, and all words are added here",
        unit: US,
        placement: Placement::Free,
        contenders: &[
            Contender { name: "process-executor-blob", measure: blob_back },
            Contender { name: "process-executor-vec", measure: vector_back },
            Contender { name: "raw-local-fill-and-read", measure: local_fill },
        ],
    },
];

fn len(size: Size) -> usize {
    match size {
        Size::Full => 100 << 20,
        Size::Smoke => 1 << 20,
    }
}

/// The sum of all words: reads every byte, and no faster than memory gives them.
fn sum(bytes: &[u8]) -> u64 {
    let words = bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
    words.fold(0, u64::wrapping_add)
}

/// Microseconds that `run` takes of what `prepare` gives, which is not counted.
fn time<T>(
    size: Size,
    mut prepare: impl FnMut() -> T,
    mut run: impl FnMut(T) -> Result<u64, Failure>,
) -> Result<f64, Failure> {
    run(prepare())?;
    let (mut all, first) = (Vec::new(), Instant::now());
    while size.goes_on(all.len(), first) {
        let given = prepare();
        let begin = Instant::now();
        black_box(run(given)?);
        all.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    Ok(median(all))
}

fn pool() -> Result<ProcessPool, Failure> {
    ProcessPool::new(1).map_err(Failure::broken)
}

fn in_place(size: Size) -> Result<f64, Failure> {
    let pool = pool()?;
    let mut bytes = pool.blob(len(size)).map_err(Failure::broken)?;
    bytes.fill(1);
    let blob = bytes.freeze();
    time(size, || blob.clone(), |blob| send(&pool, blob))
}

fn send(pool: &ProcessPool, blob: Blob) -> Result<u64, Failure> {
    let job = pool.try_submit(call(|blob: Blob| sum(&blob), blob)).map_err(Failure::broken)?;
    job.wait().map_err(Failure::broken)
}

fn local_read(size: Size) -> Result<f64, Failure> {
    let bytes = vec![1_u8; len(size)];
    time(size, || (), |()| Ok(sum(black_box(&bytes))))
}

fn copied(size: Size) -> Result<f64, Failure> {
    let pool = pool()?;
    let bytes = vec![1_u8; len(size)];
    time(
        size,
        || (),
        |()| {
            let mut blob = pool.blob(bytes.len()).map_err(Failure::broken)?;
            blob.copy_from_slice(black_box(&bytes));
            send(&pool, blob.freeze())
        },
    )
}

fn local_copy(size: Size) -> Result<f64, Failure> {
    let (bytes, mut copy) = (vec![1_u8; len(size)], vec![2_u8; len(size)]);
    time(
        size,
        || (),
        |()| {
            copy.copy_from_slice(black_box(&bytes));
            Ok(sum(black_box(&copy)))
        },
    )
}

/// What both must cost: memory that is there already, filled and read by one thread.
fn local_fill(size: Size) -> Result<f64, Failure> {
    let mut bytes = vec![2_u8; len(size)];
    time(
        size,
        || (),
        |()| {
            black_box(&mut bytes).fill(1);
            Ok(sum(black_box(&bytes)))
        },
    )
}

fn vector(size: Size) -> Result<f64, Failure> {
    let pool = pool()?;
    let bytes = vec![1_u8; len(size)];
    time(
        size,
        || bytes.clone(),
        |bytes| {
            let job = pool.try_submit(call(|bytes: Vec<u8>| sum(&bytes), bytes)).map_err(Failure::broken)?;
            job.wait().map_err(Failure::broken)
        },
    )
}

thread_local! {
    /// In a worker: memory that has been touched, to read another process's into.
    static WARM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A job: reads the memory of its parent.
fn read_parent((pid, address, len): (i32, usize, usize)) -> Result<u64, String> {
    WARM.with_borrow_mut(|warm| {
        warm.resize(len, 0);
        let there = [RemoteIoVec { base: address, len }];
        let read = process_vm_readv(Pid::from_raw(pid), &mut [IoSliceMut::new(warm)], &there);
        match read {
            Ok(count) if count == len => Ok(sum(warm)),
            Ok(count) => Err(format!("{count} bytes of {len}")),
            Err(error) => Err(error.to_string()),
        }
    })
}

fn vm_readv(size: Size) -> Result<f64, Failure> {
    let pool = pool()?;
    let bytes = vec![1_u8; len(size)];
    let pid = std::process::id().cast_signed();
    time(
        size,
        || (),
        |()| {
            let place = (pid, black_box(&bytes).as_ptr() as usize, bytes.len());
            let job = pool.try_submit(call(read_parent, place)).map_err(Failure::broken)?;
            job.wait().map_err(Failure::broken)?.map_err(Failure::CannotRunHere)
        },
    )
}

fn procspawn_vector(size: Size) -> Result<f64, Failure> {
    let pool = procspawn::Pool::new(WORKERS).map_err(Failure::broken)?;
    let bytes = vec![1_u8; len(size)];
    time(
        size,
        || bytes.clone(),
        |bytes| pool.spawn(bytes, |bytes| sum(&bytes)).join().map_err(Failure::broken),
    )
}

fn blob_back(size: Size) -> Result<f64, Failure> {
    let pool = pool()?;
    let fill = |len: usize| {
        let mut bytes = process_executor::BlobMut::new(len);
        bytes.fill(1);
        bytes.freeze()
    };
    time(
        size,
        || (),
        |()| {
            let job = pool.try_submit(call(fill, len(size))).map_err(Failure::broken)?;
            Ok(sum(&job.wait().map_err(Failure::broken)?))
        },
    )
}

fn vector_back(size: Size) -> Result<f64, Failure> {
    let pool = pool()?;
    time(
        size,
        || (),
        |()| {
            let job =
                pool.try_submit(call(|len: usize| vec![1_u8; len], len(size))).map_err(Failure::broken)?;
            Ok(sum(&job.wait().map_err(Failure::broken)?))
        },
    )
}
