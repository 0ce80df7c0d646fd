//! `report`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::DraftArgs;
use super::{Context, Usage};
use crate::domain::bulletin::Form;
use crate::domain::round::RoundName;
use crate::reports::Wish;
use crate::{ledger, reports};

#[derive(Serialize)]
struct Written {
    round: RoundName,
    form: Form,
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct WrittenYear {
    year: i32,
    files: Vec<PathBuf>,
}

pub(super) async fn run(context: &mut Context, round: RoundName, out: &Path, drafts: &DraftArgs) -> anyhow::Result<()> {
    let office = context.office().await?;
    let dataset = ledger::dataset(&office, round).await?;
    let internal = if drafts.internal { Some(ledger::contacts(&office, round).await?) } else { None };
    let wish = Wish {
        lang: context.out.lang,
        form: drafts.form.or(office.config.report.form),
        letters: drafts.notices,
        internal,
        pdf: drafts.pdf,
    };
    let (form, named) = (wish.form_of(&dataset), wish.form.is_some());
    if !named {
        let accounts = dataset.breakdowns.total.frame;
        context.out.note(
            &format!("通报形式：{}（按账号数{accounts}选定，可用 --form 或配置 [report] form 指定）", form.zh()),
            &format!("form of the bulletin: {} (by the number of accounts, {accounts}; --form or [report] form names another)", form.key()),
        );
    }
    let out = out.to_owned();
    let files = tokio::task::spawn_blocking(move || {
        let mut files = reports::write_all(&dataset, &out)?;
        files.extend(reports::write_drafts(&dataset, &out, &wish)?);
        Ok::<_, reports::ReportError>(files)
    })
    .await??;
    let lines = lines(context, &files);
    context.out.one(&Written { round, form, files }, &lines)
}

pub(super) async fn run_year(context: &mut Context, year: i32, out: &Path, drafts: &DraftArgs) -> anyhow::Result<()> {
    if drafts.form.is_some() || drafts.notices || drafts.internal {
        return Err(Usage {
            zh: format!("--form、--notices、--internal 用于批次，不适用于年度汇总（{year}）"),
            en: format!("--form, --notices and --internal are for rounds, not for a year ({year})"),
        }
        .into());
    }
    let office = context.office().await?;
    let summary = ledger::year(&office, year, office.config.report.few_followers).await?;
    let (out, lang, pdf) = (out.to_owned(), context.out.lang, drafts.pdf);
    let files = tokio::task::spawn_blocking(move || reports::write_year(&summary, &out, lang, pdf)).await??;
    let lines = lines(context, &files);
    context.out.one(&WrittenYear { year, files }, &lines)
}

fn lines(context: &Context, files: &[PathBuf]) -> Vec<(&'static str, String)> {
    let written = if context.out.lang == crate::domain::Lang::Zh { "已写入" } else { "written" };
    files.iter().map(|file| (written, file.display().to_string())).collect()
}
