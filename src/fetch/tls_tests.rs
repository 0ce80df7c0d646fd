//! Certificates of every kind, served on loopback.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;

use super::*;
use crate::fetch::world::{closed_port, raw_server, settings};

fn now() -> DateTime<Utc> {
    "2026-11-23T01:00:00Z".parse().unwrap()
}

/// Validity in years.
fn params(name: &str, from: i32, until: i32) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = params("Yunxi Test Root", 2020, 2040);
    params.subject_alt_names.clear();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Serves a certificate; its `https://localhost` address.
async fn serve(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> String {
    crate::fetch::install_tls();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move { acceptor.accept(stream).await });
        }
    });
    format!("https://localhost:{port}/")
}

async fn look(probe: &Probe, params: CertificateParams, by: Option<&CertifiedIssuer<'static, KeyPair>>) -> TlsLook {
    let key = KeyPair::generate().unwrap();
    let certificate = match by {
        Some(authority) => params.signed_by(&key, authority).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let url = serve(vec![certificate.der().clone()], &key).await;
    probe.tls(&url, now()).await
}

#[tokio::test]
async fn every_fault_of_a_certificate_is_named() {
    let authority = authority();
    let probe = Probe::new(&settings()).trusting([authority.der().to_vec()]);
    let sound = look(&probe, params("localhost", 2025, 2027), Some(&authority)).await;
    assert_eq!((sound.https, sound.faults.as_slice()), (Https::Offered, &[][..]), "{sound:?}");
    assert_eq!(sound.not_after.unwrap().to_rfc3339(), "2027-01-01T00:00:00+00:00");
    assert!(sound.subject.contains("localhost") && sound.issuer.contains("Yunxi Test Root") && sound.is_address);
    let expired = look(&probe, params("localhost", 2020, 2026), Some(&authority)).await;
    assert_eq!(expired.faults, [TlsFault::Expired]);
    let early = look(&probe, params("localhost", 2027, 2028), Some(&authority)).await;
    assert_eq!(early.faults, [TlsFault::NotYetValid]);
    let foreign = look(&probe, params("www.yunxi.example", 2025, 2027), Some(&authority)).await;
    assert_eq!(foreign.faults, [TlsFault::WrongName]);
    let own = look(&probe, params("localhost", 2025, 2027), None).await;
    assert_eq!(own.faults, [TlsFault::SelfSigned]);
    let all = look(&probe, params("www.yunxi.example", 2020, 2021), None).await;
    assert!(all.faults.contains(&TlsFault::Expired) && all.faults.contains(&TlsFault::WrongName), "{all:?}");
    // Without the root the chain leads nowhere, which is no certain fault: lists of roots differ.
    let stranger = look(&Probe::new(&settings()), params("localhost", 2025, 2027), Some(&authority)).await;
    assert!(matches!(stranger.https, Https::Offered | Https::NoRoots), "{stranger:?}");
    if stranger.https == Https::Offered {
        assert_eq!(stranger.faults, [TlsFault::Untrusted]);
        assert!(!TlsFault::Untrusted.is_certain());
    }
}

#[tokio::test]
async fn what_is_no_certificate_is_no_fault_of_one() {
    let probe = Probe::new(&settings()).trusting([authority().der().to_vec()]);
    let port = closed_port().await.port();
    let closed = probe.tls(&format!("https://localhost:{port}/"), now()).await;
    assert_eq!((closed.https, closed.faults.len()), (Https::Unreachable, 0));
    let plain = raw_server(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.port();
    let plain = probe.tls(&format!("https://localhost:{plain}/"), now()).await;
    assert_eq!((plain.https, plain.faults.len()), (Https::NoHandshake, 0));
    let http = probe.tls("http://localhost:8080/", now()).await;
    assert_eq!((http.https, http.is_address), (Https::NotOffered, false));
    let guarded = Probe::new(&crate::fetch::Settings { allow_private: false, ..settings() });
    assert_eq!(guarded.tls("https://localhost/", now()).await.https, Https::Guarded);
    assert_eq!(guarded.tls("https://169.254.169.254/", now()).await.https, Https::Guarded);
    assert_eq!(probe.tls("不是网址", now()).await.https, Https::NotResolved);
}

#[tokio::test]
async fn only_who_refuses_offers_no_https() {
    let probe = Probe::new(&settings());
    let (v4, port): (IpAddr, _) = ([127, 0, 0, 1].into(), closed_port().await.port());
    assert_eq!(probe.connect(&[v4], port).await.unwrap_err(), Unconnected::Refused);
    assert_eq!(probe.connect(&[], port).await.unwrap_err(), Unconnected::Silent);
}
