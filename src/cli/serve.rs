//! `serve` and `worker`.

use super::notices::require_messenger;
use super::{Context, Usage};
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

/// Shares the checking with others on one PostgreSQL until told to stop.
pub(super) async fn work(context: &mut Context) -> anyhow::Result<()> {
    let config = context.config()?;
    if config.database.url.reveal().starts_with("sqlite") {
        let zh = "worker 用于多台机器共用一个 PostgreSQL；单机使用 serve 即可（[database] url）".to_owned();
        let en =
            "a worker needs a PostgreSQL shared with other machines ([database] url); on one machine serve does it all"
                .to_owned();
        return Err(Usage { zh, en }.into());
    }
    let office = app::open_office(config, crate::clock::Clock::system()).await?;
    let fetcher = app::open_fetcher(&office.config)?;
    app::work(office, fetcher, stopped()).await
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
