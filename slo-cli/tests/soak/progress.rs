//! How far it is: a bar on a terminal, else a line now and then.

use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

pub(crate) struct Progress {
    bar: ProgressBar,
    length: u64,
    /// Tenths that lines told of.
    told: u64,
}

impl Progress {
    pub(crate) fn new(length: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
        let style = "{bar:30} {human_pos} of {human_len} sent and acknowledged, {elapsed}, {eta} left";
        bar.set_style(ProgressStyle::with_template(style).expect("a template"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, length, told: 0 }
    }

    pub(crate) fn at(&mut self, position: u64) {
        self.bar.set_position(position);
        let tenths = 10 * position / self.length.max(1);
        if self.bar.is_hidden() && tenths > self.told {
            self.told = tenths;
            eprintln!("{} of {} sent and acknowledged", HumanCount(position), HumanCount(self.length));
        }
    }

    pub(crate) fn say(&self, text: &str) {
        self.bar.suspend(|| eprintln!("{text}"));
    }

    /// Takes the bar away.
    pub(crate) fn end(self) {
        self.bar.finish_and_clear();
    }
}
