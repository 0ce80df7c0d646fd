//! `demo`.

use super::Context;
use super::args::DemoArgs;

pub(super) async fn run(_context: &mut Context, _args: DemoArgs) -> anyhow::Result<()> {
    Ok(())
}
