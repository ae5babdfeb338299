//! The environment variable by which a process knows that it was started to be a worker.

/// Its name. It is removed as soon as it was read.
pub(crate) const VARIABLE: &str = "ANYLOOP_PROCESS_WORKER";

/// Where a worker enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    BeforeMain,
    InMain,
    /// In `worker_main`, of a program that may be another.
    Tasks,
}

impl Mode {
    fn word(self) -> &'static str {
        match self {
            Self::BeforeMain => "before-main",
            Self::InMain => "in-main",
            Self::Tasks => "tasks",
        }
    }
}

/// The variable's value: where to enter, and the number that the parent's first frame must repeat.
pub(crate) fn value(mode: Mode, nonce: u64) -> String {
    format!("{}:{nonce}", mode.word())
}

/// The number in `value`, if it is meant for `mode`.
pub(crate) fn nonce(value: &str, mode: Mode) -> Option<u64> {
    value.strip_prefix(mode.word())?.strip_prefix(':')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_only_where_it_is_meant() {
        let text = value(Mode::InMain, 7);
        assert_eq!(nonce(&text, Mode::InMain), Some(7));
        assert_eq!(nonce(&text, Mode::BeforeMain), None);
        assert_eq!(nonce("in-main:", Mode::InMain), None);
    }
}
