//! What is highlighted in each language.

use super::{TokenKind, tokenize};

/// The tokens of a kind.
fn texts<'a>(language: &str, code: &'a str, kind: TokenKind) -> Vec<&'a str> {
    let tokens = tokenize(language, code).unwrap_or_else(|| panic!("{language} is unknown"));
    tokens
        .iter()
        .filter(|token| token.kind == kind)
        .map(|token| code.get(token.range.clone()).unwrap())
        .collect()
}

const SAMPLES: &[(&str, &str, &[&str])] = &[
    (
        "python",
        "@app\ndef f(x): # why\n    return f'{x}' \"\"\"a\nb\"\"\"",
        &["@app", "def", "# why", "return", "'{x}'", "\"\"\"a\nb\"\"\""],
    ),
    ("js", "const $a = `x\n${1}`; // done", &["const", "`x\n${1}`", "// done"]),
    ("ts", "let a: string = 'b' as any", &["let", "string", "'b'", "as", "any"]),
    (
        "java",
        "@Override public int size() { return 1_000L; }",
        &["@Override", "public", "int", "return", "1_000L"],
    ),
    ("c", "#include <stdio.h>\nint a = 0x1F; /* b */", &["#include", "int", "0x1F", "/* b */"]),
    ("c++", "auto s = R\"(a\\)\"; std::Vector v;", &["auto", "R\"(a\\)\"", "Vector"]),
    ("c#", "var s = @\"C:\\\"; await f();", &["var", "@\"C:\\\"", "await"]),
    ("go", "func f() error { return nil }", &["func", "error", "return", "nil"]),
    (
        "rust",
        "fn f<'a>(c: &'a str) -> char { '\\'' /* a /* b */ c */ }",
        &["fn", "str", "char", "'\\''", "/* a /* b */ c */"],
    ),
    ("php", "<?php echo $name; // a", &["echo", "$name", "// a"]),
    ("ruby", "def empty? = @a.nil? # b", &["def", "@a", "# b"]),
    ("swift", "let a: Int = 0..<9", &["let", "Int", "0", "9"]),
    ("kt", "val s = \"\"\"a\"b\"\"\"", &["val", "\"\"\"a\"b\"\"\""]),
    (
        "bash",
        "if [ $# -gt 1 ]; then echo \"$a\nb\"; fi # c",
        &["if", "1", "then", "echo", "\"$a\nb\"", "fi", "# c"],
    ),
    ("SQL", "SELECT 'it''s' FROM Users -- all", &["SELECT", "'it'", "'s'", "FROM", "-- all"]),
    ("html", "<!-- a --><a href=\"b\">c < d</a>", &["<!-- a -->", "a", "href", "\"b\"", "a"]),
    ("css", "@media print { a-b: hover; color: red }", &["@media", "a-b", "color"]),
    ("json", "{\"a\": \"b\", \"c\": [1.5e-3, null]}", &["\"a\"", "\"b\"", "\"c\"", "1.5e-3", "null"]),
    ("yaml", "a-b: 'c' # d\n- e: true", &["a-b", "'c'", "# d", "e", "true"]),
    ("toml", "[a]\nb-c = \"d\" # e", &["b-c", "\"d\"", "# e"]),
    ("dockerfile", "FROM alpine:3\nRUN make", &["FROM", "3", "RUN"]),
    ("lua", "--[[ a\nb ]] local c = [[d\ne]]", &["--[[ a\nb ]]", "local", "[[d\ne]]"]),
    ("r", "f <- function(x) TRUE # a", &["function", "TRUE", "# a"]),
    ("scala", "val c = 'a'", &["val", "'a'"]),
    ("dart", "final a = '''b\nc''';", &["final", "'''b\nc'''"]),
    ("ps1", "IF ($a) { <# b #> }", &["IF", "$a", "<# b #>"]),
    ("diff", "@@ -1 +1 @@\n-old\n+new\n same", &["@@ -1 +1 @@", "-old", "+new"]),
];

#[test]
fn each_language_has_its_tokens() {
    for (language, code, expected) in SAMPLES {
        let tokens = tokenize(language, code).unwrap_or_else(|| panic!("{language} is unknown"));
        let found: Vec<_> = tokens.iter().map(|token| code.get(token.range.clone()).unwrap()).collect();
        assert_eq!(&found, expected, "{language}");
    }
}

#[test]
fn kinds_are_told_apart() {
    let code = "let total: Option<u32> = Some(7); // \"seven\"";
    assert_eq!(texts("rust", code, TokenKind::Keyword), ["let"]);
    assert_eq!(texts("rust", code, TokenKind::Name), ["Option", "u32", "Some"]);
    assert_eq!(texts("rust", code, TokenKind::Number), ["7"]);
    assert_eq!(texts("rust", code, TokenKind::Comment), ["// \"seven\""]);
    assert_eq!(texts("json", "{\"a\": \"b\"}", TokenKind::String), ["\"b\""]);
}

#[test]
fn language_is_the_first_word_of_the_fence() {
    for language in ["rust,ignore", "Rust no_run", "rs{1}"] {
        assert_eq!(texts(language, "fn", TokenKind::Keyword), ["fn"], "{language}");
    }
    for language in ["", "klingon", "text", "rusty"] {
        assert_eq!(tokenize(language, "fn"), None, "{language}");
    }
}

#[test]
fn unclosed_string_ends_with_its_line() {
    assert_eq!(texts("js", "it's\nlet a", TokenKind::Keyword), ["let"]);
    assert_eq!(texts("python", "'''a\nlet", TokenKind::String), ["'''a\nlet"]);
    assert_eq!(texts("c", "/* a", TokenKind::Comment), ["/* a"]);
}

/// Cut-off code, and characters of several bytes, in every language.
#[test]
fn tokens_are_ordered_and_within_the_code() {
    for (language, code, _) in SAMPLES {
        let code = format!("é{code}✓\\");
        for (end, _) in code.char_indices() {
            let part = code.get(..end).unwrap();
            let mut position = 0;
            for token in tokenize(language, part).unwrap() {
                assert!(
                    token.range.start >= position && token.range.end > token.range.start,
                    "{language}: {part}"
                );
                assert!(part.get(token.range.clone()).is_some(), "{language}: {part}");
                position = token.range.end;
            }
        }
    }
}
