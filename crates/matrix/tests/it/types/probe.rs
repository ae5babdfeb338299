//! Asks the compiler what a type may do.

use std::marker::PhantomData;

/// The inherent constant, if its bound holds, goes before the trait's.
pub(super) struct Probe<T: ?Sized>(PhantomData<T>);

pub(super) trait Not {
    const SEND: bool = false;
    const SYNC: bool = false;
    const UNPIN: bool = false;
    const UNWIND_SAFE: bool = false;
}

impl<T: ?Sized> Not for Probe<T> {}

impl<T: ?Sized + Send> Probe<T> {
    pub(super) const SEND: bool = true;
}

impl<T: ?Sized + Sync> Probe<T> {
    pub(super) const SYNC: bool = true;
}

impl<T: ?Sized + Unpin> Probe<T> {
    pub(super) const UNPIN: bool = true;
}

impl<T: ?Sized + std::panic::UnwindSafe> Probe<T> {
    pub(super) const UNWIND_SAFE: bool = true;
}

/// What the compiler says of a type, for one parameter.
#[derive(Clone, Copy)]
pub(super) struct Says {
    pub(super) send: bool,
    pub(super) sync: bool,
    pub(super) unpin: bool,
    pub(super) unwind_safe: bool,
}

/// Of a type with a parameter, what the compiler says if that is …
#[derive(Clone, Copy)]
pub(super) struct Given {
    pub(super) all: Says,
    /// `Send` and not `Sync`; and so on. `None` where the type asks for more of its parameter.
    pub(super) only_send: Option<Says>,
    pub(super) only_sync: Option<Says>,
    pub(super) neither: Option<Says>,
    /// All but `Unpin`.
    pub(super) pinned: Option<Says>,
}

/// A type, as the table has it.
pub(super) struct Row {
    pub(super) path: &'static str,
    /// The parameter that what it may do depends on.
    pub(super) parameter: Option<&'static str>,
    pub(super) given: Given,
}

impl Row {
    /// The path below its crate.
    pub(super) fn path(&self) -> String {
        self.path.split_whitespace().collect::<String>().split_once("::").expect("a crate").1.to_owned()
    }

    pub(super) fn line(&self) -> String {
        let parameter = self.parameter.map(|parameter| format!("<{parameter}>")).unwrap_or_default();
        let unwind_safe = if self.given.all.unwind_safe { "yes" } else { "no" };
        format!(
            "| `{}{parameter}` | {} | {} | {} | {unwind_safe} |\n",
            self.path(),
            self.crossing(|says| says.send),
            self.crossing(|says| says.sync),
            self.unpin(),
        )
    }

    /// What the parameter must be, for the type to have what `look` looks at.
    fn crossing(&self, look: impl Fn(Says) -> bool) -> String {
        let Given { all, only_send, only_sync, neither, .. } = self.given;
        let (only_send, only_sync) = (only_send.map(&look), only_sync.map(&look));
        let neither = neither.map(&look);
        let need = match (look(all), only_send, only_sync, neither) {
            (false, ..) => return "no".to_owned(),
            (true, .., Some(true)) | (true, None | Some(true), None | Some(true), None) => {
                return "yes".to_owned();
            }
            (true, Some(true), ..) => "Send",
            (true, _, Some(true), _) => "Sync",
            // Asked for `Send` already, it needs the other.
            (true, Some(false), None, None) => "Sync",
            (true, Some(false) | None, Some(false) | None, _) => "Send + Sync",
        };
        format!("if `{}: {need}`", self.parameter.unwrap_or("_"))
    }

    fn unpin(&self) -> String {
        match (self.given.all.unpin, self.given.pinned.is_none_or(|says| says.unpin)) {
            (false, _) => "no".to_owned(),
            (true, true) => "yes".to_owned(),
            (true, false) => format!("if `{}: Unpin`", self.parameter.unwrap_or("_")),
        }
    }
}
