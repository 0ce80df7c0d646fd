//! What is made of a site that answers everything.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, Utc};

use super::*;
use crate::checks::link::{LinkOutcome, verify, verify_at};
use crate::fetch::world::{fetcher, settings};

fn now() -> DateTime<Utc> {
    "2026-08-03T04:00:00Z".parse().unwrap()
}

fn page(title: &str, words: &str) -> Response {
    let menu = "<li>政务公开</li><li>办事服务</li><li>互动交流</li><li>走进本区</li>";
    Html(format!("<html><head><title>{title}</title></head><body><ul>{menu}</ul><p>{words}</p></body></html>"))
        .into_response()
}

/// A site with one real article; everything else is answered by `otherwise`.
async fn site(otherwise: fn(&str) -> Response) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let router = Router::new().fallback(move |request: Request| {
        let path = request.uri().path().to_owned();
        if path.contains("xuncha") {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        async move {
            match path.as_str() {
                "/" => page("某某区", "欢迎访问某某区人民政府网站，今日要闻：全区会议召开，部署下半年重点工作安排。"),
                "/zwgk/1.html" => {
                    page("某某区", "关于做好今冬明春供暖工作的通知，各街道办事处、各有关单位请认真执行。")
                }
                "/zwgk/kept.html" => (StatusCode::FOUND, [(header::LOCATION, "/")]).into_response(),
                path => otherwise(path),
            }
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (base, asked)
}

#[tokio::test]
async fn a_link_that_gets_what_any_address_gets_is_suspected_in_a_round() {
    let friendly = |path: &str| {
        page("某某区", &format!("{path} 欢迎来到某某区，这里有您关心的政务信息与便民服务，更多内容正在建设之中。"))
    };
    let (base, asked) = site(friendly).await;
    let (fetcher, sites) = (fetcher(settings()), Sites::default());
    for (path, wanted) in [
        ("/zwgk/1.html", None),
        ("/zwgk/2.html", Some(LinkReason::SameAsMissing)),
        ("/a/b/c?id=77", Some(LinkReason::SameAsMissing)),
        ("/", None),
        ("/index.html", None),
        ("/wap", None),
    ] {
        let look = verify_at(&fetcher, &sites, &format!("{base}{path}"), now()).await;
        let outcome = if wanted.is_some() { LinkOutcome::Suspected } else { LinkOutcome::Ok };
        assert_eq!((look.outcome, look.reason), (outcome, wanted.unwrap_or(LinkReason::Answered)), "{path}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "a site is asked once");
    let alone = verify(&fetcher, &format!("{base}/zwgk/2.html"), now()).await;
    assert_eq!(alone.outcome, LinkOutcome::Ok, "outside a round no site is asked");
}

#[tokio::test]
async fn a_shell_that_a_script_fills_proves_nothing() {
    let shell = |_: &str| {
        Html("<title>办事</title><noscript>请启用浏览器脚本</noscript><div id=app></div><script src=/a.js></script>")
            .into_response()
    };
    let (base, _) = site(shell).await;
    let look = verify_at(&fetcher(settings()), &Sites::default(), &format!("{base}/service/apply/3"), now()).await;
    assert_eq!(look.outcome, LinkOutcome::Ok);
}

#[tokio::test]
async fn a_link_sent_home_is_suspected_where_every_address_is_sent_home() {
    let home = |_: &str| (StatusCode::FOUND, [(header::LOCATION, "/")]).into_response();
    let honest = |_: &str| StatusCode::NOT_FOUND.into_response();
    let fetcher = fetcher(settings());
    let (sends_home, _) = site(home).await;
    let (says_so, _) = site(honest).await;
    for (base, path, in_round) in [
        (&sends_home, "/zwgk/kept.html", LinkOutcome::Suspected),
        (&sends_home, "/wap/", LinkOutcome::Ok),
        (&sends_home, "/portal/index.html", LinkOutcome::Ok),
        (&says_so, "/zwgk/kept.html", LinkOutcome::Ok),
        (&says_so, "/", LinkOutcome::Ok),
    ] {
        let url = format!("{base}{path}");
        let look = verify_at(&fetcher, &Sites::default(), &url, now()).await;
        assert_eq!(look.outcome, in_round, "{path} in a round");
        if in_round == LinkOutcome::Suspected {
            assert_eq!((look.reason, look.chain.len()), (LinkReason::RedirectedHome, 1), "{path}");
        }
        let look = verify(&fetcher, &url, now()).await;
        assert_eq!(look.outcome, LinkOutcome::Ok, "{path} alone");
    }
}

#[test]
fn front_pages_and_pages_below_are_told_apart() {
    for (path, home, deep) in [
        ("/", true, false),
        ("/index.html", true, false),
        ("/Default.aspx", true, false),
        ("/?id=3", false, false),
        ("/wap/", false, false),
        ("/portal/index.jsp", false, false),
        ("/zwgk/1.html", false, true),
        ("/1.html", false, true),
        ("/a/b/", false, true),
        ("/zwgk/tzgg/index.html", false, true),
    ] {
        let url = Url::parse(&format!("http://a.example{path}")).unwrap();
        assert_eq!((is_home(&url), is_deep(&url)), (home, deep), "{path}");
    }
}
