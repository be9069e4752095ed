//! What all pages share: head, header and footer.

use maud::{DOCTYPE, Markup, html};

use slo_core::Name;

use super::{reference, style};
use crate::edge::links::Base;

/// Which page it is.
pub(super) struct Frame<'p> {
    /// Where the service is, for links.
    pub(super) base: &'p Base,
    /// The page's title.
    pub(super) title: &'p str,
    /// Who has signed in.
    pub(super) visitor: Option<&'p Name>,
}

/// A whole page around its content, which has the one `h1`.
pub(super) fn frame(page: &Frame<'_>, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) " · Error budgets" }
                link rel="stylesheet" href=(page.base.href(style::href()));
                // Without it browsers ask for /favicon.ico.
                link rel="icon" href="data:,";
            }
            body {
                a.skip href="#content" { "Skip to content" }
                header.top {
                    nav aria-label="Main" {
                        a.home href=(page.base.href("/")) { "Error budgets" }
                        @if let Some(visitor) = page.visitor {
                            a.visitor href=(page.base.href(&format!("/users/{visitor}/sprint"))) { (visitor) "’s sprint" }
                            form.screen method="post" action=(page.base.href("/sign-out")) { button.plain { "Sign out" } }
                        }
                    }
                }
                main #content tabindex="-1" { (content) }
                footer.bottom {
                    p { "Times are UTC. What is left is rounded down." }
                    p.screen { a href=(page.base.href(reference::PATH)) { "API reference" } }
                }
            }
        }
    }
}
