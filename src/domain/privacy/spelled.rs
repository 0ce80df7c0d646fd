//! An identity number written figure by figure, as in the boxes of a form: `5 1 0 1 …`, `5-1-0-1-…`.

use std::ops::Range;

use super::label::{Called, Label};
use super::number::is_id18;
use super::scan::{Sign, digit, is_ten};

/// Figures of an identity number.
const FIGURES: usize = 18;
/// What stands between two figures is no longer.
const GAP: usize = 3;

/// A part of the row: where it begins, and how many figures it has.
type Part = (usize, usize);

/// The identity number that begins with the figure at `start`, however it is cut; where it stands and what it says.
///
/// It is one by its checksum, its place and its birthday, and because nothing goes on behind it: of
/// all rows of eighteen figures one in fifty thousand looks so by chance.
pub(super) fn identity(signs: &[Sign], start: usize) -> Option<(Range<usize>, Vec<u8>)> {
    let figure = |at: usize| signs.get(at).and_then(|sign| digit(sign.c));
    let mut digits = Vec::with_capacity(FIGURES);
    let mut parts: Vec<Part> = Vec::new();
    let (mut at, mut end, mut by_lines) = (start, start, false);
    while digits.len() < FIGURES {
        let gap = signs.iter().skip(at).take(GAP + 1).take_while(|sign| is_between(sign.c)).count();
        if gap > GAP {
            return None;
        }
        by_lines |= signs.iter().skip(at).take(gap).any(|sign| sign.c == '\n');
        at += gap;
        let value = match (figure(at), signs.get(at).map(|sign| sign.c)) {
            (Some(value), _) => value,
            (None, Some(c)) if is_ten(c) && digits.len() == FIGURES - 1 => 10,
            _ => return None,
        };
        match parts.last_mut().filter(|_| gap == 0) {
            Some((_, figures)) => *figures += 1,
            None => parts.push((at, 1)),
        }
        digits.push(value);
        at += 1;
        end = at;
    }
    let singly = parts.iter().all(|(_, figures)| *figures == 1);
    if parts.len() < 2 || (by_lines && !singly) || !is_id18(&digits) {
        return None;
    }
    let label = Label::before(signs, start);
    let goes_on = goes_on(signs, end, singly, by_lines) && label.called() != Some(Called::Identity);
    (!goes_on && !label.is_code_itself()).then_some((start..end, digits))
}

/// Whether figures follow that belong to the same row.
fn goes_on(signs: &[Sign], end: usize, singly: bool, by_lines: bool) -> bool {
    let joins = |sign: &&Sign| is_between(sign.c) && (by_lines || sign.c != '\n');
    let gap = signs.iter().skip(end).take(GAP).take_while(joins).count();
    let next = signs.iter().skip(end + gap).take(2).take_while(|sign| digit(sign.c).is_some()).count();
    // Behind boxes of one figure each a longer number is another: a telephone.
    next > 0 && !(singly && next > 1)
}

fn is_between(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t'
            | '\n'
            | '\u{a0}'
            | '\u{3000}'
            | '-'
            | '－'
            | '‑'
            | '–'
            | '—'
            | '|'
            | '｜'
            | '│'
            | '/'
            | '.'
            | '·'
            | '_'
    )
}
