//! The sentences of what is no violation but wants a person's judgement: registry and advice.

use super::words::{Words, say};
use crate::domain::account::Platform;

impl Words {
    /// The columns that are empty here and everywhere.
    pub(in crate::checks) fn column_not_kept(self, there: [bool; 3]) -> String {
        let names =
            say!(self, ["主管单位", "管理员", "备案编号"], ["supervising unit", "administrator", "filing number"]);
        let empty: Vec<&str> = names.into_iter().zip(there).filter(|(_, there)| !there).map(|(name, _)| name).collect();
        say!(
            self,
            format!("基本信息库未登记该栏（{}）", empty.join("、")),
            format!("the registry does not keep this column ({})", empty.join(", "))
        )
    }

    pub(in crate::checks) fn only_account(self, unit: &str, platform: Platform) -> String {
        say!(
            self,
            format!("{unit}在{}平台只有本账号", platform.zh()),
            format!("the only account of {unit} on {}", platform.en())
        )
    }

    pub(in crate::checks) fn registered_closed(self) -> String {
        say!(
            self,
            "本账号已注销，或已是该单位在本平台最先开设的账号",
            "the account is closed, or is the first that the unit keeps on the platform"
        )
        .to_owned()
    }

    pub(in crate::checks) fn more_accounts(self, unit: &str, platform: Platform, others: &str) -> String {
        say!(
            self,
            format!("{unit}在{}平台另有账号：{others}，请核实是否确需分设", platform.zh()),
            format!("{unit} also runs {others} on {}; is more than one needed?", platform.en())
        )
    }

    pub(in crate::checks) fn renamed(self, shown: &str, registered: &str) -> String {
        say!(
            self,
            format!("平台显示的账号名称“{shown}”与登记名称“{registered}”不一致，未见变更备案"),
            format!(
                "the platform shows the name `{shown}`, registered is `{registered}`: no filing of a change is on record"
            )
        )
    }

    pub(in crate::checks) fn certified_as(self, subject: &str, unit: &str) -> String {
        say!(
            self,
            format!("平台显示的认证主体“{subject}”与主办单位“{unit}”不一致"),
            format!("the platform shows `{subject}` as the certified subject, the unit is `{unit}`")
        )
    }

    pub(in crate::checks) fn registered_as(self, subject: &str, unit: &str) -> String {
        say!(
            self,
            format!("登记的认证主体“{subject}”与主办单位“{unit}”不一致"),
            format!("the registry has `{subject}` as the certified subject, the unit is `{unit}`")
        )
    }

    /// `is_shown`: the source shows name or certification; else the registry alone was compared.
    pub(in crate::checks) fn identity_agrees(self, is_shown: bool) -> String {
        if is_shown {
            say!(self, "所见账号名称和认证主体与登记一致", "name and certified subject are as registered").to_owned()
        } else {
            say!(
                self,
                "登记的认证主体与主办单位一致（账号主页未查看）",
                "the registered subject is the unit's; the account's own page was not seen"
            )
            .to_owned()
        }
    }

    /// Several sentences as one.
    pub(in crate::checks) fn joined(self, said: &[String]) -> String {
        said.join(say!(self, "；", "; "))
    }

    pub(in crate::checks) fn output(self, posts: usize, days: i64, expected: i64, followers: Option<u64>) -> String {
        let followed = match followers {
            Some(n) => say!(self, format!("，粉丝{n}人"), format!(", {n} followers")),
            None => String::new(),
        };
        say!(
            self,
            format!("检查期{days}天内发布{posts}篇（参考值{expected}篇）{followed}"),
            format!("{posts} posts in the {days} days of the window ({expected} for reference){followed}")
        )
    }
}
