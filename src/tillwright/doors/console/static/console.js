// The little that pages do in the browser: theme, dialogs, copying, and times that stay relative.
document.addEventListener("alpine:init", () => {
  Alpine.data("theme", () => ({
    choice: document.documentElement.dataset.theme || "system",
    get isSystem() { return this.choice === "system"; },
    get isLight() { return this.choice === "light"; },
    get isDark() { return this.choice === "dark"; },
    next() {
      const order = ["system", "light", "dark"];
      this.choice = order[(order.indexOf(this.choice) + 1) % order.length];
      if (this.isSystem) delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = this.choice;
      const secure = location.protocol === "https:" ? "; secure" : "";
      document.cookie = `theme=${this.choice}; path=/; max-age=31536000; samesite=lax${secure}`;
    },
  }));

  Alpine.data("copy", () => ({
    done: false,
    get idle() { return !this.done; },
    async copy() {
      const text = this.$root.querySelector("[data-copy]").textContent.trim();
      await navigator.clipboard.writeText(text);
      this.done = true;
      setTimeout(() => { this.done = false; }, 1600);
    },
  }));

  // A key that was copied with what stood around it: offered without, before it is sent.
  Alpine.data("tidy", () => ({
    untidy: false,
    init() { this.look(); },
    get field() { return this.$root.querySelector("input"); },
    tidied() { return this.field.value.replace(/[\s"'`“”‘’„«»\u200b\u200c\u200d\u2060\ufeff]+/g, ""); },
    look() { this.untidy = this.field.value !== this.tidied(); },
    tidy() { this.field.value = this.tidied(); this.untidy = false; this.field.focus(); },
  }));

  // The text of a workflow, with its lines numbered and those that are complained about marked.
  Alpine.data("editor", () => ({
    init() {
      this.count();
      new MutationObserver(() => this.count()).observe(document.getElementById("drawing"), { childList: true, subtree: true });
    },
    count() {
      const wrong = new Set([...document.querySelectorAll("[data-wrong]")].map((one) => Number(one.dataset.line)));
      const total = this.$refs.source.value.split("\n").length;
      const lines = Array.from({ length: total }, (_, index) => {
        const line = document.createElement("span");
        line.textContent = `${index + 1}\n`;
        if (wrong.has(index + 1)) line.className = "text-error font-semibold";
        return line;
      });
      this.$refs.gutter.replaceChildren(...lines);
      this.follow();
    },
    follow() { this.$refs.gutter.scrollTop = this.$refs.source.scrollTop; },
    jump(event) {
      const source = this.$refs.source, wanted = Number(event.currentTarget.dataset.line);
      const lines = source.value.split("\n");
      const start = lines.slice(0, wanted - 1).reduce((sum, line) => sum + line.length + 1, 0);
      source.focus();
      source.setSelectionRange(start, start + (lines[wanted - 1] || "").length);
      source.scrollTop = Math.max(0, (wanted - 6) * 24);
    },
    // An action with what its form gives, behind the step the cursor is in.
    insert(event) {
      const form = event.currentTarget.closest("[data-action]"), source = this.$refs.source;
      const lines = source.value.split("\n"), steps = lines.findIndex((line) => /^steps:/.test(line));
      let at = source.value.slice(0, source.selectionStart).split("\n").length - 1;
      if (at <= steps) at = lines.length - 1;
      let first = at;
      while (first > steps && !/^\s*- /.test(lines[first])) first -= 1;
      const indent = first > steps ? lines[first].match(/^\s*/)[0] : "  ";
      let next = first > steps ? first + 1 : lines.length;
      while (next < lines.length && lines[next].startsWith(`${indent} `)) next += 1;
      const before = lines.slice(0, next).reduce((sum, line) => sum + line.length + 1, 0);
      const gap = before > source.value.length ? "\n" : "", place = Math.min(before, source.value.length);
      source.focus();
      source.setSelectionRange(place, place);
      const text = gap + stepOf(form, source.value).map((line) => `${indent}${line}\n`).join("");
      // By the browser's own insertion, so that it can be undone.
      if (!document.execCommand("insertText", false, text)) source.setRangeText(text, place, place, "end");
      source.scrollTop = Math.max(0, (next - 6) * 24);
      this.count();
    },
    key(event) {
      if ((event.ctrlKey || event.metaKey) && event.key === "s") {
        event.preventDefault();
        this.$refs.form.requestSubmit();
      }
    },
  }));

  Alpine.data("sheet", () => ({
    init() { if (this.$el.hasAttribute("data-open")) this.open(); },
    open() { this.$el.showModal(); },
    close() { this.$el.close(); },
    backdrop(event) { if (event.target === this.$el) this.$el.close(); },
  }));

  Alpine.data("reveal", () => ({
    shown: false,
    get hidden() { return !this.shown; },
    get kind() { return this.shown ? "text" : "password"; },
    toggle() { this.shown = !this.shown; },
  }));
});

// A step as lines of YAML. What is needed and was not given is left empty, which the check then names.
function stepOf(form, written) {
  const action = form.dataset.action, base = action.replace(/^stripe\./, "").replace(/[^a-z0-9]+/g, "_");
  let id = base;
  for (let number = 2; new RegExp(`\\bid: ${id}\\b`).test(written); number += 1) id = `${base}_${number}`;
  const given = [...form.querySelectorAll("[data-name]")].filter((one) => one.value.trim() || "needed" in one.dataset);
  const values = given.map((one) => `    ${one.dataset.name}: ${yamlOf(one.value.trim(), one.dataset.kind)}`);
  return [`- id: ${id}`, `  action: ${action}`, ...(values.length ? ["  with:", ...values] : [])];
}
function yamlOf(value, kind) {
  if (/^\$\{[^{}]*\}$/.test(value) && !/: | #/.test(value)) return value;
  if (["integer", "number", "boolean", "texts", "labels", "map", "shape", "any", "time"].includes(kind)) return value || '""';
  return /^[A-Za-z][\w .,@/+-]*$/.test(value) && !/^(true|false|yes|no|on|off|null)$/i.test(value) ? value : JSON.stringify(value);
}

// A menu made of <details> closes on Escape and on a click elsewhere.
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except) menu.removeAttribute("open");
  }
}
document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
  if (event.key === "/" && !event.target.closest("input, textarea, select, [contenteditable]")) {
    const search = document.querySelector("[data-search]");
    if (search) { event.preventDefault(); search.focus(); }
  }
});

// Buttons that open a dialog which is already in the page.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  const sheet = opener && document.getElementById(opener.dataset.opens);
  if (sheet && sheet.showModal) { event.preventDefault(); sheet.showModal(); }
});

const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
function relative(from) {
  const seconds = (Date.now() - from) / 1000, distance = Math.abs(seconds);
  if (distance < 45) return seconds >= -5 ? "just now" : "in a moment";
  const [unit, size] = UNITS.find(([, size]) => distance >= size) || ["minute", 60];
  const count = Math.max(1, Math.floor(distance / size));
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}
setInterval(() => {
  for (const element of document.querySelectorAll("time[data-relative]")) {
    element.textContent = relative(Date.parse(element.dateTime));
  }
}, 15000);

// The chat: what comes is drawn line by line, as text and never as markup, but for a tool's answer, which the server drew.
function drawn(name, fill) {
  const made = document.getElementById(`talk-${name}`).content.firstElementChild.cloneNode(true);
  for (const [part, text] of Object.entries(fill)) {
    const place = part ? made.querySelector(`[data-${part}]`) : made;
    place.textContent = text;
  }
  document.getElementById("talk").append(made);
  made.scrollIntoView({ block: "nearest" });
  return made;
}
async function talk(form) {
  const box = form.querySelector("textarea"), button = form.querySelector("button"), text = box.value.trim();
  if (!text) return;
  const body = new URLSearchParams(new FormData(form));
  box.value = "";
  button.disabled = true;
  drawn("mine", { "": text });
  let saying = null, rest = "";
  const line = (it) => {
    if (it.kind === "text") { saying = saying || drawn("text", { "": "" }); saying.textContent += it.text; return; }
    saying = null;
    if (it.kind === "asked") drawn("asked", { tool: it.tool, arguments: JSON.stringify(it.arguments) });
    if (it.kind === "answered") document.getElementById("talk").insertAdjacentHTML("beforeend", it.html);
    if (it.kind === "failed") drawn("failed", { sentence: [it.sentence, it.remedy].filter(Boolean).join(" ") });
  };
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/x-ndjson" } });
    if (!answer.ok) throw new Error();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split("\n");
      rest = lines.pop();
      for (const each of lines) if (each) line(JSON.parse(each));
    }
  } catch { line({ kind: "failed", sentence: "The answer broke off.", remedy: "Reload the page and ask again." }); }
  button.disabled = false;
  box.focus();
}
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-talk]")) { event.preventDefault(); talk(event.target); }
});
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-talk][data-first]");
  if (!form) return;
  form.removeAttribute("data-first");
  history.replaceState(null, "", form.action);  // a reload shows the conversation, and begins no other
  talk(form);
});

// A form that shows what it makes: its preview button is pressed a moment after the last key.
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-live]");
  const button = form && form.querySelector("[data-preview]");
  if (!button || !["subject", "body", "last"].includes(event.target.name)) return;
  clearTimeout(form.waiting);
  form.waiting = setTimeout(() => button.click(), 400);
});
