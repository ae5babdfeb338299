//! The process pool, tried from outside. Every worker here is this test binary, entered before its `main`.

mod ahead;
mod blobs;
mod bulk;
mod calls;
mod captures;
mod chaos;
mod chunks;
mod crew;
mod endings;
mod failures;
mod help;
mod index;
mod life;
mod model;
mod retries;
mod shortage;
mod source;
mod starts;
mod stops;
mod suite;
mod surroundings;
