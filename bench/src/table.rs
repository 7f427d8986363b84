//! Tables, for people and as Markdown alike.

use std::fmt::Write as _;

use crate::contestant::OURS;
use crate::results::Results;

/// One table for each scenario. The first figure of each is compared with ours, or, where ours is not
/// among them, with the first.
pub fn all(results: &Results) -> String {
    results.scenarios().into_iter().map(|scenario| of_scenario(results, scenario)).collect()
}

fn of_scenario(results: &Results, scenario: &str) -> String {
    let names = results.names(scenario);
    let main = names.first().copied().unwrap_or_default();
    let rows = results.rows(scenario);
    let (ratio, base) =
        if rows.contains(&OURS) { ("÷ ours", Some(&OURS)) } else { ("÷ first", rows.first()) };
    let base = base.and_then(|who| results.median(scenario, who, main));
    let mut head = vec![String::new(), ratio.to_owned()];
    head.extend(names.iter().map(|name| (*name).to_owned()));
    let measured = rows.iter().map(|who| {
        let figures = names.iter().map(|name| results.median(scenario, who, name));
        let ratio = results.median(scenario, who, main).zip(base).map(|(figure, base)| figure / base);
        let mut row = vec![(*who).to_owned(), shown(ratio)];
        row.extend(figures.map(shown));
        row
    });
    let rows: Vec<_> = measured.collect();
    let mut text = format!("\n## {scenario}\n\n{}", markdown(&head, &rows));
    for (who, why) in results.skipped_in(scenario) {
        let _ = writeln!(text, "{who} is skipped: {why}");
    }
    text
}

/// Columns as wide as their widest cell: the first to the left, all others to the right.
pub fn markdown(head: &[String], rows: &[Vec<String>]) -> String {
    let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
    let everyone = || std::iter::once(head).chain(rows.iter().map(Vec::as_slice));
    let width = |column| everyone().map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    for (place, row) in everyone().enumerate() {
        for (column, &width) in widths.iter().enumerate() {
            let cell = cell(row, column);
            let _ = if column == 0 {
                write!(text, "| {cell:<width$} ")
            } else {
                write!(text, "| {cell:>width$} ")
            };
        }
        text.push_str("|\n");
        if place == 0 {
            for (column, &width) in widths.iter().enumerate() {
                let (dashes, colon) = ("-".repeat(width + 1), if column == 0 { '-' } else { ':' });
                let _ = write!(text, "|{dashes}{colon}");
            }
            text.push_str("|\n");
        }
    }
    text
}

/// Three digits at least, none that say nothing.
pub fn shown(figure: Option<f64>) -> String {
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
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && !text.ends_with('-') {
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
    fn figures_are_shown_as_people_read_them() {
        let cases = [
            (0.0, "0"),
            (0.123, "0.12"),
            (42.0, "42"),
            (123.4, "123"),
            (1_234_567.8, "1,234,568"),
            (-4_321.0, "-4,321"),
        ];
        for (figure, text) in cases {
            assert_eq!(shown(Some(figure)), text);
        }
        assert_eq!(shown(None), "");
    }

    #[test]
    fn a_table_compares_with_ours() {
        let mut results = Results::default();
        results.add("s", OURS, [("x", 4.0), ("y", 1.0)]);
        results.add("s", "bun", [("x", 2.0)]);
        results.skip(None, "socketio", "no node".to_owned());
        let table = all(&results);
        let lines: Vec<_> =
            table.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>()).collect();
        assert!(lines.contains(&vec!["", "bun", "0.50", "2", "", ""]), "{table}");
        assert!(table.contains("socketio is skipped: no node"), "{table}");
    }
}
