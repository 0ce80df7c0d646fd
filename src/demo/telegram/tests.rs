//! The strict Telegram against the real client.

use chrono::{TimeZone, Utc};
use teloxide::dispatching::UpdateFilterExt;
use teloxide::net::Download;
use teloxide::payloads::{SendDocumentSetters, SendMessageSetters};
use teloxide::prelude::{CallbackQuery, Dispatcher, Message, Request, Requester, Update, dptree};
use teloxide::types::{
    BotCommand, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, MessageId, ParseMode, UserId,
};
use teloxide::{ApiError, Bot, RequestError};

use super::*;

fn clock() -> Clock {
    Clock::set_at(Utc.with_ymd_and_hms(2026, 11, 23, 1, 0, 0).unwrap())
}

async fn fake() -> (FakeTelegram, Bot, Clock) {
    let clock = clock();
    let telegram = FakeTelegram::start(clock.clone()).await.unwrap().with_patience(Duration::from_secs(10));
    let bot = Bot::new(telegram.token()).set_api_url(telegram.api_url().parse().unwrap());
    (telegram, bot, clock)
}

fn keyboard(text: &str, data: &str) -> InlineKeyboardMarkup {
    InlineKeyboardMarkup::new([[InlineKeyboardButton::callback(text, data)]])
}

type Done = Result<(), RequestError>;

/// A bot of two handlers: any text gets help with a button; a press is answered and edited in.
fn run_bot(bot: Bot) -> tokio::task::JoinHandle<()> {
    let handler = dptree::entry()
        .branch(Update::filter_message().endpoint(|bot: Bot, message: Message| async move {
            let text = message.text().or(message.caption()).unwrap_or_default().to_owned();
            let request = bot.send_message(message.chat.id, format!("<b>帮助</b>：{text}")).parse_mode(ParseMode::Html);
            request.reply_markup(keyboard("签收", "ack:1")).await?;
            Done::Ok(())
        }))
        .branch(Update::filter_callback_query().endpoint(|bot: Bot, query: CallbackQuery| async move {
            bot.answer_callback_query(query.id.clone()).await?;
            if let Some(message) = query.regular_message() {
                bot.edit_message_text(message.chat.id, message.id, format!("已签收 {}", query.data.clone().unwrap()))
                    .await?;
            }
            Done::Ok(())
        }));
    tokio::spawn(async move { Dispatcher::builder(bot, handler).build().dispatch().await })
}

#[tokio::test]
async fn a_real_bot_polls_answers_and_edits() {
    let (telegram, bot, _) = fake().await;
    let running = run_bot(bot);
    let wang = telegram.person("王明(教育局)");
    telegram.say(wang.chat_id, &wang, "/help").await.unwrap();
    let inbox = telegram.inbox(wang.chat_id);
    assert_eq!((inbox[0].text.as_str(), inbox[0].buttons.as_slice()), ("帮助：/help", &["签收".to_owned()][..]));
    telegram.press(wang.chat_id, &wang, inbox[0].message_id, "签收").await.unwrap();
    assert!(telegram.assert_all_read().unwrap_err().to_string().contains("已签收 ack:1"));
    let edited = telegram.inbox(wang.chat_id);
    assert!(edited[0].edited && edited[0].buttons.is_empty());
    telegram.send_photo(wang.chat_id, &wang, "整改照片").await.unwrap();
    assert_eq!(telegram.inbox(wang.chat_id)[0].text, "帮助：整改照片");
    telegram.assert_all_read().unwrap();
    let told: Vec<_> = telegram.transcript().into_iter().map(|l| format!("{} {}", l.who, l.text)).collect();
    assert_eq!(
        told,
        [
            "王明(教育局) /help",
            "巡查 帮助：/help",
            "王明(教育局) 【签收】",
            "巡查 已签收 ack:1",
            "王明(教育局) 整改照片",
            "巡查 帮助：整改照片"
        ]
    );
    assert_eq!(telegram.violations(), Vec::<String>::new());
    running.abort();
}

#[tokio::test]
async fn in_a_group_the_bot_hears_commands_alone() {
    let (telegram, bot, _) = fake().await;
    let running = run_bot(bot);
    let (wang, other) = (telegram.person("王明"), telegram.person("外人"));
    let group = telegram.group("教育局工作群", std::slice::from_ref(&wang));
    telegram.say(group, &wang, "大家好").await.unwrap();
    assert!(telegram.inbox(group).is_empty());
    telegram.say(group, &wang, "/help").await.unwrap();
    assert_eq!(telegram.inbox(group).len(), 1);
    assert!(matches!(telegram.say(group, &other, "/help").await, Err(TelegramError::NotMember { .. })));
    running.abort();
}

#[tokio::test]
async fn a_silent_bot_is_told_from_an_absent_one() {
    let (telegram, bot, _) = fake().await;
    let telegram = telegram.with_patience(Duration::from_millis(300));
    let wang = telegram.person("王明");
    assert!(matches!(telegram.say(wang.chat_id, &wang, "在吗").await, Err(TelegramError::NotFetched { .. })));
    let updates = bot.get_updates().await.unwrap();
    let poll = tokio::spawn(async move {
        let mut poll = bot.get_updates();
        poll.offset = Some(updates[0].id.as_offset());
        poll.timeout = Some(1);
        poll.await
    });
    tokio::task::yield_now().await;
    poll.await.unwrap().unwrap();
    let waiting = Waiting { chat: wang.chat_id, update: 100_001, activity: 0, what: "x".to_owned() };
    assert!(matches!(telegram.settle(Some(waiting)).await, Err(TelegramError::NotAnswered { .. })));
}

#[tokio::test]
async fn faults_arrive_as_the_errors_teloxide_knows() {
    let (telegram, bot, _) = fake().await;
    let wang = telegram.person("王明");
    let group = telegram.group("工作群", std::slice::from_ref(&wang));
    let send = |chat: i64| bot.send_message(ChatId(chat), "通知").send();
    telegram.fail_next(wang.chat_id, Fault::TooManyRequests { retry_after: Some(7) });
    assert!(matches!(send(wang.chat_id).await, Err(RequestError::RetryAfter(s)) if s.seconds() == 7));
    telegram.fail_next(wang.chat_id, Fault::TooManyRequests { retry_after: None });
    assert!(matches!(send(wang.chat_id).await, Err(RequestError::Api(ApiError::Unknown(_)))));
    telegram.fail_next(wang.chat_id, Fault::Forbidden(Refusal::BlockedByUser));
    assert!(matches!(send(wang.chat_id).await, Err(RequestError::Api(ApiError::BotBlocked))));
    telegram.refuse(wang.chat_id, Refusal::Deactivated);
    assert!(matches!(send(wang.chat_id).await, Err(RequestError::Api(ApiError::UserDeactivated))));
    telegram.accept(wang.chat_id);
    let to = -1_001_234_567_890;
    telegram.fail_next(group, Fault::Migrate { to });
    for _ in 0..2 {
        assert!(matches!(send(group).await, Err(RequestError::MigrateToChatId(ChatId(id))) if id == to));
    }
    send(to).await.unwrap();
    telegram.fail_next(to, Fault::Forbidden(Refusal::Kicked));
    assert!(matches!(send(to).await, Err(RequestError::Api(ApiError::BotKickedFromSupergroup))));
    assert_eq!(telegram.inbox(to).len(), 1);
    assert_eq!(telegram.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_hang_up_before_sends_nothing_and_one_after_sends_all_the_same() {
    let (telegram, bot, _) = fake().await;
    let wang = telegram.person("王明");
    for (fault, sent) in [(Fault::HangUpBefore, 0), (Fault::HangUpAfter, 1), (Fault::NullResult, 1)] {
        telegram.fail_next(wang.chat_id, fault.clone());
        assert!(bot.send_message(ChatId(wang.chat_id), "通知").await.is_err(), "{fault:?}");
        assert_eq!(telegram.inbox(wang.chat_id).len(), sent, "{fault:?}");
    }
}

#[tokio::test]
async fn an_answer_may_be_torn_late_or_an_error_of_telegrams_own() {
    let (telegram, _, _) = fake().await;
    let wang = telegram.person("王明");
    let message = json!({ "chat_id": wang.chat_id, "text": "通知" });
    let pause = Duration::from_millis(60);
    for (fault, status, sent) in [(Fault::InternalError, 500, 0), (Fault::Torn, 200, 1), (Fault::Slow(pause), 200, 1)] {
        telegram.fail_next(wang.chat_id, fault.clone());
        let asked = Instant::now();
        let (code, body) = post(&telegram, "sendMessage", &message).await;
        let whole = serde_json::from_str::<serde_json::Value>(&body).is_ok();
        assert_eq!((code, whole), (status, fault != Fault::Torn), "{body}");
        // Why no limit for the others: a busy machine answers when it can.
        assert!(asked.elapsed() >= pause || fault != Fault::Slow(pause));
        assert_eq!(telegram.inbox(wang.chat_id).len(), sent, "{fault:?}");
    }
    for refusal in Refusal::ALL {
        telegram.fail_next(wang.chat_id, Fault::Forbidden(refusal));
        let (code, body) = post(&telegram, "sendMessage", &message).await;
        assert!(code == 403 && body.contains("\"Forbidden: "), "{body}");
    }
}

#[tokio::test]
async fn a_disorderly_poll_brings_updates_backwards_and_twice() {
    let (telegram, bot, _) = fake().await;
    let wang = telegram.person("王明");
    telegram.be_disorderly(true);
    telegram.say_together(wang.chat_id, &wang, &["一", "二"]).unwrap();
    let ids: Vec<_> = bot.get_updates().await.unwrap().iter().map(|update| update.id.0).collect();
    assert_eq!(ids, [100_002, 100_001, 100_002, 100_001]);
}

#[tokio::test]
async fn an_outage_cuts_every_call_and_ends() {
    let (telegram, bot, _) = fake().await;
    telegram.go_down(true);
    assert!(bot.get_me().await.is_err());
    telegram.go_down(false);
    bot.get_me().await.unwrap();
}

#[tokio::test]
async fn a_server_error_is_a_page_with_that_status() {
    let (telegram, _, _) = fake().await;
    let wang = telegram.person("王明");
    telegram.fail_next(wang.chat_id, Fault::ServerError(502));
    // Not through teloxide, which sleeps ten seconds on every 5xx.
    let (status, body) = post(&telegram, "sendMessage", &json!({ "chat_id": wang.chat_id, "text": "通知" })).await;
    assert_eq!(status, 502);
    assert!(body.starts_with("<html>"));
}

async fn post(telegram: &FakeTelegram, method: &str, body: &serde_json::Value) -> (u16, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!("{}/bot{}/{method}", telegram.api_url(), telegram.token());
    let answer = reqwest::Client::new().post(url).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn what_telegram_forbids_is_refused_and_remembered() {
    let (telegram, bot, _) = fake().await;
    let wang = telegram.person("王明");
    let shy = telegram.stranger("陌生人");
    let chat = ChatId(wang.chat_id);
    let html = |text: &str| bot.send_message(chat, text).parse_mode(ParseMode::Html).send();
    let api = |result: Result<Message, RequestError>| match result {
        Err(RequestError::Api(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(api(html("<p>段落</p>").await), ApiError::CantParseEntities(_)));
    assert!(matches!(api(html("甲 & 乙").await), ApiError::CantParseEntities(_)));
    assert_eq!(api(html("<b> </b>").await), ApiError::MessageTextIsEmpty);
    assert_eq!(api(html(&"😀".repeat(2049)).await), ApiError::MessageIsTooLong);
    html(&format!("<b>{}</b>", "&lt;".repeat(4096))).await.unwrap();
    let long = bot.send_message(chat, "x").reply_markup(keyboard("签收", &"签".repeat(22))).await;
    assert_eq!(api(long), ApiError::ButtonDataInvalid);
    assert_eq!(api(bot.send_message(ChatId(1), "x").await), ApiError::ChatNotFound);
    assert!(matches!(api(bot.send_message(ChatId(shy.chat_id), "x").await), ApiError::Unknown(_)));
    assert_eq!(api(bot.edit_message_text(chat, MessageId(99), "x").await), ApiError::MessageToEditNotFound);
    let wrong = Bot::new("1:x").set_api_url(telegram.api_url().parse().unwrap());
    assert!(matches!(wrong.get_me().await, Err(RequestError::Api(ApiError::InvalidToken))));
    assert!(matches!(bot.get_user_profile_photos(UserId(1)).await, Err(RequestError::Api(ApiError::InvalidToken))));
    let (status, _) = post(&telegram, "sendMessage", &json!({ "chat_id": wang.chat_id, "text": "x", "txt": 1 })).await;
    assert_eq!(status, 400);
    assert_eq!(telegram.violations().len(), 11, "{:#?}", telegram.violations());
}

#[tokio::test]
async fn an_unanswered_press_is_a_violation() {
    let (telegram, bot, _) = fake().await;
    let telegram = telegram.with_patience(Duration::from_millis(100));
    let wang = telegram.person("王明");
    let sent = bot.send_message(ChatId(wang.chat_id), "通知").reply_markup(keyboard("签收", "a")).await.unwrap();
    let missing = telegram.press(wang.chat_id, &wang, i64::from(sent.id.0), "申诉").await;
    assert!(matches!(missing, Err(TelegramError::NoButton { .. })));
    assert!(telegram.press(wang.chat_id, &wang, i64::from(sent.id.0), "签收").await.is_err());
    assert!(telegram.violations()[0].contains("签收"));
}

#[tokio::test]
async fn files_go_both_ways() {
    let (telegram, bot, _) = fake().await;
    let wang = telegram.person("王明");
    let chat = ChatId(wang.chat_id);
    let file = InputFile::memory("台账".as_bytes().to_vec()).file_name("监管台账.xlsx");
    bot.send_document(chat, file).caption("<b>台账</b>").parse_mode(ParseMode::Html).await.unwrap();
    bot.send_photo(chat, InputFile::memory(PIXEL).file_name("图.png")).await.unwrap();
    let inbox = telegram.inbox(wang.chat_id);
    let file = inbox[0].file.as_ref().unwrap();
    assert_eq!(
        (inbox[0].text.as_str(), file.name.as_str(), &*file.bytes),
        ("台账", "监管台账.xlsx", "台账".as_bytes())
    );
    let telegram = telegram.with_patience(Duration::from_millis(50));
    let _ = telegram.send_file(wang.chat_id, &wang, "说明.txt", b"content", "附件").await;
    let updates = bot.get_updates().await.unwrap();
    let teloxide::types::UpdateKind::Message(message) = &updates[0].kind else { panic!("{updates:?}") };
    let known = bot.get_file(message.document().unwrap().file.id.clone()).await.unwrap();
    let mut bytes = Vec::new();
    bot.download_file(&known.path, &mut bytes).await.unwrap();
    assert_eq!(bytes, b"content");
    assert_eq!(telegram.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn limits_follow_the_clock_once_enforced() {
    let (telegram, bot, clock) = fake().await;
    let wang = telegram.person("王明");
    let group = telegram.group("工作群", &[]);
    let send = |chat: i64| bot.send_message(ChatId(chat), "通知").send();
    for _ in 0..10 {
        send(wang.chat_id).await.unwrap();
    }
    telegram.enforce_limits(true);
    for _ in 0..5 {
        send(wang.chat_id).await.unwrap();
    }
    assert!(matches!(send(wang.chat_id).await, Err(RequestError::RetryAfter(s)) if s.seconds() == 5));
    clock.advance(chrono::Duration::seconds(5));
    send(wang.chat_id).await.unwrap();
    for _ in 0..20 {
        clock.advance(chrono::Duration::seconds(1));
        send(group).await.unwrap();
    }
    assert!(matches!(send(group).await, Err(RequestError::RetryAfter(s)) if s.seconds() == 41));
}

#[tokio::test]
async fn updates_wait_for_their_acknowledgement_and_a_second_poller_ends_the_first() {
    let (telegram, bot, _) = fake().await;
    let telegram = telegram.with_patience(Duration::from_millis(50));
    let wang = telegram.person("王明");
    for text in ["一", "二"] {
        let _ = telegram.say(wang.chat_id, &wang, text).await;
    }
    let poll = |offset: i32, timeout: u32| {
        let mut poll = bot.get_updates();
        (poll.offset, poll.timeout) = (Some(offset), Some(timeout));
        poll.send()
    };
    let first = poll(0, 0).await.unwrap();
    assert_eq!((first.len(), poll(0, 0).await.unwrap().len()), (2, 2));
    assert_eq!(poll(first[0].id.as_offset(), 0).await.unwrap().len(), 1);
    let held = tokio::spawn(poll(first[1].id.as_offset(), 20));
    let polls = telegram.shared.lock().polls;
    let mut changed = telegram.shared.watch();
    while telegram.shared.lock().polls == polls {
        changed.changed().await.unwrap();
    }
    assert!(poll(first[1].id.as_offset(), 0).await.unwrap().is_empty());
    assert!(matches!(held.await.unwrap(), Err(RequestError::Api(ApiError::TerminatedByOtherGetUpdates))));
}

#[tokio::test]
async fn commands_are_checked_and_kept() {
    let (telegram, bot, _) = fake().await;
    bot.set_my_commands([BotCommand::new("issues", "问题清单")]).await.unwrap();
    assert_eq!(bot.get_my_commands().await.unwrap()[0].command, "issues");
    assert_eq!(telegram.commands(), [("issues".to_owned(), "问题清单".to_owned())]);
    assert!(bot.set_my_commands([BotCommand::new("签收", "签收通知")]).await.is_err());
    bot.delete_webhook().await.unwrap();
    assert!(bot.get_webhook_info().await.unwrap().url.is_none());
    bot.send_chat_action(ChatId(telegram.person("王明").chat_id), teloxide::types::ChatAction::Typing).await.unwrap();
    assert_eq!(telegram.violations().len(), 1);
}
