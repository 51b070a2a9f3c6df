// What the service can do, from GET /models.

import { get } from "./service.js";

const NAMES = new Intl.DisplayNames(["en"], { type: "language" });

/**
 * Answers { classifiers, translators, namesLanguages }: the models whose answers can be shown, and
 * whether the service can tell in which language a text is. Of models that could answer the same,
 * the one that the service asks by default comes first, and of translators those that read the
 * language of the browser.
 */
export async function readModels() {
  const models = (await get("models")).filter((model) => model.state !== "failed");
  return {
    classifiers: preferredFirst(
      models
        .filter((model) => model.task === "classification" && !model.purpose)
        .map((model) => ({ model: model.name, text: model.name })),
      () => "sentiment",
    ),
    translators: translators(models.filter((model) => model.task === "translation")),
    namesLanguages: models.some((model) => model.purpose === "language-identification"),
  };
}

/** The English name of a language, as German for de. */
export function languageName(code) {
  try {
    return NAMES.of(code) ?? code;
  } catch {
    return code;
  }
}

function translators(models) {
  const pairs = models.map(({ name, glossary, languages: { source, target } }) => ({
    model: name,
    source,
    target,
    takesGlossary: glossary,
    text: `${languageName(source)} to ${languageName(target)}`,
  }));
  // The name of the model only where the pair alone does not say which is meant.
  const named = pairs.map((pair) => {
    const twins = pairs.filter((other) => other.text === pair.text);
    return twins.length > 1 ? { ...pair, text: `${pair.text}, ${pair.model}` } : pair;
  });
  const ordered = preferredFirst(named, ({ source, target }) => `translation-${source}-${target}`);
  // Visitors most often type what their browser speaks.
  const spoken = navigator.language.split("-")[0].toLowerCase();
  const foreign = ({ source }) => Number(source.split("-")[0].toLowerCase() !== spoken);
  return ordered.toSorted((a, b) => foreign(a) - foreign(b));
}

function preferredFirst(options, preferred) {
  const later = (option) => Number(option.model !== preferred(option).toLowerCase());
  return options.toSorted((a, b) => later(a) - later(b));
}
