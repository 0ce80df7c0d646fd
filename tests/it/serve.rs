//! The service as an operator runs it: the real binary, SIGTERM, a unit that binds and gets its notice.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use xuncha::clock::Clock;
use xuncha::demo::telegram::{FakeTelegram, Fault};

use crate::world::both::on_both;
use crate::world::cli::Cli;
use crate::world::eventually;

/// A running service, killed with the test.
struct Service(Child);

impl Service {
    fn terminate(&self) {
        // The shell's own `kill`: a bare system has no other.
        let kill = format!("kill -TERM {}", self.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    async fn ended(&mut self, patience: Duration) -> ExitStatus {
        let until = Instant::now() + patience;
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "the service did not end within {patience:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Status and body of a GET.
fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let status = text.split_whitespace().nth(1)?.parse().ok()?;
    Some((status, text.split_once("\r\n\r\n")?.1.to_owned()))
}

on_both! {
    /// Start, bind, notify, answer, stop: nothing is lost, and a second start goes on.
    async fn a_unit_binds_and_gets_its_notice_from_a_running_service(db) {
        let telegram = FakeTelegram::start(Clock::system()).await.unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let cli = Cli::new(db.folder.path(), &db.url)
            .with("XUNCHA__TELEGRAM__API_URL", &telegram.api_url())
            .with("XUNCHA_TELEGRAM_TOKEN", &telegram.token())
            .with("XUNCHA__WEB__LISTEN", &address.to_string())
            .with("XUNCHA__QUIET__HOURS", "")
            .with("XUNCHA__SCHEDULE__PATROL", "");
        let registry = "account_id,name,platform,unit,supervising_unit,admin,filing_no,status\n\
            A1,云溪水务,wechat,云溪区水务局,云溪区政府,虚构,,running\nA2,云溪档案,wechat,云溪区档案馆,云溪区政府,虚构,备1,closed\n";
        cli.file("accounts.csv", registry);
        cli.json(&["accounts", "import", "accounts.csv"]);
        let code = cli.json(&["users", "invite", "--role", "unit_admin", "--unit", "云溪区水务局"])["code"].as_str().unwrap().to_owned();
        let log = std::fs::File::create(cli.path("log")).unwrap();
        let mut service = Service(cli.process(&["serve"]).stdout(Stdio::null()).stderr(log).spawn().unwrap());
        eventually("the service is ready", Duration::from_secs(30), || async {
            get(address, "/readyz").is_some_and(|(status, _)| status == 200)
        })
        .await;
        assert_eq!(get(address, "/healthz").unwrap().0, 200);
        let (status, metrics) = get(address, "/metrics").unwrap();
        assert_eq!(status, 200);
        assert!(metrics.lines().any(|line| line == "xuncha_accounts 2"), "{metrics}");
        assert!(metrics.lines().all(|line| line.starts_with("# ") || line.rsplit(' ').next().unwrap().parse::<f64>().is_ok()));
        assert_eq!(get(address, "/nothing").unwrap().0, 404);

        let admin = telegram.stranger("水务局管理员");
        telegram.say(admin.chat_id, &admin, &format!("/bind {code}")).await.unwrap();
        assert!(!telegram.inbox(admin.chat_id).is_empty(), "the binding is confirmed");
        // Commands beside the service, on the same database.
        let today = Clock::system().now().format("%Y-%m-%d").to_string();
        cli.json(&["round", "open", &today]);
        assert_eq!(cli.json(&["round", "run", &today])["opened"]["opened"], 1);
        let asked = Instant::now();
        let notice = telegram.await_message(admin.chat_id, "整改通知").await.unwrap();
        assert!(asked.elapsed() < Duration::from_secs(30));
        assert!(notice.text.contains("云溪水务"), "{}", notice.text);
        telegram.say(admin.chat_id, &admin, "/ack 1").await.unwrap();
        assert_eq!(cli.json(&["issues", "show", "1"])["status"], "acknowledged");

        let stopping = Instant::now();
        service.terminate();
        let status = service.ended(Duration::from_secs(10)).await;
        assert!(status.success(), "{status}");
        assert!(stopping.elapsed() < Duration::from_secs(10));
        let log = std::fs::read_to_string(cli.path("log")).unwrap();
        for secret in [telegram.token().as_str(), &code, "水务局管理员", "/ack"] {
            assert!(!log.contains(secret), "the log holds {secret}");
        }
        assert_eq!(telegram.violations(), Vec::<String>::new());

        // Killed outright and started again: nothing is sent twice.
        let mut service = Service(cli.process(&["serve", "-q"]).spawn().unwrap());
        eventually("the service is ready again", Duration::from_secs(30), || async {
            get(address, "/readyz").is_some_and(|(status, _)| status == 200)
        })
        .await;
        service.0.kill().unwrap();
        service.0.wait().unwrap();
        let mut service = Service(cli.process(&["serve", "-q"]).spawn().unwrap());
        eventually("the service is ready once more", Duration::from_secs(30), || async {
            get(address, "/readyz").is_some_and(|(status, _)| status == 200)
        })
        .await;
        telegram.say(admin.chat_id, &admin, "/issues").await.unwrap();
        service.terminate();
        service.ended(Duration::from_secs(10)).await;
        let again = telegram.inbox(admin.chat_id).into_iter().filter(|m| m.text.contains("整改通知")).count();
        assert_eq!(again, 0);
    }

    /// `kill -9` while a notice is on its way, and a second time behind the claim of the next: after the start nothing
    /// is lost, and what comes twice says the same under the same number.
    async fn a_service_killed_in_mid_send_loses_nothing(db) {
        let telegram = FakeTelegram::start(Clock::system()).await.unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let cli = Cli::new(db.folder.path(), &db.url)
            .with("XUNCHA__TELEGRAM__API_URL", &telegram.api_url())
            .with("XUNCHA_TELEGRAM_TOKEN", &telegram.token())
            .with("XUNCHA__WEB__LISTEN", &address.to_string())
            .with("XUNCHA__QUIET__HOURS", "")
            .with("XUNCHA__QUIET__WORKDAYS_ONLY", "false")
            .with("XUNCHA__SCHEDULE__PATROL", "");
        let registry = "account_id,name,platform,unit,supervising_unit,admin,filing_no,status\n\
            A1,云溪水务,wechat,云溪区水务局,云溪区政府,虚构,,running\nA2,云溪档案,wechat,云溪区档案馆,云溪区政府,虚构,,running\n\
            A0,云溪旧号,wechat,云溪区文化馆,云溪区政府,虚构,备1,closed\n";
        cli.file("accounts.csv", registry);
        cli.json(&["accounts", "import", "accounts.csv"]);
        let started = async || {
            let service = Service(cli.process(&["serve", "-q"]).stderr(Stdio::null()).spawn().unwrap());
            eventually("the service is ready", Duration::from_secs(30), || async {
                get(address, "/readyz").is_some_and(|(status, _)| status == 200)
            })
            .await;
            service
        };
        let mut service = started().await;
        let mut readers = Vec::new();
        for unit in ["云溪区水务局", "云溪区档案馆"] {
            let invite = cli.json(&["users", "invite", "--role", "unit_admin", "--unit", unit]);
            let person = telegram.stranger(unit);
            telegram.say(person.chat_id, &person, &format!("/bind {}", invite["code"].as_str().unwrap())).await.unwrap();
            let _ = telegram.inbox(person.chat_id);
            readers.push(person);
        }
        // One is accepted and the answer does not come; the other never arrives.
        let hour = Duration::from_hours(1);
        telegram.fail_next(readers[0].chat_id, Fault::Slow(hour));
        telegram.fail_next(readers[1].chat_id, Fault::Stall(hour));
        let today = Clock::system().now().format("%Y-%m-%d").to_string();
        cli.json(&["round", "open", &today]);
        assert_eq!(cli.json(&["round", "run", &today])["opened"]["notices"], 2);
        let first = telegram.await_message(readers[0].chat_id, "整改通知").await.unwrap().text;
        eventually("both are on their way", Duration::from_secs(20), || async {
            db.number("SELECT COUNT(*) FROM attempt WHERE ended_at IS NULL").await == 2
        })
        .await;
        service.0.kill().unwrap();
        service.0.wait().unwrap();
        assert_eq!(db.number("SELECT COUNT(*) FROM delivery WHERE status = 'sending'").await, 2, "nobody wrote down what became of them");
        assert_eq!(db.number("SELECT COUNT(*) FROM issue WHERE status = 'open'").await, 2, "no clock runs on a guess");

        // A minute and a half later, as far as the leases know.
        db.sql("UPDATE delivery SET lease_until = 0 WHERE status = 'sending'").await.unwrap();
        let mut service = started().await;
        let again = telegram.await_message(readers[0].chat_id, "整改通知").await.unwrap().text;
        assert_eq!(again, first, "word for word, under its number");
        eventually("the other one arrives", Duration::from_secs(40), || async {
            db.number("SELECT COUNT(*) FROM delivery WHERE status = 'sent' AND notice_id IN (SELECT id FROM notice WHERE kind = 'rectification')").await == 2
        })
        .await;
        let told: Vec<_> = telegram.inbox(readers[1].chat_id).into_iter().filter(|shown| shown.text.contains("整改通知")).collect();
        assert_eq!(told.len(), 1);
        assert_eq!(db.number("SELECT COUNT(*) FROM issue WHERE status = 'notified' AND due_at IS NOT NULL").await, 2);
        assert_eq!(db.number("SELECT COUNT(*) FROM event WHERE kind = 'notified'").await, 2, "one clock each");
        assert_eq!(db.number("SELECT COUNT(*) FROM attempt WHERE outcome = 'cut_off'").await, 2);
        service.terminate();
        assert!(service.ended(Duration::from_secs(10)).await.success());
        assert_eq!(cli.run(&["audit", "verify"]).code, 0);
        assert_eq!(telegram.violations(), Vec::<String>::new());
    }

    /// Telegram is away when the service starts: it waits for it, says so, and still ends in time.
    async fn a_service_without_telegram_waits_and_ends_in_time(db) {
        let telegram = FakeTelegram::start(Clock::system()).await.unwrap();
        telegram.go_down(true);
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let cli = Cli::new(db.folder.path(), &db.url)
            .with("XUNCHA__TELEGRAM__API_URL", &telegram.api_url())
            .with("XUNCHA_TELEGRAM_TOKEN", &telegram.token())
            .with("XUNCHA__WEB__LISTEN", &address.to_string());
        let mut service = Service(cli.process(&["serve", "-q"]).stderr(Stdio::null()).spawn().unwrap());
        eventually("the service is up", Duration::from_secs(30), || async { get(address, "/healthz").is_some() }).await;
        let (status, body) = get(address, "/readyz").unwrap();
        assert_eq!(status, 503);
        assert!(body.contains("bot false"), "{body}");
        let second = cli.run(&["serve", "-q"]);
        second.refused(1, &[&address.to_string()]);
        service.terminate();
        assert!(service.ended(Duration::from_secs(10)).await.success());
    }
}
