//! `round judge`: what a round would have come to under another rule set.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::Format;
use super::output::Column;
use super::{Context, Usage};
use crate::app;
use crate::checks::rejudge::{Difference, Rejudge, Side, Totals};
use crate::domain::Lang;
use crate::domain::privacy::mask;
use crate::domain::round::RoundName;
use crate::office::Office;

pub(super) async fn run(
    context: &mut Context,
    office: &Office,
    round: RoundName,
    rules: Option<PathBuf>,
    dry_run: bool,
) -> anyhow::Result<()> {
    if !dry_run {
        return Err(Usage {
            zh: format!("已判定的批次不再改写：问题已立、通知已发，改判须由人工逐项处理。请加 --dry-run 只列出差异：xuncha round judge {round} --rules FILE --dry-run"),
            en: format!("a judged round is not rewritten: its issues are open and its notices sent, so a changed verdict is a person's business. Add --dry-run to list what would differ: xuncha round judge {round} --rules FILE --dry-run"),
        }
        .into());
    }
    let Some(file) = rules else {
        return Err(Usage {
            zh: "请用 --rules 指明要对照的规则集文件".to_owned(),
            en: "name the rule set to compare with: --rules FILE".to_owned(),
        }
        .into());
    };
    let rules = app::load_rules(Some(&file))?;
    let rejudge = Rejudge::begin(office, round, &rules).await?;
    let version = rules.version.clone();
    let bar = context.out.bar(rejudge.looked_at(), "重新判定", "judging");
    let head = Head { round, rules: &version, file: &file, rejudge, bar };
    match context.out.format {
        Format::Json => head.print_json(context).await,
        Format::Table | Format::Csv => head.print_list(context).await,
    }
}

/// One comparison and how it is shown.
struct Head<'o> {
    round: RoundName,
    rules: &'o str,
    file: &'o Path,
    rejudge: Rejudge<'o>,
    bar: indicatif::ProgressBar,
}

/// What stands behind the list of differences.
#[derive(Serialize)]
struct Tail<'t> {
    judged_by: Vec<&'t str>,
    rules: &'t str,
    file: &'t Path,
    same_version_differs: bool,
    /// Keys that differ and count only while a look is made.
    not_judged_anew: Vec<&'static str>,
    totals: Totals,
}

impl Head<'_> {
    async fn next(&mut self) -> anyhow::Result<Option<Vec<Difference>>> {
        let page = self.rejudge.next_page().await?;
        let totals = self.rejudge.totals();
        self.bar.set_position(totals.accounts + totals.unreadable);
        Ok(page)
    }

    fn tail(&self) -> Tail<'_> {
        Tail {
            judged_by: self.rejudge.versions(),
            rules: self.rules,
            file: self.file,
            same_version_differs: self.rejudge.same_version_differs(),
            not_judged_anew: self.rejudge.not_judged_anew(),
            totals: self.rejudge.totals(),
        }
    }

    fn warn(&self, context: &Context) {
        if self.rejudge.same_version_differs() {
            let version = self.rules;
            context.out.note(
                &format!("注意：两套规则的版本号同为 {version}，内容却不同；请为改动后的规则集另取版本号"),
                &format!("note: two rule sets bear the version {version} and differ; give the changed one a version of its own"),
            );
        }
        let keys = self.rejudge.not_judged_anew();
        if !keys.is_empty() {
            context.out.note(
                &format!("注意：{} 只在查看时起作用，已有的观察记录无法据以重新判定，以上结果仍是当时所查", keys.join("、")),
                &format!(
                    "note: {} count only while a look is made; what was seen cannot be judged anew by them, and stands as it was looked at",
                    keys.join(", ")
                ),
            );
        }
    }

    /// One document, its list written as it grows.
    async fn print_json(mut self, context: &mut Context) -> anyhow::Result<()> {
        write!(context.out.writer(), "{{\"round\": {}, \"differences\": [", serde_json::to_string(&self.round)?)?;
        let mut written = 0u64;
        while let Some(page) = self.next().await? {
            for difference in &page {
                write!(context.out.writer(), "{}", if written == 0 { "\n" } else { ",\n" })?;
                serde_json::to_writer(context.out.writer(), difference)?;
                written += 1;
            }
        }
        self.bar.finish_and_clear();
        let tail = serde_json::to_string(&self.tail())?;
        // The fields of the tail go on in the same object.
        writeln!(context.out.writer(), "],\n{}", tail.trim_start_matches('{'))?;
        self.warn(context);
        Ok(())
    }

    async fn print_list(mut self, context: &mut Context) -> anyhow::Result<()> {
        let columns = [
            Column::<Difference>("账号编号", "account_id", |d, _| d.account_id.to_string()),
            Column("账号", "account", |d, _| d.account.clone()),
            Column("指标", "indicator", |d, lang| d.indicator.name(lang).to_owned()),
            Column("对象", "subject", |d, _| mask(&d.subject).into_owned()),
            Column("变化", "change", |d, lang| d.change.name(lang).to_owned()),
            Column("原判定", "before", |d, lang| shown(d.before.as_ref(), lang)),
            Column("新判定", "after", |d, lang| shown(d.after.as_ref(), lang)),
        ];
        let mut list = context.out.list(&columns)?;
        while let Some(page) = self.next().await? {
            for difference in &page {
                context.out.row(&mut list, difference)?;
            }
        }
        self.bar.finish_and_clear();
        context.out.end(list)?;
        self.warn(context);
        let Tail { judged_by, rules, totals: t, .. } = self.tail();
        let before = judged_by.join(context.out.pick("、", ", "));
        context.out.note(
            &format!(
                "规则 {before} → {rules}：账号 {} 个，判定不变 {} 项，有差异 {} 项，人工认定保持不变 {} 项，新增指标合规 {} 项；无法由观察记录重现的发现 {} 项，观察记录已清理的账号 {} 个，读不出的观察记录 {} 条。未作任何更改",
                t.accounts, t.unchanged, t.differences, t.kept, t.newly_passed, t.not_repeatable, t.without_observation, t.unreadable
            ),
            &format!(
                "rules {before} -> {rules}: {} accounts, {} verdicts the same, {} differ, {} decided by a person and kept, {} new and compliant; {} findings that observations cannot repeat, {} accounts without an observation, {} observations that cannot be read. Nothing was changed",
                t.accounts, t.unchanged, t.differences, t.kept, t.newly_passed, t.not_repeatable, t.without_observation, t.unreadable
            ),
        );
        Ok(())
    }
}

fn shown(side: Option<&Side>, lang: Lang) -> String {
    let Some(side) = side else { return "—".to_owned() };
    let (outcome, class, indicator) = (side.outcome.name(lang), side.class.name(lang), side.indicator.name(lang));
    match lang {
        Lang::Zh => format!("{outcome}（{}，{indicator}，{class}）", side.reason),
        Lang::En => format!("{outcome} ({}, {indicator}, {class})", side.reason),
    }
}
