//! `report`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::{Context, Usage};
use crate::domain::annual::Year;
use crate::domain::bulletin::{Dataset, Form};
use crate::domain::round::{NotARound, RoundName};
use crate::reports::{Figures, Wish};
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
    fn zh(self) -> String {
        match self {
            Self::Round(round) => format!("批次{round}"),
            Self::Year(year) => format!("{year}年度"),
        }
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Round(round) => round.fmt(f),
            Self::Year(year) => year.fmt(f),
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
    period: Option<Period>,
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
    match figures(context, period, from).await? {
        Figures::Round(dataset) => run_round(context, *dataset, out, drafts).await,
        Figures::Year(year) => run_year(context, *year, out, drafts).await,
    }
}

async fn run_round(context: &mut Context, dataset: Dataset, out: &Path, drafts: &DraftArgs) -> anyhow::Result<()> {
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

async fn run_year(context: &mut Context, summary: Year, out: &Path, drafts: &DraftArgs) -> anyhow::Result<()> {
    let (year, out, lang, pdf) = (summary.year, out.to_owned(), context.out.lang, drafts.pdf);
    if drafts.form.is_some() || drafts.notices || drafts.internal {
        return Err(Usage {
            zh: format!("--form、--notices、--internal 用于批次，不适用于年度汇总（{year}）"),
            en: format!("--form, --notices and --internal are for rounds, not for a year ({year})"),
        }
        .into());
    }
    let files = tokio::task::spawn_blocking(move || reports::write_year(&summary, &out, lang, pdf)).await??;
    let lines = lines(context, &files);
    context.out.one(&WrittenYear { year, files }, &lines)
}

fn lines(context: &Context, files: &[PathBuf]) -> Vec<(&'static str, String)> {
    let written = if context.out.lang == crate::domain::Lang::Zh { "已写入" } else { "written" };
    files.iter().map(|file| (written, file.display().to_string())).collect()
}

/// The figures of a round or year out of the database, or out of a file without one.
pub(super) async fn figures(
    context: &mut Context,
    period: Option<Period>,
    from: Option<&Path>,
) -> anyhow::Result<Figures> {
    if let Some(file) = from {
        // Why: the office's language counts here too.
        context.config()?;
        let file = file.to_owned();
        let figures = tokio::task::spawn_blocking(move || reports::read_figures(&file)).await??;
        let is_about = match &figures {
            Figures::Round(dataset) => Period::Round(dataset.round.name),
            Figures::Year(year) => Period::Year(year.year),
        };
        return match period {
            Some(named) if named != is_about => Err(Usage {
                zh: format!("该数据文件属于{}，不是{named}", is_about.zh()),
                en: format!("the file is about {is_about}, not {named}"),
            }
            .into()),
            _ => Ok(figures),
        };
    }
    let Some(period) = period else {
        return Err(Usage {
            zh: "请指明批次或年份，或用 --from 指明 dataset.json 或 annual.json".to_owned(),
            en: "name a round or a year, or a dataset.json or annual.json with --from".to_owned(),
        }
        .into());
    };
    let office = context.office().await?;
    Ok(match period {
        Period::Round(round) => Figures::Round(Box::new(ledger::dataset(&office, round).await?)),
        Period::Year(year) => {
            Figures::Year(Box::new(ledger::year(&office, year, office.config.report.few_followers).await?))
        }
    })
}
