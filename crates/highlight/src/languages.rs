//! The table of languages.

use super::TokenKind;

#[expect(clippy::struct_excessive_bools, reason = "each is about languages of its own")]
pub struct Language {
    /// What a fence may name it.
    names: &'static [&'static str],
    /// Separated by spaces.
    keywords: &'static str,
    /// Built-in types and values, separated by spaces.
    types: &'static str,
    pub line_comments: &'static [&'static str],
    pub block_comments: &'static [(&'static str, &'static str)],
    /// The first that matches counts.
    pub strings: &'static [StringRule],
    /// Characters of words besides letters, digits and `_`.
    pub word_chars: &'static str,
    /// What stands after a key, where lines begin with one.
    pub key_end: Option<char>,
    /// Characters before a word that say what it is; `#` only at the start of a line.
    pub sigils: &'static [(char, TokenKind)],
    pub has_nested_comments: bool,
    /// A string before a colon is a key.
    pub has_string_keys: bool,
    is_case_insensitive: bool,
    /// Words that begin with a capital letter are types.
    has_capital_types: bool,
    /// Whole lines are tokens, by their first character.
    pub is_diff: bool,
}

/// How a string begins and ends.
pub struct StringRule {
    pub open: &'static str,
    pub close: &'static str,
    pub has_escapes: bool,
    pub is_multiline: bool,
    /// Contains one character or an escape.
    pub is_char: bool,
}

const NONE: Language = Language {
    names: &[],
    keywords: "",
    types: "",
    line_comments: &[],
    block_comments: &[],
    strings: &[],
    word_chars: "",
    key_end: None,
    sigils: &[],
    has_nested_comments: false,
    has_string_keys: false,
    is_case_insensitive: false,
    has_capital_types: false,
    is_diff: false,
};

/// As most languages that look like C.
const C_LIKE: Language = Language {
    line_comments: &["//"],
    block_comments: &[("/*", "*/")],
    strings: &[DOUBLE, SINGLE],
    has_capital_types: true,
    ..NONE
};

/// As shells and configuration files.
const HASH_COMMENTS: Language = Language { line_comments: &["#"], strings: &[DOUBLE, SINGLE], ..NONE };

const fn line(quote: &'static str) -> StringRule {
    StringRule { open: quote, close: quote, has_escapes: true, is_multiline: false, is_char: false }
}

const fn text(open: &'static str, close: &'static str, has_escapes: bool) -> StringRule {
    StringRule { open, close, has_escapes, is_multiline: true, is_char: false }
}

/// `#include`
const DIRECTIVE: (char, TokenKind) = ('#', TokenKind::Keyword);
/// `@Override`
const ATTRIBUTE: (char, TokenKind) = ('@', TokenKind::Name);
/// `$name`
const VARIABLE: (char, TokenKind) = ('$', TokenKind::Name);

const DOUBLE: StringRule = line("\"");
const SINGLE: StringRule = line("'");
const CHAR: StringRule = StringRule { is_char: true, ..line("'") };
const BACKTICK: StringRule = text("`", "`", true);
const TRIPLE_DOUBLE: StringRule = text("\"\"\"", "\"\"\"", true);
const TRIPLE_SINGLE: StringRule = text("'''", "'''", true);

const JAVASCRIPT_KEYWORDS: &str = "async await break case catch class const continue debugger default delete do else \
    export extends false finally for from function get if import in instanceof let new null of return set static super \
    switch this throw true try typeof undefined var void while with yield";

const C_KEYWORDS: &str = "auto break case const continue default do else enum extern false for goto if inline nullptr \
    register restrict return sizeof static struct switch true typedef union volatile while";

const C_TYPES: &str = "bool char double float int int8_t int16_t int32_t int64_t long short signed size_t uint8_t \
    uint16_t uint32_t uint64_t unsigned void NULL";

static LANGUAGES: &[Language] = &[
    Language {
        names: &["python", "py", "python3"],
        keywords: "and as assert async await break case class continue def del elif else except False finally for from \
            global if import in is lambda match None nonlocal not or pass raise return self True try while with yield",
        types: "bool bytes dict float int list object set str tuple type",
        strings: &[TRIPLE_DOUBLE, TRIPLE_SINGLE, DOUBLE, SINGLE],
        sigils: &[ATTRIBUTE],
        has_capital_types: true,
        ..HASH_COMMENTS
    },
    Language {
        names: &["javascript", "js", "jsx", "mjs", "cjs", "node"],
        keywords: JAVASCRIPT_KEYWORDS,
        strings: &[DOUBLE, SINGLE, BACKTICK],
        word_chars: "$",
        sigils: &[ATTRIBUTE],
        ..C_LIKE
    },
    Language {
        names: &["typescript", "ts", "tsx"],
        keywords: "abstract as asserts async await break case catch class const continue debugger declare default delete \
            do else enum export extends false finally for from function get if implements import in infer instanceof \
            interface is keyof let module namespace new null of override private protected public readonly return \
            satisfies set static super switch this throw true try type typeof undefined var void while yield",
        types: "any bigint boolean never number object string symbol unknown",
        strings: &[DOUBLE, SINGLE, BACKTICK],
        word_chars: "$",
        sigils: &[ATTRIBUTE],
        ..C_LIKE
    },
    Language {
        names: &["java"],
        keywords: "abstract assert break case catch class continue default do else enum extends false final finally for \
            if implements import instanceof interface native new null package permits private protected public record \
            return sealed static super switch synchronized this throw throws transient true try var volatile while yield",
        types: "boolean byte char double float int long short void",
        strings: &[TRIPLE_DOUBLE, DOUBLE, SINGLE],
        sigils: &[ATTRIBUTE],
        ..C_LIKE
    },
    Language {
        names: &["c", "h"],
        keywords: C_KEYWORDS,
        types: C_TYPES,
        sigils: &[DIRECTIVE],
        has_capital_types: false,
        ..C_LIKE
    },
    Language {
        names: &["cpp", "c++", "cc", "cxx", "hpp", "arduino"],
        keywords: "alignas auto break case catch class co_await co_return co_yield concept const consteval constexpr \
            continue decltype default delete do else enum explicit export extern false final for friend goto if inline \
            mutable namespace new noexcept nullptr operator override private protected public requires return sizeof \
            static static_assert struct switch template this throw true try typedef typename union using virtual \
            volatile while",
        types: C_TYPES,
        strings: &[text("R\"(", ")\"", false), DOUBLE, SINGLE],
        sigils: &[DIRECTIVE],
        ..C_LIKE
    },
    Language {
        names: &["csharp", "cs", "c#"],
        keywords: "abstract as async await base break case catch checked class const continue default delegate do else \
            enum event explicit extern false finally fixed for foreach get goto if implicit in init interface internal \
            is lock namespace new null operator out override params private protected public readonly record ref \
            required return sealed set sizeof stackalloc static struct switch this throw true try typeof unchecked \
            unsafe using var virtual volatile when where while with yield",
        types: "bool byte char decimal double dynamic float int long object sbyte short string uint ulong ushort void",
        strings: &[TRIPLE_DOUBLE, text("@\"", "\"", false), DOUBLE, SINGLE],
        sigils: &[DIRECTIVE],
        ..C_LIKE
    },
    Language {
        names: &["go", "golang"],
        keywords: "break case chan const continue default defer else fallthrough false for func go goto if import \
            interface iota map nil package range return select struct switch true type var",
        types: "any bool byte complex128 complex64 error float32 float64 int int16 int32 int64 int8 rune string uint \
            uint16 uint32 uint64 uint8 uintptr",
        strings: &[DOUBLE, SINGLE, text("`", "`", false)],
        ..C_LIKE
    },
    Language {
        names: &["rust", "rs"],
        keywords: "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match \
            mod move mut pub ref return self static struct super trait true type unsafe use where while",
        types: "bool char f32 f64 i128 i16 i32 i64 i8 isize str u128 u16 u32 u64 u8 usize",
        strings: &[text("r#\"", "\"#", false), text("r\"", "\"", false), text("\"", "\"", true), CHAR],
        has_nested_comments: true,
        ..C_LIKE
    },
    Language {
        names: &["php"],
        keywords: "abstract and array as break case catch class clone const continue declare default do echo else elseif \
            enum extends false final finally fn for foreach function global if implements include include_once \
            instanceof interface isset match namespace new null or parent print private protected public readonly \
            require require_once return self static switch this throw trait true try unset use var while yield",
        types: "bool callable float int iterable mixed object string void",
        line_comments: &["//", "#"],
        sigils: &[VARIABLE],
        ..C_LIKE
    },
    Language {
        names: &["ruby", "rb"],
        keywords: "alias and begin break case class def defined do else elsif end ensure false for if in module next nil \
            not or private protected public raise redo require require_relative rescue retry return self super then true \
            undef unless until when while yield attr_accessor attr_reader attr_writer",
        block_comments: &[("=begin", "=end")],
        word_chars: "?!",
        sigils: &[ATTRIBUTE],
        has_capital_types: true,
        ..HASH_COMMENTS
    },
    Language {
        names: &["swift"],
        keywords: "actor as associatedtype async await break case catch class continue default defer deinit do else enum \
            extension fallthrough false fileprivate for func get guard if import in init inout internal is lazy let \
            mutating nil open operator override private protocol public repeat rethrows return self set some static \
            struct subscript super switch throw throws true try typealias var weak where while",
        strings: &[TRIPLE_DOUBLE, DOUBLE],
        sigils: &[ATTRIBUTE],
        has_nested_comments: true,
        ..C_LIKE
    },
    Language {
        names: &["kotlin", "kt", "kts"],
        keywords: "abstract actual as break by catch class companion const constructor continue crossinline data do else \
            enum expect external false final finally for fun if import in infix init inline inner interface internal is \
            lateinit null object open operator out override package private protected public reified return sealed super \
            suspend tailrec this throw true try typealias val var vararg when where while",
        strings: &[TRIPLE_DOUBLE, DOUBLE, SINGLE],
        sigils: &[ATTRIBUTE],
        has_nested_comments: true,
        ..C_LIKE
    },
    Language {
        names: &["scala", "sc"],
        keywords: "abstract case catch class def do else enum export extends extension false final finally for forSome \
            given if implicit import inline lazy match new null object override package private protected return sealed \
            super then this throw trait true try type using val var while with yield",
        strings: &[TRIPLE_DOUBLE, DOUBLE, CHAR],
        sigils: &[ATTRIBUTE],
        has_nested_comments: true,
        ..C_LIKE
    },
    Language {
        names: &["dart"],
        keywords: "abstract as assert async await base break case catch class const continue covariant default deferred \
            do else enum export extends extension external factory false final finally for get if implements import in \
            interface is late library mixin new null on operator part required return sealed set show static super \
            switch sync this throw true try typedef var void when while with yield",
        types: "bool double dynamic int num",
        strings: &[TRIPLE_DOUBLE, TRIPLE_SINGLE, DOUBLE, SINGLE],
        sigils: &[ATTRIBUTE],
        ..C_LIKE
    },
    Language {
        names: &["bash", "sh", "shell", "zsh", "console", "shellscript"],
        keywords: "break case continue declare do done elif else esac eval exec exit export fi for function if in local \
            readonly return select set shift source then trap unset until while alias cd echo printf read sudo test",
        strings: &[text("\"", "\"", true), text("'", "'", false)],
        word_chars: "-",
        sigils: &[VARIABLE],
        ..HASH_COMMENTS
    },
    Language {
        names: &["powershell", "ps1", "pwsh"],
        keywords: "begin break catch class continue data do else elseif end exit filter finally for foreach from function \
            if in param process return switch throw trap try until using while",
        block_comments: &[("<#", "#>")],
        word_chars: "-",
        sigils: &[VARIABLE],
        is_case_insensitive: true,
        ..HASH_COMMENTS
    },
    Language {
        names: &["sql", "postgresql", "postgres", "psql", "mysql", "sqlite", "plpgsql"],
        keywords: "add all alter analyze and as asc begin between by cascade case check column commit conflict constraint \
            create cross database default delete desc distinct do drop else end except exists explain false fetch for \
            foreign from full function grant group having if in index inner insert intersect into is join key lateral \
            left like limit not nothing null offset on or order outer over partition primary references returning \
            revoke right rollback schema select set table then to transaction true truncate union unique update using \
            values view when where window with",
        types: "bigint bigserial boolean bytea char date decimal double float int integer interval json jsonb numeric \
            precision real serial smallint text time timestamp timestamptz uuid varchar",
        line_comments: &["--"],
        block_comments: &[("/*", "*/")],
        strings: &[text("'", "'", false), DOUBLE, line("`")],
        is_case_insensitive: true,
        ..NONE
    },
    Language {
        names: &["css", "scss", "less"],
        keywords: "important",
        line_comments: &["//"],
        block_comments: &[("/*", "*/")],
        strings: &[DOUBLE, SINGLE],
        word_chars: "-",
        key_end: Some(':'),
        sigils: &[('@', TokenKind::Keyword), VARIABLE],
        ..NONE
    },
    Language {
        names: &["json", "jsonc", "json5"],
        keywords: "false null true",
        strings: &[DOUBLE],
        has_string_keys: true,
        has_capital_types: false,
        ..C_LIKE
    },
    Language {
        names: &["yaml", "yml"],
        keywords: "false no null off on true yes",
        word_chars: "-./",
        key_end: Some(':'),
        ..HASH_COMMENTS
    },
    Language {
        names: &["toml", "ini", "conf", "properties", "env"],
        keywords: "false true",
        strings: &[TRIPLE_DOUBLE, TRIPLE_SINGLE, DOUBLE, line("'")],
        word_chars: "-.",
        key_end: Some('='),
        line_comments: &["#", ";"],
        ..NONE
    },
    Language {
        names: &["dockerfile", "docker"],
        keywords: "add arg as cmd copy entrypoint env expose from healthcheck label onbuild run shell stopsignal user \
            volume workdir",
        word_chars: "-",
        sigils: &[VARIABLE],
        is_case_insensitive: true,
        ..HASH_COMMENTS
    },
    Language {
        names: &["lua"],
        keywords: "and break do else elseif end false for function goto if in local nil not or repeat return then true \
            until while",
        line_comments: &["--"],
        block_comments: &[("--[[", "]]")],
        strings: &[text("[[", "]]", false), DOUBLE, SINGLE],
        ..NONE
    },
    Language {
        names: &["r"],
        keywords: "break else FALSE for function if in Inf library NA NaN next NULL repeat return TRUE while",
        word_chars: ".",
        ..HASH_COMMENTS
    },
    Language { names: &["diff", "patch"], is_diff: true, ..NONE },
];

/// The language of this name, in lower case.
pub fn find(name: &str) -> Option<&'static Language> {
    LANGUAGES.iter().find(|language| language.names.contains(&name))
}

impl Language {
    pub fn classify(&self, word: &str) -> Option<TokenKind> {
        if self.contains(self.keywords, word) {
            Some(TokenKind::Keyword)
        } else if self.contains(self.types, word) || self.is_capital_type(word) {
            Some(TokenKind::Name)
        } else {
            None
        }
    }

    fn contains(&self, list: &str, word: &str) -> bool {
        let is_same = |listed: &str| {
            if self.is_case_insensitive { listed.eq_ignore_ascii_case(word) } else { listed == word }
        };
        list.split(' ').any(is_same)
    }

    /// Constants such as `MAX_SIZE` are none.
    fn is_capital_type(&self, word: &str) -> bool {
        let is_type = word.len() == 1 || word.chars().any(char::is_lowercase);
        self.has_capital_types && is_type && word.starts_with(char::is_uppercase)
    }
}
