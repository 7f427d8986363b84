//! How a picture is moved and enlarged in the viewer, without the browser.

/// At this scale the picture fits into the view.
const SCALE_MIN: f64 = 1.0;
const SCALE_MAX: f64 = 8.0;
/// The scale after a double click.
const SCALE_CLOSE: f64 = 2.5;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// Width and height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    pub width: f64,
    pub height: f64,
}

/// Where the middle of the picture is, in pixels from the middle of the view, and how much larger than the view it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zoom {
    pub scale: f64,
    pub offset: Point,
}

impl Default for Zoom {
    fn default() -> Self {
        Self { scale: SCALE_MIN, offset: Point { x: 0.0, y: 0.0 } }
    }
}

impl Zoom {
    pub fn is_zoomed(self) -> bool {
        self.scale > SCALE_MIN
    }

    /// Enlarges the picture so that what is at `place`, from the middle of the view, stays there.
    pub fn enlarged(self, factor: f64, place: Point) -> Self {
        let scale = (self.scale * factor).clamp(SCALE_MIN, SCALE_MAX);
        if scale <= SCALE_MIN {
            return Self::default();
        }
        let ratio = scale / self.scale;
        let move_to = |offset: f64, place: f64| place - (place - offset) * ratio;
        let offset = Point { x: move_to(self.offset.x, place.x), y: move_to(self.offset.y, place.y) };
        Self { scale, offset }
    }

    /// Between the whole picture and a part of it.
    pub fn toggled(self, place: Point) -> Self {
        if self.is_zoomed() { Self::default() } else { self.enlarged(SCALE_CLOSE, place) }
    }

    pub fn moved(self, x: f64, y: f64) -> Self {
        Self { offset: Point { x: self.offset.x + x, y: self.offset.y + y }, ..self }
    }

    /// Keeps the picture in the view. `picture` is its size at scale 1.
    pub fn limited(self, picture: Extent, view: Extent) -> Self {
        let limit = |offset: f64, picture: f64, view: f64| {
            let most = ((picture * self.scale - view) / 2.0).max(0.0);
            offset.clamp(-most, most)
        };
        let x = limit(self.offset.x, picture.width, view.width);
        let y = limit(self.offset.y, picture.height, view.height);
        Self { offset: Point { x, y }, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: Extent = Extent { width: 400.0, height: 800.0 };
    const PICTURE: Extent = Extent { width: 400.0, height: 300.0 };

    #[test]
    fn zoomed_place_stays_where_it_is() {
        let place = Point { x: 100.0, y: -50.0 };
        let zoom = Zoom::default().enlarged(2.0, place);
        assert_eq!(zoom, Zoom { scale: 2.0, offset: Point { x: -100.0, y: 50.0 } });
    }

    #[test]
    fn zoom_has_limits() {
        let middle = Point { x: 0.0, y: 0.0 };
        assert_eq!(Zoom::default().enlarged(100.0, middle), Zoom { scale: SCALE_MAX, ..Zoom::default() });
        assert_eq!(Zoom::default().enlarged(2.0, VIEW_CORNER).enlarged(0.1, middle), Zoom::default());
    }

    const VIEW_CORNER: Point = Point { x: 200.0, y: 400.0 };

    #[test]
    fn picture_is_not_moved_out_of_view() {
        let zoom = Zoom::default().enlarged(2.0, Point { x: 0.0, y: 0.0 }).moved(1_000.0, 1_000.0);
        // 800 wide in 400, 600 high in 800.
        assert_eq!(zoom.limited(PICTURE, VIEW).offset, Point { x: 200.0, y: 0.0 });
        assert_eq!(Zoom::default().moved(30.0, 0.0).limited(PICTURE, VIEW), Zoom::default());
    }

    #[test]
    fn double_click_zooms_and_takes_back() {
        let place = Point { x: 10.0, y: 10.0 };
        let zoom = Zoom::default().toggled(place);
        assert!(zoom.is_zoomed() && !zoom.toggled(place).is_zoomed());
    }
}
