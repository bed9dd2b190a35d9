'use strict';
// A CouchDB-compatible server in memory, to try and to test kazoo-sup with: node couch.js PORT
//
// Documents, revision trees, attachments, _changes and _find are PouchDB's, served by express-pouchdb, an independent
// implementation of CouchDB's HTTP API. What stands here is where that differs from CouchDB 3 in a way that a Kazoo
// tool would notice (database names and their listing, views, error texts, order of keys, numbers), and where it is
// slow.

// express-pouchdb takes "/" out of database names; Kazoo's need it: account/aa/bb/cc…, numbers/+1415.
const cleanFilename = require.resolve('express-pouchdb/lib/clean-filename');
require.cache[cleanFilename] = { id: cleanFilename, filename: cleanFilename, loaded: true, exports: name => name };

const crypto = require('crypto');
const express = require('express');
const http = require('http');
const access = require('./access');
const { CONFLICT, asCouch, handler, refuse, utils } = require('./answers');
const { ifMatch, isObject, readJson, readQuery, viewOptions } = require('./requests');
const sandbox = require('./sandbox');
const views = require('./views');

const PouchDB = require('pouchdb-core').plugin(require('pouchdb-adapter-memory')).defaults({ adapter: 'memory' });

const DATABASE_NAME = /^[a-z][a-z0-9_$()+/-]*$/;
const SYSTEM_DATABASES = ['_users', '_replicator', '_global_changes', '_dbs', '_nodes'];
const DEFAULT_SECURITY = { members: { roles: ['_admin'] }, admins: { roles: ['_admin'] } };
// What express-pouchdb serves under POST /{db}/; anything else it would take for a form that uploads an attachment.
const POST_ENDPOINTS = [
  '_all_docs', '_changes', '_compact', '_ensure_full_commit', '_explain', '_find', '_index', '_revs_diff',
];

const newId = () => crypto.randomBytes(16).toString('hex');

// --- databases ---

const databases = new Map(); // name -> PouchDB, opened
const securities = new WeakMap(); // PouchDB -> its _security object
let opened = 0;

// express-pouchdb's own way asks a database for the list of databases at every request, and makes a directory on disk
// for a name with "/".
utils.setDBOnReq = (name, _wrapper, request, response, next) => {
  request.db = databases.get(name);
  if (request.db) next();
  else refuse(response, 404, 'not_found', 'Database does not exist.');
};
PouchDB.allDbs = async () => [...databases.keys()];

const pouch = require('express-pouchdb')(PouchDB, {
  // Neither users, permissions nor validation functions: those read all design documents at every write.
  mode: 'minimumForPouchDB',
  overrideMode: {
    include: ['routes/find'],
    exclude: ['compression', 'routes/temp-views', 'routes/view-cleanup', 'routes/views'],
  },
});

async function createDatabase(name) {
  opened += 1; // a name of its own: a database deleted and created again shares nothing with the old one
  const database = new PouchDB(`${opened}`);
  databases.set(name, database);
  await pouch.dbWrapper.wrap(name, database);
}

async function describe(name) {
  const { doc_count, update_seq } = await databases.get(name).info();
  return {
    instance_start_time: '0',
    db_name: name,
    purge_seq: '0',
    update_seq: `${update_seq}`,
    sizes: { file: 0, external: 0, active: 0 },
    props: {},
    doc_count,
    disk_format_version: 8,
    compact_running: false,
    cluster: { q: 1, n: 1, w: 1, r: 1 },
  };
}

// The names that _all_dbs and _dbs_info answer with; the options are those of _all_docs (CouchDB docs, /_all_dbs).
function listDatabases(query) {
  const { startkey: start, endkey: end } = query;
  const direction = query.descending ? -1 : 1;
  const order = (a, b) => (a === b ? 0 : a < b ? -direction : direction);
  const names = [...databases.keys()]
    .sort(order)
    .filter(name => start === undefined || order(name, start) >= 0)
    .filter(name => end === undefined || order(name, end) < (query.inclusive_end === false ? 0 : 1));
  const skip = query.skip ?? 0;
  return names.slice(skip, skip + (query.limit ?? Infinity));
}

// --- routes ---

const app = express();
app.enable('case sensitive routing');
app.disable('etag');
app.disable('x-powered-by');

app.use((request, response, next) => {
  // In a path CouchDB reads "+" as a space ([chttpd] decode_plus_to_space): numbers%2F+1415 is no database there.
  const [path] = request.url.split('?', 1);
  request.url = path.replace(/\+/g, '%20') + request.url.slice(path.length);
  response.setHeader('Cache-Control', 'must-revalidate');
  next();
});
app.use(access.check, readJson, readQuery);
app.all('/:db/_changes', (request, response, next) => {
  // Filter functions of design documents would be run by PouchDB, in this process.
  const { filter } = { ...request.body, ...request.query };
  if (filter === undefined || filter === '_doc_ids') return next();
  return refuse(response, 400, 'bad_request', 'The lab has no filters.');
});

app.get('/', (request, response) =>
  utils.sendJSON(response, 200, {
    couchdb: 'Welcome',
    version: '3.3.0',
    git_sha: '0000000',
    uuid: access.uuid,
    features: [],
    vendor: { name: 'kazoo-sup lab' },
  })
);
app.get('/_up', (request, response) => utils.sendJSON(response, 200, { status: 'ok', seeds: {} }));
app.get('/_uuids', (request, response) => {
  const count = Number(request.query.count ?? 1);
  utils.sendJSON(response, 200, { uuids: Array.from({ length: count }, newId) });
});
app.get('/_membership', (request, response) =>
  utils.sendJSON(response, 200, { all_nodes: ['couchdb@127.0.0.1'], cluster_nodes: ['couchdb@127.0.0.1'] })
);
app.get('/_active_tasks', (request, response) => utils.sendJSON(response, 200, []));
app.get('/_all_dbs', (request, response) => utils.sendJSON(response, 200, listDatabases(request.options)));
app.get('/_dbs_info', handler(async (request, response) => {
  const names = listDatabases(request.options);
  utils.sendJSON(response, 200, await Promise.all(names.map(async key => ({ key, info: await describe(key) }))));
}));
app.post('/_dbs_info', handler(async (request, response) => {
  const { keys } = request.body;
  if (!Array.isArray(keys)) return refuse(response, 400, 'bad_request', '`keys` member must exist.');
  const one = async key => (databases.has(key) ? { key, info: await describe(key) } : { key, error: 'not_found' });
  return utils.sendJSON(response, 200, await Promise.all(keys.map(one)));
}));

app.put('/:db', handler(async (request, response) => {
  const name = request.params.db;
  if (!DATABASE_NAME.test(name) && !SYSTEM_DATABASES.includes(name)) {
    return refuse(response, 400, 'illegal_database_name',
      `Name: '${name}'. Only lowercase characters (a-z), digits (0-9), and any of the characters ` +
      '_, $, (, ), +, -, and / are allowed. Must begin with a letter.');
  }
  if (databases.has(name)) {
    return refuse(response, 412, 'file_exists', 'The database could not be created, the file already exists.');
  }
  await createDatabase(name);
  utils.setLocation(response, encodeURIComponent(name));
  return utils.sendJSON(response, 201, { ok: true });
}));
app.delete('/:db', handler(async (request, response) => {
  const name = request.params.db;
  const database = databases.get(name);
  if (!database) return refuse(response, 404, 'not_found', 'Database does not exist.');
  databases.delete(name);
  await database.destroy();
  return utils.sendJSON(response, 200, { ok: true });
}));

app.all(['/:db', '/:db/*'], (request, response, next) => {
  const name = request.params.db;
  if (name.startsWith('_') && !databases.has(name)) return next();
  return utils.setDBOnReq(name, null, request, response, next);
});

app.get('/:db', handler(async (request, response, next) => {
  if (!request.db) return next();
  return utils.sendJSON(response, 200, await describe(request.params.db));
}));
app.post('/:db', (request, response, next) => {
  request.body._id = request.body._id || newId();
  next();
});
app.post('/:db/_bulk_docs', handler(async (request, response) => {
  const { docs, new_edits } = request.body;
  if (docs === undefined) return refuse(response, 400, 'bad_request', 'POST body must include `docs` parameter.');
  if (!Array.isArray(docs)) return refuse(response, 400, 'bad_request', '`docs` parameter must be an array.');
  if (!docs.every(isObject)) return refuse(response, 400, 'bad_request', 'Document must be a JSON object');
  for (const document of docs) document._id = document._id || newId();
  const saved = await request.db.bulkDocs(docs, { new_edits: new_edits !== false });
  return utils.sendJSON(response, 201, saved.map(one => {
    if (one.ok) return one;
    const { name, reason } = asCouch(one);
    return { id: one.id, error: name, reason };
  }));
}));
app.post('/:db/_bulk_get', handler(async (request, response) => {
  const { docs } = request.body;
  if (!Array.isArray(docs)) return refuse(response, 400, 'bad_request', 'Missing JSON list of `docs`.');
  const { results } = await request.db.bulkGet({ docs, ...request.options });
  const missing = id => ({ error: { id, rev: 'undefined', error: 'not_found', reason: 'missing' } });
  return utils.sendJSON(response, 200, {
    results: results.map(({ id, docs: found }) => ({ id, docs: found.map(one => (one.ok ? one : missing(id))) })),
  });
}));
app.get('/:db/_design_docs', handler(async (request, response) => {
  const range = { startkey: '_design/', endkey: '_design0', inclusive_end: false };
  utils.sendJSON(response, 200, await request.db.allDocs({ ...request.options, ...range }));
}));
app.get('/:db/_security', (request, response) => {
  utils.sendJSON(response, 200, securities.get(request.db) || DEFAULT_SECURITY);
});
app.put('/:db/_security', (request, response) => {
  securities.set(request.db, request.body);
  utils.sendJSON(response, 200, { ok: true });
});
app.post(['/:db/_view_cleanup', '/:db/_compact/:design'], (request, response) => {
  utils.sendJSON(response, 202, { ok: true });
});
app.all('/:db/_design/:design/_view/:view', handler(async (request, response) => {
  const { design, view } = request.params;
  utils.sendJSON(response, 200, await views.query(request.db, design, view, viewOptions(request)));
}));

app.post('/:db/:endpoint', (request, response, next) => {
  if (POST_ENDPOINTS.includes(request.params.endpoint) || !request.params.endpoint.startsWith('_')) return next();
  return refuse(response, 404, 'not_found', 'missing');
});

app.put(['/:db/:id', '/:db/:area(_design|_local)/:id'], handler(async (request, response, next) => {
  if ((request.get('Content-Type') || '').startsWith('multipart/')) return next();
  if (!isObject(request.body)) return refuse(response, 400, 'bad_request', 'Document must be a JSON object');
  const { area, id } = request.params;
  const { new_edits = true } = request.options;
  const { _id, _rev, ...document } = request.body;
  document._id = area ? `${area}/${id}` : id;
  const revision = _rev || request.query.rev || ifMatch(request);
  if (revision) document._rev = revision;
  const saved = await request.db.put(document, { new_edits });
  const answer = new_edits ? saved : { ok: true, id: document._id, rev: revision };
  response.set('ETag', `"${answer.rev}"`);
  utils.setLocation(response, request.path.slice(1));
  return utils.sendJSON(response, 201, answer);
}));
app.delete(['/:db/:id', '/:db/:area(_design|_local)/:id'], handler(async (request, response) => {
  const { area, id } = request.params;
  const document = await request.db.get(area ? `${area}/${id}` : id);
  const revision = request.query.rev || ifMatch(request);
  if (revision === undefined) return refuse(response, 409, 'conflict', CONFLICT);
  const removed = await request.db.remove(document._id, revision);
  return utils.sendJSON(response, 200, removed);
}));
app.use(pouch);
app.use((error, request, response, next) => {
  if (response.headersSent) return next(error);
  console.error(error);
  return utils.sendError(response, error);
});

// --- server ---

process.chdir(__dirname); // not where it was started from: that may be removed or unmounted
const server = http.createServer(app);
server.on('error', error => {
  console.error(`cannot listen: ${error.message}`);
  process.exit(1);
});
// A client may keep its connection as long as with CouchDB; Node would close it after 5 seconds.
server.keepAliveTimeout = 300_000;
server.requestTimeout = 0;
process.on('unhandledRejection', error => console.error(error));
sandbox.ready.then(() =>
  server.listen(Number(process.argv[2] || 5984), '127.0.0.1', () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}`);
  })
);
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
