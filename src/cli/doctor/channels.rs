//! The channels: robots and bots that can be reached, and whom they serve.

use std::collections::BTreeSet;

use super::super::notices::require_messenger;
use super::Lines;
use crate::app;
use crate::chat::robot::{RobotError, look as look_at_robot};
use crate::chat::telegram::{Messenger, SendError};
use crate::config::{ChannelReader, Config};
use crate::domain::Lang;
use crate::domain::person::Role;
use crate::office::Office;

/// The group robots: where their servers can be reached and their addresses look right; nothing is sent.
async fn robots(lines: &mut Lines, config: &Config) {
    let hooks = crate::fetch::Hooks::default();
    for channel in &config.channels {
        let (kind, everybody) = (channel.kind, Role::Supervisor);
        let reader = |lang| match &channel.reader {
            ChannelReader::Supervisors => everybody.name(lang).to_owned(),
            ChannelReader::Unit(unit) => unit.clone(),
        };
        let name = ("群机器人", "group robot");
        let (zh, en) =
            (format!("{}（{}）", kind.zh(), reader(Lang::Zh)), format!("{} ({})", kind.en(), reader(Lang::En)));
        match look_at_robot(&hooks, channel).await {
            Ok(host) => lines.note(name, true, format!("{zh}：{host} 可达"), format!("{en}: {host} answers")),
            Err(RobotError::Secret(error)) => {
                let text = error.text(lines.lang);
                lines.note(name, false, format!("{zh}：{text}"), format!("{en}: {text}"));
            }
            Err(RobotError::Shape { wants, .. }) => lines.note(
                name,
                false,
                format!("{zh}：webhook_file 中不是{}机器人的地址，应形如 {wants}", kind.zh()),
                format!("{en}: the address in webhook_file is none of {}; it looks like {wants}", kind.en()),
            ),
            Err(RobotError::Away { host, failure }) => lines.note(
                name,
                false,
                format!("{zh}：{host} 无法访问（{}），请检查网络或该机器人的 proxy", failure.zh()),
                format!("{en}: {host} cannot be reached ({}); check the network or the robot's proxy", failure.en()),
            ),
        }
    }
    let is_for_units = config.channels.iter().any(|c| matches!(c.reader, ChannelReader::Unit(_)));
    if is_for_units && config.web.public_url.is_none() {
        lines.note(
            ("办理链接", "links to answer"),
            true,
            "未配置 [web] public_url，群机器人的通知不附办理链接，单位须另行反馈",
            "no [web] public_url: robots' notices carry no link, units have to answer in another way",
        );
    }
}

/// Everything through which notices go out.
pub(super) async fn chat(lines: &mut Lines, config: &Config) {
    robots(lines, config).await;
    wecom(lines, config).await;
    let name = ("机器人", "bot");
    if config.wecom.is_some() && config.telegram.token.is_none() {
        return;
    }
    match require_messenger(config) {
        Err(error) => lines.failed(name, &error),
        Ok(messenger) => match ready(&messenger).await {
            Ok((username, false)) => lines.note(name, true, format!("@{username}"), format!("@{username}")),
            Ok((username, true)) => lines.note(
                name,
                false,
                format!(
                    "@{username} 的消息正发往其他服务的地址（webhook），本机收不到；请停用该服务并调用 deleteWebhook"
                ),
                format!(
                    "the messages of @{username} go to another service's address (webhook), none come here; stop that \
                     service and call deleteWebhook"
                ),
            ),
            Err(error) => lines.note(
                name,
                false,
                format!("{}；请检查令牌、[telegram] api_url 与 proxy", error.zh()),
                format!("{error}; check the token, [telegram] api_url and proxy"),
            ),
        },
    }
}

/// The bot's name, and whether somebody else receives its updates.
async fn ready(messenger: &Messenger) -> Result<(String, bool), SendError> {
    Ok((messenger.check().await?.username, messenger.has_webhook().await?))
}

/// The WeCom bot, as far as it can be tried without throwing a running service out.
async fn wecom(lines: &mut Lines, config: &Config) {
    let name = ("企业微信机器人", "wecom bot");
    match app::wecom_settings(config) {
        Ok(None) => {}
        Err(error) => lines.failed(name, &error),
        Ok(Some(settings)) => match crate::chat::wecom::check(&settings).await {
            Ok(()) => lines.note(
                name,
                true,
                "可以连接；为不挤掉运行中的服务，未验证 bot_id 与密钥",
                "can be reached; bot_id and secret are not tried, which would throw a running service out",
            ),
            Err(error) => lines.note(
                name,
                false,
                format!("{error}；请检查网络与 [wecom] url"),
                format!("{error}; check the network and [wecom] url"),
            ),
        },
    }
}

/// People bound to a unit that no account names any more; a line only where there are any.
pub(super) async fn bindings(lines: &mut Lines, office: &Office) {
    let name = ("绑定人员", "bindings");
    let found = async { office.store.read().await?.people_of_no_unit().await }.await;
    match found {
        Err(error) => lines.failed(name, &anyhow::Error::from(error)),
        Ok(found) if found.is_empty() => {}
        Ok(found) => {
            let units: BTreeSet<&str> = found.iter().filter_map(|p| p.unit.as_deref()).collect();
            let units: Vec<&str> = units.into_iter().collect();
            lines.note(
                name,
                false,
                format!("{}不在基本信息库中，请收回绑定后按新单位邀请（users list）", units.join("、")),
                format!("no account of {}: revoke, and invite for the new unit (users list)", units.join(", ")),
            );
        }
    }
}

/// Robots of units that no account names: nothing will ever go there. A line only where there are any.
pub(super) async fn readers(lines: &mut Lines, office: &Office) {
    let name = ("群机器人的单位", "units of group robots");
    let units: BTreeSet<&str> = office
        .config
        .channels
        .iter()
        .filter_map(|channel| match &channel.reader {
            ChannelReader::Unit(unit) => Some(unit.as_str()),
            ChannelReader::Supervisors => None,
        })
        .collect();
    let found = async {
        let mut tx = office.store.read().await?;
        let mut unknown = Vec::new();
        for unit in units {
            if !tx.unit_exists(unit).await? {
                unknown.push(unit);
            }
        }
        Ok::<_, crate::store::StoreError>(unknown)
    };
    match found.await {
        Err(error) => lines.failed(name, &anyhow::Error::from(error)),
        Ok(unknown) if unknown.is_empty() => {}
        Ok(unknown) => lines.note(
            name,
            false,
            format!(
                "{}没有登记账号，不会收到任何通知；请核对 [[channel]] for 与“主办单位”是否一致",
                unknown.join("、")
            ),
            format!(
                "no account of {}: nothing will ever go there; compare [[channel]] for with the registry",
                unknown.join(", ")
            ),
        ),
    }
}
