//! Renders tables in Markdown.

use std::fmt::Write as _;

use crate::results::Results;
use crate::target::OURS;

/// One table per scenario. The first figure is compared with our server's, or else with the first row's.
pub fn render_report(results: &Results) -> String {
    results.scenarios().into_iter().map(|scenario| render_scenario(results, scenario)).collect()
}

fn render_scenario(results: &Results, scenario: &str) -> String {
    let names = results.names(scenario);
    let main = names.first().copied().unwrap_or_default();
    let rows = results.rows(scenario);
    let (ratio, base) =
        if rows.contains(&OURS) { ("÷ ours", Some(&OURS)) } else { ("÷ first", rows.first()) };
    let base = base.and_then(|target| results.median(scenario, target, main));
    let mut header = vec![String::new(), ratio.to_owned()];
    header.extend(names.iter().map(|name| (*name).to_owned()));
    let measured = rows.iter().map(|target| {
        let figures = names.iter().map(|name| results.median(scenario, target, name));
        let ratio = results.median(scenario, target, main).zip(base).map(|(figure, base)| figure / base);
        let mut row = vec![(*target).to_owned(), format_figure(ratio)];
        row.extend(figures.map(format_figure));
        row
    });
    let rows: Vec<_> = measured.collect();
    let mut text = format!("\n## {scenario}\n\n{}", render_table(&header, &rows));
    for (target, reason) in results.skipped_in(scenario) {
        let _ = writeln!(text, "{target} is skipped: {reason}");
    }
    text
}

/// Pads all cells of a column to the same width. The first column is left-aligned, the others right-aligned.
pub fn render_table(header: &[String], rows: &[Vec<String>]) -> String {
    let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
    let all_rows = || std::iter::once(header).chain(rows.iter().map(Vec::as_slice));
    let width = |column| all_rows().map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..header.len()).map(width).collect();
    let mut text = String::new();
    for (index, row) in all_rows().enumerate() {
        for (column, &width) in widths.iter().enumerate() {
            let cell = cell(row, column);
            let _ = if column == 0 {
                write!(text, "| {cell:<width$} ")
            } else {
                write!(text, "| {cell:>width$} ")
            };
        }
        text.push_str("|\n");
        if index == 0 {
            for (column, &width) in widths.iter().enumerate() {
                let (dashes, colon) = ("-".repeat(width + 1), if column == 0 { '-' } else { ':' });
                let _ = write!(text, "|{dashes}{colon}");
            }
            text.push_str("|\n");
        }
    }
    text
}

/// At least three significant digits, without meaningless ones.
pub fn format_figure(figure: Option<f64>) -> String {
    match figure {
        None => String::new(),
        Some(whole) if whole.fract() == 0.0 && whole.abs() < 1_000.0 => format!("{whole}"),
        Some(large) if large.abs() >= 1_000.0 => thousands(large.round() as i64),
        Some(middle) if middle.abs() >= 100.0 => format!("{middle:.0}"),
        Some(small) => format!("{small:.2}"),
    }
}

fn thousands(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_formatted_for_reading() {
        let cases = [
            (0.0, "0"),
            (0.123, "0.12"),
            (42.0, "42"),
            (123.4, "123"),
            (1_234_567.8, "1,234,568"),
            (-4_321.0, "-4,321"),
        ];
        for (figure, text) in cases {
            assert_eq!(format_figure(Some(figure)), text);
        }
        assert_eq!(format_figure(None), "");
    }

    #[test]
    fn report_compares_with_our_server() {
        let mut results = Results::default();
        results.add("s", OURS, [("x", 4.0), ("y", 1.0)]);
        results.add("s", "bun", [("x", 2.0)]);
        results.skip(None, "socketio", "no node".to_owned());
        let table = render_report(&results);
        let lines: Vec<_> =
            table.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>()).collect();
        assert!(lines.contains(&vec!["", "bun", "0.50", "2", "", ""]), "{table}");
        assert!(table.contains("socketio is skipped: no node"), "{table}");
    }
}
