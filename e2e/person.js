// A user in a browser: what they do and what they see.

import assert from 'node:assert/strict';

import { ChatList } from './chat_list.js';
import { captureSentTexts } from './log_capture.js';
import { cutOff, rejectMessage } from './network_faults.js';

// The page was left while a part of the program was loading.
const LEFT_WHILE_LOADING = /^TypeError: WebAssembly compilation aborted: Network error: Response body loading was aborted @ /;
const PASSWORD = 'plum jam on warm toast';

export class Person {
  static async create(context, name, origin) {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        console.error(`refused by ${violatedDirective}: ${blockedURI}`),
      );
    });
    context.setDefaultTimeout(15_000);
    return new Person(name, context, await context.newPage());
  }

  errors = [];
  expectedErrors = [];
  requests = [];

  constructor(name, context, page) {
    Object.assign(this, { name, context, page });
    page.on('console', (message) => {
      if (message.type() === 'error') this.recordError(message.text(), message.location().url);
    });
    page.on('pageerror', (error) => this.recordError(error.stack ?? error.message, page.url()));
    page.on('crash', () => this.recordError('the page crashed', page.url()));
    page.on('dialog', (dialog) => {
      this.recordError(`a dialog: ${dialog.message()}`, page.url());
      return dialog.dismiss();
    });
    page.on('request', (request) => this.requests.push(request));
    captureSentTexts(page);
  }

  recordError(text, url) {
    this.errors.push(`${text} @ ${url.replace(/^\w+:\/\/[^/]*/, '').replace(/\?.*/, '')}`);
  }

  // Errors that the browser may log in this test; others fail the test.
  expectErrors(...errors) {
    this.expectedErrors.push(...errors);
  }

  expectStatus(status, ...paths) {
    const text = `Failed to load resource: the server responded with a status of ${status}`;
    this.expectErrors(...paths.map((path) => `${text} @ ${path}`));
  }

  expectFailedConnections(error, ...paths) {
    this.expectErrors(...paths.map((path) => `Failed to load resource: net::ERR_${error} @ ${path}`));
  }

  // Expects failing requests while the chat is open and the server is down or, with another error, the network.
  expectServerAbsence(path, error = 'CONNECTION_REFUSED') {
    const chatPaths = ['changes', 'messages', 'read_position'].map((name) => `/api${path}/${name}/`);
    this.expectFailedConnections(error, '/auth/tickets/', '/api/chats/', ...chatPaths);
  }

  unexpectedErrors() {
    const isExpected = (error) => this.expectedErrors.includes(error) || LEFT_WHILE_LOADING.test(error);
    const unexpected = this.errors.filter((error) => !isExpected(error));
    return unexpected.map((error) => `  ${this.name}: ${error}`);
  }

  close() {
    return this.context.close();
  }

  open(url) {
    return this.page.goto(url);
  }

  waitForPath(path) {
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

  waitForHeading(title) {
    return this.page.getByRole('heading', { name: title, exact: true }).waitFor();
  }

  waitForAlert(text) {
    return this.page.getByRole('alert').filter({ hasText: text }).first().waitFor();
  }

  async signUp() {
    await this.page.getByRole('tab', { name: 'Sign Up' }).click();
    await this.field('Email').fill(`${this.name}@example.org`);
    await this.field('Username').fill(this.name);
    await this.field('Password').fill(PASSWORD);
    await this.button('Sign Up').click();
  }

  // Opens the sign-in page from the start page or the join page.
  followSignInLink() {
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
    await this.waitForPath('/chats');
    await this.field('Your name').waitFor();
  }

  // Opens the link of a chat, signs up from there, and joins.
  async signUpAndJoin(path) {
    await this.open(path);
    await this.followSignInLink();
    await this.signUp();
    await this.waitForPath(new URL(path, this.page.url()).pathname);
    await this.button(`Join as ${this.name}`).click();
    await this.composer.waitFor();
  }

  // Signs up and waits for the start page.
  async signUpAndStart() {
    await this.open('/auth');
    await this.signUp();
    await this.waitForHeading(`Welcome ${this.name}!`);
  }

  async startChat() {
    await this.button('Start Chatting').click();
    await this.waitForPath(/^\/chats\/[0-9A-Za-z]{22}$/);
    await this.composer.waitFor();
    return this.path;
  }

  // Opens the start page through the chat list or the back button.
  async goHome() {
    await this.page.locator('a[href="/chats"]:visible').first().click();
    await this.button('Start Chatting').waitFor();
  }

  get chatList() {
    return new ChatList(this.page);
  }

  waitForTitle(title) {
    return this.page.waitForFunction((title) => document.title === title, title);
  }

  // Waits until the title counts so many unread messages; 0 for a title without a count.
  waitForUnreadInTitle(count) {
    const counts = (count) => Number(/^\((\d+)\) /.exec(document.title)?.[1] ?? 0) === count;
    return this.page.waitForFunction(counts, count);
  }

  // Waits until screen readers are told this.
  waitForAnnouncement(text) {
    return this.page.locator('[aria-live="polite"]').filter({ hasText: text }).waitFor({ state: 'attached' });
  }

  async copyLink() {
    if (await this.button('Share').isVisible()) await this.button('Share').click();
    await this.button('Copy link').first().click();
    await this.button('Copied').first().waitFor();
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  // That of the program, not of the skeleton.
  get composer() {
    return this.page.locator('#app').getByRole('textbox', { name: 'Message', exact: true });
  }

  get log() {
    return this.page.locator('#app').getByRole('log', { name: 'Messages' });
  }

  get messages() {
    return this.log.getByRole('article');
  }

  get notice() {
    return this.page.getByRole('status');
  }

  // Waits for an event line between the messages.
  waitForEvent(text) {
    return this.log.locator('.event').filter({ hasText: text }).first().waitFor();
  }

  // Opens a chat, and joins it if necessary.
  async openAndJoin(path) {
    await this.open(path);
    const join = this.page.getByRole('button', { name: /^Join/ });
    await this.log.or(join).waitFor();
    if (await join.isVisible()) await join.click();
    await this.log.waitFor();
  }

  // Asks to join a chat that requires approval.
  async requestToJoin(path) {
    await this.open(path);
    await this.button('Ask to join').click();
    await this.page.getByRole('heading', { name: 'Waiting to be let in' }).waitFor();
  }

  typingIndicator(text) {
    return this.page.getByText(text, { exact: true });
  }

  async send(text) {
    await this.composer.fill(text);
    await this.button('Send').click();
  }

  // Waits until the message has the state, and checks that it appears once.
  async waitForMessage(text, { state = 'sent', own } = {}) {
    const message = this.messages.filter({ hasText: text });
    const author = own === undefined ? '' : `[data-own="${own}"]`;
    await message.and(this.page.locator(`[data-state="${state}"]${author}`)).waitFor();
    assert.equal(await message.count(), 1, `${this.name} sees “${text}” once`);
    return message;
  }

  async waitForUnsent(...texts) {
    for (const text of texts) await this.waitForMessage(text, { state: 'sending', own: true });
  }

  // Waits for these messages, and checks that there are no others and that they are in this order.
  async waitForMessages(...texts) {
    for (const text of texts) await this.waitForMessage(text);
    const all = await this.messages.allInnerTexts();
    assert.equal(all.length, texts.length, `${this.name} sees ${all.join(' | ')}`);
    for (const [index, text] of texts.entries()) assert.ok(all[index].includes(text), `“${text}” is in “${all[index]}”`);
  }

  // Closes every WebSocket as soon as it opens.
  blockSocket() {
    return this.context.routeWebSocket('**/api/socket/', (page) => page.close());
  }

  // Posts messages through the API, without the composer.
  async postMany(path, texts) {
    await this.page.evaluate(
      async ([url, texts]) => {
        const headers = { Authorization: `JWT ${sessionStorage.authToken}`, 'Content-Type': 'application/json' };
        for (const message of texts) {
          const { ok } = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ message }) });
          if (!ok) throw new Error(message);
        }
      },
      [`/api${path}/messages/`, texts],
    );
  }

  // Pixels between the top of the message list and the message.
  async distanceFromTop(text) {
    const message = await this.messages.filter({ hasText: text }).boundingBox();
    return message.y - (await this.log.boundingBox()).y;
  }

  // Chooses an action in the menu of a message.
  async choose(message, action) {
    await message.hover();
    await message.getByRole('button', { name: 'Message options' }).click();
    await message.getByRole('button', { name: action, exact: true }).click();
  }

  cutOff(options) {
    return cutOff(this, options);
  }

  rejectMessage(text) {
    return rejectMessage(this, text);
  }

  screenshot(path) {
    return this.page.screenshot({ path });
  }
}
