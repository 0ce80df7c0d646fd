//! `backup`, `restore`.

use std::path::Path;

use super::Context;
use crate::store::{Copied, DeliveryStatus};

pub(super) async fn back_up(context: &mut Context, file: &Path) -> anyhow::Result<()> {
    let office = context.office().await?;
    let copied = office.store.back_up(file, office.now()).await?;
    print(context, &copied, file)?;
    context.out.note(
        "备份含联系方式等个人信息，仅本人可读，请妥善保管",
        "the backup holds contact data and is readable by you alone; keep it safe",
    );
    Ok(())
}

pub(super) async fn restore(context: &mut Context, file: &Path) -> anyhow::Result<()> {
    let office = context.office().await?;
    let copied = office.store.restore(file, office.now()).await?;
    print(context, &copied, file)?;
    let mut tx = office.store.read().await?;
    let audited = tx.audit(None, |_| {}).await?;
    if audited.fault_count == 0 {
        context.out.note("历史记录核对无误", "the history is whole");
    } else {
        let faults = audited.fault_count;
        context.out.note(
            &format!("注意：备份中的历史记录有{faults}处不符，详见 xuncha audit verify"),
            &format!("note: {faults} faults in the history of the backup; see xuncha audit verify"),
        );
    }
    let waits = |status: &DeliveryStatus| matches!(status, DeliveryStatus::Queued | DeliveryStatus::Sending);
    let queued: i64 = tx.delivery_counts().await?.iter().filter(|(status, _)| waits(status)).map(|(_, n)| n).sum();
    if queued > 0 {
        context.out.note(
            &format!("备份时尚有{queued}条通知待发送，运行 serve 后将继续发送；已发送过的会以同一编号重复"),
            &format!(
                "{queued} notices were waiting when the backup was made; serve will send them, under the same numbers"
            ),
        );
    }
    Ok(())
}

fn print(context: &mut Context, copied: &Copied, file: &Path) -> anyhow::Result<()> {
    let out = &mut context.out;
    let lines = [
        (out.pick("文件", "file"), file.display().to_string()),
        (out.pick("数据表", "tables"), copied.tables.to_string()),
        (out.pick("记录", "rows"), copied.rows.to_string()),
        (out.pick("大小", "bytes"), copied.bytes.to_string()),
    ];
    out.one(&copied, &lines)
}
