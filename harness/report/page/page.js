'use strict';
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const root = document.documentElement;
  const tip = one('#tip');
  root.classList.add('js');

  // The gallery: show the runs in which the client saw the same.
  for (const button of all('.filter')) {
    button.addEventListener('click', () => {
      for (const other of all('.filter')) other.setAttribute('aria-pressed', String(other === button));
      for (const card of all('.card')) card.hidden = button.dataset.saw !== '' && card.dataset.saw !== button.dataset.saw;
      one('#story').textContent = button.dataset.story;
    });
  }

  // Stepping: what is not yet is veiled in the diagram and unlit in the machine.
  function go(run, wanted, follow) {
    const last = Number(run.dataset.steps);
    const now = Math.min(last, Math.max(0, wanted));
    run.dataset.now = now;
    one('.scrub', run).value = now;
    one('.position', run).value = now + ' of ' + last;
    one('.first', run).disabled = one('.previous', run).disabled = now === 0;
    one('.next', run).disabled = now === last;
    const finished = now === last && !follow;
    for (const row of all('tbody tr', run)) {
      const step = Number(row.dataset.step);
      row.classList.toggle('now', step === now && !finished);
      row.classList.toggle('later', step > now);
    }
    for (const diagram of all('.diagram', run)) {
      let veil = Number(one('.hit', diagram)?.getAttribute('y') ?? 0);
      for (const step of all('.step', diagram)) {
        const n = Number(step.dataset.step), hit = one('.hit', step);
        step.classList.toggle('now', n === now && !finished);
        if (n <= now) veil = Number(hit.getAttribute('y')) + Number(hit.getAttribute('height'));
        if (n === now) step.setAttribute('aria-current', 'step'); else step.removeAttribute('aria-current');
      }
      if (now === last) veil = diagram.viewBox.baseVal.height;
      one('.veil', diagram).style.y = veil + 'px';
    }
    light(run, now);
    const current = all('.step', run).find((step) => Number(step.dataset.step) === now && step.getClientRects().length);
    if (follow) {
      one('.caption', run).textContent = current ? current.getAttribute('aria-label').replace(/^Step \d+\. /, '') : 'Nothing has happened yet.';
      if (current && current.ownerSVGElement.contains(document.activeElement)) current.focus();
      if (current) reveal(run, current);
    }
  }

  // reveal scrolls a step into the part of the window that the controls leave.
  function reveal(run, step) {
    const box = one('.hit', step).getBoundingClientRect(), top = one('.controls', run).getBoundingClientRect().bottom;
    if (box.top < top || box.bottom > innerHeight) scrollBy({ top: box.top - top - (innerHeight - top) / 3 });
  }

  function light(run, now) {
    const machine = one('.machine', run);
    if (!machine) return;
    for (const part of all('[data-taken]', machine)) {
      const taken = Number(part.dataset.taken);
      part.classList.toggle('lit', taken > 0 && taken <= now);
    }
    for (const token of all('.token', machine)) {
      let state = '';
      for (const move of token.dataset.track.split(' ')) {
        const [step, to] = move.split(':');
        if (Number(step) <= now) state = to;
      }
      const node = all('.node', machine).find((candidate) => candidate.dataset.state === state);
      token.setAttribute('transform', `translate(${Number(node.dataset.x) + Number(token.dataset.dx)} ${Number(node.dataset.y) + 16})`);
    }
  }

  // Tooltips: the header fields of the step under the pointer or in focus.
  function show(step) {
    const list = document.createElement('dl');
    for (const line of step.dataset.fields.trim().split('\n')) {
      const [name, value] = line.split('\t');
      if (!value) continue;
      list.append(Object.assign(document.createElement('dt'), { textContent: name }),
        Object.assign(document.createElement('dd'), { textContent: value }));
    }
    tip.replaceChildren(list);
    tip.hidden = !list.children.length;
    step.setAttribute('aria-describedby', 'tip');
    const box = one('.hit', step).getBoundingClientRect();
    const below = box.bottom + 8 + tip.offsetHeight < innerHeight;
    tip.style.top = Math.max(8, below ? box.bottom + 8 : box.top - tip.offsetHeight - 8) + 'px';
    tip.style.left = Math.max(12, Math.min(box.left + (box.width - tip.offsetWidth) / 2, innerWidth - tip.offsetWidth - 12)) + 'px';
  }
  function hide() {
    tip.hidden = true;
    for (const step of all('[aria-describedby=tip]')) step.removeAttribute('aria-describedby');
  }

  function say(text) { one('#said').textContent = text; }
  async function copy(text, button) {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
    } catch {
      const source = one('.mermaid-source', button.closest('.run'));
      source.hidden = false;
      getSelection().selectAllChildren(source);
      button.textContent = 'Selected below: copy it';
    }
    say(button.textContent);
    setTimeout(() => { button.textContent = label; }, 2000);
  }
  function save(run, name) {
    const recordings = JSON.parse(one('#recordings').textContent);
    const blob = new Blob([JSON.stringify(recordings[run.dataset.run - 1], null, '\t')], { type: 'application/json' });
    const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  for (const run of all('.run')) {
    const move = (by) => go(run, Number(run.dataset.now) + by, true);
    one('.first', run).addEventListener('click', () => go(run, 0, true));
    one('.previous', run).addEventListener('click', () => move(-1));
    one('.next', run).addEventListener('click', () => move(1));
    one('.scrub', run).addEventListener('input', (event) => go(run, Number(event.target.value), true));
    one('.copy-mermaid', run).addEventListener('click', (event) => copy(one('.mermaid-source', run).textContent, event.target));
    one('.save-json', run).addEventListener('click', (event) => save(run, event.target.dataset.file));
    for (const step of all('.step', run)) {
      step.addEventListener('click', () => go(run, Number(step.dataset.step), true));
      step.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        go(run, Number(step.dataset.step), true);
      });
      step.addEventListener('pointerenter', () => show(step));
      step.addEventListener('pointerleave', hide);
      step.addEventListener('focus', () => { if (step.matches(':focus-visible')) show(step); });
      step.addEventListener('blur', hide);
    }
    go(run, Number(run.dataset.steps), false);
  }

  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') hide();
    const run = one('.run.open');
    if (!run || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.target.matches('input')) return;
    const now = Number(run.dataset.now);
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: Number(run.dataset.steps) }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    go(run, to, true);
  });
  addEventListener('scroll', () => {
    const step = document.activeElement?.closest('.step:focus-visible');
    if (step && !tip.hidden) show(step); else hide();
  }, { passive: true });

  // The address says which run is open.
  let opened = '';
  function route(moveFocus) {
    const run = location.hash.startsWith('#run-') ? document.getElementById(location.hash.slice(1)) : null;
    for (const other of all('.run')) other.classList.toggle('open', other === run);
    root.classList.toggle('in-run', Boolean(run));
    hide();
    if (run) {
      go(run, Number(run.dataset.steps), false);
      scrollTo({ top: 0, behavior: 'instant' });
      if (moveFocus) one('h2', run).focus({ preventScroll: true });
    } else if (moveFocus && opened) {
      one(`.card-link[href="${opened}"]`)?.focus();
    }
    opened = run ? location.hash : '';
  }
  addEventListener('hashchange', () => route(true));
  route(false);
})();
