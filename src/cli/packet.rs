//! `issues packet`.

use std::path::Path;

use super::{CheckFailed, Context};
use crate::disk::Unfinished;
use crate::issues::Scope;
use crate::issues::packet::{self, PacketError};
use crate::office::Office;

#[derive(serde::Serialize)]
struct View<'a> {
    file: &'a Path,
    #[serde(flatten)]
    packed: packet::Packed,
}

/// Writes the evidence packet of an issue.
pub(super) async fn run(context: &mut Context, office: &Office, id: i64, path: &Path) -> anyhow::Result<()> {
    let failed = |error: &dyn std::fmt::Display| CheckFailed {
        zh: format!("{}：无法写入（{error}），请检查路径与权限", path.display()),
        en: format!("{}: cannot be written ({error}); check its path and permissions", path.display()),
    };
    // Why first: an issue that does not exist leaves no file behind.
    crate::issues::find(office, id, &Scope::All).await?;
    let unfinished = Unfinished::new(path).map_err(|error| failed(&error))?;
    let file = std::fs::File::create(unfinished.part()).map_err(|error| failed(&error))?;
    let packed = match packet::write(office, id, &Scope::All, file).await {
        Ok(packed) => packed,
        Err(PacketError::Issue(error)) => return Err(error.into()),
        Err(PacketError::File(error)) => return Err(failed(&error).into()),
        Err(PacketError::Write(error)) => return Err(failed(&error).into()),
    };
    unfinished.finish().map_err(|error| failed(&error))?;
    let out = &mut context.out;
    let lines = [
        (out.pick("文件", "file"), path.display().to_string()),
        (out.pick("页面副本", "copies"), packed.copies.to_string()),
        (out.pick("单位材料", "files"), packed.files.to_string()),
        (out.pick("事件", "events"), packed.events.to_string()),
        (out.pick("未留副本", "not kept"), packed.not_kept.to_string()),
    ];
    out.one(&View { file: path, packed }, &lines)
}
