//! Plots of a report, as SVG files.

use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::results::Results;
use crate::scenarios::{first_view, growth, idle, inserts, messaging, newcomers, rest};
use crate::table::format_figure;
use crate::target::OURS;

const WIDTH: u32 = 760;
const BAR_HEIGHT: u32 = 30;
/// Title and scale.
const FRAME_HEIGHT: u32 = 78;
const GROWTH_HEIGHT: u32 = 360;
const LABEL_WIDTH: u32 = 250;
/// Room for the figure beside the longest bar.
const FIGURE_ROOM: f64 = 1.18;
const OUR_COLOR: RGBColor = RGBColor(31, 111, 235);
const OTHER_COLOR: RGBColor = RGBColor(139, 148, 158);
const LINE_COLORS: [RGBColor; 2] = [OUR_COLOR, RGBColor(218, 105, 0)];
const MEMBER_GROWTH: [(&str, &str); 1] = [("members of a chat", growth::MEMBERS)];
const CHAT_GROWTH: [(&str, &str); 2] = [
    ("chats of 2, as fast as possible", growth::CHATS),
    ("chats of 2, each user posts once a minute", growth::QUIET_CHATS),
];
const FONT: &str = "sans-serif";
const FONT_SIZE: u32 = 14;
const TITLE_SIZE: u32 = 17;

struct BarChart {
    file: &'static str,
    title: &'static str,
    bars: Vec<Bar>,
}

struct Bar {
    label: String,
    value: f64,
    is_ours: bool,
}

/// Draws everything that was measured.
pub fn write_plots(results: &Results, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for chart in bar_charts(results) {
        chart.draw(&folder.join(chart.file)).map_err(|error| anyhow!("{}: {error}", chart.file))?;
    }
    for (file, lines) in [
        ("growth-members.svg", growth_lines(results, &MEMBER_GROWTH)),
        ("growth-chats.svg", growth_lines(results, &CHAT_GROWTH)),
    ] {
        if !lines.is_empty() {
            draw_growth(&lines, &folder.join(file)).map_err(|error| anyhow!("{file}: {error}"))?;
        }
    }
    Ok(())
}

fn bar_charts(results: &Results) -> Vec<BarChart> {
    let of_targets = |file, title, scenario: &str, figure: &str| {
        let bar = |target| Some(bar(target, results.median(scenario, target, figure)?, target == OURS));
        BarChart { file, title, bars: results.rows(scenario).into_iter().filter_map(bar).collect() }
    };
    let rate = messaging::PER_CPU_SECOND;
    let mut posts = of_targets("posts.svg", "Durable posts per second over HTTP", rest::POSTS, rest::RATE);
    let inserted = results.median(inserts::NAME, inserts::TARGET, inserts::RATE);
    posts.bars.extend(inserted.map(|rate| bar("inserts by pgbench", rate, false)));
    let charts = [
        of_targets("one-chat.svg", "Deliveries per CPU-second, a chat of 500", messaging::FAN_OUT, rate),
        of_targets(
            "many-chats.svg",
            "Deliveries per CPU-second, 200 chats of 5",
            messaging::MANY_CHATS,
            rate,
        ),
        of_targets(
            "latency.svg",
            "p99 in milliseconds, 100 posts/s to a chat of 500",
            messaging::FAN_OUT_STEADY,
            messaging::P99,
        ),
        posts,
        of_targets("history.svg", "Pages of 50 messages per second over HTTP", rest::HISTORY, rest::RATE),
        of_targets("idle.svg", "KiB per idle socket in a chat", idle::MANY_SUBSCRIBED, idle::KIB_PER_SOCKET),
        of_targets("newcomers.svg", "Newcomers per CPU-second", newcomers::NAME, newcomers::RATE),
        compare_pages(results, "first-view.svg", "Milliseconds until a page can be used", first_view::NAME),
        compare_pages(results, "bytes.svg", "KB that a member's first view loads", first_view::BYTES),
    ];
    charts.into_iter().filter(|chart| !chart.bars.is_empty()).collect()
}

/// All figures of our page beside those of the plain one.
fn compare_pages(results: &Results, file: &'static str, title: &'static str, scenario: &str) -> BarChart {
    let bars = results.names(scenario).into_iter().flat_map(|figure| {
        [first_view::OURS, first_view::PLAIN_PAGE].into_iter().filter_map(move |page| {
            let value = results.median(scenario, page, figure)?;
            let is_ours = page == first_view::OURS;
            let figure = figure.trim_start_matches("ms until ").trim_start_matches("KB of ");
            let label = if is_ours { figure.to_owned() } else { page.to_owned() };
            Some(Bar { label, value, is_ours })
        })
    });
    BarChart { file, title, bars: bars.collect() }
}

fn bar(label: &str, value: f64, is_ours: bool) -> Bar {
    Bar { label: label.to_owned(), value, is_ours }
}

impl BarChart {
    fn draw(&self, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
        let height = FRAME_HEIGHT + BAR_HEIGHT * self.bars.len() as u32;
        let area = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE)?;
        let largest = self.bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
        // The first bar is at the top.
        let rows = (self.bars.len() as f64)..0.0;
        let mut chart = ChartBuilder::on(&area)
            .caption(self.title, (FONT, TITLE_SIZE))
            .margin(10)
            .set_label_area_size(LabelAreaPosition::Left, LABEL_WIDTH)
            .set_label_area_size(LabelAreaPosition::Bottom, 24)
            .build_cartesian_2d(0.0..largest * FIGURE_ROOM, rows)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .x_labels(5)
            .max_light_lines(0)
            .x_label_formatter(&|figure| format_figure(Some(*figure)))
            .label_style((FONT, FONT_SIZE))
            .draw()?;
        for (row, bar) in self.bars.iter().enumerate() {
            let (top, color) = (row as f64, if bar.is_ours { OUR_COLOR } else { OTHER_COLOR });
            let corners = [(0.0, top + 0.15), (bar.value, top + 0.85)];
            chart.draw_series([Rectangle::new(corners, color.filled())])?;
            let (x, y) = chart.backend_coord(&(bar.value, top + 0.5));
            let beside = FONT_SIZE as i32 / 2;
            let text = |text: String, x, anchor| {
                let style = (FONT, FONT_SIZE).into_text_style(&area).pos(anchor);
                area.draw(&Text::new(text, (x, y - beside), style))
            };
            text(format_figure(Some(bar.value)), x + beside, Pos::new(HPos::Left, VPos::Top))?;
            let axis = chart.backend_coord(&(0.0, top)).0;
            text(bar.label.clone(), axis - beside, Pos::new(HPos::Right, VPos::Top))?;
        }
        Ok(area.present()?)
    }
}

/// A name, and the deliveries per CPU-second by size, relative to those of the smallest size.
struct GrowthLine {
    name: &'static str,
    points: Vec<(f64, f64)>,
}

fn growth_lines(results: &Results, scenarios: &[(&'static str, &str)]) -> Vec<GrowthLine> {
    let line = |&(name, scenario): &(&'static str, &str)| {
        let measured = growth::SIZES.into_iter().filter_map(|(size, count)| {
            Some((count as f64, results.median(scenario, size, messaging::PER_CPU_SECOND)?))
        });
        let points: Vec<_> = measured.collect();
        let (_, smallest) = *points.first()?;
        let points = points.into_iter().map(|(count, rate)| (count, rate / smallest)).collect();
        Some(GrowthLine { name, points })
    };
    scenarios.iter().filter_map(line).collect()
}

fn draw_growth(lines: &[GrowthLine], path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::new(path, (WIDTH, GROWTH_HEIGHT)).into_drawing_area();
    area.fill(&WHITE)?;
    let all = || lines.iter().flat_map(|line| &line.points);
    let highest = all().map(|(_, ratio)| *ratio).fold(1.0, f64::max);
    let largest = all().map(|(count, _)| *count).fold(100.0, f64::max);
    let mut chart = ChartBuilder::on(&area)
        .caption("Deliveries per CPU-second, relative to the smallest size", (FONT, TITLE_SIZE))
        .margin(10)
        .margin_right(36)
        .set_label_area_size(LabelAreaPosition::Left, 48)
        .set_label_area_size(LabelAreaPosition::Bottom, 28)
        .build_cartesian_2d((10.0..largest).log_scale(), 0.0..highest * FIGURE_ROOM)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .max_light_lines(0)
        .x_label_formatter(&|count| format_figure(Some(*count)))
        .y_label_formatter(&|ratio| format!("{ratio:.1}"))
        .label_style((FONT, FONT_SIZE))
        .draw()?;
    for (line, color) in lines.iter().zip(LINE_COLORS) {
        let series = LineSeries::new(line.points.iter().copied(), color.stroke_width(2)).point_size(3);
        let legend = move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2));
        chart.draw_series(series)?.label(line.name).legend(legend);
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerLeft)
        .background_style(WHITE.mix(0.8))
        .label_font((FONT, FONT_SIZE))
        .draw()?;
    Ok(area.present()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plots_show_labels_and_figures() {
        let folder = tempfile::tempdir().unwrap();
        let mut results = Results::default();
        for (target, rate) in [(OURS, 1_234_000.0), ("bun", 500_000.0)] {
            results.add(messaging::FAN_OUT, target, [(messaging::PER_CPU_SECOND, rate)]);
        }
        for (size, rate) in [("1,000", 100.0), ("10,000", 90.0)] {
            results.add(growth::QUIET_CHATS, size, [(messaging::PER_CPU_SECOND, rate)]);
        }
        write_plots(&results, folder.path()).unwrap();
        let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
        let bars = read("one-chat.svg");
        for text in ["a chat of 500", "chatire", "1,234,000", "bun", "500,000"] {
            assert!(bars.contains(text), "{text}: {bars}");
        }
        assert!(read("growth-chats.svg").contains("once a minute"));
        assert!(!folder.path().join("history.svg").exists());
    }
}
