//! Finds the inline scripts and styles of a page. Only for the pages of our own build: valid HTML with comments and quoted
//! attributes, but without the errors that browsers tolerate.

/// The exact texts between the tags.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct InlineElements<'a> {
    pub scripts: Vec<&'a str>,
    pub styles: Vec<&'a str>,
}

pub fn find(html: &str) -> InlineElements<'_> {
    let mut found = InlineElements::default();
    let mut rest = html;
    while let Some((_, tag)) = rest.split_once('<') {
        rest = tag;
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
        } else if tag.starts_with(|first: char| first.is_ascii_alphabetic()) {
            read_element(&mut rest, &mut found);
        }
    }
    found
}

fn read_element<'a>(rest: &mut &'a str, found: &mut InlineElements<'a>) {
    let name = take_until(rest, |c| !c.is_ascii_alphanumeric() && c != '-').to_ascii_lowercase();
    let attributes = read_attributes(rest);
    match name.as_str() {
        "script" => {
            let text = take_until_end_tag(rest, &name);
            if is_inline_script(&attributes) {
                found.scripts.push(text);
            }
        }
        "style" => found.styles.push(take_until_end_tag(rest, &name)),
        _ => {}
    }
}

/// Data in a script element is not executed and needs no hash.
fn is_inline_script(attributes: &[(&str, &str)]) -> bool {
    let value = |wanted: &str| {
        attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| *value)
    };
    value("src").is_none() && !value("type").is_some_and(|kind| kind.to_ascii_lowercase().contains("json"))
}

fn take_until_end_tag<'a>(rest: &mut &'a str, name: &str) -> &'a str {
    let end = rest.to_ascii_lowercase().find(&format!("</{name}"));
    let (text, after) = rest.split_at(end.unwrap_or(rest.len()));
    *rest = after;
    text
}

/// Reads the attributes and the `>` after them.
fn read_attributes<'a>(rest: &mut &'a str) -> Vec<(&'a str, &'a str)> {
    let mut found = Vec::new();
    loop {
        *rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            *rest = after;
            return found;
        }
        if rest.is_empty() {
            return found;
        }
        let name = take_until(rest, |c| c.is_ascii_whitespace() || "=>/".contains(c));
        *rest = rest.trim_start();
        found.push((name, read_value(rest)));
    }
}

fn read_value<'a>(rest: &mut &'a str) -> &'a str {
    let Some(after) = rest.strip_prefix('=') else { return "" };
    *rest = after.trim_start();
    for quote in ['"', '\''] {
        if let Some(quoted) = rest.strip_prefix(quote) {
            let (value, after) = quoted.split_once(quote).unwrap_or((quoted, ""));
            *rest = after;
            return value;
        }
    }
    take_until(rest, |c| c.is_ascii_whitespace() || c == '>')
}

fn take_until<'a>(rest: &mut &'a str, stop: impl Fn(char) -> bool) -> &'a str {
    let (taken, after) = rest.split_at(rest.find(stop).unwrap_or(rest.len()));
    *rest = after;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scripts(html: &str) -> Vec<&str> {
        find(html).scripts
    }

    #[test]
    fn script_text_is_exact() {
        let html =
            "<!DOCTYPE html><head>\n<script type=\"module\">\nimport init from '/a.js';\n</script></head>";
        assert_eq!(scripts(html), ["\nimport init from '/a.js';\n"]);
    }

    #[test]
    fn all_inline_elements_are_found() {
        let html = "<style>a{}</style><SCRIPT defer nonce=''>one</SCRIPT><script type=module>two < 3</script \n>\
                    <style media='print'>b > c {}</style>";
        let found = find(html);
        assert_eq!(found.scripts, ["one", "two < 3"]);
        assert_eq!(found.styles, ["a{}", "b > c {}"]);
    }

    #[test]
    fn external_scripts_and_data_are_skipped() {
        let html = "<script src=/a.js></script><script async type=\"module\" src=\"b.js\"></script>\
                    <script type='application/ld+json'>{\"a\": 1}</script><link rel=stylesheet href=c.css>";
        assert_eq!(find(html), InlineElements::default());
    }

    #[test]
    fn attribute_values_may_contain_markup() {
        assert_eq!(scripts("<script data-a='>' data-b=\"<script>\" data-c=src>x</script>"), ["x"]);
        assert_eq!(scripts("<p title=\"<script>no</script>\">a < b</p><script>yes</script>"), ["yes"]);
        assert_eq!(scripts("<input disabled/><br/><script\n  data-a = 'b'\n>x</script>"), ["x"]);
    }

    #[test]
    fn comments_are_skipped() {
        assert_eq!(
            scripts("<!-- <script>no</script> --><script>yes</script><!-- unclosed <script>"),
            ["yes"]
        );
    }

    #[test]
    fn empty_script_counts_and_broken_page_ends() {
        assert_eq!(scripts("<script></script>"), [""]);
        assert_eq!(scripts(""), [""; 0]);
        assert_eq!(scripts("<script>never closed"), ["never closed"]);
        assert_eq!(scripts("<a href = "), [""; 0]);
        assert_eq!(scripts("<a =\"<"), [""; 0]);
    }
}
