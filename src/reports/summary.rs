//! The sheets 汇总 (tables of the dataset's figures with charts over them) and 说明 (which round, how counted).

use std::collections::BTreeMap;

use rust_xlsxwriter::{
    Chart, ChartDataLabel, ChartFont, ChartFormat, ChartLegendPosition, ChartLine, ChartPatternFill,
    ChartPatternFillType, ChartSolidFill, ChartType, Color, Format, Workbook, Worksheet, XlsxError,
};

use super::sheet::{A3, A4, Formats, numbers, print_setup};
use super::subject::Subject;
use super::tongue::capital;
use super::wording::clean;
use super::words::{Tone, Words};
use crate::domain::bulletin::{Age, Dataset, Tally, has_fallen, is_problem};
use crate::domain::issue::IssueStatus;
use crate::domain::rule::{Class, Indicator};

const CHART: (u32, u32) = (720, 330);

/// A sheet that tables are added to, one beneath the other.
struct Page<'b> {
    sheet: &'b mut Worksheet,
    name: &'static str,
    formats: Formats,
    line: u32,
    charts: u32,
    /// Where charts begin: right of the tables.
    charts_at: u16,
}

/// Where the lines of a table stand.
struct Block {
    first: u32,
    last: u32,
}

impl<'b> Page<'b> {
    fn new(book: &'b mut Workbook, dataset: &Dataset, words: Words, columns: u16) -> Result<Self, XlsxError> {
        let name = words.pick("汇总", "Summary");
        let sheet = book.add_worksheet();
        sheet.set_name(name)?.set_landscape();
        let subject = Subject::of(dataset).name(words.0);
        let title = words.title(dataset, &format!("{subject}检查汇总"), &capital(&format!("{subject}: summary")));
        print_setup(sheet, &title, words, A3);
        sheet.set_column_width(0, 26)?;
        for place in 1..columns {
            sheet.set_column_width(place, 9.5)?;
        }
        sheet.set_column_width(columns, 3)?;
        Ok(Self { sheet, name, formats: Formats::new(), line: 0, charts: 0, charts_at: columns + 1 })
    }

    fn heading(&mut self, cells: &[&str]) -> Result<(), XlsxError> {
        for (place, text) in cells.iter().enumerate() {
            self.sheet.write_string_with_format(self.line, place as u16, *text, &self.formats.heading)?;
        }
        self.line += 1;
        Ok(())
    }

    fn row(&mut self, name: &str, numbers: &[usize]) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.line, 0, clean(name), &self.formats.text)?;
        for (place, number) in numbers.iter().enumerate() {
            let number = *number as f64;
            self.sheet.write_number_with_format(self.line, place as u16 + 1, number, &self.formats.number)?;
        }
        self.line += 1;
        Ok(())
    }

    /// A table of lines; a gap follows.
    fn table(&mut self, heading: &[&str], rows: &[(String, Vec<usize>)]) -> Result<Block, XlsxError> {
        self.heading(heading)?;
        let first = self.line;
        for (name, numbers) in rows {
            self.row(name, numbers)?;
        }
        let last = self.line.saturating_sub(1);
        self.line += 1;
        Ok(Block { first, last })
    }

    /// A breakdown of accounts with its pass rates; a gap follows.
    fn tallies(&mut self, words: Words, by: &str, first: &str, tallies: &[Tally]) -> Result<Block, XlsxError> {
        let mut heading = vec![first];
        heading.extend(COLUMNS.map(|(zh, en)| words.pick(zh, en)));
        self.heading(&heading)?;
        let from = self.line;
        for tally in tallies {
            let rate = tally.pass_rate.with_parts(words.0);
            self.sheet.write_string_with_format(self.line, 9, rate, &self.formats.number)?;
            self.row(&words.tally(by, tally), &numbers(tally))?;
        }
        let last = self.line.saturating_sub(1);
        self.line += 1;
        Ok(Block { first: from, last })
    }

    /// A chart over columns of a block; nothing where the block has no lines.
    fn chart(
        &mut self,
        kind: ChartType,
        title: &str,
        of: &Block,
        series: &[(&str, u16, Paint)],
    ) -> Result<(), XlsxError> {
        if of.last < of.first || series.is_empty() {
            return Ok(());
        }
        let mut chart = Chart::new(kind);
        let small = |size: u8| {
            let mut font = ChartFont::new();
            font.set_name("宋体").set_size(size);
            font
        };
        chart.title().set_name(title).set_font(small(12).set_bold());
        chart.set_width(CHART.0).set_height(CHART.1).set_alt_text(title);
        for (name, column, paint) in series {
            let line = chart.add_series();
            line.set_name(*name)
                .set_categories((self.name, of.first, 0, of.last, 0))
                .set_values((self.name, of.first, *column, of.last, *column))
                .set_format(&mut paint.format(kind == ChartType::Line));
            if kind != ChartType::Line {
                line.set_gap(50);
                // Why the format: a bar of no length carries no number.
                line.set_data_label(ChartDataLabel::new().show_value().set_num_format("0;;").set_font(&small(8)));
            }
            if kind == ChartType::BarStacked {
                line.set_overlap(100);
            }
        }
        let mut faint = ChartLine::new();
        faint.set_color(Color::RGB(0x00E1_E5EA)).set_width(0.75);
        if matches!(kind, ChartType::BarStacked | ChartType::Bar) {
            chart.y_axis().set_reverse();
            chart.x_axis().set_major_gridlines_line(&faint);
        } else {
            chart.y_axis().set_major_gridlines_line(&faint);
        }
        chart.x_axis().set_font(&small(9));
        chart.y_axis().set_font(&small(9));
        if series.len() > 1 {
            chart.legend().set_position(ChartLegendPosition::Bottom).set_font(&small(9));
        } else {
            chart.legend().set_hidden();
        }
        self.sheet.insert_chart(self.charts * 18, self.charts_at, &chart)?;
        self.charts += 1;
        Ok(())
    }
}

/// How a series is painted: a colour, and a hatching where colour alone would not tell on paper.
#[derive(Clone, Copy)]
struct Paint(u32, bool);

const OK: Paint = Paint(0x002F_78B7, false);
const WATCH: Paint = Paint(0x00F0_C24B, false);
const BAD: Paint = Paint(0x00B3_361E, true);
const NONE: Paint = Paint(0x00C3_C9D1, false);

impl Paint {
    fn format(self, is_line: bool) -> ChartFormat {
        let mut format = ChartFormat::new();
        let colour = Color::RGB(self.0);
        if is_line {
            format.set_line(ChartLine::new().set_color(colour).set_width(2.5));
        } else if self.1 {
            let mut hatched = ChartPatternFill::new();
            hatched.set_pattern(ChartPatternFillType::DiagonalStripesWideUpwards).set_foreground_color(colour);
            format.set_pattern_fill(hatched.set_background_color(Color::RGB(0x00F0_B5A8)));
        } else {
            format.set_solid_fill(ChartSolidFill::new().set_color(colour));
        }
        format
    }

    const fn of(tone: Tone) -> Self {
        match tone {
            Tone::Good => OK,
            Tone::Watch => WATCH,
            Tone::Bad => BAD,
            Tone::Unknown => NONE,
        }
    }
}

/// Headings of a breakdown of accounts after the first.
const COLUMNS: [(&str, &str); 9] = [
    ("抽样框", "Frame"),
    ("检查", "Drawn"),
    ("已判定", "Judged"),
    ("合格", "Qualified"),
    ("存在问题", "Problems"),
    ("不合格", "Failed"),
    ("无法判定", "Not judged"),
    ("尚未检查", "Pending"),
    ("合格率", "Pass rate"),
];

/// The summary of the ledger: accounts by platform, tier, reason, silence and indicator.
pub(super) fn add_accounts(book: &mut Workbook, dataset: &Dataset, words: Words) -> Result<(), XlsxError> {
    let mut page = Page::new(book, dataset, words, 10)?;
    page.sheet.set_column_width(9, 18)?;
    let tables = &dataset.breakdowns;
    page.tallies(words, "total", words.pick("总体", "Overall"), std::slice::from_ref(&tables.total))?;
    let platform = page.tallies(words, "platform", words.pick("平台", "Platform"), &tables.platform)?;
    let tier = page.tallies(words, "unit_tier", words.pick("单位层级", "Unit tier"), &tables.unit_tier)?;
    page.tallies(words, "reason", words.pick("入选原因", "Why drawn"), &tables.reason)?;
    let ages: Vec<(String, Vec<usize>)> = Age::ALL
        .iter()
        .map(|age| (age.name(words.0).to_owned(), vec![dataset.count(&format!("silence.{age}"))]))
        .collect();
    let silence = words.pick("最后更新距监测时间点", "Newest post before the monitoring time");
    let ages = page.table(&[silence, words.pick("账号", "Accounts")], &ages)?;
    let heading = [
        words.pick("检查指标（检查项）", "Indicator (findings)"),
        words.pick("合计", "Total"),
        words.pick("合规", "Compliant"),
        words.pick("违规", "Violation"),
        words.pick("疑似", "Suspected"),
        words.pick("无法判定", "Not judged"),
    ];
    let looked = tables.indicators.iter().filter(|t| t.total > 0);
    let rows: Vec<_> = looked
        .map(|t| (t.indicator.name(words.0).to_owned(), vec![t.total, t.pass, t.fail, t.suspected, t.unverified]))
        .collect();
    page.table(&heading, &rows)?;
    let results = [
        (words.pick("合格", "Qualified"), 4, OK),
        (words.pick("存在问题", "Problems"), 5, WATCH),
        (words.pick("不合格", "Failed"), 6, BAD),
        (words.pick("无法判定", "Not judged"), 7, NONE),
        (words.pick("尚未检查", "Pending"), 8, Paint(0x00E7_EAEE, false)),
    ];
    page.chart(ChartType::BarStacked, words.pick("各平台检查结果（个）", "Results by platform"), &platform, &results)?;
    page.chart(ChartType::BarStacked, words.pick("各层级单位检查结果（个）", "Results by unit tier"), &tier, &results)?;
    page.chart(ChartType::Column, silence, &ages, &[(words.pick("账号", "Accounts"), 1, OK)])
}

/// The summary of the issue list: by class and state, by indicator, day by day.
pub(super) fn add_issues(book: &mut Workbook, dataset: &Dataset, words: Words) -> Result<(), XlsxError> {
    let statuses: Vec<IssueStatus> = IssueStatus::ALL
        .iter()
        .copied()
        .filter(|status| !has_fallen(*status) && dataset.count(&format!("issues.status.{status}")) > 0)
        .collect();
    let mut page = Page::new(book, dataset, words, statuses.len().max(3) as u16 + 2)?;
    let mut heading = vec![words.pick("性质", "Class"), words.pick("合计", "Total")];
    heading.extend(statuses.iter().map(|status| status.name(words.0)));
    let line = |class: &Class| {
        let mut numbers = vec![dataset.count(&format!("issues.class_standing.{class}"))];
        let cell = |status: &IssueStatus| dataset.count(&format!("issues.class_status.{class}.{status}"));
        numbers.extend(statuses.iter().map(cell));
        (class.name(words.0).to_owned(), numbers)
    };
    let mut rows: Vec<_> = Class::ALL.iter().filter(|class| **class != Class::Advice).map(line).collect();
    let classes = page.table(&heading, &rows)?;
    // Beneath, outside the chart: the total of the problems, and what is none.
    let mut totals = vec![dataset.count("issues.problems")];
    totals.extend((0..statuses.len()).map(|n| rows.iter().filter_map(|(_, cells)| cells.get(n + 1)).sum::<usize>()));
    page.line -= 1;
    page.row(words.pick("认定问题合计", "Problems in all"), &totals)?;
    let (name, cells) = line(&Class::Advice);
    page.row(&format!("{name}{}", words.pick("（不计入问题）", " (no problems)")), &cells)?;
    page.row(words.pick("撤销和排除（不计入问题）", "Withdrawn (not counted)"), &[dataset.count("issues.fallen")])?;
    page.line += 1;
    let by_indicator = |indicator: &Indicator| {
        let count = dataset.count(&format!("issues.indicator_problems.{indicator}"));
        (count > 0).then(|| (indicator.name(words.0).to_owned(), vec![count]))
    };
    rows = Indicator::ALL.iter().filter_map(by_indicator).collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1));
    let issues = words.pick("问题", "Problems");
    let indicators = page.table(&[words.pick("问题类别", "Indicator"), issues], &rows)?;
    let kinds = [words.pick("发现", "Found"), words.pick("已整改", "Rectified"), words.pick("已销号", "Closed")];
    let days = over_time(dataset);
    let rows: Vec<_> = days.iter().map(|(day, counts)| (day.clone(), counts.to_vec())).collect();
    let heading = [words.pick("截至日期（累计）", "By the end of (cumulative)"), kinds[0], kinds[1], kinds[2]];
    let days = page.table(&heading, &rows)?;
    let series: Vec<(&str, u16, Paint)> =
        statuses.iter().enumerate().map(|(n, status)| (status.name(words.0), n as u16 + 2, shade(*status))).collect();
    page.chart(
        ChartType::BarStacked,
        words.pick("各类问题整改状态（个）", "Issues by class and state"),
        &classes,
        &series,
    )?;
    page.chart(
        ChartType::Bar,
        words.pick("各类别问题数（个）", "Issues by indicator"),
        &indicators,
        &[(issues, 1, OK)],
    )?;
    let lines = [(kinds[0], 1, BAD), (kinds[1], 2, WATCH), (kinds[2], 3, OK)];
    page.chart(
        ChartType::Line,
        words.pick("整改进度（累计，个）", "Rectification over time (cumulative)"),
        &days,
        &lines,
    )
}

/// A colour of its own for each state, in the family of its tone.
const fn shade(status: IssueStatus) -> Paint {
    match status {
        IssueStatus::Acknowledged => Paint(0x00F7_DD97, false),
        IssueStatus::Notified => Paint(0x00FB_EFCB, false),
        IssueStatus::Escalated => Paint(0x007A_1D0C, false),
        IssueStatus::Appealed => Paint(0x008A_6FB0, false),
        IssueStatus::Open => Paint(0x00E7_EAEE, false),
        IssueStatus::Dismissed => Paint(0x008D_96A2, false),
        other => Paint::of(Tone::of_status(other)),
    }
}

/// Problems found, rectified and closed by the end of each day on which one of them changed.
pub(super) fn over_time(dataset: &Dataset) -> Vec<(String, [usize; 3])> {
    let mut days = BTreeMap::<String, [usize; 3]>::new();
    for issue in dataset.issues.iter().filter(|issue| is_problem(issue)) {
        let closed = issue.closed_at.filter(|_| issue.status == IssueStatus::Closed);
        // Why: what was closed without a report was rectified all the same.
        for (place, at) in [Some(issue.opened_at), issue.rectified_at.or(closed), closed].into_iter().enumerate() {
            let day = at.map(|at| days.entry(at.date()).or_default());
            if let Some(count) = day.and_then(|counts| counts.get_mut(place)) {
                *count += 1;
            }
        }
    }
    let mut sum = [0; 3];
    let add = |(day, counts): (String, [usize; 3])| {
        for (total, count) in sum.iter_mut().zip(counts) {
            *total += count;
        }
        (day, sum)
    };
    days.into_iter().map(add).collect()
}

/// Adds the sheet 说明: which round, which frame, how it is counted.
pub(super) fn add_notes(
    book: &mut Workbook,
    dataset: &Dataset,
    words: Words,
    remarks: &[(&str, &str)],
) -> Result<(), XlsxError> {
    let sheet = book.add_worksheet();
    let title = words.pick("说明", "Notes");
    sheet.set_name(title)?.set_portrait();
    print_setup(sheet, title, words, A4);
    sheet.set_column_width(0, 24)?.set_column_width(1, 84)?;
    let round = &dataset.round;
    let plain = Format::new().set_font_name("宋体").set_font_size(10).set_text_wrap();
    let bold = plain.clone().set_bold();
    let window =
        format!("{}{}{}", words.minute(round.window_from), words.pick("至", " to "), words.minute(round.as_of));
    let mark = if round.rehearsal { words.pick("（演练）", " (rehearsal)") } else { "" };
    let pairs = [
        (words.pick("单位", "Office"), dataset.office.clone()),
        (words.pick("批次", "Round"), format!("{} {}{mark}", round.name, words.round(round.name))),
        (words.pick("类型", "Kind"), round.kind.name(words.0).to_owned()),
        (words.pick("批次状态", "State"), round.state.name(words.0).to_owned()),
        (words.pick("监测时间点", "Monitoring time"), words.minute(round.as_of)),
        (words.pick("检查窗口", "Window"), window),
        (words.pick("生成时间", "Made at"), words.minute(round.generated_at)),
        (words.pick("抽样框账号数", "Accounts of the frame"), round.frame_size.to_string()),
        (words.pick("抽样框SHA-256", "SHA-256 of the frame"), round.frame_sha256.clone()),
        (words.pick("抽查比例", "Ratio"), round.ratio.to_string()),
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
    let mut line = 0;
    for (name, value) in pairs {
        sheet.write_string_with_format(line, 0, name, &bold)?;
        sheet.write_string_with_format(line, 1, clean(&value), &plain)?;
        line += 1;
    }
    line += 1;
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
    for (zh, en) in standing.iter().chain(remarks) {
        sheet.write_string_with_format(line, 0, "※", &bold)?;
        sheet.write_string_with_format(line, 1, words.pick(zh, en), &plain)?;
        line += 1;
    }
    Ok(())
}
