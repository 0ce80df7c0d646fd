//! Personal numbers (个人信息) in a text: found, judged as publication or leak, and masked; pure.
//!
//! Decisions:
//! - A resident identity number counts by its checksum, date and province, wherever it stands;
//!   the old form of 15 digits, which has no checksum, counts only where it is called one.
//!   Written figure by figure, it counts where nothing goes on behind it. The number of a disability
//!   certificate is one with two figures behind it.
//! - A card number counts by its check digit and a known issuer, or by being called one.
//! - A mobile number alone is how an office is reached: it is suspected only beside an identity
//!   or card number, or when a text lists several that are not named as contacts.
//! - In a URL an identity number alone counts, a certificate's with the rest; card and mobile numbers there are too
//!   often a platform's own. Masked are the mobile numbers too that a parameter is named for; and of an address that
//!   is told and never asked again ([`mask_address`]) those that are a whole part of it. An address may stand in
//!   another one, escaped.
//! - What touches letters, or is called an order, a file or a licence by the label
//!   nearest to it is none; an identity number is one beside any label but a code's that is its own.
//! - Masks keep the length, so that places stay true, and masking twice changes nothing.

mod address;
mod label;
mod number;
mod scan;
mod spelled;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::keyed::keyed_enum;

keyed_enum! {
    /// A kind of personal number.
    NumberKind {
        IdCard = "id_card", "身份证号", "identity number";
        BankCard = "bank_card", "银行卡号", "bank card number";
        Mobile = "mobile", "手机号码", "mobile number";
    }
}

/// A personal number in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// Which kind.
    pub kind: NumberKind,
    /// Where it stands: characters of the text, from 0.
    pub chars: Range<usize>,
    /// As it may be shown.
    pub masked: String,
    /// Named as the way to reach somebody (联系电话, 咨询, 热线 …).
    pub is_contact: bool,
    /// It stands in a web address.
    in_address: bool,
    /// Tells equal numbers of one text from different ones; says nothing outside it.
    digits: u128,
}

impl Number {
    /// How many of these numbers of one text differ.
    #[must_use]
    pub fn different(numbers: &[&Self]) -> usize {
        let mut digits: Vec<u128> = numbers.iter().map(|number| number.digits).collect();
        digits.sort_unstable();
        digits.dedup();
        digits.len()
    }
}

/// Every personal number in a text, contacts included, in the order in which they stand.
#[must_use]
pub fn numbers(text: &str) -> Vec<Number> {
    let mut numbers = to_mask(text);
    numbers.retain(|number| !(number.in_address && number.kind == NumberKind::Mobile));
    numbers
}

/// [`numbers`], and those that are nobody's leak and yet not to be shown.
fn to_mask(text: &str) -> Vec<Number> {
    if few_digits(text) { Vec::new() } else { scan::numbers(text) }
}

/// The numbers whose publication is suspect: see the decisions of this module.
///
/// `mobiles_from`: so many different mobile numbers, not named as contacts, make a list of people.
#[must_use]
pub fn suspects(text: &str, mobiles_from: usize) -> Vec<Number> {
    let mut numbers = numbers(text);
    let mut mobiles: Vec<u128> =
        numbers.iter().filter(|n| n.kind == NumberKind::Mobile && !n.is_contact).map(|n| n.digits).collect();
    mobiles.sort_unstable();
    mobiles.dedup();
    let beside = numbers.iter().any(|n| n.kind != NumberKind::Mobile);
    let listed = mobiles.len() >= mobiles_from.max(1);
    numbers.retain(|n| n.kind != NumberKind::Mobile || (!n.is_contact && (beside || listed)));
    numbers
}

/// The text with every personal number masked, contacts too; of the same length in characters.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    let numbers = to_mask(text);
    if numbers.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut numbers = numbers.iter().peekable();
    let mut masked = String::with_capacity(text.len());
    let mut kept = Vec::new();
    for (at, c) in text.chars().enumerate() {
        while numbers.peek().is_some_and(|n| n.chars.end <= at) {
            numbers.next();
            kept.clear();
        }
        match numbers.peek() {
            Some(n) if n.chars.contains(&at) => {
                if kept.is_empty() {
                    kept = n.masked.chars().collect();
                }
                masked.push(kept.get(at - n.chars.start).copied().unwrap_or('*'));
            }
            _ => masked.push(c),
        }
    }
    Cow::Owned(masked)
}

static WHOLE_PART: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"((?:[/=]|%(?:25)*(?:2[Ff]|3[Dd]))(?:86|%(?:25)*2B86)?1[3-9][0-9])[0-9]{4}([0-9]{4})([/?#&;.%]|$)").ok()
});

/// A web address masked as far as it can be where nobody asks for it again: mobile numbers that are a segment of its
/// path or the value of a parameter with the rest.
#[must_use]
pub fn mask_address(url: &str) -> Cow<'_, str> {
    let masked = mask(url);
    let Some(whole_part) = WHOLE_PART.as_ref().filter(|pattern| pattern.is_match(&masked)) else { return masked };
    // Why twice: what stands between two of them belongs to both.
    let once = whole_part.replace_all(&masked, "$1****$2$3");
    Cow::Owned(whole_part.replace_all(&once, "$1****$2$3").into_owned())
}

/// Most texts hold no number worth a second look.
fn few_digits(text: &str) -> bool {
    text.chars().filter(|c| scan::digit(*c).is_some()).take(11).count() < 11
}

#[cfg(test)]
mod tests;
