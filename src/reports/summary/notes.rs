//! The sheet 说明: which round, which frame, how it is counted.

use rust_xlsxwriter::{Workbook, XlsxError};

use super::super::certificate::{looks_at_all, percent};
use super::super::sheet;
use super::super::words::Words;
use crate::domain::bulletin::Dataset;

/// Adds the sheet 说明: which round, which frame, how it is counted.
pub(in crate::reports) fn add_notes(
    book: &mut Workbook,
    dataset: &Dataset,
    words: Words,
    remarks: &[(&str, &str)],
) -> Result<(), XlsxError> {
    let round = &dataset.round;
    let window =
        format!("{}{}{}", words.minute(round.window_from), words.pick("至", " to "), words.minute(round.as_of));
    let mark = if round.rehearsal { words.pick("（演练）", " (rehearsal)") } else { "" };
    let mut pairs = vec![
        (words.pick("单位", "Office"), dataset.office.clone()),
        (words.pick("批次", "Round"), format!("{} {}{mark}", round.name, words.round(round.name))),
        (words.pick("类型", "Kind"), round.kind.name(words.0).to_owned()),
        (words.pick("批次状态", "State"), round.state.name(words.0).to_owned()),
        (words.pick("监测时间点", "Monitoring time"), words.minute(round.as_of)),
        (words.pick("检查窗口", "Window"), window),
        (words.pick("生成时间", "Made at"), words.minute(round.generated_at)),
        (words.pick("抽样框账号数", "Accounts of the frame"), round.frame_size.to_string()),
        (words.pick("抽样框SHA-256", "SHA-256 of the frame"), round.frame_sha256.clone()),
        (words.pick("抽查比例", "Ratio"), percent(round.ratio)),
        (
            words.pick("抽取种子", "Seed"),
            round.seed.clone().unwrap_or_else(|| words.pick("尚未抽取", "Not drawn yet").to_owned()),
        ),
        (words.pick("规则版本", "Version of the rules"), round.rule_version.clone()),
        (words.pick("依据", "Basis"), words.list(&round.rule_documents)),
        (words.pick("合格率", "Pass rate"), dataset.figure("total.pass_rate").with_parts(words.0)),
        (
            words.pick("随机抽取部分合格率", "Pass rate of the random sample"),
            dataset.figure("reason.random.pass_rate").with_parts(words.0),
        ),
        (words.pick("认定问题数", "Problems that stand"), dataset.count("issues.problems").to_string()),
        (words.pick("未办结问题数", "Problems still open"), dataset.count("issues.problems_live").to_string()),
        (words.pick("工作建议（不计入问题）", "Advice, no problems"), dataset.count("issues.advice").to_string()),
        (words.pick("撤销和排除（不计入问题）", "Withdrawn, not counted"), dataset.count("issues.fallen").to_string()),
    ];
    if looks_at_all(dataset) {
        // Why: such a round draws nobody.
        let drawn =
            [words.pick("抽取种子", "Seed"), words.pick("随机抽取部分合格率", "Pass rate of the random sample")];
        pairs.retain(|(name, _)| !drawn.contains(name));
    }
    let standing = [
        (
            "合格率＝（合格＋存在问题）÷已判定；无法判定、尚未检查的账号不计入分子和分母。",
            "Pass rate = (qualified + problems) ÷ judged; what could not be judged or is pending counts in neither.",
        ),
        (
            "账号仅按单项否决指标判定合格与否，不计分；存在问题指未触发单项否决但发现其他问题。",
            "Accounts pass or fail on vetoes alone, there is no score; `problems` means no veto but other violations.",
        ),
        (
            "申诉后撤销或核实后排除的问题不作为判定依据。",
            "Issues revoked on appeal or dismissed on review count for nothing.",
        ),
        (
            "浅色底纹与符号含义：√ 合格或已销号，△ 存在问题或整改中，× 不合格或逾期，○ 无法判定或不再处理。",
            "Signs: √ qualified or closed, △ problems or being rectified, × failed or overdue, ○ not judged or ended.",
        ),
        ("每个数字对应的记录可用 xuncha explain 查看。", "`xuncha explain` lists the rows behind every figure."),
    ];
    let sentences: Vec<String> = standing.iter().chain(remarks).map(|(zh, en)| words.pick(zh, en).to_owned()).collect();
    sheet::add_notes(book, words, &pairs, &sentences)
}
