use super::{Block::*, Span::*, *};

fn text(text: &str) -> Span {
    Text(text.to_owned())
}

fn spans(message: &str) -> Vec<Span> {
    let [Paragraph(spans)] = &read(message)[..] else { panic!("{message:?}: {:?}", read(message)) };
    spans.clone()
}

#[test]
fn what_is_marked_is_seen() {
    assert_eq!(
        spans("**very** *good* ~~tea~~, `x < y`"),
        [
            Strong(vec![text("very")]),
            text(" "),
            Emphasis(vec![text("good")]),
            text(" "),
            Strike(vec![text("tea")]),
            text(", "),
            Code("x < y".into()),
        ]
    );
    assert_eq!(spans("a\nb"), [text("a"), Break, text("b")]);
}

#[test]
fn quotes_lists_and_code_stand_for_themselves() {
    let blocks =
        read("> said\n> she\n\nand\n\n- one\n- two\n  - three\n\n```rust\nlet x = 1;\n  // ***\n```");
    let item = |blocks| Item { number: None, blocks };
    let paragraph = |it: &str| Paragraph(vec![text(it)]);
    assert_eq!(
        blocks,
        [
            Quote(vec![Paragraph(vec![text("said"), Break, text("she")])]),
            paragraph("and"),
            List(vec![
                item(vec![paragraph("one")]),
                item(vec![paragraph("two"), List(vec![item(vec![paragraph("three")])])]),
            ]),
            Block::Code { language: "rust".into(), text: "let x = 1;\n  // ***".into() },
        ]
    );
}

#[test]
fn numbers_stay_as_they_were_written() {
    let numbers = |message: &str| match &read(message)[..] {
        [List(items)] => items.iter().map(|item| item.number).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(numbers("3. a\n3. b\n7. c"), [Some(3), Some(3), Some(7)]);
    assert_eq!(numbers("1. a\n\n2. b\n   c"), [Some(1), Some(2)]);
}

#[test]
fn marks_belong_together_as_in_other_places() {
    let (strong, emphasis) = (|it: &str| Strong(vec![text(it)]), |it: &str| Emphasis(vec![text(it)]));
    assert_eq!(spans("***a***"), [Emphasis(vec![strong("a")])]);
    assert_eq!(spans("**a *b***"), [Strong(vec![text("a "), emphasis("b")])]);
    assert_eq!(spans("*a **b***"), [Emphasis(vec![text("a "), strong("b")])]);
    assert_eq!(spans("*a**b*"), [emphasis("a**b")]);
    assert_eq!(spans("**a*"), [text("*"), emphasis("a")]);
    assert_eq!(spans("_a_b_ c"), [emphasis("a_b"), text(" c")]);
    assert_eq!(spans("*a `*` b*"), [Emphasis(vec![text("a "), Span::Code("*".into()), text(" b")])]);
    assert_eq!(spans("`` a ` b ``"), [Span::Code("a ` b".into())]);
    assert_eq!(spans(r"\*a\* ``"), [text("*a* ``")]);
    assert_eq!(spans("~~a~~ ~5 to ~10"), [Strike(vec![text("a")]), text(" ~5 to ~10")]);
}

#[test]
fn code_may_be_fenced_as_people_do_it() {
    let code = |language: &str, text: &str| Block::Code { language: language.into(), text: text.into() };
    assert_eq!(read("```\na\n\nb```\nc"), [code("", "a\n\nb"), Paragraph(vec![text("c")])]);
    assert_eq!(read("see\n``` sh\nls"), [Paragraph(vec![text("see")]), code("sh", "ls")]);
    assert_eq!(spans("```a``` b"), [Span::Code("a".into()), text(" b")]);
}

#[test]
fn what_has_no_use_in_a_chat_stays_text() {
    for message in [
        "# great",
        "---",
        "<b>bold</b>",
        "<script>alert(1)</script>",
        "    four blanks",
        "| a | b |",
        "&amp; &lt;b&gt; &nbsp;",
        "![a cat](cat.png)",
        "2 * 3 * 4",
        "1) one",
        "1984. A year",
        ">:(",
        ">_<",
        r"\\server\share\",
        "-",
        "- ",
        "[a][b] [c",
        "```",
        "``````",
        ">",
        "> ",
        "****",
        "snake_case_name",
        "[ ] todo",
        "[tea]: /four",
        "[tea](/four)",
        "[tea](javascript:alert(1))",
        "[tea](data:text/html,x)",
        "[tea](java&#10;script:alert(1))",
        "[tea](vbscript:x)",
        "<ftp://example.org>",
        "[ ](https:x)",
        "[a](https:// b)",
        "[a](https://a.example",
        r"[tea](\\evil.example)",
    ] {
        assert_eq!(line(message), message.trim());
        let shown = format!("{:?}", read(message));
        assert!(!shown.contains("Link") && !shown.contains("Strong"), "{message:?}: {shown}");
    }
}

#[test]
fn links_lead_to_pages_and_letters_alone() {
    let link = |to: &str, label: &str| Link { to: to.into(), label: vec![text(label)] };
    assert_eq!(spans("[tea](https://example.org/a_b_c)"), [link("https://example.org/a_b_c", "tea")]);
    assert_eq!(spans("[*tea*](mailto:ada@example.org)").len(), 1);
    assert_eq!(
        spans("[Ada](mailto:ada@example.org)[x](https://x.example/(a)?b[]=c)"),
        [link("mailto:ada@example.org", "Ada"), link("https://x.example/(a)?b[]=c", "x")]
    );
    assert_eq!(
        spans("see https://example.org/_a_/*b*c, **https://b.example**"),
        [
            text("see "),
            Bare("https://example.org/_a_/*b*c".into()),
            text(", "),
            Strong(vec![Bare("https://b.example".into())]),
        ]
    );
    assert_eq!(spans("`https://a.example`"), [Span::Code("https://a.example".into())]);
}

#[test]
fn no_link_shows_one_address_and_leads_to_another() {
    let shown = spans("[https://bank.example](https://evil.example)");
    assert_eq!(
        shown,
        [
            text("["),
            Bare("https://bank.example".into()),
            text("]("),
            Bare("https://evil.example".into()),
            text(")"),
        ]
    );
    assert_eq!(line("[tea](https://a.example 'a title')"), "[tea](https://a.example 'a title')");
}

#[test]
fn there_is_an_end_to_depth_and_number() {
    let deep = read(&format!("{}deep", "> ".repeat(1_000)));
    let mut depth = 0;
    let mut inner = &deep;
    while let [Quote(blocks)] = &inner[..] {
        (inner, depth) = (blocks, depth + 1);
    }
    assert_eq!(depth, DEEPEST);
    let many = "*a*_b_".repeat(660);
    assert_eq!(read(&many), [Paragraph(vec![text(&many)])]);
    assert_eq!(line(&"[a]: b\n\n".repeat(500)).matches("[a]").count(), 500);
}

#[test]
fn nothing_that_was_said_is_lost() {
    for message in [
        "",
        "\n",
        "```",
        "```\n",
        "> ",
        "-",
        "1.",
        "[a]: b",
        "> [a]: b\n\n[c]: d",
        "\u{F0000} **mine**",
        "a\\\nb",
        "***a** b*",
        "<!-- hush -->",
        "[a][b]\n\n[b]: https://a.example 'x'",
        "```a b\nc",
        "~~~\nx\n~~~\ny",
        "- a\n\u{3000}b\n\u{a0}\u{a0}c",
    ] {
        let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).collect::<String>();
        assert_eq!(letters(&everything(&read(message))), letters(message), "{message:?}");
    }
}

/// All that is seen of a message, or heard, or followed.
fn everything(blocks: &[Block]) -> String {
    blocks
        .iter()
        .map(|block| match block {
            Paragraph(spans) => all_of(spans),
            Quote(blocks) => everything(blocks),
            List(items) => items.iter().map(|item| everything(&item.blocks)).collect(),
            Block::Code { language, text } => format!("{language}{text}"),
        })
        .collect()
}

fn all_of(spans: &[Span]) -> String {
    spans
        .iter()
        .map(|span| match span {
            Text(text) | Span::Code(text) | Bare(text) => text.clone(),
            Break => "\n".into(),
            Strong(spans) | Emphasis(spans) | Strike(spans) => all_of(spans),
            Link { to, label } => all_of(label) + to,
        })
        .collect()
}
