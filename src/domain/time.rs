//! Instants and how they are written.

use chrono::{DateTime, FixedOffset, NaiveDateTime, SecondsFormat, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::Serializer;

/// An instant in the office's zone, to the millisecond, as every JSON output writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(DateTime<FixedOffset>);

impl LocalTime {
    /// Places an instant in the office's zone.
    #[must_use]
    pub fn new(at: DateTime<Utc>, zone: Tz) -> Self {
        Self(at.with_timezone(&zone).fixed_offset())
    }

    /// The instant.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        self.0.with_timezone(&Utc)
    }

    /// The instant with the offset it is written with.
    #[must_use]
    pub fn fixed(self) -> DateTime<FixedOffset> {
        self.0
    }

    /// `2026-11-23 09:00`, for people.
    #[must_use]
    pub fn minute(self) -> String {
        self.0.format("%Y-%m-%d %H:%M").to_string()
    }

    /// `2026-11-23`, for people.
    #[must_use]
    pub fn date(self) -> String {
        self.0.format("%Y-%m-%d").to_string()
    }
}

impl std::fmt::Display for LocalTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&rfc3339(self.0))
    }
}

impl serde::Serialize for LocalTime {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&rfc3339(self.0))
    }
}

impl<'de> serde::Deserialize<'de> for LocalTime {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        DateTime::<FixedOffset>::deserialize(d).map(Self)
    }
}

/// RFC 3339 with offset; fractions only where there are any.
fn rfc3339(at: DateTime<FixedOffset>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// Reads a time a person typed: RFC 3339, or `2026-11-23 09:00[:00]`, or a date alone
/// (its midnight), the last two in the office's zone.
#[must_use]
pub fn parse_local(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc));
    }
    let naive = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| text.parse::<chrono::NaiveDate>().ok().and_then(|d| d.and_hms_opt(0, 0, 0)))?;
    in_zone(naive, zone)
}

/// The instant at which the office's clocks show `naive`; the earlier one where they show it twice,
/// an hour later where daylight saving skips it.
#[must_use]
pub fn in_zone(naive: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let later = || zone.from_local_datetime(&naive.checked_add_signed(TimeDelta::hours(1))?).earliest();
    zone.from_local_datetime(&naive).earliest().or_else(later).map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Asia::Shanghai;

    #[test]
    fn a_typed_time_without_offset_is_office_time() {
        let want = "2026-11-23T01:00:00Z".parse::<DateTime<Utc>>().unwrap();
        for text in ["2026-11-23 09:00", "2026-11-23T09:00:00+08:00", "2026-11-23T09:00"] {
            assert_eq!(parse_local(text, Shanghai), Some(want), "{text}");
        }
        assert_eq!(parse_local("23.11.2026", Shanghai), None);
    }
}
