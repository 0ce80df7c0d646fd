//! What comes into the office as a file through the chat.

use tokio::sync::watch;
use xuncha::checks::by_hand::tasks;
use xuncha::demo::telegram::Person;
use xuncha::domain::account::{Account, Platform, SourceKind};
use xuncha::domain::by_hand::{HandItem, HandLook, HandOrigin};
use xuncha::domain::finding::Outcome;
use xuncha::domain::issue::IssueStatus;
use xuncha::domain::person::Role;
use xuncha::office::Office;
use xuncha::registry::{WorksheetHead, write_worksheet};

use crate::world::both::on_both;
use crate::world::{
    Chat, account, at, fed, fetcher, findings, history, inspect, issues, office, register, round, unfiled,
};

const WATER: &str = "云溪区水务局";
const PARKS: &str = "云溪区园林局";

/// A chat whose bot listens until this is dropped.
struct Listening {
    chat: Chat,
    _stop: watch::Sender<bool>,
}

impl Listening {
    async fn start(office: &Office) -> Self {
        let chat = Chat::start(office).await;
        let (stop, stopped) = watch::channel(false);
        let (ready, mut is_ready) = watch::channel(false);
        tokio::spawn(xuncha::chat::bot::run(office.clone(), chat.bot.clone(), stopped, ready));
        is_ready.wait_for(|ready| *ready).await.unwrap();
        Self { chat, _stop: stop }
    }

    /// What the bot has said to a person since they looked last.
    fn said(&self, person: &Person) -> String {
        let shown = self.chat.telegram.inbox(person.chat_id);
        shown.iter().map(|message| format!("{}\n", message.text)).collect()
    }

    async fn tell(&self, person: &Person, text: &str) -> String {
        self.chat.telegram.say(person.chat_id, person, text).await.unwrap();
        self.said(person)
    }

    async fn file(&self, person: &Person, name: &str, content: &[u8], caption: &str) -> String {
        self.chat.telegram.send_file(person.chat_id, person, name, content, caption).await.unwrap();
        self.said(person)
    }

    fn end(self) {
        assert_eq!(self.chat.telegram.violations(), Vec::<String>::new());
    }
}

async fn state(office: &Office, id: i64) -> (IssueStatus, i64) {
    let mut tx = office.store.read().await.unwrap();
    let status = tx.issue(id, office.zone()).await.unwrap().issue.status;
    (status, tx.evidence_count(id).await.unwrap())
}

fn douyin(id: &str) -> Account {
    Account { source: Some(SourceKind::Manual), platform: Platform::Douyin, ..account(id, WATER) }
}

on_both! {
    async fn evidence_is_kept_with_the_rectification_or_nothing_is(db) {
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &[unfiled("A1", WATER), unfiled("A2", WATER), account("B1", PARKS)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let first = issues(&office).await.iter().map(|issue| issue.id).min().unwrap();
        let second = issues(&office).await.iter().map(|issue| issue.id).max().unwrap();
        let bot = Listening::start(&office).await;
        let lin = bot.chat.bind(&office, "林测试", Role::UnitAdmin, Some(WATER)).await;
        let zhou = bot.chat.bind(&office, "周测试", Role::UnitAdmin, Some(PARKS)).await;
        let chen = bot.chat.bind(&office, "陈测试", Role::Supervisor, None).await;
        bot.chat.deliver(&office).await;
        let _ = (bot.said(&lin), bot.said(&chen));
        let before = state(&office, first).await;

        let caption = format!("/fix {first} 已补办备案");
        for (name, content) in [("a.svg", &b"<svg onload=alert(1)>"[..]), ("照片.jpg", b"MZ\x90\x00"), ("a.pdf", b"")] {
            let said = bot.file(&lin, name, content, &caption).await;
            assert!(said.contains("未能收存") && said.contains(name), "{said}");
        }
        bot.chat.telegram.withhold_files(true);
        assert!(bot.file(&lin, "a.pdf", b"%PDF-1.7", &caption).await.contains("稍后重新发送"));
        bot.chat.telegram.withhold_files(false);
        assert!(bot.file(&zhou, "a.pdf", b"%PDF-1.7", &caption).await.contains("没有编号"));
        let stranger = bot.chat.telegram.stranger("路人");
        assert!(bot.file(&stranger, "a.pdf", b"%PDF-1.7", &caption).await.contains("/bind"));
        let unclear = bot.file(&lin, "a.pdf", b"%PDF-1.7", "").await;
        assert!(unclear.contains("未写明用途") && unclear.contains("/template"), "{unclear}");
        assert_eq!(state(&office, first).await, before);

        let photos: [&[u8]; 3] = [b"\xFF\xD8\xFF\xE0one", b"\xFF\xD8\xFF\xE0two", b"\xFF\xD8\xFF\xE0two"];
        bot.chat.telegram.send_album(lin.chat_id, &lin, &photos, &caption).await.unwrap();
        let said = bot.said(&lin);
        assert!(said.contains("已收到整改反馈"), "{said}");
        assert_eq!(state(&office, first).await, (IssueStatus::Rectified, 2));
        assert!(history(&office, first).await.contains(&"rectified".to_owned()));
        assert!(bot.file(&lin, "说明.pdf", b"%PDF-1.7", &caption).await.contains("所附材料：3 份"));
        assert_eq!(history(&office, first).await.last().unwrap(), "files_added");
        assert_eq!(state(&office, second).await.1, 0);

        let shown = bot.tell(&chen, &format!("/issue {first}")).await;
        assert!(shown.contains("所附材料：3 份"), "{shown}");
        bot.chat.telegram.say(chen.chat_id, &chen, &format!("材料 {first}")).await.unwrap();
        let sent = bot.chat.telegram.inbox(chen.chat_id);
        let names: Vec<_> = sent.iter().filter_map(|m| m.file.as_ref()).map(|file| file.name.clone()).collect();
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(names.contains(&"说明.pdf".to_owned()));
        assert!(bot.tell(&zhou, &format!("/evidence {first}")).await.contains("没有编号"));
        bot.end();
    }

    async fn review_records_are_imported_for_the_senders_own_accounts_alone(db) {
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &[account("A1", WATER), account("B1", PARKS)]).await;
        let bot = Listening::start(&office).await;
        let lin = bot.chat.bind(&office, "林测试", Role::UnitAdmin, Some(WATER)).await;
        let rows = |lines: &str| format!("账号编号,文章链接,标题,初审人,初审时间\r\n{lines}");
        let reviews = async || office.store.read().await.unwrap().reviews_page(None, 100).await.unwrap().0.len();

        let both = rows("A1,,通知,虚构,2026-11-20 09:00\r\nB1,,通知,虚构,2026-11-20 09:00\r\n");
        let said = bot.file(&lin, "审核.csv", both.as_bytes(), "").await;
        assert!(said.contains("1 处错误") && said.contains("审核.csv: 第 3 行") && said.contains("B1"), "{said}");
        let many: String = (0..40).map(|n| format!("X{n},,通知,虚构,2026-11-20 09:00\r\n")).collect();
        bot.chat.telegram.send_file(lin.chat_id, &lin, "审核.csv", rows(&many).as_bytes(), "").await.unwrap();
        let sent = bot.chat.telegram.inbox(lin.chat_id);
        assert!(sent[0].text.contains("40 处错误") && sent[0].text.contains("另有"), "{}", sent[0].text);
        let list = sent.iter().find_map(|m| m.file.clone()).unwrap();
        assert_eq!(String::from_utf8_lossy(&list.bytes).lines().count(), 40);
        let broken = bot.file(&lin, "审核.xlsx", b"PK\x03\x04nothing", "").await;
        assert!(broken.contains("不是有效的 XLSX"), "{broken}");
        assert!(bot.file(&lin, "名单.csv", "甲,乙,丙\r\n1,2,3\r\n".as_bytes(), "").await.contains("表头"));
        assert_eq!(reviews().await, 0);

        let own = rows("A1,,通知,虚构,2026-11-20 09:00\r\n");
        assert!(bot.file(&lin, "审核.csv", own.as_bytes(), "").await.contains("新增 1"));
        assert!(bot.file(&lin, "审核.csv", own.as_bytes(), "").await.contains("未变动 1"));
        assert_eq!(reviews().await, 1);
        bot.chat.telegram.say(lin.chat_id, &lin, "模板").await.unwrap();
        let template = bot.chat.telegram.inbox(lin.chat_id).into_iter().find_map(|m| m.file).unwrap();
        let said = bot.file(&lin, "模板.xlsx", &template.bytes, "").await;
        assert!(said.contains("已导入审核记录 0 条"), "{said}");
        bot.end();
    }

    async fn a_units_own_word_counts_until_an_inspector_looks(db) {
        let office = office(db, "2026-11-23 09:00").await;
        let blind = fed("F1", WATER, "http://127.0.0.1:9/".to_owned());
        register(&office, &[douyin("D1"), douyin("D2"), blind, account("B1", PARKS)]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let bot = Listening::start(&office).await;
        let lin = bot.chat.bind(&office, "林测试", Role::UnitAdmin, Some(WATER)).await;
        let zhou = bot.chat.bind(&office, "周测试", Role::UnitAdmin, Some(PARKS)).await;
        let chen = bot.chat.bind(&office, "陈测试", Role::Supervisor, None).await;
        let update = async |id: &str| {
            let all = findings(&office, "2026H2", None).await;
            all.into_iter().find(|f| f.account_id.as_str() == id && f.indicator.family() == "silence").unwrap()
        };
        let link = "https://www.douyin.com/video/7";
        for (text, wanted) in [
            (format!("/selfreport D1 2026-11-25 {link}"), "尚未到来"),
            ("/selfreport D1 2026-11-20 https://example.cn/7".to_owned(), "不是该账号所在平台"),
            (format!("/selfreport D1 2026-10-20 {link}"), "不能证明"),
            (format!("/selfreport D1 {link}"), "写法"),
        ] {
            let said = bot.tell(&lin, &text).await;
            assert!(said.contains(wanted), "{text}: {said}");
        }
        assert!(bot.tell(&zhou, &format!("/selfreport D1 2026-11-20 {link}")).await.contains("没有编号为 D1"));
        assert_eq!(update("D1").await.outcome, Outcome::Unverified);

        let text = format!("/selfreport D1 2026-11-20 {link}");
        let said = bot.file(&lin, "截图.png", b"\x89PNG\r\n\x1a\n", &text).await;
        assert!(said.contains("已收到账号 D1 的自查报告"), "{said}");
        let found = update("D1").await;
        assert_eq!((found.outcome, found.reason.as_str()), (Outcome::Pass, "self_report"));
        assert!(found.summary.contains("单位自查"), "{}", found.summary);
        assert_eq!(found.evidence.url.as_deref(), Some(link));

        // What no picture is, is refused; a new screenshot takes the place of the old one, five times at most.
        assert!(bot.file(&lin, "说明.pdf", b"%PDF-1.7", &text).await.contains("须为图片"));
        for n in 0..5_u8 {
            let picture = [&b"\x89PNG\r\n\x1a\n"[..], &[n]].concat();
            let said = bot.file(&lin, "截图.png", &picture, &text).await;
            assert!(said.contains("已收到账号 D1 的自查报告"), "{said}");
            assert_eq!(db.number("SELECT COUNT(*) FROM evidence_file").await, 1);
        }
        assert!(bot.tell(&lin, &text).await.contains("已达上限"));
        // No statement stands in for what the machine reads, though it could not read it just now.
        let read = bot.tell(&lin, "/selfreport F1 2026-11-20 https://mp.weixin.qq.com/s/7").await;
        assert!(read.contains("由系统自动读取"), "{read}");

        // The only statement is looked into, and its screenshot goes with the worksheet.
        let opened = office.store.read().await.unwrap().require_round(round("2026H2")).await.unwrap();
        let mut asked = tasks(&office, &opened).await.unwrap();
        let row = asked.iter().find(|t| t.account_id.as_str() == "D1" && t.item == HandItem::Update).unwrap();
        assert!(row.why.contains("抽查") && row.answer.is_none(), "{}", row.why);
        bot.chat.telegram.say(chen.chat_id, &chen, "核查表 2026H2").await.unwrap();
        let sent: Vec<_> = bot.chat.telegram.inbox(chen.chat_id).into_iter().filter_map(|m| m.file).collect();
        assert_eq!(sent.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["2026H2人工核查表.xlsx", "D1.png"]);

        // The inspector finds something else, and sends the worksheet back.
        let seen = at("2026-10-01 08:00").with_timezone(&chrono_tz::Asia::Shanghai).fixed_offset();
        for task in asked.iter_mut().filter(|t| t.account_id.as_str() == "D1" && t.item == HandItem::Update) {
            task.answer = Some(HandLook {
                account_id: task.account_id.clone(),
                item: task.item,
                newest_at: Some(seen),
                day_only: false,
                content_url: None,
                verdict: None,
                note: String::new(),
                checked_by: "虚构检查员".to_owned(),
                checked_at: office.now(),
                origin: HandOrigin::Inspector,
            });
        }
        let path = db.folder.path().join("filled.xlsx");
        let head = WorksheetHead { round: opened.name, as_of: opened.as_of, zone: office.zone(), lang: office.lang() };
        write_worksheet(&path, head, &asked).unwrap();
        let filled = std::fs::read(&path).unwrap();
        assert!(bot.file(&lin, "核查表.xlsx", &filled, "").await.contains("没有办理此事项的权限"));
        let said = bot.file(&chen, "核查表.xlsx", &filled, "").await;
        assert!(said.contains("填写 1 行（新记录 1"), "{said}");
        assert_eq!(update("D1").await.outcome, Outcome::Fail);
        assert!(bot.tell(&lin, &text).await.contains("已有检查结果"));
        assert_eq!(update("D1").await.outcome, Outcome::Fail);

        let short = "批次,账号编号,查看事项,最新发布时间,结论,说明,检查人\r\n2026H2,D2,内容更新,2026-11-20,,,虚构\r\n";
        let said = bot.file(&chen, "核查表.csv", short.as_bytes(), "").await;
        assert!(said.contains("缺少") && said.contains("检查时间"), "{said}");
        bot.end();
    }
}
