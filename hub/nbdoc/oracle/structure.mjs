// The structure of shared types, whichever copy of the library they are from.
const kind = value => value?._map !== undefined && value?._start !== undefined ? value.constructor.name.replace(/^_?Y?/, '') : '';

function node(value) {
  switch (kind(value)) {
    case 'Map':
      return { map: Object.fromEntries([...value.keys()].sort().map(key => [key, node(value.get(key))])) };
    case 'Array':
      return { array: value.toArray().map(node) };
    case 'Text':
      return { text: value.toString() };
  }
  return { plain: value ?? null };
}

// structure describes the roots of a notebook document.
export function structure(doc) {
  return {
    cells: node(doc.getArray('cells')),
    meta: node(doc.getMap('meta')),
    state: node(doc.getMap('state')),
  };
}
