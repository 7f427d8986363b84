use super::{Block::*, Inline::*, *};

fn text(text: &str) -> Inline {
    Text(text.to_owned())
}

fn inlines(message: &str) -> Vec<Inline> {
    let [Paragraph(inlines)] = &parse(message)[..] else { panic!("{message:?}: {:?}", parse(message)) };
    inlines.clone()
}

#[test]
fn inline_formatting_is_parsed() {
    assert_eq!(
        inlines("**very** *good* ~~tea~~, `x < y`"),
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
    assert_eq!(inlines("a\nb"), [text("a\nb")]);
}

#[test]
fn block_elements_are_parsed() {
    let blocks =
        parse("> said\n> she\n\nand\n\n- one\n- two\n  - three\n\n```rust\nlet x = 1;\n  // ***\n```");
    let item = |blocks| ListItem { number: None, blocks };
    let paragraph = |content: &str| Paragraph(vec![text(content)]);
    assert_eq!(
        blocks,
        [
            Quote(vec![Paragraph(vec![text("said\nshe")])]),
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
fn list_numbers_stay_as_written() {
    let numbers = |message: &str| match &parse(message)[..] {
        [List(items)] => items.iter().map(|item| item.number).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(numbers("3. a\n3. b\n7. c"), [Some(3), Some(3), Some(7)]);
    assert_eq!(numbers("1. a\n\n2. b\n   c"), [Some(1), Some(2)]);
}

#[test]
fn delimiters_match_as_in_commonmark() {
    let (strong, emphasis) =
        (|content: &str| Strong(vec![text(content)]), |content: &str| Emphasis(vec![text(content)]));
    assert_eq!(inlines("***a***"), [Emphasis(vec![strong("a")])]);
    assert_eq!(inlines("**a *b***"), [Strong(vec![text("a "), emphasis("b")])]);
    assert_eq!(inlines("*a **b***"), [Emphasis(vec![text("a "), strong("b")])]);
    assert_eq!(inlines("*a**b*"), [emphasis("a**b")]);
    assert_eq!(inlines("**a*"), [text("*"), emphasis("a")]);
    assert_eq!(inlines("_a_b_ c"), [emphasis("a_b"), text(" c")]);
    assert_eq!(inlines("*a `*` b*"), [Emphasis(vec![text("a "), Inline::Code("*".into()), text(" b")])]);
    assert_eq!(inlines("`` a ` b ``"), [Inline::Code("a ` b".into())]);
    assert_eq!(inlines("~~a~~ ~5 to ~10"), [Strike(vec![text("a")]), text(" ~5 to ~10")]);
}

#[test]
fn delimiters_inside_words_are_literal() {
    for message in [
        "5*3*2",
        "a*b + c*d",
        "Schüler*innen und Lehrer*innen",
        "1~~2~~3",
        "snake_case_name",
        "__init__.py",
        "def __init__(self)",
        "obj.__dict__",
        "print(__name__)",
        "src/__tests__/a_b.js",
        "src/**/*.rs tests/**/*.rs",
        "¯_(ツ)_/¯",
    ] {
        assert_eq!(inlines(message), [text(message)]);
    }
    let strong = |content: &str| Strong(vec![text(content)]);
    assert_eq!(inlines("这是**重点**内容"), [text("这是"), strong("重点"), text("内容")]);
    assert_eq!(inlines("**한국어**는"), [strong("한국어"), text("는")]);
    assert_eq!(
        inlines("(__a__), **b**/**c**"),
        [text("("), strong("a"), text("), "), strong("b"), text("/"), strong("c")]
    );
}

#[test]
fn backslash_that_prevents_nothing_is_kept() {
    for message in [
        r"¯\_(ツ)_/¯",
        r"\\some\network\share\_Documentation",
        r"d:\Desktop\qos\_todelete",
        r"C:\new\*.txt",
        r"d:\*.* e:\*.*",
        r"C:\__tests__\x",
        r"(\_/) \[x\] 2 \> 1 \~ 5",
        "\\\\\n\\ \\",
    ] {
        assert_eq!(inlines(message), [text(message)]);
    }
    assert_eq!(inlines(r"`a\*b*`"), [Inline::Code(r"a\*b*".into())]);
}

#[test]
fn backslash_that_prevents_markup_is_dropped() {
    for (message, shown) in [
        (r"\*a\* ``", "*a* ``"),
        (r"\*a*", "*a*"),
        (r"\**a** \~~b~~", "**a** ~~b~~"),
        (r"\*\*a\*\*", "**a**"),
        (r"\`a`", "`a`"),
        (r"\[tea](mailto:a@b.example)", "[tea](mailto:a@b.example)"),
        (r"[tea\](mailto:a@b.example)", "[tea](mailto:a@b.example)"),
        (r"¯\\_(ツ)_/¯", r"¯\_(ツ)_/¯"),
        (r"\- a", "- a"),
        (r"  \* a", "  * a"),
        ("a\n\\> b", "a\n> b"),
        ("\\```\na", "```\na"),
    ] {
        assert_eq!(inlines(message), [text(shown)]);
    }
    assert_eq!(inlines(r"*a\*b*"), [Emphasis(vec![text(r"a\*b")])]);
    assert_eq!(inlines(r"*a \*b* c*"), [Emphasis(vec![text("a *b")]), text(" c*")]);
}

#[test]
fn code_fences_accept_lenient_forms() {
    let code = |language: &str, text: &str| Block::Code { language: language.into(), text: text.into() };
    assert_eq!(parse("```\na\n\nb```\nc"), [code("", "a\n\nb"), Paragraph(vec![text("c")])]);
    assert_eq!(parse("see\n``` sh\nls"), [Paragraph(vec![text("see")]), code("sh", "ls")]);
    assert_eq!(inlines("```a``` b"), [Inline::Code("a".into()), text(" b")]);
}

const UNSUPPORTED: &[&str] = &[
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
    "007. An agent",
    "+1. Agreed",
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
];

#[test]
fn unsupported_syntax_stays_literal() {
    for &message in UNSUPPORTED {
        assert_eq!(plain_text(message, &|_| None), message.trim());
        let parsed = format!("{:?}", parse(message));
        assert!(!parsed.contains("Link") && !parsed.contains("Strong"), "{message:?}: {parsed}");
    }
}

#[test]
fn links_allow_only_http_and_mailto() {
    let link = |href: &str, label: &str| Link { href: href.into(), label: vec![text(label)] };
    assert_eq!(inlines("[tea](https://example.org/a_b_c)"), [link("https://example.org/a_b_c", "tea")]);
    assert_eq!(inlines("[*tea*](mailto:ada@example.org)").len(), 1);
    assert_eq!(
        inlines("[Ada](mailto:ada@example.org)[x](https://x.example/(a)?b[]=c)"),
        [link("mailto:ada@example.org", "Ada"), link("https://x.example/(a)?b[]=c", "x")]
    );
    assert_eq!(
        inlines("see https://example.org/_a_/*b*c, **https://b.example**"),
        [
            text("see "),
            Autolink("https://example.org/_a_/*b*c".into()),
            text(", "),
            Strong(vec![Autolink("https://b.example".into())]),
        ]
    );
    assert_eq!(inlines("`https://a.example`"), [Inline::Code("https://a.example".into())]);
}

#[test]
fn link_label_never_contains_a_url() {
    let parsed = inlines("[https://bank.example](https://evil.example)");
    assert_eq!(
        parsed,
        [
            text("["),
            Autolink("https://bank.example".into()),
            text("]("),
            Autolink("https://evil.example".into()),
            text(")"),
        ]
    );
    assert_eq!(
        plain_text("[tea](https://a.example 'a title')", &|_| None),
        "[tea](https://a.example 'a title')"
    );
}

#[test]
fn depth_and_node_count_are_bounded() {
    let deep = parse(&format!("{}deep", "> ".repeat(1_000)));
    let mut depth = 0;
    let mut nested = &deep;
    while let [Quote(blocks)] = &nested[..] {
        (nested, depth) = (blocks, depth + 1);
    }
    assert_eq!(depth, DEPTH_MAX);
    for many in ["*a*_b_ ", "[a]: b\n\n", "https://a.org ", "- `a`\n", "> a\n\n"] {
        let many = many.repeat(500);
        assert_eq!(parse(&many), [Paragraph(vec![text(&many)])]);
    }
}

#[test]
fn parsing_keeps_every_letter() {
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
        assert_eq!(letters(&all_text(&parse(message))), letters(message), "{message:?}");
    }
}

/// Visible text, code languages and link targets.
fn all_text(blocks: &[Block]) -> String {
    blocks
        .iter()
        .map(|block| match block {
            Paragraph(inlines) => inline_text(inlines),
            Quote(blocks) => all_text(blocks),
            List(items) => items.iter().map(|item| all_text(&item.blocks)).collect(),
            Block::Code { language, text } => format!("{language}{text}"),
        })
        .collect()
}

fn inline_text(inlines: &[Inline]) -> String {
    inlines
        .iter()
        .map(|span| match span {
            Text(text) | Inline::Code(text) | Autolink(text) => text.clone(),
            Mention(id) => mentions::token(*id),
            Strong(inlines) | Emphasis(inlines) | Strike(inlines) => inline_text(inlines),
            Link { href: to, label } => inline_text(label) + to,
        })
        .collect()
}
