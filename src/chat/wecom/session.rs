//! The connection: made again whenever it is lost, given up when another takes its place.
//!
//! Nothing that WeCom or a reader sends ends it; only `shutdown` does.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_tungstenite::tungstenite::Message as Ws;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::{Host, Url};

use super::desk::Desk;
use super::protocol::{self, Frame};
use super::{Answered, Bot, Link, Order, QUEUE, Settings, new_id};
use crate::chat::telegram::SendError;
use crate::office::Office;

/// The pause between two tries doubles up to this.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// A connection that held this long was a good one.
const GOOD: Duration = Duration::from_mins(1);
/// How often an eviction is told of in the log.
const REMIND: Duration = Duration::from_mins(10);
/// Heartbeats without an answer that mean a dead connection.
const MISSED: u32 = 2;
/// Bytes of a frame that is read.
const LARGEST: usize = 1 << 20;

/// What keeps the connection of a [`Bot`]; see [`run`].
pub struct Session {
    settings: Settings,
    link: watch::Sender<Link>,
    bot: Bot,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("WeCom cannot be reached: {0}")]
    Unreachable(String),
    #[error("no TLS with WeCom: {0}")]
    Tls(String),
    #[error("what answers does not open a long connection: {0}")]
    NoWebSocket(String),
    #[error("nothing answers in time")]
    Timeout,
    #[error("WeCom refuses to subscribe the bot ({0}); check bot_id and secret")]
    NotSubscribed(String),
    #[error("the connection was lost: {0}")]
    Lost(String),
    #[error("another connection of the same bot has taken over")]
    Evicted,
}

/// A connection with or without TLS.
pub(super) trait Pipe: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Pipe for T {}
pub(super) type Socket = WebSocketStream<Box<dyn Pipe>>;

/// Keeps the connection and answers what comes until `shutdown` becomes true; `ready` tells whether it stands.
pub async fn run(office: Office, session: Session, mut shutdown: watch::Receiver<bool>, ready: watch::Sender<bool>) {
    let desk = Desk::new(office, session.bot.clone());
    let stopped = async move {
        // An error means that nobody is left who could say stop.
        let _ = shutdown.wait_for(|stop| *stop).await;
    };
    tokio::select! {
        () = stopped => {}
        () = session.keep(&desk, &ready) => {}
        () = desk.work() => {}
    }
    session.link.send_replace(Link::Down);
    ready.send_replace(false);
}

impl Session {
    pub(super) fn new(settings: Settings, link: watch::Sender<Link>, bot: Bot) -> Self {
        Self { settings, link, bot }
    }

    async fn keep(&self, desk: &Desk, ready: &watch::Sender<bool>) {
        let mut failures = 0_u32;
        loop {
            let started = Instant::now();
            let trouble = match connect(&self.settings).await {
                Ok(socket) => self.converse(socket, desk, ready).await,
                Err(trouble) => trouble,
            };
            ready.send_replace(false);
            if matches!(trouble, Trouble::Evicted) {
                self.link.send_replace(Link::Evicted);
                break;
            }
            self.link.send_replace(Link::Down);
            failures = if started.elapsed() >= GOOD { 0 } else { failures };
            let pause = self.pause(failures);
            failures += 1;
            tracing::warn!(error = %trouble, pause_ms = pause.as_millis(), "the WeCom bot is not connected");
            tokio::time::sleep(pause).await;
        }
        loop {
            tracing::error!(
                "another connection has taken the WeCom bot over: this service receives and sends nothing there. \
                 Stop the other program or make it a bot of its own, then restart this service"
            );
            tokio::time::sleep(REMIND).await;
        }
    }

    /// Doubles with every failure, a quarter more or less, so that many services do not come back as one.
    fn pause(&self, failures: u32) -> Duration {
        let own = self.settings.first_pause.saturating_mul(1 << failures.min(10)).min(LONGEST_PAUSE);
        own.mul_f64(rand::random_range(0.75..1.25))
    }

    /// Subscribes and serves the connection to its end.
    async fn converse(&self, mut socket: Socket, desk: &Desk, ready: &watch::Sender<bool>) -> Trouble {
        let patience = self.settings.patience;
        match tokio::time::timeout(patience, self.subscribe(&mut socket)).await {
            Ok(Ok(())) => {}
            Ok(Err(trouble)) => return trouble,
            Err(_) => return Trouble::Timeout,
        }
        let (orders, mut queue) = mpsc::channel(QUEUE);
        self.link.send_replace(Link::Up(orders));
        ready.send_replace(true);
        tracing::info!("the WeCom bot is listening");
        let mut talk = Talk { socket, patience, waiting: HashMap::new(), pings: 0, ping_id: String::new() };
        let mut beat = tokio::time::interval(self.settings.heartbeat);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        beat.tick().await;
        let trouble = loop {
            let step = tokio::select! {
                frame = talk.socket.next() => match talk.heard(frame, desk) {
                    ControlFlow::Continue(()) => Ok(()),
                    ControlFlow::Break(trouble) => Err(trouble),
                },
                Some(order) = queue.recv() => talk.order(order).await,
                _ = beat.tick() => talk.ping().await,
            };
            if let Err(trouble) = step {
                break trouble;
            }
        };
        // Nobody may queue what would not be written; what was written is of unknown outcome.
        self.link.send_replace(Link::Down);
        for (_, done) in talk.waiting {
            let _ = done.send(Err(SendError::Unknown("the connection was lost before WeCom answered".into())));
        }
        trouble
    }

    async fn subscribe(&self, socket: &mut Socket) -> Result<(), Trouble> {
        let lost = |error: &dyn std::fmt::Display| Trouble::Lost(error.to_string());
        let id = new_id("aibot_subscribe");
        let body = json!({ "bot_id": self.settings.bot_id, "secret": self.settings.secret.expose_secret() });
        socket.send(Ws::text(protocol::frame("aibot_subscribe", &id, &body))).await.map_err(|e| lost(&e))?;
        loop {
            match socket.next().await {
                Some(Ok(Ws::Text(text))) => match protocol::read(&text) {
                    Frame::Answer { req_id, code, words, .. } if req_id == id => {
                        return protocol::sort(code, &words).map_err(|error| Trouble::NotSubscribed(error.to_string()));
                    }
                    Frame::Evicted => return Err(Trouble::Evicted),
                    _ => {}
                },
                Some(Ok(Ws::Close(_))) | None => return Err(lost(&"closed before the bot was subscribed")),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(lost(&error)),
            }
        }
    }
}

/// A subscribed connection.
struct Talk {
    socket: Socket,
    patience: Duration,
    /// What was written and not answered yet, by `req_id`.
    waiting: HashMap<String, oneshot::Sender<Answered>>,
    /// Heartbeats since the last that was answered.
    pings: u32,
    ping_id: String,
}

impl Talk {
    async fn write(&mut self, frame: String) -> Result<(), Trouble> {
        match tokio::time::timeout(self.patience, self.socket.send(Ws::text(frame))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Trouble::Lost(error.to_string())),
            Err(_) => Err(Trouble::Lost("WeCom takes nothing more".into())),
        }
    }

    async fn order(&mut self, order: Order) -> Result<(), Trouble> {
        if order.done.is_closed() {
            // Who wanted it has given up and counts it as unknown or put off: it must not go out now.
            return Ok(());
        }
        self.waiting.insert(order.req_id, order.done);
        self.write(order.frame).await
    }

    async fn ping(&mut self) -> Result<(), Trouble> {
        self.waiting.retain(|_, done| !done.is_closed());
        if self.pings >= MISSED {
            return Err(Trouble::Lost(format!("{MISSED} heartbeats went unanswered")));
        }
        self.pings += 1;
        self.ping_id = new_id("ping");
        let frame = protocol::frame("ping", &self.ping_id, &json!({}));
        self.write(frame).await
    }

    fn heard(
        &mut self,
        frame: Option<Result<Ws, tokio_tungstenite::tungstenite::Error>>,
        desk: &Desk,
    ) -> ControlFlow<Trouble> {
        let text = match frame {
            Some(Ok(Ws::Text(text))) => text,
            Some(Ok(Ws::Close(_))) | None => return ControlFlow::Break(Trouble::Lost("WeCom closed it".into())),
            Some(Ok(_)) => return ControlFlow::Continue(()),
            Some(Err(error)) => return ControlFlow::Break(Trouble::Lost(error.to_string())),
        };
        match protocol::read(&text) {
            Frame::Answer { req_id, .. } if req_id == self.ping_id => self.pings = 0,
            Frame::Answer { req_id, code, words, body } => {
                if let Some(done) = self.waiting.remove(&req_id) {
                    let _ = done.send(protocol::sort(code, &words).map(|()| body));
                }
            }
            Frame::Arrival(arrival) => desk.put(*arrival),
            Frame::Evicted => return ControlFlow::Break(Trouble::Evicted),
            Frame::Other => {}
        }
        ControlFlow::Continue(())
    }
}

/// Opens a connection, not subscribed yet.
pub(super) async fn connect(settings: &Settings) -> Result<Socket, Trouble> {
    tokio::time::timeout(settings.patience, open(&settings.url)).await.unwrap_or(Err(Trouble::Timeout))
}

async fn open(url: &Url) -> Result<Socket, Trouble> {
    let unreachable = |error: std::io::Error| Trouble::Unreachable(error.to_string());
    let host = url.host().ok_or_else(|| Trouble::Unreachable("the address names no host".into()))?;
    let port = url.port_or_known_default().unwrap_or(443);
    let stream = match &host {
        Host::Domain(name) => TcpStream::connect((*name, port)).await,
        Host::Ipv4(ip) => TcpStream::connect((*ip, port)).await,
        Host::Ipv6(ip) => TcpStream::connect((*ip, port)).await,
    }
    .map_err(unreachable)?;
    let _ = stream.set_nodelay(true);
    let pipe: Box<dyn Pipe> = if url.scheme() == "ws" { Box::new(stream) } else { Box::new(tls(host, stream).await?) };
    let limits = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
    let opened = client_async_with_config(url.as_str(), pipe, Some(limits)).await;
    opened.map(|(socket, _)| socket).map_err(|error| Trouble::NoWebSocket(error.to_string()))
}

async fn tls(host: Host<&str>, stream: TcpStream) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Trouble> {
    use rustls::pki_types::ServerName;
    let failed = |error: &dyn std::fmt::Display| Trouble::Tls(error.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let judge = rustls_platform_verifier::Verifier::new(Arc::clone(&provider)).map_err(|error| failed(&error))?;
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(judge))
        .with_no_client_auth();
    let name = match host {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).map_err(|error| failed(&error))?,
        Host::Ipv4(ip) => ServerName::IpAddress(std::net::IpAddr::V4(ip).into()),
        Host::Ipv6(ip) => ServerName::IpAddress(std::net::IpAddr::V6(ip).into()),
    };
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.map_err(|error| failed(&error))
}
