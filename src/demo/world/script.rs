//! What the units do when they are notified.

use super::plan::{self, FaultKind, unit_of};
use super::{Expected, World};
use crate::domain::account::AccountId;

/// How a unit's administrator answers a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Behaviour {
    /// Acknowledges, repairs, reports.
    AckAndFix,
    /// Acknowledges and reports a repair that is none; is rejected; then repairs and reports again.
    ClaimThenFix,
    /// Appeals with a good reason; the supervisor revokes the finding.
    AppealGranted,
    /// Appeals without one; the supervisor upholds it, then the unit repairs.
    AppealUpheld,
    /// Does nothing until the issue is overdue and escalated.
    Silent,
    /// Asks for more time, is granted it, then repairs.
    AsksExtension,
}

/// One unit with something to do, and its words.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitScript {
    /// 主办单位.
    pub unit: String,
    /// The administrator who answers in chat.
    pub admin_name: String,
    /// How.
    pub behaviour: Behaviour,
    /// The unit's accounts with faults that may become issues, with the indicator, in order.
    pub faults: Vec<(AccountId, &'static str)>,
}

fn behaviour_of(kind: FaultKind) -> Behaviour {
    match kind {
        FaultKind::Zombie => Behaviour::Silent,
        FaultKind::LinkGone => Behaviour::ClaimThenFix,
        FaultKind::LinkCut => Behaviour::AppealGranted,
        FaultKind::ReviewLate => Behaviour::AppealUpheld,
        FaultKind::NoFiling => Behaviour::AsksExtension,
        _ => Behaviour::AckAndFix,
    }
}

fn words(kind: FaultKind) -> [&'static str; 4] {
    match kind {
        FaultKind::Zombie => ["已恢复更新", "Updates resumed", "", ""],
        FaultKind::LinkGone => ["已修复服务链接", "The service link is repaired", "", ""],
        FaultKind::LinkCut => [
            "机房已恢复供电，链接可正常访问",
            "Power is back, the link works",
            "检查当日机房停电，服务页面临时下线，现已恢复，附停电通知",
            "A power cut in the machine room took the page offline that day; it is back, the notice is attached",
        ],
        FaultKind::ReviewLate => [
            "已补正审核登记并重申先审后发",
            "The review record is corrected, review before publication was restated",
            "当日值班人员已口头审核，系统补录较晚",
            "Whoever was on duty reviewed it by word of mouth; the record was entered later",
        ],
        FaultKind::NoFiling => [
            "备案已办结并补登编号",
            "The filing is done and its number registered",
            "备案材料正在报批，申请延期",
            "The filing is being approved; asking for more time",
        ],
        FaultKind::Stale => ["已更新内容并明确专人维护", "New content is out, a person is named for upkeep", "", ""],
        FaultKind::ReviewMissing | FaultKind::ReviewSamePerson | FaultKind::ReviewDisordered => {
            ["已补正审核记录", "The review record is corrected", "", ""]
        }
        FaultKind::NoSupervisor | FaultKind::NoAdmin => ["已补登基本信息", "The registry entry is completed", "", ""],
        FaultKind::ByHandSilent => ["已恢复更新，请人工复核", "Updates resumed; please look again", "", ""],
        FaultKind::WrongWord => ["已更正错别字并倒查审核环节", "The word is corrected, the review traced", "", ""],
        FaultKind::PersonalData => {
            ["已删除个人信息并排查同类内容", "The number is withdrawn, like posts searched", "", ""]
        }
        FaultKind::OtherSubject => ["已变更认证主体并报备", "The certification is changed and filed", "", ""],
        FaultKind::SecondAccount => ["已并入原账号并办理注销备案", "Merged into the first account and closed", "", ""],
        FaultKind::FooterMissing => ["已补挂党政机关标识", "The mark is in place", "", ""],
        _ => ["已修复链接，现可正常访问", "The link is repaired and opens", "", ""],
    }
}

/// What is said and done about one account's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// How its unit answers the notice.
    pub behaviour: Behaviour,
    /// What goes with `/fix`: Chinese, English.
    pub done: [&'static str; 2],
    /// What goes with `/appeal` or `/extend`: Chinese, English; empty for the others.
    pub why: [&'static str; 2],
}

impl World {
    /// What is said and done about the fault of an account; `None` where none is planted.
    #[must_use]
    pub fn said_of(&self, account_id: &AccountId) -> Option<Said> {
        let kind = self.plan.accounts[self.plan.index(account_id)?].fault?;
        let [done_zh, done_en, why_zh, why_en] = words(kind);
        Some(Said { behaviour: behaviour_of(kind), done: [done_zh, done_en], why: [why_zh, why_en] })
    }

    /// Every unit whose accounts carry a fault that fails or is suspected; a unit with several
    /// behaviours takes that of the weightiest fault.
    #[must_use]
    pub fn script(&self) -> Vec<UnitScript> {
        let mut scripts: Vec<(FaultKind, UnitScript)> = Vec::new();
        for (index, spec) in self.plan.accounts.iter().enumerate() {
            let Some(kind) = spec.fault else { continue };
            let (indicator, expected) = super::expectation(kind);
            if !matches!(expected, Expected::Fail | Expected::Suspected) {
                continue;
            }
            let unit = unit_of(spec);
            let fault = (plan::id(index), indicator);
            let behaviour = behaviour_of(kind);
            let script = UnitScript { unit: unit.name, admin_name: unit.admin, behaviour, faults: vec![fault.clone()] };
            match scripts.iter_mut().find(|(_, s)| s.unit == script.unit) {
                None => scripts.push((kind, script)),
                Some((present, there)) => {
                    there.faults.push(fault);
                    if weight(kind) < weight(*present) {
                        let faults = std::mem::take(&mut there.faults);
                        (*present, *there) = (kind, UnitScript { faults, ..script });
                    }
                }
            }
        }
        scripts.into_iter().map(|(_, script)| script).collect()
    }
}

fn weight(kind: FaultKind) -> usize {
    super::plan::JUDGED.iter().position(|k| *k == kind).unwrap_or(usize::MAX)
}
