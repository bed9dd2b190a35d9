'use strict';
// JavaScript map/reduce views, kept in memory beside their database and brought up to date when they are asked.

const json = require('./json');
const { Sandbox, TooLong } = require('./sandbox');

const CHANGES_AT_ONCE = 2000;
const LOWEST_ID = '';
const HIGHEST_ID = '\uffff';

// CouchDB orders strings by ICU's root collation, not by code point.
const strings = new Intl.Collator('en');

class QueryError extends Error {
  constructor(status, error, reason) {
    super(reason);
    Object.assign(this, { status, name: error, reason });
  }
}

const wrongQuery = reason => new QueryError(400, 'query_parse_error', reason);

// --- order of keys (CouchDB docs, "View Collation") ---

function rank(key) {
  if (key === null || key === undefined) return 0;
  if (key === false) return 1;
  if (key === true) return 2;
  if (typeof key === 'number') return 3;
  if (typeof key === 'string') return 4;
  return Array.isArray(key) ? 5 : 6;
}

function compareKeys(a, b) {
  if (a === b) return 0;
  const kind = rank(a);
  if (kind !== rank(b)) return kind - rank(b);
  if (kind === 3) return a - b;
  if (kind === 4) return strings.compare(a, b);
  if (kind < 5) return 0;
  const [left, right] = kind === 5 ? [a, b] : [Object.entries(a), Object.entries(b)];
  for (let i = 0; i < left.length && i < right.length; i += 1) {
    const order = compareKeys(left[i], right[i]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareRows(a, b) {
  const order = compareKeys(a.key, b.key);
  if (order !== 0) return order;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

// How many of the sorted ROWS stand before the first one for which BEHIND is true.
function countBefore(rows, behind) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (behind(rows[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

function merge(a, b) {
  const rows = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) rows.push(compareRows(a[i], b[j]) <= 0 ? a[i++] : b[j++]);
  while (i < a.length) rows.push(a[i++]);
  while (j < b.length) rows.push(b[j++]);
  return rows;
}

// --- functions of a design document ---

// VALUE as it comes out of JSON: detached from the document, undefined and NaN as null.
function plain(value) {
  return JSON.parse(JSON.stringify(value) ?? 'null');
}

function sum(values) {
  return values.reduce((total, value) => {
    if (typeof value === 'number' && typeof total === 'number') return total + value;
    if (typeof value !== 'object' || value === null) {
      if (typeof value !== 'number') throw new QueryError(500, 'builtin_reduce_error', '_sum needs numbers');
      return sum([total, [value]]);
    }
    if (typeof total === 'number') return total === 0 && !Array.isArray(value) ? value : sum([[total], value]);
    const both = Array.isArray(total) ? [...total] : { ...total };
    for (const key of Object.keys(value)) both[key] = key in both ? sum([both[key], value[key]]) : value[key];
    return both;
  }, 0);
}

const BUILT_IN = {
  _sum: (_, values) => sum(values),
  _count: (_, values) => values.length,
  _stats: (_, values) => ({
    sum: sum(values),
    count: values.length,
    min: Math.min(...values),
    max: Math.max(...values),
    sumsqr: values.reduce((total, value) => total + value * value, 0),
  }),
  _approx_count_distinct: keys => new Set(keys.map(([key]) => JSON.stringify(key))).size,
};

// What WORK returns; as CouchDB's own error where a function of a design document does not come to an end.
function timed(work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof TooLong) throw new QueryError(500, 'os_process_error', 'A view function takes too long.');
    throw new QueryError(500, 'view_function_error', error.message);
  }
}

// One sandbox for all databases whose design document has the same functions: it keeps nothing between two calls.
const sandboxes = new Map();

function sandboxOf(signature) {
  if (!sandboxes.has(signature)) sandboxes.set(signature, { sandbox: new Sandbox(), defined: new Set() });
  return sandboxes.get(signature);
}

function compile(design, signature) {
  if (design.language && design.language !== 'javascript') {
    throw new QueryError(500, 'unknown_query_language', design.language);
  }
  const { sandbox, defined } = sandboxOf(signature);
  const define = (key, source, what) => {
    if (defined.has(key)) return;
    try {
      sandbox.define(key, source);
      defined.add(key);
    } catch (error) {
      throw new QueryError(400, 'compilation_error', `Compilation of the ${what} failed: ${error.message}`);
    }
  };
  const views = {};
  for (const [name, source] of Object.entries(design.views || {})) {
    if (typeof source.map !== 'string') continue;
    define(`map ${name}`, source.map, `map function in the '${name}' view`);
    const builtIn = source.reduce && BUILT_IN[source.reduce.trim()];
    if (source.reduce && !builtIn) {
      define(`reduce ${name}`, source.reduce, `reduce function in the '${name}' view`);
    }
    const own = (keys, values, again) => timed(() => sandbox.reduce(`reduce ${name}`, keys, values, again));
    views[name] = {
      reduce: source.reduce && (builtIn || own),
      rows: [],
      ids: new Set(),
      rowsOf(document) {
        const rows = timed(() => {
          try {
            return sandbox.map(`map ${name}`, document);
          } catch (error) {
            if (error instanceof TooLong) throw error;
            return []; // as CouchDB does: a document that a map function cannot take is not in the view
          }
        });
        return rows.map(([key, value]) => ({ id: document._id, key, value }));
      },
    };
  }
  return views;
}

// --- index ---

const indexes = new WeakMap(); // database -> design document id -> index

function indexOf(database, design) {
  if (!indexes.has(database)) indexes.set(database, new Map());
  const known = indexes.get(database);
  const signature = JSON.stringify([design.language, design.views]);
  if (known.get(design._id)?.signature !== signature) {
    known.set(design._id, { signature, views: compile(design, signature), sequence: 0, refreshed: Promise.resolve() });
  }
  return known.get(design._id);
}

function refresh(database, index) {
  index.refreshed = index.refreshed.catch(() => undefined).then(() => catchUp(database, index));
  return index.refreshed;
}

async function catchUp(database, index) {
  const changed = new Set();
  const fresh = Object.fromEntries(Object.keys(index.views).map(name => [name, new Map()]));
  for (let full = true; full; ) {
    const batch = await database.changes({ since: index.sequence, limit: CHANGES_AT_ONCE, include_docs: true });
    for (const { id, deleted, doc } of batch.results) {
      if (id.startsWith('_design/')) continue;
      changed.add(id);
      if (!deleted) json.asDoubles(doc);
      for (const [name, view] of Object.entries(index.views)) fresh[name].set(id, deleted ? [] : view.rowsOf(doc));
    }
    index.sequence = batch.last_seq;
    full = batch.results.length === CHANGES_AT_ONCE;
  }
  for (const [name, view] of Object.entries(index.views)) {
    const stale = [...changed].some(id => view.ids.has(id));
    const kept = stale ? view.rows.filter(row => !changed.has(row.id)) : view.rows;
    for (const [id, rows] of fresh[name]) view.ids[rows.length ? 'add' : 'delete'](id);
    const added = [...fresh[name].values()].flat().sort(compareRows);
    view.rows = added.length || stale ? merge(kept, added) : view.rows;
  }
}

// --- query ---

function check(options, view) {
  const grouped = options.group === true || options.group_level > 0;
  const reduces = view.reduce !== undefined && options.reduce !== false;
  if (!view.reduce && options.reduce === true) throw wrongQuery('Reduce is invalid for map-only views.');
  if (!reduces && grouped) throw wrongQuery('Invalid use of grouping on a map view.');
  if (reduces && options.include_docs) throw wrongQuery('`include_docs` is invalid for reduce');
  if (options.keys !== undefined && !Array.isArray(options.keys)) {
    throw wrongQuery('`keys` must be an array of strings.');
  }
  if (reduces && options.keys && options.group !== true) {
    throw wrongQuery('Multi-key fetches for reduce views must use `group=true`');
  }
  for (const name of ['limit', 'skip', 'group_level']) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 0)) {
      throw wrongQuery(`Invalid value for integer: ${JSON.stringify(value)}`);
    }
  }
  if (options.startkey !== undefined && options.endkey !== undefined) {
    const order = compareKeys(options.startkey, options.endkey);
    if (options.descending ? order < 0 : order > 0) {
      throw wrongQuery(
        'No rows can match your key range, reverse your start_key and end_key or set ' +
          `descending=${options.descending ? 'false' : 'true'}`
      );
    }
  }
  return reduces;
}

// The positions [from, to) in ROWS that lie between startkey and endkey, whichever of them comes first.
function range(rows, { startkey, startkey_docid, endkey, endkey_docid, inclusive_end = true, descending = false }) {
  const before = (key, id) => countBefore(rows, row => compareRows(row, { key, id }) >= 0);
  const upTo = (key, id) => countBefore(rows, row => compareRows(row, { key, id }) > 0);
  const [first, last] = descending ? [HIGHEST_ID, LOWEST_ID] : [LOWEST_ID, HIGHEST_ID];
  const endId = endkey_docid ?? (inclusive_end ? last : first);
  if (descending) {
    const to = startkey === undefined ? rows.length : upTo(startkey, startkey_docid ?? first);
    const from = endkey === undefined ? 0 : (inclusive_end ? before : upTo)(endkey, endId);
    return [from, Math.max(from, to)];
  }
  const from = startkey === undefined ? 0 : before(startkey, startkey_docid ?? first);
  const to = endkey === undefined ? rows.length : (inclusive_end ? upTo : before)(endkey, endId);
  return [from, Math.max(from, to)];
}

function grouped(rows, reduce, { group, group_level = 0 }) {
  const level = group === true ? Infinity : group_level;
  const groupKey = key => (level === 0 ? null : Array.isArray(key) ? key.slice(0, level) : key);
  const groups = [];
  for (const row of rows) {
    const key = groupKey(row.key);
    const last = groups[groups.length - 1];
    if (last && compareKeys(last.key, key) === 0) last.rows.push(row);
    else groups.push({ key, rows: [row] });
  }
  return groups.map(({ key, rows: members }) => ({
    key,
    value: plain(reduce(members.map(row => [row.key, row.id]), members.map(row => row.value), false)),
  }));
}

async function withDocuments(database, rows, { conflicts, attachments }) {
  const wanted = rows.map(row => row.value?._id ?? row.id);
  const found = await database.allDocs({ keys: wanted, include_docs: true, conflicts, attachments });
  return Promise.all(
    rows.map(async (row, i) => {
      const revision = row.value?._rev;
      const current = found.rows[i].doc ?? null;
      if (!revision || current?._rev === revision) return { ...row, doc: current };
      return { ...row, doc: await database.get(wanted[i], { rev: revision }).catch(() => null) };
    })
  );
}

// What CouchDB answers to GET /{db}/_design/{design}/_view/{name}. Throws a QueryError, or PouchDB's own errors.
async function query(database, design, name, options) {
  const index = indexOf(database, await database.get(`_design/${design}`));
  const view = index.views[name];
  if (!view) throw new QueryError(404, 'not_found', 'missing_named_view');
  const reduces = check(options, view);
  await refresh(database, index);
  const asked = options.key === undefined ? options : { ...options, startkey: options.key, endkey: options.key };
  const each = options.keys?.map(key => ({ ...options, startkey: key, endkey: key })) ?? [asked];
  const ranges = each.map(one => range(view.rows, one));
  const slices = ranges.map(([from, to]) => {
    const rows = view.rows.slice(from, to);
    return options.descending ? rows.reverse() : rows;
  });
  const skip = options.skip ?? 0;
  const page = rows => rows.slice(skip, skip + (options.limit ?? Infinity));
  const answer = options.update_seq ? { update_seq: index.sequence } : {};
  if (reduces) return { rows: page(slices.flatMap(rows => grouped(rows, view.reduce, options))), ...answer };
  const rows = page(slices.flat());
  const [from, to] = ranges[0] ?? [0, 0];
  return {
    total_rows: view.rows.length,
    offset: Math.min(view.rows.length, (options.descending ? view.rows.length - to : from) + skip),
    rows: options.include_docs ? await withDocuments(database, rows, options) : rows,
    ...answer,
  };
}

module.exports = { query };
