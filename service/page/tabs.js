// Tabs as the ARIA Authoring Practices describe them: arrow keys move, one tab is in the tab order.
// The address remembers which one is open.

/** Makes a tablist work. `opened` is called with the id of the panel, at first too. */
export function tabs(list, opened) {
  const all = [...list.querySelectorAll("[role=tab]")];
  const panelOf = (tab) => tab.getAttribute("aria-controls");

  function open(chosen) {
    for (const tab of all) {
      const isOpen = tab === chosen;
      tab.setAttribute("aria-selected", String(isOpen));
      tab.tabIndex = isOpen ? 0 : -1;
      document.getElementById(panelOf(tab)).hidden = !isOpen;
    }
    opened(panelOf(chosen));
  }

  function choose(tab) {
    history.replaceState(null, "", `${location.pathname}${location.search}#${panelOf(tab)}`);
    open(tab);
  }

  list.addEventListener("click", ({ target }) => all.includes(target) && choose(target));
  list.addEventListener("keydown", (event) => {
    const here = all.indexOf(document.activeElement);
    const step = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: -1 }[event.key];
    if (here < 0 || step === undefined) return;
    event.preventDefault();
    const next = all.at(step % all.length);
    next.focus();
    choose(next);
  });
  const named = () => all.find((tab) => `#${panelOf(tab)}` === location.hash) ?? all[0];
  window.addEventListener("hashchange", () => open(named()));
  open(named());
}
