//! Delivery as a part of the service: again and again, whatever becomes of one turn.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::watch;

use super::{Channels, deliver_until};
use crate::chat::telegram::Messenger;
use crate::chat::wecom;
use crate::fetch::Hooks;
use crate::office::Office;

/// The rest when nothing is due.
const REST: Duration = Duration::from_secs(1);
/// Tries of one turn.
const AT_ONCE: usize = 50;

/// Empties the outbox as it fills, until `stopping` becomes true.
///
/// What is being sent then is finished and written down: a service that is stopped and started
/// repeats nothing. An error or a stumble ends a turn, never the service.
pub async fn run(
    office: Office,
    telegram: Option<Messenger>,
    wecom: Option<wecom::Bot>,
    mut stopping: watch::Receiver<bool>,
) {
    let stop = stopping.clone();
    let go_on = move || !*stop.borrow();
    let hooks = Hooks::default();
    let channels = Channels { telegram: telegram.as_ref(), wecom: wecom.as_ref(), hooks: Some(&hooks) };
    while go_on() {
        match AssertUnwindSafe(deliver_until(&office, channels, AT_ONCE, &go_on)).catch_unwind().await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "a turn of the delivery failed and is tried again"),
            Err(_) => tracing::error!("the delivery stumbled and goes on"),
        }
        tokio::select! {
            () = tokio::time::sleep(REST) => {}
            // An error means that nobody is left who could say stop.
            ended = stopping.changed() => if ended.is_err() { return },
        }
    }
}
