//! The game over HTTP, the same on Lambda, on one machine and in tests. The number shows when the game is over.

use std::any::Any;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;

use crate::game::{Game, GameId, Status, TRIES};
use crate::games::{GameError, Games};
use crate::links::Base;
use crate::number::Number;
use crate::problem::Problem;
use crate::reliability::{BudgetAnswer, Reliability};

/// More than any guess has.
const LARGEST_BODY: usize = 1_024;

/// All routes. Those of the game are recorded; the root and the error budget are not what is promised.
pub fn router(games: Games, reliability: &Arc<Reliability>) -> Router {
    let played = Router::new()
        .route("/games", post(request))
        .route("/games/{id}", get(info).post(guess))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(games)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(reliability.layer());
    let health = Router::new().route("/health/error-budget", get(budget)).with_state(Arc::clone(reliability));
    let root = Router::new().route("/", get(|base: Base| async move { Json(json!({ "links": base.root() })) }));
    let all = root.merge(played).merge(health);
    all.fallback(|base: Base| async move { Problem::no_route().with(base.root()) })
        .method_not_allowed_fallback(|base: Base| async move { Problem::method().with(base.root()) })
}

/// A game as players see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GameAnswer {
    id: GameId,
    guesses: [Option<Number>; TRIES],
    #[serde(skip_serializing_if = "Option::is_none")]
    random_number: Option<Number>,
    status: Status,
    links: Value,
}

fn show(base: &Base, id: GameId, game: &Game) -> Json<GameAnswer> {
    let status = game.status();
    Json(GameAnswer {
        id,
        guesses: game.guesses(),
        random_number: (status != Status::Ongoing).then(|| game.number()),
        status,
        links: base.of_game(id, status),
    })
}

fn refused(base: &Base, id: &str, error: GameError) -> Problem {
    let links = match &error {
        GameError::Repository(_) => base.beside_game(id),
        GameError::NotFound(_) | GameError::Finished(_) => base.without_game(),
    };
    Problem::from(error).with(links)
}

async fn request(State(games): State<Games>, base: Base) -> Result<Response, Problem> {
    let (id, game) = games.request().await.map_err(|error| refused(&base, "", error))?;
    let location = [(header::LOCATION, format!("{}/games/{id}", base.0))];
    Ok((StatusCode::CREATED, location, show(&base, id, &game)).into_response())
}

async fn info(State(games): State<Games>, Path(id): Path<String>, base: Base) -> Result<Response, Problem> {
    let (id, game) = games.info(&id).await.map_err(|error| refused(&base, &id, error))?;
    Ok(show(&base, id, &game).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Guess {
    guess: Number,
}

async fn guess(
    State(games): State<Games>,
    Path(id): Path<String>,
    base: Base,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let unread = |problem: Problem| problem.with(base.beside_game(&id));
    let body = body.map_err(|_| unread(Problem::large()))?;
    let Guess { guess } = serde_json::from_slice(&body).map_err(|error| unread(Problem::body(&error)))?;
    let (id, game) = games.guess(&id, guess).await.map_err(|error| refused(&base, &id, error))?;
    Ok(show(&base, id, &game).into_response())
}

async fn budget(State(reliability): State<Arc<Reliability>>) -> Result<Json<BudgetAnswer>, Problem> {
    Ok(Json(reliability.budget().await?))
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
    tracing::error!(said, "a handler panicked");
    Problem::internal().into_response()
}
