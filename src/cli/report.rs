//! `report`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::{CheckFailed, Context, Usage};
use crate::domain::bulletin::{Dataset, Form};
use crate::domain::round::{NotARound, RoundName};
use crate::reports::Wish;
use crate::{ledger, reports};

/// What a report is about: a round or a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Period {
    /// A round.
    Round(RoundName),
    /// A calendar year.
    Year(i32),
}

impl Period {
    /// The round, where it is one.
    pub(super) const fn round(self) -> Option<RoundName> {
        match self {
            Self::Round(round) => Some(round),
            Self::Year(_) => None,
        }
    }
}

impl std::str::FromStr for Period {
    type Err = NotARound;

    fn from_str(text: &str) -> Result<Self, NotARound> {
        match text.trim().parse::<i32>() {
            Ok(year) if (1970..=9999).contains(&year) => Ok(Self::Year(year)),
            _ => text.parse().map(Self::Round),
        }
    }
}

/// What is drafted beside the documents of every round.
#[derive(Debug, Args)]
pub(super) struct DraftArgs {
    /// 通报形式：brief 省级简报、statistics 市级统计、list 县级清单（默认按账号数） Form of the bulletin
    #[arg(long, value_name = "brief|statistics|list")]
    pub form: Option<Form>,
    /// 另写整改通知书，每单位一份，在 DIR/notices 下 Letters, one a unit with open issues
    #[arg(long)]
    pub notices: bool,
    /// 另由 LibreOffice 转出 PDF（通报、整改通知书、公证单、年度汇总） PDF as well, by LibreOffice
    #[arg(long)]
    pub pdf: bool,
    /// 另写内部版通报，每页标注内部，附件含管理员和联系方式 An internal version, with contacts
    #[arg(long)]
    pub internal: bool,
}

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

pub(super) async fn run(
    context: &mut Context,
    round: Option<RoundName>,
    out: &Path,
    from: Option<&Path>,
    drafts: &DraftArgs,
) -> anyhow::Result<()> {
    if drafts.internal && from.is_some() {
        return Err(Usage {
            zh: "--internal 需要数据库中的联系方式，不能与 --from 同用".to_owned(),
            en: "--internal needs the contacts of the database and cannot go with --from".to_owned(),
        }
        .into());
    }
    let dataset = dataset(context, round, from).await?;
    let round = dataset.round.name;
    let internal = if drafts.internal { Some(ledger::contacts(&context.office().await?, round).await?) } else { None };
    let wish = Wish {
        lang: context.out.lang,
        form: drafts.form.or(context.config()?.report.form),
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
        let mut files = reports::write_in(&dataset, &out, wish.lang)?;
        files.extend(reports::write_drafts(&dataset, &out, &wish)?);
        Ok::<_, reports::ReportError>(files)
    })
    .await??;
    let lines = lines(context, &files);
    context.out.one(&Written { round, form, files }, &lines)
}

pub(super) async fn run_year(
    context: &mut Context,
    year: i32,
    out: &Path,
    from: Option<&Path>,
    drafts: &DraftArgs,
) -> anyhow::Result<()> {
    if from.is_some() || drafts.form.is_some() || drafts.notices || drafts.internal {
        return Err(Usage {
            zh: format!("--from、--form、--notices、--internal 用于批次，不适用于年度汇总（{year}）"),
            en: format!("--from, --form, --notices and --internal are for rounds, not for a year ({year})"),
        }
        .into());
    }
    let office = context.office().await?;
    let summary = ledger::year(&office, year, office.config.report.few_followers).await?;
    if summary.rounds.is_empty() {
        return Err(CheckFailed {
            zh: format!("{year}年没有已判定的季度抽查或半年检查；xuncha round list 可查看已有的"),
            en: format!("{year} has no quarterly or half-year round that was judged; see xuncha round list"),
        }
        .into());
    }
    let (out, lang, pdf) = (out.to_owned(), context.out.lang, drafts.pdf);
    let files = tokio::task::spawn_blocking(move || reports::write_year(&summary, &out, lang, pdf)).await??;
    let lines = lines(context, &files);
    context.out.one(&WrittenYear { year, files }, &lines)
}

fn lines(context: &Context, files: &[PathBuf]) -> Vec<(&'static str, String)> {
    let written = if context.out.lang == crate::domain::Lang::Zh { "已写入" } else { "written" };
    files.iter().map(|file| (written, file.display().to_string())).collect()
}

/// The dataset of a round out of the database, or out of a file without one.
pub(super) async fn dataset(
    context: &mut Context,
    round: Option<RoundName>,
    from: Option<&Path>,
) -> anyhow::Result<Dataset> {
    if let Some(file) = from {
        // Why: the office's language counts here too.
        context.config()?;
        let file = file.to_owned();
        let dataset = tokio::task::spawn_blocking(move || reports::read_dataset(&file)).await??;
        return match round {
            Some(named) if named != dataset.round.name => Err(Usage {
                zh: format!("该数据集属于批次{}，不是{named}", dataset.round.name),
                en: format!("the dataset is of round {}, not {named}", dataset.round.name),
            }
            .into()),
            _ => Ok(dataset),
        };
    }
    let Some(round) = round else {
        return Err(Usage {
            zh: "请指明批次，或用 --from 指明 dataset.json".to_owned(),
            en: "name a round, or a dataset.json with --from".to_owned(),
        }
        .into());
    };
    let office = context.office().await?;
    Ok(ledger::dataset(&office, round).await?)
}
