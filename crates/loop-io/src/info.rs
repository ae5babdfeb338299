//! What can be asked of a connection, by whoever holds a part of it.

/// Gives `$holder`, which has a `link()`, the questions.
macro_rules! informs {
    ($holder:ty) => {
        impl $holder {
            /// How many bytes were written and are not with the kernel yet.
            #[must_use]
            pub fn get_write_buffer_size(&self) -> usize {
                self.link().backlog()
            }

            /// Whether the writing side can end on its own.
            #[must_use]
            pub fn can_write_eof(&self) -> bool {
                self.link().ask(|channel| channel.can_write_eof()).unwrap_or(false)
            }

            /// Whether it is closed, or about to be.
            #[must_use]
            pub fn is_closing(&self) -> bool {
                self.link().is_closing()
            }

            /// Who is at the other end, also when the connection is gone.
            ///
            /// # Python
            ///
            /// `get_extra_info("peername")`.
            #[must_use]
            pub fn peer_name(&self) -> Option<&$crate::Endpoint> {
                self.link().peer_name.as_ref()
            }

            /// Who is at this end.
            ///
            /// # Python
            ///
            /// `get_extra_info("sockname")`.
            #[must_use]
            pub fn local_name(&self) -> Option<&$crate::Endpoint> {
                self.link().local_name.as_ref()
            }

            /// Anything else that the connection knows of itself, by its type. `None` if it does not, or is closed.
            ///
            /// # Python
            ///
            /// `get_extra_info(name)`; `"socket"` is [`with_descriptor`](Self::with_descriptor).
            #[must_use]
            pub fn get_extra_info<T: Clone + 'static>(&self) -> Option<T> {
                let wanted = std::any::TypeId::of::<T>();
                self.link().ask(|channel| channel.extra_info(wanted)?.downcast_ref().cloned()).flatten()
            }

            /// Lets `look` at the descriptor, for socket options. `None` if there is none, or it is closed.
            ///
            /// # Panics
            ///
            /// If `look` uses this connection: it only looks.
            pub fn with_descriptor<T>(
                &self,
                look: impl FnOnce(std::os::fd::BorrowedFd<'_>) -> T,
            ) -> Option<T> {
                self.link().ask(|channel| channel.descriptor().map(look)).flatten()
            }
        }
    };
}

pub(crate) use informs;
