// Fingers on a touch screen.

export class Touch {
  static async create({ context, page }) {
    return new Touch(await context.newCDPSession(page));
  }

  constructor(session) {
    this.session = session;
  }

  send(type, points) {
    const touchPoints = points.map(([x, y], id) => ({ x, y, id }));
    return this.session.send('Input.dispatchTouchEvent', { type, touchPoints });
  }

  // Moves one finger through these places, or several, each through the places of its list.
  async move(...fingers) {
    const [start, ...rest] = fingers[0].map((_, index) => fingers.map((places) => places[index]));
    await this.send('touchStart', start);
    for (const places of rest) await this.send('touchMove', places);
    await this.send('touchEnd', []);
  }

  swipe([x, y], [toX, toY]) {
    const between = (part) => [x + (toX - x) * part, y + (toY - y) * part];
    return this.move([[x, y], between(0.25), between(0.5), between(0.75), [toX, toY]]);
  }
}
