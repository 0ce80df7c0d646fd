//! 抽取公证单, `certificate.html`: one page from which anyone can replay the draw; for a round that
//! looks at everything 检查范围确认单, since nothing is drawn.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use askama::Template;
use sha2::{Digest, Sha256};

use super::ReportError;
use super::docx::{Look, Paper};
use super::subject::Subject;
use super::tongue::Tongue;
use super::wording::clip;
use crate::domain::Lang;
use crate::domain::bulletin::Dataset;
use crate::domain::ratio::Ratio;
use crate::domain::round::{RoundKind, RoundName};
use crate::domain::sample::{Reason, Rotation, hex};

/// Strata printed before the export is referred to: the certificate is one page.
const STRATA: usize = 60;

#[derive(Template)]
#[template(path = "certificate.html", config = "reports/askama.toml")]
struct Certificate<'a> {
    zh: bool,
    title: String,
    office: String,
    facts: Vec<(&'static str, String)>,
    strata: Vec<StratumLine<'a>>,
    more: usize,
    totals: StratumLine<'a>,
    reasons: String,
    drawn: bool,
    full: bool,
    export: String,
    frame_command: String,
    frame_sha256: &'a str,
    draw_command: String,
    members_sha256: String,
    random: usize,
    verify: String,
    generated_at: String,
}

#[derive(Default)]
struct StratumLine<'a> {
    key: &'a str,
    label: String,
    size: usize,
    quota: usize,
    members: usize,
}

#[cfg(test)]
pub(super) fn render(dataset: &Dataset) -> Result<Vec<u8>, ReportError> {
    render_in(dataset, Lang::Zh)
}

/// The certificate as a page.
pub(super) fn render_in(dataset: &Dataset, lang: Lang) -> Result<Vec<u8>, ReportError> {
    certificate(dataset, Tongue(lang))
        .render()
        .map(String::into_bytes)
        .map_err(ReportError::document("certificate.html"))
}

fn certificate(dataset: &Dataset, t: Tongue) -> Certificate<'_> {
    let round = &dataset.round;
    let mut by_stratum = BTreeMap::<&str, usize>::new();
    let mut by_reason = BTreeMap::<Reason, usize>::new();
    let mut random = Vec::new();
    for (row, member) in dataset.accounts.iter().filter_map(|a| Some((a, a.facts.member.as_ref()?))) {
        *by_stratum.entry(&row.facts.stratum).or_default() += 1;
        *by_reason.entry(member.reason).or_default() += 1;
        if member.reason == Reason::Random {
            random.push(row.facts.account_id.as_str());
        }
    }
    let mut strata: Vec<_> = round
        .strata
        .iter()
        .map(|s| StratumLine {
            key: &s.key,
            label: t.stratum(&s.key),
            size: s.size,
            quota: s.quota,
            members: by_stratum.get(s.key.as_str()).copied().unwrap_or_default(),
        })
        .collect();
    let members = by_reason.values().sum();
    let totals = StratumLine {
        key: "",
        label: t.pick("合计", "Total").to_owned(),
        size: strata.iter().map(|s| s.size).sum(),
        quota: strata.iter().map(|s| s.quota).sum(),
        members,
    };
    let more = strata.len().saturating_sub(STRATA);
    strata.truncate(STRATA);
    let seed = round.seed.clone().unwrap_or_default();
    let full = looks_at_all(dataset);
    let file = format!("{}.json", round.name);
    let reason = |(reason, n): (Reason, usize)| {
        let name = reason.name(t.0);
        t.say(format!("{name}{n}个"), format!("{name} {n}"))
    };
    let reasons: Vec<String> = by_reason.into_iter().filter(|_| !full).map(reason).collect();
    Certificate {
        zh: t.0 == Lang::Zh,
        full,
        title: {
            let (head, tail) = title(dataset, t, full);
            head + &tail
        },
        office: t.office(&dataset.office),
        facts: facts(dataset, t, full, members),
        strata,
        more,
        totals,
        reasons: t.list(&reasons),
        drawn: round.seed.is_some(),
        export: format!("xuncha round export {} {file}", round.name),
        frame_command: frame_command(&file),
        frame_sha256: &round.frame_sha256,
        draw_command: draw_command(&seed, round.name, round.ratio, round.rotation),
        members_sha256: members_sha256(&random),
        random: random.len(),
        verify: format!("xuncha round verify {file}"),
        generated_at: t.minute(round.generated_at),
    }
}

/// Whether a round looks at every account, so that there is nothing to draw.
pub(super) fn looks_at_all(dataset: &Dataset) -> bool {
    dataset.round.kind != RoundKind::Quarterly || dataset.round.ratio.to_string() == "1"
}

/// The title in the two parts between which it may be broken.
fn title(dataset: &Dataset, t: Tongue, full: bool) -> (String, String) {
    let (period, rehearsal, subject) =
        (t.period(dataset.round.name), t.rehearsal(dataset), Subject::of(dataset).name(t.0));
    let bare = period.trim_start_matches("the ");
    if full {
        return (
            t.say(format!("{period}{subject}"), "Certificate of the accounts inspected,"),
            t.say(format!("检查范围确认单{rehearsal}"), format!(" {bare}{rehearsal}")),
        );
    }
    (
        t.say(format!("{period}{subject}"), "Certificate of the draw,"),
        t.say(format!("检查抽取公证单{rehearsal}"), format!(" {bare}{rehearsal}")),
    )
}

fn facts(dataset: &Dataset, t: Tongue, full: bool, members: usize) -> Vec<(&'static str, String)> {
    let round = &dataset.round;
    let noun = Subject::of_frame(dataset).noun(t.0);
    let frame = t.say(format!("{}个{noun}", round.frame_size), format!("{} {noun}", round.frame_size));
    let at = |missing: String| round.opened_at.map_or(missing, |at| t.minute(at));
    let members = t.say(format!("{members}个"), members.to_string());
    let mut facts = vec![
        (t.pick("批次", "Round"), t.period(round.name)),
        (t.pick("监测时间点", "Monitoring time"), t.minute(round.as_of)),
    ];
    if full {
        facts.extend([
            (t.pick("确定时间", "Settled at"), at(t.say("尚未确定", "not settled yet"))),
            (t.pick("检查范围", "Accounts"), frame),
            (t.pick("检查方式", "How"), t.say("全覆盖，未抽取", "every account; nothing is drawn")),
            (t.pick("受检对象", "Looked at"), members),
            (t.pick("范围 SHA-256", "SHA-256 of the list"), round.frame_sha256.clone()),
        ]);
        return facts;
    }
    let seed = round.seed.as_deref().map_or_else(|| t.say("尚未公布", "not published yet"), |s| clip(s, 500));
    facts.extend([
        (t.pick("抽取时间", "Drawn at"), at(t.say("尚未抽取", "not drawn yet"))),
        (t.pick("抽样框", "Frame"), frame),
        (t.pick("抽查比例", "Ratio"), percent(round.ratio)),
        (t.pick("轮换", "Rotation"), round.rotation.name(t.0).to_owned()),
        (t.pick("种子", "Seed"), seed),
        (t.pick("入选对象", "Members"), members),
        (t.pick("抽样框 SHA-256", "Frame SHA-256"), round.frame_sha256.clone()),
    ]);
    facts
}

/// `25%`, `7.5%`.
pub(super) fn percent(ratio: Ratio) -> String {
    let share = ratio.to_string().parse::<f64>().unwrap_or_default() * 100.0;
    let text = format!("{share:.4}");
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// The same page as a .docx, the way to its PDF: facts, strata and signatures, and the commands on an annex.
pub(super) fn paper(dataset: &Dataset, lang: Lang) -> Result<Vec<u8>, ReportError> {
    let t = Tongue(lang);
    let c = certificate(dataset, t);
    let mut paper = Paper::narrow(dataset.round.generated_at, Look { lang, internal: false });
    let (head, tail) = title(dataset, t, c.full);
    paper.title_of(&[], &head, &tail);
    let mut rows = vec![vec![t.pick("组织单位", "Office").to_owned(), c.office.clone()]];
    rows.extend(c.facts.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]));
    if !c.reasons.is_empty() {
        rows.push(vec![t.pick("入选构成", "By reason").to_owned(), c.reasons.clone()]);
    }
    paper.table(&[(t.pick("事项", "Item"), 200), (t.pick("内容", "Content"), 800)], &rows);
    strata(&mut paper, &c, t);
    paper.small(if c.full {
        t.pick(
            "确认人：〔　　　　　　〕　　监督人：〔　　　　　　〕　　日期：〔　　　　　　〕",
            "Settled by: [            ]    Witnessed by: [            ]    Date: [            ]",
        )
    } else {
        t.pick(
            "抽取人：〔　　　　　　〕　　监督人：〔　　　　　　〕　　日期：〔　　　　　　〕",
            "Drawn by: [            ]    Witnessed by: [            ]    Date: [            ]",
        )
    });
    paper.note(&t.say(format!("生成时间：{}", c.generated_at), format!("Made: {}", c.generated_at)));
    paper.annex(1, t.pick("复核方法", "How to check it"));
    commands(&mut paper, &c, t);
    paper.pack().map_err(ReportError::document("certificate.docx"))
}

fn strata(paper: &mut Paper, c: &Certificate<'_>, t: Tongue) {
    let caption =
        if c.full { t.pick("各层数量", "Strata") } else { t.pick("各层数量与配额", "Strata and quotas") };
    paper.caption(caption);
    let line = |s: &StratumLine<'_>| {
        let mut cells = vec![s.label.clone(), s.size.to_string()];
        cells.extend((!c.full).then(|| s.quota.to_string()));
        cells.push(s.members.to_string());
        cells
    };
    let mut columns = vec![(t.pick("层", "Stratum"), 260), (t.pick("数量", "Number"), 80)];
    if c.full {
        columns.push((t.pick("受检数", "Looked at"), 160));
    } else {
        columns.extend([(t.pick("配额", "Quota"), 80), (t.pick("入选数", "Members"), 80)]);
    }
    // Why side by side: the certificate is one page.
    let lines: Vec<_> = c.strata.iter().chain([&c.totals]).map(line).collect();
    let (left, right) = lines.split_at(lines.len().div_ceil(2));
    let blank = vec![String::new(); columns.len()];
    let pair = |(n, left): (usize, &Vec<String>)| [left.as_slice(), right.get(n).unwrap_or(&blank)].concat();
    let rows: Vec<_> = left.iter().enumerate().map(pair).collect();
    paper.table(&[columns.as_slice(), &columns].concat(), &rows);
    if c.more > 0 {
        let n = c.more;
        paper.note(&t.say(format!("另有{n}层见导出文件。"), format!("{n} more strata in the export.")));
    }
    if !c.full {
        paper.note(t.pick(
            "配额＝抽查比例×层内数量，向上取整。入选数含代表主体、重点关注等必查账号及补充抽取账号。",
            "Quota: ratio × accounts of the stratum, rounded up. Members include those that are always looked at and those topped up.",
        ));
    }
}

fn commands(paper: &mut Paper, c: &Certificate<'_>, t: Tongue) {
    if c.full {
        paper.note(&t.say(
            format!("先导出检查范围：{}。核对范围，结果应为 {}", c.export, c.frame_sha256),
            format!("Export the accounts: {}. Their list must come to {}", c.export, c.frame_sha256),
        ));
        paper.code(&c.frame_command);
        return;
    }
    paper.note(&t.say(
        format!("签号＝SHA-256（种子、批次、账号编号，以换行连接）的小写十六进制；各层按（年度轮换时本年未抽中者在先）签号由小到大，取满配额为止。先导出抽取文件：{}", c.export),
        format!("Ticket = lower-case hex SHA-256 of seed, round and account, joined by line feeds; in each stratum the lowest tickets first (under annual rotation those not drawn this year before them) until the quota is full. Export the draw first: {}", c.export),
    ));
    paper.note(&t.say(
        format!("1.核对抽样框，结果应为 {}", c.frame_sha256),
        format!("1. The frame; this must come to {}", c.frame_sha256),
    ));
    paper.code(&c.frame_command);
    if c.drawn {
        let (n, sum) = (c.random, &c.members_sha256);
        paper.note(&t.say(
            format!("2.重新抽取随机部分，结果应为{n}行，{sum}"),
            format!("2. The random part again; this must come to {n} lines, {sum}"),
        ));
        paper.code(&c.draw_command);
    } else {
        paper.note(t.pick(
            "种子尚未公布：本单先行公布抽样框和配额，种子公布后据以抽取。",
            "The seed is not published yet: frame and quotas are, so that the draw follows from it.",
        ));
    }
}

/// The first command: the frame as lines, and its SHA-256.
///
/// Why awk and not jq: awk is on every machine with a shell. Records are split at `{`, so
/// the file may be pretty-printed or not.
fn frame_command(file: &str) -> String {
    format!(
        r#"awk 'BEGIN {{ RS = "{{" }}
  function value(key,  rest) {{
    rest = $0; sub(".*\"" key "\"[^:]*:[^\"]*\"", "", rest); sub("\".*", "", rest); return rest
  }}
  /"drawn_this_year"/ {{
    print value("account_id") "\t" value("stratum") "\t" (/"drawn_this_year"[^:,]*:[ \n]*true/ ? 1 : 0)
    if (/"strata"/) exit
  }}' {file} | LC_ALL=C sort > frame.tsv; sha256sum frame.tsv"#
    )
}

/// The second command: a ticket for every account, the first ones of each stratum, and the
/// SHA-256 of their sorted identifiers.
fn draw_command(seed: &str, round: RoundName, ratio: Ratio, rotation: Rotation) -> String {
    let text = ratio.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let units = format!("{whole}{fraction}").parse::<u64>().unwrap_or(1);
    let scale = 10_u64.pow(fraction.len() as u32);
    let again = if rotation == Rotation::Annual { "$drawn" } else { "0" };
    let mut command = String::new();
    let _ = write!(
        command,
        r#"while IFS="$(printf '\t')" read -r id stratum drawn; do
  ticket=$(printf '%s\n%s\n%s' {seed} {round} "$id" | sha256sum | cut -c1-64)
  printf '%s\t%s\t%s\t%s\n' "$stratum" "{again}" "$ticket" "$id"
done < frame.tsv | LC_ALL=C sort | awk -F '\t' '{{ line[NR] = $0; size[$1]++ }} END {{
  for (n = 1; n <= NR; n++) {{
    split(line[n], f, "\t")
    if (taken[f[1]]++ < int(({units} * size[f[1]] + {up}) / {scale})) print f[4]
  }} }}' | LC_ALL=C sort > members.txt; wc -l < members.txt; sha256sum members.txt"#,
        seed = quote(seed),
        up = scale - 1,
    );
    command
}

/// Text as one word of a shell.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// SHA-256 of identifiers, sorted by their bytes, a line each.
fn members_sha256(random: &[&str]) -> String {
    let mut sorted = random.to_vec();
    sorted.sort_unstable();
    let mut hash = Sha256::new();
    for id in sorted {
        hash.update(id);
        hash.update("\n");
    }
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::domain::account::AccountId;
    use crate::domain::bulletin::tests::at;
    use crate::domain::sample::{
        self, Always, Draw, FORMAT, FrameRow, TopUp, allocate, draw, frame_sha256, sort_frame,
    };

    fn exported(seed: &str, ratio: &str, rotation: Rotation) -> Draw {
        let round = RoundName::Quarter(2026, 4);
        let row = |n: usize, prefix: &str| FrameRow {
            account_id: AccountId::new(format!("{prefix}{n}")),
            stratum: ["weibo/town", "wechat/-", "微信 甲/部门"][n % 3].to_owned(),
            drawn_this_year: n.is_multiple_of(4),
            always: (n == 6).then_some(Always::WatchList),
        };
        let mut frame: Vec<_> = (0..23).map(|n| row(n, "账号-A")).collect();
        sort_frame(&mut frame);
        let ratio = ratio.parse().unwrap();
        let strata = allocate(&frame, ratio);
        let late: Vec<_> = (0..3).map(|n| row(n, "新")).collect();
        Draw {
            format: FORMAT.into(),
            round,
            kind: round.kind(),
            as_of: at("2026-11-23T01:00:00Z"),
            seed: seed.into(),
            ratio,
            rotation,
            frame_size: frame.len(),
            frame_sha256: frame_sha256(&frame),
            members: draw(round, seed, rotation, &frame, &strata, Reason::Random),
            top_ups: vec![TopUp {
                at: at("2026-12-01T01:00:00Z"),
                strata: sample::allocate(&late, ratio),
                frame: late,
            }],
            frame,
            strata,
        }
    }

    #[test]
    fn the_printed_commands_replay_the_draw_in_a_plain_shell() {
        for (seed, ratio, rotation, pretty) in [
            ("骰子 4 2 6", "0.25", Rotation::Annual, false),
            (r"it's $HOME `x` \n %s 100%", "0.07", Rotation::None, true),
            ("-n", "1", Rotation::Annual, true),
        ] {
            let draw = exported(seed, ratio, rotation);
            let folder = tempfile::tempdir().unwrap();
            let json = if pretty { serde_json::to_string_pretty(&draw) } else { serde_json::to_string(&draw) };
            std::fs::write(folder.path().join("2026Q4.json"), json.unwrap()).unwrap();
            let run = |command: &str| {
                let output = Command::new("sh").args(["-c", command]).current_dir(folder.path()).output().unwrap();
                assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
                String::from_utf8(output.stdout).unwrap()
            };
            assert_eq!(run(&frame_command("2026Q4.json")), format!("{}  frame.tsv\n", draw.frame_sha256));
            let random: Vec<_> =
                draw.members.iter().filter(|m| m.reason == Reason::Random).map(|m| m.account_id.as_str()).collect();
            let printed = run(&draw_command(seed, draw.round, draw.ratio, rotation));
            let wanted = format!("{}\n{}  members.txt\n", random.len(), members_sha256(&random));
            assert_eq!(printed.trim_start(), wanted, "{seed}");
        }
    }
}
