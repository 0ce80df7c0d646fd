//! A site's certificate, also one no client would accept: what it says, until when, and what is wrong with it.
//!
//! One handshake: the verifier asks the judge that the HTTP client asks, writes down what it
//! says and lets the handshake go on, so that the dates of a bad certificate are seen too. That
//! connection carries nothing else and is never reused.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use url::Url;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::guard::NameError;
use super::probe::Probe;
use crate::domain::keyed::keyed_enum;
use crate::domain::sample::hex;
use crate::domain::site::TlsFault;

keyed_enum! {
    /// Whether a site offers HTTPS (HTTPS情况).
    Https {
        Offered = "offered", "已启用HTTPS", "HTTPS is offered";
        NotOffered = "http_only", "未启用HTTPS", "HTTPS is not offered";
        NoHandshake = "no_handshake", "HTTPS端口可连接，但加密协商未完成", "something listens, but the handshake was not completed";
        Unreachable = "unreachable", "HTTPS端口未能连接", "the HTTPS port could not be reached";
        NotResolved = "dns_temporary", "域名解析失败", "the name could not be resolved";
        Guarded = "forbidden_address", "解析到内部地址，按安全规则不予访问", "the name resolves into a private network, which the guard refuses";
        Proxied = "proxied", "经代理访问，无法核实", "behind a proxy it cannot be told";
        NoRoots = "no_roots", "本机缺少根证书，无法核实", "this machine has no root certificates to judge by";
    }
}

/// One look at a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsLook {
    /// The name asked for.
    pub host: String,
    /// The registered address is an HTTPS one.
    pub is_address: bool,
    /// Whether HTTPS is there at all.
    pub https: Https,
    /// What is wrong with the certificate.
    pub faults: Vec<TlsFault>,
    /// First instant of its validity.
    pub not_before: Option<DateTime<Utc>>,
    /// Last instant of its validity.
    pub not_after: Option<DateTime<Utc>>,
    /// Whom it names.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// SHA-256 of the certificate, hex.
    pub sha256: Option<String>,
}

/// Addresses tried.
const TRIED: usize = 3;
/// Characters kept of a name in a certificate.
const NAME: usize = 120;

impl Probe {
    /// Looks at the certificate of the site at `url`, judged as of `now`.
    ///
    /// For an `http://` address the usual HTTPS port of its host is tried.
    pub async fn tls(&self, url: &str, now: DateTime<Utc>) -> TlsLook {
        let parsed = Url::parse(url.trim()).ok();
        let mut look = TlsLook {
            host: parsed.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned(),
            is_address: parsed.as_ref().is_some_and(|url| url.scheme() == "https"),
            https: Https::NotResolved,
            faults: Vec::new(),
            not_before: None,
            not_after: None,
            subject: String::new(),
            issuer: String::new(),
            sha256: None,
        };
        let Some(url) = parsed else { return look };
        look.https = self.look_at_certificate(&url, now, &mut look).await;
        look
    }

    async fn look_at_certificate(&self, url: &Url, now: DateTime<Utc>, look: &mut TlsLook) -> Https {
        if self.is_proxied() {
            return Https::Proxied;
        }
        let port = match (url.scheme(), url.port()) {
            ("https", port) => port.unwrap_or(443),
            // Where an unusual port speaks HTTP, nothing says where HTTPS would be.
            ("http", None) => 443,
            _ => return Https::NotOffered,
        };
        let addresses = match self.addresses(url).await {
            Ok(addresses) => addresses,
            Err(NameError::Guarded(_)) => return Https::Guarded,
            Err(NameError::NotFound(_) | NameError::Temporary(_)) => return Https::NotResolved,
        };
        let bare = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let Ok(name) = ServerName::try_from(bare.to_owned()) else { return Https::NotResolved };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let judge = rustls_platform_verifier::Verifier::new_with_extra_roots(
            self.extra_roots.iter().cloned(),
            Arc::clone(&provider),
        );
        let Ok(judge) = judge else { return Https::NoRoots };
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        let witness = Arc::new(Witness {
            judge,
            now: UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)),
            seen: Mutex::default(),
        });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map(|builder| builder.dangerous().with_custom_certificate_verifier(Arc::clone(&witness) as _));
        let Ok(config) = config else { return Https::NoHandshake };
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config.with_no_client_auth()));
        let stream = match self.connect(&addresses, port).await {
            Ok(stream) => stream,
            // Why: who refuses says that nothing listens; who says nothing may be out of our reach.
            Err(Unconnected::Refused) if !look.is_address => return Https::NotOffered,
            Err(_) => return Https::Unreachable,
        };
        let handshake = connector.connect(name.clone(), stream);
        let done = tokio::time::timeout(self.settings.timeout, handshake).await.is_ok_and(|done| done.is_ok());
        let seen = witness.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Seen { leaf, verdict }) = seen else {
            return Https::NoHandshake;
        };
        look.read(&leaf, verdict.as_ref(), &name, now);
        if done || !look.faults.is_empty() { Https::Offered } else { Https::NoHandshake }
    }

    async fn connect(&self, addresses: &[IpAddr], port: u16) -> Result<TcpStream, Unconnected> {
        let mut refused = !addresses.is_empty();
        for ip in addresses.iter().take(TRIED) {
            let connecting = TcpStream::connect(SocketAddr::new(*ip, port));
            match tokio::time::timeout(self.settings.connect_timeout, connecting).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {}
                _ => refused = false,
            }
        }
        Err(if refused { Unconnected::Refused } else { Unconnected::Silent })
    }
}

/// Why a port could not be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unconnected {
    /// Every address refused.
    Refused,
    /// One at least gave no answer, or could not be reached.
    Silent,
}

impl TlsLook {
    fn read(
        &mut self,
        leaf: &CertificateDer<'_>,
        verdict: Option<&TlsError>,
        name: &ServerName<'_>,
        now: DateTime<Utc>,
    ) {
        self.sha256 = Some(hex(&Sha256::digest(leaf.as_ref())));
        let mut faults = Vec::new();
        let mut is_self_signed = false;
        if let Ok((_, certificate)) = X509Certificate::from_der(leaf.as_ref()) {
            let validity = certificate.validity();
            self.not_before = DateTime::from_timestamp(validity.not_before.timestamp(), 0);
            self.not_after = DateTime::from_timestamp(validity.not_after.timestamp(), 0);
            self.subject = certificate.subject().to_string().chars().take(NAME).collect();
            self.issuer = certificate.issuer().to_string().chars().take(NAME).collect();
            is_self_signed = certificate.subject().as_raw() == certificate.issuer().as_raw();
            if self.not_after.is_some_and(|end| end < now) {
                faults.push(TlsFault::Expired);
            }
            if self.not_before.is_some_and(|begin| begin > now) {
                faults.push(TlsFault::NotYetValid);
            }
        }
        // Why apart: a verdict names one fault, the first it meets.
        let fits = ParsedCertificate::try_from(leaf).is_ok_and(|parsed| {
            !matches!(
                rustls::client::verify_server_name(&parsed, name),
                Err(TlsError::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
                ))
            )
        });
        if !fits {
            faults.push(TlsFault::WrongName);
        }
        if let Some(TlsError::InvalidCertificate(error)) = verdict {
            use CertificateError as E;
            match error {
                E::UnknownIssuer if is_self_signed => faults.push(TlsFault::SelfSigned),
                E::UnknownIssuer => faults.push(TlsFault::Untrusted),
                // Read from the certificate itself already, or from one above it in the chain.
                E::Expired | E::ExpiredContext { .. } if faults.contains(&TlsFault::Expired) => {}
                E::NotValidYet | E::NotValidYetContext { .. } if faults.contains(&TlsFault::NotYetValid) => {}
                E::NotValidForName | E::NotValidForNameContext { .. } => {}
                E::Expired | E::ExpiredContext { .. } | E::NotValidYet | E::NotValidYetContext { .. } => {
                    faults.push(TlsFault::Untrusted);
                }
                // A root that answers for itself is told by the judge in its own words.
                _ if is_self_signed => faults.push(TlsFault::SelfSigned),
                _ => faults.push(TlsFault::Invalid),
            }
        } else if verdict.is_some() && faults.is_empty() {
            faults.push(TlsFault::Invalid);
        }
        faults.sort_unstable();
        faults.dedup();
        self.faults = faults;
    }
}

/// What the handshake showed.
#[derive(Debug)]
struct Seen {
    leaf: CertificateDer<'static>,
    verdict: Option<TlsError>,
}

/// Accepts every certificate and remembers what the judge said of it.
#[derive(Debug)]
struct Witness {
    judge: rustls_platform_verifier::Verifier,
    now: UnixTime,
    seen: Mutex<Option<Seen>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let verdict =
            self.judge.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, self.now).err();
        let seen = Seen { leaf: end_entity.clone().into_owned(), verdict };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.judge.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.judge.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

#[cfg(test)]
#[path = "tls_tests.rs"]
mod tests;
