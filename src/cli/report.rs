//! `report`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Context;
use crate::domain::round::RoundName;
use crate::{ledger, reports};

#[derive(Serialize)]
struct Written {
    round: RoundName,
    files: Vec<PathBuf>,
}

pub(super) async fn run(context: &mut Context, round: RoundName, out: &Path) -> anyhow::Result<()> {
    let office = context.office().await?;
    let dataset = ledger::dataset(&office, round).await?;
    let out = out.to_owned();
    let files = tokio::task::spawn_blocking(move || reports::write_all(&dataset, &out)).await??;
    let lines: Vec<(&str, String)> =
        files.iter().map(|file| (context.out.pick("已写入", "written"), file.display().to_string())).collect();
    context.out.one(&Written { round, files: files.clone() }, &lines)
}
