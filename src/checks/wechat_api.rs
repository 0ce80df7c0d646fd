//! The official interface of a WeChat account, with the unit's authorisation (公众号接口).
//!
//! The token is asked for once and kept in memory until shortly before it ends; it is in no
//! address, log, evidence or observation. What the interface leaves out (mass-sent articles) is
//! the adapter's to say: its reading is a part. The custom menu (自定义菜单), where services are kept,
//! is asked for apart: whether posts can be read says nothing of it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use super::seen::{Try, Unread};
use crate::config::{Credential, Credentials, read_credentials};
use crate::domain::Lang;
use crate::domain::account::{Account, SourceKind};
use crate::domain::post::Reading;
use crate::fetch::{Failure, Fetcher, Page};
use crate::office::Office;
use crate::sources::wechat_menu::{self, Menu};
use crate::sources::{self, ReadContext, Unreadable};

/// Where the interface lives.
const OFFICIAL: &str = "https://api.weixin.qq.com";
/// Articles asked for at once, the most the interface gives.
const PAGE: usize = 20;
/// Pages asked for in one look.
const MOST_PAGES: usize = 10;
/// A token is given up so long before it ends.
const BEFORE_END: TimeDelta = TimeDelta::minutes(5);

/// A token and when it is given up.
struct Token {
    value: SecretString,
    until: DateTime<Utc>,
}

/// One account's token; whoever needs it waits while another asks for it.
type Slot = Arc<tokio::sync::Mutex<Option<Token>>>;

/// By interface and `AppID`. Why for the process: each new token makes the one before it worthless.
static TOKENS: LazyLock<Mutex<HashMap<(String, String), Slot>>> = LazyLock::new(Mutex::default);

/// The credentials of a run, read once.
#[derive(Debug, Default)]
pub(super) struct Keys {
    known: Credentials,
    /// Why none could be read, in the office's language.
    flaw: Option<String>,
}

/// How an account is asked.
pub(super) enum Way<'a> {
    /// By its interface.
    Interface(&'a Credential),
    /// As any page.
    Page,
    /// Not at all: the unit has not authorised the office.
    Closed(Unread),
}

impl Keys {
    /// The credentials of the office; a flaw is told of where an account needs them.
    pub(super) fn read(office: &Office) -> Self {
        let Some(file) = &office.config.wechat.credentials_file else { return Self::default() };
        match read_credentials(file, office.config.http.allow_private) {
            Ok(known) => Self { known, flaw: None },
            Err(error) => {
                let flaw = error.text(office.lang());
                tracing::error!(error = flaw, "the credentials of WeChat accounts cannot be used");
                Self { known: Credentials::new(), flaw: Some(flaw) }
            }
        }
    }

    /// How `account` is to be asked.
    pub(super) fn way(&self, account: &Account, lang: Lang) -> Way<'_> {
        if account.source != Some(SourceKind::Wechat) {
            return Way::Page;
        }
        if let Some(credential) = self.known.get(account.account_id.as_str()) {
            return Way::Interface(credential);
        }
        if account.source_url.as_deref().is_none_or(is_official) {
            return Way::Closed(match &self.flaw {
                Some(flaw) => Unread { reason: "bad_credentials".to_owned(), sentence: flaw.clone() },
                None => wants_authorisation(lang),
            });
        }
        Way::Page
    }
}

fn is_official(url: &str) -> bool {
    url.trim_end_matches('/').strip_prefix(OFFICIAL).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn wants_authorisation(lang: Lang) -> Unread {
    let sentence = match lang {
        Lang::Zh => "公众号尚未授权：请单位提供 AppID 与 AppSecret，登记到 [wechat] credentials_file",
        Lang::En => "the account is not authorised: its AppID and AppSecret belong into [wechat] credentials_file",
    };
    Unread { reason: "wants_authorisation".to_owned(), sentence: sentence.to_owned() }
}

/// What a look by the interface brought.
pub(super) struct Look {
    /// The posts, or why there are none.
    pub(super) answer: Result<Reading, Unread>,
    /// The last answer, for the evidence; its address carries no token.
    pub(super) page: Option<Page>,
    /// How asking went.
    pub(super) tried: Option<Try>,
    /// The menu, or why it could not be read; `None`: it was not asked for.
    pub(super) menu: Option<Result<Menu, Unread>>,
}

/// Looks at an account by its interface; at its menu too where that is wanted.
pub(super) async fn look(
    office: &Office,
    fetcher: &Fetcher,
    credential: &Credential,
    as_of: DateTime<Utc>,
    wants_menu: bool,
) -> Look {
    let base = base(credential);
    let api = Api { office, fetcher, base, credential };
    let answer = Ok(Reading::default());
    let mut look = Look { answer, page: None, tried: Some(Try { maybe_ours: None }), menu: None };
    if let Err(trouble) = api.read_all(as_of, &mut look).await {
        if let Trouble::Unanswered(failure) = &trouble {
            let ours = failure.kind.may_be_ours() && !fetcher.is_exempt_loopback(base);
            look.tried = Some(Try { maybe_ours: ours.then(|| failure.kind.key().to_owned()) });
        }
        let is_mute = matches!(trouble, Trouble::Unanswered(_) | Trouble::Secret(_));
        let unread = trouble.unread(office.lang());
        // Asked once more, it would only be waited for once more.
        look.menu = (wants_menu && is_mute).then(|| Err(unread.clone()));
        look.answer = Err(unread);
    }
    if wants_menu && look.menu.is_none() {
        look.menu = Some(api.menu().await.map_err(|trouble| trouble.unread(office.lang())));
    }
    look
}

/// The menu of an account as it is now; `None` where it cannot be read.
pub(super) async fn menu_now(office: &Office, fetcher: &Fetcher, account: &Account) -> Option<Menu> {
    let keys = Keys::read(office);
    let Way::Interface(credential) = keys.way(account, office.lang()) else { return None };
    Api { office, fetcher, base: base(credential), credential }.menu().await.ok()
}

/// The interface's root. Why not the registered address: those cells come from the units, and
/// whatever host stood there would be sent the secret.
fn base(credential: &Credential) -> &str {
    credential.api.as_deref().unwrap_or(OFFICIAL)
}

/// What kept us from reading.
enum Trouble {
    /// No answer.
    Unanswered(Failure),
    /// The interface's own number.
    Code(i64),
    /// An answer of another form.
    Unreadable(Unreadable),
    /// The secret cannot be read.
    Secret(String),
}

impl Trouble {
    fn unread(self, lang: Lang) -> Unread {
        let (reason, sentence) = match self {
            Self::Unanswered(failure) => (failure.kind.key(), failure.kind.name(lang).to_owned()),
            Self::Unreadable(unreadable) => (unreadable.key(), unreadable.sentence(lang)),
            Self::Secret(text) => ("bad_credentials", text),
            Self::Code(code) => {
                let (reason, zh, en) = words(code);
                let sentence = match lang {
                    Lang::Zh => format!("{zh}（错误码 {code}）"),
                    Lang::En => format!("{en} (errcode {code})"),
                };
                (reason, sentence)
            }
        };
        Unread { reason: reason.to_owned(), sentence }
    }
}

/// An error number of the interface in plain words. Not the interface's own: they may repeat what was sent.
fn words(code: i64) -> (&'static str, &'static str, &'static str) {
    match code {
        40001 | 40014 | 42001 | 41001 => (
            "wants_authorisation",
            "公众号接口不接受现有凭据，请核对 AppSecret 是否已重置",
            "the interface does not accept the credentials; was the AppSecret reset?",
        ),
        40013 | 40125 | 41002 | 41004 => (
            "wants_authorisation",
            "AppID 或 AppSecret 不正确，请向单位核对",
            "the AppID or AppSecret is wrong; ask the unit",
        ),
        40164 => (
            "ip_not_listed",
            "本机公网地址不在公众号的 IP 白名单中，请单位在公众平台添加",
            "this machine's address is not on the account's IP list; the unit has to add it",
        ),
        45009 | 45011 => (
            "quota_exceeded",
            "公众号接口今日调用次数已用完或过于频繁",
            "the interface's quota of the day is used up, or it was asked too often",
        ),
        48001 | 48004 | 50001 | 50002 | 61007 => (
            "wants_authorisation",
            "公众号没有开通该接口的权限，请单位授权",
            "the account has no right to this interface; the unit has to authorise it",
        ),
        89501 | 89503 | 89506 | 89507 => (
            "wants_authorisation",
            "公众号要求管理员确认本机访问，请单位确认",
            "the account's administrator has to confirm the access",
        ),
        _ => ("platform_refused", "公众号接口返回错误", "the interface answered with an error"),
    }
}

/// What the interface is asked for.
#[derive(Clone, Copy)]
enum Wanted {
    /// Published articles from a place on.
    Articles(usize),
    Menu,
}

/// The account has no menu.
const NO_MENU: i64 = 46003;

struct Api<'a> {
    office: &'a Office,
    fetcher: &'a Fetcher,
    base: &'a str,
    credential: &'a Credential,
}

impl Api<'_> {
    async fn read_all(&self, as_of: DateTime<Utc>, look: &mut Look) -> Result<(), Trouble> {
        let context = ReadContext { as_of, seen_at: self.office.now(), timezone: self.office.zone() };
        let mut whole: Option<Reading> = None;
        let mut without = Unreadable::MassSentUnseen;
        for number in 0..MOST_PAGES {
            let (page, answer) = self.ask(Wanted::Articles(number * PAGE)).await?;
            let read = {
                let page = page.clone();
                tokio::task::spawn_blocking(move || sources::read(SourceKind::Wechat, &page, &Map::new(), &context))
                    .await
            };
            look.page = Some(page);
            match read.unwrap_or(Err(Unreadable::Malformed("line 0: -".to_owned()))) {
                Ok(reading) => match &mut whole {
                    Some(whole) => whole.posts.extend(reading.posts),
                    None => whole = Some(reading),
                },
                // A page of deleted articles alone: those behind it count.
                Err(Unreadable::MassSentUnseen) => {}
                // Drafts that waited, or articles changed since: they say nothing against the others.
                Err(Unreadable::NoDates) => without = Unreadable::NoDates,
                Err(unreadable) => return Err(Trouble::Unreadable(unreadable)),
            }
            let total = answer["total_count"].as_u64().unwrap_or_default() as usize;
            let none = answer["item"].as_array().is_none_or(Vec::is_empty);
            if none || (number + 1) * PAGE >= total {
                break;
            }
        }
        look.answer = Ok(whole.ok_or(Trouble::Unreadable(without))?);
        Ok(())
    }

    async fn menu(&self) -> Result<Menu, Trouble> {
        match self.ask(Wanted::Menu).await {
            Ok((_, answer)) => wechat_menu::read(&answer).map_err(Trouble::Unreadable),
            Err(Trouble::Code(NO_MENU)) => Ok(Menu::default()),
            Err(trouble) => Err(trouble),
        }
    }

    /// One answer; a token that is no longer good is asked for anew, once.
    async fn ask(&self, wanted: Wanted) -> Result<(Page, Value), Trouble> {
        let mut token = self.token(None).await?;
        let mut renewed = false;
        loop {
            let page = self.ask_with(&token, wanted).await.map_err(Trouble::Unanswered)?;
            match answer(&page) {
                Ok(answer) => return Ok((page, answer)),
                Err(Trouble::Code(40001 | 40014 | 42001)) if !renewed => {
                    renewed = true;
                    token = self.token(Some(&token)).await?;
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }

    async fn ask_with(&self, token: &SecretString, wanted: Wanted) -> Result<Page, Failure> {
        let at = |what: &str| format!("{}/cgi-bin/{what}?access_token={}", self.base, token.expose_secret());
        let Wanted::Articles(offset) = wanted else {
            return self.fetcher.get_json(&at("get_current_selfmenu_info")).await;
        };
        let asked = at("freepublish/batchget");
        let body = |no_content: u8| json!({ "offset": offset, "count": PAGE, "no_content": no_content });
        let page = self.fetcher.post_json(&asked, &body(0)).await?;
        // Twenty long articles may be more than we read of one answer; titles and times never are.
        if page.truncated { self.fetcher.post_json(&asked, &body(1)).await } else { Ok(page) }
    }

    /// The account's token; with `stale`, one that is not that one.
    async fn token(&self, stale: Option<&SecretString>) -> Result<SecretString, Trouble> {
        let key = (self.base.to_owned(), self.credential.app_id.clone());
        let slot = Arc::clone(TOKENS.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        let mut slot = slot.lock().await;
        let now = self.office.now();
        if let Some(token) = slot.as_ref()
            && token.until > now
            && stale.is_none_or(|stale| stale.expose_secret() != token.value.expose_secret())
        {
            return Ok(token.value.clone());
        }
        let secret = self.credential.secret.read().map_err(|error| Trouble::Secret(error.text(self.office.lang())))?;
        let body = json!({
            "grant_type": "client_credential",
            "appid": self.credential.app_id,
            "secret": secret.expose_secret(),
            "force_refresh": stale.is_some(),
        });
        let asked = format!("{}/cgi-bin/stable_token", self.base);
        let page = self.fetcher.post_json(&asked, &body).await.map_err(Trouble::Unanswered)?;
        let answer = answer(&page)?;
        let Some(value) = answer["access_token"].as_str().filter(|value| is_token(value)) else {
            return Err(Trouble::Unreadable(Unreadable::UnknownShape(SourceKind::Wechat)));
        };
        let lasts = TimeDelta::seconds(answer["expires_in"].as_i64().unwrap_or_default().clamp(0, 86_400));
        let value = SecretString::from(value.to_owned());
        *slot = Some(Token { value: value.clone(), until: now + lasts - BEFORE_END.min(lasts / 2) });
        Ok(value)
    }
}

/// What may stand in an address as it is.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= 1024 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.!~".contains(&b))
}

/// The JSON of an answer; an error number of the interface is a trouble of its own.
fn answer(page: &Page) -> Result<Value, Trouble> {
    let value: Option<Value> = serde_json::from_str(&page.text()).ok();
    match value.filter(Value::is_object) {
        Some(value) => match value["errcode"].as_i64() {
            None | Some(0) if page.is_success() => Ok(value),
            None | Some(0) => Err(Trouble::Unreadable(Unreadable::BadStatus(page.status))),
            Some(code) => Err(Trouble::Code(code)),
        },
        None if !page.is_success() => Err(Trouble::Unreadable(Unreadable::BadStatus(page.status))),
        None => Err(Trouble::Unreadable(Unreadable::NotData)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_words_and_reasons() {
        for (code, reason) in [
            (40164, "ip_not_listed"),
            (45009, "quota_exceeded"),
            (48001, "wants_authorisation"),
            (40013, "wants_authorisation"),
            (-1, "platform_refused"),
        ] {
            let unread = Trouble::Code(code).unread(Lang::Zh);
            assert_eq!(unread.reason, reason);
            assert!(unread.sentence.contains(&code.to_string()));
        }
    }

    #[test]
    fn only_what_is_safe_in_an_address_is_a_token() {
        assert!(is_token("87_AbC-d_e.f"));
        for bad in ["", "a b", "a&b=c", "令牌", "a\n"] {
            assert!(!is_token(bad), "{bad}");
        }
    }

    #[test]
    fn an_answer_is_data_an_error_number_or_neither() {
        let page = |text: &str| Page::from_bytes("https://api.weixin.qq.com/x", None, text.to_owned());
        assert!(answer(&page(r#"{"total_count":0,"item":[]}"#)).is_ok());
        assert!(matches!(answer(&page(r#"{"errcode":40001,"errmsg":"x"}"#)), Err(Trouble::Code(40001))));
        assert!(matches!(answer(&page("<html>")), Err(Trouble::Unreadable(Unreadable::NotData))));
    }

    #[test]
    fn the_secret_goes_to_the_official_interface_unless_the_credentials_name_another() {
        let given = |api: Option<&str>| Credential {
            app_id: "wx1".to_owned(),
            secret: crate::config::SecretSource::Given("s3cret".to_owned().into()),
            api: api.map(str::to_owned),
        };
        assert_eq!(base(&given(None)), OFFICIAL);
        assert_eq!(base(&given(Some("https://gateway.example.cn"))), "https://gateway.example.cn");
    }

    #[test]
    fn the_interface_s_own_address_needs_credentials() {
        assert!(is_official("https://api.weixin.qq.com/"));
        assert!(is_official("https://api.weixin.qq.com/cgi-bin/freepublish/batchget"));
        assert!(!is_official("https://mp.weixin.qq.com/s/abc"));
        assert!(!is_official("https://api.weixin.qq.com.example.cn/"));
    }
}
