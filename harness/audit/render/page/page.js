'use strict';
// Without this script every cell still opens its evidence: it is the target of
// a link.
const cells = () => [...document.querySelectorAll('.cell')].filter(c => c.checkVisibility());
let from = null; // the cell whose evidence is open

for (const button of document.querySelectorAll('[data-show]')) {
  button.addEventListener('click', () => {
    for (const b of document.querySelectorAll('[data-show]')) b.setAttribute('aria-pressed', b === button);
    const wanted = button.dataset.show;
    for (const body of document.querySelectorAll('#matrix tbody')) {
      let shown = 0;
      for (const row of body.querySelectorAll('.row')) {
        row.hidden = wanted !== '' && !row.querySelector('.cell.' + wanted);
        if (!row.hidden) shown++;
      }
      body.hidden = shown === 0;
    }
  });
}

function opened() {
  const card = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  if (card && card.classList.contains('card')) {
    from = document.querySelector('.cell[href="' + location.hash + '"]');
    card.focus();
  }
}
window.addEventListener('hashchange', opened);
opened();

function close() {
  if (!document.querySelector('.card:target')) return;
  location.hash = '#closed'; // there is no such element: nothing scrolls
  if (from) from.focus();
}
for (const link of document.querySelectorAll('.close')) {
  link.addEventListener('click', (event) => { event.preventDefault(); close(); });
}

// The arrow keys move between the cells, Escape closes the evidence.
document.addEventListener('keydown', (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === 'Escape') { close(); return; }
  const cell = document.activeElement;
  if (!cell || !cell.classList.contains('cell')) return;
  const all = cells(), row = cell.closest('tr');
  let next = null;
  if (event.key === 'ArrowRight') next = all[all.indexOf(cell) + 1];
  if (event.key === 'ArrowLeft') next = all[all.indexOf(cell) - 1];
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    const column = cell.closest('td').cellIndex;
    const rows = [...document.querySelectorAll('#matrix .row')].filter(r => r.checkVisibility());
    const step = event.key === 'ArrowDown' ? 1 : -1;
    for (let i = rows.indexOf(row) + step; rows[i] && !next; i += step) next = rows[i].cells[column]?.querySelector('.cell');
  }
  if (next) { event.preventDefault(); next.focus(); }
});
