// The environment of a test file: a server, a browser, and its users.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before } from 'node:test';

import { chromium } from 'playwright-core';

import { Person } from './person.js';
import { Server } from './server.js';

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 800 };

const ARTIFACTS = new URL('artifacts/', import.meta.url).pathname;

const OFFLINE_ARGS = ['--disable-background-networking', '--disable-component-update', '--disable-gpu', '--disable-quic'];

const BROWSER = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  chromiumSandbox: process.getuid() !== 0,
  args: [...OFFLINE_ARGS, '--disable-sync', '--no-first-run'],
};

export class Fixture {
  // Sets up before the tests of a file and tears down after them. Unexpected browser errors fail a test.
  static install(prepare = () => {}, settings = {}) {
    const fixture = new Fixture();
    before(async () => {
      await fixture.open(settings);
      await prepare(fixture);
      await fixture.closePages();
    });
    afterEach(() => fixture.closePages());
    after(() => fixture.close());
    return fixture;
  }

  users = [];

  async open(settings) {
    await mkdir(ARTIFACTS, { recursive: true });
    this.server = await Server.create(settings);
    this.browser = await chromium.launch(BROWSER);
  }

  // Opens a browser profile. With `profile` it is stored in that folder, and survives a restart of the browser.
  async newPerson(name, { size = DESKTOP, theme = 'light', timeZone = 'Europe/London', profile } = {}) {
    const options = {
      baseURL: this.server.url,
      viewport: size,
      hasTouch: size === PHONE,
      isMobile: size === PHONE,
      deviceScaleFactor: size === PHONE ? 2 : 1,
      colorScheme: theme,
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: timeZone ?? undefined,
    };
    const context = profile
      ? await chromium.launchPersistentContext(join(this.server.folder, profile), { ...BROWSER, ...options })
      : await this.browser.newContext(options);
    return this.track(await Person.create(context, name, this.server.url));
  }

  // Opens another tab in the profile of a person.
  async newTab(person, name) {
    return this.track(new Person(name, person.context, await person.context.newPage()));
  }

  // Two people in a chat with one message.
  async newOwnerAndMember(ownerName, otherName, otherSettings) {
    const [owner, other] = [await this.newPerson(ownerName), await this.newPerson(otherName, otherSettings)];
    await owner.signUpAndStart();
    const path = await owner.startChat();
    await owner.send('Welcome.');
    await other.signUpAndStart();
    await other.openAndJoin(path);
    await other.waitForMessage('Welcome.');
    return { owner, other, path };
  }

  track(person) {
    this.users.push(person);
    return person;
  }

  async closePages() {
    const users = this.users.splice(0);
    const errors = users.flatMap((person) => person.unexpectedErrors());
    await Promise.all(users.map((person) => person.close()));
    if (errors.length > 0) throw new Error(`the browser logged errors:\n${errors.join('\n')}`);
  }

  async close() {
    await this.browser?.close();
    await this.server?.close();
  }
}

export function screenshotPath(name) {
  return `${ARTIFACTS}${name}.png`;
}
