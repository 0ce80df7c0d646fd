//! Health, metrics, and the page behind a link by which a unit answers a notice.
//!
//! Health and metrics hold no personal data and no names of accounts or units; the page is its
//! reader's alone.

mod answer;

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::office::Office;
use crate::store::StoreError;

/// Which parts of the service are up.
#[derive(Debug, Clone)]
pub struct Health {
    bots: Arc<Mutex<Vec<watch::Sender<bool>>>>,
    scheduler: watch::Sender<bool>,
}

impl Default for Health {
    fn default() -> Self {
        Self { bots: Arc::default(), scheduler: watch::Sender::new(false) }
    }
}

impl Health {
    /// Where one more bot says whether its server answers.
    #[must_use]
    pub fn bot(&self) -> watch::Sender<bool> {
        let bot = watch::Sender::new(false);
        self.bots.lock().unwrap_or_else(PoisonError::into_inner).push(bot.clone());
        bot
    }

    /// Every bot's server answers.
    fn is_bot_up(&self) -> bool {
        self.bots.lock().unwrap_or_else(PoisonError::into_inner).iter().all(|bot| *bot.borrow())
    }

    /// The scheduler makes its turns.
    pub fn set_scheduler(&self, up: bool) {
        self.scheduler.send_replace(up);
    }
}

#[derive(Clone)]
struct Shared {
    office: Office,
    health: Health,
    guesses: Arc<answer::Guesses>,
}

/// Serves the pages until told to stop.
pub async fn serve(listener: TcpListener, office: Office, health: Health, mut stopping: watch::Receiver<bool>) {
    let app = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .merge(answer::routes())
        .with_state(Shared { office, health, guesses: Arc::default() });
    let stopped = async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(stopped).await {
        tracing::error!(%error, "the web pages ended");
    }
}

async fn ready(State(shared): State<Shared>) -> impl IntoResponse {
    let database = shared.office.store.created_at().await.is_ok();
    let bot = shared.health.is_bot_up();
    let scheduler = *shared.health.scheduler.borrow();
    let status = if database && bot && scheduler { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, format!("database {database}\nscheduler {scheduler}\nbot {bot}\n"))
}

async fn metrics(State(shared): State<Shared>) -> impl IntoResponse {
    match metrics_text(&shared).await {
        Ok(text) => (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text),
        Err(error) => {
            tracing::error!(%error, "metrics could not be read");
            let text = "# the database did not answer\n".to_owned();
            (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text)
        }
    }
}

async fn metrics_text(shared: &Shared) -> Result<String, StoreError> {
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, samples: &[(String, i64)]| {
        let _ = writeln!(text, "# HELP xuncha_{name} {help}\n# TYPE xuncha_{name} gauge");
        for (labels, value) in samples {
            let _ = writeln!(text, "xuncha_{name}{labels} {value}");
        }
    };
    let mut tx = shared.office.store.read().await?;
    gauge("accounts", "Registered accounts, in any state.", &[(String::new(), tx.account_count().await?)]);
    let issues: Vec<_> =
        tx.issue_counts().await?.into_iter().map(|(status, n)| (format!("{{status=\"{status}\"}}"), n)).collect();
    gauge("issues", "Issues by status.", &issues);
    let doubtful = tx.doubtful_count().await?;
    gauge("findings_doubtful", "Findings waiting for a person.", &[(String::new(), doubtful)]);
    let deliveries: Vec<_> =
        tx.delivery_counts().await?.into_iter().map(|(status, n)| (format!("{{status=\"{status}\"}}"), n)).collect();
    gauge("deliveries", "Outbox rows by status.", &deliveries);
    let attempts: Vec<_> =
        tx.attempt_counts().await?.into_iter().map(|(outcome, n)| (format!("{{outcome=\"{outcome}\"}}"), n)).collect();
    gauge("delivery_attempts", "Tries to deliver, by how they came out.", &attempts);
    let now = shared.office.now();
    let oldest = tx.oldest_unsent(now).await?.map_or(0, |written| (now - written).num_seconds().max(0));
    gauge("outbox_oldest_seconds", "Age of the oldest notice that is due and not out.", &[(String::new(), oldest)]);
    gauge("bot_up", "Every bot reached its server.", &[(String::new(), i64::from(shared.health.is_bot_up()))]);
    let scheduler = i64::from(*shared.health.scheduler.borrow());
    gauge("scheduler_up", "The scheduler makes its turns.", &[(String::new(), scheduler)]);
    Ok(text)
}
