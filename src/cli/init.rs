//! `init`: a commented configuration and empty forms; overwrites nothing.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::Context;
use crate::config::TEMPLATE;
use crate::registry::template::{accounts_csv, reviews_csv};

pub(super) fn run(context: &mut Context, dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("{}", dir.display()))?;
    let files =
        [("xuncha.toml", TEMPLATE.to_owned()), ("accounts.csv", accounts_csv()), ("reviews.csv", reviews_csv())];
    let mut written = Vec::new();
    for (name, text) in files {
        let path = dir.join(name);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes()).with_context(|| format!("{}", path.display()))?;
                context.out.note(&format!("已写入 {}", path.display()), &format!("written: {}", path.display()));
                written.push(path);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let path = path.display();
                context.out.note(&format!("已存在，保持不变 {path}"), &format!("exists, left as it is: {path}"));
            }
            Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
        }
    }
    context.out.json_only(&serde_json::json!({ "written": written }))?;
    context.out.note(
        "下一步：填写 accounts.csv，再执行 xuncha accounts import accounts.csv",
        "next: fill in accounts.csv, then xuncha accounts import accounts.csv",
    );
    Ok(())
}
