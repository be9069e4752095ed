//! Shapes that tell states apart without their colours.

use maud::{Markup, html};
use slo_core::{Status, Verdict};

/// A circle with a check, a triangle, an octagon with a cross, a dashed circle.
#[derive(Clone, Copy)]
enum Shape {
    Check,
    Triangle,
    Cross,
    Open,
}

/// What says a status in words beside it.
pub(super) fn status(status: Status) -> Markup {
    draw(match status {
        Status::Ok => Shape::Check,
        Status::Warning => Shape::Triangle,
        Status::Exhausted => Shape::Cross,
        Status::NoData => Shape::Open,
    })
}

/// Likewise a verdict.
pub(super) fn verdict(verdict: Verdict) -> Markup {
    draw(match verdict {
        Verdict::Ship => Shape::Check,
        Verdict::Caution => Shape::Triangle,
        Verdict::Hold => Shape::Cross,
    })
}

fn draw(shape: Shape) -> Markup {
    html! {
        svg.icon viewBox="0 0 16 16" aria-hidden="true" focusable="false" {
            @match shape {
                Shape::Check => {
                    circle cx="8" cy="8" r="7" {}
                    path.cut d="M4.7 8.3l2.3 2.3 4.4-4.8" {}
                }
                Shape::Triangle => {
                    path d="M8 1.2 15.4 14.4H.6z" {}
                    path.cut d="M8 6v4.2M8 11.9v1.1" {}
                }
                Shape::Cross => {
                    path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" {}
                    path.cut d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2" {}
                }
                Shape::Open => circle.open cx="8" cy="8" r="6.2" {},
            }
        }
    }
}
