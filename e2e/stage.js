// Where a test plays: a server, a browser, and the people who use it.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before } from 'node:test';

import { chromium } from 'playwright-core';

import { Person } from './people.js';
import { Server } from './server.js';

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 800 };

const ARTIFACTS = new URL('artifacts/', import.meta.url).pathname;

const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-gpu', '--disable-quic'];

const BROWSER = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  chromiumSandbox: process.getuid() !== 0,
  args: [...QUIET, '--disable-sync', '--no-first-run'],
};

export class Stage {
  // Set up before the tests of a file, cleared away after them; nobody leaves a test in trouble.
  static forThisFile(prepare = () => {}, settings = {}) {
    const stage = new Stage();
    before(async () => {
      await stage.open(settings);
      await prepare(stage);
      await stage.clear();
    });
    afterEach(() => stage.clear());
    after(() => stage.close());
    return stage;
  }

  people = [];

  async open(settings) {
    await mkdir(ARTIFACTS, { recursive: true });
    this.server = await Server.open(settings);
    this.browser = await chromium.launch(BROWSER);
  }

  // Someone with a browser profile of their own: a folder of the server's if the browser is to be closed and opened.
  async enter(name, { size = DESKTOP, theme = 'light', profile } = {}) {
    const options = {
      baseURL: this.server.url,
      viewport: size,
      hasTouch: size === PHONE,
      isMobile: size === PHONE,
      deviceScaleFactor: size === PHONE ? 2 : 1,
      colorScheme: theme,
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'Europe/London',
    };
    const context = profile
      ? await chromium.launchPersistentContext(join(this.server.folder, profile), { ...BROWSER, ...options })
      : await this.browser.newContext(options);
    return this.join(await Person.in(context, name, this.server.url));
  }

  // Someone, perhaps the same, in another tab of the same browser.
  async enterBeside(person, name) {
    return this.join(new Person(name, person.context, await person.context.newPage()));
  }

  join(person) {
    this.people.push(person);
    return person;
  }

  async clear() {
    const leaving = this.people.splice(0);
    const troubles = leaving.flatMap((person) => person.unexpected());
    await Promise.all(leaving.map((person) => person.leave()));
    if (troubles.length > 0) throw new Error(`the browser complained:\n${troubles.join('\n')}`);
  }

  async close() {
    await this.browser?.close();
    await this.server?.close();
  }
}

export function artifact(name) {
  return `${ARTIFACTS}${name}.png`;
}
