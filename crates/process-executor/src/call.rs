//! What a process pool runs: a function that captures nothing, and its argument.

use std::fmt;
use std::marker::PhantomData;

/// A function and its argument, to be run in a worker process. Made by [`call`].
pub struct Call<F, A> {
    /// Its type says all there is to know of it.
    function: PhantomData<F>,
    pub(crate) argument: A,
    /// How often it may be run again.
    pub(crate) retries: u32,
}

/// Calls `function` with `argument` in a worker process.
///
/// The function is a `fn` item or a closure that captures nothing: only its place in the program is sent. Several
/// arguments are one tuple. A `Vec<u8>` or a `String` is moved to the wire as a whole when it *is* the argument or the
/// result, and a `Vec<u8>` also when it is an element of a tuple; deeper inside, bytes are written one by one.
///
/// A closure that captures a value without data (a token) is not refused, and finds such a value in the worker.
///
/// # Examples
///
/// ```
/// use process_executor::call;
///
/// fn area((width, height): (u32, u32)) -> u32 {
///     width * height
/// }
/// let work = call(area, (6, 7));
/// let same = call(|(width, height): (u32, u32)| width * height, (6, 7));
/// # let _ = (work, same);
/// ```
///
/// A capture is refused when the program is compiled:
///
/// ```compile_fail,E0080
/// let factor = 3;
/// let work = process_executor::call(move |x: u32| x * factor, 14);
/// ```
///
/// and so is a function pointer, which says where a function is in *this* process:
///
/// ```compile_fail,E0080
/// let double: fn(u32) -> u32 = |x| x * 2;
/// let work = process_executor::call(double, 21);
/// ```
///
/// # Python
///
/// `submit(function, *args)`. There the function goes by its qualified name, which a lambda does not have.
pub fn call<F, A, R>(function: F, argument: A) -> Call<F, A>
where
    F: Fn(A) -> R + Copy + Send + Sync + 'static,
{
    // Nothing of it is needed but its type.
    let _ = function;
    const {
        assert!(
            size_of::<F>() == 0,
            "the function may not capture anything, nor be a function pointer: pass what it needs in its argument"
        );
    }
    Call { function: PhantomData, argument, retries: 0 }
}

impl<F, A> Call<F, A> {
    /// If the worker dies under the job, another one gets it, at most so many times; after that the job fails with
    /// [`WorkerDied`](contract::JobError::WorkerDied), as it does at once without this. Only for work that may be done in
    /// part and then again. A panic, a value that does not cross, a cancel, a deadline are no deaths.
    ///
    /// The argument is kept until the job has ended, besides the copy that the worker has.
    #[must_use]
    pub fn retry_on_death(mut self, times: u32) -> Self {
        self.retries = times;
        self
    }

    /// The argument, from a call that was refused.
    #[must_use]
    pub fn into_argument(self) -> A {
        self.argument
    }
}

impl<F, A: Clone> Clone for Call<F, A> {
    fn clone(&self) -> Self {
        Self { function: self.function, argument: self.argument.clone(), retries: self.retries }
    }
}

impl<F, A: fmt::Debug> fmt::Debug for Call<F, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("function", &std::any::type_name::<F>())
            .field("argument", &self.argument)
            .finish()
    }
}
