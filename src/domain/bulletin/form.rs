//! The three forms of a bulletin (通报形式), by the size of the office.

use crate::domain::keyed::keyed_enum;

keyed_enum! {
    /// How a bulletin is built.
    Form {
        /// Figures in sentences, a few examples, tables in the annex.
        Brief = "brief", "省级简报", "Provincial brief";
        /// Tables in the body, every problem by class and indicator.
        Statistics = "statistics", "市级统计", "City statistics";
        /// One line of scope, then every account by reason.
        List = "list", "县级清单", "County list";
    }
}

/// Up to so many accounts in the frame a list reads best.
const MOST_FOR_A_LIST: usize = 100;
/// Up to so many the tables fit the body.
const MOST_FOR_STATISTICS: usize = 1500;

impl Form {
    /// The form that fits a frame of so many accounts: districts have tens, cities hundreds, provinces thousands.
    #[must_use]
    pub const fn fitting(accounts: usize) -> Self {
        if accounts <= MOST_FOR_A_LIST {
            Self::List
        } else if accounts <= MOST_FOR_STATISTICS {
            Self::Statistics
        } else {
            Self::Brief
        }
    }
}
