//! One look at a website beside its posts: foot, columns, visits, address, certificate.

use super::observe::Scope;
use super::seen::{PageSeen, is_day_alone};
use super::site_seen::{ColumnLook, ColumnState, ColumnsSeen, SiteSeen};
use super::visits;
use crate::domain::account::Account;
use crate::domain::rule::Indicator;
use crate::domain::site::{is_site, visited_url};
use crate::fetch::{Fetcher, Page, Probe};
use crate::office::Office;
use crate::sources::site::{Column, ColumnPage, Front, examine, found_columns, listed_columns, read_column};
use crate::sources::{ReadContext, blocked};

/// Looks at the account as a website; `None` where it is none.
///
/// `home` is its home page, where it could be read.
pub(super) async fn look_at_site(
    office: &Office,
    fetcher: &Fetcher,
    account: &Account,
    scope: Scope,
    home: Option<Page>,
) -> Option<SiteSeen> {
    let url = visited_url(account).or(account.source_url.clone().filter(|_| is_site(account)))?;
    let mut seen = SiteSeen {
        declared_navigation: account.source_options.get("home").and_then(|v| v.as_str()) == Some("navigation"),
        ..SiteSeen::default()
    };
    match visits::seen_before(office, &account.account_id, scope.as_of, None).await {
        Ok(visits) => seen.visits = visits,
        // What cannot be read now is said of nobody.
        Err(error) => tracing::warn!(%error, account = %account.account_id, "the visits to a site could not be read"),
    }
    if !is_site(account) {
        return Some(seen);
    }
    let rules = &office.rules;
    let probe = Probe::new(fetcher.settings());
    let address = home.as_ref().map_or_else(|| url.clone(), |page| page.url.clone());
    if let Some(page) = home.filter(|page| blocked::recognise(page.status, &page.text()).is_none()) {
        let wants_columns = scope.site && rules.checks(Indicator::ColumnsStale);
        let (front, columns) =
            read_home(office, account, page, scope).await.unwrap_or_else(|| (Front::default(), Ok(Vec::new())));
        // Where the home page only leads on, the pages it leads to are the measure of it.
        let leads_on = front.shown == 0 && (front.navigation || seen.declared_navigation);
        if wants_columns || leads_on {
            seen.columns = Some(look_at_columns(office, fetcher, columns, scope).await);
        }
        seen.front = Some(front);
    }
    if scope.site && rules.checks(Indicator::Ipv6) {
        seen.ipv6 = Some(probe.ipv6(&address).await);
    }
    if scope.site && rules.checks(Indicator::Tls) {
        seen.tls = Some(probe.tls(&address, office.now()).await);
    }
    Some(seen)
}

/// The columns to look at, or why the registry's list cannot be used.
type Columns = Result<Vec<Column>, String>;

async fn read_home(office: &Office, account: &Account, page: Page, scope: Scope) -> Option<(Front, Columns)> {
    let context = ReadContext { as_of: scope.as_of, seen_at: office.now(), timezone: office.zone() };
    let (options, rules, lang) = (account.source_options.clone(), office.rules.clone(), office.lang());
    // Why: a home page may be megabytes of markup; parsing it here would hold up every other look.
    let read = tokio::task::spawn_blocking(move || {
        let columns = match listed_columns(&options, &page.url) {
            Ok(listed) if listed.is_empty() => Ok(found_columns(&page, &rules.site, &context)),
            Ok(listed) => Ok(listed),
            Err(refused) => Err(refused.sentence(lang)),
        };
        (examine(&page, &context), columns)
    });
    read.await.ok()
}

async fn look_at_columns(office: &Office, fetcher: &Fetcher, columns: Columns, scope: Scope) -> ColumnsSeen {
    let columns = match columns {
        Ok(columns) => columns,
        Err(why) => return ColumnsSeen { bad_list: Some(why), ..ColumnsSeen::default() },
    };
    let most = office.rules.site.most_columns;
    let mut seen = ColumnsSeen { left_out: columns.len().saturating_sub(most), ..ColumnsSeen::default() };
    let mut unanswered = 0;
    for column in columns.into_iter().take(most) {
        let Column { name, url, kind, days, listed, .. } = column.clone();
        let (state, page) = if unanswered < STOPS_AFTER {
            look_at_column(office, fetcher, column, scope).await
        } else {
            (ColumnState::Unread("host_resting".to_owned()), None)
        };
        unanswered = if matches!(&state, ColumnState::Unread(why) if why == "timeout") { unanswered + 1 } else { 0 };
        seen.looks.push(ColumnLook { name, url, kind, days, listed, state, page });
    }
    seen
}

/// After so many pages in a row that did not come in time, the site's other columns are left alone.
const STOPS_AFTER: usize = 3;

async fn look_at_column(
    office: &Office,
    fetcher: &Fetcher,
    column: Column,
    scope: Scope,
) -> (ColumnState, Option<PageSeen>) {
    let page = match fetcher.get(&column.url).await {
        Ok(page) => page,
        Err(failure) => return (ColumnState::Unread(failure.kind.key().to_owned()), None),
    };
    let seen = PageSeen::of(&page, office.now());
    let context = ReadContext { as_of: scope.as_of, seen_at: office.now(), timezone: office.zone() };
    let read = tokio::task::spawn_blocking(move || read_column(&page, &column, &context)).await;
    let state = match read {
        Ok(Ok(ColumnPage::Dated(reading, shown))) => {
            let newest = reading.newest_until(scope.as_of);
            let day_only = newest.is_some_and(|at| is_day_alone(at, office.zone()));
            // Dates that cannot be, and posts that came since: what was there before is not all shown.
            let shown = shown && !reading.is_ahead_of(scope.as_of);
            ColumnState::Dated { newest, day_only, shown }
        }
        Ok(Ok(ColumnPage::Blank)) => ColumnState::Blank,
        Ok(Err(refused)) => ColumnState::Unread(refused.key().to_owned()),
        Err(_) => ColumnState::Unread("adapter_failed".to_owned()),
    };
    (state, Some(seen))
}
