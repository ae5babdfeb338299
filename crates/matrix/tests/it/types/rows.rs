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

/// A type with a parameter, by what may stand for it; what is not given cannot.
macro_rules! of {
    ($path:path [$parameter:literal] = $type:ty, all: $all:ty $(, $field:ident: $given:ty)*) => {{
        type Of<T> = $type;
        Row {
            path: stringify!($path),
            parameter: Some($parameter),
            given: Given {
                $($field: Some(says!(Of<$given>)),)*
                ..Given { all: says!(Of<$all>), only_send: None, only_sync: None, neither: None, pinned: None }
            },
        }
    }};
}

/// Types that take any parameter: `T`.
macro_rules! of_any {
    ($($path:path [$parameter:literal] = $type:ty),+ $(,)?) => {
        vec![$(of!(
            $path [$parameter] = $type,
            all: u8,
            only_send: Cell<u8>,
            only_sync: MutexGuard<'static, u8>,
            neither: Rc<u8>,
            pinned: PhantomPinned
        )),+]
    };
}

/// Types that take only a `T: Send`.
macro_rules! of_send {
    ($($path:path [$parameter:literal] = $type:ty),+ $(,)?) => {
        vec![$(of!($path [$parameter] = $type, all: u8, only_send: Cell<u8>, pinned: PhantomPinned)),+]
    };
}

/// Types around something that can be awaited by its handle: a task, which stays on its thread, or a future that need not.
macro_rules! of_handle {
    ($($path:path [$parameter:literal] = $type:ty),+ $(,)?) => {
        vec![$(of!($path [$parameter] = $type, all: core_loop::Future<u8>, neither: Task<u8>)),+]
    };
}

/// Types that borrow an executor, for work and output that may go anywhere.
macro_rules! of_executor {
    ($($path:path [$parameter:literal] = $type:ty),+ $(,)?) => {
        vec![$(of!(
            $path [$parameter] = $type,
            all: dyn Executor<Work, Output = u8> + Send + Sync,
            only_send: dyn Executor<Work, Output = u8> + Send,
            only_sync: dyn Executor<Work, Output = u8> + Sync,
            neither: dyn Executor<Work, Output = u8>
        )),+]
    };
}
