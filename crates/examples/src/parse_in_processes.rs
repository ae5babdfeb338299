//! Foreign documents, read where a crash costs one document and not the program.
//!
//! ```python
//! import asyncio
//! import os
//! from concurrent.futures import ProcessPoolExecutor
//! from concurrent.futures.process import BrokenProcessPool
//!
//! def words(document):
//!     if document == "evil":
//!         os.abort()
//!     if not document:
//!         raise ValueError("an empty document")
//!     return len(document.split())
//!
//! async def read(document):
//!     loop = asyncio.get_running_loop()
//!     # One that crashes breaks its pool for good, so each document needs one of its own.
//!     with ProcessPoolExecutor(max_workers=1) as pool:
//!         try:
//!             return f"{await loop.run_in_executor(pool, words, document)} words"
//!         except ValueError as error:
//!             return f"not read: {error}"
//!         except BrokenProcessPool:
//!             return "not read: it crashed its reader"
//!
//! async def main():
//!     for document in ["to be or not to be", "evil", "", "that is the question"]:
//!         print(f"{document!r}:", await read(document))
//!
//! if __name__ == "__main__":
//!     asyncio.run(main())
//! ```

use contract::{ExecutorExt, JobError};
use process_executor::{ProcessPool, Stderr, call};
use std::error::Error;
use std::num::NonZeroUsize;

/// Two documents at a time.
const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// How many words a document has: a reader that can be brought down, as readers of foreign formats can.
fn words(document: String) -> usize {
    assert!(!document.is_empty(), "an empty document");
    if document == "evil" {
        std::process::abort();
    }
    document.split_whitespace().count()
}

/// What came of it, in words.
fn told(outcome: Result<usize, JobError>) -> String {
    match outcome {
        Ok(words) => format!("{words} words"),
        Err(JobError::Panicked(panic)) => format!("not read: {}", panic.message()),
        Err(JobError::WorkerDied(_)) => "not read: it crashed its reader".to_owned(),
        Err(error) => format!("not read: {error}"),
    }
}

/// # Errors
///
/// If no worker starts.
pub async fn main() -> Result<(), Box<dyn Error>> {
    let pool = ProcessPool::builder().workers(2).stderr(Stderr::Keep).build()?;
    let documents = ["to be or not to be", "evil", "", "that is the question"];
    let mut outcomes = pool.map(documents.map(|document| call(words, document.to_owned())), TWO);
    for document in documents {
        let outcome = outcomes.next().await.ok_or("an outcome for each document")?;
        println!("'{document}': {}", told(outcome));
    }
    Ok(())
}
