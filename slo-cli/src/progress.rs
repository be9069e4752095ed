//! How far long work is, on standard error; nothing when that is no terminal.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar for so many minutes to be sent.
pub(crate) fn minutes(length: u64) -> ProgressBar {
    bar(Some(length), "{bar:30} {human_pos} of {human_len} minutes, {eta} left")
}

/// A bar for so many bytes to be read; without a number, only how many were.
pub(crate) fn bytes(length: Option<u64>) -> ProgressBar {
    let template = match length {
        Some(_) => "{bar:30} {bytes} of {total_bytes} read, {eta} left",
        None => "{spinner} {bytes} read",
    };
    bar(length, template)
}

/// What is being done, for as long as nobody knows how long it takes.
pub(crate) fn doing(what: &'static str) -> ProgressBar {
    bar(None, "{spinner} {msg}, {elapsed}").with_message(what)
}

/// Draws how many items came, of a list that is longer than a page.
pub(crate) fn came(bar: &ProgressBar, items: usize) {
    if bar.is_hidden() && std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
        draw(bar, "{spinner} {human_pos} items");
    }
    bar.set_position(u64::try_from(items).unwrap_or(u64::MAX));
}

fn bar(length: Option<u64>, template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
    draw(&bar, template);
    bar
}

fn draw(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
}
