//! Every verdict of the link verifier, against a loopback world.

use super::*;
use crate::fetch::Settings;
use crate::fetch::world::{closed_port, fetcher, raw_server, settings, start};

fn now() -> DateTime<Utc> {
    "2026-08-03T04:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn every_answer_gets_its_verdict() {
    let base = start().await;
    let fetcher = fetcher(settings());
    for (path, outcome, reason) in [
        ("/ok", LinkOutcome::Ok, LinkReason::Answered),
        ("/a", LinkOutcome::Ok, LinkReason::Answered),
        ("/cookie", LinkOutcome::Ok, LinkReason::Answered),
        ("/login", LinkOutcome::Ok, LinkReason::Answered),
        ("/file", LinkOutcome::Ok, LinkReason::Answered),
        ("/endless", LinkOutcome::Ok, LinkReason::Answered),
        ("/download", LinkOutcome::Ok, LinkReason::Answered),
        ("/sent-on", LinkOutcome::Ok, LinkReason::Answered),
        ("/sent-on-with-cookie", LinkOutcome::Ok, LinkReason::Answered),
        ("/sent-on-to-itself", LinkOutcome::Ok, LinkReason::Answered),
        ("/sent-to-and-fro", LinkOutcome::Ok, LinkReason::Answered),
        ("/sent-on-late", LinkOutcome::Ok, LinkReason::Answered),
        ("/sent-on-without-scripts", LinkOutcome::Ok, LinkReason::Answered),
        ("/sent-on-to-app", LinkOutcome::Ok, LinkReason::Answered),
        ("/sent-on-to-nothing", LinkOutcome::Broken, LinkReason::NotFound),
        ("/soft-and-sent-on", LinkOutcome::Suspected, LinkReason::SoftNotFound),
        ("/status/204", LinkOutcome::Ok, LinkReason::Answered),
        ("/once404", LinkOutcome::Ok, LinkReason::Recovered),
        ("/status/404", LinkOutcome::Broken, LinkReason::NotFound),
        ("/status/410", LinkOutcome::Broken, LinkReason::Gone),
        ("/deleted", LinkOutcome::Suspected, LinkReason::SoftNotFound),
        ("/soft", LinkOutcome::Suspected, LinkReason::SoftNotFound),
        ("/softgbk", LinkOutcome::Suspected, LinkReason::SoftNotFound),
        ("/status/403", LinkOutcome::Suspected, LinkReason::AccessDenied),
        ("/status/412", LinkOutcome::Suspected, LinkReason::PreconditionFailed),
        ("/status/500", LinkOutcome::Suspected, LinkReason::ServerError),
        ("/status/400", LinkOutcome::Suspected, LinkReason::OddStatus),
        ("/nowhere", LinkOutcome::Suspected, LinkReason::OddStatus),
        ("/loop1", LinkOutcome::Suspected, LinkReason::RedirectLoop),
        ("/down/0", LinkOutcome::Suspected, LinkReason::TooManyRedirects),
        ("/drip", LinkOutcome::Suspected, LinkReason::Timeout),
        ("/app", LinkOutcome::Unverified, LinkReason::IntoApp),
        ("/status/429", LinkOutcome::Unverified, LinkReason::RateLimited),
        ("/captcha", LinkOutcome::Unverified, LinkReason::Captcha),
        ("/challenge", LinkOutcome::Unverified, LinkReason::Challenge),
        ("/waf", LinkOutcome::Unverified, LinkReason::RobotBlocked),
    ] {
        let url = format!("{base}{path}");
        let look = verify(&fetcher, &url, now()).await;
        assert_eq!((look.outcome, look.reason), (outcome, reason), "{path}");
        assert_eq!((look.url, look.fetched_at), (url, now()), "{path}");
    }
}

#[test]
fn a_firewall_that_answers_404_is_no_missing_page() {
    let judged = |status: u16, html: &str| {
        let mut page = Page::from_bytes("https://www.example.gov.cn/a.html", Some("text/html"), html.to_owned());
        page.status = status;
        judge_answer(&page)
    };
    let ruishu = "<meta id=x r=m><script src=/ab/c.js></script><script>$_ts=window['$_ts'];</script><body></body>";
    for (html, reason) in [
        (ruishu, LinkReason::Challenge),
        ("<title>网站防火墙</title><p>您的请求带有不合法参数，已被网站管理员设置拦截！</p>", LinkReason::RobotBlocked),
        ("<title>404 Not Found</title><p>您的访问被阻断，事件编号：1</p>", LinkReason::RobotBlocked),
        ("<title>安全验证</title><p>请完成安全验证</p>", LinkReason::Captcha),
        ("<p>抱歉，您的访问可能对网站造成危险，已被云防护安全拦截</p>", LinkReason::RobotBlocked),
        (
            "<title>501</title><p>很抱歉，您提交的请求可能对网站造成威胁，请求已被管理员设置的策略阻断</p>",
            LinkReason::RobotBlocked,
        ),
        ("<title>访问禁止</title><p>您的访问已被WAF拦截，事件编号123</p>", LinkReason::RobotBlocked),
    ] {
        assert_eq!(judged(404, html), (LinkOutcome::Unverified, reason), "{html}");
    }
    for html in [
        "<title>404 Not Found</title><script>$_ts=window['$_ts'];</script><h1>404 Not Found</h1>",
        "<h1>404</h1><script>document.cookie='stat=1';location.protocol</script>",
        "<p>您访问的页面不存在</p><p>本站由网站安全狗防护</p>",
        "<script>window.location.href='/'</script>",
        "<title>系统提示</title><p>文件未找到</p><script>var a='__jsl_clearance'</script>",
        "",
    ] {
        assert_eq!(judged(404, html), (LinkOutcome::Broken, LinkReason::NotFound), "{html}");
    }
    // A script challenge that leaves no mark.
    let bare = "<html><head><meta id=x content=y><script r=m src=/abc.js></script></head><body></body></html>";
    assert_eq!(judged(404, bare), (LinkOutcome::Unverified, LinkReason::Challenge));
    // The shell of an app with the status of what is missing is missing by that status, as the rule counts.
    let shell = "<title>云溪区政务服务</title><script type=module src=/assets/index.js></script><div id=\"app\"></div>";
    assert_eq!(judged(404, shell), (LinkOutcome::Broken, LinkReason::NotFound));
    assert_eq!(
        judged(200, "<title>TestPage</title><p>该网站未备案,暂时无法访问</p>"),
        (LinkOutcome::Suspected, LinkReason::Withheld)
    );
}

/// A service that is entered through WeChat shows its door to others, whatever lies behind it.
#[test]
fn a_page_that_opens_in_wechat_alone_is_neither_sound_nor_broken() {
    let judged = |html: &str| {
        judge_answer(&Page::from_bytes("https://open.weixin.qq.com/x", Some("text/html"), html.to_owned()))
    };
    let door = "<title>抱歉，出错了</title><h4>请在微信客户端打开链接</h4>";
    assert_eq!(judged(door), (LinkOutcome::Unverified, LinkReason::WechatOnly));
    let guide = format!("<title>办事指南</title><p>{}预约请在微信中打开小程序。</p>", "办理材料".repeat(80));
    assert_eq!(judged(&guide), (LinkOutcome::Ok, LinkReason::Answered));
}

#[test]
fn a_platform_s_word_is_final_where_the_look_ends_on_the_platform() {
    let said = "<h2>该内容已被发布者删除</h2>";
    let at = |url: &str| judge_answer(&Page::from_bytes(url, Some("text/html; charset=utf-8"), said));
    assert_eq!(at("https://mp.weixin.qq.com/s/Abc"), (LinkOutcome::Broken, LinkReason::PlatformDeleted));
    assert_eq!(at("https://www.example.gov.cn/1.html"), (LinkOutcome::Suspected, LinkReason::SoftNotFound));
}

#[test]
fn a_notice_where_an_article_was_is_no_article() {
    let judged = |at: &str, html: &str| judge_answer(&Page::from_bytes(at, Some("text/html"), html.to_owned()));
    let article = "https://mp.weixin.qq.com/s/Abc";
    for (says, outcome) in [
        ("此内容因涉嫌违反相关法律法规和政策发送失败，无法查看", LinkOutcome::Broken),
        ("该内容暂时无法查看", LinkOutcome::Suspected),
        ("参数错误", LinkOutcome::Suspected),
        ("该公众号已迁移", LinkOutcome::Ok),
        ("办事指南", LinkOutcome::Ok),
    ] {
        let page = format!("<div class=weui-msg><h2>{says}</h2><p>微信公众平台运营中心</p></div>");
        assert_eq!(judged(article, &page).0, outcome, "{says}");
    }
    let quoted = "<h1 id='activity-name'>说明</h1><div id=\"js_content\"><p>参数错误</p></div>";
    assert_eq!(judged(article, quoted).0, LinkOutcome::Ok);
    let gone = "<title>微博-出错了</title><p class=h5-4con>微博不存在或暂无查看权限!</p>";
    assert_eq!(judged("https://m.weibo.cn/status/Mabc", gone).0, LinkOutcome::Suspected);
}

#[test]
fn what_a_server_shows_in_place_of_a_site_is_no_page_of_it() {
    let judged = |html: &str| {
        judge_answer(&Page::from_bytes("https://www.example.gov.cn/a/1.html", Some("text/html"), html.to_owned()))
    };
    for html in [
        "<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1><p>If you see this page, the nginx web server is successfully installed.</p>",
        "<title>IIS Windows Server</title><img src=iisstart.png>",
        "<title>恭喜，站点创建成功！</title><h3>这是默认index.html，本页面由系统自动生成</h3>",
        "<title>错误</title><h1>HTTP Status 500 – Internal Server Error</h1><p>java.lang.NullPointerException</p>",
        "<title>“/”应用程序中的服务器错误。</title><h1>“/”应用程序中的服务器错误。</h1><p>运行时错误</p>",
        "<title>example.cn</title><p>该域名正在出售</p><p>This domain is for sale</p>",
    ] {
        assert_eq!(judged(html), (LinkOutcome::Suspected, LinkReason::Placeholder), "{html}");
    }
    for html in [
        "<title>关于防范域名出售诈骗的提醒</title><h1>提醒</h1><p>近期有人以该域名正在出售为由行骗，请广大市民提高警惕。</p>",
        "<title>nginx配置说明</title><p>内容</p>",
        "<title>云溪区政务服务</title><p>系统维护公告</p>",
    ] {
        assert_eq!(judged(html), (LinkOutcome::Ok, LinkReason::Answered), "{html}");
    }
}

#[tokio::test]
async fn failures_get_their_verdict() {
    let fetcher = fetcher(settings());
    let closed = closed_port().await;
    let mute = raw_server(b"").await;
    for (url, outcome, reason) in [
        (format!("http://{closed}/"), LinkOutcome::Suspected, LinkReason::Refused),
        (format!("http://{mute}/"), LinkOutcome::Suspected, LinkReason::Reset),
        (format!("https://{mute}/"), LinkOutcome::Suspected, LinkReason::Reset),
        ("not a url".to_owned(), LinkOutcome::Suspected, LinkReason::BadUrl),
    ] {
        let look = verify(&fetcher, &url, now()).await;
        assert_eq!((look.outcome, look.reason, look.status), (outcome, reason, None), "{url}");
        assert!(!look.snippet.is_empty() && look.sha256.is_none());
    }
}

#[tokio::test]
async fn the_look_carries_its_evidence() {
    let base = start().await;
    let look = verify(&fetcher(settings()), &format!("{base}/a"), now()).await;
    assert_eq!(look.final_url, Some(format!("{base}/ok")));
    assert_eq!((look.status, look.attempts, look.chain.len()), (Some(200), 1, 2));
    assert!(look.snippet.is_empty() && look.sha256.is_none(), "what works accuses nobody");
    let json = serde_json::to_value(&look).unwrap();
    assert_eq!((json["outcome"].as_str(), json["reason"].as_str()), (Some("ok"), Some("answered")));
    let twice = verify(&fetcher(settings()), &format!("{base}/status/404"), now()).await;
    assert_eq!(twice.attempts, 2);
    let soft = verify(&fetcher(settings()), &format!("{base}/soft"), now()).await;
    assert!(!soft.snippet.is_empty());
    assert_eq!(soft.sha256.as_ref().map(String::len), Some(64));
}

#[tokio::test]
async fn a_page_that_sends_its_reader_on_is_a_hop_like_any_other() {
    let base = start().await;
    let open = fetcher(settings());
    let look = verify(&open, &format!("{base}/sent-on"), now()).await;
    assert_eq!(look.final_url, Some(format!("{base}/ok")));
    assert_eq!(look.chain, [Hop { url: format!("{base}/sent-on"), status: 200 }]);
    let ask = Ask { onward: Some(onward), ..Ask::once(MAX_BODY) };
    let page = open.get_with(&format!("{base}/sent-on-with-cookie"), ask).await.unwrap();
    assert!(page.text().contains("进来了"), "{}", page.text());
    // The guard stands before such a hop too: loopback may be asked here, a private address may not.
    let guarded = fetcher(Settings { allow_private: false, ..settings() });
    let page = crate::fetch::Page::from_bytes(
        "http://a.example/",
        Some("text/html"),
        "<meta http-equiv=refresh content='0;url=http://169.254.169.254/latest/'>",
    );
    let next = onward(&page).unwrap();
    let look = verify(&guarded, next.as_str(), now()).await;
    assert_eq!(look.reason, LinkReason::GuardRefused);
}

#[tokio::test]
async fn a_download_is_not_pulled_to_its_end() {
    let base = start().await;
    let fetcher = fetcher(Settings { timeout: std::time::Duration::from_secs(5), ..settings() });
    let ask = Ask { max_binary: MAX_BINARY, ..Ask::once(MAX_BODY) };
    let page = fetcher.get_with(&format!("{base}/download"), ask).await.unwrap();
    assert_eq!((page.body.len(), page.truncated), (MAX_BINARY, true));
}

#[tokio::test]
async fn a_verdict_alone_is_the_same_verdict() {
    let base = start().await;
    let fetcher = fetcher(settings());
    for path in ["/ok", "/soft", "/softgbk", "/captcha", "/status/404", "/deleted"] {
        let url = format!("{base}{path}");
        let (look, alone) = (verify(&fetcher, &url, now()).await, verdict(&fetcher, &url, now(), true).await);
        assert_eq!((look.outcome, look.reason, look.status), (alone.outcome, alone.reason, alone.status), "{path}");
        assert!(alone.snippet.is_empty() && alone.sha256.is_none(), "{path}");
    }
}

/// A table is asked for once, as far as a table is read: as a link it is judged as if it were a link alone.
#[tokio::test]
async fn a_page_that_is_wanted_whole_gets_the_verdict_of_a_look() {
    let fetcher = fetcher(settings());
    // A world each: one of its pages is missing once.
    let (alone, whole) = (start().await, start().await);
    let (sites, others) = (Sites::default(), Sites::default());
    for (path, comes) in [
        ("/ok", true),
        ("/a", true),
        ("/cookie", true),
        ("/file", true),
        ("/bomb", true),
        ("/download", true),
        ("/drip", false),
        ("/silent", false),
        ("/once404", true),
        ("/flaky503", true),
        ("/status/404", true),
        ("/status/410", true),
        ("/status/403", true),
        ("/status/429", true),
        ("/status/500", true),
        ("/nowhere", true),
        ("/soft", true),
        ("/softgbk", true),
        ("/deleted", true),
        ("/captcha", true),
        ("/challenge", true),
        ("/waf", true),
        ("/loop1", false),
        ("/down/0", false),
        ("/sent-on", true),
        ("/sent-on-with-cookie", true),
        ("/sent-on-to-itself", true),
        ("/sent-on-late", true),
        ("/sent-on-to-nothing", true),
        ("/soft-and-sent-on", true),
    ] {
        let wanted = verify_at(&fetcher, &sites, &format!("{alone}{path}"), now()).await;
        let (look, page) = verify_whole(&fetcher, &others, &format!("{whole}{path}"), now(), 2 * MAX_BODY).await;
        assert_eq!((look.outcome, look.reason, look.status), (wanted.outcome, wanted.reason, wanted.status), "{path}");
        assert_eq!((&look.snippet, &look.sha256), (&wanted.snippet, &wanted.sha256), "{path}");
        let there = |look: &LinkLook, base: &str| {
            let hops = look.chain.iter().map(|hop| (hop.url.replace(base, ""), hop.status)).collect::<Vec<_>>();
            (look.final_url.as_ref().map(|url| url.replace(base, "")), hops, look.copy.is_some())
        };
        assert_eq!(there(&look, &whole), there(&wanted, &alone), "{path}");
        assert_eq!(page.is_some(), comes, "{path}");
    }
    let (_, bomb) = verify_whole(&fetcher, &others, &format!("{whole}/bomb"), now(), 2 * MAX_BODY).await;
    assert!(bomb.unwrap().body.len() > MAX_BODY, "what is wanted whole comes whole");
}

/// Two tables at a host that refuses count as two refusals, as two links would.
#[tokio::test]
async fn a_look_at_a_table_counts_once_against_its_host() {
    let closed = closed_port().await;
    let fetcher = fetcher(settings());
    for n in 0..7 {
        let url = format!("http://{closed}/{n}.csv");
        let (look, page) = verify_whole(&fetcher, &Sites::default(), &url, now(), MAX_BODY).await;
        let wanted = if n < 5 { LinkReason::Refused } else { LinkReason::HostResting };
        assert_eq!((look.reason, page.is_none()), (wanted, true), "{n}");
    }
}

#[tokio::test]
async fn the_guard_and_a_resting_host_leave_a_link_unverified() {
    let base = start().await;
    let guarded = fetcher(Settings { allow_private: false, ..settings() });
    let look = verify(&guarded, &base, now()).await;
    assert_eq!((look.outcome, look.reason), (LinkOutcome::Unverified, LinkReason::GuardRefused));

    let closed = closed_port().await;
    let open = fetcher(settings());
    for n in 0..7 {
        let look = verify(&open, &format!("http://{closed}/{n}"), now()).await;
        let wanted = if n < 5 { LinkReason::Refused } else { LinkReason::HostResting };
        assert_eq!(look.reason, wanted, "{n}");
    }
}

#[tokio::test]
async fn our_own_outage_is_charged_to_nobody_but_loopback() {
    let closed = closed_port().await;
    let offline = Settings { control_urls: vec![format!("http://{closed}/")], ..settings() };
    let offline = fetcher(offline);
    // `.invalid` never resolves; whatever the resolver says, it may be our own fault.
    let look = verify(&offline, "http://office.invalid/", now()).await;
    assert_eq!((look.outcome, look.reason), (LinkOutcome::Unverified, LinkReason::WeAreOffline));
    let look = verify(&offline, &format!("http://{closed}/"), now()).await;
    assert_eq!((look.outcome, look.reason), (LinkOutcome::Suspected, LinkReason::Refused));
}
