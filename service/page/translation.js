// The panel of the translator: a translation that streams in, its alternatives, the attention.

import { alternativesList } from "./alternatives.js";
import { attentionFigures } from "./attention.js";
import { element } from "./dom.js";
import { events } from "./event_stream.js";
import { Latest } from "./latest.js";
import { showError, showNoPicture, showWaiting, showWarning } from "./notice.js";
import { patiently } from "./patience.js";
import { post, ServiceError } from "./service.js";

const ALTERNATIVES = 4;

/** Shows how a model translates a text. */
export class TranslationPanel {
  #latest = new Latest();
  #notice = element("div");
  #warning = element("div");
  #output = element("p", { class: "translation" });
  #remark = element("p", { class: "quiet" });
  #alternatives = element("div");
  #attention = element("div");
  #panel;
  #announce;

  /** panel: where it shows. announce: says a text to those who hear the page. */
  constructor(panel, announce) {
    this.#panel = panel;
    this.#announce = announce;
    panel.append(this.#notice, this.#warning, this.#output, this.#remark);
    panel.append(this.#alternatives, this.#attention);
  }

  /** Translate a text, in place of what is shown. how: { source, target, model, glossary }. */
  show(text, how) {
    const { source, target, model, glossary } = how;
    const asked = { q: text, source, target, model, glossary };
    return this.#latest.run(async (signal) => {
      this.#panel.setAttribute("aria-busy", "true");
      const waiting = (error, seconds) => showWaiting(this.#notice, error, seconds);
      try {
        await patiently(() => this.#stream(asked, signal), signal, waiting);
        await patiently(() => this.#search(asked, signal), signal, waiting);
        await this.#explain(asked, signal, waiting);
        this.#notice.replaceChildren();
      } catch (error) {
        if (signal.aborted) throw error;
        this.clear();
        showError(this.#notice, error, () => this.show(text, how));
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
    this.#output.textContent = "";
    this.#remark.textContent = "";
    for (const part of [this.#notice, this.#warning, this.#alternatives, this.#attention]) {
      part.replaceChildren();
    }
  }

  async #stream(asked, signal) {
    const response = await post("translate", asked, signal, "text/event-stream");
    this.#notice.replaceChildren();
    showWarning(this.#warning, response);
    this.#output.lang = asked.target;
    this.#output.classList.add("writing");
    let written = "";
    let whole = null;
    try {
      // To the very end, after which nothing comes: to hang up is to say that nobody wants it.
      for await (const { name, data } of events(response)) {
        if (signal.aborted) return;
        if (name === "error") throw new ServiceError(response.status, data.error);
        if (name === "done") whole = data.translatedText;
        else written += data.text;
        this.#output.textContent = whole ?? written;
      }
    } finally {
      this.#output.classList.remove("writing");
    }
    if (whole === null) {
      throw new ServiceError(0, "the translation broke off; the service may have stopped");
    }
  }

  async #search(asked, signal) {
    const body = { ...asked, num_hypotheses: ALTERNATIVES };
    const { translatedText, hypotheses } = await (await post("translate", body, signal)).json();
    const better = translatedText !== this.#output.textContent;
    this.#output.textContent = translatedText;
    this.#remark.textContent = better
      ? "Streamed by greedy search; the wider search found this one."
      : "";
    this.#alternatives.replaceChildren(alternativesList(hypotheses, asked.target));
    this.#announce(translatedText);
  }

  async #explain(asked, signal, waiting) {
    try {
      const ask = () => post("explain", asked, signal);
      const { blocks } = await (await patiently(ask, signal, waiting)).json();
      this.#attention.replaceChildren(attentionFigures(blocks));
    } catch (error) {
      if (signal.aborted) throw error;
      showNoPicture(this.#attention, "picture of the attention", error);
    }
  }
}
