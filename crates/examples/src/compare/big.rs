//! One large object in every place: handed over, hashed, written to a file; and where the way to a process begins to count.

use super::Failure;
use super::progress::Progress;
use super::report::{Machine, machine};
use contract::ExecutorExt;
use process_executor::{Blob, ProcessPool, call};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;
use thread_executor::ThreadPool;

/// Each figure is the median of so many, taken in turn with those of the other places.
const TIMES: usize = 9;
/// The smallest object of the series, and how many times larger the next one is.
const SMALLEST: usize = 4 << 10;
const STEP: usize = 8;

/// What is done with the object where it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Its first byte and its last one are looked at.
    HandOver,
    /// Its SHA-256 is computed.
    Hash,
    /// It is written to a file, which is then removed.
    Write,
}

/// Where it is done, and how the object gets there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Here, by reference.
    Inline,
    /// On a thread, by a counted reference.
    Thread,
    /// In a process, as a `Vec<u8>`.
    ProcessByCopy,
    /// In a process, as a `Blob` that was built in place.
    ProcessByBlob,
}

const DEEDS: [Deed; 3] = [Deed::HandOver, Deed::Hash, Deed::Write];
const WAYS: [Way; 4] = [Way::Inline, Way::Thread, Way::ProcessByCopy, Way::ProcessByBlob];

/// What was found.
#[derive(Debug, Serialize)]
pub struct BigReport {
    /// Where it was measured.
    pub machine: Machine,
    /// One for each size and way.
    pub rows: Vec<BigRow>,
    /// Where the ways cross, in words.
    pub crossing: String,
}

/// One size, one way.
#[derive(Debug, Clone, Serialize)]
pub struct BigRow {
    /// Of the object.
    pub bytes: usize,
    /// How it got there.
    pub way: Way,
    /// Milliseconds until the result was back, when nothing was done with it.
    pub hand_over_ms: f64,
    /// Until its hash was back.
    pub hash_ms: f64,
    /// Until it was written.
    pub write_ms: f64,
}

/// Measures objects from 4 KiB up to `size` bytes.
///
/// # Errors
///
/// [`Failure`]: there is no process pool here, a job failed, or two ways disagree about a result.
pub fn run_big(size: usize) -> Result<BigReport, Failure> {
    let processes = ProcessPool::builder().workers(1).limit(size.saturating_add(1 << 20)).build();
    let processes = processes.map_err(|why| Failure::Input(format!("no process pool here: {why}")))?;
    let threads = ThreadPool::new(NonZeroUsize::MIN);
    let sizes = sizes(size);
    let mut progress = Progress::new();
    progress.expect(sizes.len());
    let mut rows = Vec::new();
    for bytes in sizes {
        progress.begin_row(&format!("{bytes} bytes"));
        rows.extend(of_size(bytes, &threads, &processes)?);
        progress.end(&format!("{:.2} ms by copy", rows.last().map_or(0.0, |row| row.hand_over_ms)));
    }
    Ok(BigReport { machine: machine(), crossing: crossing(&rows), rows })
}

fn sizes(largest: usize) -> Vec<usize> {
    let series = std::iter::successors(Some(SMALLEST), |size| size.checked_mul(STEP));
    series.take_while(|size| *size < largest).chain([largest]).collect()
}

/// The four rows of one size.
fn of_size(bytes: usize, threads: &ThreadPool, processes: &ProcessPool) -> Result<Vec<BigRow>, Failure> {
    let object: Arc<Vec<u8>> = Arc::new((0..bytes).map(|at| (at * 31) as u8).collect());
    let mut blob = processes.blob(bytes).map_err(|why| Failure::Wrong(why.to_string()))?;
    blob.copy_from_slice(&object);
    let places = Places { object, blob: blob.freeze(), threads, processes };
    let mut rows: Vec<BigRow> = WAYS
        .map(|way| BigRow { bytes, way, hand_over_ms: 0.0, hash_ms: 0.0, write_ms: 0.0 })
        .into_iter()
        .collect();
    for deed in DEEDS {
        let mut taken: [Vec<f64>; WAYS.len()] = Default::default();
        // The first of each is not counted: it touches memory for the first time.
        for time in 0..=TIMES {
            let mut results = Vec::new();
            for (way, taken) in WAYS.into_iter().zip(&mut taken) {
                let (result, ms) = places.time(way, deed)?;
                results.push(result);
                if time > 0 {
                    taken.push(ms);
                }
            }
            if results.iter().any(|result| *result != results[0]) {
                return Err(Failure::Wrong(format!("the ways disagree about {bytes} bytes: {results:?}")));
            }
        }
        for (row, taken) in rows.iter_mut().zip(taken) {
            let median = median(taken);
            match deed {
                Deed::HandOver => row.hand_over_ms = median,
                Deed::Hash => row.hash_ms = median,
                Deed::Write => row.write_ms = median,
            }
        }
    }
    Ok(rows)
}

struct Places<'a> {
    object: Arc<Vec<u8>>,
    blob: Blob,
    threads: &'a ThreadPool,
    processes: &'a ProcessPool,
}

impl Places<'_> {
    /// What came of it, and after how many milliseconds. What is given away by value is copied before the clock starts.
    fn time(&self, way: Way, deed: Deed) -> Result<(Done, f64), Failure> {
        let copy = if way == Way::ProcessByCopy { self.object.to_vec() } else { Vec::new() };
        let begun = Instant::now();
        let job = match way {
            Way::Inline => return Ok((perform(deed, &self.object), ms(begun))),
            Way::Thread => {
                let object = self.object.clone();
                self.threads.try_submit(move || perform(deed, &object)).map_err(|why| why.to_string())
            }
            Way::ProcessByCopy => {
                let work = |(deed, bytes): (Deed, Vec<u8>)| perform(deed, &bytes);
                self.processes.try_submit(call(work, (deed, copy))).map_err(|why| why.to_string())
            }
            Way::ProcessByBlob => {
                let work = |(deed, blob): (Deed, Blob)| perform(deed, &blob);
                let blob = self.blob.clone();
                self.processes.try_submit(call(work, (deed, blob))).map_err(|why| why.to_string())
            }
        };
        let done = job.map_err(Failure::Wrong)?.wait().map_err(|why| Failure::Wrong(why.to_string()))?;
        Ok((done, ms(begun)))
    }
}

fn ms(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// What came of a deed: comparable, and small.
type Done = Result<[u8; 32], String>;

fn perform(deed: Deed, bytes: &[u8]) -> Done {
    let mut done = [0; 32];
    match deed {
        Deed::HandOver => {
            done[0] = bytes.first().copied().unwrap_or(0);
            done[1] = bytes.last().copied().unwrap_or(0);
        }
        Deed::Hash => done = Sha256::digest(bytes).into(),
        Deed::Write => {
            let path = std::env::temp_dir().join(format!("anyloop-big-{}", std::process::id()));
            let written = std::fs::write(&path, bytes);
            let _ = std::fs::remove_file(&path);
            written.map_err(|why| format!("{}: {why}", path.display()))?;
        }
    }
    Ok(done)
}

/// Where the way begins to count, from the rows of a series.
fn crossing(rows: &[BigRow]) -> String {
    let of = |way: Way| rows.iter().filter(move |row| row.way == way);
    let (threads, copies, blobs) = (of(Way::Thread), of(Way::ProcessByCopy), of(Way::ProcessByBlob));
    let largest = rows.last().map_or(0, |row| row.bytes);
    let more = |(a, b): (&BigRow, &BigRow)| a.hand_over_ms - b.hand_over_ms;
    let at_most = blobs.clone().zip(threads.clone()).map(more).fold(0.0, f64::max);
    let copied =
        copies.clone().zip(blobs.clone()).find(|(copy, blob)| copy.hand_over_ms > 2.0 * blob.hand_over_ms);
    let mut text = format!(
        "By Blob a process takes at most {} more than a thread to be handed the object, whatever its size up to {}. ",
        span(at_most),
        size(largest)
    );
    text += &match copied {
        Some((copy, _)) => {
            format!("By copy it takes more than twice as long as by Blob from {} on. ", size(copy.bytes))
        }
        None => format!("Up to {} a copy is as good as a Blob. ", size(largest)),
    };
    let worth = blobs.zip(threads).find(|(blob, thread)| blob.hash_ms <= 1.1 * thread.hash_ms);
    text += &match worth {
        Some((blob, _)) => format!(
            "Hashing in a process, by Blob, is within a tenth of hashing on a thread from {} on",
            size(blob.bytes)
        ),
        None => "Hashing in a process is never within a tenth of hashing on a thread here".to_owned(),
    };
    let longest = copies.clone().next_back().map_or(0.0, |copy| copy.hand_over_ms);
    text + &format!("; by copy the largest one took {} to arrive.", span(longest))
}

fn span(ms: f64) -> String {
    if ms < 1.0 { format!("{:.0} µs", ms.max(0.0) * 1e3) } else { format!("{ms:.1} ms") }
}

fn size(bytes: usize) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes.div_ceil(1 << 10)),
        _ => format!("{} MiB", bytes >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bytes: usize, way: Way, hand_over_ms: f64, hash_ms: f64) -> BigRow {
        BigRow { bytes, way, hand_over_ms, hash_ms, write_ms: hash_ms }
    }

    #[test]
    fn the_series_ends_with_the_size_that_was_asked_for() {
        assert_eq!(sizes(100_000), [4096, 32_768, 100_000]);
        assert_eq!(sizes(4096), [4096]);
        assert_eq!(sizes(10), [10]);
    }

    #[test]
    fn the_words_name_the_sizes_at_which_the_ways_cross() {
        let small =
            [(Way::Inline, 0.0), (Way::Thread, 0.01), (Way::ProcessByCopy, 0.03), (Way::ProcessByBlob, 0.02)];
        let large =
            [(Way::Inline, 0.0), (Way::Thread, 0.01), (Way::ProcessByCopy, 40.0), (Way::ProcessByBlob, 0.03)];
        let rows: Vec<BigRow> = small
            .into_iter()
            .map(|(way, ms)| row(4096, way, ms, ms + 0.02))
            .chain(large.into_iter().map(|(way, ms)| row(1 << 20, way, ms, ms + 5.0)))
            .collect();
        let words = crossing(&rows);
        assert!(words.contains("at most 20 µs more than a thread"), "{words}");
        assert!(words.contains("more than twice as long as by Blob from 1 MiB on"), "{words}");
        assert!(words.contains("within a tenth of hashing on a thread from 1 MiB on"), "{words}");
        assert!(words.contains("the largest one took 40.0 ms to arrive"), "{words}");
    }
}
