//! The box view over HTTP: pages and files for browsers that have nothing but a browser.
//!
//! [`router`] answers pages, made by `longear-pages` from what the [`shelf`] finds in the store, and the files that
//! they play and save. It keeps no log and no cookie, and remembers nothing about who asked.

pub mod app;
mod asked;
mod files;
mod headers;
pub mod live;
mod rooms;
pub mod shelf;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use longear_core::{ChannelId, ItemId};
use longear_pages::{AboutPage, AddressPage, ErrorKind, ItemPage, Play, Status, Visit, paths};
use longear_store::Store;
use tokio::sync::Semaphore;

use asked::Asked;
use shelf::{Found, Shelf, ShelfError};

/// How many pages are made at once; each may hold some megabytes of text for a moment.
pub const PAGES_AT_ONCE_MAX: usize = 4;

/// How long a page waits for its turn before the reader is told that the box is busy.
pub const TURN_WAIT_MAX: Duration = Duration::from_secs(10);

/// What the addresses of an item's files begin with; its ID and the number of the file follow.
pub const MEDIA: &str = "/media/";

#[derive(Clone)]
struct BoxView {
    shelf: Arc<Shelf>,
    turns: Arc<Semaphore>,
    at_hand: Arc<live::AtHand>,
    takes_notes: bool,
}

/// Makes the routes of all pages, and a page for every address that there is not.
///
/// Must run within a tokio runtime. Costs no more than the store while nobody asks. What many ask for at once is left at hand
/// for a [`live::Front`] before it.
/// With `takes_notes` the pages of rooms have forms.
pub fn router(store: Arc<Store>, at_hand: Arc<live::AtHand>, takes_notes: bool) -> Router {
    let (shelf, turns) = (Arc::new(Shelf::new(store)), Arc::new(Semaphore::new(PAGES_AT_ONCE_MAX)));
    let view = BoxView { shelf, turns, at_hand, takes_notes };
    Router::new()
        .route(paths::FEED, get(feed))
        .route(paths::ABOUT, get(about))
        .route(&format!("{}{{id}}", paths::ITEM), get(item))
        .route(&format!("{}{{id}}", paths::ADDRESS), get(address))
        .route(&format!("{MEDIA}{{id}}/{{index}}"), get(files::media))
        .route(&format!("{}{{id}}/{{file}}", live::LIVE), get(live::file))
        .route(&format!("{}{{id}}", paths::ROOMS), get(rooms::rooms))
        .route(&format!("{}{{*place}}", paths::ROOM), get(rooms::room).post(rooms::sent))
        .layer(axum::extract::DefaultBodyLimit::max(rooms::FORM_BYTES_MAX))
        .route(paths::STYLESHEET, get(files::stylesheet))
        .route(paths::ICON, get(files::icon))
        .fallback(nothing_here)
        .with_state(view)
        .layer(axum::middleware::map_response(headers::protect))
}

/// Sheets of tickets for a room, to be printed. They hold secrets: they are served to nobody.
pub fn ticket_sheets(
    store: &Store,
    talk: &longear_store::Talk,
    visit: Visit,
    tickets: &[longear_core::room::TicketWord],
) -> Result<String, crate::failure::Failure> {
    rooms::ticket_sheets(store, talk, visit, tickets)
}

/// The box's clock.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(0)
}

/// What a page is answered with.
enum Answer {
    Page(StatusCode, String),
    /// The same item goes on under another address.
    Moved(String),
}

impl Answer {
    fn page(html: String) -> Self {
        Answer::Page(StatusCode::OK, html)
    }
}

impl BoxView {
    /// Makes a page on a thread that may wait for the disk. `None` is a page that says: not here.
    async fn answer<F>(&self, visit: Visit, make: F) -> Response
    where
        F: FnOnce(&Shelf) -> Result<Option<Answer>, ShelfError> + Send + 'static,
    {
        match self.look(make).await {
            Ok(Some(Answer::Page(status, html))) => headers::page(status, visit.language, html),
            Ok(Some(Answer::Moved(to))) => headers::moved(&to),
            Ok(None) => no_page(ErrorKind::NotFound, &visit),
            Err(kind) => no_page(kind, &visit),
        }
    }

    /// Looks something up when it is its turn.
    async fn look<T, F>(&self, look: F) -> Result<T, ErrorKind>
    where
        T: Send + 'static,
        F: FnOnce(&Shelf) -> Result<T, ShelfError> + Send + 'static,
    {
        let turn = tokio::time::timeout(TURN_WAIT_MAX, self.turns.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(ErrorKind::NotReady) };
        let shelf = self.shelf.clone();
        let looked = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, even if the reader goes away before.
            let _turn = turn;
            look(&shelf)
        });
        match looked.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => {
                tracing::warn!(kind = error.kind_name(), "a page could not be made");
                Err(ErrorKind::BoxFailed)
            }
            Err(_) => Err(ErrorKind::BoxFailed),
        }
    }
}

async fn feed(State(view): State<BoxView>, asked: Asked) -> Response {
    let visit = asked.visit();
    let number = asked.value(paths::PAGE_QUERY).map_or(Some(0), |number| number.parse().ok());
    let Some(number) = number else { return no_page(ErrorKind::NotFound, &visit) };
    let make = move |shelf: &Shelf| Ok(shelf.feed(visit, number)?.map(|page| Answer::page(longear_pages::feed(&page))));
    view.answer(visit, make).await
}

async fn about(State(view): State<BoxView>, asked: Asked) -> Response {
    let visit = asked.visit();
    let make = move |shelf: &Shelf| {
        let page = AboutPage { visit, channels: shelf.channels()? };
        Ok(Some(Answer::page(longear_pages::about(&page))))
    };
    view.answer(visit, make).await
}

async fn address(State(view): State<BoxView>, asked: Asked) -> Response {
    let visit = asked.visit();
    let Ok(id) = asked.behind(paths::ADDRESS).parse::<ChannelId>() else { return no_page(ErrorKind::NotFound, &visit) };
    let make = move |shelf: &Shelf| {
        let channel = shelf.channel(&id)?;
        let page = channel.map(|channel| longear_pages::address(&AddressPage { visit, channel }));
        Ok(page.map(Answer::page))
    };
    view.answer(visit, make).await
}

async fn item(State(view): State<BoxView>, asked: Asked) -> Response {
    let visit = asked.visit();
    let Ok(id) = asked.behind(paths::ITEM).parse::<ItemId>() else { return no_page(ErrorKind::NotFound, &visit) };
    let form = asked.value(paths::FORM_QUERY).and_then(|index| index.parse().ok());
    let text = asked.value(paths::TEXT_QUERY).map(str::to_owned);
    let play = asked.value(paths::PLAY_QUERY).and_then(Play::named);
    let from_ms = asked.value(paths::FROM_QUERY).and_then(|from| from.parse().ok());
    let query = asked.query().to_owned();
    let make = move |shelf: &Shelf| {
        let (channel, item) = match shelf.item(&id, visit.now_ms)? {
            Found::Here(found) => *found,
            Found::ReplacedBy(newer) => {
                let to = paths::item(&newer.to_string());
                return Ok(Some(Answer::Moved(if query.is_empty() { to } else { format!("{to}?{query}") })));
            }
            Found::Nothing => return Ok(None),
        };
        let status = if item.status == Status::Retracted { StatusCode::GONE } else { StatusCode::OK };
        let page = ItemPage { visit, channel, item, form, text, play, from_ms };
        Ok(Some(Answer::Page(status, longear_pages::item(&page))))
    };
    view.answer(visit, make).await
}

async fn nothing_here(asked: Asked) -> Response {
    no_page(ErrorKind::NotFound, &asked.visit())
}

/// Answers with a page that says why there is none.
fn no_page(kind: ErrorKind, visit: &Visit) -> Response {
    let status = match kind {
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Gone => StatusCode::GONE,
        ErrorKind::BoxFailed => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorKind::NotReady => StatusCode::SERVICE_UNAVAILABLE,
    };
    headers::page(status, visit.language, longear_pages::error(kind, visit))
}
