// The panel of the classifier: its labels, then the weight of each word.

import { element } from "./dom.js";
import { figure, tableOf } from "./figure.js";
import { labelBars } from "./labels.js";
import { Latest } from "./latest.js";
import { showError, showNoPicture, showWaiting, showWarning } from "./notice.js";
import { percent, signed } from "./numbers.js";
import { patiently } from "./patience.js";
import { post } from "./service.js";
import { drawWords } from "./words.js";

/** Shows what a classification model says of a text. */
export class SentimentPanel {
  #latest = new Latest();
  #notice = element("div");
  #warning = element("div");
  #labels = element("div");
  #words = element("div");
  #panel;
  #announce;

  /** panel: where it shows. announce: says a text to those who hear the page. */
  constructor(panel, announce) {
    this.#panel = panel;
    this.#announce = announce;
    panel.append(this.#notice, this.#warning, this.#labels, this.#words);
  }

  /** Classify a text, in place of what is shown. model: its name. */
  show(text, { model }) {
    return this.#latest.run(async (signal) => {
      this.#panel.setAttribute("aria-busy", "true");
      try {
        const waiting = (error, seconds) => showWaiting(this.#notice, error, seconds);
        await patiently(() => this.#classify(text, model, signal), signal, waiting);
        await this.#explain(text, model, signal, waiting);
        this.#notice.replaceChildren();
      } catch (error) {
        if (signal.aborted) throw error;
        this.clear();
        showError(this.#notice, error, () => this.show(text, { model }));
      }
      this.#panel.removeAttribute("aria-busy");
    });
  }

  /** Ask no more; what is shown stays, and is known to be out of date. */
  cancel() {
    this.#latest.cancel();
  }

  /** Show nothing, and ask for nothing. */
  clear() {
    this.cancel();
    this.#panel.removeAttribute("aria-busy");
    for (const part of [this.#notice, this.#warning, this.#labels, this.#words]) {
      part.replaceChildren();
    }
  }

  async #classify(text, model, signal) {
    const response = await post("predict", { inputs: text, model }, signal);
    const predictions = await response.json();
    this.#notice.replaceChildren();
    showWarning(this.#warning, response);
    this.#labels.replaceChildren(labelBars(predictions));
    this.#announce(`${predictions[0].label}, ${percent(predictions[0].score)}`);
  }

  async #explain(text, model, signal, waiting) {
    try {
      const ask = () => post("explain", { inputs: text, model }, signal);
      const explained = await (await patiently(ask, signal, waiting)).json();
      this.#words.replaceChildren(wordsFigure(explained));
    } catch (error) {
      if (signal.aborted) throw error;
      showNoPicture(this.#words, "weights of the words", error);
    }
  }
}

function wordsFigure({ label, against, tokens, bias, logit }) {
  const total = tokens.reduce((sum, token) => sum + token.contribution, 0);
  // Of two labels the logit of one is how much better it stands than the other.
  const whole = against ? `log-odds of ${label}` : `logit of ${label}`;
  const addsUp = element(
    "p",
    { class: "sum" },
    `words ${signed(total)}, bias ${signed(bias)}: together ${signed(logit)}, the ${whole}`,
  );
  return figure({
    title: "Weight of each word",
    file: "word-weights",
    draw: (width) => drawWords(tokens, label, width),
    table: () =>
      tableOf(
        ["word", "adds"],
        tokens.map((token) => [token.text, signed(token.contribution)]),
      ),
    extras: [addsUp],
  });
}
