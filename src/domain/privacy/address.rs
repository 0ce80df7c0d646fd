//! Personal numbers in a web address: an identity number wherever it stands, a mobile number under its name.
//!
//! Decisions:
//! - What a parameter is called is read word by word: `hotel` is no `tel`, and a `recorder` has no `order`.
//! - A name says that a number is a body's only where the name ends in that: `creditCode`, and not `creditUser`.
//! - A mask too many costs a reader a glance, one too few a person their number: the long names of telephones
//!   count as the beginning and the end of longer words too.
//! - What is escaped (`%3D`, and `%253D` in an address within an address) stands for what it says.

use std::ops::Range;

use super::label::Label;
use super::number::{is_id18, is_mobile};
use super::scan::{Figures, Sign, certificate_at, digit, is_ten, make};
use super::{Number, NumberKind};

/// Names of parameters that hold the number of a body or an order; words of them are joined.
const CODES: &[&str] = &[
    "credit",
    "creditcode",
    "creditno",
    "orgcode",
    "order",
    "orderid",
    "orderno",
    "ordernum",
    "ordersn",
    "ordercode",
    "uniscid",
    "tyshxydm",
];

/// How such names end that are written in one word.
const CODE_ENDS: &[&str] = &["creditcode", "orgcode", "uniscid", "tyshxydm"];

/// Words of names of parameters that hold somebody's mobile number.
const PHONES: &[&str] =
    &["tel", "tels", "telno", "telnum", "telnumber", "usertel", "linktel", "contacttel", "sjh", "sjhm", "lxdh"];

/// With these such words begin or end: `phonenumber`, `usermobile`.
const PHONE_STEMS: &[&str] = &["mobile", "phone", "msisdn", "shouji", "dianhua"];

/// The longest number looked for; a longer row is none.
const LONGEST: usize = 18;

/// A personal number in the address that stands at `url`, in the row of figures that begins at `start`.
///
/// Anything but an identity number, and a mobile number under its name, is too often a number of the platform.
pub(super) fn number(signs: &[Sign], url: &Range<usize>, start: usize) -> Option<Number> {
    // The first figures of the row may belong to what is escaped before the number.
    [0, 1, 2, 4].into_iter().map(|escaped| start + escaped).find_map(|at| {
        let begins =
            ends_escape(signs, at) || (at == start && !touches(at.checked_sub(1).and_then(|at| signs.get(at))));
        begins.then(|| beginning_at(signs, url, at))?
    })
}

fn beginning_at(signs: &[Sign], url: &Range<usize>, start: usize) -> Option<Number> {
    let certificate = certificate_at(signs, start);
    let is_certificate = certificate.is_some();
    let Figures { signs: range, end, digits } = certificate.unwrap_or_else(|| {
        let digits = row(signs, start);
        let end = start + digits.len();
        Figures { signs: start..end, end, digits }
    });
    let local = if digits.len() == 13 && digits.starts_with(&[8, 6]) { digits.get(2..)? } else { &digits };
    let is_mobile = is_mobile(local);
    if !(is_mobile || is_certificate || is_id18(&digits)) || touches(signs.get(end)) {
        return None;
    }
    let before = plain(&plain(&signs.get(url.start..start)?.iter().map(|sign| sign.c).collect::<String>()));
    let parameter = before.rsplit_once(['?', '&', ';', '#']).map(|(_, parameter)| parameter);
    let (kind, shown) = if is_mobile {
        (NumberKind::Mobile, parameter.is_some_and(is_phone))
    } else {
        let is_code = match parameter {
            Some(parameter) => is_code(parameter.split('=').next().unwrap_or_default()),
            // Why: a file's name is often its district, day and number, which may pass for a birthday.
            None => matches!(digits.get(6..8), Some([2, 0])),
        };
        (NumberKind::IdCard, !is_code)
    };
    let label = Label::before(signs, start);
    let digits = if is_mobile { local } else { &digits };
    shown.then(|| Number { in_address: true, ..make(signs, range, kind, digits, &label) })
}

/// The figures from `start` on, one more than a number can have; the eighteenth may be the check character.
fn row(signs: &[Sign], start: usize) -> Vec<u8> {
    let mut digits = Vec::with_capacity(LONGEST + 1);
    for sign in signs.iter().skip(start).take(LONGEST + 1) {
        match digit(sign.c) {
            Some(value) => digits.push(value),
            None if is_ten(sign.c) && digits.len() == 17 => digits.push(10),
            None => break,
        }
    }
    digits
}

fn touches(sign: Option<&Sign>) -> bool {
    sign.is_some_and(|sign| sign.c.is_ascii_alphanumeric())
}

/// Whether what stands before `end` is an escaped character, however often it was escaped.
fn ends_escape(signs: &[Sign], end: usize) -> bool {
    let is = |at: Option<usize>, wanted: fn(char) -> bool| {
        at.and_then(|at| signs.get(at)).is_some_and(|sign| wanted(sign.c))
    };
    let hex = |c: char| c.is_ascii_hexdigit();
    if !is(end.checked_sub(1), hex) || !is(end.checked_sub(2), hex) {
        return false;
    }
    let mut at = end.saturating_sub(2);
    while is(at.checked_sub(1), |c| c == '5') && is(at.checked_sub(2), |c| c == '2') {
        at -= 2;
    }
    is(at.checked_sub(1), |c| c == '%')
}

/// What an address says without its escapes; of other characters than ASCII it matters only that they are there.
fn plain(address: &str) -> String {
    let mut said = String::with_capacity(address.len());
    let mut rest = address;
    while let Some((before, after)) = rest.split_once('%') {
        said.push_str(before);
        let escaped = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) => said.push(if byte.is_ascii() { char::from(byte) } else { ' ' }),
            None => said.push('%'),
        }
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    said + rest
}

/// Whether a parameter is named for a telephone, or its value says so before the number.
fn is_phone(parameter: &str) -> bool {
    words(parameter).iter().any(|word| {
        PHONES.contains(&word.as_str()) || PHONE_STEMS.iter().any(|stem| word.starts_with(stem) || word.ends_with(stem))
    })
}

/// Whether a parameter is named for the number of a body or an order.
fn is_code(name: &str) -> bool {
    let words = words(name);
    let is_end = |from: usize| words.get(from..).is_some_and(|words| CODES.contains(&words.concat().as_str()));
    (0..words.len()).any(is_end) || words.last().is_some_and(|word| CODE_ENDS.iter().any(|end| word.ends_with(end)))
}

/// The words of a name in small letters: cut at whatever is no letter, and where a capital follows a small letter.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for c in name.chars() {
        if !c.is_ascii_alphabetic() || (was_small && c.is_ascii_uppercase()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphabetic()) {
            word.push(c.to_ascii_lowercase());
        }
        was_small = c.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}
