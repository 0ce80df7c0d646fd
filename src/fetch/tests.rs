//! The client against servers that behave in every bad way.

use super::world::{closed_port, fetcher, raw_server, settings, start};
use super::*;

async fn kind_of(fetcher: &Fetcher, url: &str) -> FailureKind {
    match fetcher.get_once(url, false).await {
        Ok(page) => panic!("{url} answered {}", page.status),
        Err(failure) => failure.kind,
    }
}

#[tokio::test]
async fn redirects_are_followed_and_recorded() {
    let base = start().await;
    let page = fetcher(settings()).get(&format!("{base}/a")).await.unwrap();
    assert_eq!(page.status, 200);
    assert_eq!(page.url, format!("{base}/ok"));
    let hops: Vec<_> = page.chain.iter().map(|hop| (hop.url.strip_prefix(&base).unwrap(), hop.status)).collect();
    assert_eq!(hops, [("/a", 302), ("/b", 302)]);
    assert!(page.text().contains("正常") && !page.truncated);
}

#[tokio::test]
async fn a_site_that_hands_out_a_cookie_first_is_no_loop() {
    let base = start().await;
    let page = fetcher(settings()).get(&format!("{base}/cookie")).await.unwrap();
    assert!(page.text().contains("进来了"));
}

#[tokio::test]
async fn loops_and_long_ways_end() {
    let base = start().await;
    let fetcher = fetcher(settings());
    assert_eq!(kind_of(&fetcher, &format!("{base}/loop1")).await, FailureKind::RedirectLoop);
    let failure = fetcher.get_once(&format!("{base}/down/0"), false).await.unwrap_err();
    assert_eq!((failure.kind, failure.chain.len()), (FailureKind::TooManyRedirects, 11));
    assert_eq!(kind_of(&fetcher, &format!("{base}/app")).await, FailureKind::IntoApp);
    assert_eq!(fetcher.get(&format!("{base}/nowhere")).await.unwrap().status, 302);
}

#[tokio::test]
async fn a_transient_error_is_asked_again() {
    let base = start().await;
    let page = fetcher(settings()).get(&format!("{base}/flaky503")).await.unwrap();
    assert_eq!((page.status, page.attempts), (200, 2));
    let page = fetcher(settings()).get(&format!("{base}/status/500")).await.unwrap();
    assert_eq!((page.status, page.attempts), (500, 2));
    let page = fetcher(settings()).get(&format!("{base}/status/404")).await.unwrap();
    assert_eq!((page.status, page.attempts), (404, 1));
}

#[tokio::test]
async fn bodies_are_cut_at_the_limit_after_decompression() {
    let base = start().await;
    let fetcher = fetcher(Settings { max_body: 100_000, timeout: Duration::from_secs(5), ..settings() });
    for path in ["/bomb", "/endless"] {
        let page = fetcher.get(&format!("{base}{path}")).await.unwrap();
        assert_eq!((page.body.len(), page.truncated), (100_000, true), "{path}");
    }
}

#[tokio::test]
async fn a_slow_answer_ends_with_the_total_time() {
    let base = start().await;
    let fetcher = fetcher(settings());
    for path in ["/drip", "/silent"] {
        let started = Instant::now();
        assert_eq!(kind_of(&fetcher, &format!("{base}{path}")).await, FailureKind::Timeout, "{path}");
        assert!(started.elapsed() < Duration::from_secs(3), "{path}");
    }
}

#[tokio::test]
async fn broken_servers_are_told_apart() {
    let fetcher = fetcher(settings());
    for (answer, wanted) in [
        (&b""[..], FailureKind::Reset),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", FailureKind::CutShort),
        (b"hello, this is no HTTP\r\n\r\n", FailureKind::Protocol),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\nbad", FailureKind::Protocol),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain", FailureKind::Protocol),
    ] {
        let address = raw_server(answer).await;
        let kind = kind_of(&fetcher, &format!("http://{address}/")).await;
        assert_eq!(kind, wanted, "{}", String::from_utf8_lossy(answer));
    }
    let closed = closed_port().await;
    assert_eq!(kind_of(&fetcher, &format!("http://{closed}/")).await, FailureKind::Refused);
    let plain = raw_server(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert_eq!(kind_of(&fetcher, &format!("https://{plain}/")).await, FailureKind::Tls);
}

#[tokio::test]
async fn a_location_in_raw_chinese_bytes_is_followed() {
    let address =
        raw_server("HTTP/1.1 302 Found\r\nLocation: ftp://例子/通知\r\nContent-Length: 0\r\n\r\n".as_bytes()).await;
    let failure = fetcher(settings()).get_once(&format!("http://{address}/"), false).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadUrl);
    assert_eq!(failure.chain.len(), 1);
}

#[tokio::test]
async fn the_guard_refuses_private_addresses_directly_and_by_redirect() {
    let base = start().await;
    let guarded = fetcher(Settings { allow_private: false, ..settings() });
    for url in [
        base.as_str(),
        "http://localhost/",
        "http://2130706433/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/",
    ] {
        assert_eq!(kind_of(&guarded, url).await, FailureKind::Forbidden, "{url}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let fetcher = fetcher(settings());
    for url in ["", "example", "ftp://a.example/", "javascript:void(0)", "http://", "http://a b/", "data:,x"] {
        assert_eq!(kind_of(&fetcher, url).await, FailureKind::BadUrl, "{url}");
    }
}

#[tokio::test]
async fn a_host_that_refused_five_times_rests_until_the_next_run() {
    let closed = closed_port().await;
    let fetcher = fetcher(settings());
    let url = format!("http://{closed}/");
    for _ in 0..5 {
        assert_eq!(kind_of(&fetcher, &url).await, FailureKind::Refused);
    }
    assert_eq!(kind_of(&fetcher, &url).await, FailureKind::HostResting);
    assert_eq!(kind_of(&fetcher.for_run(), &url).await, FailureKind::Refused);
}

#[tokio::test]
async fn control_urls_tell_whether_we_are_online() {
    let base = start().await;
    let closed = closed_port().await;
    let with = |urls: &[String]| fetcher(Settings { control_urls: urls.to_vec(), ..settings() });
    assert_eq!(with(&[]).online().await, Connectivity::Untested);
    let (dead, alive) = (format!("http://{closed}/"), format!("{base}/ok"));
    assert_eq!(with(std::slice::from_ref(&dead)).online().await, Connectivity::Offline);
    assert_eq!(with(&[dead, alive]).online().await, Connectivity::Online);
    // A gateway that refuses everything answers too.
    for (status, wanted) in [
        (404, Connectivity::Offline),
        (403, Connectivity::Offline),
        (407, Connectivity::Offline),
        (503, Connectivity::Offline),
        (204, Connectivity::Online),
    ] {
        let refused = format!("{base}/status/{status}");
        assert_eq!(with(&[refused]).online().await, wanted, "{status}");
    }
    assert_eq!(with(&[format!("{base}/a")]).online().await, Connectivity::Online);
}

#[tokio::test]
async fn many_requests_share_a_host_politely() {
    let base = start().await;
    let fetcher = fetcher(Settings { per_host_concurrency: 3, timeout: Duration::from_secs(10), ..settings() });
    let urls: Vec<_> = (0..200).map(|_| format!("{base}/ok")).collect();
    let pages = futures::future::join_all(urls.iter().map(|url| fetcher.get(url))).await;
    assert!(pages.iter().all(|page| page.as_ref().is_ok_and(Page::is_success)));
}

#[test]
fn unusable_settings_are_named() {
    let bad_proxy = Settings { proxy: Some("http://".to_owned()), ..Settings::default() };
    assert!(matches!(Fetcher::new(bad_proxy), Err(FetcherError::Proxy(_))));
    let bad_agent = Settings { user_agent: "巡\n查".to_owned(), ..Settings::default() };
    assert!(matches!(Fetcher::new(bad_agent), Err(FetcherError::UserAgent)));
}
