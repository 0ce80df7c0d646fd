//! What a round looked at: new media (政务新媒体), websites (政府网站), or both; titles and nouns follow from it.

use super::tongue::Tongue;
use crate::domain::Lang;
use crate::domain::account::Platform;
use crate::domain::bulletin::{Dataset, Figure, Tally};
use crate::domain::rule::Indicator;

/// What is spoken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Media,
    Websites,
    Both,
}

impl Subject {
    /// Of websites and accounts so many.
    const fn from(websites: bool, media: bool) -> Self {
        match (websites, media) {
            (true, true) => Self::Both,
            (true, false) => Self::Websites,
            (false, _) => Self::Media,
        }
    }

    /// Of a round: what was drawn, and before the draw what may be.
    pub(super) fn of(d: &Dataset) -> Self {
        let drawn = Self::websites(d).map_or(0, |tally| tally.drawn);
        match d.breakdowns.total.drawn {
            0 => Self::of_frame(d),
            total => Self::from(drawn > 0, total > drawn),
        }
    }

    /// Of all that may be drawn.
    pub(super) fn of_frame(d: &Dataset) -> Self {
        let frame = Self::websites(d).map_or(0, |tally| tally.frame);
        Self::from(frame > 0, d.breakdowns.total.frame > frame)
    }

    fn websites(d: &Dataset) -> Option<&Tally> {
        d.breakdowns.platform.iter().find(|tally| tally.key == Platform::Website.key())
    }

    /// Of what is on these platforms.
    pub(super) fn of_platforms(platforms: impl Iterator<Item = Platform>) -> Self {
        let (mut websites, mut media) = (false, false);
        for platform in platforms {
            *(if platform == Platform::Website { &mut websites } else { &mut media }) = true;
        }
        Self::from(websites, media)
    }

    /// Of an indicator: some concern websites alone.
    pub(super) const fn of_indicator(indicator: Indicator, round: Self) -> Self {
        use Indicator as I;
        match indicator {
            I::SiteUnreachable | I::HomeStale | I::ColumnsStale | I::Footer | I::Ipv6 | I::Tls => Self::Websites,
            I::Link | I::Privacy | I::Expression | I::Registration | I::Duplicate | I::Identity => round,
            _ => match round {
                Self::Both => Self::Media,
                one => one,
            },
        }
    }

    /// `政府网站与政务新媒体`.
    pub(super) const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Media, Lang::Zh) => "政务新媒体",
            (Self::Websites, Lang::Zh) => "政府网站",
            (Self::Both, Lang::Zh) => "政府网站与政务新媒体",
            (Self::Media, Lang::En) => "government new media",
            (Self::Websites, Lang::En) => "government websites",
            (Self::Both, Lang::En) => "government websites and new media",
        }
    }

    /// `网站和账号`: one or many of them.
    pub(super) const fn noun(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Media, Lang::Zh) => "账号",
            (Self::Websites, Lang::Zh) => "网站",
            (Self::Both, Lang::Zh) => "网站和账号",
            (Self::Media, Lang::En) => "accounts",
            (Self::Websites, Lang::En) => "websites",
            (Self::Both, Lang::En) => "websites and accounts",
        }
    }

    /// The heading of a column that names them.
    pub(super) const fn heading(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Media, Lang::Zh) => "账号名称（平台）",
            (Self::Websites, Lang::Zh) => "网站名称",
            (Self::Both, Lang::Zh) => "名称（平台）",
            (Self::Media, Lang::En) => "Account (platform)",
            (Self::Websites, Lang::En) => "Website",
            (Self::Both, Lang::En) => "Name (platform)",
        }
    }
}

/// A count of the round by kind where there are both: `政府网站1个、政务新媒体71个`.
pub(super) fn by_kind(d: &Dataset, column: &str, t: Tongue) -> Option<String> {
    let [site, media] = kinds(d)?.map(|kind| d.count(&format!("kind.{kind}.{column}")));
    let many = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    let english = format!("{} and {}", many(site, "website"), many(media, "account"));
    Some(t.say(format!("政府网站{site}个、政务新媒体账号{media}个"), english))
}

/// The pass rates by kind where both were judged, websites first.
pub(super) fn rates(d: &Dataset) -> Option<[Figure; 2]> {
    let rates = kinds(d)?.map(|kind| d.figure(&format!("kind.{kind}.pass_rate")));
    rates.iter().all(|rate| rate.denominator.unwrap_or_default() > 0).then_some(rates)
}

/// The line of the new media in a breakdown by platform, where there are websites as well.
pub(super) fn media(d: &Dataset, t: Tongue) -> Option<Tally> {
    kinds(d)?;
    Some(Tally::of(d, "kind.media", "media", t.pick("新媒体小计", "New media")))
}

/// The kinds of a round that drew both; a dataset of an earlier version does not tell them apart.
fn kinds(d: &Dataset) -> Option<[&'static str; 2]> {
    let kinds = ["website", "media"];
    kinds.iter().all(|kind| d.count(&format!("kind.{kind}.drawn")) > 0).then_some(kinds)
}
