// The panel of the gates: what a classifier's LSTM lets in, keeps and gives out at each token.

import { readout } from "./cells.js";
import { element } from "./dom.js";
import { figure, tableOf } from "./figure.js";
import { drawGates } from "./gate_rows.js";
import { Latest } from "./latest.js";
import { showError, showNoPicture, showWaiting, showWarning } from "./notice.js";
import { decimal } from "./numbers.js";
import { patiently } from "./patience.js";
import { download } from "./picture.js";
import { post } from "./service.js";

const GATES = ["input", "forget", "output"];
const TYPES = { svg: "image/svg+xml", png: "image/png" };

/** Shows the gates of a classification model while it reads a text. */
export class GatesPanel {
  #latest = new Latest();
  #saving = new Latest();
  #notice = element("div");
  #warning = element("div");
  #unit = element("input", { type: "number", min: 0, step: 1, id: "unit", placeholder: "mean" });
  #gates = element("div");
  #panel;
  #announce;
  #asked = null; // the text and model that are shown

  /** panel: where it shows. announce: says a text to those who hear the page. */
  constructor(panel, announce) {
    this.#panel = panel;
    this.#announce = announce;
    const choice = element(
      "div",
      { class: "unit" },
      element("label", { for: "unit" }, "Unit"),
      this.#unit,
      element("span", {}, "by its number from 0; empty for the mean over all"),
    );
    panel.append(choice, this.#notice, this.#warning, this.#gates);
    this.#unit.addEventListener("change", () => {
      if (this.#asked) this.show(...this.#asked);
    });
  }

  /** Explain a text, in place of what is shown. model: its name. */
  show(text, { model }) {
    this.#asked = [text, { model }];
    this.#saving.cancel();
    const units = this.#unit.value === "" ? [] : [Number(this.#unit.value)];
    const question = { inputs: text, model, gates: true, units };
    return this.#latest.run(async (signal) => {
      this.#panel.setAttribute("aria-busy", "true");
      const waiting = (error, seconds) => showWaiting(this.#notice, error, seconds);
      try {
        await patiently(() => this.#explain(question, signal), signal, waiting);
        this.#notice.replaceChildren();
      } catch (error) {
        if (signal.aborted) throw error;
        this.#notice.replaceChildren();
        this.#warning.replaceChildren();
        this.#show(error, text, model);
      }
      this.#panel.removeAttribute("aria-busy");
    });
  }

  /** Ask no more; what is shown stays, and is known to be out of date. */
  cancel() {
    this.#latest.cancel();
    this.#saving.cancel();
  }

  /** Show nothing, and ask for nothing. */
  clear() {
    this.cancel();
    this.#asked = null;
    this.#panel.removeAttribute("aria-busy");
    for (const part of [this.#notice, this.#warning, this.#gates]) part.replaceChildren();
  }

  async #explain(question, signal) {
    const response = await post("explain", question, signal);
    const { steps, gates } = await response.json();
    showWarning(this.#warning, response);
    const keep = (kind) => this.#save(question, kind);
    this.#gates.replaceChildren(gatesFigure(steps, groupsOf(gates), keep));
    this.#announce(`gates at ${steps.length} tokens`);
  }

  /** Says why there are no gates. What a client asked wrongly it can only ask otherwise. */
  #show(error, text, model) {
    this.#gates.replaceChildren();
    if (error.status === 400 || error.status === 404 || error.status === 413) {
      showNoPicture(this.#gates, "picture of the gates", error);
    } else {
      showError(this.#notice, error, () => this.show(text, { model }));
    }
  }

  /** Saves the picture that the service draws. */
  #save(question, kind) {
    return this.#saving.run(async (signal) => {
      try {
        const response = await post("explain", question, signal, TYPES[kind]);
        download(await response.blob(), `gates.${kind}`);
        this.#notice.replaceChildren();
      } catch (error) {
        if (signal.aborted) throw error;
        showError(this.#notice, error, () => this.#save(question, kind));
      }
    });
  }
}

/** What is drawn together: the means of a direction, or the units that were asked for. */
function groupsOf(gates) {
  const layers = Math.max(...gates.map(({ layer }) => layer));
  return gates.flatMap((one) => {
    const name = layers > 1 ? `layer ${one.layer}, ${one.direction}` : one.direction;
    if (one.units.length === 0) return [groupOf(`${name}, mean over its units`, one)];
    return one.units.map((unit) => groupOf(`${name}, unit ${unit.unit}`, unit));
  });
}

function groupOf(caption, values) {
  return { caption, gates: GATES.map((name) => ({ name, values: values[name] })) };
}

function gatesFigure(steps, groups, keep) {
  const all = groups.flatMap(({ caption, gates }) => gates.map((gate) => ({ caption, ...gate })));
  const made = figure({
    title: "Gates",
    draw: (width) => drawGates(steps, groups, width),
    table: () =>
      tableOf(
        ["token", ...all.map(({ caption, name }) => `${name}, ${caption}`)],
        steps.map(({ text }, i) => [text, ...all.map(({ values }) => decimal(values[i]))]),
      ),
    keep,
  });
  const stage = made.querySelector(".stage");
  stage.tabIndex = 0;
  stage.setAttribute("role", "group");
  stage.setAttribute("aria-label", "Gates: arrow keys move from cell to cell");
  const read = (row, column) => {
    const { caption, name, values } = all[row];
    return `“${steps[column].text}”: ${name} gate ${decimal(values[column])} open (${caption}).`;
  };
  stage.after(readout(stage, all.length, steps.length, read));
  return made;
}
