// Renders /api/v1/openapi.json. Everything is text nodes: nothing of the document becomes markup.
'use strict';
(() => {
  const METHODS = ['get', 'post', 'patch', 'put', 'delete'];
  const DEPTH = 5;
  const $ = (id) => document.getElementById(id);
  let api = null;
  let operations = [];

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  // `code` in texts, as the document writes it.
  function prose(text) {
    return String(text || '').split('`').map((part, at) => (at % 2 ? make('code', {}, part) : part));
  }

  function resolved(schema) {
    let found = schema || {};
    for (let steps = 0; found.$ref && steps < 10; steps += 1) {
      found = found.$ref.slice(2).split('/').reduce((at, part) => (at || {})[part], api) || {};
    }
    return found;
  }

  function typeOf(schema) {
    const name = schema.$ref ? schema.$ref.split('/').pop() : null;
    if (name) return name;
    const choices = schema.oneOf || schema.anyOf;
    if (choices) return choices.map(typeOf).join(' or ');
    if (schema.allOf) return schema.allOf.map(typeOf).filter((type) => type !== 'object').join(' and ');
    const types = [].concat(schema.type || 'anything');
    return types.map((type) => (type === 'array' ? `list of ${typeOf(schema.items || {})}` : type)).join(' or ');
  }

  // The members of an object, or of those in a list.
  function membersOf(schema) {
    const found = resolved(schema);
    const members = {};
    for (const part of [found, ...(found.allOf || []), ...(found.oneOf || []), ...(found.anyOf || [])]) {
      const of = resolved(part);
      Object.assign(members, of.properties || {}, of === found ? {} : membersOf(of));
    }
    return Object.keys(members).length || !found.items ? members : membersOf(found.items);
  }

  function schemaList(schema, depth) {
    const members = Object.entries(membersOf(schema));
    if (!members.length) return null;
    const required = new Set(resolved(schema).required || []);
    return make('ul', { class: 'members' }, ...members.map(([name, member]) => {
      const head = [make('code', {}, name), ' ', make('span', { class: 'type' }, typeOf(member))];
      if (required.has(name)) head.push(make('strong', {}, ' required'));
      const about = member.description || resolved(member).description;
      if (about) head.push(' – ', ...prose(about));
      const has = depth < DEPTH && Object.keys(membersOf(member)).length > 0;
      if (!has) return make('li', {}, ...head);
      const details = make('details', {}, make('summary', {}, ...head));
      details.addEventListener('toggle', () => {
        if (details.open && details.children.length === 1) details.append(schemaList(member, depth + 1));
      });
      return make('li', {}, details);
    }));
  }

  const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

  // The command that does what the fields say.
  function curl(operation, fields, body) {
    let path = operation.path;
    const query = [];
    const headers = ['Authorization: Bearer $KEY'];
    for (const { parameter, input } of fields) {
      const value = input.value;
      if (parameter.in === 'path') {
        path = path.replace(`{${parameter.name}}`, value === '' ? `{${parameter.name}}` : encodeURIComponent(value));
      } else if (value !== '') {
        if (parameter.in === 'query') query.push(`${encodeURIComponent(parameter.name)}=${encodeURIComponent(value)}`);
        if (parameter.in === 'header') headers.push(`${parameter.name}: ${value}`);
      }
    }
    const url = location.origin + path + (query.length ? `?${query.join('&')}` : '');
    const lines = [`curl${operation.method === 'get' ? '' : ` -X ${operation.method.toUpperCase()}`} ${quoted(url)}`];
    lines.push(...headers.map((header) => (header.includes('$KEY')
      ? `-H "${header}"` : `-H ${quoted(header)}`)));
    if (body && body.dataset.media === 'application/octet-stream') {
      lines.push("-H 'Content-Type: application/octet-stream'", '--data-binary @FILE');
    } else if (body && body.value.trim()) {
      lines.push("-H 'Content-Type: application/json'", `-d ${quoted(body.value.trim())}`);
    }
    return lines.join(' \\\n  ');
  }

  function example(schema) {
    const found = resolved(schema);
    const shown = {};
    for (const name of found.required || []) shown[name] = '';
    return JSON.stringify(shown, null, 2);
  }

  function parameterTable(operation, fields, changed) {
    const parameters = operation.parameters || [];
    if (!parameters.length) return null;
    const rows = parameters.map((parameter) => {
      const id = `${operation.operationId}.${parameter.in}.${parameter.name}`;
      const input = make('input', { id, autocomplete: 'off', spellcheck: 'false' });
      input.addEventListener('input', changed);
      fields.push({ parameter, input });
      return make('tr', {},
        make('th', { scope: 'row' }, make('label', { for: id }, make('code', {}, parameter.name)),
          parameter.required ? ' (required)' : ''),
        make('td', {}, parameter.in), make('td', {}, ...prose(parameter.description)), make('td', {}, input));
    });
    const head = ['Parameter', 'In', 'Meaning', 'Value'].map((text) => make('th', { scope: 'col' }, text));
    return make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Parameters' },
      make('table', {}, make('caption', {}, 'Parameters'), make('thead', {}, make('tr', {}, ...head)),
        make('tbody', {}, ...rows)));
  }

  function bodyField(operation, changed) {
    const content = (operation.requestBody || {}).content;
    if (!content) return { parts: [], body: null };
    const [media, { schema }] = Object.entries(content)[0];
    const id = `${operation.operationId}.body`;
    const body = make('textarea', { id, spellcheck: 'false', 'data-media': media });
    if (schema) body.value = example(schema);
    body.addEventListener('input', changed);
    const parts = [make('h3', {}, 'Body'), schema ? schemaList(schema, 0) : make('p', {}, 'Bytes.')];
    if (schema) parts.push(make('label', { for: id }, 'Body of the command, JSON'), body);
    return { parts, body };
  }

  function responses(operation) {
    return Object.entries(operation.responses || {}).map(([status, response]) => {
      const content = Object.values(response.content || {})[0] || {};
      const head = [make('code', {}, status), ' ', ...prose(response.description)];
      const list = content.schema ? schemaList(content.schema, 0) : null;
      return list ? make('details', {}, make('summary', {}, ...head), list) : make('p', {}, ...head);
    });
  }

  function fill(operation) {
    const fields = [];
    const command = make('pre', { tabindex: '0', 'aria-label': 'The command' });
    const said = make('span', { role: 'status' });
    let body = null;
    const changed = () => { command.textContent = curl(operation, fields, body); said.textContent = ''; };
    const table = parameterTable(operation, fields, changed);
    const made = bodyField(operation, changed);
    body = made.body;
    const copy = make('button', { type: 'button' }, 'Copy');
    copy.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(command.textContent);
        said.textContent = ' Copied.';
      } catch {
        getSelection().selectAllChildren(command);
        said.textContent = ' Selected: copy it with the keyboard.';
      }
    });
    changed();
    const link = make('a', { href: `#${operation.operationId}` }, 'Link to this');
    const more = operation.description === operation.summary ? null : operation.description;
    return make('div', {}, more ? make('p', {}, ...prose(more)) : null, table, ...made.parts,
      make('h3', {}, 'As a command'), command, copy, said, make('h3', {}, 'Answers'), ...responses(operation),
      make('p', {}, link));
  }

  function shown(operation) {
    const summary = make('summary', {},
      make('span', { class: `method ${operation.method}` }, operation.method.toUpperCase()), ' ',
      make('span', { class: 'path' }, operation.path), make('span', { class: 'about' }, ...prose(operation.summary)));
    const details = make('details', { class: 'operation', id: operation.operationId }, summary);
    details.addEventListener('toggle', () => {
      if (details.open && details.children.length === 1) details.append(fill(operation));
    });
    return details;
  }

  function show(title, about, list) {
    $('operations').hidden = false;
    $('about').hidden = true;
    $('operations-title').textContent = title;
    $('operations-about').replaceChildren(...prose(about));
    $('list').replaceChildren(...list.map(shown));
  }

  function mark(tag) {
    for (const link of $('tags').querySelectorAll('a')) {
      if (link.dataset.tag === tag) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  }

  function showTag(tag) {
    const about = (api.tags || []).find((known) => known.name === tag) || {};
    show(tag, about.description, operations.filter((operation) => (operation.tags || []).includes(tag)));
    mark(tag);
  }

  function search() {
    const words = $('search').value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) {
      $('found').textContent = '';
      route();
      return;
    }
    const found = operations.filter((operation) => words.every((word) => operation.text.includes(word)));
    $('found').textContent = `${found.length} found`;
    show('Found', '', found.slice(0, 200));
    mark(null);
  }

  function home() {
    $('operations').hidden = true;
    $('about').hidden = false;
    mark(null);
  }

  // An anchor is an operation, a kind of objects, or a place of the page: a kind of problem.
  function route() {
    const name = decodeURIComponent(location.hash.slice(1));
    const operation = operations.find((known) => known.operationId === name);
    if (operation) {
      showTag((operation.tags || [])[0]);
      const details = document.getElementById(name);
      details.open = true;
      details.querySelector('summary').focus();
    } else if (name.startsWith('tag-')) {
      showTag(name.slice(4));
      $('content').focus({ preventScroll: true });
      scrollTo(0, 0);
    } else if (!name || !document.getElementById(name)) {
      home();
    } else {
      document.getElementById(name).scrollIntoView();
    }
  }

  function begin(document_) {
    api = document_;
    for (const [path, methods] of Object.entries(api.paths)) {
      for (const method of METHODS.filter((known) => methods[known])) {
        const operation = { path, method, ...methods[method] };
        const texts = [method, path, operation.summary, operation.description, ...(operation.tags || [])];
        operation.text = texts.join(' ').toLowerCase();
        operations.push(operation);
      }
    }
    const names = [...new Set(operations.flatMap((operation) => operation.tags || []))];
    $('tags').replaceChildren(...names.map((name) => make('li', {},
      make('a', { href: `#tag-${name}`, 'data-tag': name }, name))));
    $('description').replaceChildren(...prose(api.info.description));
    route();
  }

  addEventListener('hashchange', () => { $('search').value = ''; $('found').textContent = ''; route(); });
  addEventListener('keydown', (event) => {
    const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      $('search').focus();
    }
    if (event.key === 'Escape' && event.target === $('search')) {
      $('search').value = '';
      search();
    }
  });
  $('search').addEventListener('input', search);
  if (matchMedia('(max-width: 48rem)').matches) $('kinds').open = false;
  fetch('/api/v1/openapi.json')
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`HTTP ${answer.status}`))))
    .then(begin)
    .catch((error) => { $('description').textContent = `openapi.json cannot be read: ${error.message}.`; });
})();
