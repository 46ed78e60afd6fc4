
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const form = $("filter");

  // open shows what the address points at.
  const open = () => {
    const id = decode(location.hash.slice(1));
    const at = id && !id.includes("=") ? $(id) : null;
    if (!at) return;
    for (let e = at; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    at.scrollIntoView();
  };
  const decode = (s) => { try { return decodeURIComponent(s); } catch { return ""; } };

  // On paper everything is open.
  let shut = [];
  addEventListener("beforeprint", () => {
    shut = [...document.querySelectorAll("details:not([open])")];
    for (const d of shut) d.open = true;
  });
  addEventListener("afterprint", () => { for (const d of shut) d.open = false; });

  if (form) {
    const findings = [...document.querySelectorAll(".finding")].map((e) => ({ e, text: e.textContent.toLowerCase() }));
    const groups = [...document.querySelectorAll(".group")];
    const buttons = [...form.querySelectorAll("button[data-severity]")];
    const rule = $("filter-rule"), state = $("filter-state"), text = $("filter-text");
    form.hidden = false;

    const pressed = () => buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.severity);

    const apply = () => {
      const severities = pressed(), words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const f of findings) {
        const d = f.e.dataset;
        const fits = (!severities.length || severities.includes(d.severity)) && (!rule.value || rule.value === d.rule) &&
          (!state.value || state.value === d.state) && words.every((w) => f.text.includes(w));
        f.e.hidden = !fits;
        if (fits) shown++;
      }
      for (const g of groups) {
        const left = g.querySelectorAll(".finding:not([hidden])").length;
        g.hidden = left === 0;
        g.querySelector(".n").textContent = left;
      }
      $("filter-count").textContent = `${shown} of ${findings.length} shown`;
    };

    const save = () => {
      const p = new URLSearchParams();
      const severities = pressed();
      if (severities.length) p.set("severity", severities.join(","));
      if (rule.value) p.set("rule", rule.value);
      if (state.value) p.set("state", state.value);
      if (text.value) p.set("q", text.value);
      const hash = p.toString();
      history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
      apply();
    };

    const load = () => {
      const hash = location.hash.slice(1);
      if (hash.includes("=")) {
        const p = new URLSearchParams(hash);
        const severities = (p.get("severity") || "").split(",");
        for (const b of buttons) b.setAttribute("aria-pressed", severities.includes(b.dataset.severity));
        rule.value = p.get("rule") || "";
        state.value = p.get("state") || "";
        text.value = p.get("q") || "";
        if (rule.selectedIndex < 0) rule.value = "";
        if (state.selectedIndex < 0) state.value = "";
      }
      apply();
    };

    for (const b of buttons) b.addEventListener("click", () => {
      b.setAttribute("aria-pressed", b.getAttribute("aria-pressed") !== "true");
      save();
    });
    for (const e of [rule, state]) e.addEventListener("change", save);
    text.addEventListener("input", save);
    form.addEventListener("submit", (e) => e.preventDefault());
    form.addEventListener("reset", () => {
      for (const b of buttons) b.setAttribute("aria-pressed", "false");
      setTimeout(save);
    });
    $("expand").addEventListener("click", () => {
      const seen = findings.filter((f) => !f.e.hidden), to = seen.some((f) => !f.e.open);
      for (const f of seen) f.e.open = to;
    });
    addEventListener("hashchange", load);
    load();
  }
  addEventListener("hashchange", open);
  open();
})();
