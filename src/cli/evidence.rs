//! `issues fix --file` and `issues evidence`.

use std::path::{Path, PathBuf};

use super::output::Column;
use super::{ACTOR, CheckFailed, Context, Usage};
use crate::domain::material::{KeptMaterial, LARGEST, Material, MaterialFault};
use crate::issues::{Scope, evidence};
use crate::office::Office;

/// Takes files from the disk, or says of the first one that will not do why.
pub(super) fn materials(files: &[PathBuf]) -> anyhow::Result<Vec<Material>> {
    let mut taken = Vec::new();
    for path in files {
        let refuse = |fault: MaterialFault| CheckFailed {
            zh: format!("--file {}：{}", path.display(), fault.text(crate::domain::Lang::Zh)),
            en: format!("--file {}: {fault}", path.display()),
        };
        let unread = |error: std::io::Error| CheckFailed {
            zh: format!("--file {}：无法读取（{error}）", path.display()),
            en: format!("--file {}: cannot be read ({error})", path.display()),
        };
        let meta = std::fs::metadata(path).map_err(unread)?;
        if !meta.is_file() || meta.len() > LARGEST as u64 {
            return Err(refuse(MaterialFault::TooLarge).into());
        }
        let content = std::fs::read(path).map_err(unread)?;
        let name = path.file_name().map(|name| name.to_string_lossy());
        taken.push(Material::take(name.as_deref(), content.into()).map_err(refuse)?);
    }
    Ok(taken)
}

/// Lists what is kept with an issue, and writes it into a folder where one is named.
pub(super) async fn run(context: &mut Context, office: &Office, id: i64, out: Option<&Path>) -> anyhow::Result<()> {
    let kept = evidence::list(office, id, &Scope::All).await?;
    if let Some(folder) = out {
        let failed = |path: &Path| {
            let path = path.display().to_string();
            move |error: std::io::Error| CheckFailed {
                zh: format!("--out {path}：无法写入（{error}），请检查路径与权限"),
                en: format!("--out {path}: cannot be written ({error}); check its path and permissions"),
            }
        };
        tokio::fs::create_dir_all(folder).await.map_err(failed(folder))?;
        for file in &kept {
            let start: String = file.sha256.chars().take(8).collect();
            let path = folder.join(format!("{id}-{start}-{}", file.name));
            tokio::fs::write(&path, evidence::content(office, file).await?).await.map_err(failed(&path))?;
        }
        let (count, folder) = (kept.len(), folder.display());
        context.out.note(&format!("已写入 {folder}：{count} 份"), &format!("written to {folder}: {count} files"));
    }
    let columns = [
        Column::<KeptMaterial>("名称", "name", |file, _| file.name.clone()),
        Column("类型", "kind", |file, lang| file.kind.name(lang).to_owned()),
        Column("字节", "size", |file, _| file.size.to_string()),
        Column("SHA-256", "sha256", |file, _| file.sha256.clone()),
        Column("提交人", "by", |file, _| file.by.clone()),
        Column("提交时间", "at", |file, _| file.at.minute()),
    ];
    let mut list = context.out.list(&columns)?;
    for file in &kept {
        context.out.row(&mut list, file)?;
    }
    context.out.end(list)
}

/// Reports a rectification with files; gives the issue, and whether anything was changed.
pub(super) async fn fix(
    office: &Office,
    id: i64,
    why: &str,
    files: &[PathBuf],
) -> anyhow::Result<(crate::store::StoredIssue, bool)> {
    let files = materials(files)?;
    match evidence::fix(office, id, why, &files, None, ACTOR, &Scope::All).await {
        Ok(fixed) => Ok((fixed.issue, fixed.changed || fixed.added > 0)),
        Err(evidence::EvidenceError::Issue(error)) => Err(error.into()),
        Err(full @ evidence::EvidenceError::Full(_)) => {
            Err(Usage { zh: format!("{id} 号问题的材料已达上限（20 份、60 MB）"), en: full.to_string() }.into())
        }
    }
}
