// The API key: asked for when the service wants one, and forgotten when the tab is closed.

import { element } from "./dom.js";

const STORED = "gatehouse-key";
const WANTED = "keywanted";

/** The header that carries the key, or none. */
export function authorization() {
  const key = sessionStorage.getItem(STORED);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** Say that an answer was refused for want of a key; `reason` is the service's own word. */
export function wantKey(reason) {
  document.dispatchEvent(new CustomEvent(WANTED, { detail: reason }));
}

/** Show a form in `place` whenever a key is wanted. `given` is called once there is one. */
export function askForKeys(place, given) {
  document.addEventListener(WANTED, ({ detail: reason }) => {
    const form = place.querySelector("form") ?? place.appendChild(keyForm(keep));
    form.querySelector("[role=alert]").textContent = reason;
  });

  function keep(key) {
    sessionStorage.setItem(STORED, key);
    place.replaceChildren();
    given();
  }
}

function keyForm(keep) {
  const input = element("input", {
    id: "api-key",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    pattern: "[!-~]+",
    title: "letters, digits and signs, without spaces",
    required: true,
  });
  const form = element(
    "form",
    { class: "notice" },
    element("p", { role: "alert" }),
    element("label", { for: "api-key" }, "API key"),
    element("div", { class: "row" }, input, element("button", { class: "main" }, "Use this key")),
    element("p", { class: "quiet" }, "It is kept in this tab until you close it."),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keep(input.value);
  });
  return form;
}
