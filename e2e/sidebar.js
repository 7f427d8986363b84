// The sidebar of a chat, as a user operates it.

export class Sidebar {
  constructor(person) {
    Object.assign(this, { person, page: person.page });
  }

  get pane() {
    return this.page.getByRole('complementary', { name: 'About this chat' });
  }

  button(name) {
    return this.pane.getByRole('button', { name, exact: true });
  }

  field(name) {
    return this.pane.getByLabel(name, { exact: true });
  }

  async open(tab = 'People') {
    if (!(await this.pane.isVisible())) await this.page.locator('#chat-title').click();
    await this.pane.getByRole('tab', { name: tab }).click();
    await this.pane.getByRole('tabpanel', { name: tab }).waitFor();
  }

  async close() {
    await this.button('Close').click();
    await this.pane.waitFor({ state: 'detached' });
  }

  row(name) {
    return this.pane.getByRole('listitem').filter({ hasText: name });
  }

  // Takes a moderation action on a member; some actions have to be confirmed.
  async act(action, name, { confirm = false } = {}) {
    await this.open('People');
    await this.button(`Options for ${name}`).click();
    await this.button(action).click();
    if (confirm) await this.button(action).click();
  }

  async toggle(label) {
    await this.open('Settings');
    await this.pane.getByRole('switch', { name: label }).click();
  }

  async select(label, option) {
    await this.open('Settings');
    await this.field(label).selectOption({ label: option });
  }
}
