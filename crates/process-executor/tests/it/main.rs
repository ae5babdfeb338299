//! The process pool, tried from outside. Every worker here is this test binary, entered before its `main`.

mod blobs;
mod bulk;
mod calls;
mod captures;
mod crew;
mod endings;
mod failures;
mod help;
mod life;
mod model;
mod retries;
mod shortage;
mod source;
mod starts;
mod stops;
mod suite;
mod surroundings;
