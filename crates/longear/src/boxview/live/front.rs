//! What stands before all routes of a box: who asks for what is at hand gets it at once.
//!
//! Between two requests of a player lie seconds, and other work. So what counts is not only how much is done for each, but how
//! much code and memory has to be fetched for it: routes, extractors and pages cost more here than the answer itself.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderName, Method};
use axum::response::Response;
use futures_util::future::Either;
use longear_net::serve::bytes_response;
use tower_service::Service;

use super::at_hand::{AtHand, Kept};
use super::{LIVE, for_pages_elsewhere, list, segment};
use crate::boxview::headers::add_protection;

/// Fields by which a request asks for something else than all of it.
const CONDITIONS: [HeaderName; 3] = [IF_NONE_MATCH, IF_RANGE, RANGE];

/// The routes of a box, and what is at hand before them.
#[derive(Clone)]
pub struct Front {
    router: Router,
    at_hand: Arc<AtHand>,
}

impl Front {
    /// Puts what is at hand before the router that fills it.
    pub fn new(router: Router, at_hand: Arc<AtHand>) -> Self {
        Self { router, at_hand }
    }
}

impl<B> Service<Request<B>> for Front
where
    Router: Service<Request<B>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, <Router as Service<Request<B>>>::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.router.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match answer(&self.at_hand, &request) {
            Some(response) => Either::Left(ready(Ok(response))),
            None => Either::Right(self.router.call(request)),
        }
    }
}

fn answer<B>(at_hand: &AtHand, request: &Request<B>) -> Option<Response> {
    let address = request.uri().path_and_query()?.as_str().strip_prefix(LIVE)?;
    if request.method() != Method::GET {
        return None;
    }
    Some(at_hand.find(address, Instant::now())?.response(request.headers()))
}

impl Kept {
    /// Prepares an answer with these bytes, of a segment if there is one.
    pub fn new(bytes: Bytes, segment: Option<([u8; 32], &'static str)>) -> Self {
        let mut kept = Self { head: HeaderMap::new(), bytes, segment };
        kept.head = std::mem::take(kept.conditional_response(&HeaderMap::new()).headers_mut());
        kept
    }

    /// What a request gets.
    pub fn response(self, requested: &HeaderMap) -> Response {
        if CONDITIONS.iter().any(|name| requested.contains_key(name)) {
            return self.conditional_response(requested);
        }
        let mut response = Response::new(Body::from(self.bytes));
        *response.headers_mut() = self.head;
        response
    }

    fn conditional_response(&self, requested: &HeaderMap) -> Response {
        let response = match self.segment {
            Some((hash, mime)) => segment(bytes_response(&self.bytes, hash, mime, requested)),
            None => list(self.bytes.clone().into()),
        };
        let mut response = for_pages_elsewhere(response);
        add_protection(response.headers_mut());
        response
    }
}
