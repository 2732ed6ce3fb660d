// As much of a browser as JupyterLab's models ask for while they load.
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><html><body></body></html>', { url: 'http://localhost/' });
const give = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

give('window', window);
give('document', window.document);
give('navigator', window.navigator);
for (const name of ['Element', 'HTMLElement', 'Node', 'DocumentFragment', 'Range', 'MutationObserver', 'DOMParser', 'DragEvent',
  'MouseEvent', 'KeyboardEvent', 'CustomEvent', 'Event', 'getComputedStyle', 'WebSocket', 'localStorage', 'sessionStorage', 'location', 'history']) {
  if (globalThis[name] === undefined || name === 'Event' || name === 'CustomEvent') give(name, window[name] ?? class {});
}
class Observer { observe() {} unobserve() {} disconnect() {} }
give('ResizeObserver', Observer);
give('IntersectionObserver', Observer);
give('requestAnimationFrame', callback => setTimeout(callback, 0));
give('cancelAnimationFrame', clearTimeout);
window.matchMedia = () => ({ matches: false, addEventListener() {}, removeEventListener() {}, addListener() {}, removeListener() {} });
give('matchMedia', window.matchMedia);
