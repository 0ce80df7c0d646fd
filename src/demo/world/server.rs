//! The world's web server: one loopback port, every page made when asked for.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::World;
use super::pages::{self, Listing};
use super::plan::{FaultKind, Shape, unit_of};

/// How long the slow page takes.
const SLOW: Duration = Duration::from_millis(300);

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new().fallback(handle).with_state(world)
}

async fn handle(State(world): State<Arc<World>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    let account = |text: &str| text.parse::<usize>().ok().filter(|i| *i < world.plan.accounts.len());
    match parts.as_slice() {
        ["up"] => "ok".into_response(),
        ["n", number] if number.parse::<u32>().is_ok() => html(StatusCode::OK, pages::notice()),
        ["f" | "l", index, _] => account(index).map_or_else(gone, |i| source(&world, i)),
        ["w", index, "news"] => {
            account(index).map_or_else(gone, |i| html(StatusCode::OK, listing(&world, i).html("utf-8")))
        }
        ["w", index, ..] => account(index).map_or_else(gone, |i| {
            let marked = world.repaired(i, "footer").is_some();
            html(StatusCode::OK, listing(&world, i).site(marked))
        }),
        ["h", index] => account(index).map_or_else(gone, |i| html(StatusCode::OK, listing(&world, i).html("utf-8"))),
        ["p", index, key] => account(index).map_or_else(gone, |i| article(&world, i, key)),
        ["x", index] => match account(index) {
            Some(i) if world.repaired(i, "link").is_some() => html(StatusCode::OK, pages::notice()),
            _ => gone(),
        },
        ["s", index, number] => match (account(index), *number) {
            (Some(i), "1") => service(&world, i).await,
            (Some(i), "2") => html(StatusCode::OK, pages::service(&unit_of(&world.plan.accounts[i]).name)),
            _ => gone(),
        },
        _ => gone(),
    }
}

fn html(status: StatusCode, page: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

fn gone() -> Response {
    html(StatusCode::NOT_FOUND, pages::missing())
}

fn listing(world: &World, account: usize) -> Listing {
    let name = unit_of(&world.plan.accounts[account]).brand;
    Listing { base: world.base().to_owned(), account, name, tz: world.plan.tz, posts: world.posts(account) }
}

fn article(world: &World, account: usize, key: &str) -> Response {
    let name = unit_of(&world.plan.accounts[account]).brand;
    world
        .posts(account)
        .iter()
        .find(|p| p.key == key)
        .map_or_else(gone, |post| html(StatusCode::OK, pages::article(world.base(), &name, world.plan.tz, post)))
}

fn source(world: &World, account: usize) -> Response {
    let spec = &world.plan.accounts[account];
    let fault = spec.fault.filter(|_| world.repaired(account, "stale").is_none());
    // List pages carry no charset in the header: the meta tag is all a reader has.
    let bare = |bytes: Vec<u8>| ([(header::CONTENT_TYPE, "text/html")], bytes).into_response();
    match fault {
        Some(FaultKind::SourceMalformed) => return typed("application/rss+xml; charset=utf-8", pages::malformed()),
        Some(FaultKind::SourceCaptcha) => return html(StatusCode::OK, pages::challenge()),
        Some(FaultKind::SourceDown) => {
            return html(StatusCode::INTERNAL_SERVER_ERROR, "<h1>500 Internal Server Error</h1>".to_owned());
        }
        Some(FaultKind::GbkPage) => {
            let page = listing(world, account).html("gbk");
            return bare(encoding_rs::GBK.encode(&page).0.into_owned());
        }
        Some(FaultKind::WrongCharset) => return bare(listing(world, account).html("gb2312").into_bytes()),
        _ => {}
    }
    match Shape::of(spec.platform) {
        Shape::Rss => typed("application/rss+xml; charset=utf-8", listing(world, account).rss()),
        Shape::Atom => typed("application/atom+xml; charset=utf-8", listing(world, account).atom()),
        Shape::JsonFeed => typed("application/feed+json", listing(world, account).json_feed()),
        Shape::Html => html(StatusCode::OK, listing(world, account).html("utf-8")),
        Shape::Site | Shape::Manual => gone(),
    }
}

fn typed(kind: &'static str, body: String) -> Response {
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

async fn service(world: &World, account: usize) -> Response {
    let spec = &world.plan.accounts[account];
    let fault = spec.fault.filter(|_| world.repaired(account, "link").is_none());
    match fault {
        Some(FaultKind::LinkGone | FaultKind::LinkCut) => return gone(),
        Some(FaultKind::LinkDown) => return html(StatusCode::SERVICE_UNAVAILABLE, pages::unavailable()),
        Some(FaultKind::LinkRecovers) if world.now() < world.recovers_at() => {
            return html(StatusCode::SERVICE_UNAVAILABLE, pages::unavailable());
        }
        Some(FaultKind::LinkSoft404) => return html(StatusCode::OK, pages::missing()),
        Some(FaultKind::LinkBlocked) => return html(StatusCode::FORBIDDEN, pages::challenge()),
        Some(FaultKind::LinkSlow) => tokio::time::sleep(SLOW).await,
        _ => {}
    }
    html(StatusCode::OK, pages::service(&unit_of(spec).name))
}
