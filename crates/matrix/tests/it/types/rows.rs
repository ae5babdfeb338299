//! What a row of the table is made from: a type, and what stands for its parameter. The names are those of `list`.

/// What the compiler says of one type.
macro_rules! says {
    ($type:ty) => {
        Says {
            send: <Probe<$type>>::SEND,
            sync: <Probe<$type>>::SYNC,
            unpin: <Probe<$type>>::UNPIN,
            unwind_safe: <Probe<$type>>::UNWIND_SAFE,
        }
    };
}

/// Types without a parameter that matters.
macro_rules! plain {
    ($($path:path),+ $(,)?) => { vec![$(
        Row {
            path: stringify!($path),
            parameter: None,
            given: Given {
                all: says!($path),
                only_send: None,
                only_sync: None,
                neither: None,
                pinned: None,
            },
        }
    ),+] };
}

/// Types that take any parameter: `T`.
macro_rules! of_any {
    ($($path:path [$parameter:literal] = $type:ty),+ $(,)?) => { vec![$({
        type Of<T> = $type;
        Row {
            path: stringify!($path),
            parameter: Some($parameter),
            given: Given {
                all: says!(Of<u8>),
                only_send: Some(says!(Of<Cell<u8>>)),
                only_sync: Some(says!(Of<MutexGuard<'static, u8>>)),
                neither: Some(says!(Of<Rc<u8>>)),
                pinned: Some(says!(Of<PhantomPinned>)),
            },
        }
    }),+] };
}

/// Types that take only a `T: Send`.
macro_rules! of_send {
    ($($path:path [$parameter:literal] = $type:ty),+ $(,)?) => { vec![$({
        type Of<T> = $type;
        Row {
            path: stringify!($path),
            parameter: Some($parameter),
            given: Given {
                all: says!(Of<u8>),
                only_send: Some(says!(Of<Cell<u8>>)),
                only_sync: None,
                neither: None,
                pinned: Some(says!(Of<PhantomPinned>)),
            },
        }
    }),+] };
}

/// Types around something that can be awaited by its handle: a task, which stays on its thread, or a future that need not.
macro_rules! of_handle {
    ($($path:path [$parameter:literal] = $type:ty),+ $(,)?) => { vec![$({
        type Of<T> = $type;
        Row {
            path: stringify!($path),
            parameter: Some($parameter),
            given: Given {
                all: says!(Of<core_loop::Future<u8>>),
                only_send: None,
                only_sync: None,
                neither: Some(says!(Of<Task<u8>>)),
                pinned: None,
            },
        }
    }),+] };
}

/// Types that borrow an executor, for work and output that may go anywhere.
macro_rules! of_executor {
    ($($path:path [$parameter:literal] = $type:ty),+ $(,)?) => { vec![$({
        type Of<T> = $type;
        Row {
            path: stringify!($path),
            parameter: Some($parameter),
            given: Given {
                all: says!(Of<dyn Executor<Work, Output = u8> + Send + Sync>),
                only_send: Some(says!(Of<dyn Executor<Work, Output = u8> + Send>)),
                only_sync: Some(says!(Of<dyn Executor<Work, Output = u8> + Sync>)),
                neither: Some(says!(Of<dyn Executor<Work, Output = u8>>)),
                pinned: None,
            },
        }
    }),+] };
}
