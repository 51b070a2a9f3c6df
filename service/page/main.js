// Puts the page together: the text, the tabs, and who answers which.

import { Choice } from "./choice.js";
import { element } from "./dom.js";
import { GatesPanel } from "./gates.js";
import { GlossaryField } from "./glossary.js";
import { askForKeys } from "./key.js";
import { LanguageLine } from "./language.js";
import { readModels } from "./models.js";
import { showError } from "./notice.js";
import { SentimentPanel } from "./sentiment.js";
import { tabs } from "./tabs.js";
import { TranslationPanel } from "./translation.js";

const PAUSE = 350; // milliseconds without a key before the text is sent
const PAUSE_FOR_LETTER = 0.2; // more of them for each letter: a long text is edited, and costs more

const byId = (id) => document.getElementById(id);
const entry = byId("text");
const language = new LanguageLine(byId("language"));
const views = {
  sentiment: view("sentiment", SentimentPanel, "Model", "classifies"),
  translation: view("translation", TranslationPanel, "Languages", "translates", GlossaryField),
  gates: view("gates", GatesPanel, "Model", "classifies"),
};
let open = null;
let timer = null;

/** A tab's panel, the choice of its model, and what else the user can say to it. */
function view(id, Panel, name, does, Field = null) {
  const panel = byId(id);
  const place = panel.appendChild(element("div", { class: "choice" }));
  const field = Field && new Field(panel, () => updateSoon());
  const results = panel.appendChild(element("div", { class: "results" }));
  const choice = new Choice(place, name, () => update());
  return { place, does, choice, field, panel: new Panel(results, announce) };
}

/** Answer the text as it stands now, in the open tab. */
function update() {
  clearTimeout(timer);
  const text = entry.value;
  const { panel, choice, field } = views[open];
  field?.offer(choice.value?.takesGlossary);
  if (text.trim() === "") {
    language.clear();
    panel.clear();
  } else if (choice.value) {
    language.show(text);
    panel.show(text, { ...choice.value, ...field?.wanted });
  }
}

/** Answer the text once the user pauses; what is being asked is out of date already. */
function updateSoon() {
  clearTimeout(timer);
  views[open].panel.cancel();
  timer = setTimeout(update, PAUSE + PAUSE_FOR_LETTER * entry.value.length);
}

function announce(text) {
  byId("announcement").textContent = text;
}

async function start() {
  const notice = byId("page-notice");
  try {
    const { classifiers, translators, namesLanguages } = await readModels();
    notice.replaceChildren();
    offer(views.sentiment, classifiers);
    offer(views.translation, translators);
    offer(views.gates, classifiers);
    language.enabled = namesLanguages;
    update();
  } catch (error) {
    showError(notice, error, start);
  }
}

function offer({ choice, place, does }, options) {
  choice.offer(options);
  if (options.length === 0) place.textContent = `No model of this service ${does} texts.`;
}

function setText(text) {
  entry.value = text;
  entry.dispatchEvent(new Event("input"));
  update();
}

tabs(document.querySelector("[role=tablist]"), (id) => {
  if (open) views[open].panel.clear();
  open = id;
  update();
});
entry.addEventListener("input", updateSoon);
entry.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) update();
});
for (const example of document.querySelectorAll(".examples button")) {
  example.addEventListener("click", () => setText(example.textContent));
}
askForKeys(byId("key"), start);
// A page that was reloaded may hold a text already.
if (entry.value === "") entry.value = document.querySelector(".examples button").textContent;
start();
