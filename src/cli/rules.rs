//! `rules`: what a rule set checks, and whether a file is one.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{Format, RulesCommand};
use super::errors::describe;
use super::output::Column;
use super::{CheckFailed, Context};
use crate::app::{self, RulesError};
use crate::domain::Lang;
use crate::domain::rule::{Class, Indicator, RuleSet};

/// One indicator's rule, as scripts see it.
#[derive(Serialize)]
struct RuleView {
    indicator: Indicator,
    checked: bool,
    class: Option<Class>,
    confirmed: Option<bool>,
    document: Option<String>,
    clause: Option<String>,
    version: String,
}

/// What a file was found to be.
#[derive(Serialize)]
struct Checked<'r> {
    file: &'r Path,
    version: &'r str,
    valid_from: chrono::NaiveDate,
    indicators: usize,
    unchecked: Vec<Indicator>,
    unconfirmed: Vec<Indicator>,
}

pub(super) fn run(context: &mut Context, command: RulesCommand) -> anyhow::Result<()> {
    match command {
        RulesCommand::Show { file } => show(context, file),
        RulesCommand::Check { file } => check(context, &file),
    }
}

fn show(context: &mut Context, file: Option<PathBuf>) -> anyhow::Result<()> {
    let file = match file {
        Some(file) => Some(file),
        None => context.config()?.rules.file,
    };
    let rules = app::load_rules(file.as_deref())?;
    let columns = [
        Column::<RuleView>("指标", "indicator", |r, lang| format!("{}（{}）", r.indicator.name(lang), r.indicator)),
        Column("检查", "checked", |r, lang| yes(r.checked, lang).to_owned()),
        Column("性质", "class", |r, lang| r.class.map_or("—", |class| class.name(lang)).to_owned()),
        Column("已核原文", "confirmed", |r, lang| r.confirmed.map_or("—", |ok| yes(ok, lang)).to_owned()),
        Column("依据", "document", |r, _| r.document.clone().unwrap_or_default()),
        Column("条款", "clause", |r, _| r.clause.clone().unwrap_or_default()),
    ];
    let mut list = context.out.list(&columns)?;
    for indicator in Indicator::ALL {
        let rule = rules.indicators.get(indicator);
        let view = RuleView {
            indicator: *indicator,
            checked: rule.is_some(),
            class: rule.map(|rule| rule.class),
            confirmed: rule.map(|rule| rule.confirmed),
            document: rule.map(|rule| rule.document.clone()),
            clause: rule.map(|rule| rule.clause.clone()),
            version: rules.version.clone(),
        };
        context.out.row(&mut list, &view)?;
    }
    context.out.end(list)?;
    if context.out.format == Format::Table {
        let (zh, en) = numbers(&rules);
        context.out.note(&zh, &en);
    }
    Ok(())
}

const fn yes(yes: bool, lang: Lang) -> &'static str {
    match (yes, lang) {
        (true, Lang::Zh) => "是",
        (true, Lang::En) => "yes",
        (false, Lang::Zh) => "否",
        (false, Lang::En) => "no",
    }
}

/// The numbers of a set in one line.
fn numbers(rules: &RuleSet) -> (String, String) {
    let (silence, link) = (&rules.silence, &rules.link);
    (
        format!(
            "规则集 {}（{}起）：超过{}天未更新，超过{}天为僵尸账号；每账号至多{}个链接，存疑者查看{}次、间隔{}小时",
            rules.version,
            rules.valid_from,
            silence.stale_days,
            silence.zombie_days,
            link.per_account,
            link.looks,
            link.hours_between
        ),
        format!(
            "rule set {} (from {}): stale after {} days, zombie after {}; at most {} links an account, {} looks {} h apart at doubtful ones",
            rules.version,
            rules.valid_from,
            silence.stale_days,
            silence.zombie_days,
            link.per_account,
            link.looks,
            link.hours_between
        ),
    )
}

fn check(context: &mut Context, file: &Path) -> anyhow::Result<()> {
    let rules = match app::load_rules(Some(file)) {
        Ok(rules) => rules,
        Err(error @ RulesError::Invalid { .. }) => {
            let error = anyhow::Error::from(error);
            let (zh, en) = (describe(&error, Lang::Zh).0, describe(&error, Lang::En).0);
            return Err(CheckFailed { zh, en }.into());
        }
        Err(error) => return Err(error.into()),
    };
    let view = Checked {
        file,
        version: &rules.version,
        valid_from: rules.valid_from,
        indicators: rules.indicators.len(),
        unchecked: rules.unchecked(),
        unconfirmed: rules.unconfirmed(),
    };
    let out = &context.out;
    let lines = [
        (out.pick("文件", "file"), file.display().to_string()),
        (out.pick("版本", "version"), rules.version.clone()),
        (out.pick("起用日期", "valid from"), rules.valid_from.to_string()),
        (out.pick("检查指标", "checked"), rules.indicators.len().to_string()),
        (out.pick("不检查", "not checked"), named(&view.unchecked, out.lang)),
        (out.pick("依据未核原文", "clause not read in the original"), named(&view.unconfirmed, out.lang)),
    ];
    context.out.one(&view, &lines)
}

/// Indicators in words; a dash for none.
pub(super) fn named(indicators: &[Indicator], lang: Lang) -> String {
    let comma = match lang {
        Lang::Zh => "、",
        Lang::En => ", ",
    };
    let names: Vec<&str> = indicators.iter().map(|indicator| indicator.name(lang)).collect();
    if names.is_empty() { "—".to_owned() } else { names.join(comma) }
}
