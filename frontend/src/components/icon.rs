//! Line icons, 24 by 24.

use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Attach,
    Back,
    Check,
    Clock,
    Close,
    Copy,
    Down,
    More,
    Muted,
    Pin,
    Plus,
    Search,
    Send,
    Share,
    Up,
    Warning,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Attach => {
                "M20 11.5l-8.5 8.5a5 5 0 0 1-7-7L13 4.5a3.4 3.4 0 0 1 4.8 4.8l-8.4 8.4a1.8 1.8 0 0 1-2.5-2.5L14.5 7.6"
            }
            Self::Back => "M15 5l-7 7 7 7",
            Self::Check => "M5 12.5l4.5 4.5L19 7.5",
            Self::Clock => "M12 3a9 9 0 1 0 .01 0M12 7.5V12l3 2",
            Self::Close => "M6 6l12 12M18 6L6 18",
            Self::Copy => "M9 9h10v11H9zM15 9V4H5v11h4",
            Self::Down => "M12 5v14M6 13l6 6 6-6",
            Self::More => "M5 11.5v1M12 11.5v1M19 11.5v1",
            Self::Muted => "M10 5.5a5 5 0 0 1 7 4.6V14l1.5 3H8M7 9.5V14l-1.5 3M10 20h4M4 4l16 16",
            Self::Pin => "M8 3h8M9.5 3v6L6 14h12l-3.5-5V3M12 14v7",
            Self::Plus => "M12 5v14M5 12h14",
            Self::Search => "M10.5 4a6.5 6.5 0 1 0 .01 0M15.3 15.3L20 20",
            Self::Send | Self::Up => "M12 19V5M6 11l6-6 6 6",
            Self::Share => "M12 15V4M8 8l4-4 4 4M5 12v8h14v-8",
            Self::Warning => "M12 4l9 16H3zM12 10v4M12 17h.01",
        }
    }
}

/// Hidden from assistive technology: the text beside it says the same.
#[component]
pub fn SvgIcon(icon: Icon) -> impl IntoView {
    view! {
        <svg class="icon" class:mirrored=icon == Icon::Back viewBox="0 0 24 24" aria-hidden="true">
            <path d=icon.path() />
        </svg>
    }
}
