// Says in words what went wrong, in a place of its own.

import { button, element } from "./dom.js";

/** Says that the service asks for patience, while the page waits. */
export function showWaiting(place, error, seconds) {
  const when = seconds === 1 ? "in a second" : `in ${seconds} seconds`;
  place.replaceChildren(
    element(
      "p",
      { class: "notice", role: "status" },
      sentence(error.message),
      ` Trying again ${when}.`,
    ),
  );
}

/** Says what went wrong, and offers to try again. */
export function showError(place, error, retry) {
  const again = button("Try again", retry);
  place.replaceChildren(
    element(
      "div",
      { class: "notice", role: "alert" },
      element("p", {}, sentence(error.message)),
      again,
    ),
  );
}

/** Says why there is no picture. what: what it would have shown. */
export function showNoPicture(place, what, error) {
  const why = error.status === 404 ? "this service does not explain its answers" : error.message;
  place.replaceChildren(element("p", { class: "quiet" }, `No ${what}: ${sentence(why)}`));
}

/** Shows the warning that came with an answer, such as of a text in another language. */
export function showWarning(place, response) {
  const warning = response.headers.get("X-Gatehouse-Warning");
  // Which field of the request it is about, nobody has to know here.
  const text = warning && sentence(warning.replace(/^\w+: /, ""));
  place.replaceChildren(...(text ? [element("p", { class: "warning" }, text)] : []));
}

/** An error's words as a sentence. */
function sentence(message) {
  const stop = /[.!?]$/.test(message) ? "" : ".";
  return message.charAt(0).toUpperCase() + message.slice(1) + stop;
}
