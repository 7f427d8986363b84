//! Light, dark, or as the system has it. The choice is applied by `index.html` before anything is drawn.

use leptos::{ev, prelude::*};

use crate::{storage, words};

const KEY: &str = "theme";
const DARK: &str = "(prefers-color-scheme: dark)";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    fn chosen() -> Self {
        match storage::read(storage::browser(), KEY).as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    const fn name(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::System => words::THEME_SYSTEM,
            Self::Light => words::THEME_LIGHT,
            Self::Dark => words::THEME_DARK,
        }
    }

    fn choose(self) {
        storage::write(storage::browser(), KEY, self.name());
        self.apply();
    }

    fn apply(self) {
        let shown = self.name().unwrap_or(if system_is_dark() { "dark" } else { "light" });
        if let Some(root) = document().document_element() {
            // A root that refuses an attribute keeps the look it has.
            let _applied = root.set_attribute("data-theme", shown);
        }
    }
}

fn system_is_dark() -> bool {
    window().match_media(DARK).ok().flatten().is_some_and(|query| query.matches())
}

/// Goes along when the system changes.
pub fn follow_system() {
    if let Some(query) = window().match_media(DARK).ok().flatten() {
        let follow = wasm_bindgen::closure::Closure::<dyn Fn()>::new(|| Theme::chosen().apply());
        query.set_onchange(Some(wasm_bindgen::JsCast::unchecked_ref(follow.as_ref())));
        follow.forget();
        // The query hears of changes only for as long as somebody holds it.
        std::mem::forget(query);
    }
}

#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let chosen = RwSignal::new(Theme::chosen());
    let choice = move |theme: Theme| {
        let choose = move |_: ev::Event| {
            theme.choose();
            chosen.set(theme);
        };
        view! {
            <label class="segment">
                <input type="radio" name="theme" prop:checked=move || chosen.get() == theme on:change=choose />
                <span>{theme.word()}</span>
            </label>
        }
    };
    view! {
        <fieldset class="segments">
            <legend class="hidden">{words::THEME}</legend>
            {Theme::ALL.into_iter().map(choice).collect::<Vec<_>>()}
        </fieldset>
    }
}
