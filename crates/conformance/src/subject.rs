//! A subject: something that behaviours are tried on, with what is known to be different about it.

use crate::{Kind, Miss};
use contract::Unavailable;
use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How long one behaviour may take before it counts as hung: hundreds of times what the slowest needs, for only a hang takes
/// that long.
const LIMIT: Duration = Duration::from_secs(120);

/// Something that makes fresh loops or fresh executors, and what is known to be different about them.
pub struct Subject<K: Kind> {
    name: String,
    make: Arc<Maker<K>>,
    exceptions: Vec<Exception>,
    limit: Duration,
    /// Lets so much time pass for a loop whose thread calls it: as if the work there took so long.
    pub(crate) pass: fn(Duration),
}

type Maker<K> = dyn Fn() -> Result<<K as Kind>::Made, Unavailable> + Send + Sync;

/// A behaviour that is not tried on a subject, or is known to fail on it, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exception {
    /// The behaviour.
    pub id: &'static str,
    /// What is done about it.
    pub treatment: Treatment,
    /// Why.
    pub reason: &'static str,
}

/// What an [`Exception`] asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// The behaviour is not tried.
    Skip,
    /// The behaviour is tried and must fail: a pass is a failure, so that the list stays true.
    Fails,
}

impl<K: Kind> Subject<K> {
    pub(crate) fn new(
        name: impl Into<String>,
        make: impl Fn() -> Result<K::Made, Unavailable> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            make: Arc::new(make),
            exceptions: Vec::new(),
            limit: LIMIT,
            pass: thread::sleep,
        }
    }

    /// Does not try the behaviour `id`, for this reason.
    pub fn skip(self, id: &'static str, reason: &'static str) -> Self {
        self.except(Exception { id, treatment: Treatment::Skip, reason })
    }

    /// Expects the behaviour `id` to fail, for this reason. If it passes, that is a failure.
    pub fn fails(self, id: &'static str, reason: &'static str) -> Self {
        self.except(Exception { id, treatment: Treatment::Fails, reason })
    }

    fn except(mut self, exception: Exception) -> Self {
        assert!(
            K::behaviours().iter().any(|behaviour| behaviour.id == exception.id),
            "`{}` is no {} behaviour: the exception names nothing",
            exception.id,
            K::NAME
        );
        assert!(self.exception(exception.id).is_none(), "`{}` has two exceptions", exception.id);
        assert!(!exception.reason.trim().is_empty(), "the exception for `{}` has no reason", exception.id);
        self.exceptions.push(exception);
        self
    }

    /// Lets one behaviour take this long, and a stress go on for as long without anything that ends, before it counts as
    /// hung; two minutes unless set.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is known to be different about it.
    #[must_use]
    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }

    /// A fresh one.
    ///
    /// # Errors
    ///
    /// Why there is none here, and what helps.
    pub fn make(&self) -> Result<K::Made, Unavailable> {
        (self.make)()
    }

    /// A fresh one for a behaviour, which is skipped if there is none here.
    pub(crate) fn fresh(&self) -> Result<K::Made, Miss> {
        self.make().map_err(|unavailable| Miss::Skip(unavailable.to_string()))
    }

    pub(crate) fn exception(&self, id: &str) -> Option<&Exception> {
        self.exceptions.iter().find(|exception| exception.id == id)
    }

    pub(crate) fn time_limit(&self) -> Duration {
        self.limit
    }
}

impl<K: Kind> Clone for Subject<K> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            make: self.make.clone(),
            exceptions: self.exceptions.clone(),
            limit: self.limit,
            pass: self.pass,
        }
    }
}

impl<K: Kind> fmt::Debug for Subject<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("name", &self.name)
            .field("exceptions", &self.exceptions)
            .finish_non_exhaustive()
    }
}
