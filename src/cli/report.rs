//! `report`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Context, Usage};
use crate::domain::bulletin::Dataset;
use crate::domain::round::RoundName;
use crate::{ledger, reports};

#[derive(Serialize)]
struct Written {
    round: RoundName,
    files: Vec<PathBuf>,
}

pub(super) async fn run(
    context: &mut Context,
    round: Option<RoundName>,
    out: &Path,
    from: Option<&Path>,
) -> anyhow::Result<()> {
    let dataset = dataset(context, round, from).await?;
    let (out, lang, round) = (out.to_owned(), context.out.lang, dataset.round.name);
    let files = tokio::task::spawn_blocking(move || reports::write_in(&dataset, &out, lang)).await??;
    let lines: Vec<(&str, String)> =
        files.iter().map(|file| (context.out.pick("已写入", "written"), file.display().to_string())).collect();
    context.out.one(&Written { round, files: files.clone() }, &lines)
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
