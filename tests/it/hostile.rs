//! Servers and files that mean harm: every look ends in time, in little memory, with a plain reason.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::cli::Cli;

/// Five mebibytes of zeros in five kilobytes of gzip; more of the same may follow.
const GZIP: &[u8] = include_bytes!("../fixtures/zeros.gz");

/// Sixty-four mebibytes of zeros in 52 bytes of brotli.
const BROTLI: &[u8] = &[
    0xcf, 0xff, 0xff, 0x7f, 0x00, 0x24, 0x00, 0xe2, 0xb1, 0x40, 0x72, 0xef, 0xff, 0xf9, 0xff, 0xff, 0x0f, 0x80, 0x04,
    0x40, 0x1c, 0x16, 0x80, 0xee, 0xfd, 0x3f, 0xff, 0xff, 0xff, 0x01, 0x90, 0x00, 0x88, 0xc3, 0x02, 0xd0, 0xbd, 0xff,
    0xe7, 0xff, 0xff, 0x3f, 0x00, 0x12, 0x00, 0x71, 0x58, 0x00, 0xba, 0xf7, 0xff, 0x03,
];

/// What the program may hold while it looks at all of them: an unoptimised build stays below this.
const MEMORY_KIB: u64 = 200 * 1024;

/// A server on loopback that answers each request by `answer`, a thread a connection.
fn serve(answer: fn(&str, &mut TcpStream) -> std::io::Result<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                while let Some(path) = request(&mut stream) {
                    // The client hangs up when it has had enough.
                    if answer(&path, &mut stream).is_err() || !path.starts_with("/kept") {
                        break;
                    }
                }
                let _ = stream.shutdown(Shutdown::Both);
            });
        }
    });
    base
}

/// The path that is asked for; `None` at the end of the connection.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 || head.len() > 1 << 20 {
            return None;
        }
        head.push(byte[0]);
        if head == [0x16] {
            // The first byte of a secure connection: what follows is none.
            let _ = stream.write_all(&[0xff; 4096]);
            return None;
        }
    }
    String::from_utf8_lossy(&head).split(' ').nth(1).map(str::to_owned)
}

fn page(stream: &mut TcpStream, headers: &str, body: &[u8]) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{headers}\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}

fn redirect(stream: &mut TcpStream, to: &str) -> std::io::Result<()> {
    stream.write_all(
        format!("HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: {to}\r\n\r\n").as_bytes(),
    )
}

/// The same piece again and again, with a pause; ends when the other side does.
fn forever(stream: &mut TcpStream, piece: &[u8], pause: u64) -> std::io::Result<()> {
    loop {
        stream.write_all(piece)?;
        std::thread::sleep(Duration::from_millis(pause));
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";

fn misbehave(path: &str, s: &mut TcpStream) -> std::io::Result<()> {
    let raw = |s: &mut TcpStream, text: &str| s.write_all(text.as_bytes());
    match path.split('?').next().unwrap() {
        "/drip-head" => {
            raw(s, "HTTP/1.1 200 OK\r\n")?;
            forever(s, b"X-A: b\r\n", 100)
        }
        "/drip-body" => {
            raw(s, &format!("{OK}Content-Length: 100000\r\n\r\n"))?;
            forever(s, b"<p>", 100)
        }
        "/endless-body" => {
            raw(s, &format!("{OK}\r\n"))?;
            forever(s, &[b'x'; 8192], 0)
        }
        "/endless-chunks" => {
            raw(s, &format!("{OK}Transfer-Encoding: chunked\r\n\r\n"))?;
            forever(s, format!("4000\r\n{}\r\n", "x".repeat(0x4000)).as_bytes(), 0)
        }
        "/chunk-words" => {
            raw(s, &format!("{OK}Transfer-Encoding: chunked\r\n\r\n"))?;
            forever(s, format!("40;name=value\r\n{}\r\n", "x".repeat(64)).repeat(100).as_bytes(), 0)
        }
        "/endless-trailers" => {
            raw(s, &format!("{OK}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"))?;
            forever(s, "X-A: b\r\n".repeat(1000).as_bytes(), 0)
        }
        "/header-flood" => {
            raw(s, OK)?;
            forever(s, "X-A: b\r\n".repeat(1000).as_bytes(), 0)
        }
        "/long-header" => {
            raw(s, "HTTP/1.1 200 OK\r\nX-A: ")?;
            forever(s, &[b'a'; 8192], 0)
        }
        "/continue-flood" => forever(s, "HTTP/1.1 100 Continue\r\n\r\n".repeat(100).as_bytes(), 1),
        "/gzip" => {
            raw(s, &format!("{OK}Content-Encoding: gzip\r\n\r\n"))?;
            forever(s, GZIP, 0)
        }
        "/deflate" => {
            raw(s, &format!("{OK}Content-Encoding: deflate\r\n\r\n\x78"))?;
            // What stands in a gzip member between header and checksum, as zlib.
            s.write_all(&[0x9c])?;
            s.write_all(&GZIP[GZIP.len().min(10)..])
        }
        "/brotli" => page(s, "Content-Encoding: br\r\n", BROTLI),
        "/gzip-twice" => page(s, "Content-Encoding: gzip, gzip\r\n", GZIP),
        "/zstd" => page(s, "Content-Encoding: zstd\r\n", &[0x28, 0xb5, 0x2f, 0xfd, 0, 88, 1, 0, 0]),
        "/not-gzip" => page(s, "Content-Encoding: gzip\r\n", b"<p>plain</p>"),
        "/loop" => redirect(s, "/loop"),
        "/to-file" => redirect(s, "file:///etc/passwd"),
        "/to-ftp" => redirect(s, "ftp://127.0.0.1/"),
        "/to-script" => redirect(s, "javascript:alert(1)"),
        "/to-data" => redirect(s, "data:text/html,x"),
        "/to-metadata" => redirect(s, "http://169.254.169.254/latest/meta-data/"),
        "/to-dword" => redirect(s, "//2852039166/"),
        "/to-inside" => redirect(s, "http://[::ffff:10.0.0.1]/"),
        "/to-long" => redirect(s, &format!("/long/{}", "a".repeat(100_000))),
        "/cookies" => {
            let cookies: String = (0..90).map(|n| format!("Set-Cookie: c{n}={}\r\n", "v".repeat(3000))).collect();
            raw(s, &format!("HTTP/1.1 302 Found\r\nLocation: /good\r\nContent-Length: 0\r\n{cookies}\r\n"))
        }
        "/bad-chunk" => raw(s, &format!("{OK}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n")),
        "/huge-chunk" => raw(s, &format!("{OK}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\nabc")),
        "/short" => page(s, "Content-Length: 1000\r\n", b"<p>x</p>"),
        "/huge-length" => page(s, "Content-Length: 18446744073709551615\r\n", b"<p>x</p>"),
        "/negative-length" => page(s, "Content-Length: -1\r\n", b"<p>x</p>"),
        "/two-lengths" => page(s, "Content-Length: 5\r\nContent-Length: 6\r\n", b"<p>xx"),
        "/old" => raw(s, "<html><p>no status line</p></html>"),
        "/no-status" => raw(s, "HTTP/1.1 OK\r\n\r\n"),
        "/nul" => s.write_all(b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n<p>x</p>"),
        "/304" => raw(s, "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n"),
        "/206" => raw(s, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/2\r\nContent-Length: 2\r\n\r\nhi"),
        "/416" => raw(s, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n"),
        "/101" => raw(s, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        "/silence" => forever(s, b"", 100),
        // An answer and, behind its end, one that nobody asked for.
        "/kept/poison" => {
            page(s, "Content-Length: 4\r\n", b"<p>xHTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone")
        }
        "/good" | "/kept/good" => page(s, "Content-Length: 8\r\n", b"<p>x</p>"),
        _ if path.starts_with("/down/") => redirect(s, &format!("{path}x")),
        _ if path.starts_with("/long/") => page(s, "Content-Length: 8\r\n", b"<p>x</p>"),
        _ => raw(s, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    }
}

/// Runs a command to its end; what it printed, its code, and the most memory it held, in KiB.
fn run(cli: &Cli, args: &[&str]) -> (String, String, i32, u64) {
    let mut child = cli.process(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let reader = |mut pipe: Box<dyn std::io::Read + Send>| {
        std::thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).unwrap();
            text
        })
    };
    let out = reader(Box::new(child.stdout.take().unwrap()));
    let err = reader(Box::new(child.stderr.take().unwrap()));
    let status = format!("/proc/{}/status", child.id());
    let (mut most, until) = (0, Instant::now() + Duration::from_mins(2));
    let code = loop {
        let held = std::fs::read_to_string(&status).unwrap_or_default();
        let line = held.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")).unwrap_or("0");
        most = most.max(line.parse().unwrap());
        if let Some(status) = child.try_wait().unwrap() {
            break status.code().unwrap_or(-1);
        }
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("{args:?} did not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    (out.join().unwrap(), err.join().unwrap(), code, most)
}

/// Commands that may look at loopback because it is listed, and are in a hurry.
fn hurried(folder: &std::path::Path) -> Cli {
    Cli::bare(folder)
        .with("XUNCHA__HTTP__ALLOW_HOSTS", "127.0.0.1")
        .with("XUNCHA__HTTP__TIMEOUT", "5s")
        .with("XUNCHA__HTTP__RETRIES", "0")
        .with("XUNCHA__HTTP__PER_HOST_INTERVAL", "0ms")
        .with("XUNCHA__HTTP__PER_HOST_CONCURRENCY", "16")
        .with("XUNCHA__DATABASE__URL", "sqlite://x.db")
        .with("XUNCHA__OFFICE__LOCALE", "en")
}

#[test]
fn no_server_holds_a_look_up_or_leads_it_astray() {
    let folder = tempfile::tempdir().unwrap();
    let base = serve(misbehave);
    let cases = [
        ("/good", "ok", "answered"),
        ("/drip-head", "suspected", "timeout"),
        ("/drip-body", "suspected", "timeout"),
        ("/silence", "suspected", "timeout"),
        ("/continue-flood", "suspected", "timeout"),
        ("/endless-body", "ok", "answered"),
        ("/endless-chunks", "ok", "answered"),
        ("/chunk-words", "suspected", "protocol"),
        ("/endless-trailers", "suspected", "protocol"),
        ("/header-flood", "suspected", "protocol"),
        ("/long-header", "suspected", "protocol"),
        ("/gzip", "ok", "answered"),
        ("/deflate", "ok", "answered"),
        ("/brotli", "ok", "answered"),
        ("/gzip-twice", "ok", "answered"),
        ("/zstd", "ok", "answered"),
        ("/not-gzip", "suspected", "protocol"),
        ("/loop", "suspected", "redirect_loop"),
        ("/down/", "suspected", "too_many_redirects"),
        ("/to-file", "suspected", "bad_url"),
        ("/to-ftp", "suspected", "bad_url"),
        ("/to-script", "suspected", "bad_url"),
        ("/to-data", "suspected", "bad_url"),
        ("/to-metadata", "unverified", "guard_refused"),
        ("/to-dword", "unverified", "guard_refused"),
        ("/to-inside", "unverified", "guard_refused"),
        ("/to-long", "suspected", "bad_url"),
        ("/cookies", "ok", "answered"),
        ("/bad-chunk", "suspected", "protocol"),
        ("/huge-chunk", "suspected", "protocol"),
        ("/short", "suspected", "reset"),
        ("/huge-length", "suspected", "protocol"),
        ("/negative-length", "suspected", "protocol"),
        ("/two-lengths", "suspected", "protocol"),
        ("/old", "suspected", "protocol"),
        ("/no-status", "suspected", "protocol"),
        ("/nul", "suspected", "protocol"),
        ("/304", "suspected", "odd_status"),
        ("/206", "ok", "answered"),
        ("/416", "suspected", "odd_status"),
        ("/101", "suspected", "odd_status"),
    ];
    let mut urls: Vec<String> = cases.iter().map(|(path, ..)| format!("http://{base}{path}\n")).collect();
    urls.push(format!("https://{base}/good\n"));
    std::fs::write(folder.path().join("urls.txt"), urls.concat()).unwrap();
    let started = Instant::now();
    let (out, err, code, memory) = run(&hurried(folder.path()), &["links", "urls.txt", "--format", "json"]);
    assert_eq!(code, 0, "{err}");
    let mut wrong = Vec::new();
    let expected = cases.iter().map(|(_, outcome, reason)| (*outcome, *reason)).chain([("suspected", "tls")]);
    let found: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (url, wanted) in urls.iter().zip(expected) {
        let look = found.iter().find(|look| look["url"] == url.trim());
        let seen = look.map(|look| (look["outcome"].as_str().unwrap(), look["reason"].as_str().unwrap()));
        if seen != Some(wanted) {
            wrong.push(format!("{}: {seen:?} and not {wanted:?}", url.trim()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(memory < MEMORY_KIB, "{memory} KiB");
    assert!(started.elapsed() < Duration::from_mins(1), "{:?}", started.elapsed());
}

#[test]
fn an_answer_nobody_asked_for_is_nobodys() {
    let folder = tempfile::tempdir().unwrap();
    let base = serve(misbehave);
    let urls: String = (0..20).map(|n| format!("http://{base}/kept/{}?{n}\n", ["poison", "good"][n % 2])).collect();
    std::fs::write(folder.path().join("urls.txt"), urls).unwrap();
    let cli = hurried(folder.path()).with("XUNCHA__HTTP__PER_HOST_CONCURRENCY", "1");
    let (out, err, code, _) = run(&cli, &["links", "urls.txt", "--format", "json"]);
    assert_eq!(code, 0, "{err}");
    for line in out.lines() {
        let look: Value = serde_json::from_str(line).unwrap();
        assert_eq!(look["outcome"], "ok", "{line}");
    }
}

/// Answers that are dear to read.
fn tangle(path: &str, s: &mut TcpStream) -> std::io::Result<()> {
    let body = match path {
        "/laughs" => {
            let entity = |n: u32| format!("<!ENTITY l{} \"{}\">", n, format!("&l{};", n - 1).repeat(10));
            let entities: String = (1..10).map(entity).collect();
            format!(
                "<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY l0 \"lol\">{entities}<!ENTITY f SYSTEM \"file:///etc/passwd\">]>\
                 <rss version='2.0'><channel><title>&l9;&f;</title><item><title>&l9;</title>\
                 <pubDate>Fri, 31 Jul 2026 10:00:00 +0800</pubDate></item></channel></rss>"
            )
        }
        "/deep-xml" => format!("<rss version='2.0'><channel>{}", "<a>".repeat(100_000)),
        "/deep-html" => "<div>".repeat(200_000),
        "/deep-fonts" => format!("{}{}", "<b><i><font>".repeat(20_000), "<p>x".repeat(100_000)),
        "/deep-json" => format!("{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":{}", "[".repeat(500_000)),
        "/many-links" => {
            let row =
                |n: u32| format!("<li><a href='/x/{n}'>关于第{n}号事项的通知公告</a><span>2026-07-31</span></li>");
            format!("<html><ul>{}</ul></html>", (0..100_000).map(row).collect::<String>())
        }
        "/many-items" => {
            let item = "<item><title>x</title><pubDate>Fri, 31 Jul 2026 10:00:00 +0800</pubDate></item>";
            format!("<rss version='2.0'><channel>{}</channel></rss>", item.repeat(60_000))
        }
        "/ampersands" => format!("<html><p>{}</p></html>", "&".repeat(1_000_000)),
        "/unclosed" => "<a href='".repeat(100_000),
        "/comment" => format!("<!--{}", "<!--".repeat(200_000)),
        _ => format!("<html><title>{}</title></html>", "t".repeat(1_000_000)),
    };
    page(s, &format!("Content-Length: {}\r\n", body.len()), body.as_bytes())
}

#[test]
fn no_answer_is_too_tangled_to_be_refused() {
    let folder = tempfile::tempdir().unwrap();
    let base = serve(tangle);
    let cli = hurried(folder.path()).with("XUNCHA__HTTP__TIMEOUT", "20s");
    for (kind, path, code) in [
        ("feed", "/laughs", 0),
        ("feed", "/deep-xml", 1),
        ("feed", "/deep-json", 1),
        ("feed", "/many-items", 1),
        ("html", "/many-links", 0),
        ("html", "/deep-html", 1),
        ("html", "/deep-fonts", 1),
        ("html", "/ampersands", 1),
        ("html", "/unclosed", 1),
        ("html", "/comment", 1),
        ("html", "/title", 1),
        ("weibo", "/deep-json", 1),
        ("weibo", "/deep-html", 1),
        ("wechat", "/deep-html", 1),
        ("wechat", "/deep-fonts", 1),
        ("bilibili", "/deep-json", 1),
    ] {
        let started = Instant::now();
        let (out, err, seen, memory) = run(&cli, &["probe", kind, &format!("http://{base}{path}"), "--format", "json"]);
        let took = started.elapsed();
        assert_eq!(seen, code, "{kind} {path}: {out} {err}");
        assert!(!err.contains("panicked") && !out.contains("lollollol") && !out.contains("root:"), "{path}: {err}");
        assert!(memory < 3 * MEMORY_KIB && took < Duration::from_mins(1), "{kind} {path}: {memory} KiB, {took:?}");
    }
}

#[test]
fn no_file_is_too_long_to_be_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cli = hurried(folder.path());
    let head = "account_id,name,platform,unit\n";
    let file = |name: &str, start: &str, piece: &str, times: usize| {
        let mut file = std::io::BufWriter::new(std::fs::File::create(folder.path().join(name)).unwrap());
        file.write_all(start.as_bytes()).unwrap();
        for _ in 0..times {
            file.write_all(piece.as_bytes()).unwrap();
        }
    };
    file("line.csv", head, &"x".repeat(1 << 20), 32);
    file("quote.csv", &format!("{head}A1,\"x"), &"x\n".repeat(1 << 19), 32);
    file("columns.csv", head, &",".repeat(1 << 20), 32);
    for (name, word) in [("line.csv", "line 2"), ("quote.csv", "line 2"), ("columns.csv", "line 2")] {
        let started = Instant::now();
        let (out, err, code, memory) = run(&cli, &["accounts", "import", name, "--dry-run"]);
        assert!(code == 1 || code == 2, "{name}: {code} {out} {err}");
        assert!(err.contains(word) || out.contains(word), "{name}: {out} {err}");
        assert!(memory < 2 * MEMORY_KIB, "{name}: {memory} KiB");
        assert!(started.elapsed() < Duration::from_mins(1), "{name}: {:?}", started.elapsed());
    }
}
