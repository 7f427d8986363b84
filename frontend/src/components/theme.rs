//! The theme: light, dark, or that of the system. `index.html` applies the stored choice before the first paint.

use leptos::{ev, prelude::*};

use crate::{storage, strings};

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

    fn stored() -> Self {
        match storage::read(storage::browser(), KEY).as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::System => strings::THEME_SYSTEM,
            Self::Light => strings::THEME_LIGHT,
            Self::Dark => strings::THEME_DARK,
        }
    }

    fn select(self) {
        storage::write(storage::browser(), KEY, self.attribute());
        self.apply();
    }

    fn apply(self) {
        let value = self.attribute().unwrap_or(if system_is_dark() { "dark" } else { "light" });
        if let Some(root) = document().document_element() {
            // If the attribute cannot be set, the theme stays.
            let _applied = root.set_attribute("data-theme", value);
        }
    }
}

fn system_is_dark() -> bool {
    window().match_media(DARK).ok().flatten().is_some_and(|query| query.matches())
}

/// Applies changes of the system theme.
pub fn follow_system_theme() {
    if let Some(query) = window().match_media(DARK).ok().flatten() {
        let follow = wasm_bindgen::closure::Closure::<dyn Fn()>::new(|| Theme::stored().apply());
        query.set_onchange(Some(wasm_bindgen::JsCast::unchecked_ref(follow.as_ref())));
        follow.forget();
        // A dropped query fires no events.
        std::mem::forget(query);
    }
}

#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let selected = RwSignal::new(Theme::stored());
    let option = move |theme: Theme| {
        let select = move |_: ev::Event| {
            theme.select();
            selected.set(theme);
        };
        view! {
            <label class="segment">
                <input type="radio" name="theme" prop:checked=move || selected.get() == theme on:change=select />
                <span>{theme.label()}</span>
            </label>
        }
    };
    view! {
        <fieldset class="segments">
            <legend class="visually-hidden">{strings::THEME}</legend>
            {Theme::ALL.into_iter().map(option).collect::<Vec<_>>()}
        </fieldset>
    }
}
