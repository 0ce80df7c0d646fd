//! The one thread on which the looks of a run wait for their answers.
//!
//! Why one: an answer that comes in on one thread and is waited for on another costs a call to the
//! system and a switch of threads, and a look waits a dozen times. The database and the writing
//! of documents go on elsewhere meanwhile: nothing here may ask the database itself, as a connection
//! of its pool that was opened here would die with this thread.

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Tasks run before the system is asked for events: more than there are connections at once.
///
/// Why: a connection whose answer was read is idle, and used again, once its own task has run.
pub(crate) const BEFORE_EVENTS: u32 = 1024;

/// Threads that read pages meanwhile.
///
/// Why no more than do run at once: whoever is busy need not be woken for the next page.
fn readers() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2))
}

/// A runtime on a thread of its own; it ends, with whatever still waits on it, when this is dropped.
#[derive(Debug)]
pub(super) struct Wire {
    handle: Handle,
    _held: oneshot::Sender<()>,
}

impl Wire {
    /// Starts the thread.
    pub(super) fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .event_interval(BEFORE_EVENTS)
            .max_blocking_threads(readers())
            .build()?;
        let handle = runtime.handle().clone();
        let (held, dropped) = oneshot::channel();
        std::thread::Builder::new().name("looks".to_owned()).spawn(move || {
            // An error is what it waits for: the sender is gone.
            let _: Result<(), _> = runtime.block_on(dropped);
        })?;
        Ok(Self { handle, _held: held })
    }

    /// Where tasks are spawned.
    pub(super) const fn handle(&self) -> &Handle {
        &self.handle
    }
}
