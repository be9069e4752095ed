//! Plots as SVG inside a page.
//!
//! The library writes colours; the stylesheet knows each of them by its value and says what it looks like in light and in
//! dark. Coordinates are whole numbers, minutes and billionths: only the library computes pixels.

use maud::{Markup, PreEscaped, html};
use plotters::coord::combinators::BindKeyPoints as _;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use slo_core::{Minute, Period, Ratio};

use super::words;

/// The colours, by what they stand for: see `style.css`.
const AXIS: RGBColor = RGBColor(1, 1, 1);
const GRID: RGBColor = RGBColor(2, 2, 2);
const CURVE: RGBColor = RGBColor(3, 3, 3);
const GOAL: RGBColor = RGBColor(4, 4, 4);
const EXCLUDED: RGBColor = RGBColor(5, 5, 5);
const INCIDENT: RGBColor = RGBColor(6, 6, 6);

const BILLION: i64 = 1_000_000_000;

/// A curve over time with what explains it.
pub(super) struct Plot<'p> {
    /// Begins the ids of its title and description.
    pub(super) id: &'p str,
    /// What it shows.
    pub(super) title: &'p str,
    /// What there is to see, in words.
    pub(super) description: &'p str,
    /// From where to where.
    pub(super) period: Period,
    /// In order of time; where there is no value, there is no curve.
    pub(super) points: &'p [(Minute, Option<Ratio>)],
    /// A level that matters.
    pub(super) goal: Ratio,
    /// Whether the curve is drawn down to zero.
    pub(super) from_zero: bool,
    /// What does not count.
    pub(super) excluded: &'p [Period],
    /// What went wrong, numbered from 1.
    pub(super) incidents: &'p [Period],
}

/// How large a plot is drawn.
struct Size {
    class: &'static str,
    width: u32,
    height: u32,
    /// The most labels below it.
    labels: i64,
}

/// One for screens and paper, one for telephones: text keeps its size.
const SIZES: [Size; 2] = [
    Size { class: "wide", width: 1_040, height: 280, labels: 8 },
    Size { class: "narrow", width: 340, height: 240, labels: 3 },
];

impl Plot<'_> {
    /// The plot in each of its sizes; the stylesheet shows one.
    pub(super) fn markup(&self) -> Markup {
        html! {
            @for size in &SIZES {
                @let (title, description) = (format!("{}-{}-title", self.id, size.class), format!("{}-{}-desc", self.id, size.class));
                svg.plot.(size.class) viewBox=(format!("0 0 {} {}", size.width, size.height)) role="img"
                    aria-labelledby=(title) aria-describedby=(description) {
                    title #(title) { (self.title) }
                    desc #(description) { (self.description) }
                    // Numbers and our own words; the library escapes text.
                    (PreEscaped(self.drawn(size)))
                }
            }
        }
    }

    /// What is inside the SVG element.
    fn drawn(&self, size: &Size) -> String {
        let mut svg = String::new();
        let drawn = self.draw(SVGBackend::with_string(&mut svg, (size.width, size.height)).into_drawing_area(), size);
        if let Err(error) = drawn {
            tracing::error!(error = &*error, "a plot could not be drawn");
            return String::new();
        }
        let inside = svg.split_once("<svg").and_then(|(_, rest)| rest.split_once('>')).map_or("", |(_, rest)| rest);
        inside.trim_end().trim_end_matches("</svg>").to_owned()
    }

    fn draw(
        &self,
        area: DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
        size: &Size,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let (start, end) = (self.period.start.get(), self.period.end.get());
        let (low, high, step) = self.levels();
        let times = Times::within(start, end, size.labels);
        let levels: Vec<i64> =
            (low.div_euclid(step) + 1..=high.min(BILLION).div_euclid(step)).map(|n| n * step).collect();
        let longest = levels.iter().map(|level| labelled(*level).chars().count()).max().unwrap_or(0);
        let across = u32::try_from(end - start).unwrap_or(u32::MAX).div_ceil(size.width / 3);
        let mut chart = ChartBuilder::on(&area)
            .margin_top(18)
            .margin_right(12)
            .margin_bottom(4)
            .x_label_area_size(26)
            // Plots without long labels stand one below the other.
            .y_label_area_size(72.max(8 * u32::try_from(longest).unwrap_or(0) + 10))
            .build_cartesian_2d(
                (start..end).with_key_points(times.ticks.clone()),
                (low..high).with_key_points(levels),
            )?;
        let bands = |periods: &[Period], colour: RGBColor| -> Vec<Rectangle<(i64, i64)>> {
            let shown = periods.iter().map(|period| (period.start.get().max(start), period.end.get().min(end)));
            let wide = |(from, to): (i64, i64)| (from, to.max(from + i64::from(across)));
            let rectangle = |(from, to)| Rectangle::new([(from, low), (to, high)], colour.filled());
            shown.filter(|(from, to)| from < to).map(wide).map(rectangle).collect()
        };
        chart.draw_series(bands(self.excluded, EXCLUDED))?;
        chart
            .configure_mesh()
            .axis_style(AXIS)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .label_style(("sans-serif", 14).into_font().color(&AXIS))
            .x_label_formatter(&|minute| times.label(*minute))
            .y_label_formatter(&|level| labelled(*level))
            .draw()?;
        chart.draw_series(bands(self.incidents, INCIDENT))?;
        let goal = level(self.goal);
        chart.draw_series([PathElement::new([(start, goal), (end, goal)], GOAL.stroke_width(2))])?;
        for run in runs(self.points) {
            match run.as_slice() {
                [only] => drop(chart.draw_series([Circle::new(*only, 2, CURVE.filled())])?),
                many => drop(chart.draw_series(LineSeries::new(many.iter().copied(), CURVE.stroke_width(2)))?),
            }
        }
        if self.values().next().is_none() {
            let style = ("sans-serif", 14).into_font().color(&AXIS).pos(Pos::new(HPos::Center, VPos::Center));
            chart.draw_series([Text::new("no data", (i64::midpoint(start, end), high - (high - low) / 4), style)])?;
        }
        let numbers = self.incidents.iter().enumerate().filter(|(_, incident)| incident.end.get() > start);
        chart.draw_series(numbers.take(NUMBERED).map(|(i, incident)| {
            let at = (incident.start.get().max(start), high);
            EmptyElement::at(at)
                + Text::new((i + 1).to_string(), (-3, -16), ("sans-serif", 14).into_font().color(&INCIDENT))
        }))?;
        area.present()?;
        Ok(())
    }

    fn values(&self) -> impl Iterator<Item = i64> {
        self.points.iter().filter_map(|(_, value)| value.map(level))
    }

    /// From where to where levels go, and the step between their labels.
    fn levels(&self) -> (i64, i64, i64) {
        let goal = level(self.goal);
        let (mut low, mut high) = (self.values().fold(goal, i64::min), self.values().fold(goal, i64::max));
        if self.from_zero {
            (low, high) = (low.min(0), high.max(BILLION));
        } else {
            // A curve on its goal is a line, and not as rugged as a scale of its own would make it.
            let least = ((BILLION - goal) / 10).max(1);
            (low, high) = (low.min(goal - least), high.max((goal + least).min(BILLION)));
        }
        let step = nice((high - low).max(1) / 5);
        // A little room, so that the curve does not run on the edge.
        let room = (step / 4).max(1);
        let top = if self.from_zero { high } else { high + room };
        (low - room, top, step)
    }
}

/// So many incidents have their number on the plot: the others would only cover it.
pub(super) const NUMBERED: usize = 5;

/// Billionths of a level; what is beyond all reason is cut.
fn level(ratio: Ratio) -> i64 {
    let most = BILLION * 1_000_000;
    i64::try_from(words::scaled(ratio, BILLION.into()).clamp((-most).into(), most.into())).unwrap_or(0)
}

fn labelled(level: i64) -> String {
    words::percent(Ratio::new(level.into(), BILLION.into()).unwrap_or(Ratio::ZERO), 7)
}

/// The step of 1, 2 or 5 times a power of ten at or above a width.
fn nice(width: i64) -> i64 {
    let mut power = 1;
    loop {
        if let Some(step) = [1, 2, 5].into_iter().map(|n| n * power).find(|step| *step >= width) {
            return step;
        }
        power *= 10;
    }
}

/// The points of each stretch without a gap.
fn runs(points: &[(Minute, Option<Ratio>)]) -> Vec<Vec<(i64, i64)>> {
    let stretches = points.split(|(_, value)| value.is_none()).filter(|stretch| !stretch.is_empty());
    let place = |(minute, value): &(Minute, Option<Ratio>)| value.map(|value| (minute.get(), level(value)));
    stretches.map(|stretch| stretch.iter().filter_map(place).collect()).collect()
}

/// The times that are labelled.
struct Times {
    ticks: Vec<i64>,
    step: i64,
}

impl Times {
    fn within(start: i64, end: i64, labels: i64) -> Self {
        const STEPS: [i64; 12] =
            [5, 15, 60, 180, 360, 720, 1_440, 2_880, 7 * 1_440, 14 * 1_440, 28 * 1_440, 91 * 1_440];
        let few = |step: &i64| (end - start) / step <= labels;
        let step = STEPS.into_iter().find(few).unwrap_or(365 * 1_440);
        // Weeks begin on Monday; the epoch was a Thursday.
        let monday = if step >= 7 * 1_440 { 4 * 1_440 } else { 0 };
        let first = (start - monday).div_euclid(step) * step + monday;
        // The last label would be cut at the edge.
        let room = end - (end - start) / 20;
        let ticks = (1..).map(|n| first + n * step).take_while(|tick| *tick < room).collect();
        Self { ticks, step }
    }

    fn label(&self, minute: i64) -> String {
        let at = Minute::new(minute).timestamp();
        let format = if self.step >= 1_440 { "%-d %b" } else { "%H:%M" };
        jiff::tz::TimeZone::UTC.to_datetime(at).strftime(format).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(n: i128) -> Option<Ratio> {
        Ratio::new(n, 100)
    }

    #[test]
    fn a_gap_stays_a_gap() {
        let values = [ratio(90), ratio(80), None, None, ratio(70), None];
        let points: Vec<_> = values.into_iter().zip(0..).map(|(value, i)| (Minute::new(i), value)).collect();
        let level = 10_000_000;
        assert_eq!(runs(&points), [vec![(0, 90 * level), (1, 80 * level)], vec![(4, 70 * level)]]);
        assert!(runs(&[(Minute::new(0), None)]).is_empty());
    }

    fn plot<'p>(points: &'p [(Minute, Option<Ratio>)], goal: &str, from_zero: bool) -> Plot<'p> {
        let goal = goal.parse::<slo_core::Target>().map_or(Ratio::ZERO, Ratio::from);
        let period = Period::new(Minute::new(0), Minute::new(1_440));
        Plot { id: "", title: "", description: "", period, points, goal, from_zero, excluded: &[], incidents: &[] }
    }

    #[test]
    fn a_scale_is_that_of_the_target_where_nothing_is_worse() {
        for (goal, low, high) in [("0.999", 998_900_000, 999_100_000), ("0.9999999", 999_999_890, 999_999_910)] {
            let at_goal = [(Minute::new(0), Some(goal.parse::<slo_core::Target>().expect("a target").into()))];
            for points in [&[][..], &at_goal] {
                let (from, to, step) = plot(points, goal, false).levels();
                assert!(from < low && to > high && to - from < 2 * (high - low), "{goal}: {from} to {to}");
                assert!((3..=6).contains(&((to - from) / step)), "{goal}: {step}");
            }
        }
        for goal in ["0.999999999", "0.99"] {
            let perfect = [(Minute::new(0), Some(Ratio::ONE))];
            let svg = plot(&perfect, goal, false).drawn(&SIZES[0]);
            assert!(svg.contains("100 %") && !svg.contains("100."), "no label is above 100 %: {svg}");
        }
    }

    #[test]
    fn labels_are_not_cut_off() {
        let deep = [(Minute::new(0), Ratio::new(-1_000_000, 1))];
        for (plot, longest) in [
            (plot(&[], "0.999999999", false), "99.9999998 %"),
            (plot(&deep, "", true), "-100,000,000 %"),
            (plot(&[], "0.9", false), "91 %"),
        ] {
            for size in &SIZES {
                let svg = plot.drawn(size);
                let texts = svg.split("<text ").skip(1).filter(|text| text.contains(" %"));
                let room = |text: &str| {
                    let x = text.split("x=\"").nth(1)?.split('"').next()?.parse::<usize>().ok()?;
                    let label = text.split('>').nth(1)?.split('<').next()?.trim().to_owned();
                    text.contains("text-anchor=\"end\"").then_some((x, label))
                };
                let labels: Vec<(usize, String)> = texts.map(|text| room(text).expect(text)).collect();
                assert!(labels.iter().any(|(_, label)| label == longest), "{longest}: {labels:?}");
                assert!(labels.iter().all(|(x, label)| *x >= 8 * label.chars().count()), "{labels:?}");
            }
        }
    }

    #[test]
    fn where_there_is_no_data_it_says_so() {
        let point = [(Minute::new(0), None), (Minute::new(1), ratio(99))];
        for (points, said) in [(&point[..], false), (&point[..1], true), (&[], true)] {
            assert_eq!(plot(points, "0.99", false).drawn(&SIZES[0]).contains("no data"), said);
        }
    }

    #[test]
    fn labels_are_few_and_round() {
        let week = Times::within(0, 7 * 1_440, 8);
        assert_eq!((week.step, week.ticks.len(), week.label(1_440)), (1_440, 6, "2 Jan".to_owned()));
        let day = Times::within(30, 30 + 1_440, 8);
        assert_eq!((day.step, day.label(day.ticks[0])), (180, "03:00".to_owned()));
        assert_eq!([nice(1), nice(3), nice(50), nice(51)], [1, 5, 50, 100]);
    }
}
