//! Finding rows of digits: whole, or written in groups; and what is said of them before.

use std::ops::Range;

use super::label::{Called, Label};
use super::number::{is_card, is_id15, is_id18, is_mobile};
use super::{Number, NumberKind, address, spelled};
use crate::domain::normal::is_invisible;

/// Numbers one text can have; the rest of such a text is masked no more than a telephone book.
const MOST: usize = 100_000;
/// The shortest row that can be a number.
const SHORTEST: usize = 11;
/// The longest row that can be a number.
const LONGEST: usize = 19;

/// A character that counts, and its place in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sign {
    pub(super) c: char,
    at: usize,
}

/// A row of digits: places among the signs, and what they say (10 for a final X).
#[derive(Debug, Clone)]
struct Run {
    signs: Range<usize>,
    digits: Vec<u8>,
}

/// The digit a character stands for.
pub(super) fn digit(c: char) -> Option<u8> {
    match c {
        '0'..='9' => Some(c as u8 - b'0'),
        '０'..='９' => u8::try_from(u32::from(c) - u32::from('０')).ok(),
        // Figures of mathematics, five alphabets of ten.
        '\u{1D7CE}'..='\u{1D7FF}' => u8::try_from((u32::from(c) - 0x1D7CE) % 10).ok(),
        _ => None,
    }
}

pub(super) fn numbers(text: &str) -> Vec<Number> {
    let signs: Vec<Sign> =
        text.chars().enumerate().filter(|(_, c)| !is_invisible(*c)).map(|(at, c)| Sign { c, at }).collect();
    let runs = runs(&signs);
    let urls = urls(&signs);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(run) = runs.get(at) {
        if found.len() >= MOST {
            break;
        }
        let in_url = urls.partition_point(|url| url.end <= run.signs.start);
        if let Some(url) = urls.get(in_url).filter(|url| url.start <= run.signs.start) {
            // An address is full of short rows.
            if run.digits.len() >= SHORTEST {
                found.extend(address::number(&signs, url, run.signs.start));
            }
            at += 1;
            continue;
        }
        let (number, used) = one(&signs, run).map_or_else(|| grouped(&signs, &runs, at), |n| (Some(n), 1));
        let (number, used) = if number.is_some() { (number, used) } else { in_pieces(&signs, &runs, at) };
        found.extend(number);
        at += used.max(1);
    }
    found
}

/// Every row of digits; a final X belongs to one of seventeen.
fn runs(signs: &[Sign]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut at = 0;
    while at < signs.len() {
        let start = at;
        while signs.get(at).is_some_and(|sign| digit(sign.c).is_some()) {
            at += 1;
        }
        if at == start {
            at += 1;
            continue;
        }
        // Longer rows are no numbers; their digits need not be kept.
        let kept = signs.get(start..at.min(start + LONGEST + 1)).unwrap_or_default();
        let mut digits: Vec<u8> = kept.iter().filter_map(|sign| digit(sign.c)).collect();
        let mut end = at;
        if signs.get(at).is_some_and(|sign| is_ten(sign.c)) && matches!(digits.len(), 3 | 17) {
            digits.push(10);
            end = at + 1;
        }
        runs.push(Run { signs: start..end, digits });
        at = end;
    }
    runs
}

/// A number written in one.
fn one(signs: &[Sign], run: &Run) -> Option<Number> {
    if let Some(number) = certificate(signs, run) {
        return Some(number);
    }
    let digits = &run.digits;
    if !(SHORTEST..=LONGEST).contains(&digits.len()) || !stands_alone(signs, run.signs.clone()) {
        return None;
    }
    let label = Label::before(signs, run.signs.start);
    let number = |kind, digits: &[u8]| Some(make(signs, run.signs.clone(), kind, digits, &label));
    match digits.len() {
        // A licence beside it says nothing of a number with a checksum, a place and a birthday of its own.
        18 if is_id18(digits) => {
            return if label.is_code_itself() { None } else { number(NumberKind::IdCard, digits) };
        }
        // A code, an order or a file number may look like anything without them.
        _ if label.called() == Some(Called::Code) => return None,
        15 if label.called() == Some(Called::Identity) && is_id15(digits) => return number(NumberKind::IdCard, digits),
        11 if is_mobile(digits) && !is_amount(signs, run.signs.end) => return number(NumberKind::Mobile, digits),
        // 86 before the number, with its plus sign, with zeros or without.
        length @ (13 | 15) if matches!(digits.get(..length - 11), Some([8, 6] | [0, 0, 8, 6])) => {
            let rest = digits.get(length - 11..).unwrap_or_default();
            if is_mobile(rest) && !is_amount(signs, run.signs.end) {
                return number(NumberKind::Mobile, rest);
            }
        }
        _ => {}
    }
    let known = !(label.is_card() || (label.is_account() && digits.starts_with(&[6, 2])));
    if is_card(digits, known) { number(NumberKind::BankCard, digits) } else { None }
}

/// The number of a disability certificate, standing by itself and not called anything else.
fn certificate(signs: &[Sign], run: &Run) -> Option<Number> {
    let Figures { signs: range, end, digits } = certificate_at(signs, run.signs.start)?;
    if !stands_alone_before(signs, range.start) || !stands_alone_after(signs, end) {
        return None;
    }
    let label = Label::before(signs, range.start);
    (label.called() != Some(Called::Code)).then(|| make(signs, range, NumberKind::IdCard, &digits, &label))
}

/// Figures that stand together.
pub(super) struct Figures {
    /// Where they stand.
    pub(super) signs: Range<usize>,
    /// Where what belongs to them ends.
    pub(super) end: usize,
    /// What they say, 10 for the check character.
    pub(super) digits: Vec<u8>,
}

/// The number of a disability certificate (残疾人证号) that begins at `start`, whatever stands around it: an identity
/// number, the kind and the degree of the disability, and `B1` behind them on one that was issued anew.
pub(super) fn certificate_at(signs: &[Sign], start: usize) -> Option<Figures> {
    let range = start..start + 20;
    let figure = |(at, sign): (usize, &Sign)| digit(sign.c).or_else(|| (at == 17 && is_ten(sign.c)).then_some(10));
    let digits: Vec<u8> = signs.get(range.clone())?.iter().enumerate().map(figure).collect::<Option<_>>()?;
    let (identity, [1..=7, 1..=4]) = digits.split_at_checked(18)? else { return None };
    if !is_id18(identity) {
        return None;
    }
    let anew = matches!(signs.get(range.end).map(|sign| sign.c), Some('B' | 'b'));
    let issue = signs.iter().skip(range.end + 1).take_while(|sign| digit(sign.c).is_some()).count();
    let end = if anew && issue > 0 { range.end + 1 + issue } else { range.end };
    Some(Figures { signs: range, end, digits })
}

/// How numbers are written in groups.
const MOBILE: &[&[usize]] = &[&[3, 4, 4], &[2, 3, 4, 4], &[2, 11], &[3, 8], &[7, 4]];
const IDENTITY: &[&[usize]] = &[&[6, 8, 4], &[6, 4, 4, 4], &[3, 3, 4, 4, 4], &[6, 12], &[14, 4], &[3, 3, 8, 4]];
/// So many equal marks may stand between two groups.
const LONGEST_GAP: usize = 3;
const CARD: &[&[usize]] = &[&[4, 4, 4, 4], &[4, 4, 4, 4, 1], &[4, 4, 4, 4, 2], &[4, 4, 4, 4, 3], &[6, 13], &[6, 10]];

/// A number written in groups that begins with the row at `at`; and how many rows it took.
fn grouped(signs: &[Sign], runs: &[Run], at: usize) -> (Option<Number>, usize) {
    const NONE: (Option<Number>, usize) = (None, 1);
    let Some(first) = runs.get(at) else { return NONE };
    if !stands_alone_before(signs, first.signs.start) {
        return NONE;
    }
    let mut chain = vec![first];
    let mut mark = None;
    for next in runs.iter().skip(at + 1).take(4) {
        let Some(last) = chain.last() else { break };
        let between = signs.get(last.signs.end..next.signs.start).unwrap_or_default();
        let Some(first) = between.first().filter(|_| between.len() <= LONGEST_GAP) else { break };
        let joins = is_gap(first.c) || matches!(first.c, '—' | '.' | '·' | '_' | '/');
        if !joins || between.iter().any(|sign| sign.c != first.c) || mark.is_some_and(|mark| mark != first.c) {
            break;
        }
        mark = Some(first.c);
        chain.push(next);
    }
    for length in (2..=chain.len()).rev() {
        let parts = chain.get(..length).unwrap_or_default();
        let Some(last) = parts.last() else { continue };
        let sizes: Vec<usize> = parts.iter().map(|run| run.digits.len()).collect();
        let is = |shapes: &[&[usize]]| shapes.contains(&sizes.as_slice());
        // Before anything dearer: a page of lone digits is all beginnings and no number.
        if !(is(MOBILE) || is(IDENTITY) || is(CARD)) {
            continue;
        }
        // A degree of longitude and its fraction.
        if mark == Some('.') && length == 2 {
            continue;
        }
        let range = first.signs.start..last.signs.end;
        if !stands_alone_after(signs, range.end) {
            continue;
        }
        let digits: Vec<u8> = parts.iter().flat_map(|run| run.digits.iter().copied()).collect();
        let label = Label::before(signs, range.start);
        let is_code = label.called() == Some(Called::Code);
        let local = if digits.len() == 13 && digits.starts_with(&[8, 6]) { digits.get(2..) } else { Some(&*digits) };
        let local = local.unwrap_or_default();
        let kind = if is(IDENTITY) && is_id18(&digits) && !label.is_code_itself() {
            NumberKind::IdCard
        } else if is(MOBILE) && !is_code && is_mobile(local) && !is_amount(signs, range.end) {
            NumberKind::Mobile
        } else if is(CARD) && !is_code && is_card(&digits, !(label.is_card() || label.is_account())) {
            NumberKind::BankCard
        } else {
            continue;
        };
        let shown = if kind == NumberKind::Mobile { local } else { &digits };
        return (Some(make(signs, range, kind, shown, &label)), length);
    }
    NONE
}

/// An identity number cut in any other way; and how many rows it took.
fn in_pieces(signs: &[Sign], runs: &[Run], at: usize) -> (Option<Number>, usize) {
    let start = runs.get(at).map_or(0, |run| run.signs.start);
    let found = Some(start)
        .filter(|start| stands_alone_before(signs, *start))
        .and_then(|start| spelled::identity(signs, start));
    let Some((range, digits)) = found.filter(|(range, _)| stands_alone_after(signs, range.end)) else {
        return (None, 1);
    };
    let used = runs.iter().skip(at).take_while(|run| run.signs.start < range.end).count();
    let label = Label::before(signs, range.start);
    (Some(make(signs, range, NumberKind::IdCard, &digits, &label)), used)
}

pub(super) fn make(signs: &[Sign], range: Range<usize>, kind: NumberKind, digits: &[u8], label: &Label) -> Number {
    let own = signs.get(range).unwrap_or_default();
    let start = own.first().map_or(0, |sign| sign.at);
    let end = own.last().map_or(start, |sign| sign.at + 1);
    let (head, tail) = match kind {
        NumberKind::IdCard | NumberKind::Mobile => (3, 4),
        NumberKind::BankCard => (4, 4),
    };
    let count = own.iter().filter(|sign| is_figure(sign.c)).count();
    let head = head + count.saturating_sub(digits.len());
    let mut masked = Vec::with_capacity(end - start);
    let mut figure = 0;
    for sign in own {
        // Invisible characters inside are masked with the rest.
        masked.resize(sign.at - start, '*');
        if is_figure(sign.c) {
            figure += 1;
            masked.push(if figure <= head || figure + tail > count { sign.c } else { '*' });
        } else {
            masked.push(sign.c);
        }
    }
    let value = digits.iter().fold(0_u128, |value, digit| value * 16 + u128::from(*digit));
    Number {
        kind,
        chars: start..end,
        masked: masked.into_iter().collect(),
        is_contact: label.is_contact(),
        in_address: false,
        digits: value,
    }
}

fn is_figure(c: char) -> bool {
    digit(c).is_some() || is_ten(c)
}

/// The check character X, and what is typed for it.
pub(super) fn is_ten(c: char) -> bool {
    matches!(c, 'x' | 'X' | 'Ｘ' | 'ｘ' | 'Х' | 'х' | '×' | 'Ⅹ' | 'ⅹ')
}

fn stands_alone(signs: &[Sign], range: Range<usize>) -> bool {
    stands_alone_before(signs, range.start) && stands_alone_after(signs, range.end)
}

/// Nothing before that makes it part of something else: a letter, or the mask of another number.
fn stands_alone_before(signs: &[Sign], start: usize) -> bool {
    let before = signs.get(..start).unwrap_or_default();
    let Some(last) = before.last() else { return true };
    if last.c.is_ascii_alphanumeric() || last.c == '_' {
        return is_called(before);
    }
    if last.c == '.' && before.iter().nth_back(1).is_some_and(|sign| digit(sign.c).is_some()) {
        return false;
    }
    // Why: what a mask left standing is no number of its own; emphasis in asterisks is no mask.
    let mut back = before.iter().rev().skip_while(|sign| is_gap(sign.c)).peekable();
    if back.peek().is_some_and(|sign| sign.c == '*') {
        let rest = back.find(|sign| sign.c != '*' && !is_gap(sign.c));
        return rest.is_none_or(|sign| digit(sign.c).is_none());
    }
    true
}

/// Words of letters that say what number follows, and may touch it: Tel13800001234, 身份证No5101….
const CALLED: &[&str] = &["tel", "mobile", "phone", "no", "id", "wx", "vx", "qq"];

fn is_called(before: &[Sign]) -> bool {
    let longest = CALLED.iter().map(|word| word.len()).max().unwrap_or(0);
    let letters = before.iter().rev().take_while(|sign| sign.c.is_ascii_alphabetic()).take(longest + 1).count();
    let (rest, word) = before.split_at(before.len() - letters);
    let word: String = word.iter().map(|sign| sign.c.to_ascii_lowercase()).collect();
    let stands_alone = rest.last().is_none_or(|sign| !sign.c.is_ascii_alphanumeric() && sign.c != '_');
    stands_alone && CALLED.contains(&word.as_str())
}

fn stands_alone_after(signs: &[Sign], end: usize) -> bool {
    let after = signs.get(end..).unwrap_or_default();
    let Some(first) = after.first() else { return true };
    if first.c.is_ascii_alphanumeric() || first.c == '_' || digit(first.c).is_some() {
        return false;
    }
    if first.c == '.' && after.get(1).is_some_and(|sign| digit(sign.c).is_some()) {
        return false;
    }
    if first.c == '*' {
        let rest = after.iter().find(|sign| sign.c != '*');
        return rest.is_none_or(|sign| digit(sign.c).is_none());
    }
    true
}

fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '-' | '－' | '\u{a0}' | '\u{3000}' | '‑' | '–')
}

/// An amount, not a telephone: 13800000000元.
///
/// Why two characters for some: behind a telephone stands 人事科, or 万春镇.
fn is_amount(signs: &[Sign], end: usize) -> bool {
    let behind = |at: usize| signs.get(end + at).map_or('\0', |sign| sign.c);
    match behind(0) {
        '元' | '%' | '％' | '吨' | '次' | '条' | '股' => true,
        '万' | '亿' => matches!(behind(1), '元' | '人' | '次' | '吨' | '条' | '股' | '美'),
        '人' => matches!(behind(1), '次' | '民'),
        _ => false,
    }
}

/// Ranges of signs that are web addresses.
fn urls(signs: &[Sign]) -> Vec<Range<usize>> {
    let mut urls: Vec<Range<usize>> = Vec::new();
    let is = |at: usize, text: &str| {
        text.chars().enumerate().all(|(n, c)| signs.get(at + n).is_some_and(|sign| sign.c.to_ascii_lowercase() == c))
    };
    let mut at = 0;
    while at < signs.len() {
        let start = match signs.get(at).map(|sign| sign.c) {
            Some(':') if is(at, "://") => at,
            Some('w' | 'W') if is(at, "www.") => at,
            _ => {
                at += 1;
                continue;
            }
        };
        while signs.get(at).is_some_and(|s| s.c.is_ascii_graphic() && !matches!(s.c, '<' | '>' | '"')) {
            at += 1;
        }
        urls.push(start..at);
    }
    urls
}
