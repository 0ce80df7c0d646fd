//! The sampling ratio (抽查比例) as an exact decimal.

use std::fmt;
use std::str::FromStr;

/// A decimal in (0, 1], kept as `units / 10^scale` so that a quota never depends on binary rounding.
///
/// Source: the district plan of 2021, section 五: 季度抽查比例不低于25%.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    units: u64,
    scale: u32,
}

/// Text that is not a ratio.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a ratio: a decimal above 0 and at most 1, such as 0.25")]
pub struct NotARatio(pub String);

impl Ratio {
    /// Everything: half-year rounds and patrols.
    pub const ALL: Self = Self { units: 1, scale: 0 };

    /// `ceil(ratio × size)`, exactly.
    #[must_use]
    pub fn quota(self, size: usize) -> usize {
        let divisor = 10_u128.pow(self.scale);
        usize::try_from((u128::from(self.units) * size as u128).div_ceil(divisor)).unwrap_or(size)
    }

    /// The nearest floating-point number, for JSON and display only.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.to_string().parse().unwrap_or(1.0)
    }
}

impl FromStr for Ratio {
    type Err = NotARatio;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || NotARatio(text.to_owned());
        let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let fraction = fraction.trim_end_matches('0');
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 15 || (whole.is_empty() && fraction.is_empty()) {
            return Err(refuse());
        }
        let scale = fraction.len() as u32;
        let units = format!("0{whole}{fraction}").parse::<u64>().map_err(|_| refuse())?;
        if units == 0 || u128::from(units) > 10_u128.pow(scale) {
            return Err(refuse());
        }
        Ok(Self { units, scale })
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let divisor = 10_u64.pow(self.scale);
        let (whole, rest) = (self.units / divisor, self.units % divisor);
        if self.scale == 0 {
            write!(f, "{whole}")
        } else {
            write!(f, "{whole}.{rest:0width$}", width = self.scale as usize)
        }
    }
}

impl serde::Serialize for Ratio {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_f64(self.as_f64())
    }
}

impl<'de> serde::Deserialize<'de> for Ratio {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        serde_json::Number::deserialize(d)?.to_string().parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_exact_where_floating_point_is_not() {
        let ratio: Ratio = "0.07".parse().unwrap();
        assert_eq!(ratio.quota(100), 7);
        assert_eq!("0.25".parse::<Ratio>().unwrap().quota(200), 50);
        assert_eq!("0.25".parse::<Ratio>().unwrap().quota(201), 51);
        assert_eq!("0.1".parse::<Ratio>().unwrap().quota(30), 3);
        assert_eq!(Ratio::ALL.quota(41), 41);
        assert_eq!(Ratio::ALL.quota(0), 0);
    }

    #[test]
    fn only_decimals_in_range_are_ratios() {
        for text in ["", ".", "0", "0.0", "1.01", "-0.2", "25%", "1e-1", "NaN"] {
            assert!(text.parse::<Ratio>().is_err(), "{text}");
        }
        assert_eq!("0.250".parse::<Ratio>().unwrap().to_string(), "0.25");
        assert_eq!("1".parse::<Ratio>().unwrap(), Ratio::ALL);
    }
}
