// Checks of the layout. Each runs in the page and returns its violations as texts.

// The narrowest screen that WCAG 1.4.10 names, and the most common width of Android phones.
const NARROW_WIDTHS = [320, 360];

// Nothing is outside of the screen, and only code scrolls sideways.
export function findOverflow(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const overflow = (element) => getComputedStyle(element).overflowX;
    const isClipped = (element) => element !== null && (overflow(element) !== 'visible' || isClipped(element.parentElement));
    const isOutside = (element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 0 && (left < -0.5 || right > clientWidth + 0.5) && !isClipped(element.parentElement);
    };
    const isScrollable = (element) => element.scrollWidth > element.clientWidth && /auto|scroll/.test(overflow(element));
    const isWide = (element) => element.checkVisibility() && (isOutside(element) || isScrollable(element));
    const wide = [...document.body.querySelectorAll(':not(pre, input, textarea)')].filter(isWide);
    const found = wide.slice(0, 3).map((element) => `not within ${clientWidth} pixels: ${element.outerHTML.slice(0, 80)}`);
    if (scrollWidth > clientWidth) found.push(`${scrollWidth} pixels wide on a screen of ${clientWidth}`);
    return found;
  });
}

// Every button is large enough to tap.
function findSmallButtons(page) {
  return page.evaluate(() => {
    const isSmall = (button) => button.checkVisibility() && (button.offsetWidth < 44 || button.offsetHeight < 44);
    const small = [...document.querySelectorAll('button')].filter(isSmall);
    return small.map((button) => `${button.offsetWidth} × ${button.offsetHeight} pixels: ${button.outerHTML.slice(0, 80)}`);
  });
}

// No line is lower than its letters, and no box cuts off text above or below.
function findClippedText(page) {
  return page.evaluate(() => {
    const isText = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== '';
    const hasText = (element) => [...element.childNodes].some(isText);
    const isClipped = (element) => {
      const { clipPath, fontSize, lineHeight, overflowY, webkitLineClamp } = getComputedStyle(element);
      // For assistive technology only, or with an ellipsis at the end.
      if (clipPath !== 'none' || webkitLineClamp !== 'none') return false;
      const isCut = /hidden|clip/.test(overflowY) && element.scrollHeight > element.clientHeight + 1;
      return isCut || parseFloat(lineHeight) < parseFloat(fontSize);
    };
    const visible = [...document.body.querySelectorAll('*')].filter((element) => element.checkVisibility());
    const clipped = visible.filter((element) => hasText(element) && isClipped(element));
    return clipped.map((element) => `cut off: ${element.outerHTML.slice(0, 80)}`);
  });
}

// Waits until the layout has settled, with what observes it.
export function waitForFrames(page) {
  return page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

// Checks the screen as it is, on narrow phones, and with text twice as large, as users set it in the browser.
export async function findLayoutViolations(page) {
  const size = page.viewportSize();
  const found = [];
  for (const width of [...NARROW_WIDTHS, size.width]) {
    await page.setViewportSize({ ...size, width });
    await waitForFrames(page);
    found.push(...(await findOverflow(page)), ...(await findSmallButtons(page)));
  }
  const setFontSize = (fontSize) => page.evaluate((fontSize) => (document.documentElement.style.fontSize = fontSize), fontSize);
  await setFontSize('200%');
  const enlarged = [...(await findClippedText(page)), ...(await findOverflow(page))];
  await setFontSize('');
  return [...found, ...enlarged.map((violation) => `text at 200 %: ${violation}`)];
}
