//! The numbers of the signals, so that nobody needs another crate for them.

use nix::libc;

macro_rules! numbers {
    ($($(#[$words:meta])* $name:ident)+) => { $(
        $(#[$words])*
        pub const $name: i32 = libc::$name;
    )+ };
}

numbers! {
    /// The terminal was closed; for many servers: read the configuration again.
    SIGHUP
    /// The interrupt: Ctrl-C.
    SIGINT
    /// Ctrl-\: ends the process with a core dump.
    SIGQUIT
    /// An instruction does not exist.
    SIGILL
    /// A breakpoint.
    SIGTRAP
    /// `abort` was called.
    SIGABRT
    /// Memory that is mapped and is not there.
    SIGBUS
    /// Arithmetic that has no result.
    SIGFPE
    /// Ends the process; nobody can listen.
    SIGKILL
    /// For the program's own use.
    SIGUSR1
    /// Memory that is not mapped.
    SIGSEGV
    /// For the program's own use.
    SIGUSR2
    /// Written to a pipe that nobody reads. Rust's programs ignore it.
    SIGPIPE
    /// The timer of `alarm`.
    SIGALRM
    /// The request to end: what `kill` and supervisors send.
    SIGTERM
    /// A child has ended or stopped.
    SIGCHLD
    /// Goes on after a stop.
    SIGCONT
    /// Stops the process; nobody can listen.
    SIGSTOP
    /// Ctrl-Z.
    SIGTSTP
    /// Read from the terminal in the background.
    SIGTTIN
    /// Written to the terminal in the background.
    SIGTTOU
    /// Urgent data at a socket.
    SIGURG
    /// The limit of processor time is exceeded.
    SIGXCPU
    /// The limit of a file's size is exceeded.
    SIGXFSZ
    /// The timer of the process's own time.
    SIGVTALRM
    /// The timer of profilers.
    SIGPROF
    /// The terminal has another size.
    SIGWINCH
    /// A descriptor is ready, for those who asked to be told so.
    SIGIO
    /// The power fails.
    SIGPWR
    /// A system call that is forbidden.
    SIGSYS
}
