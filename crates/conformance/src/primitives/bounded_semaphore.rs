//! `bounded_semaphore`: what comes back too often.

use super::Primitives;
use crate::Subject;
use crate::behaviour::{Verdict, same};

pub(super) fn bounded_over_release(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let semaphore = stage.bounded_semaphore(1)?;
        same("a release at the bound", semaphore.release().is_err(), true)?;
        same("permits after that", semaphore.available(), 1)?;
        same("taking one", (semaphore.take(), semaphore.available()), (true, 0))?;
        same("taking another", semaphore.take(), false)?;
        same("a release of what was taken", semaphore.release().is_ok(), true)?;
        same("another", semaphore.release().is_err(), true)?;
        same("permits in the end", semaphore.available(), 1)
    })
}
