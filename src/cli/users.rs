//! `users`: people and one-time codes.

use serde::Serialize;

use super::args::UsersCommand;
use super::output::Column;
use super::{ACTOR, Context};
use crate::domain::person::Role;
use crate::domain::time::LocalTime;
use crate::people;
use crate::store::StoreError;

#[derive(Serialize)]
struct View {
    id: i64,
    role: Role,
    unit: Option<String>,
    name: String,
    channel: String,
    bound_at: LocalTime,
    revoked_at: Option<LocalTime>,
}

pub(super) async fn run(context: &mut Context, command: UsersCommand) -> anyhow::Result<()> {
    let office = context.office().await?;
    match command {
        UsersCommand::Invite { role, unit } => {
            let invite = people::invite(&office, role, unit.as_deref()).await?;
            let lines = [
                (context.out.pick("绑定码", "code"), invite.code.clone()),
                (context.out.pick("角色", "role"), invite.role.name(context.out.lang).to_owned()),
                (context.out.pick("单位", "unit"), invite.unit.clone().unwrap_or_else(|| "—".to_owned())),
                (context.out.pick("有效期至", "expires at"), invite.expires_at.minute()),
            ];
            context.out.one(&invite, &lines)?;
            let code = &invite.code;
            context.out.note(
                &format!("请对方在机器人会话中发送：/bind {code}（仅可使用一次）"),
                &format!("the person sends to the bot: /bind {code} (works once)"),
            );
            Ok(())
        }
        UsersCommand::Revoke { id } => {
            if people::revoke(&office, id, ACTOR).await? {
                context.out.note("已收回", "taken back");
                return context.out.json_only(&serde_json::json!({ "id": id, "revoked": true }));
            }
            let known = office.store.read().await?.people().await?.iter().any(|person| person.id == id);
            if known {
                context.out.note("此前已收回，未作更改", "it was taken back before; nothing was changed");
                return context.out.json_only(&serde_json::json!({ "id": id, "revoked": false }));
            }
            Err(StoreError::Missing { kind: "person", id: id.to_string() }.into())
        }
        UsersCommand::List => {
            let columns = [
                Column::<View>("编号", "id", |p, _| p.id.to_string()),
                Column("角色", "role", |p, lang| p.role.name(lang).to_owned()),
                Column("单位", "unit", |p, _| p.unit.clone().unwrap_or_default()),
                Column("姓名", "name", |p, _| p.name.clone()),
                Column("绑定时间", "bound_at", |p, _| p.bound_at.minute()),
                Column("收回时间", "revoked_at", |p, _| p.revoked_at.map(LocalTime::minute).unwrap_or_default()),
            ];
            let mut tx = office.store.read().await?;
            let people = tx.people().await?;
            let stranded = tx.people_of_no_unit().await?;
            drop(tx);
            for person in &stranded {
                let (id, unit) = (person.id, person.unit.as_deref().unwrap_or_default());
                context.out.note(
                    &format!("编号 {id} 所绑定的“{unit}”已不在基本信息库中：请收回，并按新单位重新邀请"),
                    &format!("{id} is bound to `{unit}`, which no account names any more: revoke, and invite for the new unit"),
                );
            }
            let mut list = context.out.list(&columns)?;
            for person in people {
                let view = View {
                    id: person.id,
                    role: person.role,
                    unit: person.unit,
                    name: person.name,
                    channel: person.user_key.split(':').next().unwrap_or_default().to_owned(),
                    bound_at: office.local(person.bound_at),
                    revoked_at: person.revoked_at.map(|at| office.local(at)),
                };
                context.out.row(&mut list, &view)?;
            }
            context.out.end(list)
        }
    }
}
