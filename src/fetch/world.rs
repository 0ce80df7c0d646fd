//! A small world on loopback for tests: every way a server can behave.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Fetcher, Settings};

/// Five mebibytes of zeros in five kilobytes of gzip.
const BOMB: &[u8] = include_bytes!("../../tests/fixtures/zeros.gz");

/// The settings of a test: loopback allowed, little patience.
pub(crate) fn settings() -> Settings {
    Settings {
        allow_private: true,
        timeout: Duration::from_millis(600),
        connect_timeout: Duration::from_millis(400),
        retries: 1,
        ..Settings::default()
    }
}

pub(crate) fn fetcher(settings: Settings) -> Fetcher {
    Fetcher::new(settings).unwrap()
}

/// A port nothing listens on.
pub(crate) async fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// A server that reads a request, writes `answer` and hangs up.
pub(crate) async fn raw_server(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer).await;
            });
        }
    });
    address
}

fn redirect(to: &str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, to.to_owned())]).into_response()
}

fn sends_on(content: &str) -> Html<String> {
    Html(format!("<html><head><meta http-equiv=\"Refresh\" content=\"{content}\"></head><body>正在跳转</body></html>"))
}

fn page(text: &str) -> Html<String> {
    Html(format!("<html><head><title>示例政务</title></head><body>{text}</body></html>"))
}

/// Starts the world and returns its base URL.
pub(crate) async fn start() -> String {
    let asked = Arc::new(AtomicUsize::new(0));
    let once = {
        let asked = Arc::clone(&asked);
        move |status: StatusCode| {
            if asked.fetch_add(1, Ordering::SeqCst) == 0 {
                status.into_response()
            } else {
                page("好了").into_response()
            }
        }
    };
    let flaky = once.clone();
    let router = Router::new()
        .route("/ok", get(|| async { page("<h1>正常</h1><p>内容</p>") }))
        .route("/status/{code}", get(|Path(code): Path<u16>| async move { StatusCode::from_u16(code).unwrap() }))
        .route("/flaky503", get(move || async move { flaky(StatusCode::SERVICE_UNAVAILABLE) }))
        .route(
            "/picky",
            get(|Query(asked): Query<HashMap<String, String>>| async move {
                if asked.get("utm_source").is_some_and(|source| source == "2") {
                    page("<h1>正常</h1><p>内容</p>").into_response()
                } else {
                    StatusCode::NOT_FOUND.into_response()
                }
            }),
        )
        .route("/once404", get(move || async move { once(StatusCode::NOT_FOUND) }))
        .route("/a", get(|| async { redirect("/b") }))
        .route("/b", get(|| async { redirect("ok#part") }))
        .route("/loop1", get(|| async { redirect("/loop2") }))
        .route("/loop2", get(|| async { redirect("/loop1") }))
        .route("/down/{n}", get(|Path(n): Path<u32>| async move { redirect(&format!("/down/{}", n + 1)) }))
        .route("/nowhere", get(|| async { StatusCode::FOUND }))
        .route("/app", get(|| async { redirect("weixin://dl/business") }))
        .route("/metadata", get(|| async { redirect("http://169.254.169.254/latest/") }))
        .route(
            "/cookie",
            get(|headers: HeaderMap| async move {
                if headers.get(header::COOKIE).is_some_and(|cookie| cookie == "seen=1") {
                    page("进来了").into_response()
                } else {
                    (StatusCode::FOUND, [(header::LOCATION, "/cookie"), (header::SET_COOKIE, "seen=1; Path=/")])
                        .into_response()
                }
            }),
        )
        .route(
            "/bomb",
            get(|| async { ([(header::CONTENT_ENCODING, "gzip"), (header::CONTENT_TYPE, "text/html")], BOMB) }),
        )
        .route(
            "/endless",
            get(|| async {
                Body::from_stream(futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 8192])))
            }),
        )
        .route(
            "/drip",
            get(|| async {
                Body::from_stream(futures::stream::unfold((), |()| async {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    Some((Ok::<_, std::io::Error>("x"), ()))
                }))
            }),
        )
        .route("/silent", get(|| async { tokio::time::sleep(Duration::from_secs(30)).await }))
        .route("/soft", get(|| async { page("<h1>抱歉,您访问的页面不存在</h1>") }))
        .route(
            "/softgbk",
            get(|| async {
                let text = "<meta charset=gb2312><title>页面未找到</title><p>返回首页</p>";
                ([(header::CONTENT_TYPE, "text/html")], encoding_rs::GBK.encode(text).0.into_owned())
            }),
        )
        .route("/captcha", get(|| async { page("<p>当前环境异常,完成验证后即可继续访问。</p>") }))
        .route(
            "/challenge",
            get(|| async {
                (StatusCode::from_u16(521).unwrap(), Html("<script>document.cookie='a=1';location='/'</script>"))
            }),
        )
        .route("/waf", get(|| async { (StatusCode::FORBIDDEN, page("您的请求疑似攻击行为,请求已被拦截")) }))
        .route("/deleted", get(|| async { page("<p>该内容已被发布者删除</p>") }))
        .route("/sent-on", get(|| async { sends_on("0;url=/ok") }))
        .route("/sent-on-to-nothing", get(|| async { sends_on("1; URL='/status/404'") }))
        .route("/sent-on-inside", get(|| async { sends_on("0;url=http://169.254.169.254/latest/") }))
        .route("/sent-on-to-itself", get(|| async { sends_on("0;url=/sent-on-to-itself") }))
        .route("/sent-to-and-fro", get(|| async { sends_on("2;url=/sent-fro-and-to") }))
        .route("/sent-fro-and-to", get(|| async { sends_on("2;url=/sent-to-and-fro") }))
        .route(
            "/sent-on-without-scripts",
            get(|| async {
                page("<noscript><meta http-equiv=refresh content='0;url=/status/404'></noscript><h1>正常</h1>")
            }),
        )
        .route("/sent-on-late", get(|| async { sends_on("60;url=/status/404") }))
        .route("/sent-on-to-app", get(|| async { sends_on("0;url=weixin://dl/business") }))
        .route(
            "/soft-and-sent-on",
            get(|| async {
                Html("<title>页面不存在</title><meta http-equiv=refresh content='3;url=/'><p>即将返回首页</p>")
            }),
        )
        .route(
            "/sent-on-with-cookie",
            get(|headers: HeaderMap| async move {
                if headers.get(header::COOKIE).is_some_and(|cookie| cookie == "seen=1") {
                    page("进来了").into_response()
                } else {
                    ([(header::SET_COOKIE, "seen=1; Path=/")], sends_on("0;url=/sent-on-with-cookie")).into_response()
                }
            }),
        )
        .route(
            "/download",
            get(|| async {
                let zeros = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0; 8192]));
                ([(header::CONTENT_TYPE, "application/octet-stream")], Body::from_stream(zeros))
            }),
        )
        .route("/login", get(|| async { page("<p>请先登录</p>") }))
        .route(
            "/file",
            get(|| async { ([(header::CONTENT_TYPE, "application/pdf")], b"%PDF-1.7 404 not found".to_vec()) }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}
