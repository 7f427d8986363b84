// A person: what they do, and what they see.

import assert from 'node:assert/strict';

import { ChatList } from './chat_list.js';
import { cutOff, refuse } from './faults.js';
import { noteWhatIsSent } from './logs.js';

const PASSWORD = 'plum jam on warm toast';

export class Person {
  static async in(context, name, origin) {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        console.error(`refused by ${violatedDirective}: ${blockedURI}`),
      );
    });
    context.setDefaultTimeout(15_000);
    return new Person(name, context, await context.newPage());
  }

  troubles = [];
  expected = [];
  requests = [];

  constructor(name, context, page) {
    Object.assign(this, { name, context, page });
    page.on('console', (message) => {
      if (message.type() === 'error') this.troubled(message.text(), message.location().url);
    });
    page.on('pageerror', (error) => this.troubled(error.stack ?? error.message, page.url()));
    page.on('crash', () => this.troubled('the page crashed', page.url()));
    page.on('dialog', (dialog) => {
      this.troubled(`a dialog: ${dialog.message()}`, page.url());
      return dialog.dismiss();
    });
    page.on('request', (request) => this.requests.push(request));
    noteWhatIsSent(page);
  }

  troubled(what, where) {
    this.troubles.push(`${what} @ ${where.replace(/^\w+:\/\/[^/]*/, '').replace(/\?.*/, '')}`);
  }

  // What the browser may complain of in this test, word for word.
  expects(...troubles) {
    this.expected.push(...troubles);
  }

  expectsStatus(status, ...paths) {
    const words = `Failed to load resource: the server responded with a status of ${status}`;
    this.expects(...paths.map((path) => `${words} @ ${path}`));
  }

  // The server is not there for these.
  expectsAbsence(...paths) {
    this.expects(...paths.map((path) => `Failed to load resource: net::ERR_CONNECTION_REFUSED @ ${path}`));
  }

  // The server goes away for these while the person has the chat open.
  expectsAbsenceOf(path) {
    const asked = ['changes', 'messages', 'read_position'].map((what) => `/api${path}/${what}/`);
    this.expectsAbsence('/auth/tickets/', '/api/chats/', ...asked);
  }

  unexpected() {
    return this.troubles.filter((trouble) => !this.expected.includes(trouble)).map((it) => `  ${this.name}: ${it}`);
  }

  leave() {
    return this.context.close();
  }

  open(address) {
    return this.page.goto(address);
  }

  isAt(path) {
    return this.page.waitForURL(({ pathname }) => (path instanceof RegExp ? path.test(pathname) : path === pathname));
  }

  get path() {
    return new URL(this.page.url()).pathname;
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  field(name) {
    return this.page.getByLabel(name, { exact: true });
  }

  heads(title) {
    return this.page.getByRole('heading', { name: title, exact: true }).waitFor();
  }

  isTold(words) {
    return this.page.getByRole('alert').filter({ hasText: words }).first().waitFor();
  }

  async signUp() {
    await this.page.getByRole('tab', { name: 'Sign Up' }).click();
    await this.field('Email').fill(`${this.name}@example.org`);
    await this.field('Username').fill(this.name);
    await this.field('Password').fill(PASSWORD);
    await this.button('Sign Up').click();
  }

  // By the small link beside the big button.
  saysToHaveAnAccount() {
    return this.page.getByRole('link', { name: 'I have an account' }).click();
  }

  async signIn(password = PASSWORD) {
    await this.page.getByRole('tab', { name: 'Sign In' }).click();
    await this.field('Username').fill(this.name);
    await this.field('Password').fill(password);
    await this.button('Sign In').click();
  }

  async signOut() {
    await this.page.getByRole('link', { name: 'Settings' }).first().click();
    await this.button('Sign out').click();
    await this.isAt('/chats');
    await this.field('Your name').waitFor();
  }

  // Opens the link of a chat, signs up on the way, and is in it.
  async joins(path) {
    await this.open(path);
    await this.saysToHaveAnAccount();
    await this.signUp();
    await this.isAt(new URL(path, this.page.url()).pathname);
    await this.button(`Join as ${this.name}`).click();
    await this.composer.waitFor();
  }

  // From nothing to the start screen.
  async arrive() {
    await this.open('/auth');
    await this.signUp();
    await this.heads(`Welcome ${this.name}!`);
  }

  async startChat() {
    await this.button('Start Chatting').click();
    await this.isAt(/^\/chats\/[0-9A-Za-z]{22}$/);
    await this.composer.waitFor();
    return this.path;
  }

  // By the list beside the chat, or the way back.
  async goHome() {
    await this.page.locator('a[href="/chats"]:visible').first().click();
    await this.button('Start Chatting').waitFor();
  }

  get chats() {
    return new ChatList(this.page);
  }

  isTitled(title) {
    return this.page.waitForFunction((title) => document.title === title, title);
  }

  async copyLink() {
    if (await this.button('Share').isVisible()) await this.button('Share').click();
    await this.button('Copy link').first().click();
    await this.button('Copied').first().waitFor();
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  get composer() {
    return this.page.getByRole('textbox', { name: 'Message', exact: true });
  }

  get messages() {
    return this.page.getByRole('log', { name: 'Messages' }).getByRole('article');
  }

  get notice() {
    return this.page.getByRole('status');
  }

  // A quiet line between the messages.
  isToldQuietly(words) {
    return this.page.getByRole('log', { name: 'Messages' }).locator('.event').filter({ hasText: words }).first().waitFor();
  }

  // Opens a chat and comes in, by one tap if one was not in it.
  async comesIn(path) {
    await this.open(path);
    const log = this.page.getByRole('log', { name: 'Messages' });
    const join = this.page.getByRole('button', { name: /^Join/ });
    await log.or(join).waitFor();
    if (await join.isVisible()) await join.click();
    await log.waitFor();
  }

  // Knocks at a chat whose owner lets people in one by one.
  async knocksAt(path) {
    await this.open(path);
    await this.button('Knock').click();
    await this.page.getByRole('heading', { name: 'You have knocked' }).waitFor();
  }

  writing(words) {
    return this.page.getByText(words, { exact: true });
  }

  async say(text) {
    await this.composer.fill(text);
    await this.button('Send').click();
  }

  // Waits until the message is there, in the state, and there once.
  async sees(text, { state = 'sent', own } = {}) {
    const message = this.messages.filter({ hasText: text });
    const whose = own === undefined ? '' : `[data-own="${own}"]`;
    await message.and(this.page.locator(`[data-state="${state}"]${whose}`)).waitFor();
    assert.equal(await message.count(), 1, `${this.name} sees “${text}” once`);
    return message;
  }

  async seesUnsent(...texts) {
    for (const text of texts) await this.sees(text, { state: 'sending', own: true });
  }

  async seesInOrder(...texts) {
    for (const text of texts) await this.sees(text);
    const all = await this.messages.allInnerTexts();
    assert.equal(all.length, texts.length, `${this.name} sees ${all.join(' | ')}`);
    for (const [nth, text] of texts.entries()) assert.ok(all[nth].includes(text), `“${text}” is in “${all[nth]}”`);
  }

  // As if something on the way let no socket through.
  hasNoSocket() {
    return this.context.routeWebSocket('**/api/socket/', (here) => here.close());
  }

  // Says a lot, as a program would.
  async pours(path, texts) {
    await this.page.evaluate(
      async ([address, texts]) => {
        const headers = { Authorization: `JWT ${sessionStorage.authToken}`, 'Content-Type': 'application/json' };
        for (const message of texts) {
          const { ok } = await fetch(address, { method: 'POST', headers, body: JSON.stringify({ message }) });
          if (!ok) throw new Error(message);
        }
      },
      [`/api${path}/messages/`, texts],
    );
  }

  // How far below the upper edge of the list a message stands.
  async placeOf(text) {
    const message = await this.messages.filter({ hasText: text }).boundingBox();
    return message.y - (await this.page.getByRole('log').boundingBox()).y;
  }

  isCutOff(options) {
    return cutOff(this, options);
  }

  isRefused(text) {
    return refuse(this, text);
  }

  screenshot(path) {
    return this.page.screenshot({ path });
  }
}
