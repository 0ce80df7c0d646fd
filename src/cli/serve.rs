//! `serve`.

use super::Context;
use super::notices::require_messenger;
use crate::app::{self, Bots};

pub(super) async fn run(context: &mut Context) -> anyhow::Result<()> {
    let config = context.config()?;
    let wecom = app::wecom_settings(&config)?;
    // An office that works in WeCom alone needs no Telegram.
    let telegram = match app::open_messenger(&config)? {
        None if wecom.is_none() => Some(require_messenger(&config)?),
        telegram => telegram,
    };
    let office = app::open_office(config, crate::clock::Clock::system()).await?;
    let fetcher = app::open_fetcher(&office.config)?;
    app::serve(office, fetcher, Bots { telegram, wecom }, stopped()).await
}

/// Completes at SIGTERM or Ctrl-C.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut term) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = term.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
