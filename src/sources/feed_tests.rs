//! Feeds of every kind, whole and broken.

use super::*;

const URL: &str = "https://feeds.example/office/feed.xml";

fn context() -> ReadContext {
    ReadContext::at("2026-08-03T04:00:00Z".parse().unwrap(), chrono_tz::Asia::Shanghai)
}

fn reading(text: &str) -> Reading {
    read(URL, text, &context()).unwrap()
}

fn refusal(text: &str) -> Unreadable {
    read(URL, text, &context()).unwrap_err()
}

fn rss(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>示例发布</title>{items}</channel></rss>"
    )
}

#[test]
fn rss_one_point_one_is_read() {
    let text = "<Channel xmlns='http://purl.org/net/rss1.1#'><title>示例</title><items><item><title>一</title>\
                <link>/a</link><date>20260731T100000.5+08:00</date></item></items></Channel>";
    let reading = reading(text);
    assert_eq!(reading.posts[0].published_at.unwrap().to_rfc3339(), "2026-07-31T10:00:00+08:00");
    assert_eq!(reading.profile.unwrap().name.as_deref(), Some("示例"));
}

#[test]
fn a_feed_that_a_bridge_filtered_shows_a_part() {
    let text = rss("<item><title>t</title><pubDate>2026-07-31</pubDate></item>");
    let coverage = |url: &str| read(url, &text, &context()).unwrap().coverage;
    assert_eq!(coverage("https://bridge.example/weibo/user/7?filter_title=通知"), Coverage::Part);
    assert_eq!(coverage("https://bridge.example/weibo/user/7?limit=20"), Coverage::Whole);
}

#[test]
fn rss_is_read() {
    let text = rss(
        "<item><title><![CDATA[防汛 <b>提示</b>]]></title><link>/a/1.html</link><guid isPermaLink=\"false\">g1</guid>\
         <pubDate>Fri, 31 Jul 2026 10:00:00 +0800</pubDate>\
         <description>&lt;p&gt;正文 &lt;a href=\"../b\"&gt;链接&lt;/a&gt;&lt;/p&gt;</description></item>\
         <item><title>A &amp;amp; B</title><guid>https://feeds.example/2</guid><pubDate>2026-07-30 08:00:00</pubDate></item>",
    );
    let reading = reading(&text);
    assert_eq!(reading.profile.unwrap().name.as_deref(), Some("示例发布"));
    let [first, second] = reading.posts.try_into().unwrap();
    assert_eq!(first.id, "g1");
    assert_eq!(first.title, "防汛 提示");
    assert_eq!(first.url.as_deref(), Some("https://feeds.example/a/1.html"));
    assert_eq!(first.published_at.unwrap().to_rfc3339(), "2026-07-31T10:00:00+08:00");
    assert_eq!(first.text, "正文 链接");
    assert_eq!(first.links, ["https://feeds.example/b"]);
    assert_eq!(second.title, "A & B");
    assert_eq!(second.url.as_deref(), Some("https://feeds.example/2"));
    assert_eq!(second.published_at.unwrap().to_rfc3339(), "2026-07-30T08:00:00+08:00", "no offset is office time");
}

#[test]
fn old_and_unnumbered_versions_are_read() {
    for root in ["<rss>", "<rss version='0.91'>", "<rss version='0.93'>", "<rss version='2.0.1'>"] {
        let text =
            format!("{root}<channel><item><title>t</title><pubDate>31 Jul 2026</pubDate></item></channel></rss>");
        assert_eq!(reading(&text).posts.len(), 1, "{root}");
    }
    let rdf = "<rdf:RDF xmlns:rdf='r' xmlns='s' xmlns:dc='d'><channel><title>c</title></channel>\
               <item rdf:about='x'><title>t</title><link>http://a.example/</link><dc:date>2026-07-31</dc:date></item></rdf:RDF>";
    assert_eq!(reading(rdf).posts[0].published_at.unwrap().to_rfc3339(), "2026-07-31T00:00:00+08:00");
}

#[test]
fn atom_is_read() {
    let text = "<feed xmlns='http://www.w3.org/2005/Atom'><title>发布</title><updated>2026-08-01T00:00:00Z</updated>\
                <entry><id>tag:1</id><title type='html'>&lt;b&gt;标题&lt;/b&gt;</title>\
                <link rel='self' href='/self'/><link href='/1?a=1&amp;b=2'/><updated>2026-07-31T02:00:00Z</updated>\
                <published>2026-07-30T02:00:00Z</published><source><title>别处</title><updated>2026-08-02T00:00:00Z</updated></source>\
                <content type='xhtml'><div>正文<a href='http://b.example/x'>外</a></div></content></entry></feed>";
    let post = &reading(text).posts[0];
    assert_eq!(post.title, "标题");
    assert_eq!(post.url.as_deref(), Some("https://feeds.example/1?a=1&b=2"));
    assert_eq!(post.published_at.unwrap().to_rfc3339(), "2026-07-30T02:00:00+00:00");
    assert_eq!(post.text, "正文外");
    assert_eq!(post.links, ["http://b.example/x"]);
}

#[test]
fn json_feed_is_read() {
    let text = r#"{"version":"https://jsonfeed.org/version/1.1","title":"发布","items":[
        {"id":7,"url":"/7","title":"标题","content_html":"<p>文</p>","date_published":"2026-07-31T10:00:00+08:00"}]}"#;
    let post = &reading(text).posts[0];
    assert_eq!((post.id.as_str(), post.url.as_deref()), ("7", Some("https://feeds.example/7")));
    assert_eq!(refusal(r#"{"errcode":40001}"#), Unreadable::NotAFeed);
    assert!(matches!(refusal(r#"{"version":"https://jsonfeed.org/version/1","items":["#), Unreadable::Malformed(_)));
}

#[test]
fn a_feed_without_items_is_a_feed_without_posts() {
    let reading = reading(&rss(""));
    assert!(reading.posts.is_empty() && reading.warnings.is_empty());
}

#[test]
fn what_breaks_off_is_refused_whole() {
    let whole = rss("<item><title>t</title><pubDate>Fri, 31 Jul 2026 10:00:00 +0800</pubDate></item>");
    for cut in (60..whole.len()).filter_map(|cut| whole.get(..cut)) {
        assert!(matches!(refusal(cut), Unreadable::Malformed(_)), "{cut}");
    }
    let crossed = "<rss><channel><item><title>t</item></title></channel></rss>";
    assert!(matches!(refusal(crossed), Unreadable::Malformed(_)));
    assert!(matches!(refusal(&rss("<item><title>a\u{8}b</title></item>")), Unreadable::Malformed(_)));
}

#[test]
fn what_is_no_feed_is_said_to_be_none() {
    for text in
        ["", "hello", "<!DOCTYPE html><html><body>x</body></html>", "<html><br>", "<?xml version='1.0'?><opml/>", "[]"]
    {
        assert_eq!(refusal(text), Unreadable::NotAFeed, "{text}");
    }
}

#[test]
fn common_slips_are_repaired() {
    let text = "\n\u{FEFF}".to_owned()
        + &rss("<item><title>甲&nbsp;乙 & 丙&#8;</title><link>http://a.example/?a=1&b=2</link>\
             <pubDate></pubDate><dc:date>2026-07-31T10:00:00+08:00</dc:date>\
             <media:title>别的</media:title><media:content url='x'/></item>\
             <item><title>没有日期</title></item>")
        + "\n<script>injected()</script>";
    let reading = reading(&text);
    assert_eq!(reading.posts[0].title, "甲 乙 & 丙");
    assert_eq!(reading.posts[0].url.as_deref(), Some("http://a.example/?a=1&b=2"));
    assert!(reading.posts[0].published_at.is_some());
    assert_eq!(reading.warnings, [Oddity::Undated(1, 2)]);
}

#[test]
fn items_without_any_date_do_not_pass_for_silence() {
    assert_eq!(refusal(&rss("<item><title>t</title></item>")), Unreadable::NoDates);
}
